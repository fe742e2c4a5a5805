"""What one history counts as, and how a person's time is shared among what is in hand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm_desktop.domain.counting import (
    Counted,
    Happening,
    Kept,
    Presences,
    Span,
    Subject,
    What,
    counted,
    queue_at,
    spans,
    time_of,
)
from crm_desktop.domain.figures import Promise

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
KEPT = Kept(lambda *_: Promise(600, short_seconds=60), lambda _q, _c, begin, end: end - begin)
AFTER = {
    "contact.taken": True, "contact.resumed": True, "contact.wrap_up": True,
    "contact.completed": False, "contact.returned": False, "contact.transferred": False,
    "contact.undone": False,
}  # fmt: skip


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def event(minutes: float, what: str, actor: int | None = None, **data: Any) -> Happening:
    kind = what if "." in what else f"contact.{what}"
    return Happening(at(minutes), kind, actor, data)


def subject(**values: Any) -> Subject:
    given: Mapping[str, Any] = {
        "id": 1, "channel": "call", "inbound": True, "queue_id": 7, "received_at": NINE
    } | values  # fmt: skip
    return Subject(**given)


def whats(subject_: Subject, *history: Happening) -> dict[What, Counted]:
    return {each.what: each for each in counted(subject_, history, KEPT)}


def test_an_answer_is_the_first_taking_and_its_wait_begins_at_the_entry() -> None:
    found = whats(
        subject(), event(0, "received"), event(4, "taken", 1), event(5, "returned", 1),
        event(20, "taken", 2),
    )  # fmt: skip

    assert found.keys() == {What.ARRIVED, What.ANSWERED}
    answered = found[What.ANSWERED]
    assert (answered.at, answered.wait_seconds, answered.within, answered.short) == (
        at(4), 240, True, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("ends", "what"),
    [
        ("abandoned", What.ABANDONED),
        ("spam", What.OTHER_EXIT),
        ("callback", What.OTHER_EXIT),
        ("completed", What.OTHER_EXIT),
    ],
)
def test_who_is_not_taken_gave_up_or_left_otherwise(ends: str, what: What) -> None:
    found = whats(subject(), event(0, "received"), event(0.5, ends))

    assert what in found
    assert What.ANSWERED not in found
    assert found[what].short


def test_who_was_there_after_all_did_not_go() -> None:
    found = whats(
        subject(),
        event(0, "received"),
        event(1, "left", 1),
        event(1.1, "visit.back", 1, undone=True),
        event(4, "taken", 1),
    )

    assert What.ABANDONED not in found
    assert found[What.ANSWERED].wait_seconds == 240


def test_what_was_logged_by_hand_waited_for_nobody_and_is_completed() -> None:
    found = whats(subject(), event(0, "logged", 1), event(0, "completed", 1, resolution="resolved"))

    assert found.keys() == {What.COMPLETED}


def test_what_we_began_is_handled_and_nothing_else() -> None:
    found = whats(
        subject(inbound=False),
        event(0, "taken", 1),
        event(3, "completed", 1, resolution="resolved"),
    )

    assert found.keys() == {What.HANDLED}


@pytest.mark.parametrize(
    ("resolution", "handed_off", "service_counts", "first_point"),
    [
        ("resolved", False, True, True),
        ("resolved", True, True, False),
        ("resolved", True, False, True),
        ("handed_off", True, True, False),
        ("handed_off", True, False, True),
        ("transferred_out", False, True, False),
        ("signposted_council", False, True, False),
        ("callback", False, True, False),
    ],
)
def test_a_hand_off_counts_against_resolution_where_the_service_says_so(
    resolution: str, handed_off: bool, service_counts: bool, first_point: bool
) -> None:
    history = [event(0, "received"), event(1, "taken", 1)]
    if handed_off:
        history.append(event(2, "handoff.requested", 1))
    history.append(event(3, "completed", 1, resolution=resolution, avoidable=True))
    history.append(event(4, "handoff.requested", 1))

    found = whats(subject(handoff_counts=service_counts), *history)[What.COMPLETED]

    assert found.first_point is first_point
    assert found.resolved is (resolution == "resolved")
    assert found.avoidable


def test_a_contact_counts_in_the_queue_that_it_was_in() -> None:
    history = (
        event(0, "received"),
        event(1, "taken", 1),
        event(2, "transferred", 1, queue=7, from_queue=3, staff=None),
        event(3, "taken", 2),
        event(4, "completed", 2, resolution="resolved"),
    )

    assert [queue_at(subject(), history, n) for n in range(5)] == [3, 3, 7, 7, 7]


def test_a_move_that_was_undone_is_undone_in_what_it_counts_as() -> None:
    history = (
        event(0, "received", queue=3),
        event(1, "transferred", 9, queue=7, from_queue=3),
        event(1.1, "undone", 9, queue=3, state="queued", staff=None),
        event(2, "taken", 1),
    )

    assert queue_at(subject(queue_id=3), history, 1) == 7
    assert queue_at(subject(queue_id=3), history, 3) == 3


def test_wrapping_up_is_still_having_it_in_hand() -> None:
    found = spans(
        subject(),
        [event(1, "taken", 1), event(5, "wrap_up", 1), event(8, "completed", 1)],
        AFTER,
        at(60),
    )  # fmt: skip

    assert found == (Span(1, 7, "call", at(1), at(8)),)


def test_what_is_still_in_hand_goes_on_until_now() -> None:
    assert spans(subject(), [event(1, "taken", 1)], AFTER, at(10)) == (
        Span(1, 7, "call", at(1), at(10)),
    )


def test_a_leader_resumes_for_whoever_had_it_and_an_undoing_gives_it_back() -> None:
    resumed = spans(
        subject(),
        [event(1, "taken", 1), event(2, "returned", 1), event(3, "resumed", 9)],
        AFTER,
        at(4),
    )
    undone = spans(
        subject(),
        [
            event(1, "taken", 1),
            event(2, "transferred", 9),
            event(3, "undone", 9, state="active", staff=1),
        ],
        AFTER,
        at(4),
    )  # fmt: skip

    assert [each.staff_id for each in resumed] == [1, 1]
    assert [(each.staff_id, each.begin) for each in undone] == [(1, at(1)), (1, at(3))]


def span(channel: str, begin: float, end: float, queue: int = 7) -> Span:
    return Span(1, queue, channel, at(begin), at(end))


def presence(*spells: tuple[float, bool]) -> dict[int, Presences]:
    return {1: Presences(tuple((at(minutes), here) for minutes, here in spells))}


def test_two_chats_at_once_are_one_person_at_work() -> None:
    found = time_of(
        [span("chat", 0, 20), span("chat", 0, 20)], presence((0, True)), frozenset(), NINE, at(30)
    )

    assert sum(found.busy.values()) == 1200
    assert sum(found.available.values()) == 1800
    assert sum(found.handled.values()) == 1200


def test_a_call_takes_all_the_time_from_mail() -> None:
    found = time_of(
        [span("email", 0, 30), span("call", 10, 20)],
        presence((0, True)), frozenset({"email"}), NINE, at(30),
    )  # fmt: skip

    assert found.handled == {(NINE, 7, "email"): 1200, (NINE, 7, "call"): 600}


def test_nobody_works_while_they_are_away_and_half_hours_are_cut() -> None:
    found = time_of(
        [span("email", 0, 60)], presence((0, True), (20, False), (40, True)), frozenset(),
        NINE, at(60),
    )  # fmt: skip

    assert found.handled == {(NINE, 7, "email"): 1200, (at(30), 7, "email"): 1200}
    assert found.available == {(NINE, 1): 1200, (at(30), 1): 1200}


def test_of_whom_nothing_is_known_the_work_counts_but_no_occupancy() -> None:
    found = time_of([span("email", 0, 10)], {}, frozenset(), NINE, at(30))

    assert found.handled == {(NINE, 7, "email"): 600}
    assert not found.available
    assert not found.busy


def test_who_left_a_chat_waited_until_they_left_and_not_until_it_was_noticed() -> None:
    found = whats(
        subject(channel="chat"), event(0, "received"),
        event(10.5, "abandoned", by="gone", waited=30.0),
    )  # fmt: skip

    gone = found[What.ABANDONED]
    assert (gone.at, gone.wait_seconds, gone.within, gone.short) == (at(10.5), 30, True, True)


def test_a_chat_that_its_visitor_takes_up_again_never_left_its_holder() -> None:
    found = spans(
        subject(channel="chat"),
        (
            event(0, "received"), event(1, "taken", 5), event(6, "wrap_up", staff=5),
            event(7, "resumed", staff=5, by="visitor"), event(9, "completed", 5),
        ),
        AFTER,
        at(20),
    )  # fmt: skip

    assert found == (Span(5, 7, "chat", at(1), at(9)),)
