DROP TABLE IF EXISTS bia_used_step;
