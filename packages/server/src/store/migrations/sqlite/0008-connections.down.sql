DROP TABLE connection_rules;
DROP TABLE connections;
