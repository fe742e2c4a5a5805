-- What is expected: the gateway writes it; staff read it of the queues that they may know of.
GRANT SELECT ON arrival_forecast TO crm_staff;
GRANT SELECT, INSERT, UPDATE, DELETE ON arrival_forecast TO crm_gateway;
ALTER TABLE arrival_forecast ENABLE ROW LEVEL SECURITY;
CREATE POLICY gateway ON arrival_forecast TO crm_gateway USING (true) WITH CHECK (true);
CREATE POLICY known ON arrival_forecast FOR SELECT TO crm_staff
    USING (queue_id = ANY ((SELECT app.known_queues())::bigint[]));
