DROP TABLE connect_requests;
DROP TABLE oauth_connections;
DROP TABLE oauth_clients;
