DROP TABLE consents;
DROP TABLE resources;
DROP TABLE refresh_tokens;
DROP TABLE token_families;
DROP TABLE oauth_records;
DROP TABLE signing_keys;
