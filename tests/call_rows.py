"""Calls for tests that need no PBX: rows as the switchboard would have written them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.store.models import (
    Assignment,
    Call,
    CallCommand,
    CallLeg,
    ChannelAccount,
    Contact,
    Staff,
)
from tests.centre import Centre


def add_pbx(centre: Centre, name: str = "PBX", *, active: bool = True) -> int:
    """An account of a PBX; one at a time is in use."""
    with centre.as_owner().write() as tx:
        account = ChannelAccount(
            kind="asterisk", name=name, secret_name="pbx", settings={}, active=active
        )
        tx.session.add(account)
        tx.session.flush()
        return account.id


def pbx_of(centre: Centre) -> int:
    """The account of the PBX in use, made when there is none."""
    with centre.as_owner().read() as tx:
        query = select(ChannelAccount.id).where(
            ChannelAccount.kind == "asterisk", ChannelAccount.active
        )
        known = tx.session.scalar(query)
    return known or add_pbx(centre)


def give_phones(centre: Centre, **extensions: str) -> None:
    """Let people have telephones: login=extension."""
    with centre.as_owner().write() as tx:
        for login, extension in extensions.items():
            tx.session.execute(
                update(Staff).where(Staff.login == login).values(extension=extension)
            )


def staff_id(centre: Centre, login: str) -> int:
    """Somebody's id."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Staff.id).where(Staff.login == login)).one()


def add_call(
    centre: Centre,
    account_id: int,
    *,
    owner: str | None = None,
    queue: str = "general",
    state: CallState = CallState.TALKING,
    contact: ContactState = ContactState.ACTIVE,
) -> int:
    """A call in somebody's hands, with the channels of both."""
    contact_id = centre.add_contact(queue=queue, channel=Channel.CALL)
    owner_id = staff_id(centre, owner) if owner else None
    with centre.as_owner().write() as tx:
        row = tx.session.get_one(Contact, contact_id)
        row.state, row.owner_id = contact, owner_id
        tx.session.add(Call(contact_id=contact_id, account_id=account_id, state=state))
        legs: list[tuple[LegRole, int | None]] = [(LegRole.CALLER, None)]
        if owner_id is not None:
            legs.append((LegRole.ADVISOR, owner_id))
            tx.session.add(
                Assignment(contact_id=contact_id, staff_id=owner_id, state=AssignmentState.ACCEPTED)
            )
        for role, who in legs:
            channel = f"row-{contact_id}-{role}-1"
            tx.session.add(
                CallLeg(
                    contact_id=contact_id,
                    channel=channel,
                    role=role,
                    state=LegState.UP,
                    staff_id=who,
                )
            )
    return contact_id


def past_its_time(centre: Centre, command_id: int) -> None:
    """As if its deadline had come."""
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(CallCommand)
            .where(CallCommand.id == command_id)
            .values(expires_at=tx.now - timedelta(milliseconds=1))
        )
