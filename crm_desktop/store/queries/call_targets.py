"""Who has a telephone, and who is on it, as far as whoever asks may see."""

from __future__ import annotations

from sqlalchemy import String, case, cast, exists, func, literal, select

from crm_desktop.domain.call_targets import CallTargets, Colleague, OwnTelephone
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Channel, ContactState, Presence, StaffRole
from crm_desktop.store.database import Tx
from crm_desktop.store.models import ChannelAccount, Contact, Lease, Staff
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import catalogue

_ON_CALL = (ContactState.ACTIVE, ContactState.HELD, ContactState.DIALLING)


def targets(tx: Tx, me: Person) -> CallTargets:
    """Every queue, and everybody else who works here."""
    on_call = exists().where(
        Contact.owner_id == Staff.id,
        Contact.channel == Channel.CALL,
        Contact.state.in_(_ON_CALL),
        Contact.state != ContactState.COMPLETED,
    )
    rows = tx.session.execute(
        select(
            Staff.id,
            Staff.name,
            Staff.role,
            Staff.presence,
            func.coalesce(Staff.extension, "") != "",
            on_call,
        )
        .where(Staff.active, Staff.id != me.id)
        .order_by(Staff.name)
    )
    return CallTargets(
        catalogue.queues(tx),
        tuple(
            Colleague(id_, name, StaffRole(role), Presence(presence), bool(phone), bool(busy))
            for id_, name, role, presence, phone, busy in rows
        ),
    )


def own_telephone(tx: Tx, me: Person) -> OwnTelephone:
    """What rings for a person, and the telephone system in use: there is one at a time."""
    extension = tx.session.scalar(select(Staff.extension).where(Staff.id == me.id)) or ""
    system = tx.session.execute(
        select(
            ChannelAccount.name,
            ChannelAccount.status,
            ChannelAccount.status_words,
            # A gateway that speaks for it renews its lease; one that was killed does not.
            case((Lease.expires_at < utcnow(), Lease.expires_at)),
        )
        .outerjoin(Lease, Lease.name == literal("pbx:") + cast(ChannelAccount.id, String))
        .where(ChannelAccount.kind == "asterisk", ChannelAccount.active)
    ).one_or_none()
    if system is None:
        return OwnTelephone(extension, "")
    name, status, words, unseen_since = system
    return OwnTelephone(extension, name, words if status == "trouble" else "", unseen_since)
