-- How contacts on social networks end.

-- As before; two more endings of contacts on social networks alone.
CREATE OR REPLACE FUNCTION app.complete(p_contact bigint, p_service bigint, p_resolution text,
                                        p_avoidable boolean) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE c contact;
BEGIN
    c := app.in_hand(p_contact, ARRAY['active', 'held', 'wrap_up']);
    IF NOT (p_resolution = ANY (ARRAY['resolved', 'handed_off', 'transferred_out',
                'signposted_council', 'signposted_outside', 'callback', 'warned_ended',
                'no_action'])
            OR c.channel = 'social'
               AND p_resolution = ANY (ARRAY['answered_by_resident', 'moved_to_private'])) THEN
        PERFORM app.refuse('CRM04', 'no such resolution');
    END IF;
    UPDATE contact SET state = 'completed', state_since = now(), completed_at = now(),
                       service_id = coalesce(p_service, service_id), resolution = p_resolution,
                       avoidable = p_avoidable,
                       end_reason = CASE p_resolution WHEN 'warned_ended' THEN 'warned and ended'
                                    WHEN 'transferred_out' THEN 'transferred out'
                                    ELSE coalesce(end_reason, 'normal') END
    WHERE id = p_contact;
    PERFORM app.end_assignment(p_contact, 'completed');
    PERFORM app.log('contact.completed', p_contact, jsonb_build_object(
        'resolution', p_resolution, 'avoidable', p_avoidable, 'service', p_service));
END $$;
