-- OAuth clients that act for people.
CREATE TABLE apps (
  id TEXT PRIMARY KEY,
  -- The OAuth client_id: the id itself, or the URL of a client ID metadata document.
  client_id TEXT NOT NULL UNIQUE,
  source TEXT NOT NULL CHECK (source IN ('cimd', 'dcr', 'static')),
  -- The name in parley.yaml; NULL when the file does not declare it.
  declared_as TEXT UNIQUE,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  -- Checked client metadata (RFC 7591); for a document, as it was when it was last used.
  metadata TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  -- NULL until somebody grants it something.
  last_used_at INTEGER
) STRICT;

CREATE INDEX apps_never_used ON apps (created_at) WHERE source = 'dcr' AND last_used_at IS NULL;

-- Workloads with an identity of their own.
CREATE TABLE agents (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  owner TEXT,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'retired')),
  auth_method TEXT NOT NULL CHECK (auth_method IN ('private_key_jwt', 'client_secret_basic')),
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;

-- What a client proves itself with: a public key, or the SHA-256 of a secret.
CREATE TABLE client_proofs (
  id TEXT PRIMARY KEY,
  client TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('key', 'secret')),
  public_key TEXT,
  secret_hash BLOB,
  created_at INTEGER NOT NULL,
  -- NULL: until it is removed. Set on what a rotation leaves behind.
  expires_at INTEGER,
  CHECK ((kind = 'key') = (public_key IS NOT NULL) AND (kind = 'secret') = (secret_hash IS NOT NULL))
) STRICT;

CREATE INDEX client_proofs_by_client ON client_proofs (client, created_at);
