-- Browsers in which somebody gave a second factor, and which need not give it at each login. Of the secret that the
-- browser keeps there is a keyed hash, and that of the one before it: it changes with each use.
CREATE TABLE bia_trusted_browsers (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    identity_id uuid NOT NULL,
    token_hash varchar(64) NOT NULL,
    previous_hash varchar(64),
    secrets_hash varchar(64) NOT NULL,
    rotated_at timestamp NOT NULL,
    method varchar(32) NOT NULL,
    ip_address varchar(50),
    user_agent varchar(512),
    location varchar(512),
    created_at timestamp NOT NULL,
    last_used_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_trusted_browsers_identity_id_idx ON bia_trusted_browsers (nid, identity_id);
CREATE INDEX bia_trusted_browsers_expires_at_idx ON bia_trusted_browsers (nid, expires_at);
