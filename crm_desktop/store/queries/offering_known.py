"""What routing has to know on SQLite: who is there, what they have, and what each queue wants.

People are read without their queues and skills: these are read of those alone whom a contact
concerns.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Integer,
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
from crm_desktop.domain.routing import (
    SILENT_AFTER,
    Decision,
    Hand,
    Need,
    Wanted,
    Why,
    decided,
)
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
        func.coalesce(type_coerce(Activity.last_given_at, Text), ""),
        type_coerce(Activity.off_channels, Text),
        # What they have in hand, by its channels.
        select(func.group_concat(Assignment.channel))
        .where(Assignment.staff_id == Staff.id, Assignment.ended_at.is_(None))
        .scalar_subquery(),
        # Whoever has no telephone at a centre that has them is offered no calls.
        exists().where(ChannelAccount.kind == "asterisk", ChannelAccount.active)
        & (func.coalesce(Staff.extension, "") == ""),
    )
    .join(Activity, Activity.staff_id == Staff.id)
    .where(Staff.active, Activity.signed_in_at.is_not(None))
)
_GIVES = and_(
    (Membership.until.is_(None)) | (Membership.until > _NOW),
    (Membership.off_until.is_(None)) | (Membership.off_until <= _NOW),
)
_LASTS = (StaffSkill.until.is_(None)) | (StaffSkill.until > _NOW)
# Of a skill that is asked for however long somebody waits they have too little.
_NEVER = (
    select(QueueSkill.skill_id)
    .outerjoin(
        StaffSkill,
        and_(
            StaffSkill.staff_id == Membership.staff_id,
            StaffSkill.skill_id == QueueSkill.skill_id,
            _LASTS,
        ),
    )
    .where(
        QueueSkill.queue_id == Membership.queue_id,
        QueueSkill.relax_seconds.is_(None),
        QueueSkill.level > func.coalesce(StaffSkill.level, 0),
    )
    .correlate(Membership)
    .exists()
)
_QUEUES_OF = (
    select(Membership.staff_id, func.json_group_array(Membership.queue_id))
    .where(
        Membership.staff_id.in_(
            select(func.json_each(bindparam("people", Text)).table_valued("value").c.value)
        ),
        _GIVES,
        ~_NEVER,
    )
    .group_by(Membership.staff_id)
)
_MEMBERS = select(func.json_group_array(Membership.staff_id)).where(
    Membership.queue_id == bindparam("queue"), _GIVES
)
_SKILLS_OF = select(StaffSkill.staff_id, StaffSkill.skill_id, StaffSkill.level).where(_LASTS)
_OFFERED = select(Assignment.staff_id, func.coalesce(Assignment.channel, "")).where(
    Assignment.ended_at.is_(None),
    Assignment.state == literal_column("'offered'"),
    Assignment.expires_at.is_not(None),
)
_BEFORE = aliased(Call)
_OF_CUSTOMER = aliased(Contact)
_LAST_ONE = (
    select(Contact.owner_id)
    .where(
        Contact.customer_id
        == select(_OF_CUSTOMER.customer_id)
        .where(_OF_CUSTOMER.id == bindparam("contact"))
        .scalar_subquery(),
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
# In one statement: most contacts were declined by nobody.
_CONCERNED = select(
    case(
        (bindparam("channel", Text) == Channel.CALL.value, _CUT_ONE.scalar_subquery()),
        (bindparam("channel", Text) == Channel.CHAT.value, _CHATTED_ONE.scalar_subquery()),
    ),
    case((bindparam("lastly", Integer) > 0, _LAST_ONE.scalar_subquery())),
    exists().where(
        Assignment.contact_id == bindparam("contact"),
        Assignment.state == literal_column("'declined'"),
    ),
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
    QueueSkill.skill_id,
    QueueSkill.level,
    QueueSkill.relax_seconds,
).outerjoin(QueueSkill, QueueSkill.queue_id == Queue.id)

#: By channel: how much of a person it takes, and whether it can be laid aside.
Weights = Mapping[str, tuple[int, bool]]
#: Of a channel that has none.
_NOTHING = (0, True)


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


def weights(tx: Tx) -> Weights:
    """As they are set."""
    return {row[0]: (row[1], row[2]) for row in tx.core.execute(_WEIGHTS).all()}


def rules(tx: Tx) -> dict[int, QueueRules]:
    """How each queue gives its contacts out."""
    found: dict[int, QueueRules] = {}
    for row in tx.core.execute(_RULES).all():
        queue = found.setdefault(row[0], QueueRules(*row[1:8]))
        if row[8] is not None:
            queue.needs.append(Need(*row[8:]))
    return found


class People:
    """Everybody who is signed in, with what they have before them."""

    def __init__(self, tx: Tx, known: Weights) -> None:
        self._tx = tx
        self._now = {"now": tx.now}
        self._members: dict[int, list[Hand]] = {}
        self._skilled = False
        self.hands: dict[int, Hand] = {}
        # Many have the same.
        loads: dict[str, tuple[int, int]] = {}
        signed_in = tx.core.execute(_SIGNED_IN, {"silent": tx.now - SILENT_AFTER}).all()
        for staff_id, why, capacity, given_at, off, in_hand, no_phone in signed_in:
            self.hands[staff_id] = hand = Hand(
                staff_id,
                why and Why(why),
                capacity,
                given_at=given_at,
                off_channels=_set(off) | (_CALLS if no_phone else frozenset()),
            )
            if in_hand:
                if in_hand not in loads:
                    loads[in_hand] = _load(in_hand.split(","), known)
                hand.busy, hand.laid = loads[in_hand]
        for staff_id, channel in tx.core.execute(_OFFERED).all():
            if staff_id in self.hands:
                hand = self.hands[staff_id]
                hand.offered = True
                hand.called = hand.called or not known.get(channel, _NOTHING)[1]

    def roomy(self, known: Weights, queues: Collection[int]) -> dict[int, Hand]:
        """Those who could be offered something of these queues, with the queues.

        Without those for which they will never have skill enough.
        """
        least = least_weights(known)
        some = [each.staff_id for each in self.hands.values() if each.has_room(*least)]
        found = {}
        binds = {"people": json.dumps(some), **self._now}
        for staff_id, theirs in self._tx.core.execute(_QUEUES_OF, binds).all() if some else ():
            hand = self.hands[staff_id]
            hand.queues = _set(theirs).intersection(queues)
            if hand.queues:
                found[staff_id] = hand
        return found

    def decided(self, wanted: Wanted) -> Decision:
        """Whom a contact goes to."""
        if wanted.needs and not self._skilled:
            self._skilled = True
            for staff_id, skill_id, level in self._tx.core.execute(_SKILLS_OF, self._now).all():
                if staff_id in self.hands:
                    self.hands[staff_id].skills[skill_id] = level
        return decided(self._of(wanted.queue_id), wanted, self._tx.now)

    def _of(self, queue_id: int) -> list[Hand]:
        if queue_id not in self._members:
            ids = self._tx.core.execute(_MEMBERS, {"queue": queue_id, **self._now}).scalar_one()
            self._members[queue_id] = [self.hands[each] for each in _set(ids) if each in self.hands]
        return self._members[queue_id]


def _load(channels: Collection[str], known: Weights) -> tuple[int, int]:
    """How much of somebody these take: what cannot be laid aside, and what can."""
    busy = laid = 0
    for each in channels:
        weight, interruptible = known.get(each, _NOTHING)
        if interruptible:
            laid += weight
        else:
            busy += weight
    return busy, laid


def least_weights(known: Weights) -> tuple[int, int]:
    """The least that a call, chat or visit takes, and the least of all others."""
    calls, mails = (
        min(weight for weight, lays in known.values() if lays is kind) for kind in (False, True)
    )
    return calls, mails


@lru_cache(maxsize=1000)
def _set(words: str) -> frozenset[Any]:
    """Of a JSON list; most people have the same queues as others, and want all channels."""
    return frozenset(json.loads(words))


def wanted(tx: Tx, contact: Waiting, queue: QueueRules, weight: int, interruptible: bool) -> Wanted:
    """A contact that waits, with what decides about it."""
    last_for, of_contact = queue.last_advisor_seconds, {"contact": contact.id}
    before, last_one, declined = tx.core.execute(
        _CONCERNED, {"channel": contact.channel, "lastly": last_for, **of_contact}
    ).one()
    if before is not None:
        last_one, last_for = before, max(last_for, LAST_ADVISOR_AFTER_CUT)
    declines = tx.core.execute(_DECLINES, of_contact).all() if declined else ()
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
