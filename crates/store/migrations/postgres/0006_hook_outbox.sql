-- Calls of web hooks whose answer does not matter, until they were made. No headers: keys of other servers stay in the
-- configuration, where "hook" finds them.
CREATE TABLE bia_hook_outbox (
    id uuid NOT NULL PRIMARY KEY,
    nid uuid NOT NULL,
    hook varchar(255) NOT NULL,
    name varchar(255) NOT NULL,
    body text NOT NULL,
    state varchar(16) NOT NULL,
    attempts integer NOT NULL,
    last_error varchar(255),
    holder uuid,
    due_at timestamp NOT NULL,
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL
);
CREATE INDEX bia_hook_outbox_due_at_idx ON bia_hook_outbox (nid, state, due_at);
CREATE INDEX bia_hook_outbox_created_at_idx ON bia_hook_outbox (nid, created_at, id);
