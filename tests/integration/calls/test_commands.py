"""What an advisor asks of a call, through the gateway, at a real PBX: and who hears whom then."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from crm_desktop.domain.calls import Ask, CallState, CommandState, LegRole, Verb
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import call_commands
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, CallCommand, CallLeg, Contact
from tests.calls_centre import call_row, contact, event, events
from tests.call_rows import staff_id
from tests.centre import Centre
from tests.integration.calls.conftest import connect
from tests.integration.gateway.looking import Watch
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Callee, Caller
from tests.servers.phone import Phone, Phones

StartGateway = Callable[[Centre], Gateway]


@dataclass
class Desk:
    """Anna at work with a telephone, and what she asks."""

    centre: Centre
    watch: Watch
    pbx: Asterisk
    phones: Phones
    phone: Phone
    db: Database

    def ask(
        self, verb: Verb, contact_id: int | None, db: Database | None = None, **args: object
    ) -> str:
        """Ask, and wait for what becomes of it; the words of a refusal."""
        command = call_commands.ask(db or self.db, Ask(verb, contact_id, args))
        settled = self.watch.until(lambda _: self._settled(command.id))
        assert settled.state in ("done", "refused"), settled.state
        return settled.words if settled.state == CommandState.REFUSED else ""

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
        self.phone.wait("rings", self.phone.count("ended") + 1)
        self.phone.answer()
        self.does(offered.id, CallState.TALKING)
        self.together(offered.id, 2)
        return offered.id

    def together(self, contact_id: int, many: int, bridge: str = "talk") -> None:
        """Wait until so many are in a bridge of the call."""
        self.watch.until(lambda _: len(self.among(contact_id, bridge)) == many)

    def among(self, contact_id: int, bridge: str = "talk") -> tuple[str, ...]:
        """Who is in a bridge of the call."""
        with self.pbx.ari() as ari:
            name = f"crm-{bridge}-{contact_id}"
            return next((each.channels for each in ari.bridges() if each.id == name), ())


@pytest.fixture
def desk(
    centre: Centre,
    pbx: Asterisk,
    phones: Phones,
    phone: Phone,
    watch: Watch,
    start_gateway: StartGateway,
) -> Iterator[Desk]:
    """A running gateway; Anna is at work."""
    connect(centre, pbx)
    start_gateway(centre)
    return Desk(centre, watch, pbx, phones, phone, centre.as_person("anna"))


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
    assert contact(desk.centre, call).end_reason == "warned and ended"
    assert call_row(desk.centre, call).ended_by == "advisor"
    assert event(desk.centre, call, "call.warned")["reason"] == "Shouted"
    happened = events(desk.centre, call)
    for kind in ("call.held", "call.resumed", "call.muted", "call.unmuted", "call.ended"):
        assert happened.count(kind) == 1, (kind, happened)
