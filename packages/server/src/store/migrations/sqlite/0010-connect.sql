-- What the hub is to authorization servers of others, for one MCP server each: another address is another server.
CREATE TABLE oauth_clients (
  -- Server, issuer and kind, by a space.
  id TEXT PRIMARY KEY,
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  issuer TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('given', 'registered')),
  client_id TEXT NOT NULL,
  -- The registration as JSON, its secret included.
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX oauth_clients_by_server ON oauth_clients (server_id);

-- A person's way to an authorization server and back.
CREATE TABLE connect_requests (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  -- 1: for everyone who has no connection of their own.
  is_shared INTEGER NOT NULL,
  app TEXT,
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  -- JSON: what the server said when it wanted a token.
  challenge TEXT,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'away', 'back', 'connected', 'denied', 'failed')),
  -- The browser session that went away, the SHA-256 of the state it took along, and what is needed at its return.
  session TEXT,
  state_hash TEXT UNIQUE,
  sealed BLOB,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX connect_requests_open ON connect_requests (person_id, server_id, state);
CREATE INDEX connect_requests_expiry ON connect_requests (expires_at);
