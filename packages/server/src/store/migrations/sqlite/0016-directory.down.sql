DROP TABLE agent_card_keys;
DROP TABLE agent_cards;
