"""What an advisor with psql cannot do: the database refuses, not the program."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.centre import Centre
from tests.integration.store.attacking import Attack, Connection, Ids, named, refused, unseen

ATTACKS = (
    # Reading
    unseen("another queue's contact", "SELECT 1 FROM contact WHERE id = %(care)s"),
    unseen("that it has a case", "SELECT 1 FROM case_contact WHERE contact_id = %(care)s"),
    unseen("another queue's case", "SELECT 1 FROM cases WHERE id = %(care_case)s"),
    unseen("another queue's timeline", "SELECT 1 FROM app.events(%(care)s)"),
    unseen("its counts", "SELECT 1 FROM queue_stat WHERE queue_id = %(care_queue)s"),
    unseen(
        "a restricted queue in a search",
        "SELECT 1 FROM app.search('hidden', '''hidden'':*', %(care_reference)s, '', 9)",
    ),
    unseen(
        "a restricted queue's contacts in a search",
        "SELECT 1 FROM app.search_contacts('{}', 'hidden', 9, 1000) WHERE ids <> '{}'",
    ),
    unseen(
        "a restricted queue in a history",
        "SELECT 1 FROM app.history(%(customer)s, 9) WHERE kind = 'case'",
    ),
    unseen("others' outgoing work", "SELECT 1 FROM outbox WHERE created_by_id <> app.me()"),
    unseen("a colleague's draft", "SELECT 1 FROM draft WHERE author_id <> app.me()"),
    unseen("others' events", "SELECT id FROM event WHERE id = %(ben_event)s"),
    unseen("what colleagues have in hand", "SELECT 1 FROM app.team_hands()"),
    unseen("how much colleagues did today", "SELECT 1 FROM app.team_today()"),
    unseen("the centre's figures", "SELECT 1 FROM half_hour_stat"),
    unseen("which contacts a figure counts", "SELECT 1 FROM counted_contact"),
    unseen("how colleagues spent their time", "SELECT 1 FROM half_hour_staff"),
    Attack("how far figures are kept", "SELECT 1 FROM figures_kept"),
    Attack("a better figure", "UPDATE half_hour_stat SET answered_within = 99"),
    unseen(
        "files by their messages",
        "SELECT 1 FROM app.attachments(ARRAY[%(care_message)s]::bigint[])",
    ),
    Attack("content without a trace", "SELECT body_text FROM message WHERE id = %(message)s"),
    Attack("any message whole", "SELECT * FROM message"),
    Attack("another queue's messages", "SELECT 1 FROM app.open_contact(%(care)s)"),
    Attack("another queue's contact opened", "SELECT app.opened(%(care)s, 20)"),
    Attack("who asks, in one look", "SELECT 1 FROM app.asking()"),
    unseen("another queue's row", "SELECT 1 WHERE app.listed(%(care)s) IS NOT NULL"),
    unseen(
        "another queue's contact before a reply",
        "SELECT 1 WHERE app.answering(%(care)s) ->> 'contact' IS NOT NULL",
    ),
    unseen(
        "what was said to a colleague",
        "SELECT 1 FROM (SELECT app.answering(%(ben)s) AS it) x WHERE it ->> 'said' IS NOT NULL"
        " OR it ->> 'identifiers' IS NOT NULL",
    ),
    Attack(
        "a reply for a colleague in one call",
        "SELECT app.reply(%(ben)s, false, NULL, '{}', 'x', 'x', '<x@x>', '[]', 10)",
    ),
    Attack(
        "a reply to what nobody holds",
        "SELECT app.reply(%(waiting)s, false, NULL, '{}', 'x', 'x', '<x@x>', '[]', 10)",
    ),
    Attack("another queue's file", "SELECT 1 FROM app.open_attachment(%(attachment)s)"),
    Attack("a file's bytes", "SELECT data FROM blob_chunk"),
    Attack("a file's name", "SELECT name FROM attachment"),
    Attack("an identifier's value", "SELECT value FROM identifier"),
    Attack("an identifier's normal form", "SELECT 1 FROM identifier WHERE norm LIKE 'a%%'"),
    Attack("the words of all contacts", "SELECT 1 FROM contact_words"),
    Attack("every word that was written", "SELECT 1 FROM contact_vocabulary"),
    Attack("an event's data", "SELECT data FROM event"),
    Attack("who read what", "SELECT 1 FROM read_audit"),
    Attack("a channel's settings", "SELECT settings FROM channel_account"),
    Attack("password verifiers", "SELECT rolpassword FROM pg_authid"),
    # Contacts
    Attack("moving a contact", "UPDATE contact SET owner_id = app.me() WHERE id = %(ben)s"),
    Attack("making a contact", "INSERT INTO contact (channel) VALUES ('email')"),
    Attack("removing a contact", "DELETE FROM contact WHERE id = %(ben)s"),
    Attack("taking what a colleague has", "SELECT app.claim(%(ben)s)"),
    Attack("taking from another queue", "SELECT app.claim(%(care)s)"),
    Attack("ending a colleague's contact", "SELECT app.complete(%(ben)s, NULL, 'resolved', false)"),
    Attack("giving a contact away", "SELECT app.give(%(ben)s, 1)"),
    Attack("skipping the checks", "SELECT app.in_hand(%(ben)s, ARRAY['active'])"),
    Attack("ending an assignment", "SELECT app.end_assignment(%(ben)s, 'completed', '')"),
    # Routing
    Attack("a round of routing", "SELECT app.route(9, '{}')"),
    Attack("who was considered, raw", "SELECT 1 FROM routing_decision"),
    Attack("why another queue's contact waits", "SELECT app.explain(%(care)s, '{}')"),
    Attack("raising another queue's contact", "SELECT app.boost(%(care)s, 5, 'x')"),
    Attack("raising without a reason", "SELECT app.boost(%(waiting)s, 5, ' ')"),
    Attack("raising without end", "SELECT app.boost(%(waiting)s, 99, 'x')"),
    Attack("declining what a colleague has", "SELECT app.decline(%(ben)s, 'break', '')"),
    Attack("a colleague's work back", "SELECT app.return_work(%(ben_id)s, 'x')"),
    Attack("what waits, given out", "SELECT app.give_out(9, ARRAY[1])"),
    Attack("an offer of one's own making", "SELECT app.offer(%(waiting)s, 1, app.me(), 9, '{}')"),
    Attack(
        "a colleague who is not responding",
        "UPDATE activity SET not_responding_since = now() WHERE staff_id = %(ben_id)s",
    ),
    Attack("a skill of one's own", "INSERT INTO staff_skill VALUES (app.me(), 1, 5)"),
    Attack("calls that weigh nothing", "UPDATE channel_weight SET weight = 0"),
    Attack("a queue that offers at once", "UPDATE queue SET push = true"),
    Attack("a capacity of one's own", "UPDATE staff SET capacity = 0"),
    # What happened
    Attack("logging at will", "SELECT app.log('contact.completed', %(ben)s, '{}')"),
    Attack("a false trace", "SELECT app.trace('contact', %(ben)s)"),
    Attack(
        "an event as somebody else",
        "INSERT INTO event (kind, actor_id, data) VALUES ('note.added', %(ben_id)s, '{}')",
    ),
    Attack(
        "an event as nobody",
        "INSERT INTO event (kind, data) VALUES ('note.added', '{}')",
    ),
    Attack(
        "a move that never was",
        "INSERT INTO event (kind, actor_id, contact_id, data)"
        " VALUES ('contact.completed', app.me(), %(ben)s, '{}')",
    ),
    Attack(
        "an event of another queue's contact",
        "INSERT INTO event (kind, actor_id, contact_id, data)"
        " VALUES ('note.added', app.me(), %(care)s, '{}')",
    ),
    Attack("changing what happened", "UPDATE event SET kind = 'x'"),
    Attack("removing what happened", "DELETE FROM event"),
    Attack("removing every trace", "TRUNCATE read_audit"),
    # Messages and outgoing work
    Attack(
        "a reply under another name",
        "INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,"
        " sender_address, recipients, subject, body_text, reply_text, body_html, in_reply_to,"
        " reference_ids, problems, findings, auto_generated, failure) VALUES (%(ben)s, 'outbound',"
        " 'public', 'pending', %(ben_id)s, '', '', '{}', '', 'x', 'x', '', '', '[]', '[]', '[]',"
        " false, '')",
    ),
    Attack(
        "a reply to a contact in another's hands",
        "INSERT INTO message (contact_id, direction, visibility, state, author_id, sender_name,"
        " sender_address, recipients, subject, body_text, reply_text, body_html, in_reply_to,"
        " reference_ids, problems, findings, auto_generated, failure) VALUES (%(ben)s, 'outbound',"
        " 'public', 'pending', app.me(), '', '', '{}', '', 'x', 'x', '', '', '[]', '[]', '[]',"
        " false, '')",
    ),
    Attack("changing words already written", "UPDATE message SET body_text = 'x'"),
    unseen("another's Message-ID", "UPDATE message SET rfc_id = '<x>' WHERE id = %(ben_message)s"),
    Attack("taking back a colleague's reply", "SELECT app.withdraw(%(ben_message)s)"),
    Attack("sending a colleague's stopped reply", "SELECT app.release_stopped(%(ben_message)s)"),
    Attack("trying a colleague's work again", "SELECT app.retry_dead(%(ben_outbox)s)"),
    Attack(
        "work that is done already",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id)"
        " VALUES ('mail', 'done', 0, false, '', app.me())",
    ),
    Attack(
        "work for a colleague's reply",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id,"
        " message_id) VALUES ('mail', 'pending', 0, false, '', app.me(), %(ben_message)s)",
    ),
    Attack(
        "work for a colleague's hand-off",
        "INSERT INTO outbox (lane, state, attempts, unknown_fate, last_error, created_by_id,"
        " handoff_id) VALUES ('open311', 'pending', 0, false, '', app.me(), %(ben_handoff)s)",
    ),
    Attack("changing outgoing work", "UPDATE outbox SET state = 'done'"),
    # Cases and hand-offs
    unseen("another queue's answers", "UPDATE cases SET answers = '{}' WHERE id = %(care_case)s"),
    Attack("who opened a case", "UPDATE cases SET opened_by_id = app.me()"),
    Attack("a case's queue", "UPDATE cases SET queue_id = 1"),
    Attack("moving another queue's case", "SELECT app.refile(%(care_case)s, 1)"),
    Attack("removing a case", "DELETE FROM cases"),
    Attack("a hand-off's end", "UPDATE handoff SET state = 'done'"),
    Attack(
        "linking what one does not see",
        "INSERT INTO case_contact (case_id, contact_id) VALUES (%(care_case)s, %(own)s)",
    ),
    # Drafts, people, the database itself
    unseen("a colleague's draft's words", "UPDATE draft SET content = '{}'"),
    unseen("a colleague's draft's end", "DELETE FROM draft"),
    Attack(
        "a draft in a colleague's name",
        "INSERT INTO draft (contact_id, author_id, kind, content)"
        " VALUES (%(own)s, %(ben_id)s, 'reply', '{}')",
    ),
    Attack("one's own role", "UPDATE staff SET role = 'team_leader' WHERE id = app.me()"),
    Attack("one's own queues", "INSERT INTO membership VALUES (app.me(), %(care_queue)s)"),
    Attack("a colleague's queues", "DELETE FROM membership"),
    Attack("a service's back office", "UPDATE service SET handoff_account_id = NULL"),
    Attack("an article's words", "UPDATE article SET body = 'x'"),
    Attack("the index of articles", "DELETE FROM article_vocabulary"),
    Attack("the gateway's lease", "UPDATE lease SET fence = 999"),
    Attack("the revision", "UPDATE alembic_version SET version_num = '9999'"),
    Attack("becoming a team leader", "SET ROLE crm_team_leader"),
    Attack("becoming the gateway", "SET ROLE crm_gateway"),
    Attack("becoming a colleague", "SET SESSION AUTHORIZATION ben"),
    Attack("joining a group", "GRANT crm_team_leader TO anna"),
    Attack("a new role", "CREATE ROLE mallory LOGIN"),
    Attack("more rights for oneself", "ALTER ROLE anna SUPERUSER"),
    Attack(
        "a function in public", "CREATE FUNCTION public.me() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    ),
    Attack("a function in app", "CREATE FUNCTION app.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    Attack("a table in public", "CREATE TABLE public.staff2 (id int)"),
    Attack("a policy's end", "ALTER TABLE contact DISABLE ROW LEVEL SECURITY"),
    Attack("a policy's change", "DROP POLICY own_queues ON contact"),
    Attack("the server's files", "SELECT pg_read_file('postgresql.conf')"),
    Attack("the server's shell", "COPY staff TO PROGRAM 'cat'"),
    # Restricted services, quality and safety
    unseen("an own case under a restricted service", "SELECT 1 FROM cases WHERE id = %(own_case)s"),
    unseen(
        "what happened to it",
        "SELECT 1 FROM app.events(%(own)s) WHERE data ->> 'reference' = %(own_reference)s",
    ),
    unseen(
        "whose a restricted case is",
        "SELECT 1 FROM app.owners('reference', ARRAY[%(care_reference)s::text])"
        " WHERE customer_id > 0 OR name <> ''",
    ),
    unseen(
        "who looks at a restricted contact", "SELECT 1 FROM looking WHERE contact_id = %(care)s"
    ),
    Attack("taking a restricted case back", "SELECT app.refile(%(own_case)s, %(council_tax)s)"),
    Attack(
        "a case of a restricted service",
        "INSERT INTO cases (service_id, queue_id, state, opened_by_id, answers, title, version)"
        " VALUES (%(concern)s, %(care_queue)s, 'open', app.me(), '{}', '', 1)",
    ),
    Attack(
        "a case in another queue than its service's",
        "INSERT INTO cases (service_id, queue_id, state, opened_by_id, answers, title, version)"
        " VALUES (%(council_tax)s, %(care_queue)s, 'open', app.me(), '{}', '', 1)",
    ),
    unseen(
        "an assessment of oneself before its time", "SELECT 1 FROM assessment WHERE state = 'draft'"
    ),
    unseen("a colleague's assessment", "SELECT 1 FROM assessment WHERE staff_id <> app.me()"),
    unseen("an assessment's words", "UPDATE assessment SET words = 'x'"),
    Attack(
        "assessing a colleague",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(ben)s, app.me(), %(ben_id)s, 'draft', '{}', '')",
    ),
    unseen("another queue's recording", "SELECT id FROM recording WHERE id = %(recording)s"),
    Attack("its sound", "SELECT app.recording_listen(%(recording)s, %(key)s)"),
    Attack("where a recording's sound is", "SELECT store, file FROM recording"),
    Attack("what a recording is called at the PBX", "SELECT name FROM recording"),
    Attack("a sound that a colleague asked for", "SELECT app.playback_read(%(playback)s)"),
    unseen("that a colleague asked for a sound", "SELECT id FROM playback"),
    Attack("a sound past its function", "SELECT sound FROM playback"),
    Attack("a colleague's key to a sound", "UPDATE playback SET public_key = %(key)s"),
    Attack("who listened to a recording", "SELECT app.recording_heard(%(own_recording)s)"),
    Attack("a hold on a recording", "SELECT app.recording_hold(%(own_recording)s, 'Because')"),
    Attack("a recording's hold by hand", "UPDATE recording SET legal_hold = true"),
    Attack("a recording that is kept no more", "UPDATE recording SET keep_until = now()"),
    Attack(
        "what was recorded with a number",
        "SELECT app.recordings_find('+441632960001', now() - interval '1 day', now())",
    ),
    Attack("a request for a recording", "SELECT app.request_open(%(own_recording)s, 'Me')"),
    unseen("customers' requests for recordings", "SELECT id FROM recording_request"),
    Attack("a transcript", "SELECT transcript FROM recording_request"),
    Attack("a transcript by the function", "SELECT app.request_read(%(request)s)"),
    Attack("what a transcript says", "SELECT app.request_write(%(request)s, 1, 'x', '[]')"),
    Attack("a transcript's release", "SELECT app.request_release(%(request)s, 1, 'x')"),
    Attack("a request's end", "SELECT app.request_close(%(request)s, 'x')"),
    Attack("the list of all files", "SELECT sha256 FROM blob"),
    Attack("a marker's activation", "SELECT app.marker_activate(%(marker)s, current_date + 90)"),
    Attack("a marker's end", "SELECT app.marker_end(%(marker)s)"),
    Attack("a marker by hand", "UPDATE safety_marker SET state = 'active'"),
    Attack(
        "a decision on a marker that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('marker.activated', app.me(), '{}')",
    ),
    # Time, numbers and words of events
    Attack(
        "an event at another time",
        "INSERT INTO event (kind, actor_id, data, at)"
        " VALUES ('note.added', app.me(), '{}', '2020-01-01')",
    ),
    Attack(
        "the number of the next event",
        "INSERT INTO event (id, kind, actor_id, data) VALUES (99999, 'note.added', app.me(), '{}')",
    ),
    Attack(
        "the number of the next customer",
        "INSERT INTO customer (id, kind, name, folded, prefers) VALUES (9999, '', 'x', 'x', '')",
    ),
    Attack(
        "a text as the kind of an event",
        "INSERT INTO event (kind, actor_id, data) VALUES ('A name. And more', app.me(), '{}')",
    ),
    Attack("a counter", "SELECT setval('event_id_seq', 1)"),
    # Who works here
    Attack(
        "a colleague of one's own making",
        "SELECT app.staff_add('mallory', 'M', 'admin', '{}', %(verifier)s)",
    ),
    Attack(
        "a role of one's own choosing",
        "SELECT app.staff_change(app.me(), 'Anna', 'admin', ARRAY[%(care_queue)s::bigint])",
    ),
    Attack("a colleague's password", "SELECT app.staff_reset(%(ben_id)s, %(verifier)s)"),
    Attack("a colleague's end", "SELECT app.staff_disable(%(ben_id)s)"),
    Attack("what makes logins", "SELECT app.login_set('ben', 'crm_admin', NULL, false)"),
    Attack("becoming who makes logins", "SET ROLE crm_keeper"),
    Attack("a colleague's password by hand", "ALTER ROLE ben PASSWORD 'x'"),
    Attack("a colleague's presence", "UPDATE staff SET presence = 'lunch' WHERE id = %(ben_id)s"),
    Attack(
        "a colleague's presence by the function",
        "SELECT app.presence_of(%(ben_id)s, 'lunch', NULL, '', NULL)",
    ),
    Attack(
        "a colleague's presence past the checks",
        "SELECT app.presence_set(%(ben_id)s, NULL, 'lunch', NULL, '', NULL)",
    ),
    Attack("a presence that is none", "SELECT app.choose_presence('wizard', NULL, '', NULL)"),
    Attack(
        "words without end",
        "SELECT app.choose_presence('lunch', NULL, repeat('x', 1000000), NULL)",
    ),
    Attack("channels that are none", "SELECT app.presence_channels(ARRAY['telepathy'])"),
    Attack(
        "what is seen of a colleague",
        "UPDATE activity SET locked = false WHERE staff_id = %(ben_id)s",
    ),
    Attack(
        "signing a colleague out",
        "SELECT app.presence_out(%(ben_id)s, NULL, NULL, 'gone')",
    ),
    Attack("signing out who is silent", "SELECT app.presence_sweep()"),
    unseen("a colleague's day", "SELECT 1 FROM presence_mark WHERE staff_id <> app.me()"),
    Attack(
        "a day of one's own making",
        "INSERT INTO presence_mark (staff_id, signed_in, presence, seen)"
        " VALUES (app.me(), true, 'available', 'there')",
    ),
    Attack("another end of one's day", "UPDATE presence_mark SET at = now() - interval '1 hour'"),
    Attack("a day's mark by the function", "SELECT app.presence_marked(app.me())"),
    Attack(
        "ending a colleague's session",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ben'",
    ),
    unseen(
        "what colleagues ask the database",
        "SELECT 1 FROM pg_stat_activity WHERE usename <> session_user"
        " AND query NOT IN ('', '<insufficient privilege>')",
    ),
    # Holding others up
    Attack("locking everybody out", "LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"),
    Attack("locking contacts", "LOCK TABLE contact IN SHARE MODE"),
    Attack("intake's lock", "SELECT pg_advisory_lock(1)"),
    Attack("an upgrade's lock", "SELECT pg_advisory_xact_lock(1129465156)"),
    Attack("a lock by trying", "SELECT pg_try_advisory_lock(1)"),
    Attack("a large object", "SELECT lo_create(0)"),
    Attack("another reading of the settings", "SELECT pg_reload_conf()"),
    Attack("all contacts indexed anew", "SELECT app.index_everything()"),
    Attack("every contact's end", "TRUNCATE contact"),
    # Round the policies
    Attack(
        "reading without policies",
        "SELECT * FROM contact",
        before=("SET LOCAL row_security = off",),
    ),
    Attack("a policy of one's own", "CREATE POLICY ajar ON contact USING (true)"),
    Attack("a trigger switched off", "ALTER TABLE contact DISABLE TRIGGER ALL"),
    Attack("all triggers switched off", "SET session_replication_role = replica"),
    Attack("a function's owner", "ALTER FUNCTION app.me() OWNER TO anna"),
    Attack("a function's search path", "ALTER FUNCTION app.me() SET search_path = pg_temp"),
    Attack("a temporary table as a shadow", "CREATE TEMPORARY TABLE staff (login text)"),
    Attack(
        "a temporary function that tells what it is given",
        "CREATE FUNCTION pg_temp.tell(text) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
    ),
    Attack(
        "an operator of one's own",
        "CREATE OPERATOR public.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = texteq)",
    ),
    Attack("a cast of one's own", "CREATE CAST (text AS integer) WITH INOUT AS IMPLICIT"),
    Attack("a schema of one's own", "CREATE SCHEMA anna"),
    Attack("a view with one's own rights", "CREATE VIEW public.all_of_it AS SELECT * FROM contact"),
    Attack("a rule", "CREATE RULE quiet AS ON INSERT TO event DO INSTEAD NOTHING"),
    Attack("an index that reads along", "CREATE INDEX ON contact (lower(subject))"),
    Attack(
        "bodies by a prepared statement",
        "EXECUTE kept",
        before=("PREPARE kept AS SELECT body_text FROM message",),
    ),
    Attack("bodies by COPY", "COPY message TO STDOUT"),
    unseen(
        "a division that fails on what is hidden",
        "SELECT 1 FROM contact WHERE id = %(care)s AND 1 / (id - %(care)s) > 0",
    ),
    unseen(
        "a cast that quotes what is hidden",
        "SELECT 1 FROM contact WHERE id = %(care)s AND subject::integer > 0",
    ),
    unseen(
        "a pattern that is matched with what is hidden",
        "SELECT 1 FROM contact WHERE who ~ '^Hidden' AND id = %(care)s",
    ),
    unseen(
        "what is often in a hidden column",
        "SELECT 1 FROM pg_stats WHERE tablename IN ('message', 'contact', 'cases')"
        " AND attname IN ('body_text', 'subject', 'answers')",
    ),
    Attack("reports", "SELECT 1 FROM report.contacts"),
    # Forecast and queues
    unseen(
        "what is expected of another queue",
        "SELECT 1 FROM arrival_forecast WHERE queue_id = %(care_queue)s",
    ),
    Attack(
        "a queue's rules",
        "SELECT app.queue_change(%(general_queue)s, app.queue_settings(%(general_queue)s),"
        " app.queue_settings(%(general_queue)s))",
    ),
    Attack("a queue's rules by hand", "UPDATE queue SET push = true, overflow_queue_id = 1"),
    Attack("a queue's promise by hand", "UPDATE queue_target SET goal = 1"),
    Attack("the skills that a queue needs by hand", "DELETE FROM queue_skill"),
    Attack(
        "a change of a queue that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('queue.changed', app.me(), '{}')",
    ),
    Attack(
        "what is expected by hand",
        "INSERT INTO arrival_forecast (half_hour, queue_id, channel, planned, expected, made_at)"
        " VALUES (now(), %(general_queue)s, 'call', 1, 1, now())",
    ),
    Attack("the forecast's end", "DELETE FROM arrival_forecast"),
    Attack("what only rules of a queue ask", "SELECT app.whole('1', 0, 2)"),
    # The server
    Attack("a file into the database", "SELECT lo_import('/etc/passwd')"),
    Attack("a folder of the server", "SELECT pg_ls_dir('.')"),
    Attack("who may connect from where", "SELECT 1 FROM pg_hba_file_rules"),
    Attack("another server by an extension", "CREATE EXTENSION dblink"),
    Attack(
        "a trigger of one's own", "CREATE TRIGGER t AFTER INSERT ON event EXECUTE FUNCTION app.me()"
    ),
    Attack(
        "giving many away",
        "SELECT app.reassign(%(waiting_seen)s::jsonb, %(general_queue)s, '')",
    ),
    Attack(
        "changing many",
        "SELECT app.change_many(%(waiting_seen)s::jsonb, 'spam', '{}')",
    ),
    Attack("taking over to answer", "SELECT app.take_over(NULL, %(waiting_seen)s::jsonb)"),
    Attack("taking a leader's move back", "SELECT app.undo_moves(%(batch)s, NULL, true)"),
    Attack("a colleague who has gone home", "SELECT app.gone_home(%(ben_id)s, '')"),
    Attack("how much everybody has", "SELECT 1 FROM app.loads()"),
    Attack("what was before a leader's move", "SELECT 1 FROM move_item"),
)


@pytest.fixture(scope="module")
def anna(connected: Callable[[str], Connection]) -> Connection:
    """An advisor's own connection."""
    return connected("anna")


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], anna: Connection, attack: Attack
) -> None:
    refused(anna, attacked[1], attack)


def test_the_same_is_there_for_those_whose_it_is(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    _, ids = attacked
    theirs = {
        "cora": (
            *("another queue", "that it has", "a restricted", "files by", "its counts"),
            *("who looks", "whose a restricted", "an own case", "what is expected of"),
        ),
        "ben": ("others'", "a colleague's draft", "a colleague's day", "another's Message-ID"),
    }

    for login, beginnings in theirs.items():
        connection = connected(login)
        for attack in ATTACKS:
            if attack.fails or not attack.what.startswith(beginnings):
                continue
            statement = attack.statement.replace("<> app.me()", "= app.me()")
            with connection.transaction(force_rollback=True):
                assert connection.execute(statement, ids).rowcount > 0, attack.what
