"""A caller made by sipp, an advisor's telephone, and the real desktop: every point of a call."""

from __future__ import annotations

from crm_desktop.domain.states import ContactState
from tests.calls_centre import customer
from tests.e2e.calls.conftest import Place


def test_a_call_is_seen_before_it_is_answered_and_worked_by_keys(place: Place) -> None:
    customer(place.centre, "Margaret Okafor", "+441632960123")
    place.at_work("anna")
    with place.calls("+441632960123") as caller:
        place.rings("anna")
        place.anna.wait_for("Margaret Okafor")
        call = place.talk("anna")
        place.anna.press("F7")
        place.anna.wait_for("On hold")
        place.together(call.contact_id, 1)
        caller.hang_up()
        place.anna.wait_for("Call ended")
    place.finish("anna")
    place.contact(call.contact_id, state=ContactState.COMPLETED)
