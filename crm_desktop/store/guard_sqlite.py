"""The guarded operations on SQLite: the rules of migrations/sql in Python, under one contract.

SQLite is one person's own file and no boundary; the rules hold so that both behave alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, exists, insert, or_, select, text, update
from sqlalchemy.orm import Session

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound, Taken
from crm_desktop.domain.people import Person
from crm_desktop.domain.queue_settings import QueueSettings
from crm_desktop.domain.states import (
    OF_POSTS,
    AssignmentState,
    Channel,
    ContactState,
    DeclineReason,
    Direction,
    MessageState,
    OutboxState,
    StaffRole,
    Visibility,
)
from crm_desktop.domain.views import Disposition, HistoryEntry, QueueFilter
from crm_desktop.store import guard_sqlite_calls as calls
from crm_desktop.store import guard_sqlite_logging as logging
from crm_desktop.store import guard_sqlite_markers as markers
from crm_desktop.store import guard_sqlite_offers as offers
from crm_desktop.store import guard_sqlite_queues as queues
from crm_desktop.store import guard_sqlite_reading as reading
from crm_desktop.store import guard_sqlite_search as searching
from crm_desktop.store import guard_sqlite_visitors as visitors
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
from crm_desktop.store.guard_sqlite_staff import Staffing
from crm_desktop.store.models import (
    Assignment,
    Blob,
    BlobChunk,
    Case,
    Contact,
    Customer,
    Event,
    Handoff,
    Membership,
    Message,
    OutboxItem,
    Queue,
    Service,
    Staff,
)
from crm_desktop.store.models.base import utcnow

if TYPE_CHECKING:
    from crm_desktop.store.database import Tx

_WORKING = (ContactState.ACTIVE, ContactState.HELD, ContactState.WRAP_UP)
_KEPT = (*_WORKING, ContactState.PARKED)
_EVENT = insert(Event).inline()
_GIVE = (
    insert(Assignment)
    .values(
        contact_id=bindparam("contact_id"),
        staff_id=bindparam("staff_id"),
        state=AssignmentState.ACCEPTED,
        accepted_at=utcnow(),
        how=bindparam("how"),
    )
    .inline()
)
_END = (
    update(Assignment)
    .where(Assignment.contact_id == bindparam("of_contact"), Assignment.ended_at.is_(None))
    .values(state=bindparam("new_state"), ended_at=utcnow(), note=bindparam("new_note"))
)
# What was offered keeps what it came from.
_ACCEPT = (
    update(Assignment)
    .where(Assignment.contact_id == bindparam("of_contact"), Assignment.ended_at.is_(None))
    .values(state=AssignmentState.ACCEPTED, accepted_at=utcnow())
)
# One conditional UPDATE decides; its row count is the answer.
_CLAIM = text(
    """
    UPDATE contact SET state = 'active', owner_id = :me,
        state_since = strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000',
        first_taken_at = coalesce(
            first_taken_at, strftime('%Y-%m-%d %H\\:%M\\:%f', 'now') || '000')
    WHERE id = :wanted
      AND ((state = 'queued' AND queue_id IN (SELECT value FROM json_each(:mine)))
           OR (state = 'offered' AND owner_id = :me))
      AND (channel <> 'call' OR NOT EXISTS (
          SELECT 1 FROM call k
          WHERE k.contact_id = :wanted AND k.ended_at IS NULL AND k.state <> 'callback'))
      AND (channel <> 'visit' OR NOT EXISTS (
          SELECT 1 FROM visit v WHERE v.contact_id = :wanted AND v.left_at IS NULL))
    """
)


class SqliteGuard:
    """`guard.Guard` for SQLite."""

    def __init__(self, tx: Tx, actor: Person | None) -> None:
        self._tx = tx
        self._actor = actor

    @property
    def _staffing(self) -> Staffing:
        return Staffing(self._session, self._actor)

    @property
    def _session(self) -> Session:
        return self._tx.session

    @property
    def _core(self) -> Connection:
        """For what happens most often: statements made once, past the ORM."""
        return self._tx.settle()

    @property
    def _me(self) -> Person:
        if self._actor is None:
            raise NotAllowed("not signed in as staff")
        return self._actor

    def _log(self, kind: str, contact_id: int | None, **data: Any) -> None:
        self._core.execute(
            _EVENT,
            {"kind": kind, "actor_id": self._me.id, "contact_id": contact_id, "data": data},
        )

    def _contact(self, contact_id: int) -> Contact:
        contact = self._session.get(Contact, contact_id, populate_existing=True)
        if contact is None or not reading.visible(contact, self._me):
            raise NotFound("no such contact")
        return contact

    def _in_hand(self, contact_id: int, states: Sequence[ContactState]) -> Contact:
        contact = self._contact(contact_id)
        if contact.owner_id != self._me.id and not self._me.leads:
            if contact.owner_id is None:
                raise NotAllowed("take the contact first")
            raise Taken("the contact is with somebody else", by=self._name(contact.owner_id))
        if contact.state not in states:
            raise Conflict(f"the contact is {contact.state}")
        return contact

    def _name(self, staff_id: int | None) -> str:
        staff = self._session.get(Staff, staff_id) if staff_id else None
        return staff.name if staff else ""

    def _move(self, contact: Contact, state: ContactState, **values: Any) -> None:
        calls.check_move(self._tx, contact, state)
        contact.state = state
        contact.state_since = utcnow()
        for name, value in values.items():
            setattr(contact, name, value)
        self._session.flush()

    def _give(self, contact_id: int, staff_id: int | None, how: str = "taken") -> None:
        self._core.execute(_GIVE, {"contact_id": contact_id, "staff_id": staff_id, "how": how})

    def _end(self, contact_id: int, state: AssignmentState, note: str = "") -> None:
        self._core.execute(_END, {"of_contact": contact_id, "new_state": state, "new_note": note})

    def claim(self, contact_id: int) -> None:
        """See `Guard`."""
        claimed = self._core.execute(
            _CLAIM,
            {"wanted": contact_id, "me": self._me.id, "mine": json.dumps(sorted(self._me.queues))},
        )
        if claimed.rowcount == 0:
            contact = self._contact(contact_id)
            live = calls.is_live(self._tx, contact_id)
            if live and calls.ring_me(self._tx, self._me, contact, "taken"):
                return
            visitors.check_claim(contact)
            raise Taken("somebody was faster", by=self._name(contact.owner_id))
        if self._core.execute(_ACCEPT, {"of_contact": contact_id}).rowcount == 0:
            self._give(contact_id, self._me.id)
        self._log("contact.taken", contact_id)

    def _take(self, contact: Contact) -> None:
        first = contact.first_taken_at or utcnow()
        self._move(contact, ContactState.ACTIVE, owner_id=self._me.id, first_taken_at=first)
        self._give(contact.id, self._me.id, "next")

    @property
    def _given(self) -> frozenset[int]:
        """The queues of which this person is given something: none that they are off for now."""
        off = select(Membership.queue_id).where(
            Membership.staff_id == self._me.id, Membership.off_until > utcnow()
        )
        return self._me.queues - set(self._session.scalars(off))

    def claim_next(self, wanted: QueueFilter) -> int | None:
        """See `Guard`."""
        query = select(Contact).where(
            Contact.state == ContactState.QUEUED,
            # A desk calls whom it has room for.
            Contact.channel != Channel.VISIT,
            Contact.queue_id.in_(self._given),
            calls.can_be_rung(self._me.id),
        )
        if wanted.channels:
            query = query.where(Contact.channel.in_(sorted(wanted.channels)))
        if wanted.queue_id is not None:
            query = query.where(Contact.queue_id == wanted.queue_id)
        if wanted.service_id is not None:
            query = query.where(Contact.service_id == wanted.service_id)
        if wanted.overdue:
            query = query.where(Contact.due_at < utcnow())
        contact = self._session.scalar(query.order_by(Contact.due_at, Contact.id).limit(1))
        if contact is None:
            return None
        if calls.is_live(self._tx, contact.id):
            calls.ring_me(self._tx, self._me, contact, "next")
            return contact.id
        self._take(contact)
        self._log("contact.taken", contact.id, by="next")
        return contact.id

    def release(self, contact_id: int, reason: str) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, (*_KEPT, ContactState.OFFERED))
        self._move(
            contact,
            ContactState.QUEUED,
            queued_at=contact.queued_at if contact.channel == Channel.VISIT else utcnow(),
            owner_id=None,
            parked_until=None,
            parked_for_reply=False,
        )
        self._end(contact_id, AssignmentState.RETURNED, reason)
        self._log("contact.returned", contact_id, reason=reason)

    def park(self, contact_id: int, until: datetime | None, for_reply: bool) -> None:
        """See `Guard`."""
        if until is None and not for_reply:
            raise Conflict("park until a time or a reply")
        contact = self._in_hand(contact_id, _WORKING)
        self._move(contact, ContactState.PARKED, parked_until=until, parked_for_reply=for_reply)
        self._end(contact_id, AssignmentState.RETURNED, "parked")
        words = until.isoformat() if until else None
        self._log("contact.parked", contact_id, until=words, for_reply=for_reply)

    def resume(self, contact_id: int) -> None:
        """See `Guard`."""
        states = (ContactState.PARKED, ContactState.WRAP_UP, ContactState.HELD)
        contact = self._in_hand(contact_id, states)
        visitors.resumed(self._tx, self._me, contact)
        self._move(contact, ContactState.ACTIVE, parked_until=None, parked_for_reply=False)
        self._end(contact_id, AssignmentState.RETURNED, "resumed")
        self._give(contact_id, contact.owner_id)
        self._log("contact.resumed", contact_id)

    def transfer(
        self, contact_id: int, queue_id: int | None, staff_id: int | None, note: str
    ) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, (*_KEPT, ContactState.OFFERED, ContactState.QUEUED))
        if (queue_id is None) == (staff_id is None):
            raise Conflict("transfer to a queue or to a person")
        target = select(Queue.id).where(Queue.id == queue_id)
        if staff_id is not None:
            target = select(Staff.id).where(Staff.id == staff_id, Staff.active)
        if self._session.scalar(target) is None:
            raise NotFound("no such queue or person")
        self._check_may_have(contact, staff_id)
        if visitors.sent_on(self._tx, contact, queue_id, staff_id, note):
            return
        self._end(contact_id, AssignmentState.TRANSFERRED, note)
        before = contact.queue_id
        self._move(
            contact,
            ContactState.QUEUED if staff_id is None else ContactState.OFFERED,
            queue_id=queue_id or contact.queue_id,
            owner_id=staff_id,
            queued_at=utcnow(),
            parked_until=None,
            parked_for_reply=False,
        )
        if staff_id is not None:
            offer = Assignment(
                contact_id=contact_id,
                staff_id=staff_id,
                state=AssignmentState.OFFERED,
                note=note,
                how="transfer",
            )
            self._session.add(offer)
        if note:
            self._session.add(_note(contact_id, self._me.id, note))
        self._log(
            "contact.transferred", contact_id, queue=queue_id, staff=staff_id, from_queue=before
        )

    def _check_may_have(self, contact: Contact, staff_id: int | None) -> None:
        """Nobody outside a restricted queue is offered what is in it."""
        queue = self._session.get_one(Queue, contact.queue_id)
        member = exists().where(
            Membership.staff_id == staff_id,
            Membership.queue_id == contact.queue_id,
            or_(Membership.until.is_(None), Membership.until > utcnow()),
        )
        if staff_id is not None and queue.restricted and not self._session.scalar(select(member)):
            raise NotAllowed("only a member of its queue may have this contact")

    def decline(self, contact_id: int, reason: DeclineReason, words: str) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, (ContactState.OFFERED,))
        offers.decline(self._session, self._me, contact, reason, words)

    def boost(self, contact_id: int, points: int, reason: str) -> None:
        """See `Guard`."""
        offers.boost(self._session, self._me, self._contact(contact_id), points, reason)

    def return_work(self, staff_id: int, why: str) -> tuple[int, ...]:
        """What becomes by rule of the work of somebody who goes; who may, asks the caller."""
        return offers.return_work(self._session, self._actor, staff_id, why)

    def wrap_up(self, contact_id: int) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, (ContactState.ACTIVE, ContactState.HELD))
        self._move(contact, ContactState.WRAP_UP)
        self._session.execute(
            update(Assignment)
            .where(Assignment.contact_id == contact_id, Assignment.ended_at.is_(None))
            .values(state=AssignmentState.WRAPPING)
        )
        self._log("contact.wrap_up", contact_id)

    def complete(self, contact_id: int, answers: Disposition) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, _WORKING)
        if answers.resolution in OF_POSTS and contact.channel != Channel.SOCIAL:
            raise Conflict("no such resolution")
        self._move(
            contact,
            ContactState.COMPLETED,
            completed_at=utcnow(),
            service_id=answers.service_id or contact.service_id,
            resolution=answers.resolution,
            avoidable=answers.avoidable,
            # Why a call ended, as the telephone had it, is kept unless the answers say more.
            end_reason=logging.END_REASONS.get(answers.resolution, contact.end_reason or "normal"),
        )
        self._end(contact_id, AssignmentState.COMPLETED)
        self._log(
            "contact.completed",
            contact_id,
            resolution=answers.resolution,
            avoidable=answers.avoidable,
            service=answers.service_id,
        )

    def spam(self, contact_id: int) -> None:
        """See `Guard`."""
        contact = self._contact(contact_id)
        if contact.state != ContactState.QUEUED:
            self._in_hand(contact_id, (*_WORKING, ContactState.OFFERED))
        self._move(contact, ContactState.SPAM, owner_id=None)
        self._end(contact_id, AssignmentState.COMPLETED, "spam")
        self._log("contact.spam", contact_id)

    def set_service(self, contact_id: int, service_id: int | None) -> None:
        """See `Guard`."""
        self._in_hand(contact_id, _KEPT).service_id = service_id
        self._log("contact.service", contact_id, service=service_id)

    def set_customer(self, contact_id: int, customer_id: int | None) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, _KEPT)
        before, contact.customer_id = contact.customer_id, customer_id
        customer = self._session.get(Customer, customer_id) if customer_id else None
        if customer:
            contact.who = customer.name
        self._log("contact.customer", contact_id, customer=customer_id, before=before)

    def checked(self, contact_id: int) -> None:
        """See `Guard`."""
        contact = self._in_hand(contact_id, _KEPT)
        contact.needs_checking = False
        self._log("contact.checked", contact_id, reason=contact.check_reason)

    def log_contact(self, entry: LogEntry) -> int:
        """See `Guard`."""
        return logging.log_contact(self._session, self._me, entry)

    def open_contact(self, contact_id: int) -> tuple[MessageContent, ...]:
        """See `Guard`."""
        contact = self._contact(contact_id)
        reading.trace(self._session, self._me, "contact", contact_id)
        return reading.messages(self._session, contact, self._me)

    def attachments(self, message_ids: Sequence[int]) -> tuple[AttachmentRow, ...]:
        """See `Guard`."""
        return reading.attachments(self._session, message_ids, self._me)

    def open_attachment(self, attachment_id: int) -> AttachmentContent:
        """See `Guard`."""
        return reading.attachment(self._session, attachment_id, self._me)

    def open_customer(self, customer_id: int) -> tuple[IdentifierContent, ...]:
        """See `Guard`."""
        reading.trace(self._session, self._me, "customer", customer_id)
        return reading.identifiers(self._session, customer_id)

    def history(self, customer_id: int, limit: int) -> tuple[HistoryEntry, ...]:
        """See `Guard`."""
        return reading.history(self._session, customer_id, self._me, limit)

    def withdraw(self, message_id: int) -> bool:
        """See `Guard`."""
        message = self._session.get(Message, message_id, populate_existing=True)
        if message is None or message.author_id != self._me.id:
            raise NotFound("no such message of yours")
        taken_back = self._session.execute(
            update(OutboxItem)
            .where(
                OutboxItem.message_id == message_id,
                OutboxItem.state.in_([OutboxState.PENDING, OutboxState.HELD]),
                OutboxItem.attempts == 0,
            )
            .values(state=OutboxState.WITHDRAWN, done_at=utcnow())
            .returning(OutboxItem.id)
        ).all()
        if not taken_back:
            return False
        message.state = MessageState.WITHDRAWN
        self._log("message.withdrawn", message.contact_id, message=message_id)
        return True

    def release_stopped(self, message_id: int) -> None:
        """See `Guard`."""
        message = self._session.get(Message, message_id, populate_existing=True)
        if message is None:
            raise NotFound("no such message")
        self._contact(message.contact_id)
        if message.author_id != self._me.id and not self._me.leads:
            raise NotAllowed("only its author or a team leader may send it")
        released = self._session.execute(
            update(OutboxItem)
            .where(OutboxItem.message_id == message_id, OutboxItem.state == OutboxState.HELD)
            .values(state=OutboxState.PENDING, not_before=utcnow())
            .returning(OutboxItem.id)
        ).all()
        if not released:
            raise Conflict("the message is not stopped")
        message.state = MessageState.PENDING
        self._log(
            "message.released", message.contact_id, message=message_id, findings=message.findings
        )

    def retry_dead(self, outbox_id: int) -> None:
        """See `Guard`."""
        item = self._session.get(OutboxItem, outbox_id, populate_existing=True)
        if (
            item is None
            or item.state != OutboxState.DEAD
            or not (self._me.leads or item.created_by_id == self._me.id)
        ):
            raise NotFound("no such dead letter")
        item.state, item.attempts = OutboxState.PENDING, 0
        item.not_before = utcnow()
        contact_id = None
        if item.message_id and (message := self._session.get(Message, item.message_id)):
            message.state, message.failure = MessageState.PENDING, ""
            contact_id = message.contact_id
        if item.handoff_id and (handoff := self._session.get(Handoff, item.handoff_id)):
            handoff.state = "pending"
            handoff.state_since = utcnow()
            contact_id = handoff.contact_id
        self._log("outbox.retried", contact_id, outbox=outbox_id)

    def refile(self, case_id: int, service_id: int) -> None:
        """See `Guard`."""
        case = self._session.get(Case, case_id, populate_existing=True)
        service = self._session.get(Service, service_id)
        if (
            case is None
            or service is None
            or not reading.case_visible(self._session, case, self._me)
        ):
            raise NotFound("no such case or service")
        case.service_id, case.queue_id = service.id, service.queue_id
        self._session.flush()

    def search(self, terms: SearchTerms, limit: int) -> tuple[SearchHit, ...]:
        """See `Guard`."""
        return searching.search(self._session, terms, self._me, limit)

    def search_meant(self, words: tuple[str, ...], limit: int) -> tuple[SearchHit, ...]:
        """See `Guard`."""
        return searching.meant(self._session, words, limit)

    def search_contacts(
        self, words: tuple[str, ...], limit: int, patience_ms: int = PATIENCE_MS
    ) -> FoundContacts:
        """See `Guard`."""
        return searching.contacts(self._session, words, self._me, limit, patience_ms)

    def owners(self, kind: str, norms: tuple[str, ...]) -> dict[str, tuple[tuple[int, str], ...]]:
        """See `Guard`."""
        return reading.owners(self._session, kind, norms, self._me)

    def put_blob(self, content: bytes) -> str:
        """See `Guard`."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self._session.scalar(select(exists().where(Blob.sha256 == sha256, Blob.complete))):
            return sha256
        self._session.merge(Blob(sha256=sha256, size=len(content), complete=True))
        self._session.flush()
        for n, data in enumerate(chunks(content)):
            self._session.merge(BlobChunk(sha256=sha256, n=n, data=data))
        return sha256

    def marker_propose(self, customer_id: int, words: str) -> int:
        """See `Guard`."""
        return markers.propose(self._session, self._me, customer_id, words)

    def marker_activate(self, marker_id: int, review_on: date) -> None:
        """See `Guard`."""
        markers.activate(self._session, self._me, marker_id, review_on)

    def marker_end(self, marker_id: int) -> None:
        """See `Guard`."""
        markers.end(self._session, self._me, marker_id)

    def staff_add(
        self,
        login: str,
        name: str,
        role: StaffRole,
        queues: Sequence[int],
        verifier: str,  # noqa: ARG002 - a file has no passwords
    ) -> int:
        """See `Guard`."""
        return self._staffing.add(login, name, role, queues)

    def staff_change(
        self, staff_id: int, name: str, role: StaffRole, queues: Sequence[int]
    ) -> None:
        """See `Guard`."""
        self._staffing.change(staff_id, name, role, queues)

    def staff_disable(self, staff_id: int) -> tuple[int, ...]:
        """See `Guard`."""
        return self._staffing.disable(staff_id)

    def staff_enable(self, staff_id: int) -> None:
        """See `Guard`."""
        self._staffing.enable(staff_id)

    def staff_reset(
        self,
        staff_id: int,
        verifier: str,  # noqa: ARG002 - a file has no passwords
    ) -> None:
        """See `Guard`."""
        self._staffing.reset(staff_id)

    def queue_change(self, queue_id: int, seen: QueueSettings, wanted: QueueSettings) -> None:
        """See `Guard`."""
        queues.change(self._session, self._me, queue_id, seen, wanted)


def _note(contact_id: int, author_id: int, words: str) -> Message:
    return Message(
        contact_id=contact_id,
        direction=Direction.OUTBOUND,
        visibility=Visibility.INTERNAL,
        state=MessageState.SENT,
        author_id=author_id,
        body_text=words,
        reply_text=words,
    )
