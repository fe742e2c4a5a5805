"""What an advisor asks of a call, through the gateway, at a real PBX: and who hears whom then."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from sqlalchemy import update

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.domain.calls import Ask, CallState, CommandState, LegState, Verb
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import call_commands, contacts
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, CallCommand, CallLeg, ChannelAccount, Contact
from tests.call_rows import add_call, past_its_time, staff_id
from tests.calls_centre import call_row, contact, event, events
from tests.centre import Centre
from tests.integration.calls.conftest import connect
from tests.integration.gateway.looking import Watch
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Callee, Caller
from tests.servers.phone import Phone, Phones

StartGateway = Callable[[Centre], Gateway]


#: Everybody has a tone of their own; a caller's, and the world's, is of 400 Hz.
CALLER, ANNA, BEN, ROSE = 400, 700, 1000, 1300
on_postgres = pytest.mark.parametrize("centre", ["postgresql"], indirect=True)


def heard(phone: Phone) -> set[int]:
    """Whose tones a telephone hears at this moment."""
    phone.hear()
    sound = b""
    while len(sound) < _ENOUGH:
        sound += phone.hear()
    samples = struct.unpack(f"<{len(sound) // 2}h", sound)
    return {tone for tone in (CALLER, ANNA, BEN, ROSE) if _strength(samples, tone) > _FAINT}


#: A fifth of a second; and how much of a tone, in full ones, is none.
_ENOUGH, _FAINT = 2 * 8000 // 5, 0.05


def _strength(samples: Sequence[int], hertz: int) -> float:
    turns = [2 * math.pi * hertz * each / 8000 for each in range(len(samples))]
    real = sum(value * math.cos(turn) for value, turn in zip(samples, turns, strict=True))
    unreal = sum(value * math.sin(turn) for value, turn in zip(samples, turns, strict=True))
    return 2 * math.hypot(real, unreal) / len(samples) / 8000


@dataclass
class Desk:
    """Anna at work with a telephone, and what she asks."""

    centre: Centre
    watch: Watch
    pbx: Asterisk
    phones: Phones
    phone: Phone
    db: Database
    all: dict[str, Phone]
    account_id: int
    gateway: Gateway
    start: StartGateway

    def ask(
        self, verb: Verb, contact_id: int | None, db: Database | None = None, **args: object
    ) -> str:
        """Ask, and wait for what becomes of it; the words of a refusal.

        On a slow computer it may be late: then it was not done, and is asked again.
        """
        while True:
            command = call_commands.ask(db or self.db, Ask(verb, contact_id, args))
            settled = self.settled(command.id)
            if settled.state != CommandState.LATE:
                return settled.words if settled.state == CommandState.REFUSED else ""

    def settled(self, command_id: int) -> CallCommand:
        """Wait until it is done or not done."""
        return self.watch.until(lambda _: self._settled(command_id))

    def _settled(self, command_id: int) -> CallCommand | None:
        with self.watch.db.read() as tx:
            row = tx.session.get(CallCommand, command_id)
            return row if row is not None and row.state not in ("asked", "doing") else None

    def does(self, contact_id: int, state: CallState) -> Call:
        """Wait until a call does this."""
        found = self.watch.row(Call, contact_id=contact_id, state=state.value)
        assert isinstance(found, Call)
        return found

    def is_in(self, contact_id: int, state: ContactState, **wanted: object) -> Contact:
        """Wait until a contact is in this state."""
        return self.watch.contact(id=contact_id, state=state.value, **wanted)

    def talks(self) -> int:
        """A call comes in and is answered; its contact."""
        offered = self.watch.contact(channel="call", state="offered")
        self.picks_up(self.phone)
        self.does(offered.id, CallState.TALKING)
        self.together(offered.id, 2)
        return offered.id

    def channels(self) -> tuple[str, ...]:
        """Every channel that there is."""
        with self.pbx.ari() as ari:
            return tuple(each.id for each in ari.channels())

    def change_pbx(self, **settings: str) -> None:
        """Change the PBX's settings, and wait until the gateway works with them."""
        with self.centre.as_owner().write() as tx:
            account = tx.session.get_one(ChannelAccount, self.account_id)
            account.settings = {**account.settings, **settings}
        self.gateway.stop()
        self.gateway = self.start(self.centre)

    def hears(self, phone: Phone, *tones: int) -> None:
        """Wait until a telephone hears just these, while everybody talks."""

        def once(_: Database) -> bool:
            for extension, tone in (("101", ANNA), ("102", BEN), ("103", ROSE)):
                other = self.all.get(extension)
                if other is not None and other.count("up") > other.count("ended"):
                    other.say(1.0, tone)
            return heard(phone) == set(tones)

        self.watch.until(once)

    def add(self, extension: str) -> Phone:
        """One more telephone."""
        phone = self.all[extension] = self.phones.add(extension)
        return phone

    def picks_up(self, phone: Phone) -> None:
        """Somebody's telephone rings and is picked up."""
        phone.wait("rings", phone.count("ended") + 1)
        phone.answer()

    def together(self, contact_id: int, many: int, bridge: str = "talk") -> None:
        """Wait until so many are in a bridge of the call."""
        self.watch.until(lambda _: len(self.among(contact_id, bridge)) == many)

    def among(self, contact_id: int, bridge: str = "talk") -> tuple[str, ...]:
        """Who is in a bridge of the call."""
        with self.pbx.ari() as ari:
            name = f"crm-{bridge}-{contact_id}"
            return next((each.channels for each in ari.bridges() if each.id == name), ())


@pytest.fixture
def desk(  # noqa: PLR0917 - all that is around her
    centre: Centre,
    pbx: Asterisk,
    phones: Phones,
    phone: Phone,
    watch: Watch,
    start_gateway: StartGateway,
) -> Desk:
    """A running gateway; Anna is at work."""
    account_id = connect(centre, pbx)
    gateway = start_gateway(centre)
    pbx.wait_for_gateway()
    anna = centre.as_person("anna")
    return Desk(
        centre, watch, pbx, phones, phone, anna, {"101": phone}, account_id, gateway, start_gateway
    )


def test_within_a_call(desk: Desk) -> None:
    with Caller(desk.pbx, LINE) as caller:
        call = desk.talks()

        assert desk.ask(Verb.HOLD, call) == ""
        desk.does(call, CallState.HELD)
        assert desk.ask(Verb.HOLD, call) == "Nobody is talking."
        assert desk.ask(Verb.RESUME, call) == ""
        desk.does(call, CallState.TALKING)
        assert desk.ask(Verb.MUTE, call) == ""
        assert call_row(desk.centre, call).muted
        assert desk.ask(Verb.UNMUTE, call) == ""
        assert not call_row(desk.centre, call).muted
        assert desk.ask(Verb.DTMF, call, digits="12#") == ""
        assert desk.ask(Verb.HANG_UP, call, reason="warned", words="Shouted") == ""

        desk.is_in(call, ContactState.WRAP_UP)
        caller.wait_ended()
    contacts.complete(desk.db, call, Disposition(None, Resolution.NO_ACTION, avoidable=False))
    assert contact(desk.centre, call).end_reason == "warned and ended"
    assert call_row(desk.centre, call).ended_by == "advisor"
    assert event(desk.centre, call, "call.warned")["reason"] == "Shouted"
    happened = events(desk.centre, call)
    for kind in ("call.held", "call.resumed", "call.muted", "call.unmuted", "call.ended"):
        assert happened.count(kind) == 1, (kind, happened)


@on_postgres
def test_a_hold_in_the_moment_of_the_answer_is_not_undone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = Ari.add

    def slowly(ari: Ari, bridge: str, *channels: str, **how: bool) -> None:
        # Only the switchboard puts two together at once: after it wrote that they talk.
        if len(channels) > 1:
            time.sleep(0.2)
        add(ari, bridge, *channels, **how)

    monkeypatch.setattr(Ari, "add", slowly)
    with Caller(desk.pbx, LINE) as caller:
        offered = desk.watch.contact(channel="call", state="offered")
        desk.picks_up(desk.phone)
        call = desk.does(offered.id, CallState.TALKING)

        # Done, or refused with words: on a slow computer they are not together in time.
        while words := desk.ask(Verb.HOLD, offered.id):
            assert words == "You are only just being connected. Try it again."

        desk.does(offered.id, CallState.HELD)
        assert desk.among(offered.id, "hold") == (call.channel,)
        assert len(desk.among(offered.id)) == 1
        caller.hang_up()
    desk.is_in(offered.id, ContactState.WRAP_UP)
    assert events(desk.centre, offered.id).count("call.held") == 1
    assert "call.resumed" not in events(desk.centre, offered.id)


@on_postgres
def test_a_colleague_is_asked_joins_in_and_is_given_the_call(desk: Desk) -> None:
    ben = desk.add("102")
    ben_id = staff_id(desk.centre, "ben")
    with Caller(desk.pbx, LINE) as caller:
        call = desk.talks()
        desk.hears(desk.phone, CALLER)

        assert desk.ask(Verb.CONSULT, call, to={"staff": ben_id}) == ""
        assert desk.ask(Verb.CONFERENCE, call) == "They have not picked up yet."
        desk.picks_up(ben)
        desk.does(call, CallState.CONSULTING)
        desk.together(call, 2, "ask")
        desk.hears(ben, ANNA)
        assert desk.ask(Verb.CONFERENCE, call) == ""
        desk.does(call, CallState.CONFERENCE)
        desk.hears(ben, ANNA, CALLER)
        desk.hears(desk.phone, BEN, CALLER)
        assert desk.ask(Verb.HAND_OVER, call) == ""

        desk.is_in(call, ContactState.ACTIVE, owner_id=ben_id)
        desk.phone.wait("ended")
        desk.does(call, CallState.TALKING)
        desk.hears(ben, CALLER)
        # Who puts the telephone down while they ask somebody hands over too.
        as_ben = desk.centre.as_person("ben")
        anna_id = staff_id(desk.centre, "anna")
        assert desk.ask(Verb.CONSULT, call, as_ben, to={"staff": anna_id}) == ""
        desk.picks_up(desk.phone)
        desk.together(call, 2, "ask")
        ben.hang_up()
        desk.is_in(call, ContactState.ACTIVE, owner_id=anna_id)
        desk.does(call, CallState.TALKING)
        desk.hears(desk.phone, CALLER)
        # And who has it asked to end ends it for everybody.
        assert desk.ask(Verb.CONSULT, call, to={"staff": ben_id}) == ""
        desk.picks_up(ben)
        desk.together(call, 2, "ask")
        assert desk.ask(Verb.HANG_UP, call) == ""
        desk.is_in(call, ContactState.WRAP_UP, owner_id=anna_id)
        caller.wait_ended()
        ben.wait("ended", 2)
    assert event(desk.centre, call, "call.transferred") == {
        "staff": ben_id,
        "to": {"staff": anna_id},
        "how": "warm",
    }
    happened = events(desk.centre, call)
    counts = {
        kind: happened.count(kind)
        for kind in ("call.consulting", "call.conference", "contact.transferred", "call.ended")
    }
    assert list(counts.values()) == [3, 1, 2, 1], happened


@on_postgres
def test_a_number_is_asked_and_given_the_call(desk: Desk) -> None:
    with Callee(desk.pbx) as world, Caller(desk.pbx, LINE) as caller:
        call = desk.talks()
        assert desk.ask(Verb.CONSULT, call, to={"number": "01632960777"}) == ""
        desk.does(call, CallState.CONSULTING)
        desk.together(call, 2, "ask")
        world.hang_up()
        desk.does(call, CallState.HELD)
        assert desk.ask(Verb.RESUME, call) == ""
        desk.does(call, CallState.TALKING)
        assert desk.ask(Verb.CONSULT, call, to={"number": "01632960778"}) == ""
        desk.together(call, 2, "ask")
        assert desk.ask(Verb.END_CONSULT, call) == ""
        world.wait_for("ended", 1)
        desk.does(call, CallState.TALKING)
        assert desk.ask(Verb.CONSULT, call, to={"number": "01632960779"}) == ""
        desk.together(call, 2, "ask")
        assert desk.ask(Verb.HAND_OVER, call) == ""

        gone = desk.is_in(call, ContactState.WRAP_UP)
        desk.phone.wait("ended")
        assert gone.end_reason == "transferred out"
        assert len(desk.among(call)) == 2, "they talk on without us"
        caller.hang_up()
        desk.does(call, CallState.ENDED)
        world.wait_for("ended", 2)
    assert world.numbers == ["01632960777", "01632960778", "01632960779"]


@on_postgres
def test_the_caller_is_passed_on_blind(desk: Desk) -> None:
    ben, ben_id = desk.add("102"), staff_id(desk.centre, "ben")
    care = desk.centre.queue_id("care")
    with Callee(desk.pbx) as world, Caller(desk.pbx, LINE) as caller:
        call = desk.talks()
        assert desk.ask(Verb.TRANSFER, call, to={"staff": ben_id}, note="Knows bins") == ""
        desk.phone.wait("ended")
        desk.picks_up(ben)
        desk.is_in(call, ContactState.ACTIVE, owner_id=ben_id)
        desk.does(call, CallState.TALKING)
        desk.together(call, 2)
        as_ben = desk.centre.as_person("ben")
        assert desk.ask(Verb.TRANSFER, call, as_ben, to={"queue": care}) == ""
        waits = desk.is_in(call, ContactState.QUEUED, queue_id=care)
        ben.wait("ended")
        desk.does(call, CallState.WAITING)
        desk.together(call, 1, "hold")
        assert (waits.owner_id, waits.boost) == (None, 3)
        caller.hang_up()
        desk.is_in(call, ContactState.ABANDONED)
    with Callee(desk.pbx) as world, Caller(desk.pbx, LINE) as caller:
        call = desk.talks()
        assert desk.ask(Verb.TRANSFER, call, to={"number": "01632960780"}) == ""
        assert desk.is_in(call, ContactState.WRAP_UP).end_reason == "transferred out"
        desk.phone.wait("ended", 2)
        world.wait_for("answered")
        assert caller.story[-1] != "ended"
        caller.hang_up()
        world.wait_for("ended")
    assert world.numbers == ["01632960780"]


@on_postgres
def test_dialling(desk: Desk) -> None:
    with Callee(desk.pbx) as world:
        assert desk.ask(Verb.DIAL, None, number="01632960781") == ""
        out = desk.watch.contact(channel="call", direction="outbound", state="dialling")
        desk.picks_up(desk.phone)
        desk.is_in(out.id, ContactState.ACTIVE)
        desk.together(out.id, 2)
        desk.hears(desk.phone, CALLER)
        assert desk.ask(Verb.HANG_UP, out.id) == ""
        desk.is_in(out.id, ContactState.WRAP_UP)
        world.wait_for("ended")
        assert call_row(desk.centre, out.id).ended_by == "advisor"
        # Whom we called can be passed on to the outside too.
        assert desk.ask(Verb.DIAL, None, number="01632960785") == ""
        desk.picks_up(desk.phone)
        again = desk.watch.contact(channel="call", direction="outbound", state="active")
        desk.together(again.id, 2)
        assert desk.ask(Verb.TRANSFER, again.id, to={"number": "01632960786"}) == ""
        desk.is_in(again.id, ContactState.WRAP_UP)
        world.wait_for("answered", 3)
        desk.phone.wait("ended", 2)
        desk.watch.until(lambda _: len(desk.channels()) == 2)
        world.hang_up()
        world.wait_for("ended", 2)
    assert world.numbers == ["01632960781", "01632960785", "01632960786"]


@on_postgres
def test_a_call_that_is_to_be_returned_is_dialled_when_it_is_taken(desk: Desk) -> None:
    back = add_call(
        desk.centre,
        desk.account_id,
        queue="care",
        state=CallState.CALLBACK,
        contact=ContactState.QUEUED,
    )
    with desk.centre.as_owner().write() as tx:
        tx.session.get_one(Call, back).number = "+441632960787"
        tx.session.get_one(Contact, back).queue_id = desk.centre.queue_id("general")
        tx.session.execute(update(CallLeg).values(ended_at=tx.now, state=LegState.ENDED))
    with Callee(desk.pbx) as world:
        desk.is_in(back, ContactState.OFFERED)
        contacts.take(desk.db, back)
        desk.picks_up(desk.phone)
        desk.is_in(back, ContactState.ACTIVE)
        desk.does(back, CallState.TALKING)
        desk.together(back, 2)
        world.hang_up()
        desk.is_in(back, ContactState.WRAP_UP)
    assert world.numbers == ["+441632960787"]


@on_postgres
def test_answering_from_the_desktop(desk: Desk) -> None:
    desk.change_pbx(answer_by="header")
    desk.phone.answers("header")
    with Caller(desk.pbx, LINE):
        offered = desk.watch.contact(channel="call", state="offered")
        desk.phone.wait("rings")
        desk.does(offered.id, CallState.RINGING)

        assert desk.ask(Verb.ANSWER, offered.id) == ""

        desk.does(offered.id, CallState.TALKING)
        desk.together(offered.id, 2)
    assert "contact.offer_timed_out" not in events(desk.centre, offered.id)


@on_postgres
def test_a_gateway_that_comes_back_goes_on_where_the_other_was(
    desk: Desk,
) -> None:
    ben = desk.add("102")
    with Caller(desk.pbx, LINE):
        call = desk.talks()
        assert desk.ask(Verb.CONSULT, call, to={"staff": staff_id(desk.centre, "ben")}) == ""
        desk.picks_up(ben)
        desk.together(call, 2, "ask")
        desk.gateway.stop()
        desk.start(desk.centre)

        assert desk.ask(Verb.CONFERENCE, call) == ""
        desk.does(call, CallState.CONFERENCE)
        desk.hears(ben, ANNA, CALLER)


@on_postgres
@pytest.mark.parametrize(("status", "why"), [(486, "busy"), (404, "wrong number")])
def test_whom_nobody_reaches_is_wrapped_up(desk: Desk, status: int, why: str) -> None:
    with Callee(desk.pbx, status):
        assert desk.ask(Verb.DIAL, None, number="01632960782") == ""
        desk.picks_up(desk.phone)
        failed = desk.watch.contact(channel="call", direction="outbound", state="wrap_up")
        desk.phone.wait("ended")
    assert failed.end_reason == why
    assert "call.failed" in events(desk.centre, failed.id)


@on_postgres
def test_a_team_leader_listens_whispers_and_joins_in(desk: Desk) -> None:
    leader, rose = desk.add("103"), desk.centre.as_person("rose")
    with Caller(desk.pbx, LINE):
        call = desk.talks()
        assert desk.ask(Verb.LISTEN, call, rose) == ""
        desk.picks_up(leader)
        desk.together(call, 2, "ear")
        desk.hears(leader, ANNA, CALLER)
        desk.hears(desk.phone, CALLER)
        assert desk.ask(Verb.WHISPER, call, rose) == ""
        desk.hears(desk.phone, CALLER, ROSE)
        desk.hears(leader, ANNA, CALLER)
        assert desk.ask(Verb.BARGE, call, rose) == ""
        desk.together(call, 3)
        desk.hears(desk.phone, CALLER, ROSE)
        assert desk.ask(Verb.STOP_LISTENING, call, rose) == ""
        leader.wait("ended")
        desk.together(call, 2)
    assert events(desk.centre, call).count("call.listened") == 3
    assert event(desk.centre, call, "call.listened")["mode"] == "barge"


@on_postgres
def test_what_is_recorded_is_paused(desk: Desk) -> None:
    with Caller(desk.pbx, LINE), desk.pbx.ari() as ari:
        call = desk.talks()
        assert desk.ask(Verb.PAUSE_RECORDING, call) == "This call is not being recorded."
        ari.record_bridge(f"crm-talk-{call}", f"crm-{call}-1")
        with desk.centre.as_owner().write() as tx:
            tx.session.get_one(Call, call).recording = "on"

        assert desk.ask(Verb.PAUSE_RECORDING, call) == ""
        assert ari.live_recording(f"crm-{call}-1").state == "paused"
        assert call_row(desk.centre, call).recording == "paused"
        assert desk.ask(Verb.RESUME_RECORDING, call) == ""
        assert ari.live_recording(f"crm-{call}-1").state == "recording"


@on_postgres
def test_two_at_once_are_both_done_once(desk: Desk) -> None:
    with Caller(desk.pbx, LINE):
        call = desk.talks()
        wanted = [Verb.MUTE, Verb.HOLD, Verb.HOLD]
        while wanted:
            asked = [(verb, call_commands.ask(desk.db, Ask(verb, call)).id) for verb in wanted]
            states = [(verb, desk.settled(command).state) for verb, command in asked]
            # The second may come after the first has shown: then nobody talks any more.
            assert {state for _, state in states} <= {"done", "refused", "late"}
            wanted = [verb for verb, state in states if state == CommandState.LATE]
        desk.does(call, CallState.HELD)
    happened = events(desk.centre, call)
    assert (happened.count("call.held"), happened.count("call.muted")) == (1, 1)


@on_postgres
def test_what_nobody_did_in_time_is_never_done(
    centre: Centre, pbx: Asterisk, phone: Phone, watch: Watch, start_gateway: StartGateway
) -> None:
    """Neither what was only asked, nor what a gateway had begun when it was killed."""
    connect(centre, pbx)
    anna = centre.as_person("anna")
    late = call_commands.ask(anna, Ask(Verb.DIAL, None, {"number": "01632960783"}))
    past_its_time(centre, late.id)
    begun = call_commands.ask(anna, Ask(Verb.DIAL, None, {"number": "01632960784"}))
    with centre.as_owner().write() as tx:
        tx.session.get_one(CallCommand, begun.id).state = CommandState.DOING

    start_gateway(centre)

    watch.row(CallCommand, id=late.id, state=CommandState.LATE.value)
    settled = watch.row(CallCommand, id=begun.id, state=CommandState.REFUSED.value)
    assert settled.words.startswith("The gateway stopped")
    assert phone.story == []
