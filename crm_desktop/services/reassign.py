"""Giving many contacts to people or queues, changing and answering them, and taking that back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, Taken, TooLarge
from crm_desktop.domain.reassigning import (
    Answered,
    BulkChange,
    Candidate,
    OneAnswer,
    Reassigned,
    Seen,
    Skipped,
    ToPeople,
    ToQueue,
    Why,
    WorkFilter,
    WorkPage,
    WorkRow,
    share_out,
)
from crm_desktop.domain.states import Direction, Visibility
from crm_desktop.domain.views import Cursor, Disposition, Reply
from crm_desktop.services import canned, replies
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import moving, work
from crm_desktop.store.queries import replying as queries

#: Many answers are taken back together, so each waits a little for those still to be written.
_A_WHILE = 0.2


def page(
    db: Database, wanted: WorkFilter, after: Cursor | None = None, limit: int = 100
) -> WorkPage:
    """The first open contacts that fit; with the first page how many do."""
    with db.read_at_once() as tx:
        return work.page(tx, wanted, after, limit)


def rows(db: Database, wanted: WorkFilter, ids: Iterable[int]) -> tuple[WorkRow, ...]:
    """Those of these contacts that fit, as they are now."""
    with db.read_at_once() as tx:
        return work.by_ids(tx, wanted, ids)


def people(db: Database) -> tuple[Candidate, ...]:
    """To whom work may be given, with what each has open; raises NotAllowed."""
    with db.read() as tx:
        return moving.candidates(tx)


def give(db: Database, seen: Sequence[Seen], to: ToPeople | ToQueue, note: str = "") -> Reassigned:
    """Give contacts to a person, to several evenly, or to a queue, with a note for whoever comes.

    What is no longer as it was seen is skipped. Raises NotAllowed, NotFound and Conflict.
    """
    note = note.strip()
    with db.write() as tx:
        if isinstance(to, ToQueue):
            return moving.give(tx, seen, note, queue_id=to.queue_id)
        return moving.give(tx, seen, note, takers=_takers(tx, seen, to))


def _takers(tx: Tx, seen: Sequence[Seen], to: ToPeople) -> dict[int, int]:
    if len(to.staff_ids) == 1:
        return {each.contact_id: to.staff_ids[0] for each in seen}
    chosen = [each for each in moving.candidates(tx) if each.id in to.staff_ids]
    if not chosen:
        raise Conflict("nobody to give to")
    return dict(share_out(moving.pieces(tx, seen), chosen))


def gone_home(db: Database, staff_id: int, note: str = "") -> Reassigned:
    """All that somebody has goes where the rule says; raises NotAllowed and NotFound."""
    with db.write() as tx:
        return moving.gone_home(tx, staff_id, note.strip())


def change(db: Database, seen: Sequence[Seen], to: BulkChange) -> Reassigned:
    """Change all of them alike; raises NotAllowed, and Conflict for what cannot be set."""
    with db.write() as tx:
        return moving.change(tx, seen, to)


def answer(
    db: Database, seen: Seen, text: OneAnswer, *, batch: int | None = None, still: int = 0
) -> Answered:
    """Answer one of many; `still` so many follow. What the leak check stops waits for a look.

    It is put back as it was when it cannot be answered. Raises InvalidInput for a text that suits
    nobody, NotAllowed.
    """
    with db.write() as tx:
        taken = moving.take_over(tx, batch, seen)
        number = taken.undo if taken.moved else None
        address, filled = _letter(tx, seen.contact_id, text) if taken.moved else ("", text.text)
    if number is None:
        return Answered(seen.contact_id, batch or 0, taken.skipped[0], taken.changes)
    if not address:
        return _put_back(db, seen, number, Why.NO_ADDRESS)
    reply = Reply(text=filled, to=address, subject=text.subject)
    undo_seconds = replies.UNDO_SECONDS + _A_WHILE * still
    try:
        sent = replies.send(db, seen.contact_id, reply, undo_seconds=undo_seconds)
    except (InvalidInput, TooLarge):
        _put_back(db, seen, number, Why.NO_ADDRESS)
        raise
    except (Taken, NotAllowed, Conflict) as trouble:
        who = str(trouble.params.get("by") or "")
        skipped = Skipped(seen.contact_id, who, Why.CHANGED)
        return Answered(seen.contact_id, number, skipped, taken.changes)
    if sent.stopped:
        return _put_back(db, seen, number, Why.STOPPED)
    return _answered(db, seen, text, number, sent)


def _letter(tx: Tx, contact_id: int, text: OneAnswer) -> tuple[str, str]:
    """To which address, and the text with what is known filled in."""
    said = [
        each
        for each in tx.guard.open_contact(contact_id)
        if each.contact_id == contact_id
        and each.direction == Direction.INBOUND
        and each.visibility == Visibility.PUBLIC
    ]
    contact = queries.answered(tx, contact_id)
    filled = canned.fill(tx, contact, text.text) if contact is not None else text.text
    return (said[-1].sender_address if said else ""), filled


def _answered(
    db: Database, seen: Seen, text: OneAnswer, batch: int, sent: replies.Sent
) -> Answered:
    with db.write() as tx:
        if text.resolution is not None:
            answers = Disposition(None, text.resolution, avoidable=False)
            tx.guard.complete(seen.contact_id, answers)
            tx.settle()
        back = text.resolution is None
        moving.took_over(tx, batch, seen.contact_id, sent.message_id, back=back)
        return Answered(seen.contact_id, batch, None, sent.changes)


def _put_back(db: Database, seen: Seen, batch: int, why: Why) -> Answered:
    """As it was before it was to be answered."""
    with db.write() as tx:
        back = moving.undo(tx, batch, only=[seen.contact_id], ends=False)
    return Answered(seen.contact_id, batch, Skipped(seen.contact_id, "", why), back.changes)


def undo(db: Database, undo_id: int) -> Reassigned:
    """Take back what this person did a moment ago, but for what was touched since.

    Raises Conflict when it is too late, NotFound.
    """
    with db.write() as tx:
        answers = moving.answers(tx, undo_id)
        if not answers:
            return moving.undo(tx, undo_id)
        withdrawn = [contact_id for contact_id, message in answers if tx.guard.withdraw(message)]
        back = moving.undo(tx, undo_id, only=withdrawn)
        left = tuple(
            Skipped(contact_id, "", Why.SENT)
            for contact_id, _ in answers
            if contact_id not in withdrawn
        )
        return replace(back, skipped=back.skipped + left)
