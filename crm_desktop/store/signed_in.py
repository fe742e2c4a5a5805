"""Whom a session is of; asked before anything else, so without the tables and the ORM."""

from __future__ import annotations

import json

from sqlalchemy import text

from crm_desktop.domain.errors import SwitchedOff
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.store.database import Tx

# Beside who they are, which was the last time that somebody else closed their desktops.
_POSTGRES = text(
    """SELECT w.*, (SELECT coalesce(max(o.id), 0) FROM sign_out o WHERE o.staff_id = w.id)
    AS sign_outs FROM app.whoami() w"""
)
_SQLITE = text(
    """SELECT s.id, s.login, s.name, s.role, s.presence,
        (SELECT json_group_array(m.queue_id) FROM membership m WHERE m.staff_id = s.id
            AND (m.until IS NULL OR m.until > strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000')
        ) AS queues,
        (SELECT coalesce(max(o.id), 0) FROM sign_out o WHERE o.staff_id = s.id) AS sign_outs
    FROM staff s WHERE s.login = :login AND s.active"""
)


def whoami(tx: Tx, login: str) -> Person:
    """The signed-in person; on PostgreSQL whoever the session is, whatever `login` says."""
    if tx.dialect == "postgresql":
        row = tx.core.execute(_POSTGRES).mappings().one_or_none()
    else:
        row = tx.core.execute(_SQLITE, {"login": login}).mappings().one_or_none()
    if row is None:
        raise SwitchedOff()
    queues = row["queues"]
    return Person(
        row["id"],
        row["login"],
        row["name"],
        StaffRole(row["role"]),
        frozenset(json.loads(queues) if isinstance(queues, str) else queues),
        Presence(row["presence"]),
        row["sign_outs"],
    )


def came_by_password(tx: Tx) -> bool:
    """Whether the server asked this connection for a password when it was made."""
    if tx.dialect == "sqlite":
        return False
    driver = tx.core.connection.driver_connection
    return bool(driver is not None and driver.pgconn.used_password)
