DROP TABLE IF EXISTS bia_abuse_counter;
