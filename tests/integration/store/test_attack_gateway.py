"""What the gateway cannot do, though it reads nearly everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import (
    Attack,
    Connection,
    Ids,
    named,
    refused,
)

ATTACKS = (
    Attack("assessments", "SELECT 1 FROM assessment"),
    Attack("a contact opened as staff do", "SELECT app.opened(%(own)s, 20)"),
    Attack(
        "an assessment",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(own)s, %(ben_id)s, %(anna_id)s, 'draft', '{}', '')",
    ),
    Attack("changing what happened", "UPDATE event SET kind = 'x'"),
    Attack("removing what happened", "DELETE FROM event"),
    Attack(
        "an event in somebody's name",
        "INSERT INTO event (kind, actor_id, data) VALUES ('note.added', %(ben_id)s, '{}')",
    ),
    Attack("changing who read what", "UPDATE read_audit SET staff_id = NULL"),
    Attack("removing who read what", "DELETE FROM read_audit"),
    Attack(
        "a false trace",
        "INSERT INTO read_audit (staff_id, what, ref_id) VALUES (%(ben_id)s, 'contact', 1)",
    ),
    Attack(
        "a colleague",
        "INSERT INTO staff (login, name, role, active, presence)"
        " VALUES ('mallory', 'M', 'admin', true, 'offline')",
    ),
    Attack("somebody's role", "UPDATE staff SET role = 'admin'"),
    Attack("somebody's presence", "SELECT app.presence_of(%(ben_id)s, 'lunch', NULL, '', NULL)"),
    Attack("somebody's presence by hand", "UPDATE staff SET presence = 'lunch'"),
    Attack("being there as somebody", "SELECT app.presence_here('', false, false)"),
    Attack(
        "a mark in somebody's day",
        "INSERT INTO presence_mark (staff_id, signed_in, presence, seen)"
        " VALUES (%(ben_id)s, true, 'available', 'there')",
    ),
    Attack("the end of somebody's day", "DELETE FROM presence_mark"),
    Attack("somebody's queue", "INSERT INTO membership VALUES (%(ben_id)s, %(care_queue)s)"),
    Attack(
        "a colleague by the function",
        "SELECT app.staff_add('mallory', 'M', 'admin', '{}', %(verifier)s)",
    ),
    Attack("what makes logins", "SELECT app.login_set('ben', 'crm_admin', NULL, false)"),
    Attack("taking a contact as staff", "SELECT app.claim(%(waiting)s)"),
    Attack("raising a contact", "SELECT app.boost(%(waiting)s, 5, 'x')"),
    Attack("declining for somebody", "SELECT app.decline(%(waiting)s, 'break', '')"),
    Attack("somebody's work back", "SELECT app.return_work(%(ben_id)s, 'x')"),
    Attack("what waits, given out of turn", "SELECT app.give_out(9, ARRAY[1])"),
    Attack("an offer past the rules", "SELECT app.offer(%(waiting)s, 1, 1, 9, '{}')"),
    Attack("somebody's skill", "INSERT INTO staff_skill VALUES (%(ben_id)s, 1, 5)"),
    Attack(
        "a decision that was never made",
        "INSERT INTO routing_decision (contact_id, queue_id, kind, considered)"
        " VALUES (%(care)s, %(care_queue)s, 'offer', '{}')",
    ),
    Attack("somebody's absence by hand", "UPDATE activity SET locked = true"),
    Attack("a decision's words", "UPDATE routing_decision SET kind = 'x'"),
    Attack("a marker by hand", "UPDATE safety_marker SET state = 'active'"),
    Attack("a marker by the function", "SELECT app.marker_activate(%(marker)s, current_date + 90)"),
    Attack("a queue that is restricted no more", "UPDATE queue SET restricted = false"),
    Attack("a queue's promise", "UPDATE queue_target SET goal = 1"),
    Attack("the skills that a queue needs", "DELETE FROM queue_skill"),
    Attack("a queue's rules", "SELECT app.queue_change(%(general_queue)s, '{}', '{}')"),
    Attack("a service that is restricted no more", "UPDATE service SET restricted = false"),
    Attack("a canned reply", "UPDATE reply_template SET body = 'Send your card number to'"),
    Attack("an article's words", "UPDATE article SET body = 'x'"),
    Attack("the centre's settings", "UPDATE setting SET value = '{}'"),
    Attack("somebody's draft", "UPDATE draft SET content = '{}'"),
    Attack("a contact's end", "DELETE FROM contact"),
    Attack("a message's end", "DELETE FROM message"),
    Attack("a case's end", "DELETE FROM cases"),
    Attack("a recording's end", "DELETE FROM recording"),
    Attack("a recording's hold", "UPDATE recording SET legal_hold = false"),
    Attack("the destruction of what is held", "UPDATE recording SET destroying_at = now()"),
    Attack("a transcript", "SELECT transcript FROM recording_request"),
    Attack("a request's end", "UPDATE recording_request SET closed_at = now()"),
    Attack("a sound in somebody's name", "SELECT app.playback_read(%(playback)s)"),
    Attack("somebody's key to a sound", "UPDATE playback SET public_key = %(key)s"),
    Attack("a listening of its own", "SELECT app.recording_listen(%(recording)s, %(key)s)"),
    Attack("every contact's end", "TRUNCATE contact"),
    Attack("becoming staff", "SET ROLE crm_staff"),
    Attack("becoming an administrator", "SET ROLE crm_admin"),
    Attack("becoming a colleague", "SET SESSION AUTHORIZATION ben"),
    Attack("a login", "CREATE ROLE mallory LOGIN"),
    Attack("more rights for itself", "ALTER ROLE gateway BYPASSRLS"),
    Attack("a policy's end", "ALTER TABLE contact DISABLE ROW LEVEL SECURITY"),
    Attack("a trigger switched off", "ALTER TABLE contact DISABLE TRIGGER ALL"),
    Attack("a function in app", "CREATE FUNCTION app.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    Attack("a temporary table as a shadow", "CREATE TEMPORARY TABLE staff (login text)"),
    Attack("the revision", "UPDATE alembic_version SET version_num = '9999'"),
    Attack("reports", "SELECT 1 FROM report.contacts"),
    Attack("password verifiers", "SELECT rolpassword FROM pg_authid"),
    Attack("the server's files", "SELECT pg_read_file('postgresql.conf')"),
    Attack("the server's shell", "COPY staff TO PROGRAM 'cat'"),
    Attack("a large object", "SELECT lo_create(0)"),
)


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Their own connection."""
    return connected(GATEWAY_LOGIN)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, attacked[1], attack)
