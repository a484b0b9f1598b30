-- The reference's tables, as its current release leaves them: facts for both programs to share.
-- A MySQL migration is no transaction: each step can be run again. The reference leaves out RTRIM
-- in pending_identity_key, which MariaDB needs to index the column.

CREATE TABLE IF NOT EXISTS networks (
    id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_credential_types (
    id char(36) NOT NULL,
    name varchar(32) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY identity_credential_types_name_idx (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identities (
    id char(36) NOT NULL,
    schema_id varchar(2048) NOT NULL,
    traits json NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    state varchar(255) NOT NULL DEFAULT 'active',
    state_changed_at datetime,
    metadata_public json,
    metadata_admin json,
    available_aal varchar(4),
    organization_id char(36),
    external_id varchar(64) CHECK (external_id IS NULL OR external_id <> ''),
    PRIMARY KEY (id),
    UNIQUE KEY identities_nid_external_id_idx (nid, external_id),
    KEY identities_nid_id_idx (nid, id),
    KEY identities_nid_organization_id_idx (organization_id),
    CONSTRAINT identities_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_credentials (
    id char(36) NOT NULL,
    config json NOT NULL,
    identity_credential_type_id char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    version int NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    KEY identity_id (identity_id),
    KEY identity_credential_type_id (identity_credential_type_id),
    KEY identity_credentials_nid_idx (nid),
    CONSTRAINT identity_credentials_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_credentials_ibfk_2 FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types (id) ON DELETE CASCADE,
    CONSTRAINT identity_credentials_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_credential_identifiers (
    id char(36) NOT NULL,
    identifier varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    identity_credential_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    identity_credential_type_id char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY identity_credential_identifiers_identifier_nid_type_uq_idx (nid, identity_credential_type_id, identifier),
    KEY identity_credential_identifiers_type_id_fk_idx (identity_credential_type_id),
    KEY identity_credential_identifiers_nid_i_ici_idx (nid, identifier, identity_credential_id),
    KEY identity_credential_identifiers_ici_nid_i_idx (identity_credential_id, nid, identifier),
    KEY identity_credential_identifiers_identity_id_fk_idx (identity_id),
    CONSTRAINT identity_credential_identifiers_ibfk_1 FOREIGN KEY (identity_credential_id) REFERENCES identity_credentials (id) ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_type_id_fk_idx FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_verifiable_addresses (
    id char(36) NOT NULL,
    status varchar(16) NOT NULL,
    via varchar(16) NOT NULL,
    verified tinyint(1) NOT NULL,
    value varchar(400) NOT NULL,
    verified_at datetime,
    identity_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    PRIMARY KEY (id),
    UNIQUE KEY identity_verifiable_addresses_status_via_uq_idx (nid, via, value),
    KEY identity_verifiable_addresses_identity_id_idx (identity_id),
    CONSTRAINT identity_verifiable_addresses_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_verifiable_addresses_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_recovery_addresses (
    id char(36) NOT NULL,
    via varchar(16) NOT NULL,
    value varchar(400) NOT NULL,
    identity_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    break_glass_for_organization char(36),
    PRIMARY KEY (id),
    UNIQUE KEY identity_recovery_addresses_status_via_uq_idx (nid, via, value),
    KEY identity_recovery_addresses_identity_id_idx (identity_id),
    CONSTRAINT identity_recovery_addresses_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_addresses_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS sessions (
    id char(36) NOT NULL,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    authenticated_at datetime NOT NULL,
    identity_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    token varchar(39),
    active tinyint(1) DEFAULT 0,
    nid char(36),
    logout_token varchar(39),
    aal varchar(4) NOT NULL DEFAULT 'aal1',
    authentication_methods json NOT NULL,
    PRIMARY KEY (id),
    UNIQUE KEY sessions_token_uq_idx (token),
    UNIQUE KEY sessions_logout_token_uq_idx (logout_token),
    KEY sessions_list_idx (nid, created_at DESC, id),
    KEY sessions_list_active_idx (nid, expires_at, active, created_at DESC, id),
    KEY sessions_list_identity_idx (identity_id, nid, created_at DESC),
    CONSTRAINT sessions_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT sessions_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS session_devices (
    id char(36) NOT NULL,
    ip_address varchar(50) DEFAULT '',
    user_agent varchar(512) DEFAULT '',
    location varchar(512) DEFAULT '',
    session_id char(36) NOT NULL,
    nid char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    identity_id char(36) NOT NULL,
    PRIMARY KEY (id),
    KEY session_devices_nid_idx (nid),
    KEY session_devices_session_id_idx (session_id),
    KEY session_devices_identity_id_fk_idx (identity_id),
    CONSTRAINT session_devices_ibfk_1 FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    CONSTRAINT session_devices_ibfk_2 FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT session_devices_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS courier_messages (
    id char(36) NOT NULL,
    type int NOT NULL,
    status int NOT NULL,
    body text NOT NULL,
    subject varchar(255) NOT NULL,
    recipient varchar(255) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    template_type varchar(255) NOT NULL DEFAULT '',
    template_data blob,
    nid char(36),
    send_count int NOT NULL DEFAULT 0,
    channel varchar(32),
    request_headers json,
    PRIMARY KEY (id),
    KEY courier_messages_nid_status_created_at_id_idx (nid, status, created_at DESC),
    KEY courier_messages_nid_recipient_created_at_id_idx (nid, recipient, created_at DESC),
    KEY courier_messages_status_id_idx (status, id),
    KEY courier_messages_nid_id_created_at_idx (nid, id, created_at DESC),
    KEY courier_messages_nid_created_at_id_idx (nid, created_at DESC, id),
    KEY courier_messages_status_created_at_idx (status, created_at),
    CONSTRAINT courier_messages_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS courier_message_dispatches (
    id char(36) NOT NULL,
    message_id char(36) NOT NULL,
    status varchar(7) NOT NULL,
    error json,
    nid char(36) NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    KEY courier_message_dispatches_message_id_idx (message_id, created_at DESC),
    KEY courier_message_dispatches_nid_idx (nid),
    CONSTRAINT courier_message_dispatches_message_id_fk FOREIGN KEY (message_id) REFERENCES courier_messages (id) ON DELETE CASCADE,
    CONSTRAINT courier_message_dispatches_nid_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_login_flows (
    id char(36) NOT NULL,
    request_url text,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    active_method varchar(32) NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    forced tinyint(1) NOT NULL DEFAULT 0,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui json,
    nid char(36),
    requested_aal varchar(4) NOT NULL DEFAULT 'aal1',
    internal_context json NOT NULL,
    oauth2_login_challenge char(36),
    oauth2_login_challenge_data text,
    state varchar(255),
    submit_count int NOT NULL DEFAULT 0,
    organization_id char(36),
    identity_schema_id varchar(128),
    test_flow tinyint(1),
    PRIMARY KEY (id),
    KEY selfservice_login_flows_nid_idx (nid),
    CONSTRAINT selfservice_login_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_registration_flows (
    id char(36) NOT NULL,
    request_url text,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    active_method varchar(32) NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui json,
    nid char(36),
    internal_context json NOT NULL,
    oauth2_login_challenge char(36),
    oauth2_login_challenge_data text,
    state varchar(255),
    submit_count int NOT NULL DEFAULT 0,
    organization_id char(36),
    identity_schema_id varchar(128),
    PRIMARY KEY (id),
    KEY selfservice_registration_flows_nid_idx (nid),
    CONSTRAINT selfservice_registration_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_settings_flows (
    id char(36) NOT NULL,
    request_url text,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    identity_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    active_method varchar(32),
    state varchar(255) NOT NULL DEFAULT 'show_form',
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui json,
    nid char(36),
    internal_context json NOT NULL,
    organization_id char(36),
    PRIMARY KEY (id),
    KEY selfservice_settings_flows_nid_idx (nid),
    KEY selfservice_settings_flows_identity_id_idx (identity_id),
    CONSTRAINT selfservice_settings_flows_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT selfservice_settings_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_recovery_flows (
    id char(36) NOT NULL,
    request_url text,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    active_method varchar(32),
    csrf_token varchar(255) NOT NULL,
    state varchar(32) NOT NULL,
    recovered_identity_id char(36),
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui json,
    nid char(36),
    submit_count int NOT NULL DEFAULT 0,
    skip_csrf_check tinyint(1) NOT NULL DEFAULT 0,
    internal_context json,
    PRIMARY KEY (id),
    KEY selfservice_recovery_flows_nid_idx (nid),
    KEY selfservice_recovery_flows_recovered_identity_id_idx (recovered_identity_id),
    CONSTRAINT selfservice_recovery_flows_ibfk_1 FOREIGN KEY (recovered_identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT selfservice_recovery_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_verification_flows (
    id char(36) NOT NULL,
    request_url text,
    issued_at datetime NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at datetime NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    state varchar(255) NOT NULL DEFAULT 'show_form',
    active_method varchar(32),
    ui json,
    nid char(36),
    submit_count int NOT NULL DEFAULT 0,
    oauth2_login_challenge text,
    session_id varchar(36),
    identity_id varchar(36),
    authentication_methods json,
    internal_context json,
    PRIMARY KEY (id),
    KEY selfservice_verification_flows_nid_idx (nid),
    CONSTRAINT selfservice_verification_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS selfservice_errors (
    id char(36) NOT NULL,
    errors json NOT NULL,
    seen_at datetime,
    was_seen tinyint(1) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    csrf_token varchar(255) NOT NULL DEFAULT '',
    nid char(36),
    PRIMARY KEY (id),
    KEY selfservice_errors_nid_idx (nid),
    CONSTRAINT selfservice_errors_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS continuity_containers (
    id char(36) NOT NULL,
    identity_id char(36),
    name varchar(255) NOT NULL,
    payload json,
    expires_at datetime NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    PRIMARY KEY (id),
    KEY continuity_containers_identity_id_idx (identity_id),
    KEY continuity_containers_nid_idx (nid),
    CONSTRAINT continuity_containers_ibfk_1 FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT continuity_containers_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS session_token_exchanges (
    id char(36) NOT NULL,
    nid char(36) NOT NULL,
    flow_id char(36) NOT NULL,
    session_id char(36),
    init_code varchar(64) NOT NULL,
    return_to_code varchar(64) NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (id),
    KEY session_token_exchanges_flow_id_nid_init_code_idx (flow_id, nid, init_code),
    KEY session_token_exchanges_nid_init_code_idx (nid, init_code),
    CONSTRAINT session_token_exchanges_nid_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_login_codes (
    id char(36) NOT NULL,
    code varchar(64) NOT NULL,
    address varchar(255) NOT NULL,
    address_type varchar(36),
    used_at timestamp NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_login_flow_id char(36),
    identity_id char(36) NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid char(36) NOT NULL,
    PRIMARY KEY (id),
    KEY identity_login_codes_selfservice_login_flows_id_fk (selfservice_login_flow_id),
    KEY identity_login_codes_identity_id_fk (identity_id),
    KEY identity_login_codes_nid_idx (nid),
    CONSTRAINT identity_login_codes_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_login_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_login_codes_selfservice_login_flows_id_fk FOREIGN KEY (selfservice_login_flow_id) REFERENCES selfservice_login_flows (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_registration_codes (
    id char(36) NOT NULL,
    code varchar(64) NOT NULL,
    address varchar(255) NOT NULL,
    address_type varchar(36),
    used_at timestamp NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_registration_flow_id char(36),
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid char(36) NOT NULL,
    PRIMARY KEY (id),
    KEY identity_registration_codes_selfservice_registration_flows_id_fk (selfservice_registration_flow_id),
    KEY identity_registration_codes_nid_idx (nid),
    CONSTRAINT identity_registration_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_registration_codes_selfservice_registration_flows_id_fk FOREIGN KEY (selfservice_registration_flow_id) REFERENCES selfservice_registration_flows (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_recovery_codes (
    id char(36) NOT NULL,
    code varchar(64) NOT NULL,
    used_at timestamp NULL,
    identity_recovery_address_id char(36),
    code_type int NOT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_recovery_flow_id char(36),
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    PRIMARY KEY (id),
    KEY identity_recovery_codes_selfservice_recovery_flows_id_fk (selfservice_recovery_flow_id),
    KEY identity_recovery_codes_address_id_idx (identity_recovery_address_id),
    KEY identity_recovery_codes_identity_id_idx (identity_id),
    KEY identity_recovery_codes_nid_idx (nid),
    CONSTRAINT identity_recovery_codes_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_identity_recovery_addresses_id_fk FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_selfservice_recovery_flows_id_fk FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_recovery_tokens (
    id char(36) NOT NULL,
    token varchar(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    used tinyint(1) NOT NULL DEFAULT 0,
    used_at datetime,
    identity_recovery_address_id char(36),
    selfservice_recovery_flow_id char(36),
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    expires_at datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at datetime NOT NULL DEFAULT '2000-01-01 00:00:00',
    nid char(36),
    identity_id char(36) NOT NULL,
    token_type int NOT NULL DEFAULT 0,
    PRIMARY KEY (id),
    UNIQUE KEY identity_recovery_addresses_code_uq_idx (token),
    KEY identity_recovery_tokens_selfservice_recovery_flow_id_idx (selfservice_recovery_flow_id),
    KEY identity_recovery_tokens_identity_recovery_address_id_idx (identity_recovery_address_id),
    KEY identity_recovery_tokens_identity_id_idx (identity_id),
    KEY identity_recovery_tokens_nid_idx (nid),
    CONSTRAINT identity_recovery_tokens_ibfk_1 FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_ibfk_2 FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_identity_id_fk_idx FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_token_type_ck CHECK (token_type = 1 or token_type = 2)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_verification_codes (
    id char(36) NOT NULL,
    code_hmac varchar(64) NOT NULL,
    used_at timestamp NULL,
    identity_verifiable_address_id char(36),
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_verification_flow_id char(36) NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid char(36) NOT NULL,
    PRIMARY KEY (id),
    KEY identity_verification_codes_selfservice_verification_flows_id_fk (selfservice_verification_flow_id),
    KEY identity_verification_codes_verifiable_address_idx (identity_verifiable_address_id),
    KEY identity_verification_codes_nid_idx (nid),
    CONSTRAINT identity_verification_codes_identity_verifiable_addresses_id_fk FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses (id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_codes_selfservice_verification_flows_id_fk FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_verification_tokens (
    id char(36) NOT NULL,
    token varchar(64) NOT NULL,
    used tinyint(1) NOT NULL DEFAULT 0,
    used_at datetime,
    expires_at datetime NOT NULL,
    issued_at datetime NOT NULL,
    identity_verifiable_address_id char(36),
    selfservice_verification_flow_id char(36) NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    nid char(36),
    PRIMARY KEY (id),
    UNIQUE KEY identity_verification_tokens_token_uq_idx (token),
    KEY identity_verification_tokens_verifiable_address_id_idx (identity_verifiable_address_id),
    KEY identity_verification_tokens_verification_flow_id_idx (selfservice_verification_flow_id),
    KEY identity_verification_tokens_nid_idx (nid),
    CONSTRAINT identity_verification_tokens_ibfk_1 FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses (id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_tokens_ibfk_2 FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_tokens_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS identity_pending_traits_changes (
    id char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    nid char(36) NOT NULL,
    new_address_value varchar(255) NOT NULL,
    new_address_via varchar(16) NOT NULL,
    original_traits_hash varchar(64) NOT NULL,
    proposed_traits json NOT NULL,
    verification_flow_id char(36) NOT NULL,
    status varchar(16) NOT NULL DEFAULT 'pending',
    pending_identity_key varchar(36) GENERATED ALWAYS AS (CASE WHEN status = 'pending' THEN RTRIM(identity_id) ELSE NULL END) VIRTUAL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    session_id char(36),
    origin_settings_flow_id char(36),
    PRIMARY KEY (id),
    UNIQUE KEY identity_pending_traits_changes_nid_identity_pending_idx (nid, pending_identity_key),
    KEY identity_pending_traits_changes_identities_id_fk (identity_id),
    KEY identity_pending_traits_changes_verification_flows_id_fk (verification_flow_id),
    KEY identity_pending_traits_changes_nid_identity_id_status_idx (nid, identity_id, status),
    KEY identity_pending_traits_changes_nid_verification_flow_id_idx (nid, verification_flow_id),
    KEY identity_pending_traits_changes_sessions_id_fk (session_id),
    KEY identity_pending_traits_changes_settings_flow_id_fk (origin_settings_flow_id),
    KEY identity_pending_traits_changes_nid_session_id_idx (nid, session_id),
    KEY identity_pending_traits_changes_nid_origin_settings_flow_id_idx (nid, origin_settings_flow_id),
    CONSTRAINT identity_pending_traits_changes_identities_id_fk FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_sessions_id_fk FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE SET NULL,
    CONSTRAINT identity_pending_traits_changes_settings_flow_id_fk FOREIGN KEY (origin_settings_flow_id) REFERENCES selfservice_settings_flows (id) ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_verification_flows_id_fk FOREIGN KEY (verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS schema_migration (
    version varchar(48) NOT NULL,
    version_self int NOT NULL DEFAULT 0,
    UNIQUE KEY schema_migration_version_idx (version),
    KEY schema_migration_version_self_idx (version_self)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT IGNORE INTO identity_credential_types (id, name) VALUES
    ('78c1b41d-8341-4507-aa60-aff1d4369670', 'password'),
    ('6fa5e2e0-bfce-4631-b62b-cf2b0252b289', 'oidc'),
    ('5e29b036-aa47-457f-9fe6-aa8b854a752b', 'totp'),
    ('567a0730-7f48-4dd7-a13d-df87a51c245f', 'lookup_secret'),
    ('6b213fa0-e6ad-46cb-8878-b088d2ce2e3c', 'webauthn'),
    ('14f3b7e2-8725-4068-be39-8a796485fd97', 'code'),
    ('8d0ca544-9bf6-45d3-bd75-0bbb3aeba3c7', 'passkey'),
    ('7bddcf6c-f50e-4a18-9b0f-429114c33419', 'saml'),
    ('26433aa2-c33a-4870-85dc-230af354e0bf', 'deviceauthn');
