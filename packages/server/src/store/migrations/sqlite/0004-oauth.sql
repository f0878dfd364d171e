-- Keys that sign tokens. 'next' is published before it is used, 'retired' until the last token it signed has expired.
CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('next', 'current', 'retired')),
  public_jwk TEXT NOT NULL,
  sealed_private_key BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  retired_at INTEGER
) STRICT;

CREATE UNIQUE INDEX signing_keys_one_current ON signing_keys (state) WHERE state <> 'retired';

-- What the authorization server remembers between requests: waiting requests, codes, used assertions. Ids are secrets,
-- and kept as their SHA-256.
CREATE TABLE oauth_records (
  model TEXT NOT NULL,
  id BLOB NOT NULL,
  payload TEXT NOT NULL,
  consumed_at INTEGER,
  expires_at INTEGER NOT NULL,
  PRIMARY KEY (model, id)
) STRICT;

CREATE INDEX oauth_records_by_expiry ON oauth_records (expires_at);

-- Everything issued from one authorization, from its code on. It begins when the code is used, which can happen once.
CREATE TABLE token_families (
  id BLOB PRIMARY KEY,
  grant_id TEXT NOT NULL,
  revoked_at INTEGER,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX token_families_by_grant ON token_families (grant_id);
CREATE INDEX token_families_by_expiry ON token_families (expires_at);

CREATE TABLE refresh_tokens (
  hash BLOB PRIMARY KEY,
  family BLOB NOT NULL REFERENCES token_families (id) ON DELETE CASCADE,
  payload TEXT NOT NULL,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- Set once, when it is exchanged: its successor, sealed under a key that only the holder of this token can make.
  used_at INTEGER,
  successor_hash BLOB,
  sealed_successor BLOB
) STRICT;

CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family, issued_at);

-- Resource servers outside the hub that trust its tokens (RFC 8707).
CREATE TABLE resources (
  id TEXT PRIMARY KEY,
  resource TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  -- JSON: scope → what it allows, in words for people.
  scopes TEXT NOT NULL,
  owner TEXT,
  created_at INTEGER NOT NULL
) STRICT;

-- The grant that a consent of this person, app, redirect, resource and scopes has led to.
CREATE TABLE consents (
  key BLOB PRIMARY KEY,
  grant_id TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX consents_by_grant ON consents (grant_id);
