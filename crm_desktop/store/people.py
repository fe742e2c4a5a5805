"""Staff as the store knows them: who is signed in, and the logins of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sqlalchemy import delete, insert, select, text

from crm_desktop.domain.errors import InvalidInput, SwitchedOff
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.domain.views import StaffInfo
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Membership, Staff

_LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,62}")


def whoami(tx: Tx, login: str) -> Person:
    """The signed-in person; on PostgreSQL whoever the session is, whatever `login` says."""
    if tx.dialect == "postgresql":
        row = tx.session.execute(text("SELECT * FROM app.whoami()")).mappings().one_or_none()
        if row is None:
            raise SwitchedOff()
        return Person(
            row["id"],
            row["login"],
            row["name"],
            StaffRole(row["role"]),
            frozenset(row["queues"]),
            Presence(row["presence"]),
        )
    staff = tx.session.scalar(select(Staff).where(Staff.login == login, Staff.active))
    if staff is None:
        raise SwitchedOff()
    queues = tx.session.scalars(select(Membership.queue_id).where(Membership.staff_id == staff.id))
    return Person(
        staff.id,
        staff.login,
        staff.name,
        StaffRole(staff.role),
        frozenset(queues),
        Presence(staff.presence),
    )


def came_by_password(tx: Tx) -> bool:
    """Whether the server asked this connection for a password when it was made."""
    driver = tx.core.connection.driver_connection
    return bool(driver is not None and driver.pgconn.used_password)


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


def add(tx: Tx, login: str, name: str, role: StaffRole, queues: Iterable[int]) -> int:
    """Add a member of staff with their queues; on PostgreSQL they also need `create_login`."""
    if not _LOGIN.fullmatch(login):
        raise InvalidInput("login", fields={"login": "small letters, digits, dot, dash"})
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
    """Make or change a PostgreSQL login in a `crm_…` group.

    The SCRAM verifier is made here, so that no password reaches the server's log.
    """
    driver = tx.session.connection().connection.driver_connection
    assert driver is not None
    verifier = driver.pgconn.encrypt_password(
        password.encode(), login.encode(), b"scram-sha-256"
    ).decode()
    tx.session.execute(
        text(
            """
            SELECT set_config('crm.login', :login, true), set_config('crm.group', :group, true),
                   set_config('crm.verifier', :verifier, true)
            """
        ),
        {"login": login, "group": group, "verifier": verifier},
    )
    tx.session.execute(text(_CREATE_LOGIN))


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
