"""Recordings of calls and voicemail: what is known of one, how long it is kept, who asks for it."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

#: So many months by the calendar after the call its recording is destroyed.
KEPT_MONTHS = 6
#: So long a sound that somebody asked to hear waits for them, and for them alone.
PLAYBACK_LASTS = timedelta(minutes=10)
#: Of one person's, that lie in the database at once.
MOST_ASKED = 10
#: What a reason, or the words about who asks, may have in letters.
REASON_LETTERS = 500
TRANSCRIPT_LETTERS = 200_000

#: Of a text, [from, to) in letters.
Stretches = tuple[tuple[int, int], ...]

_LONDON = ZoneInfo("Europe/London")
_REDACTED = "[redacted]"


class RecordingKind(StrEnum):
    """What was recorded."""

    CALL = "call"
    VOICEMAIL = "voicemail"


class PlaybackState(StrEnum):
    """What became of somebody's wish to hear a recording."""

    ASKED = "asked"
    READY = "ready"
    #: `words` say why it cannot be heard.
    REFUSED = "refused"
    READ = "read"


@dataclass(frozen=True, slots=True)
class StoredSound:
    """A sound as a gateway's store has it. `name` is the PBX's for it, `file` the store's.

    `size` is in bytes of the encrypted file; `peaks` are the loudest of equal parts, 0 to 100.
    """

    name: str
    store: str
    file: str
    seconds: int
    size: int
    sealed_sha256: str
    sound_sha256: str
    peaks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingView:
    """One recording of a contact as people see it; its sound is asked for apart (`listen`).

    Without `kept_at` it is still being made or fetched; `lost` says why there is none. `held` is
    the reason for which it outlives `keep_until`, or empty.
    """

    id: int
    contact_id: int
    kind: RecordingKind
    started_at: datetime
    seconds: int
    peaks: tuple[int, ...]
    kept_at: datetime | None
    lost: str
    keep_until: datetime | None
    destroyed_at: datetime | None
    held: str
    held_by: str

    @property
    def can_be_heard(self) -> bool:
        """Whether there is a sound."""
        return self.kept_at is not None and self.destroyed_at is None


@dataclass(frozen=True, slots=True)
class Heard:
    """Who listened to a recording, and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FoundRecording:
    """A recording that was found by number and time; `request_id` where one is open about it."""

    recording: RecordingView
    who: str
    number: str
    queue: str
    request_id: int | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A customer's request for a recording, in the list of them."""

    id: int
    recording_id: int
    contact_id: int
    asked_by: str
    opened_by: str
    opened_at: datetime
    called_at: datetime
    who: str
    released_at: datetime | None
    closed_at: datetime | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with its transcript. `redacted` are stretches of it, [from, to) in letters.

    `version` refuses to overwrite what a colleague wrote meanwhile.
    """

    row: RequestRow
    recording: RecordingView
    transcript: str
    redacted: Stretches
    version: int
    released: str
    heard: tuple[Heard, ...] = field(default=())


def keep_until(started_at: datetime) -> datetime:
    """The end of the day, in London, six months by the calendar after a call.

    Of a month that is too short, its last day: 31 August is kept to the end of 28 February.
    """
    day = started_at.astimezone(_LONDON).date()
    months = day.month - 1 + KEPT_MONTHS
    year, month = day.year + months // 12, months % 12 + 1
    last = calendar.monthrange(year, month)[1]
    day = day.replace(year=year, month=month, day=min(day.day, last))
    return datetime.combine(day + timedelta(days=1), time(), _LONDON)


def stretches(transcript: str, redacted: Stretches) -> Stretches:
    """The stretches in their order, joined where they touch, and within the transcript."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(redacted):
        start, end = max(0, first), min(len(transcript), last)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)


def released_text(transcript: str, redacted: Stretches) -> str:
    """The transcript as the customer gets it: of what was redacted nothing, not even its length."""
    parts: list[str] = []
    at = 0
    for start, end in stretches(transcript, redacted):
        parts += [transcript[at:start], _REDACTED]
        at = end
    return "".join([*parts, transcript[at:]])
