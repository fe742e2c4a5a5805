"""What somebody of the desk with psql cannot do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.centre import Centre
from tests.integration.store.attacking import (
    DESK,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)

ATTACKS = (
    unseen("another queue's contact", "SELECT 1 FROM contact WHERE id = %(care)s"),
    unseen("another queue's case", "SELECT 1 FROM cases WHERE id = %(care_case)s"),
    unseen("a colleague's draft", "SELECT 1 FROM draft"),
    unseen("colleagues' outgoing work", "SELECT 1 FROM outbox"),
    unseen("colleagues' events", "SELECT id FROM event"),
    unseen("colleagues' assignments", "SELECT 1 FROM assignment"),
    unseen("the centre's figures", "SELECT 1 FROM half_hour_stat"),
    unseen("assessments", "SELECT 1 FROM assessment"),
    unseen("colleagues' days", "SELECT 1 FROM presence_mark WHERE staff_id <> app.me()"),
    Attack("a colleague's presence", "SELECT app.presence_of(%(ben_id)s, 'lunch', NULL, '', NULL)"),
    Attack("content without a trace", "SELECT body_text FROM message"),
    Attack("who read what", "SELECT 1 FROM read_audit"),
    Attack("taking what a colleague has", "SELECT app.claim(%(ben)s)"),
    Attack("returning what a colleague has", "SELECT app.release(%(ben)s, 'mine now')"),
    Attack("passing on what nobody took", "SELECT app.transfer(%(waiting)s, 1, NULL, '')"),
    Attack("sending a colleague's stopped reply", "SELECT app.release_stopped(%(ben_message)s)"),
    Attack("a marker's activation", "SELECT app.marker_activate(%(marker)s, current_date + 90)"),
    Attack(
        "a colleague of one's own making",
        "SELECT app.staff_add('mallory', 'M', 'desk', '{}', %(verifier)s)",
    ),
    Attack("a queue of one's own", "INSERT INTO membership VALUES (app.me(), %(care_queue)s)"),
    Attack("becoming an advisor", "SET ROLE crm_advisor"),
    Attack("becoming an administrator", "SET ROLE crm_admin"),
    Attack("changing what happened", "UPDATE event SET kind = 'x'"),
    Attack("removing what happened", "DELETE FROM event"),
    Attack("reports", "SELECT 1 FROM report.events"),
)


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Their own connection."""
    return connected(DESK)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, attacked[1], attack)
