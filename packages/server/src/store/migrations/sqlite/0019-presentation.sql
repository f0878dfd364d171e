-- How a person wants answers to be put. It tells of their senses and schooling: sealed for its person.
CREATE TABLE presentation_needs (
  person_id TEXT PRIMARY KEY REFERENCES people (id) ON DELETE CASCADE,
  needs BLOB NOT NULL
) STRICT;
