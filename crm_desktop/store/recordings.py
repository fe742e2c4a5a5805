"""What people do with recordings; the database decides who may (migrations/sql/0019_*.sql).

SQLite follows the same rules in Python; both pass
tests/integration/store/test_recordings_contract.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, ScalarSelect, Select, func, or_, select, text
from sqlalchemy.orm import aliased

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.recordings import (
    MOST_ASKED,
    PLAYBACK_LASTS,
    REASON_LETTERS,
    Heard,
    PlaybackState,
    RecordingKind,
    RecordingView,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import trace
from crm_desktop.store.leading import call, me
from crm_desktop.store.models import (
    Call,
    Contact,
    Event,
    Identifier,
    Playback,
    ReadAudit,
    Recording,
    RecordingRequest,
    Staff,
)

_KEY_BYTES = 32
_LONGEST_SEARCH = timedelta(days=400)
_FOUND = 200
_HEARD = 500
_Holder = aliased(Staff)
_REQUESTED = "A customer has asked for it"
_AS_IT_IS = tuple(
    name for name in RecordingView.__dataclass_fields__ if name not in ("held", "held_by")
)


def of_contact(tx: Tx, contact_id: int) -> tuple[RecordingView, ...]:
    """A contact's recordings, oldest first; nothing of a contact that this person may not read."""
    return _views(tx, _seen(tx).where(Recording.contact_id == contact_id).order_by(Recording.id))


def by_ids(tx: Tx, ids: list[int]) -> dict[int, RecordingView]:
    """Recordings that this person may know, by id."""
    return {each.id: each for each in _views(tx, _seen(tx).where(Recording.id.in_(ids)))}


def listen(tx: Tx, recording_id: int, public_key: bytes) -> int:
    """Ask to hear a recording; raises NotFound, and Conflict when there is no sound."""
    if tx.dialect == "postgresql":
        made: int = call(tx, "recording_listen", recording=recording_id, key=public_key)
        return made
    found = _of(tx, recording_id)
    if len(public_key) != _KEY_BYTES:
        raise InvalidInput("a key of 32 bytes")
    if found.kept_at is None or found.destroying_at is not None:
        raise Conflict("there is no sound")
    unread = select(func.count()).where(
        Playback.staff_id == me(tx).id,
        Playback.state.in_([PlaybackState.ASKED, PlaybackState.READY]),
        Playback.expires_at > tx.now,
    )
    if tx.session.scalars(unread).one() >= MOST_ASKED:
        raise Conflict("too many sounds are asked for at once")
    asked = Playback(
        recording_id=recording_id,
        staff_id=me(tx).id,
        public_key=public_key,
        expires_at=tx.now + PLAYBACK_LASTS,
    )
    tx.session.add(asked)
    tx.session.flush()
    return asked.id


def playback(tx: Tx, playback_id: int) -> tuple[PlaybackState, str] | None:
    """What became of this person's wish to hear something; None when it is not there any more."""
    row = tx.session.execute(
        select(Playback.state, Playback.words).where(
            Playback.id == playback_id, Playback.staff_id == me(tx).id
        )
    ).first()
    return None if row is None else (PlaybackState(row[0]), row[1])


def read_sound(tx: Tx, playback_id: int) -> bytes:
    """The sound, sealed to this person's key, once; leaves the trace of listening."""
    if tx.dialect == "postgresql":
        return bytes(call(tx, "playback_read", playback=playback_id))
    asked = tx.session.get(Playback, playback_id, populate_existing=True)
    ready = (
        asked is not None
        and asked.staff_id == me(tx).id
        and asked.state == PlaybackState.READY
        and asked.expires_at > tx.now
    )
    if asked is None or not ready or asked.sound is None:
        raise NotFound("no such sound")
    _of(tx, asked.recording_id)
    sound, asked.sound, asked.state = asked.sound, None, PlaybackState.READ.value
    trace(tx.session, me(tx), "recording", asked.recording_id)
    return sound


def hold(tx: Tx, recording_id: int, reason: str) -> int:
    """Keep it past its time, for a reason; the contact. Raises NotAllowed, NotFound, Conflict."""
    if tx.dialect == "postgresql":
        contact: int = call(tx, "recording_hold", recording=recording_id, reason=reason)
        return contact
    found = led(tx, recording_id)
    check_words(reason, "a reason")
    if found.destroying_at is not None or found.lost:
        raise Conflict("there is no sound any more")
    found.legal_hold, found.hold_reason = True, reason.strip()
    found.hold_by_id, found.held_at = me(tx).id, tx.now
    log(tx, "recording.held", found.contact_id, recording=recording_id, reason=reason.strip())
    return found.contact_id


def let_go(tx: Tx, recording_id: int, reason: str) -> int:
    """Let its time count again, for a reason; the contact. Raises as `hold`."""
    if tx.dialect == "postgresql":
        contact: int = call(tx, "recording_let_go", recording=recording_id, reason=reason)
        return contact
    found = led(tx, recording_id)
    check_words(reason, "a reason")
    if not found.legal_hold:
        raise Conflict("it is not held")
    was = found.hold_reason
    found.legal_hold, found.hold_reason, found.hold_by_id, found.held_at = False, "", None, None
    log(
        tx,
        "recording.let_go",
        found.contact_id,
        recording=recording_id,
        reason=reason.strip(),
        was=was,
    )
    return found.contact_id


def heard(tx: Tx, recording_id: int) -> tuple[Heard, ...]:
    """Who listened, newest first; raises NotAllowed, NotFound."""
    if tx.dialect == "postgresql":
        rows = tx.core.execute(text("SELECT * FROM app.recording_heard(:id)"), {"id": recording_id})
        return tuple(Heard(name, at) for name, at in rows)
    led(tx, recording_id)
    found = tx.session.execute(
        select(Staff.name, ReadAudit.at)
        .join(Staff, Staff.id == ReadAudit.staff_id)
        .where(ReadAudit.what == "recording", ReadAudit.ref_id == recording_id)
        .order_by(ReadAudit.id.desc())
        .limit(_HEARD)
    )
    return tuple(Heard(*row) for row in found)


def find(tx: Tx, norm: str, since: datetime, until: datetime) -> list[tuple[int, str]]:
    """Recordings with a number (E.164) in a time, newest first: their id and number.

    Raises NotAllowed, InvalidInput.
    """
    if tx.dialect == "postgresql":
        rows = tx.core.execute(
            text("SELECT * FROM app.recordings_find(:norm, :since, :until)"),
            {"norm": norm, "since": since, "until": until},
        )
        return [(id_, number) for id_, number in rows]
    leader = me(tx)
    if not leader.leads:
        raise NotAllowed("a team leader does that")
    if not norm or until <= since or until - since > _LONGEST_SEARCH:
        raise InvalidInput("a number, and a time of up to 400 days")
    tx.session.add(
        Event(
            kind="recording.searched",
            actor_id=leader.id,
            data={"from": since.isoformat(), "to": until.isoformat()},
        )
    )
    theirs = select(Identifier.id).where(
        Identifier.customer_id == Contact.customer_id,
        Identifier.kind == "phone",
        Identifier.norm == norm,
    )
    found = tx.session.execute(
        select(Recording.id, Call.number)
        .join(Contact, Contact.id == Recording.contact_id)
        .outerjoin(Call, Call.contact_id == Contact.id)
        .where(
            Recording.started_at >= since,
            Recording.started_at < until,
            Contact.queue_id.in_(leader.queues),
            or_(Call.number == norm, theirs.exists()),
        )
        .order_by(Recording.started_at.desc())
        .limit(_FOUND)
    )
    return [(id_, number or norm) for id_, number in found]


def led(tx: Tx, recording_id: int) -> Recording:
    """On SQLite: the recording, for a leader who may read its contact."""
    if not me(tx).leads:
        raise NotAllowed("a team leader does that")
    return _of(tx, recording_id)


def check_words(words: str, what: str) -> None:
    """On SQLite: some words and not too many."""
    if not words.strip() or len(words) > REASON_LETTERS:
        raise InvalidInput(f"{what} of up to {REASON_LETTERS} letters")


def log(tx: Tx, kind: str, contact_id: int, **data: object) -> None:
    """On SQLite: append what a person did."""
    tx.session.add(Event(kind=kind, actor_id=tx.actor_id, contact_id=contact_id, data=data))
    tx.session.flush()


def _of(tx: Tx, recording_id: int) -> Recording:
    person = me(tx)
    found = tx.session.scalar(
        select(Recording)
        .join(Contact, Contact.id == Recording.contact_id)
        .where(
            Recording.id == recording_id,
            or_(Contact.queue_id.in_(person.queues), Contact.owner_id == person.id),
        )
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("no such recording")
    return found


def _seen(tx: Tx) -> Select[Any]:
    """On PostgreSQL the policies say whose they are."""
    query: Select[Any] = select(
        *(getattr(Recording, name) for name in _AS_IT_IS),
        Recording.legal_hold,
        Recording.hold_reason,
        Recording.destroying_at,
        _Holder.name.label("holder"),
        _open_request().label("request"),
    ).outerjoin(_Holder, _Holder.id == Recording.hold_by_id)
    if tx.dialect == "sqlite":
        person = me(tx)
        query = query.join(Contact, Contact.id == Recording.contact_id).where(
            or_(Contact.queue_id.in_(person.queues), Contact.owner_id == person.id)
        )
    return query


def _open_request() -> ScalarSelect[int]:
    return (
        select(RecordingRequest.id)
        .where(
            RecordingRequest.recording_id == Recording.id,
            RecordingRequest.released_at.is_(None),
            RecordingRequest.closed_at.is_(None),
        )
        .limit(1)
        .scalar_subquery()
    )


def _views(tx: Tx, query: Select[Any]) -> tuple[RecordingView, ...]:
    return tuple(_view(row) for row in tx.session.execute(query).mappings())


def _view(row: RowMapping) -> RecordingView:
    same: dict[str, Any] = {name: row[name] for name in _AS_IT_IS}
    # What is being destroyed cannot be heard any more.
    same["destroyed_at"] = row["destroyed_at"] or row["destroying_at"]
    same["kind"], same["peaks"] = RecordingKind(row["kind"]), tuple(row["peaks"])
    asked_for = _REQUESTED if row["request"] is not None else ""
    return RecordingView(
        **same,
        held=row["hold_reason"] if row["legal_hold"] else asked_for,
        held_by=(row["holder"] or "") if row["legal_hold"] else "",
    )
