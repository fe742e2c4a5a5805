"""Visitors nobody closed: a line is of its day and the evening before, and no line shows them."""

from __future__ import annotations

from datetime import timedelta

from crm_desktop.domain.appointments import LONDON
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import events, messages
from crm_desktop.store.queries import sweeper as queries

_AT_ONCE = 200


def left_behind(tx: Tx) -> tuple[tuple[int, int], ...]:
    """(contact, site) of visitors who wait since before yesterday."""
    return queries.waiting_visits(
        tx, tx.now.astimezone(LONDON).date() - timedelta(days=1), _AT_ONCE
    )


def sweep(tx: Tx, found: tuple[tuple[int, int], ...]) -> None:
    """They have gone unseen, those of these who wait still."""
    for contact_id, site_id in found:
        before = queries.visit_left(tx, contact_id)
        if before is None:
            continue
        messages.change_contact(
            tx,
            contact_id,
            state=ContactState.LEFT.value,
            state_since=tx.now,
            due_at=None,
            owner_id=None,
            parked_for_reply=False,
        )
        events.append(tx, "contact.left", contact_id=contact_id, before=before)
        tx.changed(Topic.CONTACT, contact_id)
        tx.changed(Topic.SITE, site_id)
