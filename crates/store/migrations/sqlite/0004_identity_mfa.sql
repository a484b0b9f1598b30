-- Second factors of one identity: what an operator said about them (required, optional), and when its grace to set
-- one up began.
CREATE TABLE bia_identity_mfa (
    identity_id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    policy VARCHAR(16),
    grace_started_at DATETIME
);
