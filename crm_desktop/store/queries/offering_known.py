"""What routing has to know on SQLite: who is there, what they have, and what each queue wants."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import aliased

from crm_desktop.domain.callers import LAST_ADVISOR_AFTER_CUT
from crm_desktop.domain.routing import SILENT_AFTER, Hand, Need, Wanted, Why
from crm_desktop.domain.states import Channel, Presence
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Call,
    ChannelAccount,
    ChannelWeight,
    Contact,
    Membership,
    Queue,
    QueueSkill,
    Staff,
    StaffSkill,
)
from crm_desktop.store.models.base import UtcDateTime

_CALLS = frozenset({Channel.CALL.value})
_NOW: BindParameter[datetime] = bindparam("now", UtcDateTime)
_STANDING = and_(
    Assignment.state == literal_column("'offered'"), Assignment.expires_at.is_not(None)
)

#: In the order in which they are looked at; the first that holds is said.
_WHY = case(
    (Staff.presence != Presence.AVAILABLE.value, Why.AWAY.value),
    (
        func.coalesce(Staff.next_presence, Presence.AVAILABLE.value) != Presence.AVAILABLE.value,
        Why.LEAVING.value,
    ),
    (Activity.locked, Why.LOCKED.value),
    (Activity.idle_since.is_not(None), Why.IDLE.value),
    (
        Activity.seen_at.is_(None) | (Activity.seen_at < bindparam("silent", UtcDateTime)),
        Why.SILENT.value,
    ),
    (Activity.not_responding_since.is_not(None), Why.NOT_RESPONDING.value),
)
_SIGNED_IN = (
    select(
        Staff.id,
        _WHY,
        Staff.capacity,
        Activity.last_given_at,
        type_coerce(Activity.off_channels, Text),
        # Whoever has no telephone at a centre that has them is offered no calls.
        exists().where(ChannelAccount.kind == "asterisk", ChannelAccount.active)
        & (func.coalesce(Staff.extension, "") == ""),
    )
    .join(Activity, Activity.staff_id == Staff.id)
    .where(Staff.active, Activity.signed_in_at.is_not(None))
)
_QUEUES_OF = (
    select(Membership.staff_id, func.json_group_array(Membership.queue_id))
    .where(
        (Membership.until.is_(None)) | (Membership.until > _NOW),
        (Membership.off_until.is_(None)) | (Membership.off_until <= _NOW),
    )
    .group_by(Membership.staff_id)
)
_SKILLS_OF = select(StaffSkill.staff_id, StaffSkill.skill_id, StaffSkill.level).where(
    (StaffSkill.until.is_(None)) | (StaffSkill.until > _NOW)
)
_LOADS = (
    select(
        Assignment.staff_id,
        func.sum(case((ChannelWeight.interruptible, 0), else_=ChannelWeight.weight)),
        func.sum(case((ChannelWeight.interruptible, ChannelWeight.weight), else_=0)),
        func.max(_STANDING),
        func.max(and_(_STANDING, ~ChannelWeight.interruptible)),
    )
    .join(ChannelWeight, ChannelWeight.channel == Assignment.channel)
    .where(Assignment.ended_at.is_(None))
    .group_by(Assignment.staff_id)
)
_BEFORE = aliased(Call)
_LAST_ONE = (
    select(Contact.owner_id)
    .where(
        Contact.customer_id == bindparam("customer"),
        Contact.id != bindparam("contact"),
        Contact.owner_id.is_not(None),
    )
    .order_by(Contact.received_at.desc())
    .limit(1)
)
# Whoever had the call that was cut off, after which this one comes.
_CUT_ONE = (
    select(Contact.owner_id)
    .join(_BEFORE, _BEFORE.contact_id == Contact.id)
    .join(Call, Call.after_id == _BEFORE.contact_id)
    .where(Call.contact_id == bindparam("contact"), _BEFORE.cut_off)
)
# Whoever had the chat before its visitor came back.
_OF_THREAD = aliased(Contact)
_CHATTED_ONE = (
    select(_OF_THREAD.owner_id)
    .join(Contact, Contact.thread_id == _OF_THREAD.thread_id)
    .where(
        Contact.id == bindparam("contact"),
        _OF_THREAD.id != Contact.id,
        _OF_THREAD.channel == literal_column("'chat'"),
        _OF_THREAD.owner_id.is_not(None),
    )
    .order_by(_OF_THREAD.received_at.desc())
    .limit(1)
)
_DECLINES = (
    select(
        Assignment.staff_id,
        func.max(Assignment.ended_at, type_=UtcDateTime()),
        func.max(Assignment.reason == literal_column("'conflict'")),
    )
    .where(
        Assignment.contact_id == bindparam("contact"),
        Assignment.state == literal_column("'declined'"),
    )
    .group_by(Assignment.staff_id)
)
_WEIGHTS = select(ChannelWeight.channel, ChannelWeight.weight, ChannelWeight.interruptible)
_RULES = select(
    Queue.id,
    Queue.push,
    Queue.offer_seconds,
    Queue.ageing_seconds,
    Queue.last_advisor_seconds,
    Queue.overflow_queue_id,
    Queue.overflow_seconds,
    Queue.restricted,
)
_NEEDS = select(
    QueueSkill.queue_id, QueueSkill.skill_id, QueueSkill.level, QueueSkill.relax_seconds
)


@dataclass(frozen=True, slots=True)
class QueueRules:
    """How a queue gives its contacts out."""

    push: bool
    offer_seconds: int
    ageing_seconds: int
    last_advisor_seconds: int
    overflow_queue_id: int | None
    overflow_seconds: int | None
    restricted: bool
    needs: list[Need] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A contact as it waits."""

    id: int
    queue_id: int
    channel: str
    queued_at: datetime
    customer_id: int | None


def weights(tx: Tx) -> dict[str, tuple[int, bool]]:
    """By channel: how much of a person it takes, and whether it can be laid aside."""
    return {row[0]: (row[1], row[2]) for row in tx.core.execute(_WEIGHTS).all()}


def rules(tx: Tx) -> dict[int, QueueRules]:
    """How each queue gives its contacts out."""
    found = {row[0]: QueueRules(*row[1:]) for row in tx.core.execute(_RULES).all()}
    for queue_id, skill_id, level, relax_seconds in tx.core.execute(_NEEDS).all():
        found[queue_id].needs.append(Need(skill_id, level, relax_seconds))
    return found


def hands(tx: Tx) -> dict[int, Hand]:
    """Everybody who is signed in, with what they have before them."""
    now = {"now": tx.now}
    queues = {row[0]: _set(row[1]) for row in tx.core.execute(_QUEUES_OF, now).all()}
    skills: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for staff_id, skill_id, level in tx.core.execute(_SKILLS_OF, now).all():
        skills[staff_id][skill_id] = level
    found = {}
    signed_in = tx.core.execute(_SIGNED_IN, {"silent": tx.now - SILENT_AFTER}).all()
    for staff_id, why, capacity, given_at, off, no_phone in signed_in:
        found[staff_id] = Hand(
            staff_id,
            why and Why(why),
            capacity,
            queues.get(staff_id, frozenset()),
            skills.get(staff_id, {}),
            given_at=given_at,
            off_channels=_set(off) | (_CALLS if no_phone else frozenset()),
        )
    for staff_id, busy, laid, offered, called in tx.core.execute(_LOADS).all():
        if hand := found.get(staff_id):
            hand.busy, hand.laid = busy, laid
            hand.offered, hand.called = bool(offered), bool(called)
    return found


@lru_cache(maxsize=1000)
def _set(words: str) -> frozenset[Any]:
    """Of a JSON list; most people have the same queues as others, and want all channels."""
    return frozenset(json.loads(words))


def wanted(tx: Tx, contact: Waiting, queue: QueueRules, weight: int, interruptible: bool) -> Wanted:
    """A contact that waits, with what decides about it."""
    last_one, last_for = None, queue.last_advisor_seconds
    if contact.channel == Channel.CALL:
        last_one = tx.core.execute(_CUT_ONE, {"contact": contact.id}).scalar()
    elif contact.channel == Channel.CHAT:
        last_one = tx.core.execute(_CHATTED_ONE, {"contact": contact.id}).scalar()
    if last_one is not None:
        last_for = max(last_for, LAST_ADVISOR_AFTER_CUT)
    elif queue.last_advisor_seconds and contact.customer_id is not None:
        binds = {"customer": contact.customer_id, "contact": contact.id}
        last_one = tx.core.execute(_LAST_ONE, binds).scalar()
    declines = tx.core.execute(_DECLINES, {"contact": contact.id})
    return Wanted(
        contact.id,
        contact.queue_id,
        contact.queued_at,
        weight,
        interruptible,
        queue.needs,
        last_one,
        last_for,
        {staff_id: (at, bool(for_good)) for staff_id, at, for_good in declines if at},
        contact.channel,
    )
