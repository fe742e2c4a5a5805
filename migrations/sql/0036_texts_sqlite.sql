-- Texts on SQLite: as 0036_texts_postgresql.sql has them.
CREATE TRIGGER text_ticket AFTER INSERT ON visit
WHEN NEW.phone <> ''
    AND EXISTS (SELECT 1 FROM channel_account WHERE kind = 'texting' AND active)
BEGIN
    INSERT INTO message (contact_id, direction, visibility, state, account_id, sender_name,
                         sender_address, recipients, subject, body_text, reply_text, body_html,
                         rfc_id, in_reply_to, reference_ids, problems, findings, auto_generated,
                         failure)
    SELECT NEW.contact_id, 'outbound', 'public', 'pending', min(id), 'Text', '',
           json_object('to', json_array(json_array('', NEW.phone)), 'cc', json_array()),
           '', '', '', '', '<' || lower(hex(randomblob(16))) || '@texts>', '', '[]', '[]', '[]', 1, ''
    FROM channel_account WHERE kind = 'texting' AND active;
    INSERT INTO text_message (message_id, kind, phone, visit_id)
    VALUES (last_insert_rowid(), 'ticket', NEW.phone, NEW.contact_id);
    INSERT INTO outbox (lane, message_id, state, attempts, unknown_fate, last_error)
    SELECT 'texts', max(message_id), 'pending', 0, 0, '' FROM text_message
    WHERE visit_id = NEW.contact_id;
    INSERT INTO notice (topic, ref_id) VALUES ('outbox', 0);
END;
-- Called again they were told already; at another desk, or after they went back to the line, they
-- are told anew.
CREATE TRIGGER text_called AFTER UPDATE OF called_at ON visit
WHEN NEW.phone <> '' AND NEW.place_id IS NOT NULL AND NEW.place_id IS NOT OLD.place_id
    AND NEW.called_at IS NOT OLD.called_at
    AND EXISTS (SELECT 1 FROM channel_account WHERE kind = 'texting' AND active)
BEGIN
    INSERT INTO message (contact_id, direction, visibility, state, account_id, sender_name,
                         sender_address, recipients, subject, body_text, reply_text, body_html,
                         rfc_id, in_reply_to, reference_ids, problems, findings, auto_generated,
                         failure)
    SELECT NEW.contact_id, 'outbound', 'public', 'pending', min(id), 'Text', '',
           json_object('to', json_array(json_array('', NEW.phone)), 'cc', json_array()),
           '', '', '', '', '<' || lower(hex(randomblob(16))) || '@texts>', '', '[]', '[]', '[]', 1, ''
    FROM channel_account WHERE kind = 'texting' AND active;
    INSERT INTO text_message (message_id, kind, phone, visit_id)
    VALUES (last_insert_rowid(), 'called', NEW.phone, NEW.contact_id);
    INSERT INTO outbox (lane, message_id, state, attempts, unknown_fate, last_error)
    SELECT 'texts', max(message_id), 'pending', 0, 0, '' FROM text_message
    WHERE visit_id = NEW.contact_id;
    INSERT INTO notice (topic, ref_id) VALUES ('outbox', 0);
END;
