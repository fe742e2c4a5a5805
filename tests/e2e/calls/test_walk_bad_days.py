"""What goes wrong, at the real desktop: no answer, a line that breaks, a gateway or a PBX that is
killed, nobody there at all.
"""

from __future__ import annotations

from crm_desktop.domain.calls import CallState
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.store.models import Call, Contact
from tests.calls_centre import customer
from tests.e2e.calls.conftest import Place

MARGARET, PETER, STRANGER = "+441632960133", "+441632960134", "+441632960198"


def test_who_does_not_answer_is_told_why_and_the_caller_keeps_their_place(place: Place) -> None:
    place.at_work("anna")
    anna = place.anna
    place.phone("anna").unregister()
    with place.calls(STRANGER) as caller:
        # There is nothing to ring: she is told why, and "I am back" is the same key as Answer.
        try:
            anna.wait_for("Not responding", "could not be reached")
        finally:
            place.phone("anna").register()
        anna.press("F10")
        place.rings("anna")
        place.phone("anna").reject()
        anna.wait_for("Not responding", "It went back to its queue")
        waits = place.row(Call, number=STRANGER, state="waiting")
        first = place.contact(waits.contact_id)
        assert (first.state, first.queued_at) == (ContactState.QUEUED, first.received_at)
        anna.press("F10")
        place.talk("anna")
        anna.press("Ctrl+F12")
        caller.wait_ended()
        anna.wait_for("Call ended", "You hung up")
    place.finish("anna")


def test_several_with_one_number_are_asked_about_and_a_withheld_one_is_said(place: Place) -> None:
    customer(place.centre, "Margaret Okafor", MARGARET)
    peter = customer(place.centre, "Peter Okafor", MARGARET)
    place.at_work("anna")
    anna = place.anna
    with place.calls(MARGARET) as caller:
        call = place.talk("anna")
        anna.wait_for("Who is it?")
        anna.focus("Who is it?")
        anna.row("Peter Okafor")
        anna.press("Return")
        place.contact(call.contact_id, customer_id=peter)
        caller.hang_up()
        anna.wait_for("Call ended")
    place.finish("anna")
    with place.calls(STRANGER, withheld=True) as caller:
        place.rings("anna")
        anna.wait_for("Number withheld")
        caller.hang_up()
        anna.wait_until_gone("Your phone rings")
    gone = place.row(Contact, state="abandoned", channel=Channel.CALL)
    assert "contact.abandoned" in place.events(gone.id)
    for number, said in (("+33142685300", "+33 1 42 68 53 00"), ("bob-the-builder",) * 2):
        with place.calls(number) as caller:
            place.rings("anna")
            anna.wait_for(said)
            caller.hang_up()
            anna.wait_until_gone("Your phone rings")


def test_a_queued_callback_keeps_its_place_and_is_dialled_when_it_is_taken(place: Place) -> None:
    place.at_work()
    anna = place.anna
    with place.calls(STRANGER) as caller:
        called = place.presses(caller, "1", "callback")
        # While they hear that they will be called it is offered, and taken.
        place.at_work("anna")
        anna.wait_for("A callback is offered to you")
        with place.world() as world:
            anna.press("F10")
            anna.wait_for("On call")
            world.wait_for("answered")
            assert world.numbers[-1].endswith("1632960198")
            world.hang_up()
            anna.wait_for("Call ended")
        caller.wait_ended()
    assert "contact.abandoned" not in place.events(called.contact_id)
    place.finish("anna")


def test_a_caller_whose_line_breaks_reaches_the_same_advisor_first(place: Place) -> None:
    place.at_work("anna", "ben")
    with place.calls(STRANGER) as caller:
        talks = place.watch.row(Contact, channel=Channel.CALL, state="offered")
        (login,) = [
            each for each in ("anna", "ben") if place.centre.person(each).id == talks.owner_id
        ]
        desk = place.desks[login]
        place.talk(login)
        caller.vanish()
        desk.wait_for("Cut off", "The connection broke off")
    place.finish(login)
    desk.wait_for("Call back: cut off")
    with place.calls(STRANGER) as caller:
        place.rings(login)
        place.talk(login)
        caller.hang_up()
        desk.wait_for("Call ended")
    place.finish(login)


def test_while_gateways_die_or_are_not_let_in_a_conversation_goes_on_and_no_call_is_lost(
    place: Place,
) -> None:
    place.at_work("anna")
    anna = place.anna
    with place.calls(STRANGER) as caller:
        call = place.talk("anna")
        place.kill_gateway()
        # One who calls now leaves a message, as only Anna's telephone is there, and engaged.
        for login in ("ben", "rose"):
            place.phone(login).unregister()
        with place.calls(PETER) as second:
            anna.wait_for("Telephone system out of sight", "no gateway since")
            place.start_gateway(password="wrong")
            _all_say(place, "refuses the user name or the password")
            place.watch.until(lambda _: place.away_message() > 32_000)
            second.hang_up()
        # The telephones ring in turn for the next.
        before = {login: place.phone(login).count("up") for login in ("ben", "rose")}
        for login in before:
            place.phone(login).answers("always")
            place.phone(login).register()
        place.kill_gateway()
        place.start_gateway(trusts=False)
        with place.calls(MARGARET) as third:
            third.wait_answered()
            _all_say(place, "certificate is not trusted")
            third.hang_up()
        place.watch.until(lambda _: len(place.pbx.missed()) == 2)
        assert len(place.among(call.contact_id)) == 2
        assert place.contact(call.contact_id).state == ContactState.ACTIVE
        place.kill_gateway()
        place.start_gateway()
        anna.wait_for("On call")
        for desk in place.desks.values():
            desk.wait_until_gone("certificate is not trusted")
        anna.press("F7")
        anna.wait_for("On hold")
        caller.hang_up()
        anna.wait_for("Call ended")
    place.finish("anna")
    for login in before:
        place.phone(login).answers("header")
    (who,) = (login for login in before if place.phone(login).count("up") > before[login])
    _both_are_read_in(place, who)


def _all_say(place: Place, words: str) -> None:
    """At every desktop."""
    for desk in place.desks.values():
        desk.wait_for(words)


def _both_are_read_in(place: Place, login: str) -> None:
    """Whom somebody answered at their telephone; and who left a message, which Anna hears."""
    answered = place.row(Contact, end_reason="answered_away")
    assert answered.owner_id == place.centre.person(login).id
    place.watch.until(lambda _: not place.pbx.missed())
    anna = place.anna
    anna.wait_for("Voicemail offered to you")
    left = place.row(Contact, channel=Channel.VOICEMAIL, state="offered")
    assert left.preview.endswith("left while the CRM was away")
    place.recording_of(left.id)
    anna.press("F10")
    anna.wait_for("Position in Voicemail, ")
    anna.focus("Position in Voicemail")
    anna.press("Space")
    anna.wait_for("Pause")


def test_a_restarted_pbx_ends_its_calls_as_cut_off_on_the_screen(place: Place) -> None:
    place.at_work("anna")
    anna = place.anna
    with place.calls(STRANGER):
        call = place.talk("anna")
        place.pbx.kill9()
        anna.wait_for("Telephone system out of sight", "The PBX does not answer")
        assert place.contact(call.contact_id).state == ContactState.ACTIVE
        place.pbx.start()
        anna.wait_for("Call ended", "The connection broke off")
    for login in place.desks:
        place.unplug(login)
        place.plug_in(login)
    anna.wait_until_gone("The PBX does not answer")
    place.finish("anna")
    row = place.row(Call, contact_id=call.contact_id)
    assert (row.state, row.ended_by, row.cut_off) == (CallState.ENDED, "pbx", True)
