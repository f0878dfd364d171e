-- Agents that can be asked: each has a card. One that is a workload too has the workload's name.
CREATE TABLE agent_cards (
  name TEXT PRIMARY KEY,
  -- file: declared in parley.yaml; api: an administrator added it; self: the agent sent its card.
  source TEXT NOT NULL CHECK (source IN ('file', 'api', 'self')),
  -- approved: its first card is approved with it; pending: a review comes first.
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved')),
  -- NULL where the card was sent.
  card_url TEXT,
  -- JSON: what an administrator said of it.
  terms TEXT NOT NULL,
  -- As it was last seen, signatures included; the hash leaves them out.
  card TEXT,
  card_hash TEXT,
  -- Why the card as last seen is held back.
  reason TEXT,
  approved_card TEXT,
  approved_hash TEXT,
  approved_by TEXT,
  approved_at INTEGER,
  added_at INTEGER NOT NULL,
  CHECK ((card IS NULL) = (card_hash IS NULL)),
  CHECK ((approved_card IS NULL) = (approved_hash IS NULL))
) STRICT;

-- Public keys that an agent's card must be signed with, where there are any.
CREATE TABLE agent_card_keys (
  agent TEXT NOT NULL REFERENCES agent_cards (name) ON DELETE CASCADE,
  kid TEXT NOT NULL,
  -- A JSON Web Key.
  public_key TEXT NOT NULL,
  added_at INTEGER NOT NULL,
  expires_at INTEGER,
  PRIMARY KEY (agent, kid)
) STRICT;
