"""Calling somebody: our own telephone first, then the other side once ours is picked up."""

from __future__ import annotations

from contextlib import suppress

from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused
from crm_desktop.domain.calls import CallState, LegRole
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.calls import bridging, naming
from crm_desktop.gateway.calls.bridging import Refused
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import call_moves, outbound
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing
from crm_desktop.services.outbound import Own

_OWN_RINGS, _RINGS = 25, 60
#: There is no way to that number, as the network says it (Q.850).
_NO_ROUTE = 3


def dial(pbx: Pbx, work: Work) -> None:
    """A new call of ours: its contact, and the telephone of whoever asks for it."""
    own = _own(call_moves.extension_of(pbx.db, work.staff_id))
    endpoint = bridging.phone(pbx, own.extension)
    bridging.outside(pbx, str(work.args["number"]))
    contact_id = outbound.begun(pbx.db, work, pbx.account_id, own, pbx.lease)
    _ring_own(pbx, contact_id, own, endpoint)


def _own(extension: str) -> Own:
    return Own(extension, lambda contact_id: naming.leg(contact_id, LegRole.ADVISOR, 1))


def _ring_own(pbx: Pbx, contact_id: int, own: Own, endpoint: str) -> None:
    try:
        pbx.ari.originate(
            endpoint,
            app=pbx.settings.app,
            args=("advisor", str(contact_id)),
            channel_id=own.channel(contact_id),
            caller_id=outbound.number_of(pbx.db, contact_id),
            seconds=_OWN_RINGS,
            variables=bridging.PICKS_UP if pbx.settings.answer_by == "header" else None,
        )
    except AriRefused:
        outbound.failed(pbx.db, contact_id, _NO_ROUTE, pbx.lease)
        raise Refused("Your telephone cannot be reached.") from None


def go_on(pbx: Pbx, call: Standing) -> None:
    """The next step of a call of ours, on the switchboard's thread."""
    if call.state is CallState.CALLBACK and call.contact_state is ContactState.ACTIVE:
        _call_back(pbx, call)
        return
    if call.state is not CallState.DIALLING:
        return
    own = [each for each in call.legs_of(LegRole.ADVISOR) if each.up]
    if not own or pbx.sight.line(own[-1].channel) is None:
        return
    other = pbx.sight.line(call.channel) if call.channel else None
    if not call.channel:
        _call_out(pbx, call, own[-1].channel)
    elif other is not None and other.here:
        with suppress(AriNotFound):
            pbx.ari.stop_ringing(own[-1].channel)
        outbound.reached(pbx.db, call.contact_id, call.channel, pbx.lease)
        pbx.look_at(call.contact_id)


def _call_back(pbx: Pbx, call: Standing) -> None:
    """Somebody took a call that is to be returned: it is dialled now."""
    if call.owner_id is None:
        return
    own = _own(call_moves.extension_of(pbx.db, call.owner_id))
    with suppress(Refused):  # who has no telephone here returns it in another way
        endpoint = bridging.phone(pbx, own.extension)
        if outbound.called_back(pbx.db, call.contact_id, own, pbx.lease):
            _ring_own(pbx, call.contact_id, own, endpoint)


def _call_out(pbx: Pbx, call: Standing, own: str) -> None:
    channel = naming.leg(call.contact_id, LegRole.CALLER, 1)
    outbound.other_side(pbx.db, call.contact_id, channel, call.number, pbx.lease)
    number = outbound.number_of(pbx.db, call.contact_id)
    try:
        pbx.ari.ring(own)
        pbx.ari.originate(
            bridging.outside(pbx, number),
            app=pbx.settings.app,
            args=("out", str(call.contact_id)),
            channel_id=channel,
            seconds=_RINGS,
            originator=own,
        )
    except (AriRefused, AriNotFound, Refused):
        outbound.failed(pbx.db, call.contact_id, _NO_ROUTE, pbx.lease)
        pbx.look_at(call.contact_id)
