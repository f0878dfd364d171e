-- OpenAPI documents that came over the network or the API, each version as it was, gzipped.
CREATE TABLE openapi_documents (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  hash TEXT NOT NULL,
  body BLOB NOT NULL,
  etag TEXT,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, hash)
) STRICT;
