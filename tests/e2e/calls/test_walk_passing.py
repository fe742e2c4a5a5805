"""A call is passed on by keys: warm and blind, to a colleague, a queue and a number."""

from __future__ import annotations

from crm_desktop.domain.states import ContactState
from crm_desktop.store.models import Call
from tests.calls_centre import customer
from tests.e2e.calls.conftest import Place
from tests.e2e.calls.desktops import Desktop

MARGARET, STRANGER = "+441632960143", "+441632960144"
OUTSIDE = "01632960777"


def test_a_colleague_is_asked_and_given_the_call_who_passes_it_on_to_a_number(
    place: Place,
) -> None:
    customer(place.centre, "Margaret Okafor", MARGARET)
    place.at_work("anna")
    anna, ben = place.anna, place.ben
    with place.calls(MARGARET) as caller:
        call = place.talk("anna")
        _to(anna, "Achebe", "Ben Achebe", "Return")
        anna.wait_for("Calling Ben Achebe")
        ben.wait_for("Anna Whitlock calls you", "about Margaret Okafor")
        place.answers("ben")
        anna.wait_for("With Ben Achebe", "on hold, hears music")
        anna.press("Ctrl+F11")
        anna.wait_for("All together with Ben Achebe")
        place.together(call.contact_id, 3)
        anna.press("Ctrl+Shift+F11")
        ben.wait_for("On call", "Margaret Okafor")
        assert place.contact(call.contact_id, owner_id=place.centre.person("ben").id)
        # Blind, to a number in the world.
        with place.world() as world:
            _to(ben, OUTSIDE, "01632 960777", "Ctrl+Return")
            world.wait_for("answered")
            caller.hang_up()
    place.contact(call.contact_id, state=ContactState.WRAP_UP)
    place.finish("ben")


def test_a_colleague_and_a_queue_are_given_the_call_at_once_and_a_number_is_asked_first(
    place: Place,
) -> None:
    place.at_work("anna")
    anna, ben = place.anna, place.ben
    with place.calls(STRANGER) as caller:
        call = place.talk("anna")
        _to(anna, "Achebe", "Ben Achebe", "Ctrl+Return", note="Knows the new bins")
        ben.wait_for("Your phone rings", "Knows the new bins")
        place.talk("ben")
        assert place.contact(call.contact_id).owner_id == place.centre.person("ben").id
        # Anna, who has no call any more, gets it from the queue where it waits.
        waste = place.centre.queue_id("waste")
        _to(ben, "Waste", "A queue cannot be asked", "Ctrl+Return")
        assert place.talk("anna").contact_id == call.contact_id
        assert place.contact(call.contact_id).queue_id == waste
        with place.world() as world:
            _to(anna, OUTSIDE, "01632 960777", "Return")
            world.wait_for("answered")
            anna.wait_for("With 01632 960777", "on hold, hears music")
            anna.press("Ctrl+Shift+F11")
            anna.wait_for("Passed on", "talks with 01632 960777")
            # Those two talk on; Anna has done with it, and is there for the next.
            place.finish("anna")
            place.contact(call.contact_id, state=ContactState.COMPLETED)
            place.together(call.contact_id, 2)
            caller.hang_up()
            world.wait_for("ended")
    place.row(Call, contact_id=call.contact_id, state="ended")


def _to(desk: Desktop, typed: str, found: str, key: str, *, note: str = "") -> None:
    """Choose who gets the call, or is asked about it, by keys alone."""
    desk.press("F11")
    desk.wait_for_dialog()
    desk.type(typed)
    desk.wait_for(found)
    if note:
        desk.go_to("Note for whoever takes the call")
        desk.type(note)
    desk.press(key)
