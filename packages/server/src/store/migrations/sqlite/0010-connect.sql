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

-- Tokens for servers of others.
CREATE TABLE oauth_connections (
  id TEXT PRIMARY KEY,
  server TEXT NOT NULL,
  -- The id of a person, or 'shared'.
  owner TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('connected', 'reconnect')),
  issuer TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scope TEXT,
  expires_at INTEGER,
  sealed BLOB NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX oauth_connections_owner ON oauth_connections (server, owner);
CREATE INDEX oauth_connections_by_owner ON oauth_connections (owner);

-- A person's way to an authorization server and back.
CREATE TABLE connect_requests (
  id TEXT PRIMARY KEY,
  person TEXT NOT NULL,
  owner TEXT NOT NULL,
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
