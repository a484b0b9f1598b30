-- Why requests were refused, for operators: short-lived, without secrets, and without what was typed.
CREATE TABLE bia_refusal (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    request_id varchar(256) NOT NULL,
    flow_id uuid,
    identity_id uuid,
    document text NOT NULL,
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_refusal_request_id_idx ON bia_refusal (nid, request_id, created_at);
CREATE INDEX bia_refusal_flow_id_idx ON bia_refusal (nid, flow_id, created_at);
CREATE INDEX bia_refusal_identity_id_idx ON bia_refusal (nid, identity_id, created_at);
CREATE INDEX bia_refusal_expires_at_idx ON bia_refusal (expires_at);
