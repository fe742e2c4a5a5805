"""Recordings: entered by the gateway as they are made and kept, heard by people with a trace.

A gateway tells what it does at the PBX (`begun`, `said`, `ended`) and in its store (`kept`,
`lost`, `destroyed`). A person asks to hear one (`listen`), and the gateway that has it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CannotBeHeard, InvalidInput, NotFound
from crm_desktop.domain.identifiers import normal_phone
from crm_desktop.domain.recordings import (
    FoundRecording,
    Heard,
    PlaybackState,
    RecordingKind,
    RecordingView,
    StoredSound,
    keep_until,
)
from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.services.sealed_sound import Listener
from crm_desktop.store import recording_requests as requests
from crm_desktop.store import recordings as store
from crm_desktop.store.database import Database
from crm_desktop.store.queries import accounts, contacts, events
from crm_desktop.store.queries import recording_register as register
from crm_desktop.store.queries.recording_register import Asked, Due, ToFetch

__all__ = ["Asked", "Due", "Playback", "StoredSound", "ToFetch"]


@dataclass(frozen=True, slots=True)
class Playback:
    """A wish to hear a recording, and the key with which alone its answer opens."""

    id: int
    recording_id: int
    changes: Changes = field(default_factory=Changes)
    listener: Listener = field(default_factory=Listener, repr=False, compare=False)


# What a gateway does at the PBX.


def begun(db: Database, contact_id: int, name: str, *, under: Lease | None = None) -> None:
    """Enter what is about to be recorded under this name of the PBX's; entered once, whoever asks.

    Before the PBX is told to: what it records must never be unknown.
    """
    with leases.writing(db, under) as tx:
        if register.begin(tx, contact_id, name, RecordingKind.CALL):
            tx.changed(Topic.RECORDING, contact_id)


def is_wanted(db: Database, contact_id: int) -> bool:
    """Whether a call is to be recorded: by its line, and one without by those of its queue."""
    with db.read() as tx:
        return register.is_wanted(tx, contact_id)


def is_of_call(db: Database, name: str) -> bool:
    """Whether this is the recording of a conversation, and no message of a caller's."""
    with db.read() as tx:
        return register.kind_of(tx, name) == RecordingKind.CALL


def notice(db: Database, account_id: int) -> str:
    """What a PBX is to play before it records, as its account says; may be empty."""
    with db.read() as tx:
        account = accounts.get(tx, account_id)
        return str(account.settings.get("recording_notice") or "") if account else ""


def said(db: Database, contact_id: int, state: str, *, under: Lease | None = None) -> Changes:
    """What the PBX does with a call's recording now: off, on or paused."""
    with leases.writing(db, under) as tx:
        if register.say(tx, contact_id, state):
            events.append(tx, "call.recording", contact_id=contact_id, state=state, why="")
            tx.changed(Topic.CALL, contact_id)
        return tx.changes


def ended(db: Database, name: str, *, under: Lease | None = None) -> None:
    """The PBX records it no more: a gateway with a store fetches it."""
    with leases.writing(db, under) as tx:
        contact_id = register.end(tx, name)
        if contact_id is not None:
            tx.changed(Topic.RECORDING, contact_id)


def going_on(db: Database, contact_id: int) -> str | None:
    """The PBX's name of the recording that a call's bridge is in, None when there is none."""
    with db.read() as tx:
        names = register.names_going_on(tx, contact_id)
    return names[-1] if names else None


def next_name(db: Database, contact_id: int) -> str:
    """A name for a contact's next recording."""
    with db.read() as tx:
        return f"crm-{contact_id}-{register.count(tx, contact_id) + 1}"


# What a gateway does in its store.


def to_fetch(db: Database, limit: int = 20) -> list[ToFetch]:
    """What has ended and is still at the PBX, oldest first."""
    with db.read() as tx:
        return register.to_fetch(tx, limit)


def kept(
    db: Database,
    contact_id: int,
    kind: RecordingKind,
    stored: StoredSound,
    *,
    under: Lease | None = None,
) -> int:
    """The sound is in a store, whole and encrypted; the recording's id. Kept once under a name."""
    with leases.writing(db, under) as tx:
        register.begin(tx, contact_id, stored.name, kind)
        began = register.started_at(tx, stored.name) or tx.now
        recording_id = register.keep(tx, stored, keep_until(began))
        if recording_id is None:
            raise InvalidInput("it was kept before", name=stored.name)
        events.append(
            tx,
            "recording.kept",
            contact_id=contact_id,
            recording=recording_id,
            seconds=stored.seconds,
            sha256=stored.sealed_sha256,
        )
        tx.changed(Topic.RECORDING, contact_id)
    return recording_id


def cleared(db: Database, recording_id: int, *, under: Lease | None = None) -> None:
    """The PBX has its own copy no more."""
    with leases.writing(db, under) as tx:
        register.clear(tx, recording_id)


def lost(db: Database, name: str, why: str, *, under: Lease | None = None) -> None:
    """There will be no sound, and why."""
    with leases.writing(db, under) as tx:
        contact_id = register.lose(tx, name, why)
        if contact_id is not None:
            events.append(tx, "recording.lost", contact_id=contact_id, why=why)
            tx.changed(Topic.RECORDING, contact_id)


def asked(db: Database, of_store: str) -> list[Asked]:
    """Who waits to hear what a store has."""
    with db.read() as tx:
        return register.asked(tx, of_store)


def answer(db: Database, playback_id: int, sealed: bytes, *, under: Lease | None = None) -> None:
    """Here is the sound, sealed to who asked."""
    with leases.writing(db, under) as tx:
        register.answer(tx, playback_id, sealed, "")
        tx.changed(Topic.PLAYBACK, playback_id)


def refuse(db: Database, playback_id: int, words: str, *, under: Lease | None = None) -> None:
    """It cannot be heard, in words for who asked."""
    with leases.writing(db, under) as tx:
        register.answer(tx, playback_id, None, words)
        tx.changed(Topic.PLAYBACK, playback_id)


def expire(db: Database, *, under: Lease | None = None) -> None:
    """Let go of the sounds that nobody fetched within their ten minutes, and of read ones."""
    with db.read() as tx:
        if not register.any_expired(tx):
            return
    with leases.writing(db, under) as tx:
        register.expire(tx)


def due(db: Database, of_store: str, limit: int = 20) -> list[Due]:
    """What of a store is to be destroyed now."""
    with db.read() as tx:
        return register.due(tx, of_store, limit)


def destroying(db: Database, recording_id: int, *, under: Lease | None = None) -> bool:
    """From now on it will be destroyed; False when somebody holds it after all."""
    with leases.writing(db, under) as tx:
        return register.begin_destroying(tx, recording_id)


def destroyed(db: Database, one: Due, proof: str, *, under: Lease | None = None) -> None:
    """It is gone, and this is what was tried to prove it."""
    with leases.writing(db, under) as tx:
        if register.destroyed(tx, one.id):
            events.append(
                tx, "recording.destroyed", contact_id=one.contact_id, recording=one.id, proof=proof
            )
            tx.changed(Topic.RECORDING, one.contact_id)


def stores(db: Database) -> dict[str, int]:
    """How many sounds each gateway's store has."""
    with db.read() as tx:
        return register.stores(tx)


# What people do.


def of_contact(db: Database, contact_id: int) -> tuple[RecordingView, ...]:
    """A contact's recordings, oldest first."""
    with db.read() as tx:
        return store.of_contact(tx, contact_id)


def listen(db: Database, recording_id: int) -> Playback:
    """Ask to hear a recording. Raises NotFound, and Conflict when there is no sound."""
    listener = Listener()
    with db.write() as tx:
        playback_id = store.listen(tx, recording_id, listener.public)
        tx.changed(Topic.PLAYBACK, playback_id)
        return Playback(playback_id, recording_id, tx.changes, listener)


def sound(db: Database, playback: Playback) -> bytes | None:
    """The sound (Opus in Ogg), None while the gateway has not answered; it is given once.

    Whoever gets it has listened, and that is written down. Raises CannotBeHeard, NotFound.
    """
    with db.write() as tx:
        found = store.playback(tx, playback.id)
        if found is None:
            raise NotFound("no such playback")
        state, words = found
        if state is PlaybackState.ASKED:
            return None
        if state is PlaybackState.REFUSED:
            raise CannotBeHeard(words, why=words)
        sealed = store.read_sound(tx, playback.id)
    return playback.listener.open(sealed)


def hold(db: Database, recording_id: int, reason: str) -> Changes:
    """Keep a recording past its time. Raises NotAllowed unless a team leader asks, Conflict."""
    with db.write() as tx:
        tx.changed(Topic.RECORDING, store.hold(tx, recording_id, reason))
        return tx.changes


def release(db: Database, recording_id: int, reason: str) -> Changes:
    """Let a held recording's time count again. Raises NotAllowed, Conflict."""
    with db.write() as tx:
        tx.changed(Topic.RECORDING, store.let_go(tx, recording_id, reason))
        return tx.changes


def heard(db: Database, recording_id: int) -> tuple[Heard, ...]:
    """Who listened to a recording, newest first. Raises NotAllowed unless a team leader asks."""
    with db.read() as tx:
        return store.heard(tx, recording_id)


def find(db: Database, number: str, since: datetime, until: datetime) -> tuple[FoundRecording, ...]:
    """What was recorded with a telephone number in a time, newest first.

    Raises InvalidInput for no number, NotAllowed unless a team leader asks; the search itself is
    an event.
    """
    norm = normal_phone(number)
    if norm is None:
        raise InvalidInput(
            "Enter the telephone number with its area code.",
            fields={"number": "Enter the telephone number with its area code."},
        )
    with db.write() as tx:
        found = store.find(tx, norm, since, until)
        ids = [id_ for id_, _ in found]
        views, asked_for = store.by_ids(tx, ids), requests.open_ids(tx, ids)
        about = contacts.said_of(tx, [each.contact_id for each in views.values()])
    return tuple(
        FoundRecording(
            recording=views[id_],
            who=about[views[id_].contact_id][0],
            number=shown,
            queue=about[views[id_].contact_id][1],
            request_id=asked_for.get(id_),
        )
        for id_, shown in found
        if id_ in views
    )
