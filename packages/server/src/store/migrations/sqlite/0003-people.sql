CREATE TABLE people (
  id TEXT PRIMARY KEY,
  -- Lower case.
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- JSON array.
  roles TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
  -- PHC string of argon2id; null for a person who has passkeys only.
  password TEXT,
  -- The WebAuthn user handle: random, and says nothing of the person.
  handle BLOB NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE groups (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_members (
  group_id TEXT NOT NULL REFERENCES groups (id) ON DELETE CASCADE,
  person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, person_id)
) STRICT;
CREATE INDEX group_members_by_person ON group_members (person_id);

CREATE TABLE totp (
  person_id TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
  -- Sealed.
  secret BLOB NOT NULL,
  -- The last time step whose code was used: no code works twice.
  last_step INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE recovery_codes (
  person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  -- SHA-256.
  hash BLOB NOT NULL,
  used_at INTEGER,
  PRIMARY KEY (person_id, hash)
) STRICT;

CREATE TABLE passkeys (
  -- The credential id, base64url.
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  public_key BLOB NOT NULL,
  counter INTEGER NOT NULL,
  -- JSON array.
  transports TEXT NOT NULL,
  name TEXT NOT NULL,
  is_synced INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER
) STRICT;
CREATE INDEX passkeys_by_person ON passkeys (person_id);

CREATE TABLE browser_sessions (
  id TEXT PRIMARY KEY,
  person_id TEXT NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  -- SHA-256 of the cookie.
  hash BLOB NOT NULL UNIQUE,
  acr TEXT NOT NULL,
  -- JSON array.
  amr TEXT NOT NULL,
  -- Seconds since the epoch, as tokens say it.
  auth_time INTEGER NOT NULL,
  -- When the password was given last; a second factor counts only with it.
  password_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  browser TEXT NOT NULL
) STRICT;
CREATE INDEX browser_sessions_by_person ON browser_sessions (person_id);

CREATE TABLE one_time_links (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('setup', 'invite', 'reset')),
  -- SHA-256 of the secret in the link.
  hash BLOB NOT NULL UNIQUE,
  -- Empty for setup: whoever has the link says it.
  email TEXT NOT NULL,
  -- JSON arrays.
  roles TEXT NOT NULL,
  groups TEXT NOT NULL,
  -- Of a reset.
  person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
  drop_factors INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
