"""What a PBX tells about its channels, bridges, playbacks and recordings, read with suspicion.

A value of a wrong kind is as good as none, and every text has an end: a caller chooses their own
name and number, and whoever can reach the PBX's port might answer in its place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

#: Longest text that is kept of a name, a number or a path.
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Channel:
    """One line into the PBX; `state` is Down, Rsrvd, Ring, Ringing, Up, Busy or another."""

    id: str
    name: str
    state: str
    #: Who is at its end, as the network says; empty when withheld or unknown.
    number: str
    caller_name: str
    #: Who that one is connected with.
    connected: str
    context: str
    #: The number that was called, or where in the dialplan the channel is.
    exten: str
    #: The dialplan application and its data, such as Stasis and `crm,in,…`.
    application: str
    application_data: str
    created: datetime | None


@dataclass(frozen=True, slots=True)
class Bridge:
    """What connects channels; `kind` is mixing or holding."""

    id: str
    kind: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Playback:
    """Something that is played; `target` is `channel:<id>` or `bridge:<id>`."""

    id: str
    media: str
    target: str
    #: queued, playing, continuing, done or failed.
    state: str


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording under way or just ended; `seconds` is known at its end."""

    name: str
    #: Its file's ending: wav, gsm and others.
    format: str
    target: str
    #: queued, recording, paused, done, failed or canceled.
    state: str
    seconds: int | None
    cause: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A telephone or trunk as configured; `state` is online, offline or unknown."""

    technology: str
    name: str
    state: str
    channels: tuple[str, ...]


Tree = Mapping[str, object]


def channel(tree: object) -> Channel:
    """A channel; raises ValueError without an id."""
    node = mapping(tree)
    caller, dialplan = mapping(node.get("caller")), mapping(node.get("dialplan"))
    return Channel(
        id=identity(node, "id"),
        name=text(node, "name"),
        state=text(node, "state"),
        number=text(caller, "number"),
        caller_name=text(caller, "name"),
        connected=text(mapping(node.get("connected")), "number"),
        context=text(dialplan, "context"),
        exten=text(dialplan, "exten"),
        application=text(dialplan, "app_name"),
        application_data=text(dialplan, "app_data"),
        created=moment(node, "creationtime"),
    )


def bridge(tree: object) -> Bridge:
    """A bridge; raises ValueError without an id."""
    node = mapping(tree)
    return Bridge(identity(node, "id"), text(node, "bridge_type"), texts(node.get("channels")))


def playback(tree: object) -> Playback:
    """A playback; raises ValueError without an id."""
    node = mapping(tree)
    return Playback(
        identity(node, "id"),
        text(node, "media_uri"),
        text(node, "target_uri"),
        text(node, "state"),
    )


def recording(tree: object) -> Recording:
    """A recording; raises ValueError without a name."""
    node = mapping(tree)
    return Recording(
        name=identity(node, "name"),
        format=text(node, "format"),
        target=text(node, "target_uri"),
        state=text(node, "state"),
        seconds=number(node, "duration"),
        cause=text(node, "cause"),
    )


def endpoint(tree: object) -> Endpoint:
    """An endpoint; raises ValueError without a name."""
    node = mapping(tree)
    return Endpoint(
        text(node, "technology"),
        identity(node, "resource"),
        text(node, "state"),
        texts(node.get("channel_ids")),
    )


def mapping(tree: object) -> Tree:
    """The object that this is, or an empty one."""
    return tree if isinstance(tree, dict) else {}


def text(node: Tree, key: str) -> str:
    """One clean line of at most LONGEST characters; empty when it is no text."""
    value = node.get(key)
    return clean(value) if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list."""
    if not isinstance(value, list):
        return ()
    return tuple(clean(each) for each in value if isinstance(each, str))


def clean(value: str) -> str:
    """A text as one line without control characters or halves of letters, and with an end."""
    shown = "".join(each if each.isprintable() else " " for each in value[: 2 * LONGEST])
    return shown.strip()[:LONGEST]


def identity(node: Tree, key: str) -> str:
    """What something is known by; unlike other texts it is all or nothing."""
    value = node.get(key)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST or not value.isprintable():
        raise ValueError(f"no usable {key}")
    return value


def number(node: Tree, key: str) -> int | None:
    """A whole number that is not negative and not absurd."""
    value = node.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        return None
    return value


def moment(node: Tree, key: str) -> datetime | None:
    """A time of the PBX's clock, which may be wrong, with its offset."""
    value = node.get(key)
    if not isinstance(value, str) or len(value) > 40:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None
