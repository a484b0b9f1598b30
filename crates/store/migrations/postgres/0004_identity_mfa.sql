-- Second factors of one identity: what an operator said about them (required, optional), and when its grace to set
-- one up began.
CREATE TABLE bia_identity_mfa (
    identity_id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    policy VARCHAR(16),
    grace_started_at timestamp
);
