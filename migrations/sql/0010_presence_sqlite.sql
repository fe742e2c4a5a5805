-- The day of a person, whoever changes it: a mark each time that anything of it is another.
CREATE TRIGGER presence_of_staff AFTER UPDATE OF presence ON staff
WHEN OLD.presence <> NEW.presence
BEGIN
    INSERT INTO presence_mark (staff_id, at, signed_in, presence, seen, by_id)
    SELECT NEW.id,
           max(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000',
               coalesce((SELECT m.at FROM presence_mark m WHERE m.staff_id = NEW.id
                         ORDER BY m.id DESC LIMIT 1), '')),
           a.signed_in_at IS NOT NULL, NEW.presence,
           CASE WHEN a.locked THEN 'locked' WHEN a.idle_since IS NOT NULL THEN 'idle'
                WHEN a.not_responding_since IS NOT NULL THEN 'not_responding'
                ELSE 'there' END,
           NEW.presence_by_id
    FROM activity a WHERE a.staff_id = NEW.id;
END;
CREATE TRIGGER presence_of_activity AFTER UPDATE ON activity
WHEN (OLD.signed_in_at IS NULL) <> (NEW.signed_in_at IS NULL)
  OR OLD.locked <> NEW.locked
  OR (OLD.idle_since IS NULL) <> (NEW.idle_since IS NULL)
  OR (OLD.not_responding_since IS NULL) <> (NEW.not_responding_since IS NULL)
BEGIN
    INSERT INTO presence_mark (staff_id, at, signed_in, presence, seen, by_id)
    SELECT NEW.staff_id,
           max(strftime('%Y-%m-%d %H:%M:%f', 'now') || '000',
               coalesce((SELECT m.at FROM presence_mark m WHERE m.staff_id = NEW.staff_id
                         ORDER BY m.id DESC LIMIT 1), '')),
           NEW.signed_in_at IS NOT NULL, s.presence,
           CASE WHEN NEW.locked THEN 'locked' WHEN NEW.idle_since IS NOT NULL THEN 'idle'
                WHEN NEW.not_responding_since IS NOT NULL THEN 'not_responding'
                ELSE 'there' END,
           s.presence_by_id
    FROM staff s WHERE s.id = NEW.staff_id;
END;
CREATE TRIGGER presence_begins AFTER INSERT ON activity WHEN NEW.signed_in_at IS NOT NULL
BEGIN
    INSERT INTO presence_mark (staff_id, signed_in, presence, seen, by_id)
    SELECT NEW.staff_id, 1, s.presence,
           CASE WHEN NEW.locked THEN 'locked' WHEN NEW.idle_since IS NOT NULL THEN 'idle'
                ELSE 'there' END,
           s.presence_by_id
    FROM staff s WHERE s.id = NEW.staff_id;
END;

-- Whoever is offered a contact hears of it, and that the offer is over.
CREATE TRIGGER offer_made AFTER INSERT ON assignment WHEN NEW.state = 'offered'
BEGIN
    INSERT INTO notice (topic, ref_id) VALUES ('staff', NEW.staff_id);
END;
CREATE TRIGGER offer_over AFTER UPDATE OF state ON assignment
WHEN OLD.state = 'offered' AND NEW.state <> 'offered'
BEGIN
    INSERT INTO notice (topic, ref_id) VALUES ('staff', NEW.staff_id);
END;
