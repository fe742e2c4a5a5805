"""The services that the public may write to, and their current forms."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from crm_desktop.store.database import Tx
from crm_desktop.store.models import FormVersion, Service

_OFFERED = (Service.public.is_(True), Service.active.is_(True), Service.restricted.is_(False))


def offered(tx: Tx) -> tuple[tuple[str, str, str], ...]:
    """(code, name, summary) of every service with a public form, by name."""
    rows = tx.session.execute(
        select(Service.code, Service.name, Service.summary)
        .where(*_OFFERED, Service.id.in_(select(FormVersion.service_id)))
        .order_by(Service.name)
    )
    return tuple((code, name, summary) for code, name, summary in rows)


def current(tx: Tx, code: str) -> tuple[int, str, str, dict[str, Any]] | None:
    """(version, name, summary, schema) of a service's newest form, None when it has none."""
    row = tx.session.execute(
        select(FormVersion.version, Service.name, Service.summary, FormVersion.schema)
        .join(Service, Service.id == FormVersion.service_id)
        .where(*_OFFERED, Service.code == code)
        .order_by(FormVersion.version.desc())
        .limit(1)
    ).first()
    return (row[0], row[1], row[2], row[3]) if row else None
