-- Selections of capabilities with an endpoint of their own; those of parley.yaml are not stored.
CREATE TABLE bundles (
  name TEXT PRIMARY KEY,
  -- JSON: what is in it, and how it is shown.
  terms TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

-- What is looked for in the definitions and results of a server, where an administrator set it.
CREATE TABLE content_settings (
  server_id TEXT PRIMARY KEY REFERENCES servers (id) ON DELETE CASCADE,
  settings TEXT NOT NULL
) STRICT;
