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
-- Whole words, not stems: domain.spelling finds the family of a word in the vocabulary, so that both
-- dialects answer alike and an unfinished word still matches.
CREATE VIRTUAL TABLE article_words USING fts5(
    title, keywords, body, prefix='2 3 4', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER article_words_added AFTER INSERT ON article BEGIN
    INSERT INTO article_words(rowid, title, keywords, body) VALUES (
        new.id,
        replace(replace(new.folded_title, '''', ''), '’', ''),
        replace((SELECT coalesce(group_concat(value, ' '), '') FROM json_each(new.keywords)),
                '''', ''),
        replace(replace(new.folded_body, '''', ''), '’', ''));
END;
CREATE TRIGGER article_words_changed AFTER UPDATE ON article BEGIN
    UPDATE article_words SET
        title = replace(replace(new.folded_title, '''', ''), '’', ''),
        keywords = replace(
            (SELECT coalesce(group_concat(value, ' '), '') FROM json_each(new.keywords)),
            '''', ''),
        body = replace(replace(new.folded_body, '''', ''), '’', '')
    WHERE rowid = new.id;
END;
CREATE TRIGGER article_words_gone AFTER DELETE ON article BEGIN
    DELETE FROM article_words WHERE rowid = old.id;
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
