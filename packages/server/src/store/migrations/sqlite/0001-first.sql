CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE keys (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE TABLE servers (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL CHECK (source IN ('file', 'api')),
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved')),
  target TEXT NOT NULL,
  target_hash TEXT NOT NULL,
  -- 1 once the first definitions were approved with the server; later ones are held back.
  pinned INTEGER NOT NULL DEFAULT 0,
  added_at INTEGER NOT NULL
) STRICT;

CREATE TABLE definitions (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  approved_hash TEXT,
  approved_body TEXT,
  reason TEXT,
  first_seen_at INTEGER NOT NULL,
  last_seen_at INTEGER NOT NULL,
  gone INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (server_id, kind, name)
) STRICT;

CREATE TABLE definition_versions (
  server_id TEXT NOT NULL REFERENCES servers (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  body TEXT NOT NULL,
  seen_at INTEGER NOT NULL,
  PRIMARY KEY (server_id, kind, name, hash)
) STRICT;

CREATE TABLE activity (seq INTEGER PRIMARY KEY AUTOINCREMENT, record TEXT NOT NULL) STRICT;
