-- Someone's sealed credential at a server. It ends with the server: another address is another server.
CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  -- Whose it is; NULL for the one that is the hub's, shared by all who may call the server.
  person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('headers', 'oauth')),
  -- Who issued it, and for which account there, in words for people.
  issuer TEXT,
  account TEXT,
  state TEXT NOT NULL CHECK (state IN ('connected', 'reconnect')),
  -- Sealed for this row, owner, server and version.
  secret BLOB NOT NULL,
  version INTEGER NOT NULL,
  -- Whether it can be renewed without its owner.
  renews INTEGER NOT NULL,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX connections_by_owner ON connections (server_id, coalesce(person_id, ''));
CREATE INDEX connections_by_person ON connections (person_id);

-- Whose connection a call takes; `either` where there is no row.
CREATE TABLE connection_rules (
  server_id TEXT PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
  owner TEXT NOT NULL CHECK (owner IN ('shared', 'own', 'either'))
) STRICT;
