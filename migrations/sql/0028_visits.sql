-- Sites, desks and rooms may be known by all staff; visits, appointments and alarms are reached by
-- the guarded operations. The gateway serves kiosks and public screens, and keeps clocks.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['site', 'site_service', 'place', 'at_place', 'visit', 'ticket_counter',
                             'ticket_range', 'appointment', 'slot_taken', 'alarm', 'alarm_answer',
                             'incident']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['site', 'site_service', 'place', 'at_place'] LOOP
        EXECUTE format('CREATE POLICY known ON %I FOR SELECT TO crm_staff USING (true)', t);
        EXECUTE format('GRANT SELECT ON %I TO crm_gateway', t);
        PERFORM app.audit_table(t);
    END LOOP;
END $$;
-- Whoever knows a site's key can take tickets there.
GRANT SELECT (id, code, name, name_cy, address, calendar_id, calls, settings, active) ON site
    TO crm_staff;
GRANT SELECT ON site_service, place, at_place TO crm_staff;
GRANT SELECT, INSERT, UPDATE ON visit, ticket_counter, appointment TO crm_gateway;
GRANT SELECT ON ticket_range, slot_taken TO crm_gateway;
SELECT app.audit_table('appointment', '{note}'), app.audit_table('incident'),
       app.audit_table('alarm');
