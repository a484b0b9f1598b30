DROP TABLE IF EXISTS bia_search_round;
DROP TABLE IF EXISTS bia_search_entry;
DROP TABLE IF EXISTS bia_search_term;
