-- How often somebody was wrong: one row for each secret, and for each place that guesses come from. The id is a keyed
-- hash of the method and of whom or where it is about, neither of which is kept.
CREATE TABLE bia_abuse_counter (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    failures INTEGER NOT NULL,
    locked_until DATETIME,
    updated_at DATETIME NOT NULL,
    expires_at DATETIME NOT NULL
);
CREATE INDEX bia_abuse_counter_expires_at_idx ON bia_abuse_counter (nid, expires_at);
