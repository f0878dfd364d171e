-- What a call asked for beyond its grant, until the person has answered.
CREATE TABLE consent_requests (
  id TEXT PRIMARY KEY,
  grant_id TEXT NOT NULL,
  person TEXT NOT NULL,
  app TEXT,
  -- JSON array of capability names, sorted: the same wish is the same text.
  capabilities TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'allowed', 'denied')),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX consent_requests_open ON consent_requests (grant_id, capabilities) WHERE state = 'open';
CREATE INDEX consent_requests_expiry ON consent_requests (expires_at);
