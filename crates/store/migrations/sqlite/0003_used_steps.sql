-- The last time step whose code an authenticator app's owner has used: a code works once (RFC 6238, section 5.2).
-- The fingerprint is the hash of the key, so that a new key starts afresh.
CREATE TABLE bia_used_step (
    identity_id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    step INTEGER NOT NULL
);
