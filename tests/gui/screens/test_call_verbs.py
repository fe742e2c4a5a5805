"""Which verb makes sense when, for whom, and why not: the table behind keys, buttons and tips."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_desktop.desktop.screens.calls import words
from crm_desktop.desktop.screens.calls.verbs import LOST, NO_CALL, Part, is_live, part_of, why_not
from crm_desktop.domain.calls import CallState, CallView, Leg, LegRole, LegState, Verb

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
ME, BEN = 1, 2
THIRD = Leg(3, LegRole.THIRD, LegState.UP, BEN, "Ben Achebe", "102", "", NOW)
TALKING = CallView(
    7, CallState.TALKING, NOW, "+441632960123", "", "Margaret Okafor", "Main line", "", False, None,
    False, "on", NOW, NOW, None, "", False, 0, 0, None, ME,
    (Leg(1, LegRole.ADVISOR, LegState.UP, ME, "Anna", "", "", NOW),),
)  # fmt: skip


def _may(call: CallView | None, me: int = ME) -> set[Verb]:
    return {verb for verb in Verb if not why_not(verb, call, me)}


@pytest.mark.parametrize(
    ("state", "verbs"),
    [
        (CallState.RINGING, {Verb.ANSWER}),
        (
            CallState.TALKING,
            {
                *(Verb.HOLD, Verb.MUTE, Verb.DTMF, Verb.CONSULT, Verb.TRANSFER, Verb.HANG_UP),
                Verb.PAUSE_RECORDING,
            },
        ),
        (
            CallState.HELD,
            {Verb.RESUME, Verb.CONSULT, Verb.TRANSFER, Verb.HANG_UP, Verb.PAUSE_RECORDING},
        ),
        (CallState.DIALLING, {Verb.HANG_UP}),
        (CallState.CALLBACK, {Verb.DIAL}),
        (CallState.ENDED, {Verb.DIAL}),
    ],
)
def test_each_state_has_its_verbs(state: CallState, verbs: set[Verb]) -> None:
    assert _may(replace(TALKING, state=state)) == verbs


def test_a_call_that_was_passed_on_to_the_outside_is_not_one_s_own_any_more() -> None:
    there = Leg(3, LegRole.THIRD, LegState.UP, None, "01632 960777", "+441632960777", "", NOW)
    asked = replace(TALKING, state=CallState.CONSULTING, legs=(*TALKING.legs, there))
    given = replace(TALKING, legs=(there,))

    assert (is_live(asked, ME), is_live(given, ME)) == (True, False)
    assert _may(given) == {Verb.DIAL}
    said = words.shown(given, ME, "01632 960123")
    assert (said.state, said.detail) == ("Passed on", "talks with 01632 960777")
    # To a colleague it is given as a whole.
    assert is_live(replace(TALKING, legs=(THIRD,), owner_id=BEN), BEN)


def test_a_message_that_was_left_is_nobodys_call() -> None:
    left = replace(TALKING, state=CallState.ENDED, answered_at=None, after_id=6, ended_at=NOW)

    assert part_of(left, ME) is Part.NONE
    # A call after one that was cut off, and a callback that did not reach anybody, are calls.
    assert part_of(replace(left, answered_at=NOW), ME) is Part.OWN
    assert part_of(replace(left, callback=True), ME) is Part.OWN


def test_whom_one_asks_must_have_answered_before_they_can_be_given_the_call() -> None:
    asking = replace(TALKING, state=CallState.CONSULTING, legs=(*TALKING.legs, THIRD))
    rings = replace(asking, legs=(*TALKING.legs, replace(THIRD, state=LegState.RINGING)))

    assert {Verb.HAND_OVER, Verb.CONFERENCE, Verb.END_CONSULT} <= _may(asking)
    assert why_not(Verb.HAND_OVER, rings, ME) == "They have not answered yet."
    assert words.shown(rings, ME, "").state == "Calling Ben Achebe"


def test_only_whose_call_it_is_and_nobody_while_the_telephone_system_is_out_of_sight() -> None:
    asking = replace(TALKING, state=CallState.CONSULTING, legs=(*TALKING.legs, THIRD))
    lost = replace(TALKING, lost_since=NOW)

    assert _may(asking, BEN) == set()
    assert "phone itself" in why_not(Verb.HANG_UP, asking, BEN)
    assert _may(lost) == set()
    assert why_not(Verb.HOLD, lost, ME) == LOST
    assert why_not(Verb.HOLD, None, ME) == NO_CALL
    assert _may(None) == {Verb.DIAL}


def test_a_withheld_number_is_said_so_and_the_colleague_who_calls_is_named() -> None:
    withheld = replace(TALKING, number="", who="")
    asked = replace(
        TALKING, legs=(*TALKING.legs, replace(THIRD, state=LegState.RINGING, up_at=None))
    )

    assert words.shown(withheld, ME, "").who == "Number withheld"
    assert words.shown(asked, BEN, "").state == "Anna calls you"


def test_who_listens_sees_what_they_do_and_may_stop() -> None:
    ear = Leg(4, LegRole.LISTENER, LegState.UP, 9, "Rose Boateng", "", "listen", NOW)
    heard = replace(TALKING, legs=(*TALKING.legs, ear))

    assert _may(heard, 9) == {Verb.WHISPER, Verb.BARGE, Verb.STOP_LISTENING}
    assert words.shown(heard, 9, "").state == "Listening"
    assert words.shown(heard, ME, "").marks[-1].words == "Rose Boateng listens to you"
