-- Figures: the gateway keeps them, team leaders read them. Numbers of every queue that one may know
-- of; which contacts they are made of, of one's own queues alone; people's time of one's own
-- queues' people.
GRANT SELECT ON half_hour_stat, half_hour_staff, counted_contact TO crm_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON half_hour_stat, half_hour_staff, counted_contact
    TO crm_gateway;
GRANT SELECT, INSERT, UPDATE ON figures_kept TO crm_gateway;
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['half_hour_stat', 'half_hour_staff', 'counted_contact',
                             'figures_kept'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
END $$;
CREATE POLICY leaders ON half_hour_stat FOR SELECT TO crm_staff
    USING ((SELECT app.leads()) AND queue_id = ANY ((SELECT app.known_queues())::bigint[]));
CREATE POLICY leaders ON counted_contact FOR SELECT TO crm_staff
    USING ((SELECT app.leads()) AND queue_id = ANY ((SELECT app.my_queues())::bigint[]));
CREATE POLICY leaders ON half_hour_staff FOR SELECT TO crm_staff
    USING ((SELECT app.leads()) AND staff_id = ANY ((ARRAY(
        SELECT m.staff_id FROM membership m
        WHERE m.queue_id = ANY ((SELECT app.my_queues())::bigint[])
          AND (m.until IS NULL OR m.until > now())))::bigint[]));
