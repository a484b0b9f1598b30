-- Browsers in which somebody gave a second factor, and which need not give it at each login. Of the secret that the
-- browser keeps there is a keyed hash, and that of the one before it: it changes with each use.
CREATE TABLE bia_trusted_browsers (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    token_hash VARCHAR(64) NOT NULL,
    previous_hash VARCHAR(64),
    secrets_hash VARCHAR(64) NOT NULL,
    rotated_at DATETIME NOT NULL,
    method VARCHAR(32) NOT NULL,
    ip_address VARCHAR(50),
    user_agent VARCHAR(512),
    location VARCHAR(512),
    created_at DATETIME NOT NULL,
    last_used_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_trusted_browsers_identity_id_idx ON bia_trusted_browsers (nid, identity_id);
CREATE INDEX bia_trusted_browsers_expires_at_idx ON bia_trusted_browsers (nid, expires_at);
