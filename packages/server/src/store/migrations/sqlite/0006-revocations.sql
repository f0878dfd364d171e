CREATE TABLE revocations (
  -- AUTOINCREMENT: a number is never used again, not even after the row was purged; guards elsewhere count by it.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK (kind IN ('grant', 'person', 'app', 'agent', 'session', 'token')),
  id TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;

CREATE INDEX revocations_by_time ON revocations (at);
