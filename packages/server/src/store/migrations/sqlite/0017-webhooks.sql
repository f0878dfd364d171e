-- Who wants to be told of a task over HTTP.
CREATE TABLE webhooks (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL,
  -- Its id for the client that set it.
  name TEXT NOT NULL,
  url TEXT NOT NULL,
  -- Of A2A: in its form the events are told.
  version TEXT NOT NULL,
  scheme TEXT,
  -- Sealed.
  credentials BLOB,
  token BLOB,
  -- JSON of who set it, and under which grant: it is told no longer than that stands.
  setter TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'active',
  -- Why it is disabled, or what the last failure was.
  reason TEXT,
  -- In a row.
  failures INTEGER NOT NULL DEFAULT 0,
  failing_since INTEGER,
  retry_at INTEGER,
  created_at INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  UNIQUE (task, name)
) STRICT;

-- What is still to be told, in the order it happened.
CREATE TABLE webhook_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Its id for the receiver, the same however often it is sent.
  event TEXT NOT NULL UNIQUE,
  webhook TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- Sealed; null where the task is to be told as it stands when this is sent.
  body BLOB
) STRICT;

CREATE INDEX webhook_outbox_webhook ON webhook_outbox (webhook, seq);

-- Addresses at which agents elsewhere tell the hub of their tasks.
CREATE TABLE webhook_inboxes (
  -- Of the token in the address.
  hash BLOB PRIMARY KEY,
  task TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX webhook_inboxes_task ON webhook_inboxes (task);
