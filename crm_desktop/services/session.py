"""Signing in: who may, as whom, and proving it again."""

from __future__ import annotations

from dataclasses import replace
from hmac import compare_digest
from pathlib import Path

from crm_desktop.domain.errors import DatabaseAway, ServerUnverified, SignedOutBy, SignInRefused
from crm_desktop.domain.people import Person
from crm_desktop.domain.views import StaffInfo
from crm_desktop.store import leading, people, revision, signed_in
from crm_desktop.store.database import Database, Target


def staff_choices(db: Database) -> tuple[StaffInfo, ...]:
    """Who may sign in: shown to choose from on a one-person database."""
    with db.read() as tx:
        return people.active_staff(tx)


def choices(target: Target, migrations: Path) -> tuple[StaffInfo, ...]:
    """Who may sign in, before anybody has; raises as `sign_in` does."""
    db = Database(target, create=False)
    try:
        revision.check(db, migrations)
        return staff_choices(db)
    finally:
        db.close()


def check_revision(db: Database, migrations: Path) -> None:
    """Raise DatabaseOlder or DatabaseNewer unless the database has this program's revision."""
    revision.check(db, migrations)


def answers(target: Target) -> bool:
    """True when a database answers at that address; raises DatabaseTrouble.

    A server that asks for a password has answered.
    """
    db = Database(target, create=False)
    try:
        with db.read() as tx:
            return bool(tx.now)
    except SignInRefused:
        return True
    finally:
        db.close()


def colleagues(db: Database) -> tuple[StaffInfo, ...]:
    """Everybody who works here, by name."""
    return staff_choices(db)


def sign_in(target: Target, login: str, migrations: Path, *, connections: int = 1) -> Database:
    """Open the database as this person.

    Raises SignInRefused, DatabaseAway, DatabaseOlder, DatabaseNewer or InsecureConnection.
    """
    db = Database(target, connections=connections, create=False)
    try:
        revision.check(db, migrations)
        with db.read() as tx:
            db.actor = signed_in.whoami(tx, login)
            if target.password and not signed_in.came_by_password(tx):
                # The server took the computer's account, or the system's word: whatever was
                # entered proves nothing later.
                db.target = replace(target, password="")
    except BaseException:
        db.close()
        raise
    return db


def whoami(db: Database) -> Person:
    """Who this session is now, by role and queues; raises SignInRefused when nobody any more,
    SignedOutBy when somebody closed it, DatabaseNewer when this program no longer fits.
    """
    began = db.actor
    assert began is not None
    revision.still_fits(db)
    with db.read() as tx:
        person = signed_in.whoami(tx, began.login)
        if person.sign_outs > began.sign_outs:
            raise SignedOutBy(by=leading.signed_out_by(tx, person.id))
        return person


def prove(target: Target, password: str) -> None:
    """Let whoever signed in as `target` in again; raises SignInRefused and DatabaseTrouble.

    A session that began with a password asks for it, by a connection of its own; while the server
    is away it is compared with the one that it began with.
    """
    if target.password and not password:
        raise SignInRefused()
    db = Database(replace(target, password=password), create=False)
    try:
        with db.read() as tx:
            signed_in.whoami(tx, target.login)
            if target.password and not signed_in.came_by_password(tx):
                raise SignInRefused()
    except ServerUnverified:
        raise
    except DatabaseAway:
        if not target.password:
            raise
        if not compare_digest(password.encode(), target.password.encode()):
            raise SignInRefused() from None
    finally:
        db.close()
