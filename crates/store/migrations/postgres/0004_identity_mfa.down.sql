DROP TABLE IF EXISTS bia_identity_mfa;
