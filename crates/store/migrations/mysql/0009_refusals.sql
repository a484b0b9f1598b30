-- Why requests were refused, for operators: short-lived, without secrets, and without what was typed.
-- Request ids are plain ASCII and differ by case.
CREATE TABLE IF NOT EXISTS bia_refusal (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    request_id varchar(256) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    flow_id char(36),
    identity_id char(36),
    document mediumtext NOT NULL,
    created_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    KEY bia_refusal_request_id_idx (nid, request_id, created_at),
    KEY bia_refusal_flow_id_idx (nid, flow_id, created_at),
    KEY bia_refusal_identity_id_idx (nid, identity_id, created_at),
    KEY bia_refusal_expires_at_idx (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
