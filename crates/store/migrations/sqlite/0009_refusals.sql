-- Why requests were refused, for operators: short-lived, without secrets, and without what was typed.
CREATE TABLE bia_refusal (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    request_id VARCHAR(256) NOT NULL,
    flow_id char(36),
    identity_id char(36),
    document TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_refusal_request_id_idx ON bia_refusal (nid, request_id, created_at);
CREATE INDEX bia_refusal_flow_id_idx ON bia_refusal (nid, flow_id, created_at);
CREATE INDEX bia_refusal_identity_id_idx ON bia_refusal (nid, identity_id, created_at);
CREATE INDEX bia_refusal_expires_at_idx ON bia_refusal (expires_at);
