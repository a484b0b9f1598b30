-- What lives shortly, in tables of Bia's own. No foreign keys: the reference's tables may be of another character set.

-- Self-service flows of all five kinds. The document is the whole flow; the columns are what is searched.
CREATE TABLE bia_flow (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    kind varchar(16) NOT NULL,
    client varchar(16) NOT NULL,
    state varchar(64) NOT NULL,
    identity_id uuid,
    document text NOT NULL,
    submit_count bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    issued_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_flow_expires_at_idx ON bia_flow (expires_at);

-- One-time codes and link tokens of flows, as keyed hashes.
CREATE TABLE bia_code (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    flow_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    hmac varchar(64) NOT NULL,
    identity_id uuid,
    address_id uuid,
    address varchar(400),
    via varchar(16),
    issued_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    used_at timestamp
);
CREATE INDEX bia_code_flow_id_idx ON bia_code (flow_id);
CREATE INDEX bia_code_hmac_idx ON bia_code (hmac);
CREATE INDEX bia_code_expires_at_idx ON bia_code (expires_at);
CREATE INDEX bia_code_identity_id_idx ON bia_code (identity_id);

-- What a browser left behind when it was sent away, for when it comes back.
CREATE TABLE bia_continuity (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    identity_id uuid,
    name varchar(255) NOT NULL,
    payload text,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_continuity_expires_at_idx ON bia_continuity (expires_at);
CREATE INDEX bia_continuity_identity_id_idx ON bia_continuity (identity_id);

-- Errors on their way to the error page.
CREATE TABLE bia_error (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    document text NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at timestamp NOT NULL,
    seen_at timestamp,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_error_expires_at_idx ON bia_error (expires_at);

-- Which worker is delivering a message, and until when nobody else takes it.
CREATE TABLE bia_courier_lease (
    message_id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    holder uuid NOT NULL,
    until timestamp NOT NULL
);
CREATE INDEX bia_courier_lease_until_idx ON bia_courier_lease (until);
