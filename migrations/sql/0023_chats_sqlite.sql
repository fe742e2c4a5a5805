-- What a visitor must be told when their contact moves, whoever moves it and how: as app.chat_moved
-- has it. In each the chat comes last: the steps before ask how it stood.
CREATE TRIGGER chat_joined AFTER UPDATE OF state, owner_id ON contact
WHEN NEW.channel = 'chat' AND NEW.state = 'active'
    AND (OLD.state IN ('queued', 'offered') OR NEW.owner_id IS NOT OLD.owner_id)
BEGIN
    INSERT INTO notice (topic, ref_id)
    SELECT 'chat', id FROM chat WHERE contact_id = NEW.id AND state = 'open';
    INSERT INTO chat_line (chat_id, seq, contact_id, kind, side, who)
    SELECT k.id, k.last_seq + 1, NEW.id, 'joined', 'centre',
           coalesce(substr(s.name, 1, instr(s.name || ' ', ' ') - 1), '')
    FROM chat k LEFT JOIN staff s ON s.id = NEW.owner_id
    WHERE k.contact_id = NEW.id AND k.state = 'open';
    UPDATE chat SET last_seq = last_seq + 1 WHERE contact_id = NEW.id AND state = 'open';
END;
CREATE TRIGGER chat_moved AFTER UPDATE OF state, owner_id ON contact
WHEN NEW.channel = 'chat' AND NEW.state IN ('queued', 'offered') AND OLD.state IN ('active', 'held')
BEGIN
    INSERT INTO notice (topic, ref_id)
    SELECT 'chat', id FROM chat WHERE contact_id = NEW.id AND state = 'open';
    INSERT INTO chat_line (chat_id, seq, contact_id, kind, side)
    SELECT id, last_seq + 1, NEW.id, 'moved', 'centre' FROM chat
    WHERE contact_id = NEW.id AND state = 'open';
    UPDATE chat SET last_seq = last_seq + 1 WHERE contact_id = NEW.id AND state = 'open';
END;
CREATE TRIGGER chat_ended AFTER UPDATE OF state, owner_id ON contact
WHEN NEW.channel = 'chat' AND NEW.state IN ('wrap_up', 'completed', 'spam', 'abandoned', 'failed')
BEGIN
    INSERT INTO notice (topic, ref_id)
    SELECT 'chat', id FROM chat WHERE contact_id = NEW.id AND state = 'open';
    INSERT INTO chat_line (chat_id, seq, contact_id, kind, side)
    SELECT id, last_seq + 1, NEW.id, 'ended', 'centre' FROM chat
    WHERE contact_id = NEW.id AND state = 'open';
    INSERT INTO event (kind, contact_id, data)
    SELECT 'chat.ended', NEW.id, json_object('chat', id, 'by', 'advisor') FROM chat
    WHERE contact_id = NEW.id AND state = 'open';
    DELETE FROM chat_typing WHERE chat_id IN (
        SELECT id FROM chat WHERE contact_id = NEW.id AND state = 'open');
    UPDATE chat SET last_seq = last_seq + 1, state = 'ended', ended_by = 'advisor',
        ended_at = strftime('%Y-%m-%d %H:%M:%f', 'now') || '000', waiting_since = NULL
    WHERE contact_id = NEW.id AND state = 'open';
END;
-- Taken up again while the visitor is still there: it goes on.
CREATE TRIGGER chat_resumed AFTER UPDATE OF state, owner_id ON contact
WHEN NEW.channel = 'chat' AND NEW.state = 'active' AND OLD.state = 'wrap_up'
BEGIN
    INSERT INTO notice (topic, ref_id)
    SELECT 'chat', id FROM chat WHERE contact_id = NEW.id AND state = 'ended'
        AND ended_by = 'advisor' AND gone_since IS NULL;
    INSERT INTO chat_line (chat_id, seq, contact_id, kind, side, who)
    SELECT k.id, k.last_seq + 1, NEW.id, 'joined', 'centre',
           coalesce(substr(s.name, 1, instr(s.name || ' ', ' ') - 1), '')
    FROM chat k LEFT JOIN staff s ON s.id = NEW.owner_id
    WHERE k.contact_id = NEW.id AND k.state = 'ended' AND k.ended_by = 'advisor'
      AND k.gone_since IS NULL;
    INSERT INTO event (kind, contact_id, data)
    SELECT 'chat.resumed', NEW.id, json_object('chat', id) FROM chat
    WHERE contact_id = NEW.id AND state = 'ended' AND ended_by = 'advisor' AND gone_since IS NULL;
    UPDATE chat SET last_seq = last_seq + 1, state = 'open', ended_at = NULL, ended_by = NULL
    WHERE contact_id = NEW.id AND state = 'ended' AND ended_by = 'advisor'
      AND gone_since IS NULL;
END;
