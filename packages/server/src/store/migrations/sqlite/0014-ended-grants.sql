-- Grants that have ended are kept for a while, and found here when that is over.
CREATE INDEX grants_by_end ON grants (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX grants_by_expiry ON grants (terms ->> '$.expiresAt');

CREATE TRIGGER consents_of_forgotten_grants AFTER DELETE ON grants BEGIN
  DELETE FROM consents WHERE grant_id = OLD.id;
END;
