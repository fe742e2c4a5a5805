"""What a team leader with psql cannot do: other queues, others' rights, what happened."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import pytest

from tests.centre import Centre
from tests.integration.store.attacking import (
    LEADER,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)

#: Another queue's contact as its own people see it.
_CARE: LiteralString = "%(care_seen)s::jsonb"
_MOVED: LiteralString = "WHERE json_typeof(r -> 0) = 'array'"
ATTACKS = (
    Attack("a round of routing", "SELECT app.route(9, '{}')"),
    Attack("why another queue's contact waits", "SELECT app.explain(%(care)s, '{}')"),
    Attack("raising another queue's contact", "SELECT app.boost(%(care)s, 5, 'x')"),
    Attack("somebody's work back by hand", "SELECT app.return_work(%(ben_id)s, 'x')"),
    unseen("another queue's contact", "SELECT 1 FROM contact WHERE id = %(care)s"),
    unseen("another queue's case", "SELECT 1 FROM cases WHERE id = %(care_case)s"),
    unseen(
        "another queue's notes of passing on",
        "SELECT 1 FROM assignment WHERE contact_id = %(care)s",
    ),
    unseen("another queue's outgoing work", "SELECT 1 FROM outbox WHERE id = %(care_outbox)s"),
    unseen("another queue's replies", "SELECT id FROM message WHERE id = %(care_reply)s"),
    unseen("another queue's draft", "SELECT 1 FROM draft WHERE contact_id = %(care)s"),
    unseen("another queue's counts", "SELECT 1 FROM queue_stat WHERE queue_id = %(care_queue)s"),
    unseen("another queue's days", "SELECT 1 FROM presence_mark WHERE staff_id = %(cora_id)s"),
    Attack(
        "the presence of somebody in another queue",
        "SELECT app.presence_of(%(cora_id)s, 'lunch', NULL, '', NULL)",
    ),
    Attack("somebody's day", "DELETE FROM presence_mark WHERE staff_id = %(ben_id)s"),
    unseen(
        "a restricted queue's figures",
        "SELECT 1 FROM half_hour_stat WHERE queue_id = %(care_queue)s",
    ),
    unseen(
        "which of its contacts a figure counts",
        "SELECT 1 FROM counted_contact WHERE contact_id = %(care)s",
    ),
    unseen(
        "how another queue's people spent their time",
        "SELECT 1 FROM half_hour_staff WHERE staff_id = %(cora_id)s",
    ),
    Attack("a better figure", "UPDATE half_hour_stat SET answered_within = 99"),
    Attack("a figure's end", "DELETE FROM half_hour_stat"),
    unseen(
        "what somebody of another queue has in hand",
        "SELECT 1 FROM app.team_hands() WHERE staff_id = %(cora_id)s OR contact_id = %(care)s",
    ),
    unseen(
        "how much somebody of another queue did",
        "SELECT 1 FROM app.team_today() WHERE staff_id = %(cora_id)s",
    ),
    unseen("another queue's recording", "SELECT id FROM recording WHERE id = %(recording)s"),
    unseen("another queue's timeline", "SELECT 1 FROM app.events(%(care)s)"),
    unseen(
        "an assessment of oneself before its time",
        "SELECT 1 FROM assessment WHERE staff_id = app.me()",
    ),
    unseen(
        "an assessment that was released already",
        "UPDATE assessment SET words = 'x' WHERE id = %(released)s",
    ),
    unseen("a colleague's draft's words", "UPDATE draft SET content = '{}'"),
    Attack("another queue's messages", "SELECT 1 FROM app.open_contact(%(care)s)"),
    Attack("another queue's contact opened", "SELECT app.opened(%(care)s, 20)"),
    Attack(
        "a reply to another queue's contact",
        "SELECT app.reply(%(care)s, false, NULL, '{}', 'x', 'x', '<x@x>', '[]', 10)",
    ),
    Attack("another queue's file", "SELECT 1 FROM app.open_attachment(%(attachment)s)"),
    Attack("another queue's sound", "SELECT app.recording_listen(%(recording)s, %(key)s)"),
    Attack("a hold in another queue", "SELECT app.recording_hold(%(recording)s, 'Because')"),
    Attack("a hold without a reason", "SELECT app.recording_hold(%(own_recording)s, ' ')"),
    Attack("a request in another queue", "SELECT app.request_open(%(recording)s, 'Me')"),
    unseen("another queue's requests", "SELECT id FROM recording_request WHERE id = %(request)s"),
    Attack("another queue's transcript", "SELECT app.request_read(%(request)s)"),
    Attack("a colleague's sound", "SELECT app.playback_read(%(playback)s)"),
    Attack("a recording's end by hand", "UPDATE recording SET destroyed_at = now()"),
    Attack("passing on another queue's contact", "SELECT app.transfer(%(care)s, 1, NULL, '')"),
    Attack("trying another queue's work again", "SELECT app.retry_dead(%(care_outbox)s)"),
    Attack("sending another queue's stopped reply", "SELECT app.release_stopped(%(care_reply)s)"),
    Attack("moving another queue's case", "SELECT app.refile(%(care_case)s, %(council_tax)s)"),
    Attack(
        "assessing in another queue",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(care)s, app.me(), %(anna_id)s, 'draft', '{}', '')",
    ),
    Attack(
        "assessing oneself",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(own)s, app.me(), app.me(), 'draft', '{}', '')",
    ),
    Attack(
        "assessing under another name",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(own)s, %(ben_id)s, %(anna_id)s, 'draft', '{}', '')",
    ),
    Attack("an assessment's end", "DELETE FROM assessment"),
    Attack("a marker for good", "SELECT app.marker_activate(%(marker)s, NULL)"),
    Attack(
        "a marker by hand",
        "INSERT INTO safety_marker (customer_id, state, words)"
        " VALUES (%(customer)s, 'active', 'x')",
    ),
    Attack(
        "a colleague of one's own making",
        "SELECT app.staff_add('mallory', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack("a colleague's end", "SELECT app.staff_disable(%(ben_id)s)"),
    Attack("one's own role", "UPDATE staff SET role = 'admin' WHERE id = app.me()"),
    Attack("one's own queues", "INSERT INTO membership VALUES (app.me(), %(care_queue)s)"),
    Attack("becoming an administrator", "SET ROLE crm_admin"),
    Attack("a contact's owner by hand", "UPDATE contact SET owner_id = app.me()"),
    Attack("who read what", "SELECT 1 FROM read_audit"),
    Attack("removing every trace", "DELETE FROM read_audit"),
    Attack("changing what happened", "UPDATE event SET data = '{}'"),
    Attack("a queue that is restricted no more", "UPDATE queue SET restricted = false"),
    unseen(
        "giving another queue's contact away",
        f"SELECT 1 FROM app.reassign({_CARE}, %(general_queue)s, '') r {_MOVED}",
    ),
    unseen(
        "giving another queue's contact to oneself",
        f"SELECT 1 FROM app.reassign(jsonb_set({_CARE}, '{{0,to}}', to_jsonb(app.me())), NULL, '')"
        f" r {_MOVED}",
    ),
    unseen(
        "closing another queue's contact as spam",
        f"SELECT 1 FROM app.change_many({_CARE}, 'spam', '{{}}') r {_MOVED}",
    ),
    unseen(
        "answering another queue's contact",
        f"SELECT 1 FROM app.take_over(NULL, {_CARE}) r {_MOVED}",
    ),
    Attack("sending a stranger home", "SELECT app.gone_home(%(cora_id)s, '')"),
    Attack(
        "a restricted service that is not theirs",
        "SELECT app.change_many('[{\"id\": 1}]', 'service',"
        " jsonb_build_object('service', %(concern)s::bigint))",
    ),
    Attack("taking back what another leader did", "SELECT app.undo_moves(%(batch)s, NULL, true)"),
    Attack("more of another leader's batch", f"SELECT app.take_over(%(batch)s, {_CARE})"),
    Attack(
        "an answer that never was",
        "SELECT app.took_over(%(batch)s, %(own)s, %(message)s, true)",
    ),
    unseen(
        "another leader's answers",
        "SELECT 1 FROM app.batch_answers(%(batch)s)",
    ),
    Attack("what was before a move", "SELECT 1 FROM move_item"),
    Attack("who moved what", "SELECT 1 FROM move_batch"),
    Attack("a move that can be undone for ever", "UPDATE move_batch SET at = 'infinity'"),
    Attack("what a move begins with", "SELECT app.move_begin('given', '[]', '{queued}')"),
    Attack(
        "what was, put back",
        "SELECT app.put_back(b, ARRAY[%(care)s]) FROM move_batch b",
    ),
    Attack("what a move ends with", "SELECT app.move_end(%(batch)s)"),
    Attack("who touched a contact last", "SELECT app.last_hand(%(care)s, NULL)"),
    Attack("somebody's work returned", "SELECT app.return_work(%(ben_id)s, '')"),
    unseen(
        "what is expected of another queue",
        "SELECT 1 FROM arrival_forecast WHERE queue_id = %(care_queue)s",
    ),
    Attack(
        "another queue's rules",
        "SELECT app.queue_change(%(care_queue)s, app.queue_settings(%(care_queue)s),"
        " app.queue_settings(%(care_queue)s))",
    ),
    Attack(
        "a queue's rules that nobody has seen",
        "SELECT app.queue_change(%(general_queue)s, '{}', app.queue_settings(%(general_queue)s))",
    ),
    Attack(
        "rules that no queue can have",
        "SELECT app.queue_change(%(general_queue)s, app.queue_settings(%(general_queue)s),"
        " app.queue_settings(%(general_queue)s) || '{\"offer_seconds\": 0}')",
    ),
    Attack(
        "rules that are not what they should be",
        "SELECT app.queue_change(%(general_queue)s, app.queue_settings(%(general_queue)s),"
        ' app.queue_settings(%(general_queue)s) || \'{"targets": {"call": 1}}\')',
    ),
    Attack(
        "a skill that is none",
        "SELECT app.queue_change(%(general_queue)s, app.queue_settings(%(general_queue)s),"
        " app.queue_settings(%(general_queue)s)"
        ' || \'{"skills": {"1 OR true": {"level": 1}}}\')',
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
    Attack(
        "what somebody did whose time in their queues is over",
        "SELECT 1 FROM app.did_hourly(%(cora_id)s, now() - interval '1 day', now())",
    ),
    unseen(
        "such a person among those to ask about",
        "SELECT 1 FROM app.auditable_staff() WHERE id = %(cora_id)s",
    ),
    Attack(
        "parking many until no desktop could read it",
        "SELECT app.change_many(%(waiting_seen)s, 'parked', '{\"until\": \"infinity\"}')",
    ),
)


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Their own connection."""
    return connected(LEADER)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, attacked[1], attack)


def test_what_is_theirs_is_there(attacked: tuple[Centre, Ids], session: Connection) -> None:
    _, ids = attacked
    with session.transaction(force_rollback=True):
        for statement in (
            "SELECT 1 FROM assignment WHERE contact_id = %(ben)s",
            "SELECT 1 FROM half_hour_stat WHERE queue_id = %(general_queue)s",
            "SELECT 1 FROM counted_contact WHERE contact_id = %(ben)s",
            "SELECT 1 FROM half_hour_staff WHERE staff_id = %(ben_id)s",
            "SELECT 1 FROM outbox WHERE id = %(ben_outbox)s",
            "SELECT 1 FROM outbox WHERE handoff_id = %(ben_handoff)s",
            "SELECT 1 FROM assessment WHERE id = %(assessment)s",
            "SELECT 1 FROM draft WHERE contact_id = %(ben)s",
            "SELECT app.marker_activate(%(marker)s, current_date + 90)",
            "SELECT app.release(%(ben)s, 'gone home')",
            "SELECT 1 FROM app.loads()",
            "SELECT app.gone_home(%(ben_id)s, '')",
            f"SELECT 1 FROM app.change_many(%(waiting_seen)s, 'spam', '{{}}') r {_MOVED}",
            (
                "SELECT app.queue_change(%(general_queue)s, app.queue_settings(%(general_queue)s),"
                " app.queue_settings(%(general_queue)s) || '{\"push\": true}')"
            ),
        ):
            assert session.execute(statement, ids).rowcount > 0, statement
