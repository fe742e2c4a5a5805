"""The demo's colleagues at work: who is there, and at what.

They have no desktops. Whoever of them is used to show the program is left alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.demo.centre import Ids
from crm_desktop.domain.states import (
    AssignmentState,
    Channel,
    ContactState,
    Direction,
    Doing,
    Presence,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Contact,
    Customer,
    Event,
    PresenceMark,
    Staff,
)

#: No desktop says that they are there: they are, until the day is over.
_SHIFT = timedelta(hours=10)


@dataclass(frozen=True, slots=True)
class _Work:
    """So many contacts of a channel that somebody has in hand, for so long."""

    channel: Channel
    queue: str
    service: str
    minutes: float
    count: int = 1
    wraps: bool = False


@dataclass(frozen=True, slots=True)
class _Colleague:
    """Where somebody is: for how many minutes, back in how many, at which work."""

    login: str
    presence: Presence
    minutes: float
    words: str = ""
    back: float | None = None
    afterwards: Presence | None = None
    work: tuple[_Work, ...] = ()


_TEAM = (
    _Colleague(
        "p.kaur",
        Presence.AVAILABLE,
        190,
        work=(_Work(Channel.CALL, "council-tax", "council-tax-move", 4.3),),
    ),
    _Colleague(
        "m.rhys-davies",
        Presence.AVAILABLE,
        172,
        afterwards=Presence.LUNCH,
        work=(_Work(Channel.CHAT, "general", "missed-bin", 12.1, count=3),),
    ),
    _Colleague(
        "e.brandt",
        Presence.AVAILABLE,
        88,
        work=(_Work(Channel.CALL, "council-tax", "council-tax-bill", 6.7, wraps=True),),
    ),
    # Whom these serve at their desks is told by `shops`.
    _Colleague("k.tran", Presence.AVAILABLE, 231),
    _Colleague("g.mahoney", Presence.AVAILABLE, 88),
    _Colleague("m.shaw", Presence.AVAILABLE, 140),
    # Nobody is left for adult social care, and its mails wait.
    _Colleague("a.hussain", Presence.TRAINING, 35, words="Care Act refresher", back=55),
    _Colleague("j.fairweather", Presence.BREAK, 8.5, back=6),
    _Colleague("h.iqbal", Presence.MEETING, 48, words="Winter gritting plan", back=-4),
    _Colleague("l.okonkwo", Presence.LUNCH, 22, back=18),
)
#: The demo's customers are numbered from 1.
_CALLERS = range(21, 40)


def write(tx: Tx, ids: Ids) -> None:
    """Put everybody where they are now, with their work in hand."""
    callers = iter([tx.session.get_one(Customer, number) for number in _CALLERS])
    for each in _TEAM:
        _place(tx, each, ids.staff[each.login])
        for work in each.work:
            for number in range(work.count):
                since = tx.now - timedelta(minutes=work.minutes * (1 - 0.3 * number))
                contact = _contact(ids, work, next(callers), since)
                _give(tx, contact, ids.staff[each.login], since)
    tx.session.flush()


def _place(tx: Tx, each: _Colleague, staff_id: int) -> None:
    began = tx.now - timedelta(minutes=max(each.minutes, 150))
    since = tx.now - timedelta(minutes=each.minutes)
    staff = tx.session.get_one(Staff, staff_id)
    staff.presence, staff.presence_since = each.presence, since
    staff.presence_words, staff.next_presence = each.words, each.afterwards
    if each.back is not None:
        staff.back_at = tx.now + timedelta(minutes=each.back)
    tx.session.flush()
    tx.session.add(Activity(staff_id=staff_id, signed_in_at=began, seen_at=tx.now + _SHIFT))
    tx.session.flush()
    # Their day began before now, which is what the database noted.
    tx.session.query(PresenceMark).filter(PresenceMark.staff_id == staff_id).delete()
    day = {began: Presence.AVAILABLE, since: each.presence}
    tx.session.add_all(
        PresenceMark(staff_id=staff_id, at=at, signed_in=True, presence=presence, seen=Doing.THERE)
        for at, presence in day.items()
    )


def _contact(ids: Ids, work: _Work, customer: Customer, since: datetime) -> Contact:
    """It came a little before it was taken."""
    came = since - timedelta(seconds=18)
    return Contact(
        channel=work.channel,
        direction=Direction.INBOUND,
        state=ContactState.WRAP_UP if work.wraps else ContactState.ACTIVE,
        state_since=since,
        queue_id=ids.queues[work.queue],
        service_id=ids.services[work.service],
        customer_id=customer.id,
        who=customer.name,
        folded=customer.folded,
        received_at=came,
        queued_at=came,
        due_at=came + timedelta(seconds=20),
        first_taken_at=since,
    )


def _give(tx: Tx, contact: Contact, staff_id: int, since: datetime) -> None:
    """Put it into somebody's hands, with what tells of that."""
    contact.owner_id = staff_id
    wraps = contact.state == ContactState.WRAP_UP
    tx.session.add(contact)
    tx.session.flush()
    contact.thread_id = contact.id
    tx.session.add(
        Assignment(
            contact_id=contact.id,
            staff_id=staff_id,
            state=AssignmentState.WRAPPING if wraps else AssignmentState.ACCEPTED,
            offered_at=since,
            accepted_at=since,
        )
    )
    deeds = [("contact.received", None, contact.received_at), ("contact.taken", staff_id, since)]
    if wraps:
        deeds.append(("contact.wrap_up", staff_id, since))
    tx.session.add_all(
        Event(kind=kind, at=at, actor_id=actor, contact_id=contact.id) for kind, actor, at in deeds
    )
