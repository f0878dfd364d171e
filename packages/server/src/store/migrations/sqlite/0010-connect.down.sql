DROP TABLE connect_requests;
DROP TABLE oauth_clients;
