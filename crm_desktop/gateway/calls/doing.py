"""Writing what a step says, and asking the PBX for what it says."""

from __future__ import annotations

import logging
import time

from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused
from crm_desktop.domain.calls import LegRole
from crm_desktop.domain.errors import Conflict
from crm_desktop.gateway.calls import bridging, naming, step
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.services import calls
from crm_desktop.services.calls import Ended, Offer, Standing

_LOG = logging.getLogger(__name__)

#: What was asked for shows within moments; before that it is not asked for again.
_PATIENCE = 2.0
#: The routing ends an offer; the phone rings on a little, so that there is one who decides. An
#: offer without end rings so long.
_LONGER, _WITHOUT_END = 5, 25


class Doer:
    """Does the steps of calls at one PBX."""

    def __init__(self, pbx: Pbx) -> None:
        self._pbx = pbx
        self._asked: dict[tuple[int, step.Ask], float] = {}

    def write(self, call: Standing, what: step.Write) -> Ended | None:
        """Write it; what is over when the call is."""
        db, lease, contact_id = self._pbx.db, self._pbx.lease, call.contact_id
        match what:
            case step.Rang():
                calls.ringing(db, contact_id, lease)
            case step.Answered(offer=offer, channel=channel):
                calls.answered(db, contact_id, offer.assignment_id, channel, lease)
            case step.NotAnswered(offer=offer, reason=reason, cause=cause):
                calls.not_answered(db, call, offer, lease, reason=reason, cause=cause)
            case step.LegUp(channel=channel):
                calls.leg_up(db, contact_id, channel, lease)
            case step.LegEnded(channel=channel, cause=cause):
                calls.leg_ended(db, contact_id, channel, cause, lease)
            case step.Does(state=state):
                calls.seen(db, contact_id, state, lease)
            case step.Over(by=by, cause=cause, cut_off=cut_off):
                return calls.ended(db, contact_id, by=by, cause=cause, cut_off=cut_off, under=lease)
        return None

    def ask(self, contact_id: int, call: Standing | None, what: step.Ask) -> None:
        """Ask for it, unless that was done a moment ago. Raises AriAway and AriDenied."""
        now = time.monotonic()
        if now - self._asked.get((contact_id, what), -_PATIENCE) < _PATIENCE:
            return
        self._asked[contact_id, what] = now
        try:
            self._ask(call, what)
        except AriNotFound:
            pass  # gone: its event is on the way, or the next look finds out
        except AriRefused as refusal:
            _LOG.warning("contact %s: %s was refused: %s", contact_id, type(what).__name__, refusal)

    def forget(self, contact_id: int) -> None:
        """A call is over."""
        for each in [each for each in self._asked if each[0] == contact_id]:
            del self._asked[each]

    def _ask(self, call: Standing | None, what: step.Ask) -> None:
        ari = self._pbx.ari
        match what:
            case step.HangUp(channel=channel):
                ari.hang_up(channel)
            case step.TearDown(bridge=bridge):
                ari.destroy_bridge(bridge)
            case step.Wait() if call:
                bridge = naming.hold(call.contact_id)
                ari.answer(call.channel)
                ari.create_bridge(bridge, "holding")
                ari.add(bridge, call.channel, waits=True)
            case step.Connect(channel=channel) if call:
                bridge = naming.talk(call.contact_id)
                ari.create_bridge(bridge, "mixing")
                ari.add(bridge, call.channel, channel)
            case step.Ring(offer=offer) if call:
                self._ring(call, offer)

    def _ring(self, call: Standing, offer: Offer) -> None:
        """Written first: a channel that nobody knows of could not be hung up."""
        pbx, contact_id = self._pbx, call.contact_id
        channel = naming.leg(contact_id, LegRole.ADVISOR, offer.assignment_id)
        try:
            endpoint = bridging.phone(pbx, offer.extension)
        except bridging.Refused:
            calls.not_answered(pbx.db, call, offer, pbx.lease, reason="unreachable", cause=None)
            return
        try:
            calls.leg_began(
                pbx.db, contact_id, channel, LegRole.ADVISOR, pbx.lease,
                staff_id=offer.staff_id, number=offer.extension,
            )  # fmt: skip
        except Conflict:
            return  # a command ended it just now
        seconds = _WITHOUT_END
        if offer.expires_at is not None:
            seconds = _LONGER + max(1, round((offer.expires_at - offer.offered_at).total_seconds()))
        try:
            pbx.ari.originate(
                endpoint,
                app=pbx.settings.app,
                args=("advisor", str(contact_id), str(offer.assignment_id)),
                channel_id=channel,
                caller_id=call.number,
                seconds=seconds,
                originator=call.channel,
            )
        except AriRefused as refusal:
            _LOG.info("contact %s: the phone could not be rung: %s", contact_id, refusal)
            calls.not_answered(pbx.db, call, offer, pbx.lease, reason="unreachable", cause=None)
            calls.leg_ended(pbx.db, contact_id, channel, None, pbx.lease)
