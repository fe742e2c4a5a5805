-- Calls: the gateway writes what the PBX says. Nobody else reads or writes these tables but by the
-- guarded operations; lines and menus may be known by all.
DO $$
DECLARE t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['telephone_line', 'line_choice', 'call', 'call_leg', 'call_command']
    LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY gateway ON %I TO crm_gateway USING (true) WITH CHECK (true)',
                       t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['call', 'call_leg', 'call_command'] LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO crm_gateway', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['telephone_line', 'line_choice'] LOOP
        EXECUTE format('GRANT SELECT ON %I TO crm_gateway, crm_staff', t);
        EXECUTE format('CREATE POLICY known ON %I FOR SELECT TO crm_staff USING (true)', t);
        PERFORM app.audit_table(t);
    END LOOP;
END $$;
