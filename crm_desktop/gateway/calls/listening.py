"""A team leader in a call: who only hears, who is heard by the advisor alone, and who joins in."""

from __future__ import annotations

import time
from contextlib import suppress
from itertools import count

from crm_desktop.channels.voice.ari import Heard
from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused
from crm_desktop.domain.calls import LegRole, Verb
from crm_desktop.gateway.calls import bridging, naming
from crm_desktop.gateway.calls.bridging import Refused, advisor_of
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import call_moves, calls
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing, StandingLeg

_RINGS = 25
#: To whom the listener speaks: whisper "out" is heard at the advisor's telephone alone.
_SPEAKS: dict[str, Heard] = {Verb.LISTEN: "none", Verb.WHISPER: "out"}


def listen(pbx: Pbx, call: Standing, work: Work) -> None:
    """Ring the leader's telephone; one that is in the call already changes how it is in it."""
    advisor_of(call)
    mode = work.verb.value
    mine = _mine(call, work.staff_id)
    if mine is not None:
        if mine.mode != mode:
            call_moves.listens(pbx.db, call.contact_id, mine.channel, mode, pbx.lease)
        return
    if call.legs_of(LegRole.LISTENER):
        raise Refused("Somebody listens to this call already.")
    extension = call_moves.extension_of(pbx.db, work.staff_id)
    channel = naming.leg(call.contact_id, LegRole.LISTENER, work.id)
    endpoint = bridging.phone(pbx, extension)
    calls.leg_began(
        pbx.db, call.contact_id, channel, LegRole.LISTENER, pbx.lease,
        staff_id=work.staff_id, number=extension, mode=mode,
    )  # fmt: skip
    variables = bridging.PICKS_UP if pbx.settings.answer_by == "header" else None
    try:
        pbx.ari.originate(
            endpoint,
            app=pbx.settings.app,
            args=("listener", str(call.contact_id), mode),
            channel_id=channel,
            seconds=_RINGS,
            variables=variables,
        )
    except AriRefused:
        calls.leg_ended(pbx.db, call.contact_id, channel, None, pbx.lease)
        raise Refused("Your telephone cannot be reached.") from None


def stop(pbx: Pbx, call: Standing, work: Work) -> None:
    """The leader hears the call no more."""
    mine = _mine(call, work.staff_id)
    if mine is None:
        raise Refused("You are not listening.")
    with suppress(AriNotFound):
        pbx.ari.hang_up(mine.channel)


def _mine(call: Standing, staff_id: int) -> StandingLeg | None:
    legs = call.legs_of(LegRole.LISTENER)
    return next((each for each in legs if each.staff_id == staff_id), None)


class Ears:
    """Has every listener who picked up hear as they asked to; on the switchboard's thread."""

    def __init__(self) -> None:
        #: By the listener's channel: how they hear, at whose telephone, by which channel.
        self._ears: dict[str, tuple[str, str, str]] = {}
        self._numbers = count(1)

    def go_on(self, pbx: Pbx, call: Standing) -> None:
        """Join who listens and who hears; what nobody hears by any more goes."""
        wanted: set[str] = set()
        with suppress(Refused, AriNotFound):
            advisor = advisor_of(call).channel
            for leg in call.legs_of(LegRole.LISTENER):
                line = pbx.sight.line(leg.channel)
                if not leg.up or line is None or not line.here:
                    continue
                if leg.mode == Verb.BARGE:
                    self._join_in(pbx, call, leg)
                else:
                    wanted.add(self._hear(pbx, call, leg, advisor))
        begins = f"crm-{call.contact_id}-ear-"
        for each in pbx.sight.of(call.contact_id):
            if each.startswith(begins) and each not in wanted:
                with suppress(AriNotFound):
                    pbx.ari.hang_up(each)

    def _join_in(self, pbx: Pbx, call: Standing, leg: StandingLeg) -> None:
        how = (leg.mode, naming.talk(call.contact_id), "")
        if self._ears.get(leg.channel) != how:
            bridging.talk(pbx, call, leg.channel)
            self._ears[leg.channel] = how
            _told(pbx, call, leg)

    def _hear(self, pbx: Pbx, call: Standing, leg: StandingLeg, advisor: str) -> str:
        mode, where, ear = self._ears.get(leg.channel, ("", "", ""))
        if (mode, where) != (leg.mode, advisor) or ear in pbx.sight.gone:
            ear = f"crm-{call.contact_id}-ear-{time.time_ns():x}-{next(self._numbers)}"
            self._ears[leg.channel] = (leg.mode, advisor, ear)
            pbx.ari.snoop(
                advisor, app=pbx.settings.app, args=("ear", str(call.contact_id)),
                snoop_id=ear, spy="both", whisper=_SPEAKS[leg.mode],
            )  # fmt: skip
            _told(pbx, call, leg)
            return ear
        line, bridge = pbx.sight.line(ear), naming.ear(call.contact_id)
        if line is not None and line.here:
            apart = [each for each in (ear, leg.channel) if pbx.sight.bridge_of(each) != bridge]
            bridging.listen(pbx, call, *apart)
        return ear


def _told(pbx: Pbx, call: Standing, leg: StandingLeg) -> None:
    if leg.staff_id is not None:
        call_moves.listened(pbx.db, call.contact_id, leg.staff_id, leg.mode, pbx.lease)
