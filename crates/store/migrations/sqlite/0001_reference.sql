-- The reference's tables, as its current release leaves them: facts for both programs to share.
-- The two token indexes of sessions carry each other's names there too.

CREATE TABLE networks (
    id TEXT PRIMARY KEY,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);

CREATE TABLE identity_credential_types (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL
);
CREATE UNIQUE INDEX identity_credential_types_name_idx ON identity_credential_types (name);

CREATE TABLE identities (
    id TEXT PRIMARY KEY,
    schema_id TEXT NOT NULL,
    traits TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    state TEXT NOT NULL DEFAULT 'active',
    state_changed_at DATETIME,
    metadata_public jsonb,
    metadata_admin jsonb,
    available_aal VARCHAR(4),
    organization_id uuid,
    external_id VARCHAR(64) CHECK (external_id IS NULL OR external_id != '')
);
CREATE UNIQUE INDEX identities_nid_external_id_idx ON identities (nid, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX identities_nid_id_idx ON identities (nid, id);
CREATE INDEX identities_nid_organization_id_idx ON identities (organization_id);

CREATE TABLE identity_credentials (
    id TEXT PRIMARY KEY,
    config TEXT NOT NULL,
    identity_credential_type_id char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    version INT NOT NULL DEFAULT '0',
    FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX identity_credentials_identity_id_idx ON identity_credentials (identity_id);

CREATE TABLE identity_credential_identifiers (
    id TEXT PRIMARY KEY,
    identifier TEXT NOT NULL,
    identity_credential_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    identity_credential_type_id char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (identity_credential_id) REFERENCES identity_credentials (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types (id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_credential_identifiers_ici_nid_i_idx ON identity_credential_identifiers (identity_credential_id, nid, identifier);
CREATE UNIQUE INDEX identity_credential_identifiers_identifier_nid_type_uq_idx ON identity_credential_identifiers (nid, identity_credential_type_id, identifier);
CREATE INDEX identity_credential_identifiers_nid_i_ici_idx ON identity_credential_identifiers (nid, identifier, identity_credential_id);

CREATE TABLE identity_verifiable_addresses (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    via TEXT NOT NULL,
    verified bool NOT NULL,
    value TEXT NOT NULL,
    verified_at DATETIME,
    identity_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX identity_verifiable_addresses_identity_id_idx ON identity_verifiable_addresses (identity_id);
CREATE UNIQUE INDEX identity_verifiable_addresses_status_via_uq_idx ON identity_verifiable_addresses (nid, via, value);

CREATE TABLE identity_recovery_addresses (
    id TEXT PRIMARY KEY,
    via TEXT NOT NULL,
    value TEXT NOT NULL,
    identity_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    break_glass_for_organization UUID,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX identity_recovery_addresses_identity_id_idx ON identity_recovery_addresses (identity_id);
CREATE UNIQUE INDEX identity_recovery_addresses_status_via_uq_idx ON identity_recovery_addresses (nid, via, value);

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    authenticated_at DATETIME NOT NULL,
    identity_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    active NUMERIC DEFAULT 'false',
    nid char(36),
    aal TEXT NOT NULL DEFAULT 'aal1',
    authentication_methods TEXT NOT NULL,
    token varchar(39),
    logout_token varchar(39),
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX sessions_list_active_idx ON sessions (nid, expires_at, active, created_at DESC, id);
CREATE INDEX sessions_list_identity_idx ON sessions (identity_id, nid, created_at DESC);
CREATE INDEX sessions_list_idx ON sessions (nid, created_at DESC, id);
CREATE UNIQUE INDEX sessions_logout_token_uq_idx ON sessions (token);
CREATE UNIQUE INDEX sessions_token_uq_idx ON sessions (logout_token);

CREATE TABLE session_devices (
    id UUID PRIMARY KEY NOT NULL,
    identity_id UUID NOT NULL,
    ip_address VARCHAR(50) DEFAULT '',
    user_agent VARCHAR(512) DEFAULT '',
    location VARCHAR(512) DEFAULT '',
    nid UUID NOT NULL,
    session_id UUID NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    UNIQUE (nid, session_id, ip_address, user_agent),
    FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX session_devices_nid_idx ON session_devices (nid);
CREATE INDEX session_devices_session_id_idx ON session_devices (session_id);

CREATE TABLE courier_messages (
    id TEXT PRIMARY KEY,
    type INTEGER NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    subject TEXT NOT NULL,
    recipient TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    template_type TEXT NOT NULL DEFAULT '',
    template_data BLOB,
    nid char(36),
    send_count INT NOT NULL DEFAULT 0,
    channel VARCHAR(32),
    request_headers JSONB
);
CREATE INDEX courier_messages_nid_created_at_id_idx ON courier_messages (nid, created_at DESC, id);
CREATE INDEX courier_messages_nid_id_created_at_idx ON courier_messages (nid, id, created_at DESC);
CREATE INDEX courier_messages_nid_recipient_created_at_id_idx ON courier_messages (nid, recipient, created_at DESC);
CREATE INDEX courier_messages_nid_status_created_at_id_idx ON courier_messages (nid, status, created_at DESC);
CREATE INDEX courier_messages_status_created_at_idx ON courier_messages (status, created_at);
CREATE INDEX courier_messages_status_id_idx ON courier_messages (status, id);

CREATE TABLE courier_message_dispatches (
    id UUID PRIMARY KEY,
    message_id UUID NOT NULL,
    status VARCHAR(7) NOT NULL,
    error JSON,
    nid UUID NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    FOREIGN KEY (message_id) REFERENCES courier_messages (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
);
CREATE INDEX courier_message_dispatches_message_id_idx ON courier_message_dispatches (message_id, created_at DESC);
CREATE INDEX courier_message_dispatches_nid_idx ON courier_message_dispatches (nid);

CREATE TABLE selfservice_login_flows (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    active_method TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    forced bool NOT NULL DEFAULT 'false',
    type TEXT NOT NULL DEFAULT 'browser',
    ui TEXT,
    nid char(36),
    requested_aal TEXT NOT NULL DEFAULT 'aal1',
    internal_context TEXT NOT NULL,
    oauth2_login_challenge CHAR(36),
    oauth2_login_challenge_data TEXT,
    state VARCHAR(255),
    request_url TEXT NOT NULL DEFAULT '',
    submit_count INT NOT NULL DEFAULT 0,
    organization_id uuid,
    identity_schema_id VARCHAR(128),
    test_flow BOOL
);
CREATE INDEX selfservice_login_flows_nid_idx ON selfservice_login_flows (nid);

CREATE TABLE selfservice_registration_flows (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    active_method TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    type TEXT NOT NULL DEFAULT 'browser',
    ui TEXT,
    nid char(36),
    internal_context TEXT NOT NULL,
    oauth2_login_challenge CHAR(36),
    oauth2_login_challenge_data TEXT,
    state VARCHAR(255),
    request_url TEXT NOT NULL DEFAULT '',
    submit_count INT NOT NULL DEFAULT 0,
    organization_id uuid,
    identity_schema_id VARCHAR(128)
);
CREATE INDEX selfservice_registration_flows_nid_idx ON selfservice_registration_flows (nid);

CREATE TABLE selfservice_settings_flows (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    identity_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    active_method TEXT,
    state TEXT NOT NULL DEFAULT 'show_form',
    type TEXT NOT NULL DEFAULT 'browser',
    ui TEXT,
    nid char(36),
    internal_context TEXT NOT NULL,
    request_url TEXT NOT NULL DEFAULT '',
    organization_id uuid,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX selfservice_settings_flows_identity_id_idx ON selfservice_settings_flows (identity_id);
CREATE INDEX selfservice_settings_flows_nid_idx ON selfservice_settings_flows (nid);

CREATE TABLE selfservice_recovery_flows (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    active_method TEXT,
    csrf_token TEXT NOT NULL,
    state TEXT NOT NULL,
    recovered_identity_id char(36),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    type TEXT NOT NULL DEFAULT 'browser',
    ui TEXT,
    nid char(36),
    submit_count INT NOT NULL DEFAULT 0,
    skip_csrf_check boolean NOT NULL DEFAULT FALSE,
    request_url TEXT NOT NULL DEFAULT '',
    internal_context TEXT,
    FOREIGN KEY (recovered_identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX selfservice_recovery_flows_nid_idx ON selfservice_recovery_flows (nid);
CREATE INDEX selfservice_recovery_flows_recovered_identity_id_idx ON selfservice_recovery_flows (recovered_identity_id);

CREATE TABLE selfservice_verification_flows (
    id TEXT PRIMARY KEY,
    issued_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at DATETIME NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    type TEXT NOT NULL DEFAULT 'browser',
    state TEXT NOT NULL DEFAULT 'show_form',
    active_method TEXT,
    ui TEXT,
    nid char(36),
    submit_count INT NOT NULL DEFAULT 0,
    request_url TEXT NOT NULL DEFAULT '',
    oauth2_login_challenge TEXT,
    session_id UUID,
    identity_id VARCHAR(36),
    authentication_methods TEXT,
    internal_context TEXT
);
CREATE INDEX selfservice_verification_flows_nid_idx ON selfservice_verification_flows (nid);

CREATE TABLE selfservice_errors (
    id TEXT PRIMARY KEY,
    errors TEXT NOT NULL,
    seen_at DATETIME,
    was_seen bool NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    csrf_token TEXT NOT NULL DEFAULT '',
    nid char(36)
);
CREATE INDEX selfservice_errors_nid_idx ON selfservice_errors (nid);

CREATE TABLE continuity_containers (
    id TEXT PRIMARY KEY,
    identity_id char(36),
    name TEXT NOT NULL,
    payload TEXT,
    expires_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE
);
CREATE INDEX continuity_containers_identity_id_idx ON continuity_containers (identity_id);
CREATE INDEX continuity_containers_nid_idx ON continuity_containers (nid);

CREATE TABLE session_token_exchanges (
    id TEXT PRIMARY KEY NOT NULL,
    nid TEXT NOT NULL,
    flow_id TEXT NOT NULL,
    session_id TEXT,
    init_code VARCHAR(64) NOT NULL,
    return_to_code VARCHAR(64) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    FOREIGN KEY (nid) REFERENCES networks (id) ON DELETE CASCADE
);
CREATE INDEX session_token_exchanges_nid_code_idx ON session_token_exchanges (init_code, nid);
CREATE INDEX session_token_exchanges_nid_flow_id_idx ON session_token_exchanges (flow_id, nid);

CREATE TABLE identity_login_codes (
    id UUID PRIMARY KEY NOT NULL,
    code VARCHAR(64) NOT NULL,
    address VARCHAR(255) NOT NULL,
    used_at timestamp DEFAULT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_login_flow_id UUID NOT NULL,
    identity_id UUID NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid UUID NOT NULL,
    address_type VARCHAR(36),
    FOREIGN KEY (selfservice_login_flow_id) REFERENCES selfservice_login_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_login_codes_flow_id_idx ON identity_login_codes (selfservice_login_flow_id);
CREATE INDEX identity_login_codes_identity_id_idx ON identity_login_codes (identity_id);
CREATE INDEX identity_login_codes_nid_idx ON identity_login_codes (nid);

CREATE TABLE identity_registration_codes (
    id UUID PRIMARY KEY NOT NULL,
    code VARCHAR(64) NOT NULL,
    address VARCHAR(255) NOT NULL,
    used_at timestamp DEFAULT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_registration_flow_id UUID NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid UUID NOT NULL,
    address_type VARCHAR(36),
    FOREIGN KEY (selfservice_registration_flow_id) REFERENCES selfservice_registration_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_registration_codes_flow_id_idx ON identity_registration_codes (selfservice_registration_flow_id);
CREATE INDEX identity_registration_codes_nid_idx ON identity_registration_codes (nid);

CREATE TABLE identity_recovery_codes (
    id UUID PRIMARY KEY NOT NULL,
    code VARCHAR (64) NOT NULL,
    used_at timestamp DEFAULT NULL,
    identity_recovery_address_id UUID,
    code_type INT NOT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_recovery_flow_id UUID NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid UUID NOT NULL,
    identity_id UUID NOT NULL,
    FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses (id) ON DELETE CASCADE,
    FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_recovery_codes_flow_id_idx ON identity_recovery_codes (selfservice_recovery_flow_id);
CREATE INDEX identity_recovery_codes_identity_id_idx ON identity_recovery_codes (identity_id);
CREATE INDEX identity_recovery_codes_identity_recovery_address_id_idx ON identity_recovery_codes (identity_recovery_address_id);
CREATE INDEX identity_recovery_codes_nid_idx ON identity_recovery_codes (nid);

CREATE TABLE identity_recovery_tokens (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    used bool NOT NULL DEFAULT 'false',
    used_at DATETIME,
    identity_recovery_address_id char(36),
    selfservice_recovery_flow_id char(36),
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at DATETIME NOT NULL DEFAULT '2000-01-01 00:00:00',
    nid char(36),
    identity_id CHAR(36),
    token_type INT NOT NULL DEFAULT 0,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses (id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX identity_recovery_addresses_code_uq_idx ON identity_recovery_tokens (token);
CREATE INDEX identity_recovery_tokens_identity_id_idx ON identity_recovery_tokens (identity_id);
CREATE INDEX identity_recovery_tokens_identity_recovery_address_id_idx ON identity_recovery_tokens (identity_recovery_address_id);
CREATE INDEX identity_recovery_tokens_nid_idx ON identity_recovery_tokens (nid);
CREATE INDEX identity_recovery_tokens_selfservice_recovery_flow_id_idx ON identity_recovery_tokens (selfservice_recovery_flow_id);

CREATE TABLE identity_verification_codes (
    id UUID PRIMARY KEY NOT NULL,
    code_hmac VARCHAR (64) NOT NULL,
    used_at timestamp DEFAULT NULL,
    identity_verifiable_address_id UUID,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_verification_flow_id UUID NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid UUID NOT NULL,
    FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses (id) ON DELETE CASCADE,
    FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_verification_codes_flow_id_idx ON identity_verification_codes (selfservice_verification_flow_id);
CREATE INDEX identity_verification_codes_identity_verifiable_address_id_idx ON identity_verification_codes (identity_verifiable_address_id);
CREATE INDEX identity_verification_codes_nid_idx ON identity_verification_codes (nid);

CREATE TABLE identity_verification_tokens (
    id TEXT PRIMARY KEY,
    token TEXT NOT NULL,
    used bool NOT NULL DEFAULT 'false',
    used_at DATETIME,
    expires_at DATETIME NOT NULL,
    issued_at DATETIME NOT NULL,
    identity_verifiable_address_id char(36),
    selfservice_verification_flow_id char(36) NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    nid char(36),
    FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses (id) ON DELETE CASCADE
);
CREATE INDEX identity_verification_tokens_id_nid_idx ON identity_verification_tokens (id, nid);
CREATE INDEX identity_verification_tokens_nid_id_idx ON identity_verification_tokens (nid, id);
CREATE INDEX identity_verification_tokens_token_nid_used_flow_id_idx ON identity_verification_tokens (nid, token, used, selfservice_verification_flow_id);
CREATE UNIQUE INDEX identity_verification_tokens_token_uq_idx ON identity_verification_tokens (token);
CREATE INDEX identity_verification_tokens_verifiable_address_id_idx ON identity_verification_tokens (identity_verifiable_address_id);
CREATE INDEX identity_verification_tokens_verification_flow_id_idx ON identity_verification_tokens (selfservice_verification_flow_id);

CREATE TABLE identity_pending_traits_changes (
    id TEXT PRIMARY KEY NOT NULL,
    identity_id char(36) NOT NULL,
    nid char(36) NOT NULL,
    new_address_value VARCHAR(255) NOT NULL,
    new_address_via VARCHAR(16) NOT NULL,
    original_traits_hash VARCHAR(64) NOT NULL,
    proposed_traits TEXT NOT NULL,
    verification_flow_id char(36) NOT NULL,
    status VARCHAR(16) NOT NULL DEFAULT 'pending',
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL,
    session_id char(36),
    origin_settings_flow_id char(36),
    FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE SET NULL,
    FOREIGN KEY (origin_settings_flow_id) REFERENCES selfservice_settings_flows (id) ON DELETE CASCADE,
    FOREIGN KEY (identity_id) REFERENCES identities (id) ON DELETE CASCADE,
    FOREIGN KEY (nid) REFERENCES networks (id) ON UPDATE RESTRICT ON DELETE CASCADE,
    FOREIGN KEY (verification_flow_id) REFERENCES selfservice_verification_flows (id) ON DELETE CASCADE
);
CREATE INDEX identity_pending_traits_changes_nid_identity_id_status_idx ON identity_pending_traits_changes (nid, identity_id, status);
CREATE UNIQUE INDEX identity_pending_traits_changes_nid_identity_pending_idx ON identity_pending_traits_changes (nid, identity_id) WHERE status = 'pending';
CREATE INDEX identity_pending_traits_changes_nid_origin_settings_flow_id_idx ON identity_pending_traits_changes (nid, origin_settings_flow_id);
CREATE INDEX identity_pending_traits_changes_nid_session_id_idx ON identity_pending_traits_changes (nid, session_id);
CREATE INDEX identity_pending_traits_changes_nid_verification_flow_id_idx ON identity_pending_traits_changes (nid, verification_flow_id);

CREATE TABLE schema_migration (
    version VARCHAR (48) NOT NULL,
    version_self INT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX schema_migration_version_idx ON schema_migration (version);
CREATE INDEX schema_migration_version_self_idx ON schema_migration (version_self);

INSERT INTO identity_credential_types (id, name) VALUES
    ('78c1b41d-8341-4507-aa60-aff1d4369670', 'password'),
    ('6fa5e2e0-bfce-4631-b62b-cf2b0252b289', 'oidc'),
    ('5e29b036-aa47-457f-9fe6-aa8b854a752b', 'totp'),
    ('567a0730-7f48-4dd7-a13d-df87a51c245f', 'lookup_secret'),
    ('6b213fa0-e6ad-46cb-8878-b088d2ce2e3c', 'webauthn'),
    ('14f3b7e2-8725-4068-be39-8a796485fd97', 'code'),
    ('8d0ca544-9bf6-45d3-bd75-0bbb3aeba3c7', 'passkey'),
    ('7bddcf6c-f50e-4a18-9b0f-429114c33419', 'saml'),
    ('26433aa2-c33a-4870-85dc-230af354e0bf', 'deviceauthn');
