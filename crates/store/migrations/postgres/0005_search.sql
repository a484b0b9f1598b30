-- What identities are found by: what stands in them, one term a row, made by store/src/search/term.rs.
CREATE TABLE bia_search_term (
    nid uuid NOT NULL,
    term VARCHAR(320) COLLATE "C" NOT NULL,
    identity_id uuid NOT NULL,
    PRIMARY KEY (nid, term, identity_id)
);
CREATE INDEX bia_search_term_identity_idx ON bia_search_term (nid, identity_id, term);

-- Of what state of an identity its terms are. The reference changes identities and knows nothing of terms: where this
-- does not fit the identity, they are made anew.
CREATE TABLE bia_search_entry (
    nid uuid NOT NULL,
    identity_id uuid NOT NULL,
    changed_at BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    shape BIGINT NOT NULL,
    indexed_at BIGINT NOT NULL,
    PRIMARY KEY (nid, identity_id)
);

-- How far the look at all identities has come that finds those whose terms do not fit.
CREATE TABLE bia_search_round (
    nid uuid NOT NULL PRIMARY KEY,
    after_id uuid NOT NULL,
    rounds BIGINT NOT NULL
);
