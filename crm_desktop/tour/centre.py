"""The centre that the tour works in: the demo council in a database of the tour's own."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from crm_desktop.demo import load
from crm_desktop.demo.centre import Outside
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import CustomerView, QueueFilter
from crm_desktop.services import Database, Target, administration, contacts, customers, queue
from crm_desktop.services.session import sign_in
from crm_desktop.store import migrate
from crm_desktop.tour.outside import Citizen
from crm_desktop.tour.trouble import NoStage
from crm_desktop.workstation.paths import bundled

#: Who sits at the two desktops, and who has dealt with the morning's mail.
FIRST, SECOND, EARLIER = "s.whitlock", "d.achebe", "t.nowak"
LEADER = "r.boateng"
SERVICE = "missed-bin"
_SERVICE_NAME = "Missed bin collection"
_MOST_LOOKED_AT = 150


@dataclass(frozen=True, slots=True)
class TourCentre:
    """A loaded centre. `url` names no user; `password` is everybody's on PostgreSQL."""

    url: str
    password: str
    customer: Citizen
    service_id: int

    def target(self, login: str) -> Target:
        """The database as one person."""
        return Target(self.url, login, self.password) if self.password else Target(self.url, login)


def build(url: str, folder: Path, outside: Outside) -> TourCentre:
    """Fill a database with the demo centre: an SQLite file in `folder`, or the empty PostgreSQL
    database whose owner the URL signs in as. Raises NoStage.
    """
    owner = Target(url or f"sqlite:///{folder / 'tour.sqlite3'}")
    db = Database(owner)
    password = "" if owner.dialect == "sqlite" else secrets.token_urlsafe(18)
    try:
        if not migrate.is_empty(db):
            raise NoStage("Somebody works in this database. The tour needs an empty one.")
        administration.upgrade(db, bundled("migrations"))
        load.load(db, bundled("resources"), outside)
        if password:
            load.add_logins(db, password)
    except CrmError as trouble:
        raise NoStage(f"The database could not be prepared: {trouble}") from trouble
    finally:
        db.close()
    empty = TourCentre(without_user(owner.url), password, Citizen("", ""), 0)
    return _look_around(empty)


def without_user(url: str) -> str:
    """The URL without the name and password in it."""
    parts = urlsplit(url)
    if parts.scheme.startswith("sqlite"):
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _look_around(centre: TourCentre) -> TourCentre:
    """Choose the customer who will write, and have a colleague put the earlier mails aside."""
    db = sign_in(centre.target(EARLIER), EARLIER, bundled("migrations"))
    try:
        service = next(each for each in queue.services(db) if each.name == _SERVICE_NAME)
        _put_earlier_mails_aside(db, service.id)
        return replace(centre, customer=_somebody(db), service_id=service.id)
    finally:
        db.close()


def _put_earlier_mails_aside(db: Database, service_id: int) -> None:
    """What waits is taken by next breach, and the tour's mail is not to wait behind others."""
    earlier = QueueFilter(channels=frozenset({Channel.EMAIL}), service_id=service_id)
    for row in queue.page(db, earlier, limit=200).waiting:
        contacts.take(db, row.id)
        contacts.park(db, row.id, datetime.now(UTC) + timedelta(days=1))


def _somebody(db: Database) -> Citizen:
    """A person of whom the record says much: a need to be met in writing, and a history."""
    known = [customers.get(db, number) for number in range(1, _MOST_LOOKED_AT)]
    writers = [each for each in known if each.kind == "person" and _address(each)]
    chosen = max(writers, key=lambda each: (_needs_writing(each), len(each.history)))
    return Citizen(chosen.name, _address(chosen), chosen.addresses[0][0].replace("\n", ", "))


def _needs_writing(customer: CustomerView) -> bool:
    written = customer.prefers in ("", "email")
    return written and any("email" in each.words for each in customer.adjustments)


def _address(customer: CustomerView) -> str:
    return next((each.value for each in customer.identifiers if each.kind == "email"), "")
