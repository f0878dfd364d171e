DROP TABLE webhook_inboxes;
DROP TABLE webhook_outbox;
DROP TABLE webhooks;
