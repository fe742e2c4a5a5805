"""The centre that the tour works in: the demo council in a database of the tour's own."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from crm_desktop.demo import load
from crm_desktop.demo.centre import Outside
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.identifiers import normal_phone
from crm_desktop.domain.states import Channel
from crm_desktop.domain.telephones import Pbx
from crm_desktop.domain.views import CustomerView, QueueFilter
from crm_desktop.domain.visits import Need, needs_in
from crm_desktop.services import (
    Database,
    Target,
    administration,
    contacts,
    customers,
    queue,
    telephones,
)
from crm_desktop.services.session import sign_in
from crm_desktop.store import migrate
from crm_desktop.store.models import Queue, Site
from crm_desktop.tour.outside import Citizen
from crm_desktop.tour.residents import NetworkPlace
from crm_desktop.tour.telephones import PbxPlace
from crm_desktop.tour.trouble import NoStage
from crm_desktop.workstation.paths import bundled

#: Who sits at the two desktops, and who has dealt with the morning's mail.
FIRST, SECOND, EARLIER = "s.whitlock", "d.achebe", "t.nowak"
LEADER, COUNTER = "r.boateng", "k.imran"
#: The shop with Khadija's desk.
SITE = "guildhall"
#: The telephones of the first and the second desktop, the only ones that there are.
FIRST_PHONE, SECOND_PHONE = "101", "102"
#: A line of the demo, and where its calls wait.
LINE, _LINE_QUEUE = "+441632960250", "blue-badge"
_ALWAYS_OPEN = "safeguarding"
SERVICE = "missed-bin"
_SERVICE_NAME = "Missed bin collection"
_MOST_LOOKED_AT = 150


@dataclass(frozen=True, slots=True)
class Places:
    """What is outside of the centre; None where it is left out."""

    pbx: PbxPlace | None = None
    network: NetworkPlace | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes to the desk, and what their record says that they need there."""

    name: str
    needs: tuple[Need, ...]
    home: str


@dataclass(frozen=True, slots=True)
class TourCentre:
    """A loaded centre. `url` names no user; `password` is everybody's on PostgreSQL."""

    url: str
    password: str
    customer: Citizen
    service_id: int
    caller_name: str = ""
    caller_number: str = ""
    visitor: Visitor = Visitor("", (), "")
    kiosk_key: str = ""

    def target(self, login: str) -> Target:
        """The database as one person."""
        return Target(self.url, login, self.password) if self.password else Target(self.url, login)


def build(url: str, folder: Path, outside: Outside, places: Places) -> TourCentre:
    """Fill a database with the demo centre: an SQLite file in `folder`, or the empty PostgreSQL
    database whose owner the URL signs in as; with what is outside. Raises NoStage.
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
        kiosk_key = _open_shop(db)
        if places.pbx is not None:
            _connect(db, places.pbx)
        if places.network is not None:
            administration.add_account(db, places.network.account)
    except CrmError as trouble:
        raise NoStage(f"The database could not be prepared: {trouble}") from trouble
    finally:
        db.close()
    empty = TourCentre(without_user(owner.url), password, Citizen("", ""), 0, kiosk_key=kiosk_key)
    return _look_around(empty)


def _connect(db: Database, pbx: PbxPlace) -> None:
    """As an administrator does: where the PBX is, and who has its two telephones."""
    known = telephones.read(db)
    seen = known.pbx.seen if known.pbx else None
    telephones.put_pbx(db, seen, Pbx(pbx.url, pbx.user))
    for each in known.phones:
        wanted = {FIRST: FIRST_PHONE, SECOND: SECOND_PHONE}.get(each.login)
        if each.extension != wanted:
            telephones.set_extension(db, each.staff_id, each.extension, wanted)
    with db.write() as tx:
        # At night callers would be told that nobody is there.
        queues = {each.code: each for each in tx.session.query(Queue)}
        queues[_LINE_QUEUE].calendar_id = queues[_ALWAYS_OPEN].calendar_id


def _open_shop(db: Database) -> str:
    """Open the shop at any hour, as the tour is taken at any; the key of its kiosks."""
    with db.write() as tx:
        site = tx.session.query(Site).filter(Site.code == SITE).one()
        always = tx.session.query(Queue).filter(Queue.code == _ALWAYS_OPEN).one()
        site.calendar_id = always.calendar_id
        return site.kiosk_key


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
        name, number = _caller(db)
        return replace(
            centre,
            customer=_somebody(db),
            service_id=service.id,
            caller_name=name,
            caller_number=number,
            visitor=_visitor(db),
        )
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


def _caller(db: Database) -> tuple[str, str]:
    """Somebody who has called before, and from where."""
    for number in range(1, _MOST_LOOKED_AT):
        known = customers.get(db, number)
        phone = next((e.value for e in known.identifiers if e.kind == "phone"), "")
        if known.kind == "person" and phone:
            return known.name, normal_phone(phone) or phone
    raise NoStage("Nobody of the demo has a telephone.")


def _visitor(db: Database) -> Visitor:
    """Somebody whose record says what they need at a desk, with a name of their own."""
    known = [customers.get(db, number) for number in range(1, _MOST_LOOKED_AT)]
    names = Counter(each.name for each in known)
    for each in known:
        said = [need for words in each.adjustments for need in needs_in(words.words)]
        if each.kind == "person" and said and names[each.name] == 1 and _address(each):
            home = each.addresses[0][0].replace("\n", ", ") if each.addresses else ""
            return Visitor(each.name, tuple(dict.fromkeys(said)), home)
    raise NoStage("Nobody of the demo needs anything at a desk.")


def _needs_writing(customer: CustomerView) -> bool:
    written = customer.prefers in ("", "email")
    return written and any("email" in each.words for each in customer.adjustments)


def _address(customer: CustomerView) -> str:
    return next((each.value for each in customer.identifiers if each.kind == "email"), "")
