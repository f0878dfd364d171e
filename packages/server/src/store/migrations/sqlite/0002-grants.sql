CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('entitlement', 'consent', 'delegation')),
  holder_kind TEXT NOT NULL CHECK (holder_kind IN ('app', 'agent', 'person', 'group')),
  holder_id TEXT NOT NULL,
  person_id TEXT,
  parent_id TEXT REFERENCES grants (id),
  terms TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
  version INTEGER NOT NULL DEFAULT 1,
  -- What was taken of its limits; calls are taken in blocks, ahead of their use.
  calls_taken INTEGER NOT NULL DEFAULT 0,
  amount_taken REAL NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  revoked_at INTEGER
) STRICT;

CREATE INDEX grants_by_parent ON grants (parent_id);
CREATE INDEX grants_by_person ON grants (person_id);
CREATE INDEX grants_by_holder ON grants (holder_kind, holder_id);

-- Until an administrator says otherwise, everyone with an account may be let use everything.
INSERT INTO grants (id, kind, holder_kind, holder_id, terms, state, created_at, created_by)
VALUES (
  'gra_00000000000000000000000000', 'entitlement', 'group', 'grp_00000000000000000000000000',
  '{"audiences":{"*":["*"]},"capabilities":[{"capability":"*"}],"limits":{},"expiresAt":null}', 'active', 0, 'hub'
);
