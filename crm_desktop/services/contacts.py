"""One contact at work: opening it, taking it, and every move until it is completed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.states import Direction, MessageState, Resolution, Visibility
from crm_desktop.domain.views import (
    AttachmentView,
    ContactView,
    Disposition,
    MessageView,
    QueueFilter,
)
from crm_desktop.services import timeline
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.guard import AttachmentRow, MessageContent
from crm_desktop.store.queries import case_views, contacts, customers, people
from crm_desktop.store.queries import queue as queue_queries


def open_contact(db: Database, contact_id: int) -> ContactView:
    """Everything that the workspace shows; leaves a trace. Raises NotFound."""
    with db.write() as tx:
        rows = queue_queries.by_ids(tx, [contact_id])
        detail = contacts.detail(tx, contact_id)
        if not rows or detail is None:
            raise NotFound("no such contact")
        contents = tx.guard.open_contact(contact_id)
        shown = _messages(tx, contents)
        own = tuple(
            each for each, raw in zip(shown, contents, strict=True) if raw.contact_id == contact_id
        )
        return ContactView(
            row=rows[0],
            check_reason=detail.check_reason,
            auto_generated=detail.auto_generated,
            messages=own,
            thread=tuple(each for each in shown if each not in own),
            customer=customers.view(tx, detail.customer_id) if detail.customer_id else None,
            cases=case_views.of_contact(tx, contact_id),
            drafts=contacts.drafts(tx, contact_id),
            timeline=timeline.entries(tx.guard.events(contact_id)),
            reply_to=_reply_to(own),
            completed_at=detail.completed_at,
            resolution=Resolution(detail.resolution) if detail.resolution else None,
        )


def _reply_to(messages: Sequence[MessageView]) -> str:
    inbound = [each for each in messages if each.direction is Direction.INBOUND]
    return inbound[-1].sender_address if inbound else ""


def _messages(tx: Tx, contents: Sequence[MessageContent]) -> tuple[MessageView, ...]:
    ids = [each.id for each in contents]
    files: dict[int, tuple[AttachmentView, ...]] = {}
    for file in tx.guard.attachments(ids):
        files[file.message_id] = (*files.get(file.message_id, ()), _attachment(file))
    leaving = contacts.waiting_to_leave(
        tx, [each.id for each in contents if each.state == MessageState.PENDING]
    )
    names = people.names(tx, {each.author_id for each in contents if each.author_id})
    return tuple(
        _message(
            each,
            names.get(each.author_id or 0, ""),
            leaving.get(each.id),
            files.get(each.id, ()),
        )
        for each in contents
    )


def _attachment(file: AttachmentRow) -> AttachmentView:
    return AttachmentView(
        file.id, file.name, file.content_type, file.size, file.inline, file.content_id
    )


def _message(
    raw: MessageContent,
    author: str,
    undo_until: datetime | None,
    attachments: tuple[AttachmentView, ...],
) -> MessageView:
    return MessageView(
        id=raw.id,
        direction=Direction(raw.direction),
        visibility=Visibility(raw.visibility),
        state=MessageState(raw.state),
        author=author,
        sender_name=raw.sender_name,
        sender_address=raw.sender_address,
        to=_pairs(raw, "to"),
        cc=_pairs(raw, "cc"),
        subject=raw.subject,
        text=raw.body_text,
        reply_text=raw.reply_text,
        html=raw.body_html,
        at=raw.at,
        sent_at=raw.sent_at,
        problems=tuple(raw.problems),
        findings=tuple(str(each) for each in raw.findings),
        failure=raw.failure,
        undo_until=undo_until,
        attachments=attachments,
    )


def _pairs(raw: MessageContent, field: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, address) for name, address in raw.recipients.get(field, ()))


def _moved(db: Database, contact_id: int, move: Callable[[Tx], None]) -> Changes:
    with db.write() as tx:
        move(tx)
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes


def take(db: Database, contact_id: int) -> Changes:
    """Take a waiting contact; raises Taken(by=name) when somebody was faster."""
    return _moved(db, contact_id, lambda tx: tx.guard.claim(contact_id))


def take_next(db: Database, wanted: QueueFilter) -> tuple[int | None, Changes]:
    """Take the most urgent waiting contact that fits; None when nothing waits."""
    with db.write() as tx:
        contact_id = tx.guard.claim_next(wanted)
        if contact_id is not None:
            tx.changed(Topic.CONTACT, contact_id)
        return contact_id, tx.changes


def release(db: Database, contact_id: int, reason: str = "") -> Changes:
    """Put a contact back into its queue."""
    return _moved(db, contact_id, lambda tx: tx.guard.release(contact_id, reason))


def park(db: Database, contact_id: int, until: datetime | None, for_reply: bool = False) -> Changes:
    """Lay a contact aside until a time, the customer's reply, or whichever comes first."""
    return _moved(db, contact_id, lambda tx: tx.guard.park(contact_id, until, for_reply))


def resume(db: Database, contact_id: int) -> Changes:
    """Take up a contact that was parked or in wrap-up."""
    return _moved(db, contact_id, lambda tx: tx.guard.resume(contact_id))


def transfer(
    db: Database,
    contact_id: int,
    *,
    queue_id: int | None = None,
    staff_id: int | None = None,
    note: str = "",
) -> Changes:
    """Pass a contact to a queue or a colleague, with a note for whoever takes it."""
    return _moved(
        db, contact_id, lambda tx: tx.guard.transfer(contact_id, queue_id, staff_id, note)
    )


def begin_wrap_up(db: Database, contact_id: int) -> Changes:
    """The conversation is over; the answers about it follow."""
    return _moved(db, contact_id, lambda tx: tx.guard.wrap_up(contact_id))


def complete(db: Database, contact_id: int, answers: Disposition) -> Changes:
    """End a contact with its disposition."""
    return _moved(db, contact_id, lambda tx: tx.guard.complete(contact_id, answers))


def spam(db: Database, contact_id: int) -> Changes:
    """Set a contact aside as spam."""
    return _moved(db, contact_id, lambda tx: tx.guard.spam(contact_id))


def checked(db: Database, contact_id: int) -> Changes:
    """A person looked at what needed checking and found it right."""
    return _moved(db, contact_id, lambda tx: tx.guard.checked(contact_id))


def set_service(db: Database, contact_id: int, service_id: int | None) -> Changes:
    """Say what a contact is about."""
    return _moved(db, contact_id, lambda tx: tx.guard.set_service(contact_id, service_id))


def set_customer(db: Database, contact_id: int, customer_id: int | None) -> Changes:
    """Say who a contact is from."""
    return _moved(db, contact_id, lambda tx: tx.guard.set_customer(contact_id, customer_id))


def look(db: Database, contact_id: int) -> Changes:
    """Show others that this person has the contact open; repeat within a minute."""
    with db.write() as tx:
        contacts.look(tx, contact_id)
        tx.changed(Topic.LOOKING, contact_id)
        return tx.changes


def look_away(db: Database, contact_id: int) -> Changes:
    """The contact is no longer open here."""
    with db.write() as tx:
        contacts.look_away(tx, contact_id)
        tx.changed(Topic.LOOKING, contact_id)
        return tx.changes
