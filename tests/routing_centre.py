"""A centre at work: queues that push, people who are there, and time that passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select, update

from crm_desktop.domain.states import Channel, ContactState, Presence
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Contact,
    OpeningCalendar,
    Queue,
    QueueSkill,
    RoutingDecision,
    Skill,
    Staff,
    StaffSkill,
)
from tests.centre import Centre

ALWAYS = {
    "week": {day: ["00:00-24:00"] for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun")},
    "holidays": "none",
}


def push(centre: Centre, *codes: str, **rules: object) -> None:
    """These queues offer what waits in them, at every hour."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(OpeningCalendar).values(hours=ALWAYS))
        tx.session.execute(update(Queue).where(Queue.code.in_(codes)).values(push=True, **rules))


def at_work(centre: Centre, *logins: str, capacity: int = 100) -> None:
    """They are signed in and available, and were given nothing yet."""
    with centre.as_owner().write() as tx:
        for person in tx.session.scalars(select(Staff).where(Staff.login.in_(logins))):
            person.presence, person.next_presence = Presence.AVAILABLE, None
            person.capacity = capacity
            tx.session.merge(Activity(staff_id=person.id, signed_in_at=tx.now, seen_at=tx.now))


def change(centre: Centre, login: str, **values: object) -> None:
    """Change a person's presence or activity, whichever has the column."""
    with centre.as_owner().write() as tx:
        person = select(Staff.id).where(Staff.login == login).scalar_subquery()
        for model, key in ((Staff, Staff.id), (Activity, Activity.staff_id)):
            mine = {name: value for name, value in values.items() if hasattr(model, name)}
            if mine:
                tx.session.execute(update(model).where(key == person).values(**mine))


def skill(centre: Centre, code: str, people: dict[str, int]) -> int:
    """A skill and who has it."""
    with centre.as_owner().write() as tx:
        made = Skill(code=code, name=code.title())
        tx.session.add(made)
        tx.session.flush()
        for login, level in people.items():
            person = tx.session.scalars(select(Staff.id).where(Staff.login == login)).one()
            tx.session.add(StaffSkill(staff_id=person, skill_id=made.id, level=level))
        return made.id


def needs(centre: Centre, code: str, skill_id: int, level: int, relax: int | None = None) -> None:
    """A queue needs a skill."""
    queue_id = centre.queue_id(code)
    with centre.as_owner().write() as tx:
        tx.session.add(
            QueueSkill(queue_id=queue_id, skill_id=skill_id, level=level, relax_seconds=relax)
        )


def waiting(
    centre: Centre,
    *,
    queue: str = "general",
    channel: Channel = Channel.CALL,
    for_seconds: float = 0,
    priority: int = 0,
    customer: str | None = None,
) -> int:
    """A contact that has waited so long."""
    contact_id = centre.add_contact(queue=queue, channel=channel, customer=customer)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Contact)
            .where(Contact.id == contact_id)
            .values(queued_at=tx.now - timedelta(seconds=for_seconds), priority=priority)
        )
    return contact_id


def later(centre: Centre, seconds: float) -> None:
    """So much time passes: what was offered, declined and queued was so much earlier."""
    gone = timedelta(seconds=seconds)
    with centre.as_owner().write() as tx:
        for contact in tx.session.scalars(select(Contact)):
            contact.queued_at -= gone
        for each in tx.session.scalars(select(Assignment)):
            each.offered_at -= gone
            each.expires_at = each.expires_at and each.expires_at - gone
            each.ended_at = each.ended_at and each.ended_at - gone
        for activity in tx.session.scalars(select(Activity)):
            activity.last_given_at = activity.last_given_at and activity.last_given_at - gone


def holders(centre: Centre, ids: Sequence[int]) -> list[str | None]:
    """To whom each is offered or given, by login."""
    with centre.as_owner().read() as tx:
        found = dict(
            tx.session.execute(
                select(Contact.id, Staff.login).join(Staff, Staff.id == Contact.owner_id)
            ).all()
        )
    return [found.get(each) for each in ids]


def state(centre: Centre, contact_id: int) -> ContactState:
    """Where a contact stands."""
    with centre.as_owner().read() as tx:
        return ContactState(tx.session.get_one(Contact, contact_id).state)


def decisions(centre: Centre, contact_id: int) -> list[str]:
    """What was decided about a contact, oldest first."""
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(RoutingDecision.kind)
                .where(RoutingDecision.contact_id == contact_id)
                .order_by(RoutingDecision.id)
            )
        )
