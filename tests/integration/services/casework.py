"""What tests of cases and hand-offs arrange again and again."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from crm_desktop.services import cases, contacts
from crm_desktop.services.cases import CaseInput, Saved
from crm_desktop.store.database import Database
from crm_desktop.store.models import Event, Service
from tests.centre import Centre

SAM = "sam.doe@example.org"


@dataclass(frozen=True)
class Desk:
    """An advisor with a contact of Sam Doe's in hand."""

    centre: Centre
    db: Database
    contact_id: int

    def opens(self, service: str = "missed_bin", **answers: object) -> Saved:
        """Open a case from the contact."""
        entered = answers or ({"bin": "recycling"} if service == "missed_bin" else {})
        return cases.save(
            self.db, CaseInput(self.contact_id, service_id(self.centre, service), entered)
        )

    def events(self, about: str = "case") -> list[str]:
        """The kinds of what happened to cases, oldest first."""
        with self.centre.as_owner().read() as tx:
            kinds = tx.session.scalars(select(Event.kind).order_by(Event.id))
            return [kind for kind in kinds if kind.startswith(f"{about}.")]


def at_work(centre: Centre, login: str = "anna", queue: str = "general") -> Desk:
    """A person who has taken a contact."""
    contact_id = centre.add_contact(customer=SAM, who="Sam Doe", queue=queue)
    db = centre.as_person(login)
    contacts.take(db, contact_id)
    return Desk(centre, db, contact_id)


def service_id(centre: Centre, code: str) -> int:
    """The id of a service by its code."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Service.id).where(Service.code == code)).one()
