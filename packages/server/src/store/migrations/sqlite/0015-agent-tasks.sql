-- Tasks of agents: found by their context, by the message that made them, and by the id that the agent gave them.
ALTER TABLE tasks ADD COLUMN context TEXT;
-- Hash of owner, agent and the agent's own id of the task.
ALTER TABLE tasks ADD COLUMN foreign_key TEXT;

CREATE UNIQUE INDEX tasks_foreign ON tasks (foreign_key) WHERE foreign_key IS NOT NULL;
CREATE INDEX tasks_listed ON tasks (owner, server, updated_at, id) WHERE context IS NOT NULL;
CREATE INDEX tasks_listed_by_state ON tasks (owner, server, state, updated_at, id) WHERE context IS NOT NULL;
CREATE INDEX tasks_context ON tasks (owner, context, updated_at, id) WHERE context IS NOT NULL;

DROP INDEX tasks_unfinished;
CREATE INDEX tasks_unfinished ON tasks (face, id)
  WHERE state IN ('submitted', 'working', 'input_required', 'auth_required');

-- Which message went to which task: the same one again is answered with it.
CREATE TABLE task_messages (
  -- Hash of owner, agent and message id.
  key TEXT PRIMARY KEY,
  task TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX task_messages_task ON task_messages (task);

-- What a task of an agent holds, in the order in which it came: together they are the task.
CREATE TABLE task_parts (
  id INTEGER PRIMARY KEY,
  task TEXT NOT NULL,
  -- Sealed: JSON of a list of stream responses.
  body BLOB NOT NULL
) STRICT;
CREATE INDEX task_parts_task ON task_parts (task, id);
