"""Short notices to many with receipts, and private notes between a leader and one person."""

from __future__ import annotations

from datetime import timedelta

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.huddles import Hearers, Huddle, Note, Receipt, SentHuddle, Talk
from crm_desktop.store import huddles as store
from crm_desktop.store.database import Database

_NEWEST = 50


def send(db: Database, to: Hearers, words: str, lasts: timedelta) -> Changes:
    """Show a notice on the desktops of everybody meant, for so long or until each has read it.

    Raises NotAllowed unless a team leader speaks to their own people or to all, NotFound when
    nobody would hear it, and InvalidInput for no or too many words, or longer than a week.
    """
    refuse_card_numbers(words=words)
    with db.write() as tx:
        tx.changed(Topic.HUDDLE, store.send(tx, to, words, tx.now + lasts))
        return tx.changes


def read(db: Database, huddle_id: int) -> Changes:
    """This person has read it. Raises NotFound for one that was not sent to them."""
    with db.write() as tx:
        store.read(tx, huddle_id)
        tx.changed(Topic.RECEIPT, huddle_id)
        # Their desktop elsewhere need not show it any more.
        tx.changed(Topic.NOTE, tx.actor_id or 0)
        return tx.changes


def end(db: Database, huddle_id: int) -> Changes:
    """Take an own notice off every desktop. Raises NotFound."""
    with db.write() as tx:
        store.end(tx, huddle_id)
        tx.changed(Topic.HUDDLE, huddle_id)
        return tx.changes


def unread(db: Database) -> tuple[Huddle, ...]:
    """What this person has not read and has not expired, oldest first."""
    with db.read_at_once() as tx:
        return store.unread(tx)


def sent(db: Database) -> tuple[SentHuddle, ...]:
    """This person's own, newest first, with how many have read each."""
    with db.read_at_once() as tx:
        return store.sent(tx, _NEWEST)


def receipts(db: Database, huddle_id: int) -> tuple[Receipt, ...]:
    """Who has read an own huddle and when, and who has not; nothing of others' huddles."""
    with db.read_at_once() as tx:
        return store.receipts(tx, huddle_id)


def write_note(db: Database, to: int, words: str) -> Changes:
    """Write privately to one person.

    Raises NotAllowed unless this is a leader of theirs or an answer, NotFound, InvalidInput.
    """
    refuse_card_numbers(words=words)
    with db.write() as tx:
        store.note(tx, to, words)
        tx.changed(Topic.NOTE, to, tx.actor_id or 0)
        return tx.changes


def notes_read(db: Database, writer: int, up_to: int) -> Changes:
    """What a colleague wrote, up to a note, has been read; the writer sees that."""
    with db.write() as tx:
        if store.notes_read(tx, writer, up_to):
            tx.changed(Topic.NOTE, writer, tx.actor_id or 0)
        return tx.changes


def notes(db: Database, other: int) -> tuple[Note, ...]:
    """The newest notes between this person and a colleague, oldest first."""
    with db.read_at_once() as tx:
        return store.notes(tx, other, _NEWEST)


def talks(db: Database) -> tuple[Talk, ...]:
    """Every conversation of this person, the newest first."""
    with db.read_at_once() as tx:
        return store.talks(tx)
