-- The group roles that carry every grant. They are the cluster's, so another database may have
-- made them already. crm_staff is what all members of staff share.
DO $$
DECLARE role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['crm_staff', 'crm_advisor', 'crm_desk', 'crm_team_leader',
                                     'crm_admin', 'crm_gateway', 'crm_report']
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    GRANT crm_staff TO crm_advisor, crm_desk, crm_team_leader, crm_admin;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE SCHEMA app;
REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO crm_staff, crm_gateway;
GRANT USAGE ON SCHEMA public TO crm_staff, crm_gateway;
