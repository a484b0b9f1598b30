-- How often somebody was wrong: one row for each secret, and for each place that guesses come from. The id is a keyed
-- hash of the method and of whom or where it is about, neither of which is kept.
CREATE TABLE bia_abuse_counter (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    failures integer NOT NULL,
    locked_until timestamp,
    updated_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX bia_abuse_counter_expires_at_idx ON bia_abuse_counter (nid, expires_at);
