-- Texts: messages of a visit's or an appointment's contact in the lane "texts". The words are written
-- when they leave, so that the wait that is told is the one of that moment; nobody at a desk can put
-- any of their own into one.

ALTER TABLE text_message ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON text_message TO crm_gateway USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON text_message TO crm_gateway;

-- Outgoing work of this lane is the visit's own and the gateway's.
CREATE POLICY no_texts_by_hand ON outbox AS RESTRICTIVE FOR INSERT TO crm_staff
    WITH CHECK (lane <> 'texts');

-- A text of this kind for a visitor who gave a number, in the transaction of what it tells.
CREATE FUNCTION app.text_visit() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE account bigint; made bigint;
BEGIN
    SELECT id INTO account FROM channel_account WHERE kind = 'texting' AND active
    ORDER BY id LIMIT 1;
    IF account IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO message (contact_id, direction, visibility, state, account_id, sender_name,
                         sender_address, recipients, subject, body_text, reply_text, body_html,
                         rfc_id, in_reply_to, reference_ids, problems, findings, auto_generated,
                         failure)
    VALUES (NEW.contact_id, 'outbound', 'public', 'pending', account, 'Text', '',
            jsonb_build_object('to', jsonb_build_array(jsonb_build_array('', NEW.phone)),
                               'cc', '[]'::jsonb),
            '', '', '', '', '<' || replace(gen_random_uuid()::text, '-', '') || '@texts>', '', '[]',
            '[]', '[]', true, '')
    RETURNING id INTO made;
    INSERT INTO text_message (message_id, kind, phone, visit_id)
    VALUES (made, TG_ARGV[0], NEW.phone, NEW.contact_id);
    INSERT INTO outbox (lane, message_id, state, not_before, attempts, unknown_fate, last_error)
    VALUES ('texts', made, 'pending', now(), 0, false, '');
    PERFORM pg_notify('crm', 'outbox:0');
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.text_visit() FROM PUBLIC;
CREATE TRIGGER text_ticket AFTER INSERT ON visit FOR EACH ROW WHEN (NEW.phone <> '')
    EXECUTE FUNCTION app.text_visit('ticket');
-- Called again they were told already; at another desk, or after they went back to the line, they
-- are told anew.
CREATE TRIGGER text_called AFTER UPDATE OF called_at ON visit FOR EACH ROW
    WHEN (NEW.phone <> '' AND NEW.place_id IS NOT NULL
          AND NEW.place_id IS DISTINCT FROM OLD.place_id
          AND NEW.called_at IS DISTINCT FROM OLD.called_at)
    EXECUTE FUNCTION app.text_visit('called');
