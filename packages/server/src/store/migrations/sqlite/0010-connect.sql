-- What the hub is to authorization servers of others, for one MCP server each.
CREATE TABLE oauth_clients (
  server TEXT NOT NULL,
  issuer TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('given', 'registered')),
  client_id TEXT NOT NULL,
  -- The registration as JSON, its secret included.
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (server, issuer, kind)
) STRICT;

-- A person's way to an authorization server and back.
CREATE TABLE connect_requests (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  -- 1: for everyone who has no connection of their own.
  is_shared INTEGER NOT NULL,
  app TEXT,
  server TEXT NOT NULL,
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

CREATE INDEX connect_requests_open ON connect_requests (person, server, state);
CREATE INDEX connect_requests_expiry ON connect_requests (expires_at);
