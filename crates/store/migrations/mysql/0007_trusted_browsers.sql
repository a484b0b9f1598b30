-- Browsers in which somebody gave a second factor, and which need not give it at each login. Of the secret that the
-- browser keeps there is a keyed hash, and that of the one before it: it changes with each use.
CREATE TABLE IF NOT EXISTS bia_trusted_browsers (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    token_hash varchar(64) NOT NULL,
    previous_hash varchar(64),
    secrets_hash varchar(64) NOT NULL,
    rotated_at datetime NOT NULL,
    method varchar(32) NOT NULL,
    ip_address varchar(50),
    user_agent varchar(512),
    location varchar(512),
    created_at datetime NOT NULL,
    last_used_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    KEY bia_trusted_browsers_identity_id_idx (nid, identity_id),
    KEY bia_trusted_browsers_expires_at_idx (nid, expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
