-- The call that a person wraps up, with its queue's rule; not so while they are in it. Whoever gave
-- the caller to somebody outside wraps up while those two talk.
CREATE OR REPLACE FUNCTION app.wrapping_up(p_contact bigint) RETURNS record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT q.wrap_up, q.wrap_up_seconds, k.wrap_up_extended,
           CASE WHEN c.end_reason = 'transferred out' THEN c.state_since
                ELSE greatest(c.state_since, k.ended_at) END
               + make_interval(secs => q.wrap_up_seconds * (1 + k.wrap_up_extended::integer))
    FROM contact c JOIN queue q ON q.id = c.queue_id JOIN call k ON k.contact_id = c.id
    WHERE c.id = p_contact AND c.state = 'wrap_up'
      AND (k.ended_at IS NOT NULL OR c.end_reason = 'transferred out')
$$;
