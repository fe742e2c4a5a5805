"""Queues, services and saved views, as filters and forms name them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, exists, select

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import QueueInfo, ServiceInfo
from crm_desktop.store.database import Tx
from crm_desktop.store.models import ChannelAccount, FormVersion, Queue, SavedView, Service


def queues(tx: Tx) -> tuple[QueueInfo, ...]:
    """Every queue by name; a transfer may go to one that is not this person's."""
    mine = tx.actor.queues if tx.actor else frozenset()
    rows = tx.session.execute(select(Queue.id, Queue.code, Queue.name).order_by(Queue.name))
    return tuple(QueueInfo(id_, code, name, id_ in mine) for id_, code, name in rows)


def services(tx: Tx) -> tuple[ServiceInfo, ...]:
    """The active services by group and name."""
    has_form = exists().where(FormVersion.service_id == Service.id)
    rows = tx.session.execute(
        select(
            Service.id,
            Service.code,
            Service.name,
            Service.group_name,
            Service.lgsl,
            Service.queue_id,
            has_form,
            ChannelAccount.name,
            Service.script,
        )
        .outerjoin(ChannelAccount, ChannelAccount.id == Service.handoff_account_id)
        .where(Service.active)
        .order_by(Service.group_name, Service.name)
    )
    return tuple(ServiceInfo(*row[:7], row[7] or "", row[8]) for row in rows)


def saved_views(tx: Tx) -> tuple[tuple[int, str, dict[str, Any]], ...]:
    """This person's views: id, name, filters as stored."""
    rows = tx.session.execute(
        select(SavedView.id, SavedView.name, SavedView.filters)
        .where(SavedView.staff_id == tx.actor_id)
        .order_by(SavedView.name)
    )
    return tuple((id_, name, filters) for id_, name, filters in rows)


def save_view(tx: Tx, name: str, filters: dict[str, Any]) -> None:
    """Keep filters under a name; an own view of that name is replaced."""
    own = select(SavedView).where(SavedView.staff_id == tx.actor_id, SavedView.name == name)
    view = tx.session.scalar(own)
    if view is None:
        tx.session.add(SavedView(staff_id=tx.actor_id, name=name, filters=filters))
    else:
        view.filters = filters


def delete_view(tx: Tx, view_id: int) -> None:
    """Remove an own view; raises NotFound."""
    own = (SavedView.id == view_id, SavedView.staff_id == tx.actor_id)
    if tx.session.scalar(select(SavedView.id).where(*own)) is None:
        raise NotFound("no such view")
    tx.session.execute(delete(SavedView).where(*own))
