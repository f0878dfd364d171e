DROP TABLE client_proofs;
DROP TABLE agents;
DROP TABLE apps;
