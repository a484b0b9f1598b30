-- The reference's tables, as its current release leaves them: facts for both programs to share.

CREATE TABLE networks (
    id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    CONSTRAINT networks_pkey PRIMARY KEY (id)
);

CREATE TABLE identity_credential_types (
    id uuid NOT NULL,
    name varchar(32) NOT NULL,
    CONSTRAINT identity_credential_types_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX identity_credential_types_name_idx ON identity_credential_types (name);

CREATE TABLE identities (
    id uuid NOT NULL,
    schema_id varchar(2048) NOT NULL,
    traits jsonb NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    state varchar(255) NOT NULL DEFAULT 'active',
    state_changed_at timestamp,
    metadata_public jsonb,
    metadata_admin jsonb,
    available_aal varchar(4),
    organization_id uuid,
    external_id varchar(64),
    CONSTRAINT identities_pkey PRIMARY KEY (id),
    CONSTRAINT identities_external_id_check CHECK (external_id IS NULL OR external_id <> ''),
    CONSTRAINT identities_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE UNIQUE INDEX identities_nid_external_id_idx ON identities (nid, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX identities_nid_id_idx ON identities (nid, id);
CREATE INDEX identities_nid_organization_id_idx ON identities (organization_id);

CREATE TABLE identity_credentials (
    id uuid NOT NULL,
    config jsonb NOT NULL,
    identity_credential_type_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    version integer NOT NULL DEFAULT 0,
    CONSTRAINT identity_credentials_pkey PRIMARY KEY (id),
    CONSTRAINT identity_credentials_identity_credential_type_id_fkey FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types(id) ON DELETE CASCADE,
    CONSTRAINT identity_credentials_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT identity_credentials_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_credentials_identity_id_idx ON identity_credentials (identity_id);

CREATE TABLE identity_credential_identifiers (
    id uuid NOT NULL,
    identifier varchar(255) NOT NULL,
    identity_credential_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    identity_credential_type_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    CONSTRAINT identity_credential_identifiers_pkey PRIMARY KEY (id),
    CONSTRAINT identity_credential_identifiers_identities_id_fk FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_identity_credential_id_fkey FOREIGN KEY (identity_credential_id) REFERENCES identity_credentials(id) ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_credential_identifiers_type_id_fk_idx FOREIGN KEY (identity_credential_type_id) REFERENCES identity_credential_types(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_credential_identifiers_ici_nid_i_idx ON identity_credential_identifiers (identity_credential_id, nid, identifier);
CREATE UNIQUE INDEX identity_credential_identifiers_identifier_nid_type_uq_idx ON identity_credential_identifiers (nid, identity_credential_type_id, identifier);
CREATE INDEX identity_credential_identifiers_identities_id_fk_idx ON identity_credential_identifiers (identity_id);
CREATE INDEX identity_credential_identifiers_nid_i_ici_idx ON identity_credential_identifiers (nid, identifier, identity_credential_id);

CREATE TABLE identity_verifiable_addresses (
    id uuid NOT NULL,
    status varchar(16) NOT NULL,
    via varchar(16) NOT NULL,
    verified boolean NOT NULL,
    value varchar(400) NOT NULL,
    verified_at timestamp,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    CONSTRAINT identity_verifiable_addresses_pkey PRIMARY KEY (id),
    CONSTRAINT identity_verifiable_addresses_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT identity_verifiable_addresses_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_verifiable_addresses_identity_id_idx ON identity_verifiable_addresses (identity_id);
CREATE UNIQUE INDEX identity_verifiable_addresses_status_via_uq_idx ON identity_verifiable_addresses (nid, via, value);

CREATE TABLE identity_recovery_addresses (
    id uuid NOT NULL,
    via varchar(16) NOT NULL,
    value varchar(400) NOT NULL,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    break_glass_for_organization uuid,
    CONSTRAINT identity_recovery_addresses_pkey PRIMARY KEY (id),
    CONSTRAINT identity_recovery_addresses_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_addresses_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX identity_recovery_addresses_identity_id_idx ON identity_recovery_addresses (identity_id);
CREATE UNIQUE INDEX identity_recovery_addresses_status_via_uq_idx ON identity_recovery_addresses (nid, via, value);

CREATE TABLE sessions (
    id uuid NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    authenticated_at timestamp NOT NULL,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    token varchar(39),
    active boolean DEFAULT false,
    nid uuid,
    logout_token varchar(39),
    aal varchar(4) NOT NULL DEFAULT 'aal1',
    authentication_methods jsonb NOT NULL,
    CONSTRAINT sessions_pkey PRIMARY KEY (id),
    CONSTRAINT sessions_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT sessions_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX sessions_list_active_idx ON sessions (nid, expires_at, active, created_at DESC, id);
CREATE INDEX sessions_list_identity_idx ON sessions (identity_id, nid, created_at DESC);
CREATE INDEX sessions_list_idx ON sessions (nid, created_at DESC, id);
CREATE UNIQUE INDEX sessions_logout_token_uq_idx ON sessions (logout_token);
CREATE UNIQUE INDEX sessions_token_uq_idx ON sessions (token);

CREATE TABLE session_devices (
    id uuid NOT NULL,
    ip_address varchar(50) DEFAULT '',
    user_agent varchar(512) DEFAULT '',
    location varchar(512) DEFAULT '',
    nid uuid NOT NULL,
    session_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    identity_id uuid NOT NULL,
    CONSTRAINT session_devices_pkey PRIMARY KEY (id),
    CONSTRAINT unique_session_device UNIQUE (nid, session_id, ip_address, user_agent),
    CONSTRAINT session_devices_identities_id_fk FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT session_metadata_nid_fk FOREIGN KEY (nid) REFERENCES networks(id) ON DELETE CASCADE,
    CONSTRAINT session_metadata_sessions_id_fk FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE CASCADE
);
CREATE INDEX session_devices_identities_id_fk_idx ON session_devices (identity_id);
CREATE INDEX session_devices_nid_idx ON session_devices (nid);
CREATE INDEX session_devices_session_id_idx ON session_devices (session_id);

CREATE TABLE courier_messages (
    id uuid NOT NULL,
    type integer NOT NULL,
    status integer NOT NULL,
    body text NOT NULL,
    subject varchar(255) NOT NULL,
    recipient varchar(255) NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    template_type varchar(255) NOT NULL DEFAULT '',
    template_data bytea,
    nid uuid,
    send_count integer NOT NULL DEFAULT 0,
    channel varchar(32),
    request_headers jsonb,
    CONSTRAINT courier_messages_pkey PRIMARY KEY (id),
    CONSTRAINT courier_messages_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX courier_messages_nid_created_at_id_idx ON courier_messages (nid, created_at DESC, id);
CREATE INDEX courier_messages_nid_id_created_at_idx ON courier_messages (nid, id, created_at DESC);
CREATE INDEX courier_messages_nid_recipient_created_at_id_idx ON courier_messages (nid, recipient, created_at DESC);
CREATE INDEX courier_messages_nid_status_created_at_id_idx ON courier_messages (nid, status, created_at DESC);
CREATE INDEX courier_messages_status_created_at_idx ON courier_messages (status, created_at);
CREATE INDEX courier_messages_status_id_idx ON courier_messages (status, id);

CREATE TABLE courier_message_dispatches (
    id uuid NOT NULL,
    message_id uuid NOT NULL,
    status varchar(7) NOT NULL,
    error json,
    nid uuid NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT courier_message_dispatches_pkey PRIMARY KEY (id),
    CONSTRAINT courier_message_dispatches_message_id_fk FOREIGN KEY (message_id) REFERENCES courier_messages(id) ON DELETE CASCADE,
    CONSTRAINT courier_message_dispatches_nid_fk FOREIGN KEY (nid) REFERENCES networks(id) ON DELETE CASCADE
);
CREATE INDEX courier_message_dispatches_message_id_idx ON courier_message_dispatches (message_id, created_at DESC);
CREATE INDEX courier_message_dispatches_nid_idx ON courier_message_dispatches (nid);

CREATE TABLE selfservice_login_flows (
    id uuid NOT NULL,
    request_url text NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    active_method varchar(32) NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    forced boolean NOT NULL DEFAULT false,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui jsonb,
    nid uuid,
    requested_aal varchar(4) NOT NULL DEFAULT 'aal1',
    internal_context jsonb NOT NULL,
    oauth2_login_challenge uuid,
    oauth2_login_challenge_data text,
    state varchar(255),
    submit_count integer NOT NULL DEFAULT 0,
    organization_id uuid,
    identity_schema_id varchar(128),
    test_flow boolean,
    CONSTRAINT selfservice_login_requests_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_login_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX selfservice_login_flows_nid_idx ON selfservice_login_flows (nid);

CREATE TABLE selfservice_registration_flows (
    id uuid NOT NULL,
    request_url text NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    active_method varchar(32) NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui jsonb,
    nid uuid,
    internal_context jsonb NOT NULL,
    oauth2_login_challenge uuid,
    oauth2_login_challenge_data text,
    state varchar(255),
    submit_count integer NOT NULL DEFAULT 0,
    organization_id uuid,
    identity_schema_id varchar(128),
    CONSTRAINT selfservice_registration_requests_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_registration_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX selfservice_registration_flows_nid_idx ON selfservice_registration_flows (nid);

CREATE TABLE selfservice_settings_flows (
    id uuid NOT NULL,
    request_url text NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    active_method varchar(32),
    state varchar(255) NOT NULL DEFAULT 'show_form',
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui jsonb,
    nid uuid,
    internal_context jsonb NOT NULL,
    organization_id uuid,
    CONSTRAINT selfservice_profile_management_requests_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_profile_management_requests_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT selfservice_settings_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX selfservice_settings_flows_identity_id_idx ON selfservice_settings_flows (identity_id);
CREATE INDEX selfservice_settings_flows_nid_idx ON selfservice_settings_flows (nid);

CREATE TABLE selfservice_recovery_flows (
    id uuid NOT NULL,
    request_url text NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    active_method varchar(32),
    csrf_token varchar(255) NOT NULL,
    state varchar(32) NOT NULL,
    recovered_identity_id uuid,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    ui jsonb,
    nid uuid,
    submit_count integer NOT NULL DEFAULT 0,
    skip_csrf_check boolean NOT NULL DEFAULT false,
    internal_context jsonb,
    CONSTRAINT selfservice_recovery_requests_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_recovery_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT selfservice_recovery_requests_recovered_identity_id_fkey FOREIGN KEY (recovered_identity_id) REFERENCES identities(id) ON DELETE CASCADE
);
CREATE INDEX selfservice_recovery_flows_nid_idx ON selfservice_recovery_flows (nid);
CREATE INDEX selfservice_recovery_flows_recovered_identity_id_idx ON selfservice_recovery_flows (recovered_identity_id);

CREATE TABLE selfservice_verification_flows (
    id uuid NOT NULL,
    request_url text NOT NULL,
    issued_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    expires_at timestamp NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    type varchar(16) NOT NULL DEFAULT 'browser',
    state varchar(255) NOT NULL DEFAULT 'show_form',
    active_method varchar(32),
    ui jsonb,
    nid uuid,
    submit_count integer NOT NULL DEFAULT 0,
    oauth2_login_challenge text,
    session_id uuid,
    identity_id uuid,
    authentication_methods json,
    internal_context jsonb,
    CONSTRAINT selfservice_verification_requests_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_verification_flows_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX selfservice_verification_flows_nid_idx ON selfservice_verification_flows (nid);

CREATE TABLE selfservice_errors (
    id uuid NOT NULL,
    errors jsonb NOT NULL,
    seen_at timestamp,
    was_seen boolean NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    csrf_token varchar(255) NOT NULL DEFAULT '',
    nid uuid,
    CONSTRAINT selfservice_errors_pkey PRIMARY KEY (id),
    CONSTRAINT selfservice_errors_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX selfservice_errors_nid_idx ON selfservice_errors (nid);

CREATE TABLE continuity_containers (
    id uuid NOT NULL,
    identity_id uuid,
    name varchar(255) NOT NULL,
    payload jsonb,
    expires_at timestamp NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    CONSTRAINT continuity_containers_pkey PRIMARY KEY (id),
    CONSTRAINT continuity_containers_identity_id_fkey FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT continuity_containers_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE
);
CREATE INDEX continuity_containers_identity_id_idx ON continuity_containers (identity_id);
CREATE INDEX continuity_containers_nid_idx ON continuity_containers (nid);

CREATE TABLE session_token_exchanges (
    id uuid NOT NULL,
    nid uuid NOT NULL,
    flow_id uuid NOT NULL,
    session_id uuid,
    init_code varchar(64) NOT NULL,
    return_to_code varchar(64) NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    CONSTRAINT session_token_exchanges_pkey PRIMARY KEY (id),
    CONSTRAINT session_token_exchanges_nid_fk FOREIGN KEY (nid) REFERENCES networks(id) ON DELETE CASCADE
);
CREATE INDEX session_token_exchanges_flow_id_nid_init_code_idx ON session_token_exchanges (flow_id, nid, init_code);
CREATE INDEX session_token_exchanges_nid_init_code_idx ON session_token_exchanges (nid, init_code);

CREATE TABLE identity_login_codes (
    id uuid NOT NULL,
    code varchar(64) NOT NULL,
    address varchar(255) NOT NULL,
    address_type varchar(36) NOT NULL,
    used_at timestamp,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_login_flow_id uuid NOT NULL,
    identity_id uuid NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid uuid NOT NULL,
    CONSTRAINT identity_login_codes_pkey PRIMARY KEY (id),
    CONSTRAINT identity_login_codes_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_login_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_login_codes_selfservice_login_flows_id_fk FOREIGN KEY (selfservice_login_flow_id) REFERENCES selfservice_login_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_login_codes_flow_id_idx ON identity_login_codes (selfservice_login_flow_id);
CREATE INDEX identity_login_codes_identity_id_idx ON identity_login_codes (identity_id);
CREATE INDEX identity_login_codes_nid_idx ON identity_login_codes (nid);

CREATE TABLE identity_registration_codes (
    id uuid NOT NULL,
    code varchar(64) NOT NULL,
    address varchar(255) NOT NULL,
    address_type varchar(36) NOT NULL,
    used_at timestamp,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_registration_flow_id uuid NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    nid uuid NOT NULL,
    CONSTRAINT identity_registration_codes_pkey PRIMARY KEY (id),
    CONSTRAINT identity_registration_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_registration_codes_selfservice_registration_flows_id_f FOREIGN KEY (selfservice_registration_flow_id) REFERENCES selfservice_registration_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_registration_codes_flow_id_idx ON identity_registration_codes (selfservice_registration_flow_id);
CREATE INDEX identity_registration_codes_nid_idx ON identity_registration_codes (nid);

CREATE TABLE identity_recovery_codes (
    id uuid NOT NULL,
    code varchar(64) NOT NULL,
    used_at timestamp,
    identity_recovery_address_id uuid,
    code_type integer NOT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_recovery_flow_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid NOT NULL,
    identity_id uuid NOT NULL,
    CONSTRAINT identity_recovery_codes_pkey PRIMARY KEY (id),
    CONSTRAINT identity_recovery_codes_identity_id_fk FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_identity_recovery_addresses_id_fk FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses(id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_recovery_codes_selfservice_recovery_flows_id_fk FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_recovery_codes_flow_id_idx ON identity_recovery_codes (selfservice_recovery_flow_id);
CREATE INDEX identity_recovery_codes_identity_id_idx ON identity_recovery_codes (identity_id);
CREATE INDEX identity_recovery_codes_identity_recovery_address_id_idx ON identity_recovery_codes (identity_recovery_address_id);
CREATE INDEX identity_recovery_codes_nid_idx ON identity_recovery_codes (nid);

CREATE TABLE identity_recovery_tokens (
    id uuid NOT NULL,
    token varchar(64) NOT NULL,
    used boolean NOT NULL DEFAULT false,
    used_at timestamp,
    identity_recovery_address_id uuid,
    selfservice_recovery_flow_id uuid,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    nid uuid,
    identity_id uuid NOT NULL,
    token_type integer NOT NULL DEFAULT 0,
    CONSTRAINT identity_recovery_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT identity_recovery_tokens_token_type_ck CHECK ((token_type = 1) OR (token_type = 2)),
    CONSTRAINT identity_recovery_tokens_identity_id_fk_idx FOREIGN KEY (identity_id) REFERENCES identities(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_identity_recovery_address_id_fkey FOREIGN KEY (identity_recovery_address_id) REFERENCES identity_recovery_addresses(id) ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_recovery_tokens_selfservice_recovery_request_id_fkey FOREIGN KEY (selfservice_recovery_flow_id) REFERENCES selfservice_recovery_flows(id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX identity_recovery_addresses_code_uq_idx ON identity_recovery_tokens (token);
CREATE INDEX identity_recovery_tokens_identity_id_idx ON identity_recovery_tokens (identity_id);
CREATE INDEX identity_recovery_tokens_identity_recovery_address_id_idx ON identity_recovery_tokens (identity_recovery_address_id);
CREATE INDEX identity_recovery_tokens_nid_idx ON identity_recovery_tokens (nid);
CREATE INDEX identity_recovery_tokens_selfservice_recovery_flow_id_idx ON identity_recovery_tokens (selfservice_recovery_flow_id);

CREATE TABLE identity_verification_codes (
    id uuid NOT NULL,
    code_hmac varchar(64) NOT NULL,
    used_at timestamp,
    identity_verifiable_address_id uuid,
    expires_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    issued_at timestamp NOT NULL DEFAULT '2000-01-01 00:00:00',
    selfservice_verification_flow_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid NOT NULL,
    CONSTRAINT identity_verification_codes_pkey PRIMARY KEY (id),
    CONSTRAINT identity_verification_codes_identity_verifiable_addresses_id_fk FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses(id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_codes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_verification_codes_selfservice_verification_flows_id_f FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_verification_codes_flow_id_idx ON identity_verification_codes (selfservice_verification_flow_id);
CREATE INDEX identity_verification_codes_identity_verifiable_address_id_idx ON identity_verification_codes (identity_verifiable_address_id);
CREATE INDEX identity_verification_codes_nid_idx ON identity_verification_codes (nid);

CREATE TABLE identity_verification_tokens (
    id uuid NOT NULL,
    token varchar(64) NOT NULL,
    used boolean NOT NULL DEFAULT false,
    used_at timestamp,
    expires_at timestamp NOT NULL,
    issued_at timestamp NOT NULL,
    identity_verifiable_address_id uuid,
    selfservice_verification_flow_id uuid NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    nid uuid,
    CONSTRAINT identity_verification_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT identity_verification_tokens_identity_verifiable_address_i_fkey FOREIGN KEY (identity_verifiable_address_id) REFERENCES identity_verifiable_addresses(id) ON DELETE CASCADE,
    CONSTRAINT identity_verification_tokens_nid_fk_idx FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_verification_tokens_selfservice_verification_flow_fkey FOREIGN KEY (selfservice_verification_flow_id) REFERENCES selfservice_verification_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_verification_tokens_nid_idx ON identity_verification_tokens (nid);
CREATE UNIQUE INDEX identity_verification_tokens_token_uq_idx ON identity_verification_tokens (token);
CREATE INDEX identity_verification_tokens_verifiable_address_id_idx ON identity_verification_tokens (identity_verifiable_address_id);
CREATE INDEX identity_verification_tokens_verification_flow_id_idx ON identity_verification_tokens (selfservice_verification_flow_id);

CREATE TABLE identity_pending_traits_changes (
    id uuid NOT NULL,
    identity_id uuid NOT NULL,
    nid uuid NOT NULL,
    new_address_value varchar(255) NOT NULL,
    new_address_via varchar(16) NOT NULL,
    original_traits_hash varchar(64) NOT NULL,
    proposed_traits jsonb NOT NULL,
    verification_flow_id uuid NOT NULL,
    status varchar(16) NOT NULL DEFAULT 'pending',
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    session_id uuid,
    origin_settings_flow_id uuid,
    CONSTRAINT identity_pending_traits_changes_pkey PRIMARY KEY (id),
    CONSTRAINT identity_pending_traits_changes_identities_id_fk FOREIGN KEY (identity_id) REFERENCES identities(id) ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_networks_id_fk FOREIGN KEY (nid) REFERENCES networks(id) ON UPDATE RESTRICT ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_sessions_id_fk FOREIGN KEY (session_id) REFERENCES sessions(id) ON DELETE SET NULL,
    CONSTRAINT identity_pending_traits_changes_settings_flow_id_fk FOREIGN KEY (origin_settings_flow_id) REFERENCES selfservice_settings_flows(id) ON DELETE CASCADE,
    CONSTRAINT identity_pending_traits_changes_verification_flows_id_fk FOREIGN KEY (verification_flow_id) REFERENCES selfservice_verification_flows(id) ON DELETE CASCADE
);
CREATE INDEX identity_pending_traits_changes_nid_identity_id_status_idx ON identity_pending_traits_changes (nid, identity_id, status);
CREATE UNIQUE INDEX identity_pending_traits_changes_nid_identity_pending_idx ON identity_pending_traits_changes (nid, identity_id) WHERE status = 'pending';
CREATE INDEX identity_pending_traits_changes_nid_origin_settings_flow_id_idx ON identity_pending_traits_changes (nid, origin_settings_flow_id);
CREATE INDEX identity_pending_traits_changes_nid_session_id_idx ON identity_pending_traits_changes (nid, session_id);
CREATE INDEX identity_pending_traits_changes_nid_verification_flow_id_idx ON identity_pending_traits_changes (nid, verification_flow_id);

CREATE TABLE schema_migration (
    version varchar(48) NOT NULL,
    version_self integer NOT NULL DEFAULT 0
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
