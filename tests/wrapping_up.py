"""Calls that ended and are being wrapped up, as the gateway leaves them, for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import update

from crm_desktop.domain.calls import CallState, WrapUp
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.services import contacts, queue_settings
from crm_desktop.store.models import Assignment, Call, Contact, Event
from tests.call_rows import pbx_of
from tests.centre import Centre


def rules(centre: Centre, mode: WrapUp, seconds: int = 60) -> None:
    """What the general queue asks for, set as its team leader does."""
    rose, queue = centre.as_person("rose"), centre.queue_id("general")
    seen, _ = queue_settings.read(rose, queue)
    wanted = replace(seen, wrap_up=mode, wrap_up_seconds=seconds)
    queue_settings.change(rose, queue, seen, wanted)
    assert queue_settings.read(rose, queue)[0] == wanted


def ended(centre: Centre, *, ago: float = 0, login: str = "anna") -> int:
    """A call that somebody had and that ended so many seconds ago."""
    contact_id = talking(centre, login)
    end(centre, contact_id, ago)
    return contact_id


def talking(centre: Centre, login: str = "anna") -> int:
    """A call that somebody has."""
    contact_id = centre.add_contact(channel=Channel.CALL)
    contacts.take(centre.as_person(login), contact_id)
    pbx = pbx_of(centre)
    with centre.as_owner().write() as tx:
        tx.session.add(
            Call(
                contact_id=contact_id, account_id=pbx, state=CallState.TALKING,
                answered_at=tx.now - timedelta(seconds=90),
            )
        )  # fmt: skip
    return contact_id


def end(centre: Centre, contact_id: int, ago: float = 0) -> None:
    """A call that goes on ends, as if so many seconds ago, and is wrapped up by who had it."""
    with centre.as_owner().write() as tx:
        at = tx.now - timedelta(seconds=ago)
        row = tx.session.get_one(Call, contact_id)
        row.state, row.ended_at = CallState.ENDED, at
        tx.session.flush()
        contact = tx.session.get_one(Contact, contact_id)
        contact.state, contact.state_since = ContactState.WRAP_UP, at
        tx.session.execute(
            update(Assignment)
            .where(Assignment.contact_id == contact_id, Assignment.ended_at.is_(None))
            .values(state=AssignmentState.WRAPPING)
        )
        tx.session.add(Event(kind="contact.wrap_up", contact_id=contact_id, data={}))
        tx.changed(Topic.CONTACT, contact_id)


def over(centre: Centre, contact_id: int, ago: float) -> None:
    """Its end, and the beginning of its wrap-up, were so many seconds ago."""
    with centre.as_owner().write() as tx:
        at = tx.now - timedelta(seconds=ago)
        tx.session.get_one(Call, contact_id).ended_at = at
        tx.session.get_one(Contact, contact_id).state_since = at
        tx.changed(Topic.CONTACT, contact_id)
