-- What identities are found by: what stands in them, one term a row, made by store/src/search/term.rs.
CREATE TABLE bia_search_term (
    nid char(36) NOT NULL,
    term VARCHAR(320) NOT NULL,
    identity_id char(36) NOT NULL,
    PRIMARY KEY (nid, term, identity_id)
) WITHOUT ROWID;
CREATE INDEX bia_search_term_identity_idx ON bia_search_term (nid, identity_id, term);

-- Of what state of an identity its terms are. The reference changes identities and knows nothing of terms: where this
-- does not fit the identity, they are made anew.
CREATE TABLE bia_search_entry (
    nid char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    changed_at INTEGER NOT NULL,
    verified INTEGER NOT NULL,
    shape INTEGER NOT NULL,
    indexed_at INTEGER NOT NULL,
    PRIMARY KEY (nid, identity_id)
) WITHOUT ROWID;

-- How far the look at all identities has come that finds those whose terms do not fit.
CREATE TABLE bia_search_round (
    nid char(36) NOT NULL PRIMARY KEY,
    after_id char(36) NOT NULL,
    rounds INTEGER NOT NULL
);
