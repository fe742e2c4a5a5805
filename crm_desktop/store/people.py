"""Staff as the store knows them: who is signed in, and the logins of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import delete, func, insert, select, text

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.domain.views import StaffInfo, StaffMember
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Looking, Membership, Queue, Staff

_LOGIN = re.compile(r"(?!crm_|pg_|gateway$)[a-z][a-z0-9._-]{1,62}")


def active_staff(tx: Tx) -> tuple[StaffInfo, ...]:
    """Everybody who may sign in, by name."""
    rows = tx.session.execute(
        select(Staff.id, Staff.login, Staff.name, Staff.role, Staff.presence)
        .where(Staff.active)
        .order_by(Staff.name)
    )
    return tuple(
        StaffInfo(id_, login, name, StaffRole(role), Presence(presence))
        for id_, login, name, role, presence in rows
    )


def everybody(tx: Tx) -> tuple[StaffMember, ...]:
    """All who work or worked here with their queues, by name."""
    queues: dict[int, list[tuple[int, str]]] = {}
    for staff_id, queue_id, code in tx.session.execute(
        select(Membership.staff_id, Queue.id, Queue.code)
        .join(Queue, Queue.id == Membership.queue_id)
        .order_by(Queue.code)
    ):
        queues.setdefault(staff_id, []).append((queue_id, code))
    seen = select(Looking.staff_id, func.max(Looking.seen_at).label("at"))
    looks = seen.group_by(Looking.staff_id).subquery()
    rows = tx.session.execute(
        select(
            Staff.id, Staff.login, Staff.name, Staff.role, Staff.active, Staff.presence, looks.c.at
        )
        .outerjoin(looks, looks.c.staff_id == Staff.id)
        .order_by(Staff.name, Staff.id)
    )
    return tuple(
        StaffMember(
            id=id_,
            login=login,
            name=name,
            role=StaffRole(role),
            queue_ids=tuple(queue_id for queue_id, _ in queues.get(id_, ())),
            queue_codes=tuple(code for _, code in queues.get(id_, ())),
            active=active,
            presence=Presence(presence),
            seen_at=seen_at,
        )
        for id_, login, name, role, active, presence, seen_at in rows
    )


def check_login(login: str) -> None:
    """Raise InvalidInput for what cannot be a member of staff's login."""
    if not _LOGIN.fullmatch(login):
        raise InvalidInput("login", fields={"login": "small letters, digits, dot, dash"})


def add(tx: Tx, login: str, name: str, role: StaffRole, queues: Iterable[int]) -> int:
    """Write a member of staff with their queues past the guard: for the demo and a first person.

    On PostgreSQL they also need `create_login`.
    """
    check_login(login)
    staff = Staff(login=login, name=name, role=role, presence=Presence.OFFLINE)
    tx.session.add(staff)
    tx.session.flush()
    set_queues(tx, staff.id, queues)
    return staff.id


def set_queues(tx: Tx, staff_id: int, queues: Iterable[int]) -> None:
    """Replace a person's memberships."""
    tx.session.execute(delete(Membership).where(Membership.staff_id == staff_id))
    rows = [{"staff_id": staff_id, "queue_id": queue_id} for queue_id in sorted(set(queues))]
    if rows:
        tx.session.execute(insert(Membership), rows)


def create_login(tx: Tx, login: str, group: str, password: str) -> None:
    """Make or change a PostgreSQL login in a `crm_…` group, as the database's owner."""
    tx.session.execute(
        text(
            """
            SELECT set_config('crm.login', :login, true), set_config('crm.group', :group, true),
                   set_config('crm.verifier', :verifier, true)
            """
        ),
        {"login": login, "group": group, "verifier": verifier(tx, login, password)},
    )
    tx.session.execute(text(_CREATE_LOGIN))


def verifier(tx: Tx, login: str, password: str) -> str:
    """PostgreSQL's SCRAM verifier of a password, made here: the password reaches no server's log.

    "" on SQLite, which has no passwords.
    """
    if tx.dialect == "sqlite":
        return ""
    driver = tx.session.connection().connection.driver_connection
    assert driver is not None
    made: bytes = driver.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    )
    return made.decode()


_CREATE_LOGIN = """
DO $$
DECLARE login text := current_setting('crm.login');
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = login) THEN
        EXECUTE format('CREATE ROLE %I LOGIN', login);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, current_setting('crm.verifier'));
    EXECUTE format('GRANT %I TO %I', current_setting('crm.group'), login);
END $$
"""
