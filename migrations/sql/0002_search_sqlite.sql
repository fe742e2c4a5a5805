-- Search that answers within a blink at millions of contacts, whatever the word.
DROP TRIGGER contact_words_added;
DROP TRIGGER contact_words_changed;
DROP TRIGGER contact_words_gone;
DROP TABLE contact_words;
DROP TRIGGER customer_trigrams_added;
DROP TRIGGER customer_trigrams_changed;
DROP TRIGGER customer_trigrams_gone;
DROP TABLE customer_trigrams;

-- No prefixes: an unfinished word is looked up in the vocabulary, because merging all that words with
-- one beginning hold takes as long as there are contacts.
CREATE VIRTUAL TABLE contact_words USING fts5(
    folded, content='contact', content_rowid='id', tokenize='unicode61'
);
CREATE VIRTUAL TABLE contact_words_list USING fts5vocab('contact_words', 'row');
-- Every word that a contact ever held: what an unfinished word may become.
CREATE TABLE contact_vocabulary (term TEXT PRIMARY KEY) WITHOUT ROWID;
-- The newest contact alone, so that its words can be listed: FTS5 cuts them, SQL cannot.
CREATE VIRTUAL TABLE newest_words USING fts5(folded, content='', tokenize='unicode61');
CREATE VIRTUAL TABLE newest_words_list USING fts5vocab('newest_words', 'row');
CREATE TRIGGER contact_words_added AFTER INSERT ON contact BEGIN
    INSERT INTO contact_words(rowid, folded) VALUES (new.id, new.folded);
    INSERT INTO newest_words(newest_words) VALUES ('delete-all');
    INSERT INTO newest_words(rowid, folded) VALUES (new.id, new.folded);
    INSERT OR IGNORE INTO contact_vocabulary SELECT term FROM newest_words_list;
END;
CREATE TRIGGER contact_words_changed AFTER UPDATE OF folded ON contact BEGIN
    INSERT INTO contact_words(contact_words, rowid, folded) VALUES ('delete', old.id, old.folded);
    INSERT INTO contact_words(rowid, folded) VALUES (new.id, new.folded);
    INSERT INTO newest_words(newest_words) VALUES ('delete-all');
    INSERT INTO newest_words(rowid, folded) VALUES (new.id, new.folded);
    INSERT OR IGNORE INTO contact_vocabulary SELECT term FROM newest_words_list;
END;
CREATE TRIGGER contact_words_gone AFTER DELETE ON contact BEGIN
    INSERT INTO contact_words(contact_words, rowid, folded) VALUES ('delete', old.id, old.folded);
END;
INSERT INTO contact_words(contact_words) VALUES ('rebuild');
INSERT INTO contact_vocabulary SELECT term FROM contact_words_list;

-- The words of names, and of how many names.
CREATE VIRTUAL TABLE customer_words USING fts5(
    folded, content='customer', content_rowid='id', tokenize='unicode61'
);
CREATE VIRTUAL TABLE customer_vocabulary USING fts5vocab('customer_words', 'row');
CREATE TRIGGER customer_words_added AFTER INSERT ON customer BEGIN
    INSERT INTO customer_words(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER customer_words_changed AFTER UPDATE OF folded ON customer BEGIN
    INSERT INTO customer_words(customer_words, rowid, folded) VALUES ('delete', old.id, old.folded);
    INSERT INTO customer_words(rowid, folded) VALUES (new.id, new.folded);
END;
CREATE TRIGGER customer_words_gone AFTER DELETE ON customer BEGIN
    INSERT INTO customer_words(customer_words, rowid, folded) VALUES ('delete', old.id, old.folded);
END;
INSERT INTO customer_words(customer_words) VALUES ('rebuild');
