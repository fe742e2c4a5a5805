-- Grants and row policies. Policies compare against an array that is computed once a statement
-- (an InitPlan), never per row: a function or EXISTS on the row costs ten times the queue page.

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA app FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    app.me(), app.my_queues(), app.known_queues(), app.leads(), app.whoami(),
    app.claim(bigint), app.claim_next(text[], bigint, bigint, boolean),
    app.release(bigint, text), app.park(bigint, timestamptz, boolean), app.resume(bigint),
    app.transfer(bigint, bigint, bigint, text), app.wrap_up(bigint),
    app.complete(bigint, bigint, text, boolean), app.spam(bigint),
    app.set_service(bigint, bigint), app.set_customer(bigint, bigint), app.checked(bigint),
    app.open_contact(bigint), app.open_attachment(bigint), app.attachments(bigint[]),
    app.open_customer(bigint), app.history(bigint, integer), app.events(bigint),
    app.withdraw(bigint), app.release_stopped(bigint), app.retry_dead(bigint),
    app.set_presence(text, text), app.refile(bigint, bigint), app.owners(text, text[]),
    app.put_blob(text, integer, bytea[]), app.search(text, text, text, text, integer)
TO crm_staff;
-- Whoever writes a contact computes its index.
GRANT EXECUTE ON FUNCTION app.contact_day(timestamptz), app.contact_month(timestamptz),
    app.contact_words(text, timestamptz) TO crm_gateway;
GRANT EXECUTE ON FUNCTION app.me(), app.my_queues() TO crm_gateway;

-- Reference data: read by all staff.
GRANT SELECT ON setting, opening_calendar, queue, queue_target, service, form_version,
    reply_template, staff, membership, article, article_words, article_vocabulary, article_use,
    customer, address, adjustment, safety_marker, lease, alembic_version, looking TO crm_staff;
GRANT SELECT (id, kind, name, queue_id, active, status, status_words, status_at)
    ON channel_account TO crm_staff;

-- What an advisor writes directly; everything else goes through app.*().
GRANT INSERT, UPDATE ON customer, address, adjustment TO crm_staff;
GRANT INSERT ON identifier TO crm_staff;
GRANT SELECT (id, customer_id, kind) ON identifier TO crm_staff;
GRANT INSERT ON article_use TO crm_staff;
GRANT INSERT, UPDATE, DELETE ON looking TO crm_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON draft, saved_view TO crm_staff;
GRANT SELECT ON contact, assignment, queue_stat TO crm_staff;
GRANT INSERT ON message, attachment, event, outbox TO crm_staff;
GRANT UPDATE (rfc_id) ON message TO crm_staff;
GRANT SELECT (id, contact_id, author_id, state, rfc_id) ON message TO crm_staff;
GRANT SELECT (id, message_id) ON attachment TO crm_staff;
GRANT SELECT (id, at) ON event TO crm_staff;
GRANT SELECT ON outbox TO crm_staff;
GRANT SELECT, INSERT ON cases, handoff TO crm_staff;
-- What decides who sees a case, and who opened it when, is not an advisor's to write.
GRANT UPDATE (reference, customer_id, state, state_since, form_version_id, answers, title,
              resolved_at, due_at, paused_at, remaining_seconds, version) ON cases TO crm_staff;
GRANT SELECT, INSERT, DELETE ON case_contact TO crm_staff;
GRANT SELECT (sha256, size, complete) ON blob TO crm_staff;

-- The gateway: everything but destroying what happened, and nothing of presence or passwords.
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO crm_gateway;
GRANT DELETE ON looking, draft, blob, blob_chunk, notice, lease TO crm_gateway;
REVOKE UPDATE ON event, read_audit, staff, membership, alembic_version FROM crm_gateway;
REVOKE INSERT ON staff, membership, alembic_version FROM crm_gateway;

DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['contact', 'assignment', 'message', 'attachment', 'cases',
        'case_contact', 'handoff', 'draft', 'event', 'saved_view', 'queue_stat', 'looking',
        'outbox', 'article_use', 'read_audit', 'identifier', 'safety_marker', 'customer',
        'address', 'adjustment', 'staff', 'blob', 'blob_chunk', 'notice']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
    -- A disabled person reads nothing, however their open session came about.
    FOREACH t IN ARRAY ARRAY['customer', 'address', 'adjustment', 'safety_marker', 'staff', 'blob']
    LOOP
        EXECUTE format('CREATE POLICY staff_read ON %I FOR SELECT TO crm_staff '
                       'USING ((SELECT app.me()) IS NOT NULL)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['customer', 'address', 'adjustment', 'identifier']
    LOOP
        EXECUTE format('CREATE POLICY staff_add ON %I FOR INSERT TO crm_staff '
                       'WITH CHECK ((SELECT app.me()) IS NOT NULL)', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['customer', 'address', 'adjustment']
    LOOP
        EXECUTE format('CREATE POLICY staff_change ON %I FOR UPDATE TO crm_staff '
                       'USING ((SELECT app.me()) IS NOT NULL)', t);
    END LOOP;
END $$;

CREATE POLICY staff_read ON identifier FOR SELECT TO crm_staff
    USING ((SELECT app.me()) IS NOT NULL);
CREATE POLICY own_queues ON contact FOR SELECT TO crm_staff
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR owner_id = (SELECT app.me()));
CREATE POLICY own ON assignment FOR SELECT TO crm_staff
    USING (staff_id = (SELECT app.me()) OR (SELECT app.leads()));
CREATE POLICY known ON queue_stat FOR SELECT TO crm_staff
    USING (queue_id = ANY ((SELECT app.known_queues())::bigint[]));

-- Messages are written under one's own name, into a contact that is in one's own hands.
CREATE FUNCTION app.holds(p_contact bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM contact WHERE id = p_contact
                   AND (owner_id = app.me() OR (app.leads() AND queue_id = ANY (app.my_queues()))))
$$;
CREATE FUNCTION app.authored(p_message bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT EXISTS (SELECT 1 FROM message WHERE id = p_message AND author_id = app.me())
$$;
REVOKE ALL ON FUNCTION app.holds(bigint), app.authored(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.holds(bigint), app.authored(bigint), app.may_read(bigint)
    TO crm_staff;

CREATE POLICY own_write ON message FOR INSERT TO crm_staff
    WITH CHECK (author_id = (SELECT app.me()) AND direction = 'outbound'
                AND ((state IN ('pending', 'stopped') AND app.holds(contact_id))
                     OR (visibility = 'internal' AND state = 'sent'
                         AND app.may_read(contact_id))));
-- A team leader must find the contact of a reply that could not be sent; the columns hold no content.
CREATE POLICY own_read ON message FOR SELECT TO crm_staff
    USING (author_id = (SELECT app.me()) OR ((SELECT app.leads()) AND app.may_read(contact_id)));
CREATE POLICY own_change ON message FOR UPDATE TO crm_staff
    USING (author_id = (SELECT app.me()) AND state IN ('pending', 'stopped'))
    WITH CHECK (author_id = (SELECT app.me()));
CREATE POLICY own_write ON attachment FOR INSERT TO crm_staff
    WITH CHECK (app.authored(message_id));
CREATE POLICY own_read ON attachment FOR SELECT TO crm_staff USING (app.authored(message_id));
CREATE POLICY own_write ON event FOR INSERT TO crm_staff
    WITH CHECK (actor_id = (SELECT app.me())
                -- Moves of a contact and of presence write their own event.
                AND kind NOT LIKE 'contact.%' AND kind NOT LIKE 'staff.%'
                AND (contact_id IS NULL OR app.may_read(contact_id)));
CREATE POLICY own_read ON event FOR SELECT TO crm_staff USING (actor_id = (SELECT app.me()));

-- Outgoing work: one's own message or hand-off, not begun, in its own lane.
CREATE POLICY own_write ON outbox FOR INSERT TO crm_staff
    WITH CHECK (created_by_id = (SELECT app.me()) AND state IN ('pending', 'held')
                AND attempts = 0
                AND (message_id IS NULL OR app.authored(message_id))
                AND (handoff_id IS NULL OR EXISTS (
                    SELECT 1 FROM handoff h
                    WHERE h.id = handoff_id AND h.requested_by_id = (SELECT app.me()))));
CREATE POLICY own_read ON outbox FOR SELECT TO crm_staff
    USING (created_by_id = (SELECT app.me()) OR (SELECT app.leads()));

CREATE POLICY own_queues ON cases FOR SELECT TO crm_staff
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR opened_by_id = (SELECT app.me()));
CREATE POLICY open_new ON cases FOR INSERT TO crm_staff
    WITH CHECK (opened_by_id = (SELECT app.me()));
CREATE POLICY own_change ON cases FOR UPDATE TO crm_staff
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR opened_by_id = (SELECT app.me()))
    WITH CHECK ((SELECT app.me()) IS NOT NULL);
CREATE POLICY own_queues ON handoff FOR SELECT TO crm_staff
    USING (queue_id = ANY ((SELECT app.my_queues())::bigint[])
           OR requested_by_id = (SELECT app.me())
           OR EXISTS (SELECT 1 FROM cases c
                      WHERE c.id = case_id AND c.opened_by_id = (SELECT app.me())));
CREATE POLICY open_new ON handoff FOR INSERT TO crm_staff
    WITH CHECK (requested_by_id = (SELECT app.me()) AND state = 'pending'
                AND EXISTS (SELECT 1 FROM cases c
                            WHERE c.id = case_id AND c.queue_id = handoff.queue_id));
-- Of a restricted queue's contacts nothing shows, not even that they have a case.
CREATE POLICY visible ON case_contact FOR SELECT TO crm_staff
    USING (EXISTS (SELECT 1 FROM contact c WHERE c.id = contact_id));
CREATE POLICY link ON case_contact FOR INSERT TO crm_staff
    WITH CHECK (app.may_read(contact_id)
                AND EXISTS (SELECT 1 FROM cases c WHERE c.id = case_id));
CREATE POLICY unlink ON case_contact FOR DELETE TO crm_staff USING (app.may_read(contact_id));

CREATE POLICY author_or_owner ON draft FOR SELECT TO crm_staff
    USING (author_id = (SELECT app.me()) OR app.holds(contact_id));
CREATE POLICY author ON draft TO crm_staff
    USING (author_id = (SELECT app.me())) WITH CHECK (author_id = (SELECT app.me()));
CREATE POLICY own ON saved_view TO crm_staff
    USING (staff_id = (SELECT app.me())) WITH CHECK (staff_id = (SELECT app.me()));
CREATE POLICY seen ON looking FOR SELECT TO crm_staff USING ((SELECT app.me()) IS NOT NULL);
CREATE POLICY own ON looking TO crm_staff
    USING (staff_id = (SELECT app.me())) WITH CHECK (staff_id = (SELECT app.me()));
CREATE POLICY own_write ON article_use FOR INSERT TO crm_staff
    WITH CHECK (staff_id = (SELECT app.me()) AND app.may_read(contact_id));
CREATE POLICY seen ON article_use FOR SELECT TO crm_staff USING ((SELECT app.me()) IS NOT NULL);
