"""What a PBX has shown of our calls: from its events, and from looking at all that there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from crm_desktop.channels.voice import events, things
from crm_desktop.gateway.calls import naming

#: In so many looks, one after the other, something must be missing that no event said is gone: what
#: was just asked for need not be there yet, and the event that says why may be on its way.
_LOOKS = 2
_STASIS, _DIAL = "Stasis", "Dial"
_NORMAL = 16


@dataclass(frozen=True, slots=True)
class Line:
    """A channel of ours. `here`: our application has it, so that it can be put into bridges.

    `left`: it had it, and gave it back to the dialplan.
    """

    rings: bool = False
    here: bool = False
    left: bool = False


@dataclass(slots=True)
class Sight:
    """Nothing in here is known otherwise than from the PBX. Others' channels are not kept."""

    #: The caller's channel of each call, whose names are the PBX's, by channel.
    callers: dict[str, int] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)
    #: What is gone and why (Q.850), None where that was not seen; in the order of going.
    gone: dict[str, int | None] = field(default_factory=dict)
    #: Who is in each bridge of ours.
    bridges: dict[str, frozenset[str]] = field(default_factory=dict)
    _missing: dict[str, int] = field(default_factory=dict)
    #: Whose end was asked for: 16 for who hung up by themselves, None where the PBX or we did; what
    #: its request then says is a flag and no cause, which ChannelDestroyed alone tells.
    _ending: dict[str, int | None] = field(default_factory=dict)

    def contact_of(self, channel: str) -> int | None:
        """The contact that a channel is for."""
        known = self.callers.get(channel)
        return naming.contact_of(channel) if known is None else known

    def line(self, channel: str) -> Line | None:
        """A channel that is there."""
        return self.lines.get(channel)

    def among(self, bridge: str) -> frozenset[str]:
        """Who is in a bridge."""
        return self.bridges.get(bridge, frozenset())

    def bridge_of(self, channel: str) -> str | None:
        """The bridge that a channel is in."""
        return next((name for name, inside in self.bridges.items() if channel in inside), None)

    def of(self, contact_id: int) -> tuple[str, ...]:
        """Every channel that there is of a call."""
        return tuple(each for each in self.lines if self.contact_of(each) == contact_id)

    def came(self, channel: str, contact_id: int) -> None:
        """A caller's channel is this contact."""
        self.callers[channel] = contact_id
        if channel not in self.gone:
            self.lines.setdefault(channel, Line(here=True))

    def forget(self, contact_id: int) -> None:
        """A call is over and nothing of it is left."""
        ours = {*self.of(contact_id), *(each for each in self.gone if self._is(each, contact_id))}
        for channel in ours | {each for each in self.callers if self._is(each, contact_id)}:
            self.lines.pop(channel, None)
            self.gone.pop(channel, None)
            self.callers.pop(channel, None)
            self._missing.pop(channel, None)
        for bridge in naming.bridges(contact_id):
            self.bridges.pop(bridge, None)

    def _is(self, channel: str, contact_id: int) -> bool:
        return self.contact_of(channel) == contact_id

    def note(self, event: events.AriEvent) -> int | None:
        """What an event shows; the contact that it concerns, None for none of ours."""
        match event:
            case events.BridgeDestroyed(bridge=bridge):
                self.bridges.pop(bridge.id, None)
                return naming.contact_of(bridge.id)
            case (
                events.ChannelEnteredBridge(bridge=bridge) | events.ChannelLeftBridge(bridge=bridge)
            ):
                if naming.contact_of(bridge.id) is not None:
                    self.bridges[bridge.id] = frozenset(bridge.channels)
        if not isinstance(event, events.ChannelEvent):
            return None
        channel = event.channel
        contact_id = self.contact_of(channel.id)
        if contact_id is None or channel.id in self.gone:
            return contact_id
        before = self.lines.get(channel.id, Line())
        match event:
            case events.ChannelDestroyed(cause=cause):
                self._went(channel.id, cause)
            case events.StasisStart():
                self.lines[channel.id] = Line(here=True)
            case events.ChannelHangupRequest(cause=cause):
                self._ending.setdefault(channel.id, _NORMAL if cause is None else None)
            case events.StasisEnd() if channel.id in self.callers and self._ending.get(channel.id):
                self._went(channel.id, self._ending[channel.id])
            case events.StasisEnd():
                self.lines[channel.id] = replace(before, here=False, left=True)
            case _:
                self.lines[channel.id] = replace(before, rings=channel.state == "Ringing")
        return contact_id

    def _went(self, channel: str, cause: int | None) -> None:
        self.lines.pop(channel, None)
        self._ending.pop(channel, None)
        self.gone[channel] = cause
        for name, inside in list(self.bridges.items()):
            if channel in inside:
                self.bridges[name] = inside - {channel}

    def look(
        self,
        channels: Sequence[things.Channel],
        bridges: Iterable[things.Bridge],
        expected: Iterable[str],
        *,
        first: bool,
    ) -> None:
        """All that there is now, where these channels of ours are expected.

        `first`: nothing is known from before, so what is missing is gone.
        """
        self.bridges = {
            each.id: frozenset(each.channels)
            for each in bridges
            if naming.contact_of(each.id) is not None
        }
        there = {each.id for each in channels}
        for channel in channels:
            if self.contact_of(channel.id) is not None and channel.id not in self.gone:
                self.lines[channel.id] = Line(
                    rings=channel.state == "Ringing",
                    here=channel.application == _STASIS,
                    left=channel.application == _DIAL,
                )
        absent = {*self.lines, *expected} - there - self.gone.keys()
        self._missing = {each: self._missing.get(each, 0) + 1 for each in absent}
        for each in sorted(absent):
            if first or self._missing[each] >= _LOOKS:
                self._went(each, None)
                del self._missing[each]
