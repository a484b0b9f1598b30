-- Calls of web hooks whose answer does not matter, until they were made. No headers: keys of other servers stay in the
-- configuration, where "hook" finds them.
CREATE TABLE bia_hook_outbox (
    id char(36) NOT NULL PRIMARY KEY,
    nid char(36) NOT NULL,
    hook VARCHAR(255) NOT NULL,
    name VARCHAR(255) NOT NULL,
    body TEXT NOT NULL,
    state VARCHAR(16) NOT NULL,
    attempts INTEGER NOT NULL,
    last_error VARCHAR(255),
    holder char(36),
    due_at DATETIME NOT NULL,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX bia_hook_outbox_due_at_idx ON bia_hook_outbox (nid, state, due_at);
CREATE INDEX bia_hook_outbox_created_at_idx ON bia_hook_outbox (nid, created_at, id);
