DROP TABLE one_time_links;
DROP TABLE browser_sessions;
DROP TABLE passkeys;
DROP TABLE recovery_codes;
DROP TABLE totp;
DROP TABLE group_members;
DROP TABLE groups;
DROP TABLE people;
