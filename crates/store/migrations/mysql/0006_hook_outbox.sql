-- Calls of web hooks whose answer does not matter, until they were made. No headers: keys of other servers stay in the
-- configuration, where "hook" finds them.
CREATE TABLE IF NOT EXISTS bia_hook_outbox (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    hook varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    body longtext NOT NULL,
    state varchar(16) NOT NULL,
    attempts integer NOT NULL,
    last_error varchar(255),
    holder char(36),
    due_at datetime NOT NULL,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    KEY bia_hook_outbox_due_at_idx (nid, state, due_at),
    KEY bia_hook_outbox_created_at_idx (nid, created_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
