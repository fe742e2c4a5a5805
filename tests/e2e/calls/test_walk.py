"""A caller made by sipp, an advisor's telephone, and the real desktop: every point of a call."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import partial

from sqlalchemy import delete, select

from crm_desktop.desktop.core import words
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.recordings import RecordingKind
from crm_desktop.domain.routing import Why
from crm_desktop.domain.states import Channel, ContactState, Presence
from crm_desktop.services import figures, recording_requests, recordings, routing
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Adjustment,
    Call,
    CallCommand,
    Contact,
    FormVersion,
    ReadAudit,
    Recording,
    SafetyMarker,
    Service,
)
from tests.calls_centre import customer
from tests.centre import PASSWORD
from tests.e2e.calls.conftest import Place
from tests.servers.asterisk import MENU_LINE
from tests.servers.callers import Callee
from tests.wrapping_up import over

MARGARET, PETER, STRANGER = "+441632960123", "+441632960124", "+441632960188"
GIVES_UP, STAYS = "+441632960155", "+441632960156"
PAID_FORM: Mapping[str, object] = {
    "type": "object",
    "properties": {
        "what": {"type": "string", "title": "What shall we collect?"},
        "paid": {
            "type": "string",
            "format": "payment",
            "title": "Payment",
            "x-url": "https://pay.example.org/council",
        },
    },
}


def test_a_call_is_seen_before_it_is_answered_and_worked_by_keys(place: Place) -> None:
    """Points 1, 2, 3, 5: the pop, the bar, and a customer's request for what was said."""
    margaret = customer(place.centre, "Margaret Okafor", MARGARET)
    _known_as(place, margaret, adjustment="Speak slowly", marker="Shouts when kept waiting")
    _came_before(place, margaret, "Bulky waste in spring")
    place.at_work("anna")
    anna = place.anna
    with place.calls(MARGARET) as caller:
        place.rings("anna")
        known = ("Margaret Okafor", "Speak slowly", "Shouts when kept waiting")
        anna.wait_for(*known, "HISTORY", "Bulky waste in spring")
        assert place.phone("anna").count("up") == 0
        call = place.talk("anna")
        place.watch.row(Call, contact_id=call.contact_id, recording="on")
        anna.press("F7")
        anna.wait_for("On hold")
        assert len(place.among(call.contact_id, "hold")) == 1
        _look()
        anna.press("F7")
        anna.wait_for("On call")
        anna.press("F6")
        place.watch.row(Call, contact_id=call.contact_id, muted=True)
        anna.wait_for("Muted")
        _look()
        anna.press("F6")
        place.watch.row(Call, contact_id=call.contact_id, muted=False)
        anna.press("Ctrl+Shift+K")
        anna.wait_for("Keypad")
        anna.press("1", "2", "#")
        place.watch.until(lambda _: _pressed(place, call.contact_id) == "12#")
        anna.press("Escape")
        anna.press("Ctrl+Shift+F12")
        anna.wait_for("Warned")
        anna.type("Swore at me")
        anna.press("Return")
        caller.wait_ended()
        anna.wait_for("Call ended")
    place.finish("anna")
    done = place.contact(call.contact_id, state=ContactState.COMPLETED)
    assert (done.customer_id, done.end_reason) == (margaret, "warned and ended")
    _the_customer_asks_for_it(place, call.contact_id)


def _the_customer_asks_for_it(place: Place, contact_id: int) -> None:
    """Found by number and time, held at once, typed and redacted beside the player, released."""
    rose = place.rose
    kept = place.recording_of(contact_id)
    rose.press("Ctrl+9")
    for day, many in (("yesterday", "0 recordings"), ("today", "1 recording")):
        rose.focus("To this day")
        rose.press("Ctrl+A")
        rose.type(day)
        rose.focus("Telephone number")
        rose.press("Ctrl+A")
        rose.type("01632 960123")
        rose.press("Return")
        rose.wait_for(f"{many} with 01632 960123")
    rose.focus("Recordings and requests")
    rose.row(words.full(kept.started_at))
    rose.press("Return")
    rose.focus("Reason, or who asks")
    rose.type("Ms Okafor, by letter of 3 May")
    rose.click("A customer asks for it")
    rose.wait_for("Release")
    (held,) = recordings.of_contact(place.centre.as_person("rose"), contact_id)
    assert held.held == "A customer has asked for it"
    rose.focus("Position in ")
    rose.press("Space")
    rose.wait_for("Pause")
    rose.focus("Transcript")
    rose.type("Caller: My neighbour Joe Bloggs saw it.")
    rose.select("Joe Bloggs")
    rose.press("Ctrl+D")
    rose.click("Release")
    rose.wait_for("[redacted]")
    (row,) = recording_requests.rows(place.centre.as_person("rose"))
    assert row.released_at is not None
    (heard,) = recordings.heard(place.centre.as_person("rose"), kept.id)
    assert heard.name == "Rose Boateng"
    rose.press("Ctrl+1")


def test_a_locked_desktop_shows_nothing_and_the_call_goes_on(place: Place) -> None:
    place.at_work("anna")
    anna = place.anna
    with place.calls(STRANGER) as first, place.calls(PETER) as second:
        call = place.talk("anna")
        anna.press("Ctrl+L")
        anna.wait_for("Locked", "Unlock")
        assert "01632 960188" not in anna.says()
        assert len(place.among(call.contact_id)) == 2
        first.hang_up()
        place.contact(call.contact_id, state=ContactState.WRAP_UP)
        waits = place.row(Call, number=PETER, state="waiting").contact_id
        rose = place.centre.as_person("rose")
        place.watch.until(lambda _: _why_not(rose, waits))
        _unlock(place)
        anna.wait_for("They hung up")
        place.finish("anna")
        # Locked while it rings: the phone is picked up by hand.
        place.rings("anna")
        anna.press("Ctrl+L")
        anna.wait_for("Locked", "Unlock")
        place.phone("anna").answer()
        place.row(Call, number=PETER, state="talking")
        assert "01632 960124" not in anna.says()
        _unlock(place)
        anna.wait_for("On call", "01632 960124")
        second.hang_up()
        anna.wait_for("Call ended")
    place.finish("anna")


def _unlock(place: Place) -> None:
    place.anna.focus("Password of")
    place.anna.type(PASSWORD)
    place.anna.press("Return")
    place.anna.wait_until_gone("Unlock")


def test_messages_are_left_by_choice_and_when_closed_and_played_at_the_desk(place: Place) -> None:
    place.at_work()
    anna = place.anna
    with place.calls(STRANGER) as chooses:
        place.begins_message(chooses, place.presses(chooses, "2", "voicemail"))
        place.open({"week": {}})
        with place.calls(PETER) as late:
            greeted = place.row(Call, number=PETER, state="voicemail")
            late.wait_answered()
            place.begins_message(late, greeted)
            # A sound takes the time that it takes; shorter is no message.
            time.sleep(2)
            for each in (late, chooses):
                each.hang_up()
    place.open()
    for number in (STRANGER, PETER):
        left = place.watch.until(partial(_message_of, number))
        sound = place.recording_of(left.id)
        assert (sound.kind, left.due_at is not None) == (RecordingKind.VOICEMAIL, True)
        assert sound.seconds >= 1
    place.at_work("anna")
    anna.wait_for("Voicemail offered to you")
    anna.press("F10")
    anna.wait_for("Position in Voicemail, ")
    anna.focus("Position in Voicemail")
    anna.press("Space")
    anna.wait_for("Pause")
    with place.centre.as_owner().read() as tx:
        listened = select(ReadAudit.staff_id).filter_by(what="recording")
        assert place.centre.person("anna").id in tx.session.scalars(listened).all()


def test_a_team_leader_listens_whispers_and_joins_in(place: Place) -> None:
    place.at_work("anna")
    rose = place.rose
    with place.calls(STRANGER) as caller:
        call = place.talk("anna")
        rose.press("Ctrl+8")
        rose.wait_for("Anna Whitlock")
        rose.focus("People")
        rose.row("Anna Whitlock")
        rose.press("L")
        rose.wait_for("Listening")
        assert len(place.among(call.contact_id)) == 2
        rose.press("Shift+F7")
        rose.wait_for("Whispering")
        place.anna.wait_for("whispers to you")
        assert len(place.among(call.contact_id)) == 2
        rose.press("Shift+F8")
        place.together(call.contact_id, 3)
        rose.wait_for("Both know that you are in the call")
        place.anna.wait_for("is in the call")
        rose.press("Shift+F12")
        place.together(call.contact_id, 2)
        caller.hang_up()
        place.anna.wait_for("Call ended")
    modes = [each for each in place.events(call.contact_id) if each.startswith("call.listen")]
    assert len(modes) == 3
    rose.press("Ctrl+1")
    place.finish("anna")


def test_a_payment_field_pauses_the_recording_at_the_pbx(place: Place) -> None:
    _form(place, PAID_FORM)
    place.at_work("anna")
    anna = place.anna
    with place.calls(STRANGER, to=MENU_LINE) as caller, place.pbx.ari() as ari:
        caller.wait_answered()
        caller.press("2")
        call = place.talk("anna")
        made = place.row(Recording, contact_id=call.contact_id)
        place.watch.row(Call, contact_id=call.contact_id, recording="on")
        anna.press("F4")
        anna.go_to("Payment: Pay on pay.example.org")
        anna.wait_for("Recording paused")
        assert ari.live_recording(made.name).state == "paused"
        anna.go_to("What shall we collect?")
        place.watch.row(Call, contact_id=call.contact_id, recording="on")
        assert ari.live_recording(made.name).state == "recording"
        anna.wait_until_gone("Recording paused")
        anna.press("Ctrl+Shift+R")
        place.watch.row(Call, contact_id=call.contact_id, recording="paused")
        caller.hang_up()
        anna.wait_for("Call ended")
    place.finish("anna")
    _form(place, None)


def test_numbers_are_called_and_who_is_engaged_is_wrapped_up(place: Place) -> None:
    place.at_work("anna")
    anna = place.anna
    with Callee(place.pbx, 486) as world:
        anna.press("Ctrl+Shift+C")
        anna.wait_for_dialog()
        anna.type("01632 960777")
        anna.press("Return")
        anna.wait_for("Call ended", "Not reached")
        assert world.numbers == ["+441632960777"]
    place.finish("anna")


def test_after_a_call_answers_are_left_out_needed_or_run_out_of_time(place: Place) -> None:
    place.at_work("anna")
    anna = place.anna
    try:
        place.wrap_up(WrapUp.MANDATORY)
        with place.calls(STRANGER, to=MENU_LINE) as caller:
            caller.wait_answered()
            caller.press("2")
            call = place.talk("anna")
            # Lunch after this call.
            anna.press("Ctrl+Shift+P", "Down", "Return")
            anna.wait_for("then Lunch")
            caller.hang_up()
            anna.wait_for("Call ended")
        place.asks_how("anna")
        anna.press("L")
        assert "How did it end?" in anna.says()
        assert place.contact(call.contact_id).state == ContactState.WRAP_UP
        assert place.presence("anna") == Presence.AVAILABLE
        place.answer_all("anna")
        place.watch.until(lambda _: place.presence("anna") == Presence.LUNCH)
        place.wrap_up(WrapUp.TIMED)
        place.at_work("anna")
        with place.calls(STRANGER) as caller:
            call = place.talk("anna")
            caller.hang_up()
            anna.wait_for("Call ended", "Wrap-up ends in")
        over(place.centre, call.contact_id, 120)
        place.contact(call.contact_id, state=ContactState.COMPLETED)
    finally:
        place.wrap_up(WrapUp.OPTIONAL)


def test_what_a_leader_reads_of_calls_is_what_the_pbx_wrote_and_the_callers_did(
    place: Place,
) -> None:
    """Point 9; the seconds of each are compared in the tests of the gateway."""
    place.at_work()
    with place.calls(GIVES_UP) as gives_up:
        gone = place.row(Call, number=GIVES_UP, state="waiting").contact_id
        gives_up.wait_answered()
        gives_up.hang_up()
    place.contact(gone, state=ContactState.ABANDONED)
    place.at_work("anna")
    with place.calls(STAYS) as stays:
        place.talk("anna")
        stays.hang_up()
        place.anna.wait_for("Call ended")
    place.finish("anna")
    rose, leader = place.rose, place.centre.as_person("rose")
    stayed = place.row(Call, number=STAYS).contact_id
    place.watch.until(lambda _: {gone, stayed} <= _behind(leader, Figure.ABANDONED))
    rose.press("Ctrl+8")
    rose.focus("Abandoned: ")
    rose.press("Return")
    rose.wait_for("Enter opens one.")
    assert "gave up" in rose.row("01632 960155")
    assert "stayed" in rose.row("01632 960156")
    rose.press("Escape")
    rose.wait_until_gone("Enter opens one.")
    rose.press("Ctrl+1")
    place.watch.until(lambda _: {GIVES_UP, STAYS} <= {each["src"] for each in place.pbx.calls()})
    assert [each.story[-1] for each in (gives_up, stays)] == ["left", "left"]


def test_a_telephone_that_dies_in_mid_call_is_a_cut_off_and_called_back_first(
    place: Place,
) -> None:
    place.at_work("anna")
    anna = place.anna
    with place.calls(STRANGER) as caller:
        call = place.talk("anna")
        # Its registration runs out: who talks goes on talking.
        place.phone("anna").unregister()
        assert len(place.among(call.contact_id)) == 2
        place.unplug("anna")
        anna.wait_for("Cut off")
        caller.wait_ended()
    place.at_work()
    place.finish("anna")
    again = place.row(Call, number=STRANGER, state="callback")
    assert again.contact_id != call.contact_id
    anna.wait_for("Call back: cut off")
    # Who was cut off calls again, before they are called: to the same advisor, and not twice.
    place.plug_in("anna")
    place.at_work("anna", "ben")
    with place.calls(STRANGER) as caller:
        place.talk("anna")
        place.contact(again.contact_id, end_reason="called_again")
        caller.hang_up()
        anna.wait_for("Call ended")
    place.finish("anna")


def _look() -> None:
    """A key pressed twice in a moment is one press; a person looks before the next."""
    time.sleep(0.8)


def _known_as(place: Place, customer_id: int, *, adjustment: str, marker: str) -> None:
    with place.centre.as_owner().write() as tx:
        tx.session.add(Adjustment(customer_id=customer_id, words=adjustment))
        tx.session.add(SafetyMarker(customer_id=customer_id, state="active", words=marker))


def _message_of(number: str, db: Database) -> Contact | None:
    with db.read() as tx:
        calls = select(Contact).join(Call, Call.contact_id == Contact.id)
        mine = calls.where(Call.number == number, Contact.channel == Channel.VOICEMAIL)
        return tx.session.scalars(mine).first()


def _behind(leader: Database, figure: Figure) -> set[int]:
    return {each.contact_id for each in figures.behind(leader, figure).rows}


def _came_before(place: Place, customer_id: int, subject: str) -> None:
    earlier = place.centre.add_contact(subject=subject, state=ContactState.COMPLETED)
    with place.centre.as_owner().write() as tx:
        tx.session.get_one(Contact, earlier).customer_id = customer_id


def _pressed(place: Place, contact_id: int) -> str:
    """What the PBX sent as tones."""
    with place.centre.as_owner().read() as tx:
        query = select(CallCommand.args).filter_by(contact_id=contact_id, verb="dtmf", state="done")
        found = tx.session.scalars(query.order_by(CallCommand.id)).all()
        return "".join(str(each["digits"]) for each in found)


def _why_not(person: Database, contact_id: int) -> bool:
    """Whether Anna is not chosen because her desktop is locked."""
    now = routing.explain(person, contact_id).now
    return now is not None and any(each.why is Why.LOCKED for each in now.considered)


def _form(place: Place, schema: Mapping[str, object] | None) -> None:
    with place.centre.as_owner().write() as tx:
        service = tx.session.scalars(select(Service.id).filter_by(code="missed_bin")).one()
        if schema is None:
            tx.session.execute(delete(FormVersion).where(FormVersion.version == 2))
        else:
            tx.session.add(FormVersion(service_id=service, version=2, schema=dict(schema)))
