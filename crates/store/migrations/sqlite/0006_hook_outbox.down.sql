DROP TABLE IF EXISTS bia_hook_outbox;
