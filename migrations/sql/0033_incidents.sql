-- An incident of an alarm happened where the alarm was, unless it says where else; it names no alarm
-- of which its writer was not told.
CREATE OR REPLACE FUNCTION app.incident_save(p jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    me bigint := app.alarm_who();
    i incident; happened timestamptz := (p ->> 'happened')::timestamptz; made bigint;
    al alarm; at_site bigint := (p ->> 'site')::bigint; at_place bigint := (p ->> 'place')::bigint;
BEGIN
    IF p ->> 'id' IS NOT NULL THEN
        i := app.incident_mine((p ->> 'id')::bigint);
        IF i.version IS DISTINCT FROM (p ->> 'version')::integer THEN
            PERFORM app.refuse('CRM04', 'a colleague changed it meanwhile');
        END IF;
    END IF;
    IF coalesce(trim(p ->> 'what'), '') = '' OR happened IS NULL OR happened > now() + interval '10 minutes'
       OR NOT coalesce(p ->> 'kind' = ANY (ARRAY['abuse', 'threat', 'assault', 'damage', 'health',
                                                 'weapon', 'other']), false)
       OR greatest(length(p ->> 'what'), length(p ->> 'done'), length(p ->> 'lessons')) > 10000
       OR length(p ->> 'police_reference') > 200 THEN
        PERFORM app.refuse('CRM05', 'say what happened, and when');
    END IF;
    SELECT * INTO al FROM alarm a WHERE a.id = (p ->> 'alarm')::bigint
        AND (a.raised_by_id = me OR app.leads() OR app.alarm_heard(a.site_id, me) OR a.id = i.alarm_id);
    IF (p ->> 'contact')::bigint IS NOT NULL AND NOT app.may_read((p ->> 'contact')::bigint)
       OR (p ->> 'customer')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM customer WHERE id = (p ->> 'customer')::bigint)
       OR (p ->> 'alarm')::bigint IS NOT NULL AND al.id IS NULL
       OR (p ->> 'site')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM site WHERE id = (p ->> 'site')::bigint)
       OR (p ->> 'place')::bigint IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM place WHERE id = (p ->> 'place')::bigint) THEN
        PERFORM app.refuse('CRM01', 'no such alarm, place, customer or contact');
    END IF;
    IF at_site IS NULL AND at_place IS NULL THEN
        at_site := al.site_id;
        at_place := al.place_id;
    END IF;
    IF i.id IS NULL THEN
        INSERT INTO incident (alarm_id, site_id, place_id, customer_id, contact_id, happened_at,
                              kind, what, done, lessons, police_reference, written_by_id)
        VALUES (al.id, at_site, at_place,
                (p ->> 'customer')::bigint, (p ->> 'contact')::bigint, happened, p ->> 'kind',
                trim(p ->> 'what'), trim(coalesce(p ->> 'done', '')),
                trim(coalesce(p ->> 'lessons', '')), trim(coalesce(p ->> 'police_reference', '')),
                me)
        RETURNING id INTO made;
    ELSE
        UPDATE incident SET happened_at = happened, kind = p ->> 'kind', what = trim(p ->> 'what'),
            done = trim(coalesce(p ->> 'done', '')), lessons = trim(coalesce(p ->> 'lessons', '')),
            police_reference = trim(coalesce(p ->> 'police_reference', '')),
            alarm_id = al.id, site_id = at_site, place_id = at_place, customer_id = (p ->> 'customer')::bigint,
            contact_id = (p ->> 'contact')::bigint, version = version + 1
        WHERE id = i.id;
        made := i.id;
    END IF;
    INSERT INTO event (kind, actor_id, contact_id, customer_id, data)
    VALUES (CASE WHEN i.id IS NULL THEN 'incident.written' ELSE 'incident.changed' END, me,
            (p ->> 'contact')::bigint, (p ->> 'customer')::bigint,
            jsonb_build_object('incident', made));
    RETURN made;
END $$;
