"""Calls as rows: how one stands, and the writes that the PBX's word makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, insert, select, text, update
from sqlalchemy.orm import aliased

from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Call,
    CallLeg,
    Contact,
    LineChoice,
    RoutingDecision,
    Staff,
    TelephoneLine,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events


@dataclass(frozen=True, slots=True)
class Offer:
    """To whom a call is offered, and at which endpoint they are rung; empty when they have none."""

    assignment_id: int
    staff_id: int
    extension: str
    expires_at: datetime | None
    offered_at: datetime


@dataclass(frozen=True, slots=True)
class StandingLeg:
    """A channel of a call that has not ended."""

    channel: str
    role: LegRole
    state: LegState
    staff_id: int | None
    number: str
    mode: str
    began_at: datetime

    @property
    def up(self) -> bool:
        """Whether it was picked up."""
        return self.state is not LegState.RINGING


@dataclass(frozen=True, slots=True)
class Standing:
    """A call with its contact, as the gateway has to know them: it has not ended.

    `offer` stands while the contact is offered. `channel` is the caller's, at the PBX.
    """

    contact_id: int
    account_id: int
    contact_state: ContactState
    owner_id: int | None
    queue_id: int
    customer_id: int | None
    state: CallState
    channel: str
    linked: str
    number: str
    line_id: int | None
    choice: str
    callback: bool
    after_id: int | None
    recording: str
    started_at: datetime
    queued_at: datetime
    answered_at: datetime | None
    counted_at: datetime | None
    talk_seconds: int
    hold_seconds: int
    lost_since: datetime | None
    offer: Offer | None = None
    legs: tuple[StandingLeg, ...] = ()

    def legs_of(self, role: LegRole) -> tuple[StandingLeg, ...]:
        """Its channels of one kind, the newest last."""
        return tuple(each for each in self.legs if each.role is role)

    def leg(self, channel: str) -> StandingLeg | None:
        """One of its channels."""
        return next((each for each in self.legs if each.channel == channel), None)


_PHONE = aliased(Staff)
_STANDING = (
    select(
        Call.contact_id,
        Call.account_id,
        Contact.state.label("contact_state"),
        Contact.owner_id,
        Contact.queue_id,
        Contact.customer_id,
        Call.state,
        Call.channel,
        Call.linked,
        Call.number,
        Call.line_id,
        Call.choice,
        Call.callback,
        Call.after_id,
        Call.recording,
        Call.started_at,
        Contact.queued_at,
        Call.answered_at,
        Call.counted_at,
        Call.talk_seconds,
        Call.hold_seconds,
        Call.lost_since,
        Assignment.id.label("assignment_id"),
        Assignment.staff_id.label("offered_to"),
        Assignment.expires_at,
        Assignment.offered_at,
        func.coalesce(_PHONE.extension, "").label("extension"),
    )
    .join(Contact, Contact.id == Call.contact_id)
    .outerjoin(
        Assignment,
        and_(
            Assignment.contact_id == Contact.id,
            Assignment.ended_at.is_(None),
            Assignment.state == AssignmentState.OFFERED.value,
            Assignment.staff_id == Contact.owner_id,
            Contact.state == ContactState.OFFERED.value,
        ),
    )
    .outerjoin(_PHONE, _PHONE.id == Assignment.staff_id)
    .where(Call.ended_at.is_(None))
    .order_by(Call.contact_id)
)
_OF_CONTACTS = _STANDING.where(Call.contact_id.in_(bindparam("contacts", expanding=True)))
_OF_ACCOUNT = _STANDING.where(Call.account_id == bindparam("account"))
_LEGS = (
    select(
        CallLeg.contact_id,
        CallLeg.channel,
        CallLeg.role,
        CallLeg.state,
        CallLeg.staff_id,
        CallLeg.number,
        CallLeg.mode,
        CallLeg.began_at,
    )
    .where(
        CallLeg.contact_id.in_(bindparam("contacts", expanding=True)), CallLeg.ended_at.is_(None)
    )
    .order_by(CallLeg.id)
)
_LOCK = select(Contact.id).where(Contact.id == bindparam("contact")).with_for_update()
_OPEN = Assignment.ended_at.is_(None)


def of_account(tx: Tx, account_id: int) -> tuple[Standing, ...]:
    """Every call of a PBX that has not ended."""
    return _standing(tx, _OF_ACCOUNT, {"account": account_id})


def of_contacts(tx: Tx, contact_ids: Iterable[int]) -> tuple[Standing, ...]:
    """Those of the contacts whose call has not ended."""
    return _standing(tx, _OF_CONTACTS, {"contacts": sorted(set(contact_ids))})


def locked(tx: Tx, contact_id: int) -> Standing | None:
    """A call that has not ended, which nobody else changes until this transaction ends."""
    tx.core.execute(_LOCK, {"contact": contact_id})
    return next(iter(of_contacts(tx, [contact_id])), None)


def _standing(
    tx: Tx, query: Select[*tuple[Any, ...]], binds: Mapping[str, object]
) -> tuple[Standing, ...]:
    rows = tx.core.execute(query, binds).all()
    found = {row.contact_id: _read(row) for row in rows}
    legs: dict[int, list[StandingLeg]] = {each: [] for each in found}
    if found:
        for row in tx.core.execute(_LEGS, {"contacts": list(found)}):
            legs[row.contact_id].append(_leg(row))
    return tuple(replace(each, legs=tuple(legs[id_])) for id_, each in found.items())


def _leg(row: Any) -> StandingLeg:
    role, state = LegRole(row.role), LegState(row.state)
    return StandingLeg(row.channel, role, state, row.staff_id, row.number, row.mode, row.began_at)


def _read(row: Any) -> Standing:
    said = dict(row._mapping)
    given = {name: said.pop(name) for name in ("assignment_id", "offered_to", "expires_at")}
    extension, offered_at = said.pop("extension"), said.pop("offered_at")
    offer = None
    if given["assignment_id"] is not None:
        offer = Offer(
            given["assignment_id"], given["offered_to"], extension, given["expires_at"], offered_at
        )
    said["contact_state"] = ContactState(said["contact_state"])
    said["state"] = CallState(said["state"])
    return Standing(**said, offer=offer)


_BY_CHANNEL = select(Call.contact_id).where(
    Call.channel == bindparam("channel"), Call.account_id == bindparam("account")
)


def of_channel(tx: Tx, account_id: int, channel: str) -> int | None:
    """The contact that a caller's channel became, ended or not."""
    binds = {"channel": channel, "account": account_id}
    found: int | None = tx.core.execute(_BY_CHANNEL, binds).scalar()
    return found


@dataclass(frozen=True, slots=True)
class Line:
    """A number that is called, with what the caller chose on it."""

    id: int
    name: str
    queue_id: int
    service_id: int | None


def line(tx: Tx, numbers: Iterable[str], digit: str) -> Line | None:
    """The line in use of one of these spellings of a number; a choice names its own queue."""
    row = tx.core.execute(
        select(
            TelephoneLine.id,
            TelephoneLine.name,
            TelephoneLine.queue_id,
            TelephoneLine.service_id,
            LineChoice.name.label("chosen"),
            LineChoice.queue_id.label("chosen_queue"),
            LineChoice.service_id.label("chosen_service"),
        )
        .outerjoin(
            LineChoice, and_(LineChoice.line_id == TelephoneLine.id, LineChoice.digit == digit)
        )
        .where(TelephoneLine.number.in_(list(numbers)), TelephoneLine.active)
        .order_by(TelephoneLine.id)
        .limit(1)
    ).first()
    if row is None:
        return None
    if row.chosen_queue is None:
        return Line(row.id, row.name, row.queue_id, row.service_id)
    name = f"{row.name}: {row.chosen}"
    return Line(row.id, name, row.chosen_queue, row.chosen_service or row.service_id)


def add(tx: Tx, **values: Any) -> None:
    """A call."""
    tx.core.execute(insert(Call).values(**values))


def change(tx: Tx, contact_id: int, **values: Any) -> None:
    """Set columns of a call."""
    tx.core.execute(update(Call).where(Call.contact_id == contact_id).values(**values))


def change_contact(tx: Tx, contact_id: int, **values: Any) -> None:
    """Set columns of a contact; with a state also since when."""
    if "state" in values:
        values["state_since"] = utcnow()
    tx.core.execute(update(Contact).where(Contact.id == contact_id).values(**values))


def add_leg(tx: Tx, contact_id: int, channel: str, role: LegRole, **values: Any) -> None:
    """One more channel of a call, once."""
    known = select(CallLeg.id).where(CallLeg.channel == channel)
    if tx.core.execute(known).scalar() is None:
        tx.core.execute(
            insert(CallLeg).values(
                **{"state": LegState.RINGING.value, **values},
                contact_id=contact_id,
                channel=channel,
                role=role.value,
            )
        )


def change_leg(tx: Tx, channel: str, **values: Any) -> bool:
    """Set columns of a channel that has not ended; False when it had, or there is none."""
    changed = tx.core.execute(
        update(CallLeg)
        .where(CallLeg.channel == channel, CallLeg.ended_at.is_(None))
        .values(**values)
    )
    return changed.rowcount > 0


def end_legs(tx: Tx, contact_id: int) -> None:
    """A call is over, and with it every channel."""
    tx.core.execute(
        update(CallLeg)
        .where(CallLeg.contact_id == contact_id, CallLeg.ended_at.is_(None))
        .values(state=LegState.ENDED.value, ended_at=utcnow())
    )


def assignment(tx: Tx, contact_id: int, state: AssignmentState, **values: Any) -> bool:
    """The assignment of a contact becomes another; False when it has none that is open."""
    changed = tx.core.execute(
        update(Assignment)
        .where(Assignment.contact_id == contact_id, _OPEN)
        .values(state=state.value, **values)
    )
    return changed.rowcount > 0


def accept(tx: Tx, contact_id: int) -> None:
    """Whoever is offered it has it from now on."""
    assignment(tx, contact_id, AssignmentState.ACCEPTED, accepted_at=utcnow())


_UNANSWERED = text("SELECT app.call_unanswered(:contact, :assignment, :reason, :cause)")


def unanswered(tx: Tx, contact_id: int, offer: Offer, reason: str, cause: int | None) -> bool:
    """Nobody picked up: it waits again, its person is not responding. False: it was over already.

    Takes its locks itself, so it comes first in its transaction.
    """
    if tx.dialect == "postgresql":
        said = {"contact": contact_id, "assignment": offer.assignment_id}
        row = tx.core.execute(_UNANSWERED, {**said, "reason": reason, "cause": cause})
        return bool(row.scalar())
    back = tx.core.execute(
        update(Contact)
        .where(
            Contact.id == contact_id,
            Contact.state == ContactState.OFFERED,
            Contact.owner_id == offer.staff_id,
        )
        .values(state=ContactState.QUEUED, state_since=utcnow(), owner_id=None)
        .returning(Contact.queue_id)
    ).first()
    if back is None:
        return False
    assignment(tx, contact_id, AssignmentState.TIMED_OUT, ended_at=utcnow(), reason=reason)
    tx.core.execute(
        update(Activity)
        .where(Activity.staff_id == offer.staff_id)
        .values(not_responding_since=utcnow())
    )
    tx.core.execute(
        insert(RoutingDecision).values(
            contact_id=contact_id,
            queue_id=back.queue_id,
            staff_id=offer.staff_id,
            kind="timed_out",
            considered={},
        )
    )
    events.append(
        tx, "contact.offer_timed_out", contact_id=contact_id,
        staff=offer.staff_id, reason=reason, cause=cause,
    )  # fmt: skip
    return True


def lose(tx: Tx, account_id: int) -> tuple[int, ...]:
    """The PBX cannot be seen: whose calls nothing is sure of from now on."""
    return _marked(tx, account_id, Call.lost_since.is_(None), utcnow())


def find(tx: Tx, account_id: int) -> tuple[int, ...]:
    """The PBX is seen again: whose calls are what they say."""
    return _marked(tx, account_id, Call.lost_since.is_not(None), None)


def _marked(tx: Tx, account_id: int, which: Any, value: Any) -> tuple[int, ...]:
    marked = tx.core.execute(
        update(Call)
        .where(Call.account_id == account_id, Call.ended_at.is_(None), which)
        .values(lost_since=value)
        .returning(Call.contact_id)
    )
    return tuple(row[0] for row in marked)


def counted(standing: Standing, now: datetime) -> dict[str, Any]:
    """The sums of talking and holding up to now, in whole seconds; the rest is counted later."""
    if standing.counted_at is None:
        return {}
    seconds = max(0, int((now - standing.counted_at).total_seconds()))
    held = standing.state in (CallState.HELD, CallState.CONSULTING)
    return {
        "talk_seconds": standing.talk_seconds + (0 if held else seconds),
        "hold_seconds": standing.hold_seconds + (seconds if held else 0),
        "counted_at": standing.counted_at + timedelta(seconds=seconds),
    }


def why_unanswered(tx: Tx, staff_id: int) -> tuple[int, str, datetime, datetime] | None:
    """The newest offer that they let pass: its contact, the reason, and from when until when it
    stood; None when that was no call.
    """
    row = tx.core.execute(
        select(
            Assignment.contact_id,
            Assignment.channel,
            Assignment.reason,
            Assignment.offered_at,
            Assignment.ended_at,
        )
        .where(Assignment.staff_id == staff_id, Assignment.state == AssignmentState.TIMED_OUT.value)
        .order_by(Assignment.offered_at.desc())
        .limit(1)
    ).first()
    if row is None or row.channel != Channel.CALL.value:
        return None
    return row.contact_id, row.reason or "no_answer", row.offered_at, row.ended_at
