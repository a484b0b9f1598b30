-- What lives shortly, in tables of Bia's own. No foreign keys: the reference's tables may be of another character set.

-- Self-service flows of all five kinds. The document is the whole flow; the columns are what is searched.
CREATE TABLE bia_flow (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    kind VARCHAR(16) NOT NULL,
    client VARCHAR(16) NOT NULL,
    state VARCHAR(64) NOT NULL,
    identity_id char(36),
    document TEXT NOT NULL,
    submit_count INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL DEFAULT 0,
    issued_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_flow_expires_at_idx ON bia_flow (expires_at);

-- One-time codes and link tokens of flows, as keyed hashes.
CREATE TABLE bia_code (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    flow_id char(36) NOT NULL,
    kind VARCHAR(32) NOT NULL,
    hmac VARCHAR(64) NOT NULL,
    identity_id char(36),
    address_id char(36),
    address VARCHAR(400),
    via VARCHAR(16),
    issued_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL,
    used_at DATETIME
);
CREATE INDEX bia_code_flow_id_idx ON bia_code (flow_id);
CREATE INDEX bia_code_hmac_idx ON bia_code (hmac);
CREATE INDEX bia_code_expires_at_idx ON bia_code (expires_at);
CREATE INDEX bia_code_identity_id_idx ON bia_code (identity_id);

-- What a browser left behind when it was sent away, for when it comes back.
CREATE TABLE bia_continuity (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    identity_id char(36),
    name VARCHAR(255) NOT NULL,
    payload TEXT,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_continuity_expires_at_idx ON bia_continuity (expires_at);
CREATE INDEX bia_continuity_identity_id_idx ON bia_continuity (identity_id);

-- Errors on their way to the error page.
CREATE TABLE bia_error (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    document TEXT NOT NULL,
    csrf_token VARCHAR(255) NOT NULL,
    created_at DATETIME NOT NULL,
    seen_at DATETIME,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_error_expires_at_idx ON bia_error (expires_at);

-- Which worker is delivering a message, and until when nobody else takes it.
CREATE TABLE bia_courier_lease (
    message_id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    holder char(36) NOT NULL,
    until DATETIME NOT NULL
);
CREATE INDEX bia_courier_lease_until_idx ON bia_courier_lease (until);
