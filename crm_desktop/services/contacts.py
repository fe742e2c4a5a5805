"""One contact at work: opening it, taking it, and every move until it is completed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.views import ContactView, Disposition, Moved, QueueFilter
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import contacts, taking, workspace


def open_contact(db: Database, contact_id: int) -> ContactView:
    """Everything that the workspace shows; leaves a trace. Raises NotFound."""
    with db.write_at_once() as tx:
        return workspace.open_contact(tx, contact_id)


def get_ready(db: Database) -> None:
    """So that the first contact of a session opens as fast as the next; opens none."""
    with db.read_at_once() as tx:
        workspace.get_ready(tx)


def _moved(db: Database, contact_id: int, move: Callable[[Tx], None]) -> Moved:
    with db.write() as tx:
        move(tx)
        return taking.as_it_is(tx, contact_id)


def take(db: Database, contact_id: int) -> Moved:
    """Take a waiting contact; raises Taken(by=name) when somebody was faster."""
    with db.write_at_once() as tx:
        return taking.take(tx, contact_id)


def take_next(db: Database, wanted: QueueFilter) -> Moved | None:
    """Take the most urgent waiting contact that fits; None when nothing waits."""
    with db.write_at_once() as tx:
        return taking.take_next(tx, wanted)


def release(db: Database, contact_id: int, reason: str = "") -> Moved:
    """Put a contact back into its queue."""
    return _moved(db, contact_id, lambda tx: tx.guard.release(contact_id, reason))


def park(db: Database, contact_id: int, until: datetime | None, for_reply: bool = False) -> Moved:
    """Lay a contact aside until a time, the customer's reply, or whichever comes first."""
    return _moved(db, contact_id, lambda tx: tx.guard.park(contact_id, until, for_reply))


def resume(db: Database, contact_id: int) -> Moved:
    """Take up a contact that was parked or in wrap-up."""
    return _moved(db, contact_id, lambda tx: tx.guard.resume(contact_id))


def transfer(
    db: Database,
    contact_id: int,
    *,
    queue_id: int | None = None,
    staff_id: int | None = None,
    note: str = "",
) -> Moved:
    """Pass a contact to a queue or a colleague, with a note for whoever takes it."""
    refuse_card_numbers(note=note)
    return _moved(
        db, contact_id, lambda tx: tx.guard.transfer(contact_id, queue_id, staff_id, note)
    )


def begin_wrap_up(db: Database, contact_id: int) -> Moved:
    """The conversation is over; the answers about it follow."""
    return _moved(db, contact_id, lambda tx: tx.guard.wrap_up(contact_id))


def complete(db: Database, contact_id: int, answers: Disposition) -> Moved:
    """End a contact with its disposition."""
    return _moved(db, contact_id, lambda tx: tx.guard.complete(contact_id, answers))


def spam(db: Database, contact_id: int) -> Moved:
    """Set a contact aside as spam."""
    return _moved(db, contact_id, lambda tx: tx.guard.spam(contact_id))


def checked(db: Database, contact_id: int) -> Moved:
    """A person looked at what needed checking and found it right."""
    return _moved(db, contact_id, lambda tx: tx.guard.checked(contact_id))


def set_service(db: Database, contact_id: int, service_id: int | None) -> Moved:
    """Say what a contact is about."""
    return _moved(db, contact_id, lambda tx: tx.guard.set_service(contact_id, service_id))


def set_customer(db: Database, contact_id: int, customer_id: int | None) -> Moved:
    """Say who a contact is from."""
    return _moved(db, contact_id, lambda tx: tx.guard.set_customer(contact_id, customer_id))


def look(db: Database, contact_id: int) -> Changes:
    """Show others that this person has the contact open; repeat within a minute."""
    with db.write() as tx:
        contacts.look(tx, contact_id)
        tx.changed(Topic.LOOKING, contact_id)
        return tx.changes


def look_away(db: Database, contact_id: int) -> Changes:
    """The contact is no longer open here."""
    with db.write() as tx:
        contacts.look_away(tx, contact_id)
        tx.changed(Topic.LOOKING, contact_id)
        return tx.changes
