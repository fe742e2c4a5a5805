"""Who is put together with whom at the PBX, and where its people and the world are reached."""

from __future__ import annotations

import re
import time
from contextlib import suppress

from crm_desktop.channels.voice.ari import BridgeKind
from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.domain.calls import LegRole
from crm_desktop.gateway.calls import naming
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services.calls import Standing, StandingLeg

#: What has a telephone pick up by itself, in the two ways that are about.
PICKS_UP = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:crm>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://crm>;info=alert-autoanswer;delay=0",
}
#: Who has picked up talks within moments; others' commands wait for no longer than this.
_CONNECTS, _GLANCE = 0.5, 0.02
_ENDPOINT = re.compile(r"[A-Za-z0-9_.+-]{1,64}")


class Refused(Exception):
    """What is asked cannot be done; its words are for the person who asked."""


def talk(pbx: Pbx, call: Standing, *channels: str) -> None:
    """Let these talk with each other where the caller talks."""
    _join(pbx, naming.talk(call.contact_id), channels)


def ask(pbx: Pbx, call: Standing, *channels: str) -> None:
    """Let these talk with each other where the caller does not hear them."""
    _join(pbx, naming.ask(call.contact_id), channels)


def connected(pbx: Pbx, call: Standing) -> None:
    """Return once the caller and the advisor talk; raises Refused when that takes too long.

    That they talk is written first, and then they are put together: what moves the caller in
    between would be undone. The PBX is asked, because its events come later than what they tell.
    """
    both = {call.channel, advisor_of(call).channel}
    until = time.monotonic() + _CONNECTS
    while True:
        with suppress(AriNotFound):
            if both <= set(pbx.ari.bridge(naming.talk(call.contact_id)).channels):
                return
        if time.monotonic() >= until:
            raise Refused("You are only just being connected. Try it again.")
        time.sleep(_GLANCE)


def listen(pbx: Pbx, call: Standing, *channels: str) -> None:
    """Let a listener hear what their ear hears."""
    _join(pbx, naming.ear(call.contact_id), channels)


def hold(pbx: Pbx, call: Standing) -> None:
    """Let the caller hear music."""
    _join(pbx, naming.hold(call.contact_id), (call.channel,), "holding")


def _join(pbx: Pbx, bridge: str, channels: tuple[str, ...], kind: BridgeKind = "mixing") -> None:
    # One after the other, in the order given: what the call does is seen by who comes last.
    for channel in channels:
        try:
            pbx.ari.add(bridge, channel, waits=kind == "holding")
        except AriNotFound:
            pbx.ari.create_bridge(bridge, kind)
            pbx.ari.add(bridge, channel, waits=kind == "holding")


def phone(pbx: Pbx, extension: str) -> str:
    """The endpoint of a colleague; raises Refused when they have none."""
    if not _ENDPOINT.fullmatch(extension):
        raise Refused("No telephone is known there.")
    return pbx.settings.advisor.replace("{extension}", extension)


def outside(pbx: Pbx, number: str) -> str:
    """The endpoint of a number outside; raises Refused where nobody calls out."""
    if not pbx.settings.outbound or not _ENDPOINT.fullmatch(number):
        raise Refused("That number cannot be called from here.")
    return pbx.settings.outbound.replace("{number}", number)


def advisor_of(call: Standing) -> StandingLeg:
    """The telephone of whoever has the call; raises Refused while it is not in it."""
    legs = [
        each
        for each in call.legs_of(LegRole.ADVISOR)
        if each.up and each.staff_id in (None, call.owner_id)
    ]
    if not legs:
        raise Refused("Your telephone is not in this call.")
    return legs[-1]


def third_of(call: Standing) -> StandingLeg:
    """Whoever was called into this call and picked up; raises Refused when nobody did."""
    thirds = call.legs_of(LegRole.THIRD)
    if not thirds:
        raise Refused("Nobody else is in this call.")
    if not thirds[-1].up:
        raise Refused("They have not picked up yet.")
    return thirds[-1]
