"""The one-stop-shop of the simulated day: a kiosk gives tickets, and whoever is free calls next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import cycle
from uuid import uuid4

from sqlalchemy.orm import Session

from crm_desktop.domain.visits import CheckedInBy, CheckIn
from crm_desktop.services import Database, visits
from crm_desktop.store.models import Place, Service, Site, SiteService
from tests.simulation.people import Desk

#: Of one letter a day has no more than nine hundred numbers.
_LETTERS = "ABCDEF"


class Shop:
    """The site, and its desks in the order in which they became free."""

    def __init__(self, session: Session, calendar_id: int, queue_id: int, desks: int) -> None:
        site = Site(code="shop", name="The shop", calendar_id=calendar_id, kiosk_key=uuid4().hex)
        services = [
            Service(code=f"visit_{letter}", name=f"Visits {letter}", queue_id=queue_id)
            for letter in _LETTERS
        ]
        session.add_all((site, *services))
        session.flush()
        session.add_all(
            SiteService(site_id=site.id, service_id=each.id, letter=letter, key=key)
            for key, (letter, each) in enumerate(zip(_LETTERS, services, strict=True), 1)
        )
        made = [Place(site_id=site.id, kind="desk", name=f"Desk {each}") for each in range(desks)]
        session.add_all(made)
        session.flush()
        self._site_id = site.id
        self._services = cycle([each.id for each in services])
        self._places = [each.id for each in made]
        self._place_of: dict[int, int] = {}
        self._free: deque[Desk] = deque()

    def open(self, desks: Iterable[Desk]) -> None:
        """These work here from now on, each at a desk of their own."""
        for desk, place_id in zip(desks, self._places, strict=True):
            visits.at(desk.db, place_id)
            self._place_of[desk.staff_id] = place_id
            self._free.append(desk)
        self._anybody = self._free[0]

    def check_in(self, gateway: Database) -> int:
        """Somebody takes a ticket at the kiosk; the contact's id."""
        said = CheckIn(uuid4().hex, self._site_id, next(self._services), CheckedInBy.KIOSK)
        return visits.check_in(gateway, said)[0].contact_id

    def left(self, contact_id: int) -> None:
        """Somebody of the shop sees that they have gone."""
        visits.left(self._anybody.db, contact_id)

    def call(self) -> tuple[Desk, int] | None:
        """Whoever became free first calls next: who, and whom; None when nobody waits, or works."""
        if not self._free:
            return None
        desk = self._free[0]
        called, _ = visits.call_next(desk.db, self._place_of[desk.staff_id])
        if called is None:
            return None
        self._free.popleft()
        return desk, called.contact_id

    def free(self, desk: Desk) -> None:
        """They have nobody any more."""
        self._free.append(desk)
