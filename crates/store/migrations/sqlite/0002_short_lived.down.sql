DROP TABLE IF EXISTS bia_courier_lease;
DROP TABLE IF EXISTS bia_error;
DROP TABLE IF EXISTS bia_continuity;
DROP TABLE IF EXISTS bia_code;
DROP TABLE IF EXISTS bia_flow;
