"""One list of what waits for a team leader's decision, and what they may do about each."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.calendar import add_working_days
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.decisions import COMPLAINT_DAYS, Decision, DecisionKind
from crm_desktop.store.database import Database
from crm_desktop.store.queries import decisions as queries
from crm_desktop.store.queries.decisions import Waiting

#: Of each kind so many are listed: whoever has more decides these first.
MOST = 50
_LONDON = ZoneInfo("Europe/London")
_TITLES = {
    DecisionKind.MARKER: "Safety marker proposed",
    DecisionKind.STOPPED: "Reply stopped by the leak check",
    DecisionKind.DEAD: "Could not be sent",
    DecisionKind.RETURNED: "Reply came back undelivered",
    DecisionKind.OVERDUE: "Hand-off is overdue",
    DecisionKind.BOUNCED: "Hand-off was sent back",
    DecisionKind.COMPLAINT: "Complaint is due",
    DecisionKind.CALLBACK: "Callback was missed",
}


def needs(db: Database) -> tuple[Decision, ...]:
    """What this leader may decide, the longest waiting first. Raises NotAllowed."""
    with db.read() as tx:
        found = queries.waiting(tx, _complaints_before(tx.now), MOST)
        now = tx.now
    decisions = [_decision(each, now) for each in found]
    return tuple(sorted(decisions, key=lambda each: (each.due or each.at, each.key)))


def let_be(db: Database, outbox_id: int) -> Changes:
    """Give a reply or hand-off up that was stopped or could not be sent; it cannot be undone.

    Raises NotFound when it is not stuck, or not in this leader's queues.
    """
    with db.write() as tx:
        queries.let_be(tx, outbox_id)
        tx.changed(Topic.ACCOUNT, 0)
        return tx.changes


def approve_marker(db: Database, marker_id: int, review_on: date) -> Changes:
    """Warn colleagues of a danger, until it is looked at again on that day.

    Raises NotAllowed unless a team leader asks, Conflict when it was decided, InvalidInput for a
    day that is past.
    """
    with db.write() as tx:
        tx.guard.marker_activate(marker_id, review_on)
        tx.changed(Topic.CUSTOMER, 0)
        return tx.changes


def decline_marker(db: Database, marker_id: int) -> Changes:
    """Nobody is warned; the proposal stays on record. Raises as `approve_marker`."""
    with db.write() as tx:
        tx.guard.marker_end(marker_id)
        tx.changed(Topic.CUSTOMER, 0)
        return tx.changes


def _complaints_before(now: datetime) -> datetime:
    """The end of the second working day from today."""
    day = add_working_days(now.astimezone(_LONDON).date(), COMPLAINT_DAYS)
    return datetime.combine(day + timedelta(days=1), time(), _LONDON)


def _decision(found: Waiting, now: datetime) -> Decision:
    kind = DecisionKind(found.kind)
    title = _TITLES[kind]
    if kind is DecisionKind.MARKER:
        title = "Safety marker is due for review" if found.place == "review_due" else title
        title += f" by {found.by_name}" if found.by_name and found.place == "proposed" else ""
    elif kind is DecisionKind.DEAD:
        title = "Reply could not be sent" if found.message_id else "Hand-off could not be sent"
    elif kind is DecisionKind.COMPLAINT and found.due is not None and found.due < now:
        title = "Complaint is overdue"
    return Decision(
        kind=kind,
        title=title,
        detail=_detail(kind, found),
        at=found.at,
        due=found.due,
        ref=found.ref,
        message_id=found.message_id,
        contact_id=found.contact_id,
        case_id=found.case_id,
        customer_id=found.customer_id,
        who=found.who,
    )


def _detail(kind: DecisionKind, found: Waiting) -> str:
    parts: tuple[str, ...]
    if kind is DecisionKind.MARKER:
        parts = (found.who, found.about)
    elif kind is DecisionKind.STOPPED:
        things = "1 thing" if found.findings == 1 else f"{found.findings} things"
        parts = (f"To {found.who}: {things} to look at", found.about, f"by {found.by_name}")
    elif kind is DecisionKind.COMPLAINT:
        parts = (found.who, found.by_name, found.about)
    elif kind is DecisionKind.CALLBACK:
        parts = (found.who, found.about, found.place)
    else:
        written = f"by {found.by_name}" if found.by_name else ""
        parts = (found.who, found.place or found.about, written)
    return " · ".join(part for part in parts if part)
