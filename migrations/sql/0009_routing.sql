-- Who may be offered what: read by all staff; only guarded functions write.
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight, activity TO crm_staff;
GRANT SELECT ON skill, queue_skill, staff_skill, channel_weight TO crm_gateway;
GRANT SELECT, INSERT, UPDATE ON activity TO crm_gateway;
GRANT SELECT, INSERT, DELETE ON routing_decision TO crm_gateway;
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['staff_skill', 'activity', 'routing_decision'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['staff_skill', 'activity'] LOOP
        EXECUTE format('CREATE POLICY staff_read ON %I FOR SELECT TO crm_staff '
                       'USING ((SELECT app.me()) IS NOT NULL)', t);
    END LOOP;
END $$;
