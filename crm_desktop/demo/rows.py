"""The demo's customers and contacts as rows for bulk writing, ids given by hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from crm_desktop.demo.centre import BACK_OFFICE, FORMS, INCOMING, Ids
from crm_desktop.demo.population import DemoCustomer
from crm_desktop.demo.traffic import DemoContact, DemoMessage
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.references import make_reference
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.states import (
    AssignmentState,
    CaseState,
    Channel,
    ContactState,
    Direction,
    HandoffState,
    MessageState,
    Visibility,
)
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.store import bulk
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Address,
    Adjustment,
    Assignment,
    Case,
    CaseContact,
    Contact,
    Customer,
    Event,
    Handoff,
    Identifier,
    Message,
    SafetyMarker,
)

_CUSTOMER = (
    Customer.id, Customer.kind, Customer.name, Customer.folded, Customer.prefers, Customer.since,
)  # fmt: skip
_IDENTIFIER = (
    Identifier.customer_id, Identifier.kind, Identifier.value, Identifier.norm, Identifier.flag,
)  # fmt: skip
_ADDRESS = (Address.customer_id, Address.lines, Address.postcode)
_ADJUSTMENT = (Adjustment.customer_id, Adjustment.words, Adjustment.review_on)
_MARKER = (SafetyMarker.customer_id, SafetyMarker.state, SafetyMarker.words, SafetyMarker.review_on)
_CONTACT = (
    Contact.id, Contact.channel, Contact.direction, Contact.state, Contact.state_since,
    Contact.queue_id, Contact.service_id, Contact.customer_id, Contact.thread_id, Contact.owner_id,
    Contact.priority, Contact.who, Contact.subject, Contact.preview, Contact.folded,
    Contact.received_at, Contact.queued_at, Contact.due_at, Contact.parked_until,
    Contact.parked_for_reply, Contact.needs_checking, Contact.check_reason,
    Contact.auto_generated, Contact.account_id, Contact.first_taken_at, Contact.completed_at,
    Contact.resolution, Contact.avoidable, Contact.end_reason,
)  # fmt: skip
_MESSAGE = (
    Message.contact_id, Message.direction, Message.visibility, Message.state, Message.author_id,
    Message.sender_name, Message.sender_address, Message.recipients, Message.subject,
    Message.body_text, Message.reply_text, Message.body_html, Message.rfc_id, Message.in_reply_to,
    Message.reference_ids, Message.problems, Message.findings, Message.auto_generated,
    Message.failure, Message.at, Message.sent_at,
)  # fmt: skip
_CASE = (
    Case.id, Case.reference, Case.service_id, Case.queue_id, Case.customer_id, Case.state,
    Case.state_since, Case.form_version_id, Case.answers, Case.title, Case.opened_at,
    Case.opened_by_id, Case.due_at, Case.version,
)  # fmt: skip
_LINK = (CaseContact.case_id, CaseContact.contact_id, CaseContact.linked_at)
_HANDOFF = (
    Handoff.case_id, Handoff.contact_id, Handoff.queue_id, Handoff.account_id, Handoff.state,
    Handoff.state_since, Handoff.idempotency_key, Handoff.payload, Handoff.external_id,
    Handoff.token, Handoff.words, Handoff.notes, Handoff.requested_at, Handoff.requested_by_id,
    Handoff.due_at,
)  # fmt: skip
_ASSIGNMENT = (
    Assignment.contact_id, Assignment.staff_id, Assignment.state, Assignment.offered_at,
    Assignment.accepted_at, Assignment.ended_at, Assignment.note,
)  # fmt: skip
_EVENT = (Event.at, Event.kind, Event.actor_id, Event.contact_id, Event.case_id, Event.data)

_HANDOFF_WORDS: Mapping[HandoffState, str] = {
    HandoffState.SENT: "",
    HandoffState.ACKNOWLEDGED: "Passed to the crew",
    HandoffState.IN_PROGRESS: "On the crew's list for this round",
    HandoffState.DONE: "Completed by the crew",
}


def write_customers(tx: Tx, first_id: int, customers: Iterable[DemoCustomer]) -> None:
    """Customers with identifiers, address, adjustment and safety marker."""
    people = list(customers)
    at = {each.number: first_id + each.number for each in people}
    bulk.insert(
        tx,
        _CUSTOMER,
        (
            (
                at[each.number],
                each.kind,
                each.name,
                each.folded,
                each.prefers,
                datetime(each.since.year, each.since.month, each.since.day, 12, tzinfo=UTC),
            )
            for each in people
        ),
    )
    identifiers = (
        (at[each.number], kind, value, norm, "")
        for each in people
        for kind, value, norm in (
            ("email", each.email, each.email),
            ("phone", each.phone, each.phone_norm),
            ("account", each.account, each.account),
        )
        if value
    )
    bulk.insert(tx, _IDENTIFIER, identifiers)
    bulk.insert(tx, _ADDRESS, ((at[each.number], each.lines, each.postcode) for each in people))
    # Now, not while rows are copied: one connection does one thing at a time.
    review_on = (tx.now + timedelta(days=365)).date()
    bulk.insert(
        tx,
        _ADJUSTMENT,
        ((at[each.number], each.adjustment, review_on) for each in people if each.adjustment),
    )
    bulk.insert(
        tx,
        _MARKER,
        (
            (at[each.number], "active", each.safety_marker, review_on)
            for each in people
            if each.safety_marker
        ),
    )


@dataclass
class ContactRows:
    """Collects the rows of contacts, and writes them in one transaction each time."""

    ids: Ids
    calendars: Mapping[str, Calendar]
    first_contact: int
    first_customer: int
    next_case: int
    our_address: str
    _threads: OrderedDict[int, int] = field(default_factory=OrderedDict)
    _rows: dict[str, list[tuple[object, ...]]] = field(default_factory=dict)

    def add(self, contact: DemoContact) -> None:
        """Turn one contact into its rows."""
        contact_id = self.first_contact + contact.number
        thread = self._thread(contact, contact_id)
        owner = self.ids.staff.get(contact.owner)
        self._put("contact", self._contact(contact, contact_id, thread, owner))
        for n, message in enumerate(contact.messages):
            self._put("message", self._message(contact, contact_id, n, message))
        self._put("event", (contact.received_at, "contact.received", None, contact_id, None, {}))
        if contact.taken_at is not None:
            self._assigned(contact, contact_id, owner)
        if contact.case is not None and contact.service is not None:
            self._case(contact, contact_id, owner)

    def write(self, tx: Tx) -> None:
        """Write what was collected, parents first, and begin anew."""
        for name, columns in (
            ("contact", _CONTACT),
            ("message", _MESSAGE),
            ("case", _CASE),
            ("link", _LINK),
            ("handoff", _HANDOFF),
            ("assignment", _ASSIGNMENT),
            ("event", _EVENT),
        ):
            bulk.insert(tx, columns, self._rows.pop(name, ()))

    def _put(self, name: str, row: tuple[object, ...]) -> None:
        self._rows.setdefault(name, []).append(row)

    def _thread(self, contact: DemoContact, contact_id: int) -> int:
        thread = contact_id
        if contact.follows is not None:
            thread = self._threads.get(contact.follows, contact_id)
        self._threads[contact.number] = thread
        if len(self._threads) > 1000:
            self._threads.popitem(last=False)
        return thread

    def _contact(
        self, contact: DemoContact, contact_id: int, thread: int, owner: int | None
    ) -> tuple[object, ...]:
        said = contact.messages[0].text
        account = FORMS if contact.channel is Channel.WEB_FORM else INCOMING
        return (
            contact_id,
            contact.channel,
            Direction.INBOUND,
            contact.state,
            contact.completed_at or contact.taken_at or contact.received_at,
            self.ids.queues[contact.queue],
            self.ids.services.get(contact.service or ""),
            None if contact.customer is None else self.first_customer + contact.customer,
            thread,
            owner,
            0,
            contact.sender_name,
            contact.subject,
            excerpt(said),
            fold(f"{contact.sender_name} {contact.subject} {said}")[:2000],
            contact.received_at,
            contact.received_at,
            self._due(contact),
            contact.parked_until,
            contact.parked_for_reply,
            False,
            "",
            False,
            self.ids.accounts[account],
            contact.taken_at,
            contact.completed_at,
            contact.resolution,
            contact.avoidable,
            "normal" if contact.completed_at else None,
        )

    def _due(self, contact: DemoContact) -> datetime | None:
        if contact.state is ContactState.COMPLETED:
            return None
        calendar = self.calendars[contact.queue]
        target = CHANNEL_TARGETS[contact.channel].length(calendar)
        return calendar.add_working_time(contact.received_at, target)

    def _message(
        self, contact: DemoContact, contact_id: int, n: int, message: DemoMessage
    ) -> tuple[object, ...]:
        inbound = message.direction is Direction.INBOUND
        internal = message.visibility is Visibility.INTERNAL
        sender = (contact.sender_name, contact.sender_email) if inbound else ("", "")
        to = [] if internal else [["", self.our_address]]
        if not inbound and not internal:
            to = [[contact.sender_name, contact.sender_email]]
        return (
            contact_id,
            message.direction,
            message.visibility,
            MessageState.RECEIVED if inbound else MessageState.SENT,
            self.ids.staff.get(message.author),
            *sender,
            {"to": to, "cc": []},
            contact.subject,
            message.text,
            message.text,
            "",
            None if internal else f"<demo-{contact_id}-{n}@example.org>",
            "",
            [],
            [],
            [],
            False,
            "",
            message.at,
            None if inbound else message.at,
        )

    def _assigned(self, contact: DemoContact, contact_id: int, owner: int | None) -> None:
        done = contact.completed_at
        state = AssignmentState.COMPLETED if done else AssignmentState.RETURNED
        taken = contact.taken_at
        row = (contact_id, owner, state, taken, taken, done or taken, "" if done else "parked")
        self._put("assignment", row)
        self._put("event", (taken, "contact.taken", owner, contact_id, None, {}))
        if done:
            data = {"resolution": contact.resolution, "avoidable": contact.avoidable}
            self._put("event", (done, "contact.completed", owner, contact_id, None, data))
        else:
            self._put("event", (taken, "contact.parked", owner, contact_id, None, {}))

    def _case(self, contact: DemoContact, contact_id: int, owner: int | None) -> None:
        case_id, self.next_case = self.next_case, self.next_case + 1
        assert contact.service is not None
        assert contact.case is not None
        opened = contact.received_at if contact.answers is not None else contact.taken_at
        customer = None if contact.customer is None else self.first_customer + contact.customer
        due = None
        if contact.case not in (CaseState.RESOLVED, CaseState.CLOSED):
            due = self.calendars[contact.queue].add_working_time(
                contact.received_at, 3 * self.calendars[contact.queue].working_day
            )
        queue_id = self.ids.queues[contact.queue]
        self._put(
            "case",
            (
                case_id,
                make_reference(case_id),
                self.ids.services[contact.service],
                queue_id,
                customer,
                contact.case,
                contact.completed_at or opened,
                self.ids.forms.get(contact.service),
                contact.answers or {},
                "",
                opened,
                None if contact.answers is not None else owner,
                due,
                1,
            ),
        )
        self._put("link", (case_id, contact_id, opened))
        self._put("event", (opened, "case.opened", owner, contact_id, case_id, {}))
        if contact.handoff is not None:
            self._handoff(contact, contact_id, case_id, owner, queue_id)

    def _handoff(
        self, contact: DemoContact, contact_id: int, case_id: int, owner: int | None, queue_id: int
    ) -> None:
        state = contact.handoff
        assert state is not None
        at = contact.completed_at or contact.received_at
        words = _HANDOFF_WORDS.get(state, "")
        self._put(
            "handoff",
            (
                case_id,
                contact_id,
                queue_id,
                self.ids.accounts[BACK_OFFICE],
                state,
                at,
                f"{make_reference(case_id)}-1",
                {},
                f"{40_000 + case_id}",
                "",
                words,
                [[at.isoformat(), str(state), words]],
                at,
                owner,
                at + timedelta(days=2),
            ),
        )
