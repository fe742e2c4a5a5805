"""The gateway's side of the register of recordings: begun, kept, asked for, destroyed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, delete, func, insert, or_, select, update

from crm_desktop.domain.recordings import PlaybackState, RecordingKind, StoredSound
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Call,
    Contact,
    Playback,
    Recording,
    RecordingRequest,
    TelephoneLine,
)
from crm_desktop.store.models.base import utcnow

_OPEN_REQUEST = (
    select(RecordingRequest.id)
    .where(
        RecordingRequest.recording_id == Recording.id,
        RecordingRequest.released_at.is_(None),
        RecordingRequest.closed_at.is_(None),
    )
    .exists()
)


@dataclass(frozen=True, slots=True)
class ToFetch:
    """A recording that the PBX still has, `since` its end by the database's clock.

    `kept`: only its copy there is to be deleted.
    """

    id: int
    name: str
    contact_id: int
    account_id: int | None
    kind: RecordingKind
    since: timedelta
    kept: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody wants to hear a sound of a store, under a key of theirs for this once."""

    id: int
    public_key: bytes
    sound: StoredSound


@dataclass(frozen=True, slots=True)
class Due:
    """A recording whose time is over; `begun`: its destruction was begun before."""

    id: int
    contact_id: int
    file: str
    begun: bool


def begin(tx: Tx, contact_id: int, name: str, kind: RecordingKind) -> bool:
    """Enter a recording that is about to be made; False when it is entered already."""
    if tx.core.execute(select(Recording.id).where(Recording.name == name)).first():
        return False
    account = tx.core.execute(select(Call.account_id).where(Call.contact_id == contact_id)).scalar()
    tx.core.execute(
        insert(Recording)
        .inline()
        .values(contact_id=contact_id, account_id=account, name=name, kind=kind.value)
    )
    return True


def end(tx: Tx, name: str) -> int | None:
    """It is not being made any more; the contact, None when that was known."""
    return tx.core.execute(
        update(Recording)
        .where(Recording.name == name, Recording.ended_at.is_(None))
        .values(ended_at=utcnow())
        .returning(Recording.contact_id)
    ).scalar()


def names_going_on(tx: Tx, contact_id: int) -> list[str]:
    """The PBX's names of the recordings of a contact that have not ended, the newest last."""
    rows = tx.core.execute(
        select(Recording.name)
        .where(
            Recording.contact_id == contact_id, Recording.ended_at.is_(None), Recording.lost == ""
        )
        .order_by(Recording.id)
    )
    return list(rows.scalars())


def count(tx: Tx, contact_id: int) -> int:
    """How many recordings a contact has had."""
    return len(
        tx.core.execute(select(Recording.id).where(Recording.contact_id == contact_id)).all()
    )


def is_wanted(tx: Tx, contact_id: int) -> bool:
    """What the line of a call says; without one, whether a line of its queue says so."""
    line = tx.core.execute(
        select(TelephoneLine.record)
        .join(Call, Call.line_id == TelephoneLine.id)
        .where(Call.contact_id == contact_id)
    ).first()
    if line is not None:
        return bool(line[0])
    of_queue = (
        select(TelephoneLine.id)
        .join(Contact, Contact.queue_id == TelephoneLine.queue_id)
        .where(Contact.id == contact_id, TelephoneLine.active, TelephoneLine.record)
        .limit(1)
    )
    return tx.core.execute(of_queue).first() is not None


def kind_of(tx: Tx, name: str) -> str | None:
    """What a recording is of, None when there is none of that name."""
    return tx.core.execute(select(Recording.kind).where(Recording.name == name)).scalar()


def to_fetch(tx: Tx, limit: int) -> list[ToFetch]:
    """What the PBX has and the store has not, and what is to be deleted there, oldest first.

    A call that has ended has ended its recordings, whoever saw that.
    """
    ended = func.coalesce(Recording.ended_at, Call.ended_at)
    rows = tx.core.execute(
        select(
            Recording.id,
            Recording.name,
            Recording.contact_id,
            Recording.account_id,
            Recording.kind,
            ended,
            Recording.kept_at,
        )
        .outerjoin(Call, Call.contact_id == Recording.contact_id)
        .where(
            Recording.cleared_at.is_(None),
            Recording.lost == "",
            ended.is_not(None),
        )
        .order_by(Recording.id)
        .limit(limit)
    )
    return [
        ToFetch(id_, name, contact, account, RecordingKind(kind), tx.now - over, kept is not None)
        for id_, name, contact, account, kind, over, kept in rows
    ]


def keep(tx: Tx, stored: StoredSound, keep_until: datetime) -> int | None:
    """The sound is in a store; the recording, None when it was kept before."""
    return tx.core.execute(
        update(Recording)
        .where(Recording.name == stored.name, Recording.kept_at.is_(None))
        .values(
            ended_at=_or_now(),
            store=stored.store,
            file=stored.file,
            content_type="audio/ogg",
            seconds=stored.seconds,
            size=stored.size,
            peaks=list(stored.peaks),
            sealed_sha256=stored.sealed_sha256,
            sound_sha256=stored.sound_sha256,
            kept_at=utcnow(),
            keep_until=keep_until,
        )
        .returning(Recording.id)
    ).scalar()


def started_at(tx: Tx, name: str) -> datetime | None:
    """When a recording began, None when there is none of that name."""
    return tx.core.execute(select(Recording.started_at).where(Recording.name == name)).scalar()


def clear(tx: Tx, recording_id: int) -> None:
    """The PBX has its copy no more."""
    tx.core.execute(
        update(Recording).where(Recording.id == recording_id).values(cleared_at=utcnow())
    )


def lose(tx: Tx, name: str, why: str) -> int | None:
    """There will be no sound; the contact, None when there is one or that was known."""
    return tx.core.execute(
        update(Recording)
        .where(Recording.name == name, Recording.kept_at.is_(None), Recording.lost == "")
        .values(lost=why, ended_at=_or_now())
        .returning(Recording.contact_id)
    ).scalar()


def asked(tx: Tx, store: str) -> list[Asked]:
    """Who wants to hear what is in a store."""
    rows = tx.core.execute(
        select(
            Playback.id,
            Playback.public_key,
            Recording.name,
            Recording.file,
            Recording.seconds,
            Recording.size,
            Recording.sealed_sha256,
            Recording.sound_sha256,
        )
        .join(Recording, Recording.id == Playback.recording_id)
        .where(
            Playback.state == PlaybackState.ASKED.value,
            Playback.expires_at > utcnow(),
            Recording.store == store,
            Recording.destroying_at.is_(None),
        )
        .order_by(Playback.id)
    )
    return [
        Asked(id_, bytes(key), StoredSound(name, store, file, seconds, size, sealed, sound))
        for id_, key, name, file, seconds, size, sealed, sound in rows
    ]


def answer(tx: Tx, playback_id: int, sound: bytes | None, words: str) -> None:
    """Here it is, or why it cannot be heard."""
    state = PlaybackState.REFUSED if sound is None else PlaybackState.READY
    tx.core.execute(
        update(Playback)
        .where(Playback.id == playback_id, Playback.state == PlaybackState.ASKED.value)
        .values(state=state.value, sound=sound, words=words)
    )


def any_expired(tx: Tx) -> bool:
    """Whether a sound waits longer than it may."""
    found = select(Playback.id).where(Playback.expires_at <= utcnow()).limit(1)
    return tx.core.execute(found).first() is not None


def expire(tx: Tx) -> None:
    """Let the sounds go that waited longer than they may."""
    tx.core.execute(delete(Playback).where(Playback.expires_at <= utcnow()))


def due(tx: Tx, store: str, limit: int) -> list[Due]:
    """What of a store has had its time and is not held, and what was being destroyed."""
    over = and_(Recording.keep_until <= utcnow(), Recording.legal_hold.is_(False), ~_OPEN_REQUEST)
    rows = tx.core.execute(
        select(Recording.id, Recording.contact_id, Recording.file, Recording.destroying_at)
        .where(
            Recording.store == store,
            Recording.keep_until.is_not(None),
            Recording.destroyed_at.is_(None),
            or_(over, Recording.destroying_at.is_not(None)),
        )
        .order_by(Recording.keep_until)
        .limit(limit)
    )
    return [Due(id_, contact, file, begun is not None) for id_, contact, file, begun in rows]


def begin_destroying(tx: Tx, recording_id: int) -> bool:
    """From now on it is being destroyed; False when somebody holds it, or its time is not over.

    The row is locked first: what a leader who held it until now has written is seen only by the
    statement after that.
    """
    tx.core.execute(
        select(Recording.id).where(Recording.id == recording_id).with_for_update()
    ).first()
    begun = tx.core.execute(
        update(Recording)
        .where(
            Recording.id == recording_id,
            Recording.keep_until <= utcnow(),
            Recording.legal_hold.is_(False),
            Recording.destroying_at.is_(None),
            ~_OPEN_REQUEST,
        )
        .values(destroying_at=utcnow())
    )
    return bool(begun.rowcount)


def destroyed(tx: Tx, recording_id: int) -> bool:
    """It is proved to be gone; False when that was known."""
    done = tx.core.execute(
        update(Recording)
        .where(
            Recording.id == recording_id,
            Recording.destroying_at.is_not(None),
            Recording.destroyed_at.is_(None),
        )
        .values(destroyed_at=utcnow(), peaks=[])
    )
    if done.rowcount:
        tx.core.execute(delete(Playback).where(Playback.recording_id == recording_id))
    return bool(done.rowcount)


def say(tx: Tx, contact_id: int, state: str) -> bool:
    """What the PBX does with a call's recording: off, on or paused; False when that is known."""
    done = tx.core.execute(
        update(Call)
        .where(Call.contact_id == contact_id, Call.recording != state)
        .values(recording=state)
    )
    return bool(done.rowcount)


def stores(tx: Tx) -> dict[str, int]:
    """How many sounds each store has."""
    rows = tx.core.execute(
        select(Recording.store, func.count())
        .where(Recording.kept_at.is_not(None), Recording.destroyed_at.is_(None))
        .group_by(Recording.store)
        .order_by(Recording.store)
    )
    return {row[0]: row[1] for row in rows}


def _or_now() -> object:
    return func.coalesce(Recording.ended_at, utcnow())
