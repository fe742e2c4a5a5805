"""What nobody can do with psql about people, huddles, private notes and decisions."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_desktop.store.models import OutboxItem
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import (
    LEADER,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)

_TO_ALL = "SELECT app.huddle_send('all', NULL, 'Go home', now() + interval '1 hour')"
_FOREIGN_QUEUE = "SELECT app.person_queue(%(anna_id)s, %(care_queue)s, true, NULL, NULL)"

ADVISOR_ATTACKS = (
    Attack("a huddle to everybody", _TO_ALL),
    Attack(
        "a huddle to a colleague",
        "SELECT app.huddle_send('one', %(ben_id)s, 'Go home', now() + interval '1 hour')",
    ),
    Attack(
        "a huddle by hand",
        "INSERT INTO huddle (author_id, scope, words, expires_at)"
        " VALUES (%(leader_id)s, 'all', 'Go home', now() + interval '1 hour')",
    ),
    Attack("a huddle's other words", "UPDATE huddle SET words = 'x'"),
    Attack("a huddle's end", "SELECT app.huddle_end(%(huddle)s)"),
    unseen("another queue's huddle", "SELECT 1 FROM huddle WHERE id = %(care_huddle)s"),
    unseen("who has read a huddle", "SELECT 1 FROM huddle_receipt WHERE staff_id <> app.me()"),
    Attack("reading a huddle of others'", "SELECT app.huddle_read(%(care_huddle)s)"),
    Attack(
        "a receipt for somebody else",
        "INSERT INTO huddle_receipt (huddle_id, staff_id, author_id, read_at)"
        " VALUES (%(care_huddle)s, %(ben_id)s, %(leader_id)s, now())",
    ),
    Attack(
        "a receipt by hand", "UPDATE huddle_receipt SET read_at = now() WHERE staff_id = app.me()"
    ),
    Attack("a receipt undone", "DELETE FROM huddle_receipt"),
    Attack(
        "an event of reading",
        "INSERT INTO event (kind, actor_id, data) VALUES ('huddle.read', app.me(), '{}')",
    ),
    unseen("others' private notes", "SELECT 1 FROM staff_note"),
    Attack("a private note to a stranger", "SELECT app.note_send(%(leader_id)s, 'x')"),
    Attack(
        "a private note in another's name",
        "INSERT INTO staff_note (from_id, to_id, words) VALUES (%(leader_id)s, app.me(), 'x')",
    ),
    Attack("a private note's words", "UPDATE staff_note SET words = 'x'"),
    Attack("queues of one's own giving", _FOREIGN_QUEUE),
    Attack(
        "a queue for longer",
        "UPDATE membership SET until = NULL WHERE staff_id = app.me()",
    ),
    Attack(
        "a colleague's queue for a while",
        "SELECT app.person_queue(%(ben_id)s, %(general_queue)s, false, NULL, NULL)",
    ),
    Attack(
        "skills of one's own", "SELECT app.person_skill(app.me(), %(skill)s, 5, NULL)"
    ),
    Attack(
        "skills by hand",
        "INSERT INTO staff_skill (staff_id, skill_id, level) VALUES (app.me(), %(skill)s, 5)",
    ),
    Attack("a skill of the catalogue", "SELECT app.skill_put(NULL, 'Juggling')"),
    Attack("closing a colleague's desktop", "SELECT app.sign_out(%(ben_id)s)"),
    Attack("closing a team leader's desktop", "SELECT app.sign_out(%(leader_id)s)"),
    unseen("who was signed out", "SELECT 1 FROM sign_out"),
    Attack("that one was signed out", "DELETE FROM sign_out"),
    Attack("what is over before its time", "SELECT app.whiles_end()"),
    Attack("whom one leads", "SELECT app.led(%(ben_id)s)"),
    Attack("what waits for a decision", "SELECT 1 FROM app.decisions(now(), 50)"),
    Attack("a colleague's reply given up", "SELECT app.let_be(%(ben_outbox)s)"),
    Attack(
        "that something was given up",
        "INSERT INTO event (kind, actor_id, data) VALUES ('outbox.let_be', app.me(), '{}')",
    ),
    Attack(
        "channels without end",
        "SELECT app.presence_channels(array_fill('call'::text, ARRAY[100000]))",
    ),
    Attack(
        "parking until no desktop could read it", "SELECT app.park(%(own)s, 'infinity', false)"
    ),
)  # fmt: skip
LEADER_ATTACKS = (
    Attack(
        "a huddle to another queue",
        "SELECT app.huddle_send('queue', %(care_queue)s, 'x', now() + interval '1 hour')",
    ),
    Attack(
        "a huddle for ever",
        "SELECT app.huddle_send('all', NULL, 'x', now() + interval '1 year')",
    ),
    Attack("another leader's huddle's end", "SELECT app.huddle_end(%(huddle)s)"),
    unseen(
        "who has read another leader's huddle",
        "SELECT 1 FROM huddle_receipt WHERE huddle_id = %(huddle)s AND staff_id <> app.me()",
    ),
    unseen("private notes of others", "SELECT 1 FROM staff_note"),
    Attack("a queue that is not theirs", _FOREIGN_QUEUE),
    Attack(
        "a queue of their own giving",
        "SELECT app.person_queue(app.me(), %(general_queue)s, true, NULL, NULL)",
    ),
    Attack(
        "a queue for an administrator",
        "SELECT app.person_queue(%(admin_id)s, %(general_queue)s, false, NULL, NULL)",
    ),
    Attack("a new skill", "SELECT app.skill_put(NULL, 'Juggling')"),
    Attack("closing an administrator's desktop", "SELECT app.sign_out(%(admin_id)s)"),
    Attack(
        "signing out somebody of another queue",
        "SELECT app.sign_out((SELECT id FROM staff WHERE login = 'cora'))",
    ),
    Attack("another queue's reply given up", "SELECT app.let_be(%(care_outbox)s)"),
    Attack(
        "a queue until no desktop could read it",
        "SELECT app.person_queue(%(anna_id)s, %(general_queue)s, true, 'infinity', NULL)",
    ),
    Attack(
        "off a queue until no desktop could read it",
        "SELECT app.person_queue(%(anna_id)s, %(general_queue)s, true, NULL, 'infinity')",
    ),
    Attack(
        "a skill until no desktop could read it",
        "SELECT app.person_skill(%(anna_id)s, %(skill)s, 5, 'infinity')",
    ),
)
GATEWAY_ATTACKS = (
    Attack("huddles", "SELECT 1 FROM huddle"),
    Attack("private notes", "SELECT 1 FROM staff_note"),
    Attack("somebody's desktop's end", "SELECT app.sign_out(%(ben_id)s)"),
    Attack("somebody's queues", "DELETE FROM membership"),
)


@pytest.mark.parametrize("attack", named(ADVISOR_ATTACKS))
def test_an_advisor_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected("anna"), attacked[1], attack)


@pytest.mark.parametrize("attack", named(LEADER_ATTACKS))
def test_a_team_leader_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(LEADER), attacked[1], attack)


@pytest.mark.parametrize("attack", named(GATEWAY_ATTACKS))
def test_the_gateway_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(GATEWAY_LOGIN), attacked[1], attack)


def test_whose_it_is_may(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    _, ids = attacked
    may = {
        LEADER: (
            _TO_ALL,
            "SELECT 1 FROM app.decisions(now() + interval '3 days', 50)",
            "SELECT app.person_queue(%(anna_id)s, %(general_queue)s, true, NULL, NULL)",
            "SELECT app.person_skill(%(anna_id)s, %(skill)s, 5, NULL)",
        ),
        "rose": (
            "SELECT 1 FROM huddle_receipt WHERE huddle_id = %(huddle)s AND staff_id <> app.me()",
            "SELECT 1 FROM staff_note WHERE id = %(private)s",
            "SELECT app.huddle_end(%(huddle)s)",
            "SELECT app.let_be(%(care_outbox)s)",
            _FOREIGN_QUEUE,
        ),
        "ben": (
            "SELECT 1 FROM staff_note WHERE id = %(private)s",
            "SELECT app.note_send((SELECT from_id FROM staff_note WHERE id = %(private)s), 'Yes')",
        ),
        "cora": (
            "SELECT 1 FROM huddle WHERE id = %(care_huddle)s",
            "SELECT app.huddle_read(%(care_huddle)s)",
        ),
        GATEWAY_LOGIN: ("SELECT app.whiles_end()",),
    }
    for login, statements in may.items():
        connection = connected(login)
        for statement in statements:
            with connection.transaction(force_rollback=True):
                assert connection.execute(statement, ids).rowcount > 0, statement


def test_people_learn_their_own_receipts_alone(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    anna = connected("anna")
    with anna.transaction(force_rollback=True):
        rows = anna.execute("SELECT staff_id = app.me() FROM huddle_receipt").fetchall()
    assert rows == [(True,)]


def test_nobody_is_passed_what_was_theirs_to_see_until_yesterday(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    given = Attack("a former member", "SELECT app.transfer(%(care)s, NULL, %(ben_id)s, '')")
    refused(connected("cora"), attacked[1], given)


def test_outgoing_work_of_nowhere_is_nobodys_to_give_up(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection]
) -> None:
    centre, ids = attacked
    with centre.as_owner().write() as tx:
        nowhere = OutboxItem(lane="email", state="dead")
        tx.session.add(nowhere)
        tx.session.flush()
        lost = {**ids, "nowhere": nowhere.id}
    refused(connected(LEADER), lost, Attack("of nowhere", "SELECT app.let_be(%(nowhere)s)"))
