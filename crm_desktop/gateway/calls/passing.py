"""A call and a third: asked while the caller waits, taken into it, or given it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused
from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.calls import bridging, naming
from crm_desktop.gateway.calls.bridging import Refused, advisor_of, third_of
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import call_moves, calls
from crm_desktop.services.call_commands import Work
from crm_desktop.services.call_moves import Passing
from crm_desktop.services.calls import Standing, StandingLeg

#: Into the dialplan goes who is passed on to the outside: there it ends without us.
OUT_CONTEXT = "crm-out"
_RINGS = 40
#: What a contact is once its holder has passed the caller on to the outside.
_LEFT = (ContactState.WRAP_UP, ContactState.COMPLETED)
_TALKS = (CallState.TALKING, CallState.HELD, CallState.CONFERENCE)


def consult(pbx: Pbx, call: Standing, work: Work) -> None:
    """The caller hears music while a colleague or a number is called; who picks up is asked."""
    if call.state not in (CallState.TALKING, CallState.HELD):
        raise Refused("Nobody is talking.")
    if call.legs_of(LegRole.THIRD):
        raise Refused("Somebody is being asked already.")
    advisor = advisor_of(call)
    to = _to(work)
    endpoint = _endpoint(pbx, to)
    if call.state is CallState.TALKING:
        bridging.connected(pbx, call)
    channel = naming.leg(call.contact_id, LegRole.THIRD, work.id)
    call_moves.third_began(pbx.db, call.contact_id, channel, to, pbx.lease)
    bridging.hold(pbx, call)
    bridging.ask(pbx, call, advisor.channel)
    try:
        pbx.ari.originate(
            endpoint,
            app=pbx.settings.app,
            args=("third", str(call.contact_id)),
            channel_id=channel,
            caller_id=call.number,
            seconds=_RINGS,
        )
    except AriRefused:
        calls.leg_ended(pbx.db, call.contact_id, channel, None, pbx.lease)
        bridging.talk(pbx, call, call.channel, advisor.channel)
        raise Refused("They cannot be reached.") from None


class Thirds:
    """Joins whoever was called as a third, once; on the switchboard's thread."""

    def __init__(self) -> None:
        self._joined: set[str] = set()

    def begin(self, pbx: Pbx) -> None:
        """Whoever is in a bridge now was joined by another gateway, or before."""
        for inside in pbx.sight.bridges.values():
            self._joined |= inside

    def go_on(self, pbx: Pbx, call: Standing) -> None:
        """Who picked up is asked. Who is left behind with nobody to talk to is let go."""
        thirds = call.legs_of(LegRole.THIRD)
        if call.contact_state in (ContactState.ACTIVE, ContactState.HELD):
            for third in thirds:
                line = pbx.sight.line(third.channel)
                if third.up and line and line.here and third.channel not in self._joined:
                    self._joined.add(third.channel)
                    if pbx.sight.bridge_of(third.channel) is None:
                        bridging.ask(pbx, call, third.channel)
        elif (
            call.state in _TALKS
            and call.contact_state in _LEFT
            and not (thirds or call.legs_of(LegRole.ADVISOR))
        ):
            with suppress(AriNotFound):
                pbx.ari.hang_up(call.channel)


def end_consult(pbx: Pbx, call: Standing, _work: Work) -> None:
    """Back to the caller, without the third."""
    thirds = call.legs_of(LegRole.THIRD)
    if not thirds:
        raise Refused("Nobody else is in this call.")
    if call.state is not CallState.CONFERENCE:
        bridging.talk(pbx, call, call.channel, advisor_of(call).channel)
    for third in thirds:
        with suppress(AriNotFound):
            pbx.ari.hang_up(third.channel)


def conference(pbx: Pbx, call: Standing, _work: Work) -> None:
    """All three talk."""
    # The advisor last: what the call does is seen when all are there.
    bridging.talk(pbx, call, third_of(call).channel, call.channel, advisor_of(call).channel)


def hand_over(pbx: Pbx, call: Standing, work: Work) -> None:
    """The third and the caller talk, and the advisor leaves."""
    advisor, third = advisor_of(call), third_of(call)
    _give(pbx, call, third, work.staff_id)
    with suppress(AriNotFound):
        pbx.ari.hang_up(advisor.channel)


def _give(pbx: Pbx, call: Standing, third: StandingLeg, by: int) -> None:
    if call.state is not CallState.CONFERENCE:
        # First: otherwise, for a moment, nobody would have the caller.
        bridging.talk(pbx, call, third.channel, call.channel)
    if third.staff_id is not None:
        call_moves.handed_over(pbx.db, call.contact_id, by, third, pbx.lease)
    else:
        call_moves.to_outside(pbx.db, call.contact_id, by, third.number, pbx.lease, how="warm")


def advisor_left(pbx: Pbx, call: Standing) -> bool:
    """Whether the advisor put their telephone down while a third was there: they hand over.

    On the switchboard's thread. The caller is not dropped because somebody left too early.
    """
    thirds = [each for each in call.legs_of(LegRole.THIRD) if each.up]
    if (
        not thirds
        or call.owner_id is None
        or call.contact_state not in (ContactState.ACTIVE, ContactState.HELD)
        or call.legs_of(LegRole.ADVISOR)
        or pbx.sight.line(call.channel) is None
    ):
        return False
    try:
        _give(pbx, call, thirds[-1], call.owner_id)
    except (AriRefused, Conflict):
        return False
    return True


def transfer(pbx: Pbx, call: Standing, work: Work) -> None:
    """The caller goes to a queue, a colleague or a number; whoever was asked is let go."""
    if call.state not in (*_TALKS, CallState.CONSULTING):
        raise Refused("Nobody is talking.")
    to = _to(work)
    what = Passing(call.contact_id, work.staff_id, str(work.args.get("note", "")))
    if "number" in to:
        _outside(pbx, call, what, str(to["number"]))
    elif "queue" in to:
        call_moves.to_queue(pbx.db, what, _id(to["queue"]), pbx.lease)
        bridging.hold(pbx, call)
    else:
        call_moves.to_person(pbx.db, what, _id(to["staff"]), pbx.lease)
        bridging.hold(pbx, call)
    for leg in (*call.legs_of(LegRole.ADVISOR), *call.legs_of(LegRole.THIRD)):
        with suppress(AriNotFound):
            pbx.ari.hang_up(leg.channel)


def _outside(pbx: Pbx, call: Standing, what: Passing, number: str) -> None:
    endpoint = bridging.outside(pbx, number)
    pbx.ari.set_channel_variable(call.channel, "CRM_DIAL", endpoint)
    # First: once the call has ended for us, what we still have of it is hung up.
    pbx.ari.continue_in_dialplan(call.channel, OUT_CONTEXT, number)
    call_moves.to_outside(pbx.db, what.contact_id, what.by, number, pbx.lease, how="blind")


def _endpoint(pbx: Pbx, to: Mapping[str, object]) -> str:
    if "number" in to:
        return bridging.outside(pbx, str(to["number"]))
    return bridging.phone(pbx, call_moves.extension_of(pbx.db, _id(to["staff"])))


def _to(work: Work) -> Mapping[str, object]:
    to = work.args.get("to")
    return to if isinstance(to, Mapping) else {}


def _id(value: object) -> int:
    return int(str(value))
