DROP TRIGGER consents_of_forgotten_grants;
DROP INDEX grants_by_expiry;
DROP INDEX grants_by_end;
