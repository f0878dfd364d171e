DROP TABLE activity;
DROP TABLE definition_versions;
DROP TABLE definitions;
DROP TABLE servers;
DROP TABLE keys;
DROP TABLE settings;
