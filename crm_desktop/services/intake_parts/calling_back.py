"""Who was cut off is called back first of all; who calls again meanwhile needs no callback."""

from __future__ import annotations

from crm_desktop.domain.callers import CUT_OFF, CUT_OFF_POINTS, SAME_CALLER_WITHIN
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import AssignmentState, Channel, ContactState, Direction, Resolution
from crm_desktop.domain.text import fold
from crm_desktop.services.intake_parts import finding
from crm_desktop.store.database import Tx
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import callers as queries
from crm_desktop.store.queries import calls, events, messages
from crm_desktop.store.queries.routing import read as read_routing

CALLED_AGAIN = "called_again"


def after_cut_off(tx: Tx, contact_id: int) -> int | None:
    """The new contact by which somebody is called back whose call dropped in mid-conversation.

    None when their number is withheld, and when they are called back already.
    """
    was = queries.caller(tx, contact_id)
    if was is None or not was.number or queries.is_called_back(tx, contact_id, was.number):
        return None
    rules = read_routing(tx).queues[was.queue_id]
    callback_id = next(messages.contact_numbers(tx, 1))
    subject = "Call back: cut off"
    messages.add_contact(
        tx,
        callback_id,
        {
            "channel": Channel.CALL.value,
            "direction": Direction.OUTBOUND.value,
            "state": ContactState.QUEUED.value,
            "queue_id": was.queue_id,
            "service_id": was.service_id,
            "customer_id": was.customer_id,
            "priority": was.priority,
            "who": was.who,
            "subject": subject,
            "preview": "The call was cut off in mid-conversation: call back",
            "folded": fold(f"{was.who} {subject} {was.number}"),
            "due_at": finding.due(tx.now, rules, Channel.CALL),
            "needs_checking": was.needs_checking,
            "check_reason": was.check_reason,
            "auto_generated": False,
            "account_id": was.account_id,
            "boost": CUT_OFF_POINTS,
            "boost_reason": CUT_OFF,
        },
        was.thread_id,
    )
    calls.add(
        tx,
        contact_id=callback_id,
        account_id=was.account_id,
        line_id=was.line_id,
        state=CallState.CALLBACK.value,
        number=was.number,
        number_said=was.number_said,
        dialled=was.dialled,
        choice=was.choice,
        callback=True,
        after_id=contact_id,
    )
    events.append(
        tx,
        "contact.callback",
        contact_id=callback_id,
        customer_id=was.customer_id,
        queue=was.queue_id,
        after=contact_id,
        why="cut_off",
    )
    tx.changed(Topic.CONTACT, callback_id)
    tx.changed(Topic.CALL, callback_id)
    return callback_id


def called_again(tx: Tx, contact_id: int) -> None:
    """A call came in: if that number's last one was cut off it goes to the same advisor, before
    others; whoever was to be called back keeps their place with it, and the callback ends.
    """
    now = queries.caller(tx, contact_id)
    if now is None or not now.number:
        return
    cut = queries.cut_before(tx, contact_id, now.number, SAME_CALLER_WITHIN)
    if cut is not None:
        calls.change(tx, contact_id, after_id=cut)
        calls.change_contact(tx, contact_id, boost=CUT_OFF_POINTS, boost_reason=CUT_OFF)
    for callback_id, queued_at, offered_to in queries.callbacks(tx, contact_id, now.number):
        if not _end(tx, callback_id, contact_id, offered_to):
            continue
        if queued_at < now.queued_at:
            calls.change_contact(tx, contact_id, queued_at=queued_at)
            now = now._replace(queued_at=queued_at)


def _end(tx: Tx, callback_id: int, by: int, offered_to: int | None) -> bool:
    """Nobody dials who is on the line: an offer of the callback is taken back, too."""
    was = ContactState.QUEUED if offered_to is None else ContactState.OFFERED
    if not queries.move(tx, callback_id, was, ContactState.COMPLETED):
        return False
    if offered_to is not None:
        calls.change_contact(tx, callback_id, owner_id=None)
        calls.assignment(tx, callback_id, AssignmentState.RESCINDED, ended_at=utcnow())
        tx.changed(Topic.STAFF, offered_to)
    calls.change_contact(
        tx,
        callback_id,
        completed_at=tx.now,
        resolution=Resolution.NO_ACTION.value,
        end_reason=CALLED_AGAIN,
    )
    calls.change(
        tx,
        callback_id,
        state=CallState.ENDED.value,
        state_since=utcnow(),
        ended_at=utcnow(),
        ended_by="caller",
    )
    events.append(
        tx,
        "contact.completed",
        contact_id=callback_id,
        resolution=Resolution.NO_ACTION.value,
        reason=CALLED_AGAIN,
        by=by,
    )
    tx.changed(Topic.CONTACT, callback_id)
    tx.changed(Topic.CALL, callback_id)
    return True
