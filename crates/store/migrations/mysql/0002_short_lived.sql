-- What lives shortly, in tables of Bia's own. No foreign keys: the reference's tables may be of another character set.

-- Self-service flows of all five kinds. The document is the whole flow; the columns are what is searched.
CREATE TABLE IF NOT EXISTS bia_flow (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    kind varchar(16) NOT NULL,
    client varchar(16) NOT NULL,
    state varchar(64) NOT NULL,
    identity_id char(36),
    document mediumtext NOT NULL,
    submit_count bigint NOT NULL DEFAULT 0,
    revision bigint NOT NULL DEFAULT 0,
    issued_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    KEY bia_flow_expires_at_idx (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- One-time codes and link tokens of flows, as keyed hashes.
CREATE TABLE IF NOT EXISTS bia_code (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    flow_id char(36) NOT NULL,
    kind varchar(32) NOT NULL,
    hmac varchar(64) NOT NULL,
    identity_id char(36),
    address_id char(36),
    address varchar(400),
    via varchar(16),
    issued_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    used_at datetime,
    KEY bia_code_flow_id_idx (flow_id),
    KEY bia_code_hmac_idx (hmac),
    KEY bia_code_expires_at_idx (expires_at),
    KEY bia_code_identity_id_idx (identity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- What a browser left behind when it was sent away, for when it comes back.
CREATE TABLE IF NOT EXISTS bia_continuity (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    identity_id char(36),
    name varchar(255) NOT NULL,
    payload mediumtext,
    created_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    KEY bia_continuity_expires_at_idx (expires_at),
    KEY bia_continuity_identity_id_idx (identity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Errors on their way to the error page.
CREATE TABLE IF NOT EXISTS bia_error (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    document mediumtext NOT NULL,
    csrf_token varchar(255) NOT NULL,
    created_at datetime NOT NULL,
    seen_at datetime,
    expires_at datetime NOT NULL,
    KEY bia_error_expires_at_idx (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Which worker is delivering a message, and until when nobody else takes it.
CREATE TABLE IF NOT EXISTS bia_courier_lease (
    message_id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    holder char(36) NOT NULL,
    until datetime NOT NULL,
    KEY bia_courier_lease_until_idx (until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
