"""The guarded operations on PostgreSQL: calls of the functions in migrations/sql."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.orm import Session

from crm_desktop.domain.queue_settings import QueueSettings
from crm_desktop.domain.states import DeclineReason, StaffRole
from crm_desktop.domain.views import Disposition, HistoryEntry, QueueFilter
from crm_desktop.store import guard_postgres_search as searching
from crm_desktop.store.blobs import chunks
from crm_desktop.store.guard import (
    PATIENCE_MS,
    AttachmentContent,
    AttachmentRow,
    FoundContacts,
    IdentifierContent,
    LogEntry,
    MessageContent,
    SearchHit,
    SearchTerms,
)

if TYPE_CHECKING:
    from crm_desktop.store.database import Tx


_OWNERS = text("SELECT norm, customer_id, name FROM app.owners(:kind, :norms)")


@cache
def _calling(function: str, names: tuple[str, ...]) -> TextClause:
    """The call of one of our functions; made once, so that SQLAlchemy knows it again."""
    return text(f"SELECT app.{function}({', '.join(f':{name}' for name in names)})")


class PostgresGuard:
    """`guard.Guard` for PostgreSQL."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx

    @property
    def _session(self) -> Session:
        return self._tx.session

    def _call(self, sql: str, **params: object) -> Sequence[RowMapping]:
        # What was written through the session must be there before a function looks.
        return self._tx.settle().execute(text(sql), params).mappings().all()

    def _run(self, function: str, **params: object) -> Any:
        found = self._tx.settle().execute(_calling(function, tuple(params)), params)
        self._tx.forget()
        return found.scalar()

    def claim(self, contact_id: int) -> None:
        """See `Guard`."""
        self._run("claim", contact=contact_id)

    def claim_next(self, wanted: QueueFilter) -> int | None:
        """See `Guard`."""
        found: int | None = self._run(
            "claim_next",
            channels=sorted(wanted.channels) or None,
            queue=wanted.queue_id,
            service=wanted.service_id,
            overdue=wanted.overdue,
        )
        return found

    def release(self, contact_id: int, reason: str) -> None:
        """See `Guard`."""
        self._run("release", contact=contact_id, reason=reason)

    def park(self, contact_id: int, until: datetime | None, for_reply: bool) -> None:
        """See `Guard`."""
        self._run("park", contact=contact_id, until=until, for_reply=for_reply)

    def resume(self, contact_id: int) -> None:
        """See `Guard`."""
        self._run("resume", contact=contact_id)

    def transfer(
        self, contact_id: int, queue_id: int | None, staff_id: int | None, note: str
    ) -> None:
        """See `Guard`."""
        self._run("transfer", contact=contact_id, queue=queue_id, staff=staff_id, note=note)

    def decline(self, contact_id: int, reason: DeclineReason, words: str) -> None:
        """See `Guard`."""
        self._run("decline", contact=contact_id, reason=reason.value, words=words)

    def boost(self, contact_id: int, points: int, reason: str) -> None:
        """See `Guard`."""
        self._run("boost", contact=contact_id, points=points, reason=reason)

    def wrap_up(self, contact_id: int) -> None:
        """See `Guard`."""
        self._run("wrap_up", contact=contact_id)

    def complete(self, contact_id: int, answers: Disposition) -> None:
        """See `Guard`."""
        self._run(
            "complete",
            contact=contact_id,
            service=answers.service_id,
            resolution=answers.resolution.value,
            avoidable=answers.avoidable,
        )

    def spam(self, contact_id: int) -> None:
        """See `Guard`."""
        self._run("spam", contact=contact_id)

    def set_service(self, contact_id: int, service_id: int | None) -> None:
        """See `Guard`."""
        self._run("set_service", contact=contact_id, service=service_id)

    def set_customer(self, contact_id: int, customer_id: int | None) -> None:
        """See `Guard`."""
        self._run("set_customer", contact=contact_id, customer=customer_id)

    def checked(self, contact_id: int) -> None:
        """See `Guard`."""
        self._run("checked", contact=contact_id)

    def log_contact(self, entry: LogEntry) -> int:
        """See `Guard`."""
        said = entry.said
        found: int = self._run(
            "log_contact",
            key=said.key,
            channel=said.channel.value,
            direction=said.direction.value,
            happened=said.happened_at,
            service=said.service_id,
            customer=said.customer_id,
            who=said.who,
            about=said.about,
            done=said.done,
            folded=entry.folded,
            doubt=entry.doubt,
            resolution=said.resolution.value if said.resolution else None,
            avoidable=said.avoidable,
            due=entry.due_at,
            away=said.while_away,
        )
        return found

    def open_contact(self, contact_id: int) -> tuple[MessageContent, ...]:
        """See `Guard`."""
        names = ", ".join(MessageContent.__dataclass_fields__)
        rows = self._call(f"SELECT {names} FROM app.open_contact(:id)", id=contact_id)  # noqa: S608
        return tuple(MessageContent(**_plain(row)) for row in rows)

    def attachments(self, message_ids: Sequence[int]) -> tuple[AttachmentRow, ...]:
        """See `Guard`."""
        names = ", ".join(AttachmentRow.__dataclass_fields__)
        rows = self._call(
            f"SELECT {names} FROM app.attachments(:ids)",  # noqa: S608
            ids=list(message_ids),
        )
        return tuple(AttachmentRow(**_plain(row)) for row in rows)

    def open_attachment(self, attachment_id: int) -> AttachmentContent:
        """See `Guard`."""
        (row,) = self._call("SELECT * FROM app.open_attachment(:id)", id=attachment_id)
        return AttachmentContent(row["name"], row["content_type"], bytes(row["content"]))

    def open_customer(self, customer_id: int) -> tuple[IdentifierContent, ...]:
        """See `Guard`."""
        rows = self._call("SELECT * FROM app.open_customer(:id)", id=customer_id)
        return tuple(IdentifierContent(**_plain(row)) for row in rows)

    def history(self, customer_id: int, limit: int) -> tuple[HistoryEntry, ...]:
        """See `Guard`."""
        rows = self._call(
            "SELECT * FROM app.history(:id, CAST(:limit AS integer))", id=customer_id, limit=limit
        )
        return tuple(HistoryEntry(**_plain(row)) for row in rows)

    def withdraw(self, message_id: int) -> bool:
        """See `Guard`."""
        return bool(self._run("withdraw", message=message_id))

    def release_stopped(self, message_id: int) -> None:
        """See `Guard`."""
        self._run("release_stopped", message=message_id)

    def retry_dead(self, outbox_id: int) -> None:
        """See `Guard`."""
        self._run("retry_dead", outbox=outbox_id)

    def refile(self, case_id: int, service_id: int) -> None:
        """See `Guard`."""
        self._run("refile", case=case_id, service=service_id)

    def search(self, terms: SearchTerms, limit: int) -> tuple[SearchHit, ...]:
        """See `Guard`."""
        return searching.search(self._session, terms, limit)

    def search_meant(self, words: tuple[str, ...], limit: int) -> tuple[SearchHit, ...]:
        """See `Guard`."""
        return searching.meant(self._session, words, limit)

    def search_contacts(
        self, words: tuple[str, ...], limit: int, patience_ms: int = PATIENCE_MS
    ) -> FoundContacts:
        """See `Guard`."""
        return searching.contacts(self._session, words, limit, patience_ms)

    def owners(self, kind: str, norms: tuple[str, ...]) -> dict[str, tuple[tuple[int, str], ...]]:
        """See `Guard`."""
        found: dict[str, tuple[tuple[int, str], ...]] = {}
        rows = self._tx.settle().execute(_OWNERS, {"kind": kind, "norms": list(norms)})
        for norm, customer_id, name in rows:
            found[norm] = (*found.get(norm, ()), (customer_id, name))
        return found

    def put_blob(self, content: bytes) -> str:
        """See `Guard`."""
        sha256 = hashlib.sha256(content).hexdigest()
        self._run("put_blob", sha=sha256, size=len(content), parts=list(chunks(content)))
        return sha256

    def marker_propose(self, customer_id: int, words: str) -> int:
        """See `Guard`."""
        proposed: int = self._run("marker_propose", customer=customer_id, words=words)
        return proposed

    def marker_activate(self, marker_id: int, review_on: date) -> None:
        """See `Guard`."""
        self._run("marker_activate", marker=marker_id, review_on=review_on)

    def marker_end(self, marker_id: int) -> None:
        """See `Guard`."""
        self._run("marker_end", marker=marker_id)

    def staff_add(
        self, login: str, name: str, role: StaffRole, queues: Sequence[int], verifier: str
    ) -> int:
        """See `Guard`."""
        added: int = self._run(
            "staff_add",
            login=login,
            name=name,
            role=role.value,
            queues=list(queues),
            verifier=verifier,
        )
        return added

    def staff_change(
        self, staff_id: int, name: str, role: StaffRole, queues: Sequence[int]
    ) -> None:
        """See `Guard`."""
        self._run("staff_change", staff=staff_id, name=name, role=role.value, queues=list(queues))

    def staff_disable(self, staff_id: int) -> tuple[int, ...]:
        """See `Guard`."""
        return tuple(self._run("staff_disable", staff=staff_id))

    def staff_enable(self, staff_id: int) -> None:
        """See `Guard`."""
        self._run("staff_enable", staff=staff_id)

    def staff_reset(self, staff_id: int, verifier: str) -> None:
        """See `Guard`."""
        self._run("staff_reset", staff=staff_id, verifier=verifier)

    def queue_change(self, queue_id: int, seen: QueueSettings, wanted: QueueSettings) -> None:
        """See `Guard`."""
        self._call(
            "SELECT app.queue_change(:queue, CAST(:seen AS jsonb), CAST(:wanted AS jsonb))",
            queue=queue_id,
            seen=json.dumps(seen.to_data()),
            wanted=json.dumps(wanted.to_data()),
        )
        self._tx.forget()


def _plain(row: RowMapping) -> Mapping[str, Any]:
    return dict(row)
