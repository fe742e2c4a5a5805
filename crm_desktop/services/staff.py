"""Who works here: an administrator adds, changes, disables and enables, and resets passwords."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import StaffMember
from crm_desktop.store import people
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import catalogue

#: Three words are longer; what is shorter is guessed.
SHORTEST_PASSWORD = 12


@dataclass(frozen=True, slots=True)
class NewStaff:
    """A member of staff to be added; `queues` are codes."""

    login: str
    name: str
    role: StaffRole
    queues: tuple[str, ...] = ()


def everybody(db: Database) -> tuple[StaffMember, ...]:
    """All who work or worked here, by name."""
    with db.read() as tx:
        return people.everybody(tx)


def add(db: Database, entered: NewStaff, password: str) -> Changes:
    """A new member of staff, on PostgreSQL with a login of their own and this first password.

    Raises InvalidInput(fields login, name, password), NotFound for a queue, NotAllowed unless an
    administrator or the database's owner asks, and Conflict when somebody was faster.
    """
    people.check_login(entered.login)
    _check_name(entered.name)
    with db.write() as tx:
        if any(each.login == entered.login for each in people.everybody(tx)):
            raise InvalidInput("login", fields={"login": "somebody has it already"})
        staff_id = tx.guard.staff_add(
            entered.login,
            entered.name,
            entered.role,
            _queue_ids(tx, entered.queues),
            _verifier(tx, entered.login, password),
        )
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def change(
    db: Database, staff_id: int, name: str, role: StaffRole, queues: Sequence[str]
) -> Changes:
    """Another name, role and queues (codes), which hold at once.

    Raises InvalidInput(fields name), NotFound, Conflict for the last administrator, and NotAllowed
    for one's own role and queues.
    """
    _check_name(name)
    with db.write() as tx:
        tx.guard.staff_change(staff_id, name, role, _queue_ids(tx, queues))
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def disable(db: Database, staff_id: int) -> Changes:
    """They sign in no more, what they have open ends, and what they held waits again.

    Their text that was not sent stays for whoever takes the contact. Raises NotFound, Conflict for
    the last administrator, and NotAllowed for oneself.
    """
    with db.write() as tx:
        freed = tx.guard.staff_disable(staff_id)
        tx.changed(Topic.STAFF, staff_id)
        tx.changed(Topic.CONTACT, *freed)
        changes = tx.changes
    with db.write() as tx:
        # A desktop that came back before the first transaction was committed goes now.
        tx.guard.staff_disable(staff_id)
    return changes


def enable(db: Database, staff_id: int) -> Changes:
    """Somebody disabled may sign in again, with their password, role and queues."""
    with db.write() as tx:
        tx.guard.staff_enable(staff_id)
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def reset(db: Database, staff_id: int, password: str) -> Changes:
    """Another password. Raises InvalidInput(fields password), NotFound."""
    with db.write() as tx:
        person = next((each for each in people.everybody(tx) if each.id == staff_id), None)
        if person is None:
            raise NotFound("nobody of that number works here")
        tx.guard.staff_reset(staff_id, _verifier(tx, person.login, password))
        tx.changed(Topic.STAFF, staff_id)
        return tx.changes


def _check_name(name: str) -> None:
    if not name.strip():
        raise InvalidInput("name", fields={"name": "a name, as colleagues know them"})


def _queue_ids(tx: Tx, codes: Sequence[str]) -> list[int]:
    known = {each.code: each.id for each in catalogue.queues(tx)}
    unknown = sorted(set(codes) - set(known))
    if unknown:
        raise NotFound(f"no such queue: {', '.join(unknown)}")
    return sorted({known[code] for code in codes})


def _verifier(tx: Tx, login: str, password: str) -> str:
    if tx.dialect == "postgresql" and len(password) < SHORTEST_PASSWORD:
        words = f"at least {SHORTEST_PASSWORD} characters"
        raise InvalidInput("password", fields={"password": words})
    return people.verifier(tx, login, password)
