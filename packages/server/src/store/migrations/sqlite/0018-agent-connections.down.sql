DROP TABLE agent_connection_rules;
DROP TABLE agent_connections;
