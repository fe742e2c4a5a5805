-- Search indexes on SQLite: FTS5 over the folded words, kept by triggers.
CREATE VIRTUAL TABLE contact_words USING fts5(
    folded, content='contact', content_rowid='id', prefix='2 3', tokenize='unicode61'
);
CREATE TRIGGER contact_words_added AFTER INSERT ON contact BEGIN
    INSERT INTO contact_words(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER contact_words_changed AFTER UPDATE OF folded ON contact BEGIN
    INSERT INTO contact_words(contact_words, rowid, folded) VALUES ('delete', old.id, old.folded);
    INSERT INTO contact_words(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER contact_words_gone AFTER DELETE ON contact BEGIN
    INSERT INTO contact_words(contact_words, rowid, folded) VALUES ('delete', old.id, old.folded);
END;
CREATE VIRTUAL TABLE article_words USING fts5(
    folded_title, folded_body, content='article', content_rowid='id',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER article_words_added AFTER INSERT ON article BEGIN
    INSERT INTO article_words(rowid, folded_title, folded_body)
    VALUES (new.id, new.folded_title, new.folded_body);
END;
CREATE TRIGGER article_words_changed AFTER UPDATE ON article BEGIN
    INSERT INTO article_words(article_words, rowid, folded_title, folded_body)
    VALUES ('delete', old.id, old.folded_title, old.folded_body);
    INSERT INTO article_words(rowid, folded_title, folded_body)
    VALUES (new.id, new.folded_title, new.folded_body);
END;
CREATE TRIGGER article_words_gone AFTER DELETE ON article BEGIN
    INSERT INTO article_words(article_words, rowid, folded_title, folded_body)
    VALUES ('delete', old.id, old.folded_title, old.folded_body);
END;
CREATE VIRTUAL TABLE article_vocabulary USING fts5vocab('article_words', 'row');
CREATE VIRTUAL TABLE customer_trigrams USING fts5(
    folded, content='customer', content_rowid='id', tokenize='trigram'
);
CREATE TRIGGER customer_trigrams_added AFTER INSERT ON customer BEGIN
    INSERT INTO customer_trigrams(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER customer_trigrams_changed AFTER UPDATE OF folded ON customer BEGIN
    INSERT INTO customer_trigrams(customer_trigrams, rowid, folded)
    VALUES ('delete', old.id, old.folded);
    INSERT INTO customer_trigrams(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER customer_trigrams_gone AFTER DELETE ON customer BEGIN
    INSERT INTO customer_trigrams(customer_trigrams, rowid, folded)
    VALUES ('delete', old.id, old.folded);
END;
