DROP TABLE content_settings;
DROP TABLE bundles;
