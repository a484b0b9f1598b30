-- How often somebody was wrong: one row for each secret, and for each place that guesses come from. The id is a keyed
-- hash of the method and of whom or where it is about, neither of which is kept.
CREATE TABLE IF NOT EXISTS bia_abuse_counter (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    failures integer NOT NULL,
    locked_until datetime,
    updated_at datetime NOT NULL,
    expires_at datetime NOT NULL,
    KEY bia_abuse_counter_expires_at_idx (nid, expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
