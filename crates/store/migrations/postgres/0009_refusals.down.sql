DROP TABLE IF EXISTS bia_refusal;
