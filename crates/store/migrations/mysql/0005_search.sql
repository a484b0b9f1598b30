-- What identities are found by: what stands in them, one term a row, made by store/src/search/term.rs.
CREATE TABLE IF NOT EXISTS bia_search_term (
    nid char(36) NOT NULL,
    term VARCHAR(320) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
    identity_id char(36) NOT NULL,
    PRIMARY KEY (nid, term, identity_id),
    KEY bia_search_term_identity_idx (nid, identity_id, term)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Of what state of an identity its terms are. The reference changes identities and knows nothing of terms: where this
-- does not fit the identity, they are made anew.
CREATE TABLE IF NOT EXISTS bia_search_entry (
    nid char(36) NOT NULL,
    identity_id char(36) NOT NULL,
    changed_at BIGINT NOT NULL,
    verified BIGINT NOT NULL,
    shape BIGINT NOT NULL,
    indexed_at BIGINT NOT NULL,
    PRIMARY KEY (nid, identity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- How far the look at all identities has come that finds those whose terms do not fit.
CREATE TABLE IF NOT EXISTS bia_search_round (
    nid char(36) NOT NULL PRIMARY KEY,
    after_id char(36) NOT NULL,
    rounds BIGINT NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
