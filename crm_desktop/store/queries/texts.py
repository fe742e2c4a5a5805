"""Texts as the gateway writes, sends and follows them; desks and kiosks write by triggers."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, insert, select, text, update
from sqlalchemy.orm import aliased

from crm_desktop.domain.states import ContactState, MessageState
from crm_desktop.domain.texts import ACCOUNT, LANE, NEAR, TextKind
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Appointment,
    ChannelAccount,
    Contact,
    Message,
    OpeningCalendar,
    Place,
    Queue,
    Service,
    Site,
    TextMessage,
    Visit,
)
from crm_desktop.store.queries import messages, outbox

#: Written out, not bound: a database knows by them alone that a partial index holds the rows.
_GAVE_NUMBER = text("visit.phone <> ''")
_BOOKED = text("appointment.state = 'booked'")
_TO_ASK = text("text_message.ask_at IS NOT NULL")
#: A text arrives within seconds, or much later.
_FIRST_ASKED = timedelta(seconds=10)
_LONGEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ToSend:
    """A text that is to leave, with what it says; `state` and `place` are the visit's now.

    `gone`: the visitor is not in the building any more. `since`: when what it tells of was.
    """

    message_id: int
    account_id: int | None
    key: str
    kind: TextKind
    phone: str
    visit_id: int | None
    state: str | None
    gone: bool
    since: datetime | None
    ticket: tuple[str, int] | None
    language: str
    site_id: int
    site: str
    site_cy: str
    service_id: int
    place: str
    place_cy: str
    at: datetime | None
    booking: str
    reference: str


@dataclass(frozen=True, slots=True)
class ToAsk:
    """A text of which it is not known yet whether it arrived."""

    message_id: int
    external_id: str
    sent_at: datetime
    asked_before: bool


@dataclass(frozen=True, slots=True)
class ToRemind:
    """An appointment of somebody who can be reached by text alone."""

    id: int
    starts_at: datetime
    booked_at: datetime
    hours: dict[str, object]
    phone: str
    contact_id: int | None
    customer_id: int | None
    service_id: int
    queue_id: int
    priority: int
    who: str


def account(tx: Tx) -> int | None:
    """The account that texts leave through, None while there is none."""
    return tx.session.scalar(
        select(ChannelAccount.id)
        .where(ChannelAccount.kind == ACCOUNT, ChannelAccount.active)
        .order_by(ChannelAccount.id)
        .limit(1)
    )


def write(
    tx: Tx,
    account_id: int,
    kind: TextKind,
    phone: str,
    *,
    contact_id: int,
    visit_id: int | None = None,
    appointment_id: int | None = None,
) -> int:
    """A text that leaves as soon as it can, in a contact; as the triggers write it."""
    message_id = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": "outbound",
            "state": MessageState.PENDING.value,
            "account_id": account_id,
            "sender_name": "Text",
            "recipients": {"to": [["", phone]], "cc": []},
            "rfc_id": f"<{uuid.uuid4().hex}@texts>",
            "auto_generated": True,
        },
    )
    tx.session.execute(
        insert(TextMessage)
        .values(
            message_id=message_id,
            kind=kind.value,
            phone=phone,
            visit_id=visit_id,
            appointment_id=appointment_id,
        )
        .inline()
    )
    outbox.add(tx, LANE, message_id=message_id)
    return message_id


def to_send(tx: Tx, message_id: int) -> ToSend | None:
    """A text that is still to leave."""
    t, booked = TextMessage, aliased(Appointment)
    row = tx.session.execute(
        select(
            Message.id, Message.account_id, Message.rfc_id, t.kind, t.phone, t.visit_id,
            Contact.state, Visit.left_at, Contact.received_at, Visit.called_at,
            Visit.letter, Visit.number,
            func.coalesce(Visit.language, Appointment.language, "en"),
            Site.id, Site.name, Site.name_cy,
            func.coalesce(Contact.service_id, Appointment.service_id, 0),
            func.coalesce(Place.name, ""), func.coalesce(Place.name_cy, ""),
            func.coalesce(Appointment.starts_at, booked.starts_at),
            func.coalesce(Appointment.state, ""), func.coalesce(Appointment.reference, ""),
        )
        .join(t, t.message_id == Message.id)
        .outerjoin(Visit, Visit.contact_id == t.visit_id)
        .outerjoin(Contact, Contact.id == Visit.contact_id)
        .outerjoin(Place, Place.id == Visit.place_id)
        .outerjoin(Appointment, Appointment.id == t.appointment_id)
        .outerjoin(booked, booked.id == Visit.appointment_id)
        .join(Site, Site.id == func.coalesce(Visit.site_id, Appointment.site_id))
        .where(Message.id == message_id, Message.state == MessageState.PENDING.value)
    ).first()  # fmt: skip
    if row is None:
        return None
    (id_, account_id, rfc_id, kind, phone, visit_id, state, left_at, came_at, called_at, letter,
     number, language, site_id, site, site_cy, service_id, place, place_cy, at, booking,
     reference) = row  # fmt: skip
    return ToSend(
        message_id=id_,
        account_id=account_id,
        key=str(rfc_id or "").removeprefix("<").partition("@")[0],
        kind=TextKind(kind),
        phone=phone,
        visit_id=visit_id,
        state=state,
        gone=left_at is not None,
        since={TextKind.TICKET: came_at, TextKind.CALLED: called_at}.get(TextKind(kind)),
        ticket=(letter, number) if letter else None,
        language=language,
        site_id=site_id,
        site=site,
        site_cy=site_cy,
        service_id=service_id,
        place=place,
        place_cy=place_cy,
        at=at,
        booking=booking,
        reference=reference,
    )


def has_newer(tx: Tx, found: ToSend) -> bool:
    """Whether the same visitor is to be told, or was told, the same kind of thing later."""
    newer = (
        select(TextMessage.message_id)
        .where(
            TextMessage.visit_id == found.visit_id,
            TextMessage.kind == found.kind.value,
            TextMessage.message_id > found.message_id,
        )
        .limit(1)
    )
    return tx.session.scalar(newer) is not None


def sent_lately(tx: Tx, phone: str, since: datetime) -> int:
    """How many texts this number got since then."""
    return (
        tx.session.scalar(
            select(func.count())
            .select_from(TextMessage)
            .join(Message, Message.id == TextMessage.message_id)
            .where(TextMessage.phone == phone, Message.sent_at > since)
        )
        or 0
    )


def sent(
    tx: Tx, message_id: int, *, phone: str, words: str, external_id: str, before: int | None
) -> int | None:
    """The network's provider has it; gives its contact, None when it was settled already."""
    contact_id = tx.session.scalar(
        update(Message)
        .where(Message.id == message_id, Message.state == MessageState.PENDING.value)
        .values(
            state=MessageState.SENT.value,
            sent_at=tx.now,
            body_text=words,
            reply_text=words,
            external_id=external_id,
        )
        .returning(Message.contact_id)
        .execution_options(synchronize_session=False)
    )
    tx.session.execute(
        update(TextMessage)
        .where(TextMessage.message_id == message_id)
        .values(phone=phone, before=before, status="created", ask_at=tx.now + _FIRST_ASKED)
    )
    return contact_id


def drop(tx: Tx, message_id: int) -> int | None:
    """What it would say is over: it leaves no more; gives its contact."""
    return tx.session.scalar(
        update(Message)
        .where(Message.id == message_id, Message.state == MessageState.PENDING.value)
        .values(state=MessageState.WITHDRAWN.value)
        .returning(Message.contact_id)
        .execution_options(synchronize_session=False)
    )


def to_ask(tx: Tx, account_id: int, limit: int) -> tuple[ToAsk, ...]:
    """Texts whose delivery is asked about now."""
    rows = tx.session.execute(
        select(Message.id, Message.external_id, Message.sent_at, TextMessage.status)
        .join(TextMessage, TextMessage.message_id == Message.id)
        .where(_TO_ASK, TextMessage.ask_at <= tx.now, Message.account_id == account_id)
        .order_by(TextMessage.ask_at)
        .limit(limit)
    )
    return tuple(
        ToAsk(id_, external_id, sent_at, status != "created")
        for id_, external_id, sent_at, status in rows
        if external_id is not None and sent_at is not None
    )


def heard(tx: Tx, of: ToAsk, status: str, *, ended: bool) -> tuple[int, TextKind] | None:
    """What the provider says of a text; gives (contact, kind) when that is new.

    It is asked again after a part of the time that has passed, at most an hour.
    """
    known = tx.session.execute(
        select(TextMessage.status, TextMessage.kind, Message.contact_id)
        .join(Message, Message.id == TextMessage.message_id)
        .where(TextMessage.message_id == of.message_id)
        .with_for_update(of=TextMessage)
    ).one()
    after = min(max((tx.now - of.sent_at) / 2, _FIRST_ASKED), _LONGEST)
    tx.session.execute(
        update(TextMessage)
        .where(TextMessage.message_id == of.message_id)
        .values(status=status, ask_at=None if ended else tx.now + after)
    )
    return (known[2], TextKind(known[1])) if known[0] != status else None


def ask_later(tx: Tx, of: ToAsk) -> None:
    """The provider did not answer."""
    tx.session.execute(
        update(TextMessage)
        .where(TextMessage.message_id == of.message_id)
        .values(ask_at=tx.now + timedelta(minutes=1))
    )


def nearly(tx: Tx, today: date, limit: int) -> tuple[tuple[int, str], ...]:
    """(visit, phone) of who waits with a number, is nearly next, and was not so when texted."""
    own, earlier, other = aliased(Contact), aliased(Contact), aliased(Visit)
    before = (
        select(func.count())
        .select_from(other)
        .join(earlier, earlier.id == other.contact_id)
        .where(
            other.site_id == Visit.site_id,
            other.day >= today - timedelta(days=1),
            earlier.service_id == own.service_id,
            earlier.state == ContactState.QUEUED.value,
            other.left_at.is_(None),
            earlier.id < own.id,
        )
        .scalar_subquery()
    )
    rows = tx.session.execute(
        select(Visit.contact_id, Visit.phone)
        .join(own, own.id == Visit.contact_id)
        .where(
            _GAVE_NUMBER,
            Visit.day >= today - timedelta(days=1),
            own.state == ContactState.QUEUED.value,
            Visit.left_at.is_(None),
            _texted(TextMessage.kind == TextKind.TICKET.value, TextMessage.before > NEAR),
            ~_texted(TextMessage.kind == TextKind.NEAR.value),
            before <= NEAR,
        )
        .order_by(Visit.contact_id)
        .limit(limit)
    )
    return tuple((row[0], row[1]) for row in rows)


def _texted(*how: ColumnElement[bool]) -> ColumnElement[bool]:
    return (
        select(TextMessage.message_id)
        .where(TextMessage.visit_id == Visit.contact_id, *how)
        .exists()
    )


def not_reminded(tx: Tx, until: datetime) -> tuple[ToRemind, ...]:
    """Who has given a number and no mail address, and whose time is before then."""
    a = Appointment
    rows = tx.session.execute(
        select(
            a.id, a.starts_at, a.booked_at, OpeningCalendar.hours, a.phone, a.contact_id,
            a.customer_id, a.service_id, Queue.id, Queue.priority, a.who,
        )
        .join(Site, Site.id == a.site_id)
        .join(OpeningCalendar, OpeningCalendar.id == Site.calendar_id)
        .join(Service, Service.id == a.service_id)
        .join(Queue, Queue.id == Service.queue_id)
        .where(
            _BOOKED,
            a.starts_at > tx.now,
            a.starts_at <= until,
            a.reminded_at.is_(None),
            a.email == "",
            a.phone != "",
        )
        .order_by(a.starts_at)
    )  # fmt: skip
    return tuple(ToRemind(*row) for row in rows)


def reminded(tx: Tx, appointment_id: int, contact_id: int | None) -> bool:
    """They are reminded now; False when they were meanwhile, or it is not awaited any more."""
    values = {"contact_id": contact_id} if contact_id is not None else {}
    found = tx.session.scalar(
        update(Appointment)
        .where(
            Appointment.id == appointment_id,
            Appointment.state == "booked",
            Appointment.reminded_at.is_(None),
        )
        .values(reminded_at=tx.now, **values)
        .returning(Appointment.id)
        .execution_options(synchronize_session=False)
    )
    return found is not None
