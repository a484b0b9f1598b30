DROP TABLE IF EXISTS bia_trusted_browsers;
