"""What the holder of a call does within it: hold, mute, digits, its end, what is recorded."""

from __future__ import annotations

from contextlib import suppress

from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.gateway.calls import bridging, naming
from crm_desktop.gateway.calls.bridging import Refused, advisor_of
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import call_moves, calls
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing

_WHY = "asked"
_NORMAL = 16
_MOST_RECORDINGS = 5
#: Another channel for the same offer.
_AGAIN, _RINGS = "-again", 10


def answer(pbx: Pbx, call: Standing, work: Work) -> None:
    """Ring once more, as a call that the telephone picks up by itself; the other rings no more."""
    offer = call.offer
    if offer is None or offer.staff_id != work.staff_id:
        raise Refused("It is offered to you no longer.")
    if pbx.settings.answer_by != "header":
        raise Refused("Pick up your telephone.")
    rings = call.legs_of(LegRole.ADVISOR)
    channel = naming.leg(call.contact_id, LegRole.ADVISOR, offer.assignment_id) + _AGAIN
    if any(each.channel == channel for each in rings):
        raise Refused("Your telephone is picking up already.")
    calls.leg_began(
        pbx.db, call.contact_id, channel, LegRole.ADVISOR, pbx.lease,
        staff_id=offer.staff_id, number=offer.extension,
    )  # fmt: skip
    pbx.ari.originate(
        bridging.phone(pbx, offer.extension),
        app=pbx.settings.app,
        args=("advisor", str(call.contact_id), str(offer.assignment_id)),
        channel_id=channel,
        caller_id=call.number,
        seconds=_RINGS,
        variables=bridging.PICKS_UP,
    )
    for leg in rings:
        with suppress(AriNotFound):
            pbx.ari.hang_up(leg.channel, "answered_elsewhere")


def hold(pbx: Pbx, call: Standing, _work: Work) -> None:
    """The caller hears music, the advisor nobody."""
    if call.state not in (CallState.TALKING, CallState.CONFERENCE):
        raise Refused("Nobody is talking.")
    bridging.connected(pbx, call)
    bridging.hold(pbx, call)


def resume(pbx: Pbx, call: Standing, _work: Work) -> None:
    """Both talk again."""
    if call.state is not CallState.HELD:
        raise Refused("The caller is not on hold.")
    bridging.talk(pbx, call, call.channel, advisor_of(call).channel)


def mute(pbx: Pbx, call: Standing, work: Work) -> None:
    """Nobody hears the advisor."""
    pbx.ari.mute(advisor_of(call).channel)
    call_moves.muted(pbx.db, call.contact_id, work.staff_id, pbx.lease, on=True)


def unmute(pbx: Pbx, call: Standing, work: Work) -> None:
    """The advisor is heard again."""
    pbx.ari.unmute(advisor_of(call).channel)
    call_moves.muted(pbx.db, call.contact_id, work.staff_id, pbx.lease, on=False)


def dtmf(pbx: Pbx, call: Standing, work: Work) -> None:
    """Press keys towards the caller, or towards the third while they are asked."""
    target = call.channel
    thirds = [each for each in call.legs_of(LegRole.THIRD) if each.up]
    if call.state is CallState.CONSULTING and thirds:
        target = thirds[-1].channel
    pbx.ari.dtmf(target, str(work.args["digits"]))


def hang_up(pbx: Pbx, call: Standing, work: Work) -> None:
    """The advisor leaves, which ends the call for everybody; after a warning with its reason."""
    legs = call.legs_of(LegRole.ADVISOR)
    if not legs:
        raise Refused("Your telephone is not in this call.")
    words = str(work.args.get("words", "")).strip()
    if words:
        call_moves.warned(pbx.db, call.contact_id, work.staff_id, words, pbx.lease)
    if call.legs_of(LegRole.THIRD):
        # Who only puts their telephone down leaves the caller to the third; this ends it for all.
        calls.ended(
            pbx.db, call.contact_id, by="advisor", cause=_NORMAL, cut_off=False, under=pbx.lease
        )
    for leg in legs:
        pbx.ari.hang_up(leg.channel)


def pause_recording(pbx: Pbx, call: Standing, _work: Work) -> None:
    """What is said from now on is not kept."""
    pbx.ari.pause_recording(_recording(pbx, call))
    call_moves.recording(pbx.db, call.contact_id, "paused", _WHY, pbx.lease)


def resume_recording(pbx: Pbx, call: Standing, _work: Work) -> None:
    """What is said from now on is kept again."""
    pbx.ari.resume_recording(_recording(pbx, call))
    call_moves.recording(pbx.db, call.contact_id, "on", _WHY, pbx.lease)


def _recording(pbx: Pbx, call: Standing) -> str:
    """The newest recording of a call that is under way; raises Refused when there is none."""
    if call.recording != "off":
        for number in range(_MOST_RECORDINGS, 0, -1):
            with suppress(AriNotFound):
                return pbx.ari.live_recording(f"crm-{call.contact_id}-{number}").name
    raise Refused("This call is not being recorded.")
