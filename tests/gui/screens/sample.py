"""A believable morning: the rows and contacts that screens are tested and photographed with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from crm_desktop.domain.states import (
    CaseState,
    Channel,
    ContactState,
    Direction,
    HandoffState,
    MessageState,
    Presence,
    StaffRole,
    Visibility,
)
from crm_desktop.domain.views import (
    AdjustmentView,
    ArticleHit,
    AttachmentView,
    CaseView,
    ContactView,
    CustomerView,
    HandoffView,
    HistoryEntry,
    IdentifierView,
    MarkerView,
    MessageView,
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
    StaffInfo,
    TimelineEntry,
)

ME = 7
NOW = datetime(2026, 11, 20, 9, 45, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

LOOK = {"looking": ("D. Achebe",)}
CHECK = {"needs_checking": True}

QUEUES = (
    QueueInfo(1, "GEN", "General enquiries", mine=True),
    QueueInfo(2, "WASTE", "Waste and recycling", mine=True),
    QueueInfo(3, "CTAX", "Council Tax", mine=False),
)
SERVICES = (
    ServiceInfo(
        1, "MISSED", "Missed collection", "Waste and recycling", 524, 2, True, "Waste (Open311)"
    ),
    ServiceInfo(2, "BULKY", "Bulky waste", "Waste and recycling", 526, 2, True, ""),
    ServiceInfo(3, "CTMOVE", "Change of address", "Council Tax", 57, 3, False, ""),
    ServiceInfo(4, "BADGE", "Blue Badge", "Adult care", 176, 1, True, ""),
)
COLLEAGUES = (
    StaffInfo(8, "d.achebe", "D. Achebe", StaffRole.ADVISOR, Presence.AVAILABLE),
    StaffInfo(9, "p.kaur", "P. Kaur", StaffRole.ADVISOR, Presence.LUNCH),
    StaffInfo(10, "r.boateng", "R. Boateng", StaffRole.TEAM_LEADER, Presence.AVAILABLE),
)
VIEWS = (SavedViewInfo(1, "Missed collections", QueueFilter(service_id=1)),)


def row(number: int, who: str, subject: str, left: timedelta, **given: Any) -> QueueRow:
    """A queue row that breaches `left` after NOW."""
    values: dict[str, Any] = {
        "channel": Channel.EMAIL,
        "state": ContactState.QUEUED,
        "queue_id": 1,
        "queue_name": "General enquiries",
        "service_id": None,
        "service_name": "",
        "received_at": NOW - HOUR,
        "due_at": NOW + left,
        "parked_until": None,
        "parked_for_reply": False,
        "priority": 0,
        "needs_checking": False,
        "owner_id": None,
        "owner_name": "",
    }
    return QueueRow(id=number, who=who, subject=subject, **{**values, **given})


def mine() -> tuple[QueueRow, ...]:
    """What is in hand."""
    return (
        row(
            1, "Margaret Okafor", "Missed bin collection · NR2 3TT", DAY,
            state=ContactState.ACTIVE, owner_id=ME, owner_name="S. Whitlock",
            service_id=1, service_name="Missed collection", queue_id=2,
            queue_name="Waste and recycling",
        ),
        row(
            2, "J. Petrov", "Re: Council Tax change of address [C-7K4-M2P-1]", DAY,
            state=ContactState.PARKED, owner_id=ME, owner_name="S. Whitlock",
            parked_until=NOW + 45 * MINUTE,
        ),
    )  # fmt: skip


def waiting() -> tuple[QueueRow, ...]:
    """What waits, by next breach."""
    form, mail = Channel.WEB_FORM, Channel.EMAIL
    lines: tuple[tuple[str, str, timedelta, Channel, dict[str, Any]], ...] = (
        ("Ward office", "Cllr enquiry, parking on Dereham Road", -25 * MINUTE, mail, {}),
        ("clerk@parish.example", "Pothole, third report", 4 * MINUTE, mail, LOOK),
        ("Fly-tipping form", "2 photos · near Fiddlewood", 41 * MINUTE, form, {}),
        ("J. Stone", "Council Tax refund", 3 * HOUR, mail, {"looking": ("P. Kaur",)}),
        ("Aisha Rahman", "School transport appeal", 6 * HOUR, mail, {}),
        ("Register office", "Copy certificate", 6 * HOUR + MINUTE, form, {}),
        ("noreply@bank.example", "You have a new message", 7 * HOUR, mail, CHECK),
        ("D. Whyte", "Blue Badge photo", DAY, mail, {}),
        ("Missed collection", "NR2 3TT, recycling", DAY + HOUR, form, {}),
        ("S. Iqbal", "Library fine", DAY + 2 * HOUR, mail, {}),
        ("Street light out", "Lamp 4417", DAY + 3 * HOUR, form, {}),
        ("K. Brandt", "Bus pass renewal", DAY + 4 * HOUR, mail, {}),
        ("P. Osei", "Noise, Mill Lane", DAY + 5 * HOUR, mail, {}),
        ("Housing options", "Section 21 notice", 2 * DAY, form, {}),
        ("M. Lowe", "Re: allotment list", 2 * DAY + HOUR, mail, {}),
    )  # fmt: skip
    return tuple(
        row(100 + number, who, subject, left, channel=channel, **given)
        for number, (who, subject, left, channel, given) in enumerate(lines)
    )


def counts() -> QueueCounts:
    """What the chips say."""
    return QueueCounts(37, {Channel.EMAIL: 26, Channel.WEB_FORM: 11}, 1, 2, NOW - 30 * HOUR)


SCHEMA: dict[str, object] = {
    "type": "object",
    "required": ["address", "bin", "out"],
    "properties": {
        "address": {"type": "string", "title": "Address", "x-widget": "address"},
        "bin": {
            "type": "string",
            "title": "Bin not collected",
            "oneOf": [
                {"const": "blue", "title": "Recycling (blue)"},
                {"const": "black", "title": "Rubbish (black)"},
            ],
        },
        "out": {"type": "boolean", "title": "Was it out by 6.30am?"},
        "notes": {"type": "string", "title": "Notes", "maxLength": 2000, "x-widget": "textarea"},
    },
}


def message(number: int, text: str, **given: Any) -> MessageView:
    """An inbound mail, unless told otherwise."""
    values: dict[str, Any] = {
        "direction": Direction.INBOUND,
        "visibility": Visibility.PUBLIC,
        "state": MessageState.RECEIVED,
        "author": "",
        "sender_name": "Margaret Okafor",
        "sender_address": "m.okafor@example.org",
        "to": (("Norwich City Council", "info@council.example"),),
        "cc": (),
        "subject": "Missed bin collection",
        "reply_text": text,
        "html": "",
        "at": NOW - HOUR,
        "sent_at": NOW - HOUR,
        "problems": (),
        "findings": (),
        "failure": "",
        "undo_until": None,
        "attachments": (),
    }
    return MessageView(id=number, text=text, **{**values, **given})


def customer() -> CustomerView:
    """The customer of the sample contact."""
    return CustomerView(
        1, "person", "Margaret Okafor", NOW.replace(year=2014), "Email, then phone",
        (
            IdentifierView(1, "phone", "01632 960 142", ""),
            IdentifierView(2, "email", "m.okafor@example.org", ""),
            IdentifierView(3, "email", "old.okafor@example.org", "bounced"),
            IdentifierView(4, "account", "CT 4410 2231", ""),
        ),
        (("14 Mill Lane, Norwich", "NR2 3TT"),),
        (
            AdjustmentView(
                "hard of hearing, speak slowly, confirm in writing (email)",
                NOW - 250 * DAY, date(2027, 3, 12),
            ),
        ),
        (MarkerView("active", "Visit in pairs (dog)", date(2027, 1, 4)),),
        1, 14,
        history(),
    )  # fmt: skip


def history() -> tuple[HistoryEntry, ...]:
    """The customer's past."""
    missed, readable = "Missed collection", True
    return (
        HistoryEntry(
            "case", 50, "", "open", missed, "C-8F3-T9K-4", NOW - HOUR, "S. Whitlock", readable
        ),
        HistoryEntry(
            "contact", 51, "email", "completed", missed, "Replacement lid", NOW - 40 * DAY,
            "D. Achebe", readable,
        ),
        HistoryEntry(
            "contact", 52, "call", "completed", "Adult care", "", NOW - 90 * DAY, "", not readable
        ),
    )  # fmt: skip


def handoff() -> HandoffView:
    """A hand-off on its way."""
    return HandoffView(
        5, 50, "Waste (Open311)", HandoffState.ACKNOWLEDGED, NOW - 5 * MINUTE, "SR-20991", "",
        ((NOW - 5 * MINUTE, "acknowledged", "Crew 4 has been told."),),
        datetime(2026, 11, 24, 17, tzinfo=UTC), None, "", 1, False,
    )  # fmt: skip


def case(**given: Any) -> CaseView:
    """The sample case."""
    values: dict[str, Any] = {
        "id": 50,
        "reference": "C-8F3-T9K-4",
        "service_id": 1,
        "service_name": "Missed collection",
        "state": CaseState.OPEN,
        "title": "Missed collection",
        "answers": {"address": "14 Mill Lane, Norwich NR2 3TT", "bin": "blue", "out": True},
        "form_version_id": 1,
        "schema": SCHEMA,
        "opened_at": NOW - HOUR,
        "due_at": NOW + 2 * DAY,
        "paused": False,
        "version": 1,
        "handoffs": (),
    }
    return CaseView(**{**values, **given})


def contact(**given: Any) -> ContactView:
    """The sample contact, in this person's hands."""
    values: dict[str, Any] = {
        "row": mine()[0],
        "check_reason": "",
        "auto_generated": False,
        "messages": (
            message(
                11,
                "Good morning,\n\nour recycling was not collected on Thursday. The whole street "
                "was missed, the crew was seen turning at the bridge. It was out before 6.30.\n\n"
                "Could you text me when it will be collected?\n\nKind regards\nMargaret Okafor\n\n"
                "> On Thu 12 Nov the council wrote:\n> Your replacement lid was delivered.",
                reply_text="Good morning,\n\nour recycling was not collected on Thursday. The "
                "whole street was missed, the crew was seen turning at the bridge. It was out "
                "before 6.30.\n\nCould you text me when it will be collected?\n\nKind regards\n"
                "Margaret Okafor",
                attachments=(
                    AttachmentView(1, "street.jpg", "image/jpeg", 842_000, False, ""),
                    AttachmentView(2, "calendar.pdf", "application/pdf", 96_000, False, ""),
                ),
            ),
            message(
                12, "Crew 4 says the bridge was closed until noon. Do not promise a date yet.",
                direction=Direction.OUTBOUND, visibility=Visibility.INTERNAL, subject="",
                author="D. Achebe", sender_name="D. Achebe", at=NOW - 20 * MINUTE,
            ),
        ),
        "thread": (),
        "customer": customer(),
        "cases": (case(),),
        "drafts": (),
        "timeline": (
            TimelineEntry(NOW - 20 * MINUTE, "note", "Internal note", "D. Achebe"),
            TimelineEntry(NOW - 50 * MINUTE, "taken", "Taken", "S. Whitlock"),
            TimelineEntry(NOW - HOUR, "received", "Email received", ""),
        ),
        "reply_to": "m.okafor@example.org",
        "completed_at": None,
        "resolution": None,
    }  # fmt: skip
    return ContactView(**{**values, **given})


def hits() -> tuple[ArticleHit, ...]:
    """Suggested answers."""
    missed, site = "Missed collection", "https://council.example"
    return (
        ArticleHit(
            1, "Missed bins: what we re-collect, and when",
            "Report within 2 working days; whole-street misses need no proof.",
            "Report a \x02missed\x03 \x02collection\x03 within 2 working days; whole-street "
            "misses need no proof.",
            missed, f"{site}/missed", 9.1,
        ),
        ArticleHit(
            2, "Assisted collections and blocked roads",
            "Crew returns next working day when access was blocked.",
            "Crew returns next working day when the \x02street\x03 was blocked",
            missed, f"{site}/assisted", 7.0,
        ),
        ArticleHit(
            3, "Collection calendar, NR2", "Recycling on alternate Thursdays.",
            "Recycling on alternate Thursdays.", missed, f"{site}/calendar", 3.0,
        ),
    )  # fmt: skip
