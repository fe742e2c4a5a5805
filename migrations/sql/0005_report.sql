-- What reports are made of: numbers, times and states, of restricted services too, and nobody's
-- name or words. The views read with their owner's rights; crm_report has none but to read them.
CREATE SCHEMA report;
REVOKE ALL ON SCHEMA report FROM PUBLIC;
GRANT USAGE ON SCHEMA report TO crm_report;

CREATE VIEW report.queues WITH (security_barrier) AS
    SELECT id, code, name, priority, restricted FROM public.queue;
CREATE VIEW report.services WITH (security_barrier) AS
    SELECT id, code, name, group_name, lgsl, queue_id, restricted, active,
           counts_against_resolution
    FROM public.service;
CREATE VIEW report.contacts WITH (security_barrier) AS
    SELECT id, thread_id, channel, direction, state, state_since, queue_id, service_id,
           owner_id AS staff, priority, received_at, queued_at, due_at, first_taken_at,
           completed_at, resolution, avoidable, end_reason, auto_generated
    FROM public.contact;
CREATE VIEW report.cases WITH (security_barrier) AS
    SELECT id, service_id, queue_id, state, state_since, opened_at, opened_by_id AS staff,
           resolved_at, due_at
    FROM public.cases;
CREATE VIEW report.case_contacts WITH (security_barrier) AS
    SELECT case_id, contact_id, linked_at FROM public.case_contact;
CREATE VIEW report.handoffs WITH (security_barrier) AS
    SELECT id, case_id, contact_id, queue_id, account_id, state, state_since, requested_at,
           requested_by_id AS staff, due_at, expected_at
    FROM public.handoff;
-- Of an event's data only the queues of a transfer, which no hand can write.
CREATE VIEW report.events WITH (security_barrier) AS
    SELECT id, at, kind, actor_id AS staff, contact_id, case_id,
           CASE WHEN kind = 'contact.transferred' THEN (data ->> 'queue')::bigint END AS to_queue_id,
           CASE WHEN kind = 'contact.transferred' THEN (data ->> 'from_queue')::bigint END
               AS from_queue_id
    FROM public.event;
GRANT SELECT ON ALL TABLES IN SCHEMA report TO crm_report;
