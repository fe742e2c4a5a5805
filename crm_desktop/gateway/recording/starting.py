"""Conversations are recorded once all in them were told so; the PBX says what became of it."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from crm_desktop.channels.voice import events
from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused, AriTrouble
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.errors import CrmError, DatabaseTrouble
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.calls import naming
from crm_desktop.gateway.calls.pbx import Part, Pbx
from crm_desktop.services import recordings
from crm_desktop.services.calls import Ended, Standing

_LOG = logging.getLogger(__name__)
#: What the PBX plays into the conversation before it is recorded, unless its account names
#: something else (`recording_notice`).
NOTICE = "sound:conf-now-recording"
_NOTICE_ID = "crm-notice-"
_TALKING = (CallState.TALKING, CallState.CONFERENCE)


class RecordingPart(Part):
    """Begins recordings. What it does takes a moment, so it does that on a thread of its own."""

    def __init__(self) -> None:
        self._pbx: Pbx | None = None
        self._begun: set[int] = set()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def begin(self, pbx: Pbx) -> None:
        """See `Part`."""
        self._pbx = pbx
        self._begun.clear()
        self._work = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """See `Part`."""
        self._work.put(None)
        if self._thread is not None:
            self._thread.join()
        self._pbx = None

    def stands(self, call: Standing) -> None:
        """See `Part`: a conversation that is seen for the first time is to be recorded."""
        if call.state in _TALKING:
            if call.contact_id not in self._begun:
                self._begun.add(call.contact_id)
                self._do(self._start, call.contact_id)
        elif call.state is CallState.WAITING:
            self._begun.discard(call.contact_id)

    def ended(self, over: Ended) -> None:
        """See `Part`."""
        self._begun.discard(over.contact_id)

    def saw(self, event: events.AriEvent, contact_id: int | None) -> None:  # noqa: ARG002
        """See `Part`."""
        match event:
            case events.PlaybackFinished(playback=played) if played.id.startswith(_NOTICE_ID):
                name = played.id.removeprefix(_NOTICE_ID)
                if played.state == "failed":
                    self._do(self._untold, name)
                else:
                    self._do(self._record, name)
            case events.RecordingStarted(recording=made):
                self._do(self._say, made.name, "on")
            case events.RecordingFinished(recording=made):
                self._do(self._over, made.name)
            case events.RecordingFailed(recording=made):
                self._do(self._failed, made.name, made.cause)

    def _do(self, what: Callable[..., None], *args: object) -> None:
        self._work.put(partial(what, *args))

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            try:
                work()
            except (AriTrouble, CrmError) as trouble:
                _LOG.warning("a recording: %s", trouble)
            except Exception as bug:  # noqa: BLE001 - the other calls go on
                _LOG.error("a recording: %s", trace(bug))

    def _start(self, contact_id: int) -> None:
        try:
            self._tell(contact_id)
        except DatabaseTrouble:
            # It is tried again when the call is looked at next.
            self._begun.discard(contact_id)
            raise

    def _tell(self, contact_id: int) -> None:
        pbx = self._now()
        known = recordings.going_on(pbx.db, contact_id)
        if known is not None:
            self._go_on(known)
        elif recordings.is_wanted(pbx.db, contact_id):
            name = recordings.next_name(pbx.db, contact_id)
            # Known before the PBX is told to: what it records must never be nobody's.
            recordings.begun(pbx.db, contact_id, name, under=pbx.lease)
            notice = recordings.notice(pbx.db, pbx.account_id) or NOTICE
            try:
                pbx.ari.play_to_bridge(naming.talk(contact_id), [notice], _NOTICE_ID + name)
            except AriTrouble:
                # Whether they were told is not known, so it is not recorded.
                self._untold(name)

    def _go_on(self, name: str) -> None:
        """The gateway was away: whether it runs, has run, or never began is the PBX's word."""
        try:
            live = self._now().ari.live_recording(name)
        except AriNotFound:
            self._record(name)
            return
        self._say(name, "paused" if live.state == "paused" else "on")

    def _record(self, name: str) -> None:
        pbx, contact_id = self._now(), naming.contact_of(name)
        if contact_id is None:
            return
        try:
            pbx.ari.record_bridge(naming.talk(contact_id), name)
        except AriNotFound:
            words = "The conversation was over before it was recorded."
            recordings.lost(pbx.db, name, words, under=pbx.lease)
        except AriRefused:
            # There is one of that name at the PBX: it was recorded.
            recordings.ended(pbx.db, name, under=pbx.lease)

    def _untold(self, name: str) -> None:
        words = "The notice could not be played, so nothing was recorded."
        pbx = self._now()
        recordings.lost(pbx.db, name, words, under=pbx.lease)

    def _say(self, name: str, state: str) -> None:
        pbx, contact_id = self._now(), naming.contact_of(name)
        if contact_id is not None and recordings.is_of_call(pbx.db, name):
            recordings.said(pbx.db, contact_id, state, under=pbx.lease)

    def _over(self, name: str) -> None:
        pbx = self._now()
        recordings.ended(pbx.db, name, under=pbx.lease)
        self._say(name, "off")

    def _failed(self, name: str, cause: str) -> None:
        _LOG.error("the PBX could not record: %s", cause)
        with suppress(AriTrouble):
            self._now().ari.stop_recording(name)
        pbx = self._now()
        recordings.lost(pbx.db, name, "The PBX could not record it.", under=pbx.lease)
        self._say(name, "off")

    def _now(self) -> Pbx:
        if self._pbx is None:
            raise AriNotFound(404, "the PBX is seen no more")
        return self._pbx
