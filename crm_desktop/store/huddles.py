"""Huddles, their receipts and private notes: the rules of migrations/sql/0012_huddles.sql, which
SQLite follows in Python; both pass tests/integration/store/test_huddles_contract.py.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import case, func, insert, or_, select, update
from sqlalchemy.orm import aliased

from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.huddles import (
    HUDDLE_LETTERS,
    NOTE_LETTERS,
    Hearers,
    Huddle,
    Note,
    Receipt,
    Scope,
    SentHuddle,
    Talk,
)
from crm_desktop.domain.states import StaffRole
from crm_desktop.store import models
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import CURRENT, belongs, call, me
from crm_desktop.store.models import Event, HuddleReceipt, Membership, Queue, Staff, StaffNote
from crm_desktop.store.models.base import utcnow

_LONGEST = timedelta(days=8)
_EVERYBODY = "everybody"
_Author = aliased(Staff)
_Hearer = aliased(Staff)
_TO = case(
    (models.Huddle.scope == Scope.ALL, _EVERYBODY),
    (models.Huddle.scope == Scope.ONE, _Hearer.name),
    else_=Queue.name,
)
_HUDDLES = (
    select(models.Huddle.id)
    .join(_Author, _Author.id == models.Huddle.author_id)
    .outerjoin(_Hearer, _Hearer.id == models.Huddle.staff_id)
    .outerjoin(Queue, Queue.id == models.Huddle.queue_id)
)


def send(tx: Tx, to: Hearers, words: str, expires_at: datetime) -> int:
    """Tell people something short; raises NotAllowed, NotFound for nobody, and InvalidInput."""
    if tx.dialect == "postgresql":
        made: int = call(
            tx, "huddle_send", scope=to.scope.value, ref=to.ref, words=words, expires=expires_at
        )
        return made
    leader = me(tx)
    if not leader.leads:
        raise NotAllowed("a team leader does that")
    if not words.strip() or len(words) > HUDDLE_LETTERS:
        raise InvalidInput(f"up to {HUDDLE_LETTERS} letters")
    if not tx.now < expires_at <= tx.now + _LONGEST:
        raise InvalidInput("until a time within a week")
    if leader.role is not StaffRole.ADMIN:
        if to.scope is Scope.QUEUE and to.ref not in leader.queues:
            raise NotAllowed("not a queue of yours")
        if to.scope is Scope.ONE and not belongs(tx, to.ref or 0, leader.queues):
            raise NotAllowed("not somebody of your queues")
    huddle = models.Huddle(
        author_id=leader.id,
        scope=to.scope,
        staff_id=to.ref if to.scope is Scope.ONE else None,
        queue_id=to.ref if to.scope is Scope.QUEUE else None,
        words=words.strip(),
        expires_at=expires_at,
    )
    hearers = select(Staff.id).where(Staff.active, Staff.id != leader.id)
    if to.scope is Scope.ONE:
        hearers = hearers.where(Staff.id == to.ref)
    elif to.scope is Scope.QUEUE:
        members = select(Membership.staff_id).where(Membership.queue_id == to.ref, CURRENT)
        hearers = hearers.where(Staff.id.in_(members))
    found = tx.session.scalars(hearers).all()
    if not found:
        raise NotFound("nobody would read it")
    tx.session.add(huddle)
    tx.session.flush()
    tx.session.execute(
        insert(HuddleReceipt),
        [{"huddle_id": huddle.id, "staff_id": each, "author_id": leader.id} for each in found],
    )
    _log(tx, "huddle.sent", huddle=huddle.id, scope=to.scope)
    return huddle.id


def read(tx: Tx, huddle_id: int) -> None:
    """This person has read it; raises NotFound for one that was not sent to them."""
    if tx.dialect == "postgresql":
        call(tx, "huddle_read", huddle=huddle_id)
        return
    receipt = tx.session.get(HuddleReceipt, (huddle_id, me(tx).id), populate_existing=True)
    if receipt is None:
        raise NotFound("no such huddle")
    if receipt.read_at is None:
        receipt.read_at = tx.now
        _log(tx, "huddle.read", huddle=huddle_id)


def end(tx: Tx, huddle_id: int) -> None:
    """Show it no more; raises NotFound unless it is this person's and has not expired."""
    if tx.dialect == "postgresql":
        call(tx, "huddle_end", huddle=huddle_id)
        return
    huddle = tx.session.get(models.Huddle, huddle_id, populate_existing=True)
    if huddle is None or huddle.author_id != me(tx).id or huddle.expires_at <= tx.now:
        raise NotFound("no such huddle of yours")
    huddle.expires_at = tx.now
    _log(tx, "huddle.ended", huddle=huddle_id)


def unread(tx: Tx) -> tuple[Huddle, ...]:
    """What this person has not read and has not expired, oldest first."""
    query = (
        _HUDDLES.with_only_columns(
            models.Huddle.id,
            _Author.name,
            _TO,
            models.Huddle.words,
            models.Huddle.sent_at,
            models.Huddle.expires_at,
        )
        .join(HuddleReceipt, HuddleReceipt.huddle_id == models.Huddle.id)
        .where(
            HuddleReceipt.staff_id == tx.actor_id,
            HuddleReceipt.read_at.is_(None),
            models.Huddle.expires_at > utcnow(),
        )
        .order_by(models.Huddle.id)
    )
    return tuple(Huddle(*row) for row in tx.session.execute(query))


def sent(tx: Tx, limit: int) -> tuple[SentHuddle, ...]:
    """This person's own, newest first."""
    newest = (
        select(models.Huddle.id)
        .where(models.Huddle.author_id == tx.actor_id)
        .order_by(models.Huddle.id.desc())
        .limit(limit)
    )
    counts = (
        select(
            HuddleReceipt.huddle_id,
            func.count(HuddleReceipt.read_at).label("read"),
            func.count().label("sent_to"),
        )
        .where(HuddleReceipt.huddle_id.in_(newest))
        .group_by(HuddleReceipt.huddle_id)
        .subquery()
    )
    query = (
        _HUDDLES.with_only_columns(
            models.Huddle.id,
            _TO,
            models.Huddle.words,
            models.Huddle.sent_at,
            models.Huddle.expires_at,
            counts.c.read,
            counts.c.sent_to,
        )
        .join(counts, counts.c.huddle_id == models.Huddle.id)
        .order_by(models.Huddle.id.desc())
    )
    return tuple(SentHuddle(*row) for row in tx.session.execute(query))


def receipts(tx: Tx, huddle_id: int) -> tuple[Receipt, ...]:
    """Who has read an own huddle, newest reader first, then who has not, by name."""
    query = (
        select(Staff.id, Staff.name, HuddleReceipt.read_at)
        .join(HuddleReceipt, HuddleReceipt.staff_id == Staff.id)
        .where(HuddleReceipt.huddle_id == huddle_id, HuddleReceipt.author_id == tx.actor_id)
        .order_by(HuddleReceipt.read_at.desc().nulls_last(), Staff.name)
    )
    return tuple(Receipt(*row) for row in tx.session.execute(query))


def note(tx: Tx, to: int, words: str) -> int:
    """Write to one person; raises NotAllowed unless a leader begins, NotFound, InvalidInput."""
    if tx.dialect == "postgresql":
        made: int = call(tx, "note_send", to=to, words=words)
        return made
    writer = me(tx)
    if not words.strip() or len(words) > NOTE_LETTERS:
        raise InvalidInput(f"up to {NOTE_LETTERS} letters")
    person = tx.session.get(Staff, to)
    if person is None or not person.active or to == writer.id:
        raise NotFound("nobody of that number works here")
    asked = select(StaffNote.id).where(StaffNote.from_id == to, StaffNote.to_id == writer.id)
    if (
        writer.role is not StaffRole.ADMIN
        and tx.session.scalar(asked.limit(1)) is None
        and not (writer.leads and belongs(tx, to, writer.queues))
    ):
        raise NotAllowed("a leader begins that")
    written = StaffNote(from_id=writer.id, to_id=to, words=words.strip())
    tx.session.add(written)
    tx.session.flush()
    _log(tx, "private.sent", note=written.id)
    return written.id


def notes_read(tx: Tx, from_id: int, up_to: int) -> bool:
    """What a colleague wrote, up to a note, has been read; False when it had been already."""
    if tx.dialect == "postgresql":
        return bool(call(tx, "notes_read", writer=from_id, up_to=up_to))
    seen = tx.session.execute(
        update(StaffNote)
        .where(
            StaffNote.to_id == me(tx).id,
            StaffNote.from_id == from_id,
            StaffNote.id <= up_to,
            StaffNote.read_at.is_(None),
        )
        .values(read_at=tx.now)
        .returning(StaffNote.id)
    )
    if not seen.all():
        return False
    _log(tx, "private.read", note=up_to)
    return True


def notes(tx: Tx, other: int, limit: int) -> tuple[Note, ...]:
    """The newest notes between this person and a colleague, oldest first."""
    mine = tx.actor_id
    query = (
        select(StaffNote.id, StaffNote.from_id, StaffNote.words, StaffNote.at, StaffNote.read_at)
        .where(
            or_(
                (StaffNote.from_id == mine) & (StaffNote.to_id == other),
                (StaffNote.from_id == other) & (StaffNote.to_id == mine),
            )
        )
        .order_by(StaffNote.id.desc())
        .limit(limit)
    )
    rows = tx.session.execute(query).all()
    return tuple(Note(row[0], row[1] == mine, *row[2:]) for row in reversed(rows))


def talks(tx: Tx) -> tuple[Talk, ...]:
    """Every conversation of this person, the newest first."""
    mine = tx.actor_id
    other = case((StaffNote.from_id == mine, StaffNote.to_id), else_=StaffNote.from_id)
    waiting = (StaffNote.to_id == mine) & StaffNote.read_at.is_(None)
    by_other = (
        select(
            other.label("other"),
            func.max(StaffNote.id).label("newest"),
            func.count(case((waiting, 1))).label("unread"),
        )
        .where(or_(StaffNote.from_id == mine, StaffNote.to_id == mine))
        .group_by(other)
        .subquery()
    )
    query = (
        select(Staff.id, Staff.name, StaffNote.words, StaffNote.at, by_other.c.unread)
        .join(by_other, by_other.c.other == Staff.id)
        .join(StaffNote, StaffNote.id == by_other.c.newest)
        .order_by(by_other.c.newest.desc())
    )
    return tuple(Talk(*row) for row in tx.session.execute(query))


def _log(tx: Tx, kind: str, **data: object) -> None:
    tx.session.flush()
    tx.session.add(Event(kind=kind, actor_id=tx.actor_id, data=data))
    tx.session.flush()
