DROP TABLE presentation_needs;
