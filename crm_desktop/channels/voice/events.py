"""The events of a PBX as types; whatever else it says is nothing to us."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from crm_desktop.channels.voice import things
from crm_desktop.channels.voice.things import Bridge, Channel, Playback, Recording, Tree


@dataclass(frozen=True, slots=True, kw_only=True)
class AriEvent:
    """Something happened at the PBX; `at` is by its clock."""

    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ChannelEvent(AriEvent):
    """Something happened to a channel, which is described as it was then."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class StasisStart(ChannelEvent):
    """A channel came to us, with the arguments of the dialplan or of its origination."""

    args: tuple[str, ...]
    #: The channel whose place it took, by a transfer at a phone.
    replaces: str


@dataclass(frozen=True, slots=True)
class StasisEnd(ChannelEvent):
    """A channel left us: hung up, sent on in the dialplan, or replaced."""


@dataclass(frozen=True, slots=True)
class ChannelStateChange(ChannelEvent):
    """It began to ring, or was answered: see `channel.state`."""


@dataclass(frozen=True, slots=True)
class ChannelDestroyed(ChannelEvent):
    """It is gone; `cause` is Q.850's, such as 16 normal, 17 busy, 19 no answer, 0 unknown."""

    cause: int
    cause_words: str


@dataclass(frozen=True, slots=True)
class ChannelHangupRequest(ChannelEvent):
    """Its end was asked for; `cause` is None where none was given."""

    cause: int | None


@dataclass(frozen=True, slots=True)
class ChannelEnteredBridge(ChannelEvent):
    """It is in a bridge now."""

    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ChannelLeftBridge(ChannelEvent):
    """It is not in that bridge any more."""

    bridge: Bridge


@dataclass(frozen=True, slots=True)
class ChannelDtmfReceived(ChannelEvent):
    """A key was pressed there: 0-9, *, # or A-D."""

    digit: str


@dataclass(frozen=True, slots=True)
class ChannelHold(ChannelEvent):
    """The telephone there put us on hold by its own key."""


@dataclass(frozen=True, slots=True)
class ChannelUnhold(ChannelEvent):
    """The telephone there came back from its own hold."""


@dataclass(frozen=True, slots=True)
class Dial(AriEvent):
    """How the call of `peer` goes: empty, RINGING, ANSWER, BUSY, NOANSWER, CANCEL, CONGESTION…"""

    peer: Channel
    caller: Channel | None
    status: str


@dataclass(frozen=True, slots=True)
class BridgeDestroyed(AriEvent):
    """A bridge is gone."""

    bridge: Bridge


@dataclass(frozen=True, slots=True)
class PlaybackStarted(AriEvent):
    """Something began to be heard."""

    playback: Playback


@dataclass(frozen=True, slots=True)
class PlaybackFinished(AriEvent):
    """It was heard to its end, or stopped, or could not be played: see `playback.state`."""

    playback: Playback


@dataclass(frozen=True, slots=True)
class RecordingStarted(AriEvent):
    """A recording runs."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class RecordingFinished(AriEvent):
    """A recording is whole and can be fetched."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class RecordingFailed(AriEvent):
    """A recording could not be made: see `recording.cause`."""

    recording: Recording


@dataclass(frozen=True, slots=True)
class ApplicationReplaced(AriEvent):
    """Another connection took our application over; nothing more is said on this one."""


def parse(message: str | bytes) -> AriEvent | None:
    """The event in a message; None for other events, and for what is none. Never raises."""
    try:
        tree = things.mapping(json.loads(message))
        read = _READ.get(str(tree.get("type")))
        return read(tree) if read else None
    except (ValueError, RecursionError):
        return None


def _start(tree: Tree) -> StasisStart:
    replaced = things.mapping(tree.get("replace_channel"))
    return StasisStart(
        things.channel(tree.get("channel")),
        things.texts(tree.get("args")),
        things.text(replaced, "id"),
        at=_at(tree),
    )


def _destroyed(tree: Tree) -> ChannelDestroyed:
    return ChannelDestroyed(
        things.channel(tree.get("channel")),
        things.number(tree, "cause") or 0,
        things.text(tree, "cause_txt"),
        at=_at(tree),
    )


def _hangup(tree: Tree) -> ChannelHangupRequest:
    channel = things.channel(tree.get("channel"))
    return ChannelHangupRequest(channel, things.number(tree, "cause"), at=_at(tree))


def _digit(tree: Tree) -> ChannelDtmfReceived:
    digit = things.identity(tree, "digit")
    if digit not in set("0123456789*#ABCD"):
        raise ValueError("no key")
    return ChannelDtmfReceived(things.channel(tree.get("channel")), digit, at=_at(tree))


def _dial(tree: Tree) -> Dial:
    caller = tree.get("caller")
    return Dial(
        things.channel(tree.get("peer")),
        things.channel(caller) if caller else None,
        things.text(tree, "dialstatus"),
        at=_at(tree),
    )


def _of_channel(event: Callable[..., ChannelEvent]) -> Callable[[Tree], AriEvent]:
    return lambda tree: event(things.channel(tree.get("channel")), at=_at(tree))


def _of_bridge(event: Callable[..., AriEvent]) -> Callable[[Tree], AriEvent]:
    return lambda tree: event(things.bridge(tree.get("bridge")), at=_at(tree))


def _of_both(event: Callable[..., ChannelEvent]) -> Callable[[Tree], AriEvent]:
    return lambda tree: event(
        things.channel(tree.get("channel")), things.bridge(tree.get("bridge")), at=_at(tree)
    )


def _of_playback(event: Callable[..., AriEvent]) -> Callable[[Tree], AriEvent]:
    return lambda tree: event(things.playback(tree.get("playback")), at=_at(tree))


def _of_recording(event: Callable[..., AriEvent]) -> Callable[[Tree], AriEvent]:
    return lambda tree: event(things.recording(tree.get("recording")), at=_at(tree))


def _at(tree: Tree) -> datetime | None:
    return things.moment(tree, "timestamp")


_READ: dict[str, Callable[[Tree], AriEvent]] = {
    "StasisStart": _start,
    "StasisEnd": _of_channel(StasisEnd),
    "ChannelStateChange": _of_channel(ChannelStateChange),
    "ChannelDestroyed": _destroyed,
    "ChannelHangupRequest": _hangup,
    "ChannelEnteredBridge": _of_both(ChannelEnteredBridge),
    "ChannelLeftBridge": _of_both(ChannelLeftBridge),
    "ChannelDtmfReceived": _digit,
    "ChannelHold": _of_channel(ChannelHold),
    "ChannelUnhold": _of_channel(ChannelUnhold),
    "Dial": _dial,
    "BridgeDestroyed": _of_bridge(BridgeDestroyed),
    "PlaybackStarted": _of_playback(PlaybackStarted),
    "PlaybackFinished": _of_playback(PlaybackFinished),
    "RecordingStarted": _of_recording(RecordingStarted),
    "RecordingFinished": _of_recording(RecordingFinished),
    "RecordingFailed": _of_recording(RecordingFailed),
    "ApplicationReplaced": lambda tree: ApplicationReplaced(at=_at(tree)),
}
