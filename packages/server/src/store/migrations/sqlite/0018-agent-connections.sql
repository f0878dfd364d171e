-- Someone's sealed credential at an agent, as `connections` has them for servers. It ends with the agent.
CREATE TABLE agent_connections (
  id TEXT PRIMARY KEY,
  agent TEXT NOT NULL REFERENCES agent_cards (name) ON DELETE CASCADE,
  -- Whose it is; NULL for the one that is the hub's, shared by all who may ask the agent.
  person_id TEXT REFERENCES people (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('headers', 'oauth')),
  issuer TEXT,
  account TEXT,
  state TEXT NOT NULL CHECK (state IN ('connected', 'reconnect')),
  -- Sealed for this row, owner, agent and version.
  secret BLOB NOT NULL,
  version INTEGER NOT NULL,
  renews INTEGER NOT NULL,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  used_at INTEGER
) STRICT;

CREATE UNIQUE INDEX agent_connections_by_owner ON agent_connections (agent, coalesce(person_id, ''));
CREATE INDEX agent_connections_by_person ON agent_connections (person_id);

-- Whose connection a call takes; `either` where there is no row.
CREATE TABLE agent_connection_rules (
  agent TEXT PRIMARY KEY REFERENCES agent_cards (name) ON DELETE CASCADE,
  owner TEXT NOT NULL CHECK (owner IN ('shared', 'own', 'either'))
) STRICT;
