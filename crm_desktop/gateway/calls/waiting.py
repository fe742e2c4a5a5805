"""What a caller hears who waits, and what they may choose: music, their place, a message, a callback.

Announcements are played to the bridge in which the caller waits, never to the caller's channel: who
is answered leaves the bridge at once, and the announcement stays behind in it.
"""

from __future__ import annotations

import logging
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from crm_desktop.channels.voice.events import (
    AriEvent,
    ChannelDestroyed,
    ChannelDtmfReceived,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)
from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused, AriTrouble
from crm_desktop.domain.callers import Leave, Standing, announcement
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.gateway.calls import fallback, messages_left, naming
from crm_desktop.gateway.calls.pbx import Part, Pbx
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.gateway.calls.step import Step
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import callers
from crm_desktop.services.calls import Standing as Call

_LOG = logging.getLogger(__name__)

#: What a caller may press while they wait. Asterisk's own words for leaving a message name the 5.
CALLBACK_DIGIT, MESSAGE_DIGITS = "1", ("2", "5")
#: Who is answered at once is told nothing; who is told something has time to hear it.
_FIRST_SECONDS, _LEAST_SECONDS = 2.0, 15.0
#: While somebody waits, and when nobody does, it is looked this often.
_ROUND_SECONDS, _IDLE_SECONDS, _SOON_SECONDS = 1.0, 20.0, 0.2
#: What the PBX kept by itself is asked for this often: a call may still have been going on there.
_READ_IN_SECONDS = 300.0
#: The longest message, and how long somebody may say nothing in it.
_MESSAGE_SECONDS, _SILENCE_SECONDS = 180, 8
_RECORDING = re.compile(r"crm-voicemail-([0-9]{1,18})-.+")
_GREETINGS = {
    (Leave.CLOSED, True): ("vm-nobodyavail", "vm-intro"),
    (Leave.BUSY, True): ("vm-nobodyavail", "vm-intro"),
    (Leave.CHOICE, True): ("vm-intro",),
    (Leave.CLOSED, False): ("vm-nobodyavail", "please-try-call-later", "goodbye"),
    (Leave.BUSY, False): ("all-circuits-busy-now", "please-try-call-later", "goodbye"),
}
_CALLED_BACK = ("auth-thankyou", "vm-saved", "goodbye")
_CANNOT_CALL_BACK = ("unidentified-no-callback",)
_MESSAGE_SAVED = ("vm-msgsaved", "vm-goodbye")


class Waiting(Part):
    """Takes part in calls for those who wait; its work is done on a thread of its own."""

    def __init__(self) -> None:
        self._care: Care | None = None

    def begin(self, pbx: Pbx) -> None:
        """See Part."""
        self._care = Care(pbx)
        self._care.start()

    def end(self) -> None:
        """See Part."""
        if self._care is not None:
            self._care.stop()
            self._care.join()
            self._care = None

    def saw(self, event: AriEvent, contact_id: int | None) -> None:  # noqa: ARG002 - Part's
        """See Part."""
        if self._care is not None and isinstance(event, _HEARD):
            self._care.tell(event)

    def heard(self, changes: Changes) -> None:
        """See Part."""
        care = self._care
        if care is not None and changes.has(Topic.CALL, Topic.CONTACT):
            care.tell(None)

    def takes(self, event: StasisStart) -> bool:
        """See Part: by which the PBX tells of what it kept while no gateway was there."""
        if self._care is None or not fallback.is_told(event):
            return False
        self._care.tell(event)
        return True

    def rule(self, call: Call, sight: Sight) -> Step | None:  # noqa: ARG002 - Part's
        """See Part: who is greeted or leaves a message is left alone."""
        return () if call.state is CallState.VOICEMAIL else None


_Heard = (
    ChannelDtmfReceived
    | PlaybackFinished
    | RecordingFinished
    | RecordingFailed
    | StasisStart
    | StasisEnd
    | ChannelDestroyed
)
_HEARD = (
    ChannelDtmfReceived,
    PlaybackFinished,
    RecordingFinished,
    RecordingFailed,
    StasisEnd,
    ChannelDestroyed,
)


@dataclass(slots=True)
class _Greeted:
    contact_id: int
    message: bool


class Care(Worker):
    """The thread of one connection: rounds of announcements, and what callers do, one by one."""

    def __init__(self, pbx: Pbx) -> None:
        super().__init__(f"{pbx.lease.name} waiting")
        self._pbx = pbx
        self._inbox: queue.SimpleQueue[_Heard | None] = queue.SimpleQueue()
        #: What a database that was away kept from being done.
        self._undone: _Heard | None = None
        self._begun = self._soon = False
        self._round_at = self._read_in_at = 0.0
        #: By the caller's channel.
        self._waiting: dict[str, Standing] = {}
        self._greeted: dict[str, _Greeted] = {}
        #: By contact: when they are told something next, and what is being said to them.
        self._due: dict[int, float] = {}
        self._saying: dict[int, str] = {}
        #: What follows when something was said, by its playback.
        self._then: dict[str, Callable[[], None]] = {}
        self._number = 0
        self._woken = threading.Event()

    def tell(self, event: _Heard | None) -> None:
        """Something happened; None: something changed. Callable from any thread."""
        if event is None:
            # Many changes are one reason to look.
            if self._woken.is_set():
                return
            self._woken.set()
        self._inbox.put(event)

    def stop(self) -> None:
        """End after what is under way; who waits hears music on."""
        super().stop()
        self._inbox.put(None)

    def work(self) -> None:
        """The next thing that happened, or the next round."""
        try:
            if not self._begun:
                self._take_up()
                self._begun = True
            if self._undone is None:
                self._undone = self._next()
            if self._undone is not None:
                self._happened(self._undone)
                self._undone = None
            self._rounds()
        except DatabaseTrouble:
            raise
        except AriTrouble as trouble:
            # The switchboard finds out by itself whether the PBX is gone.
            _LOG.info("%s: %s", self.name, trouble)
            self._undone = None
            self.stopping.wait(_ROUND_SECONDS)
        except Exception:
            self._undone = None
            raise

    def _next(self) -> _Heard | None:
        due_in = self._round_at - time.monotonic()
        try:
            event = (
                self._inbox.get(timeout=max(due_in, 0.0))
                if due_in > 0
                else self._inbox.get_nowait()
            )
        except queue.Empty:
            return None
        if event is None:
            self._woken.clear()
            self._round_at = min(self._round_at, time.monotonic() + 0.1)
        return event

    # Those who wait

    def _rounds(self) -> None:
        now = time.monotonic()
        if now >= self._read_in_at:
            fallback.ask(self._pbx)
            self._read_in_at = now + _READ_IN_SECONDS
        if now < self._round_at or self.stopping.is_set():
            return
        standing = callers.waiting(self._pbx.db, self._pbx.account_id)
        self._waiting = {each.channel: each for each in standing}
        waits = {each.contact_id for each in standing}
        for gone in self._due.keys() - waits:
            del self._due[gone]
            self._be_quiet(gone)
        for each in standing:
            # Whoever hangs up just now does not keep the others waiting.
            with suppress(AriNotFound):
                self._look_after(each, now)
        self._round_at = now + (_ROUND_SECONDS if standing else _IDLE_SECONDS)
        if self._soon:
            self._soon, self._round_at = False, now + _SOON_SECONDS

    def _look_after(self, one: Standing, now: float) -> None:
        first = one.contact_id not in self._due
        if not one.open:
            self._leave(one, Leave.CLOSED)
        elif first and 0 < one.most_waiting <= one.ahead:
            self._leave(one, Leave.BUSY)
        elif first:
            self._due[one.contact_id] = now + _FIRST_SECONDS
        elif one.announce_seconds > 0 and now >= self._due[one.contact_id]:
            self._due[one.contact_id] = now + max(one.announce_seconds, _LEAST_SECONDS)
            self._say(one.contact_id, announcement(one, choices=True))

    def _say(self, contact_id: int, sounds: Sequence[str]) -> str:
        """To whoever is in the bridge of those who wait for this contact."""
        self._be_quiet(contact_id)
        name = self._playback(contact_id)
        self._pbx.ari.play_to_bridge(naming.hold(contact_id), _media(sounds), name)
        self._saying[contact_id] = name
        return name

    def _be_quiet(self, contact_id: int) -> None:
        name = self._saying.pop(contact_id, None)
        if name is not None:
            with suppress(AriNotFound):
                self._pbx.ari.stop_playback(name)

    def _said(self, name: str) -> None:
        for contact_id, saying in list(self._saying.items()):
            if saying == name:
                del self._saying[contact_id]

    def _playback(self, contact_id: int) -> str:
        self._number += 1
        return f"crm-say-{contact_id}-{self._number}"

    # What they press

    def _happened(self, event: _Heard) -> None:
        match event:
            case ChannelDtmfReceived(channel=channel, digit=digit):
                self._pressed(channel.id, digit)
            case PlaybackFinished(playback=playback):
                self._said(playback.id)
                then = self._then.pop(playback.id, None)
                if then is not None:
                    then()
            case RecordingFinished(recording=recording) | RecordingFailed(recording=recording):
                self._recorded(recording.name)
            case StasisStart():
                with suppress(AriNotFound):
                    fallback.read_in(self._pbx, event)
            case StasisEnd(channel=channel) | ChannelDestroyed(channel=channel):
                gone = self._greeted.pop(channel.id, None)
                if gone is not None:
                    callers.hung_up(self._pbx.db, gone.contact_id, self._pbx.lease)

    def _pressed(self, channel: str, digit: str) -> None:
        greeted = self._greeted.get(channel)
        if greeted is not None:
            self._be_quiet(greeted.contact_id)  # whoever knows the greeting goes on
        one = self._waiting.get(channel)
        if one is None:
            return
        with suppress(AriNotFound):
            if digit == CALLBACK_DIGIT and one.callback:
                self._call_back(one)
            elif digit in MESSAGE_DIGITS and one.voicemail:
                self._leave(one, Leave.CHOICE)

    def _call_back(self, one: Standing) -> None:
        pbx = self._pbx
        if not one.known_number:
            self._say(one.contact_id, _CANNOT_CALL_BACK)
            return
        if not callers.call_me_back(pbx.db, one.contact_id, pbx.lease):
            return
        self._waiting.pop(one.channel, None)
        self._due.pop(one.contact_id, None)

        def goodbye() -> None:
            self._hang_up(one.channel)
            with suppress(AriNotFound):
                pbx.ari.destroy_bridge(naming.hold(one.contact_id))

        try:
            self._then[self._say(one.contact_id, _CALLED_BACK)] = goodbye
        except AriNotFound:
            goodbye()

    # Those who hear the greeting

    def _leave(self, one: Standing, why: Leave) -> None:
        pbx, contact_id, channel = self._pbx, one.contact_id, one.channel
        if not self._has_music(one):
            self._soon = True  # the switchboard is about to put them there
            return
        message = one.voicemail
        if not callers.greet(pbx.db, contact_id, why, pbx.lease, message=message):
            return
        self._waiting.pop(channel, None)
        self._due.pop(contact_id, None)
        self._be_quiet(contact_id)
        with suppress(AriNotFound):
            pbx.ari.remove(naming.hold(contact_id), channel)
            pbx.ari.destroy_bridge(naming.hold(contact_id))
        self._greet(channel, _Greeted(contact_id, message), _GREETINGS[why, message])

    def _has_music(self, one: Standing) -> bool:
        try:
            return one.channel in self._pbx.ari.bridge(naming.hold(one.contact_id)).channels
        except AriNotFound:
            return False

    def _greet(self, channel: str, greeted: _Greeted, sounds: Sequence[str]) -> None:
        self._greeted[channel] = greeted
        then = self._record if greeted.message else self._hang_up
        self._tell_channel(channel, greeted.contact_id, sounds, lambda: then(channel))

    def _tell_channel(
        self, channel: str, contact_id: int, sounds: Sequence[str], then: Callable[[], None]
    ) -> None:
        name = self._playback(contact_id)
        self._then[name] = then
        self._saying[contact_id] = name
        try:
            self._pbx.ari.play(channel, _media(sounds), name)
        except AriNotFound:
            # Gone before they were greeted.
            self._then.pop(name, None)
            self._greeted.pop(channel, None)
            callers.hung_up(self._pbx.db, contact_id, self._pbx.lease)

    def _record(self, channel: str) -> None:
        greeted = self._greeted.get(channel)
        if greeted is None:
            return  # hung up at the greeting
        try:
            self._pbx.ari.record_channel(
                channel,
                _recording(greeted.contact_id, channel),
                most_seconds=_MESSAGE_SECONDS,
                silence=_SILENCE_SECONDS,
                until="#",
                beep=True,
            )
        except AriNotFound:
            pass  # gone: its event is on the way
        except AriRefused as refusal:
            _LOG.error("a message could not be recorded: %s", refusal)
            self._hang_up(channel)

    def _recorded(self, name: str) -> None:
        pbx, contact_id = self._pbx, _left_for(name)
        if contact_id is None:
            return
        seconds = messages_left.length(pbx.ari, name)
        kept = bool(seconds) and callers.left_message(pbx.db, contact_id, name, seconds, pbx.lease)
        if not kept:
            callers.left_nothing(pbx.db, contact_id, pbx.lease)
            messages_left.remove(pbx.ari, name)
        channel = next((c for c, g in self._greeted.items() if g.contact_id == contact_id), None)
        if channel is not None:
            sounds = _MESSAGE_SAVED if kept else ("vm-goodbye",)
            self._tell_channel(channel, contact_id, sounds, lambda: self._hang_up(channel))

    def _hang_up(self, channel: str) -> None:
        with suppress(AriNotFound):
            self._pbx.ari.hang_up(channel)

    def _take_up(self) -> None:
        """Who was greeted when another gateway, or this one, saw the PBX last."""
        pbx = self._pbx
        greeted = callers.in_voicemail(pbx.db, pbx.account_id)
        if not greeted:
            return
        there = {each.id for each in pbx.ari.channels()}
        stored = {each.name for each in pbx.ari.stored_recordings()}
        for contact_id, channel in greeted:
            name = _recording(contact_id, channel)
            if channel in there:
                self._greeted[channel] = _Greeted(contact_id, message=True)
                with suppress(AriNotFound):
                    pbx.ari.live_recording(name)
                    continue  # they are speaking
                if name in stored:
                    self._recorded(name)
                else:
                    self._record(channel)
                continue
            if name in stored:
                self._recorded(name)
            callers.hung_up(pbx.db, contact_id, pbx.lease)


def _recording(contact_id: int, channel: str) -> str:
    """The PBX's name of a message; the channel tells those of two databases at one PBX apart."""
    return f"crm-voicemail-{contact_id}-{channel}"


def _left_for(name: str) -> int | None:
    """The contact of a message; None for what is none."""
    found = _RECORDING.fullmatch(name)
    return int(found[1]) if found else None


def _media(sounds: Sequence[str]) -> list[str]:
    return [f"sound:{each}" for each in sounds]
