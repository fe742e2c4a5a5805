"""Canned replies: their gaps filled from the customer, the contact and its case."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import TemplateInfo
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts
from crm_desktop.store.queries import replying as queries

#: A gap to fill: {{name}}. In a reply any pair of double braces is one that was overlooked.
_GAP = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,60})\s*\}\}")
_LEFT_OPEN = re.compile(r"\{\{[^{}\n]{0,80}\}\}")


@dataclass(frozen=True, slots=True)
class Filled:
    """A canned reply with what is known filled in; `missing` gaps stand in it as {{name}}."""

    subject: str
    body: str
    missing: tuple[str, ...]


def templates(db: Database) -> tuple[TemplateInfo, ...]:
    """All canned replies by title."""
    with db.read() as tx:
        return queries.templates(tx)


def filled(db: Database, template_id: int, contact_id: int) -> Filled:
    """A canned reply for a contact; values are never read as templates themselves."""
    with db.read() as tx:
        template = next((each for each in queries.templates(tx) if each.id == template_id), None)
        contact = queries.answered(tx, contact_id)
        if template is None or contact is None:
            raise NotFound()
        values = _values(tx, contact)
    gaps = dict.fromkeys(_GAP.findall(template.subject) + _GAP.findall(template.body))
    return Filled(
        _fill(template.subject, values),
        _fill(template.body, values),
        tuple(name for name in gaps if not values.get(name)),
    )


def fill(tx: Tx, contact: queries.Answered, text: str) -> str:
    """A text with what is known of a contact in its gaps; others stand as they are."""
    return _fill(text, _values(tx, contact))


def unfilled(text: str) -> tuple[str, ...]:
    """The gaps that a text still has, as they stand in it."""
    return tuple(dict.fromkeys(_LEFT_OPEN.findall(text)))


def _fill(text: str, values: dict[str, str]) -> str:
    return _GAP.sub(lambda gap: values.get(gap[1]) or gap[0], text)


def _values(tx: Tx, contact: queries.Answered) -> dict[str, str]:
    centre = accounts.setting(tx, "centre")
    references = [each for each in queries.references(tx, contact.id).values() if each]
    return {
        "customer_name": contact.customer_name or contact.who,
        "advisor_name": tx.actor.name if tx.actor else "",
        "council_name": str(centre.get("name", "")),
        "council_phone": str(centre.get("phone", "")),
        "reference": references[-1] if references else "",
        "service_name": contact.service_name,
        "subject": contact.subject,
    }
