"""What the PBX can be told and asked: ARI's channels, bridges, playbacks and recordings.

Every method is one request, done or raised: AriDenied, AriRefused, AriNotFound (mostly: gone), or
AriAway, after which it is not known whether it was done. Nothing is ever tried again here. What
became of a request that was taken is told by events (`EventStream`), not by its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Self, TypeVar

from crm_desktop.channels.voice import things
from crm_desktop.channels.voice.things import Bridge, Channel, Endpoint, Playback, Recording
from crm_desktop.channels.voice.trouble import AriAway, AriNotFound, AriRefused
from crm_desktop.channels.voice.wire import Value, Wire, part

#: Why a channel is ended, as its far side is told.
Reason = Literal[
    "normal",
    "busy",
    "congestion",
    "no_answer",
    "timeout",
    "rejected",
    "unallocated",
    "normal_unspecified",
    "number_incomplete",
    "codec_mismatch",
    "interworking",
    "failure",
    "answered_elsewhere",
]
Direction = Literal["in", "out", "both"]
Heard = Literal["none", "in", "out", "both"]
BridgeKind = Literal["mixing", "holding"]

_Thing = TypeVar("_Thing")
_THERE_ALREADY = 409


class Ari:
    """One PBX; threads may share it."""

    def __init__(self, url: str, user: str, password: str, *, timeout: float = 2.0) -> None:
        """`url` is the PBX's HTTP server without /ari; `timeout` seconds are for each step."""
        self._wire = Wire(url, user, password, timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End every connection; at the PBX nothing changes."""
        self._wire.close()

    # The PBX itself

    def version(self) -> str:
        """Asterisk's version, such as 22.10.1."""
        info = things.mapping(self._wire.get("asterisk/info", only="system"))
        return things.text(things.mapping(info.get("system")), "version")

    def variable(self, name: str) -> str:
        """A global variable of the dialplan, empty if there is none; functions are not read so."""
        try:
            answer = self._wire.get("asterisk/variable", variable=name)
        except AriNotFound:
            return ""
        return _long_text(answer)

    def set_variable(self, name: str, value: str) -> None:
        """Set a global variable of the dialplan."""
        self._wire.post("asterisk/variable", {"variable": name, "value": value})

    def applications(self) -> tuple[str, ...]:
        """The names of the applications that are connected."""
        found = (
            things.text(things.mapping(each), "name")
            for each in _list(self._get_list("applications"))
        )
        return tuple(filter(None, found))

    def subscribe(self, app: str, channel_id: str) -> None:
        """Be told of a channel's end, and why, also when it came in by the dialplan."""
        path = f"applications/{part(app)}/subscription"
        self._wire.post(path, {"eventSource": f"channel:{channel_id}"})

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every telephone and trunk that is configured."""
        return _all(things.endpoint, self._get_list("endpoints"))

    def endpoint(self, name: str) -> Endpoint:
        """The telephone or trunk `PJSIP/<name>`."""
        technology, _, resource = name.partition("/")
        return _one(
            things.endpoint, self._wire.get(f"endpoints/{part(technology)}/{part(resource)}")
        )

    def sounds(self) -> frozenset[str]:
        """The names of every announcement that is there, such as `queue-youarenext`."""
        found = (
            things.text(things.mapping(each), "id") for each in _list(self._get_list("sounds"))
        )
        return frozenset(filter(None, found))

    def module_runs(self, name: str) -> bool:
        """Whether a module, such as `res_musiconhold.so`, is loaded and at work."""
        try:
            answer = self._wire.get(f"asterisk/modules/{part(name)}")
        except AriRefused:
            return False
        return things.text(things.mapping(answer), "status") == "Running"

    # Channels

    def channels(self) -> tuple[Channel, ...]:
        """Every channel that there is, ours or not."""
        return _all(things.channel, self._get_list("channels"))

    def channel(self, channel_id: str) -> Channel:
        """One channel as it is now."""
        return _one(things.channel, self._wire.get(f"channels/{part(channel_id)}"))

    def originate(
        self,
        endpoint: str,
        *,
        app: str,
        args: Sequence[str] = (),
        channel_id: str = "",
        caller_id: str = "",
        seconds: int = 30,
        variables: Mapping[str, str] | None = None,
        originator: str = "",
    ) -> Channel:
        """Call `endpoint` ("PJSIP/101"); when it is answered, the channel comes to `app`.

        Rings for `seconds` (-1: without end). `caller_id` is `Name <number>` or a number.
        `variables` may hold functions: `PJSIP_HEADER(add,Call-Info)`. An endpoint that is not
        there raises AriRefused with status 500.
        """
        query: dict[str, Value] = {
            "endpoint": endpoint,
            "app": app,
            "appArgs": ",".join(args),
            "channelId": channel_id,
            "callerId": caller_id,
            "timeout": seconds,
            "originator": originator,
        }
        body = {"variables": dict(variables or {})}
        return _one(things.channel, self._wire.post("channels", query, body))

    def answer(self, channel_id: str) -> None:
        """Pick up a channel that called us."""
        self._do(channel_id, "answer")

    def ring(self, channel_id: str) -> None:
        """Let a channel that called us hear that it rings here."""
        self._do(channel_id, "ring")

    def stop_ringing(self, channel_id: str) -> None:
        """The contrary of `ring`."""
        self._undo(channel_id, "ring")

    def hang_up(self, channel_id: str, reason: Reason = "normal") -> None:
        """End a channel; one that rings is called off."""
        self._wire.delete(f"channels/{part(channel_id)}", reason=reason)

    def mute(self, channel_id: str, direction: Direction = "in") -> None:
        """`in`: nobody hears this channel any more. `out`: it hears nobody."""
        self._do(channel_id, "mute", direction=direction)

    def unmute(self, channel_id: str, direction: Direction = "in") -> None:
        """The contrary of `mute`."""
        self._undo(channel_id, "mute", direction=direction)

    def dtmf(self, channel_id: str, digits: str, *, length: int = 100, pause: int = 100) -> None:
        """Press keys towards the far end of a channel; both times in ms."""
        self._do(channel_id, "dtmf", dtmf=digits, duration=length, between=pause)

    def channel_variable(self, channel_id: str, name: str) -> str:
        """A variable or function of a channel, such as `CALLERID(num)`; empty if there is none.

        Asterisk refuses those that reach beyond the channel, such as DB(). Raises AriNotFound
        when the channel is gone.
        """
        path = f"channels/{part(channel_id)}"
        try:
            answer = self._wire.get(f"{path}/variable", variable=name)
        except AriNotFound:
            self._wire.get(path)
            return ""
        return _long_text(answer)

    def set_channel_variable(self, channel_id: str, name: str, value: str) -> None:
        """Set a variable or function of a channel, such as `CHANNEL(userfield)`."""
        self._do(channel_id, "variable", variable=name, value=value)

    def snoop(
        self,
        channel_id: str,
        *,
        app: str,
        args: Sequence[str] = (),
        snoop_id: str = "",
        spy: Heard = "both",
        whisper: Heard = "none",
    ) -> Channel:
        """A channel that hears another and may speak into it; it comes to `app`.

        `whisper="out"` is heard at that telephone alone, `"in"` by whoever talks with it.
        """
        query: dict[str, Value] = {
            "app": app,
            "appArgs": ",".join(args),
            "spy": spy,
            "whisper": whisper,
        }
        path = f"channels/{part(channel_id)}/snoop"
        if snoop_id:
            path += f"/{part(snoop_id)}"
        return _one(things.channel, self._wire.post(path, query))

    def continue_in_dialplan(
        self, channel_id: str, context: str = "", exten: str = "", priority: int = 1
    ) -> None:
        """Give a channel back to the dialplan: there, or after its Stasis() without a context."""
        place: dict[str, Value] = {}
        if context:
            place = {"context": context, "extension": exten, "priority": priority}
        self._do(channel_id, "continue", **place)

    # What is played

    def play(
        self, channel_id: str, media: Sequence[str], playback_id: str, *, language: str = ""
    ) -> Playback:
        """Play to a channel, one after the other: `sound:queue-youarenext`, `number:3`,
        `digits:117`, `tone:busy`, `recording:<name>`."""
        return self._play(f"channels/{part(channel_id)}", media, playback_id, language)

    def play_to_bridge(
        self, bridge_id: str, media: Sequence[str], playback_id: str, *, language: str = ""
    ) -> Playback:
        """Play to everybody in a bridge."""
        return self._play(f"bridges/{part(bridge_id)}", media, playback_id, language)

    def stop_playback(self, playback_id: str) -> None:
        """Be quiet."""
        self._wire.delete(f"playbacks/{part(playback_id)}")

    # Bridges

    def bridges(self) -> tuple[Bridge, ...]:
        """Every bridge that there is, ours or not."""
        return _all(things.bridge, self._get_list("bridges"))

    def bridge(self, bridge_id: str) -> Bridge:
        """One bridge as it is now."""
        return _one(things.bridge, self._wire.get(f"bridges/{part(bridge_id)}"))

    def create_bridge(self, bridge_id: str, kind: BridgeKind) -> Bridge:
        """A bridge with this id; one that is there already stays and is answered."""
        # Without dtmf_events the keys that are pressed inside a bridge would not be told.
        kinds = "mixing,dtmf_events" if kind == "mixing" else "holding"
        try:
            made = self._wire.post(f"bridges/{part(bridge_id)}", {"type": kinds})
        except AriRefused as refusal:
            if refusal.status != _THERE_ALREADY:
                raise
            return self.bridge(bridge_id)
        return _one(things.bridge, made)

    def destroy_bridge(self, bridge_id: str) -> None:
        """Take a bridge away; its channels stay with us, in none."""
        self._wire.delete(f"bridges/{part(bridge_id)}")

    def add(
        self, bridge_id: str, *channel_ids: str, mute: bool = False, waits: bool = False
    ) -> None:
        """Put channels into a bridge; each leaves the one that it was in.

        `waits`, for a holding bridge: they hear music, and what is played to the bridge.
        """
        query: dict[str, Value] = {"channel": ",".join(channel_ids)}
        if mute:
            query["mute"] = True
        if waits:
            query["role"] = "holding_participant"
        self._wire.post(f"bridges/{part(bridge_id)}/addChannel", query)

    def remove(self, bridge_id: str, *channel_ids: str) -> None:
        """Take channels out of a bridge; they stay with us."""
        query = {"channel": ",".join(channel_ids)}
        self._wire.post(f"bridges/{part(bridge_id)}/removeChannel", query)

    # Recordings

    def record_bridge(
        self, bridge_id: str, name: str, *, most_seconds: int = 0, beep: bool = False
    ) -> Recording:
        """Record what is heard in a bridge as WAV, until it is stopped or the bridge is gone.

        A recording of the same name raises AriRefused. The name may hold folders.
        """
        path = f"bridges/{part(bridge_id)}"
        return self._record(path, name, maxDurationSeconds=most_seconds, beep=beep)

    def record_channel(
        self,
        channel_id: str,
        name: str,
        *,
        most_seconds: int = 0,
        silence: int = 0,
        until: Literal["none", "any", "*", "#"] = "none",
        beep: bool = False,
    ) -> Recording:
        """Record a channel that is in no bridge as WAV, as for a message.

        Ends after `most_seconds`, after `silence` seconds, or by the key `until`.
        """
        path = f"channels/{part(channel_id)}"
        return self._record(
            path,
            name,
            maxDurationSeconds=most_seconds,
            maxSilenceSeconds=silence,
            terminateOn=until,
            beep=beep,
        )

    def live_recording(self, name: str) -> Recording:
        """A recording under way."""
        return _one(things.recording, self._wire.get(f"recordings/live/{part(name)}"))

    def stop_recording(self, name: str) -> None:
        """End a recording under way and keep it."""
        self._wire.post(f"recordings/live/{part(name)}/stop", {})

    def pause_recording(self, name: str) -> None:
        """Leave out what follows."""
        self._wire.post(f"recordings/live/{part(name)}/pause", {})

    def resume_recording(self, name: str) -> None:
        """The contrary of `pause_recording`."""
        self._wire.delete(f"recordings/live/{part(name)}/pause")

    def stored_recordings(self) -> tuple[Recording, ...]:
        """Every recording that is kept at the PBX, by name and format."""
        return _all(things.recording, self._get_list("recordings/stored"))

    def fetch_recording(self, name: str, into: Path) -> int:
        """Write a kept recording's file to `into`; how many bytes it has."""
        size = 0
        path = f"recordings/stored/{part(name)}/file"
        with self._wire.download(path) as pieces, into.open("wb") as file:
            for piece in pieces:
                size += file.write(piece)
        return size

    def delete_recording(self, name: str) -> None:
        """Remove a kept recording from the PBX's disk."""
        self._wire.delete(f"recordings/stored/{part(name)}")

    # How they are made

    def _do(self, channel_id: str, what: str, **query: Value) -> None:
        self._wire.post(f"channels/{part(channel_id)}/{what}", query)

    def _undo(self, channel_id: str, what: str, **query: Value) -> None:
        self._wire.delete(f"channels/{part(channel_id)}/{what}", **query)

    def _get_list(self, path: str) -> object:
        return self._wire.get(path)

    def _play(self, path: str, media: Sequence[str], playback_id: str, language: str) -> Playback:
        query = {"media": ",".join(media), "lang": language}
        return _one(things.playback, self._wire.post(f"{path}/play/{part(playback_id)}", query))

    def _record(self, path: str, name: str, **how: Value) -> Recording:
        query = {"name": name, "format": "wav", "ifExists": "fail", **how}
        return _one(things.recording, self._wire.post(f"{path}/record", query))


def _one(read: Callable[[object], _Thing], tree: object) -> _Thing:
    try:
        return read(tree)
    except ValueError as trouble:
        raise AriAway("What answered is no PBX") from trouble


def _all(read: Callable[[object], _Thing], tree: object) -> tuple[_Thing, ...]:
    return tuple(_one(read, each) for each in _list(tree))


def _list(tree: object) -> list[object]:
    if not isinstance(tree, list):
        raise AriAway("What answered is no PBX")
    return tree


def _long_text(tree: object) -> str:
    """A variable's value: a list of keys may be long."""
    value = things.mapping(tree).get("value")
    return value if isinstance(value, str) else ""
