"""Asking the PBX for something: done within two seconds by the database's clock, or not at all.

A desktop asks and sees what became of it. The gateway that holds the PBX's lease claims, does and
settles; nothing is tried again, and what was begun by a gateway that vanished is not repeated.
"""

from __future__ import annotations

from crm_desktop.domain import call_asking
from crm_desktop.domain.calls import Ask, Command, CommandState
from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.queries import call_commands as queries
from crm_desktop.store.queries.call_commands import Work

__all__ = ["Work", "abandon", "any_asked", "ask", "claim", "expire", "settle", "what_became"]


def ask(db: Database, wanted: Ask) -> Command:
    """Ask the PBX; what became of it is told as Topic.CALL, of contact 0 while there is none.

    Raises InvalidInput, NotFound, NotAllowed, Taken(by=name), and Conflict with the words why.
    """
    call_asking.check(wanted)
    with db.write_at_once() as tx:
        return queries.ask(tx, wanted)


def what_became(db: Database, command_id: int) -> Command | None:
    """Something that this person asked, as it stands now; None when they did not."""
    with db.read_at_once() as tx:
        return queries.asked(tx, command_id)


def any_asked(db: Database) -> bool:
    """Whether anything waits to be done, or to be marked as late; costs next to nothing."""
    with db.read_at_once() as tx:
        return queries.any_asked(tx)


def claim(db: Database, lease: Lease, account_id: int) -> Work | None:
    """The oldest command of a PBX that is still in time, None when there is none. LeaseLost."""
    with leases.writing(db, lease) as tx:
        return queries.claim(tx, account_id)


def settle(db: Database, work: Work, state: CommandState, words: str = "") -> None:
    """Say what became of a command; it did happen, so it is said whoever has the lease now."""
    with db.write() as tx:
        queries.settle(tx, work.id, state, words)


def expire(db: Database, lease: Lease, account_id: int) -> None:
    """Mark what was not begun in time as late. Raises LeaseLost."""
    with leases.writing(db, lease) as tx:
        queries.expire(tx, account_id)


def abandon(db: Database, lease: Lease, account_id: int, words: str) -> None:
    """At the beginning: say of what another gateway left half done that nobody knows its end."""
    with leases.writing(db, lease) as tx:
        queries.abandon(tx, account_id, words)
