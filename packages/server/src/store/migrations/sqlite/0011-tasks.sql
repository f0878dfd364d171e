-- What goes on when nobody waits on the line for it.
CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  -- Who acts for whom; nobody else finds it.
  owner TEXT NOT NULL,
  face TEXT NOT NULL,
  state TEXT NOT NULL,
  -- Counts the changes; each names the one before.
  version INTEGER NOT NULL DEFAULT 1,
  -- JSON of the principal under whose grant it runs.
  principal TEXT NOT NULL,
  server TEXT NOT NULL,
  action TEXT NOT NULL,
  capability TEXT NOT NULL,
  arguments_digest TEXT,
  message TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  ttl_ms INTEGER NOT NULL,
  poll_interval_ms INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  -- Sealed: how it is found at the server that runs it; null when the hub itself does.
  upstream_ref BLOB,
  -- Sealed: the result or the error.
  outcome BLOB,
  outcome_bytes INTEGER NOT NULL DEFAULT 0,
  is_tool_error INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX tasks_owner ON tasks (owner, id);
CREATE INDEX tasks_expiry ON tasks (expires_at);
CREATE INDEX tasks_unfinished ON tasks (id) WHERE state IN ('working', 'input_required');

CREATE TABLE task_events (
  task TEXT NOT NULL,
  -- In the order they happened, from 1.
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  message TEXT,
  PRIMARY KEY (task, seq)
) STRICT, WITHOUT ROWID;
