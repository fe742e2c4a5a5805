"""A centre with telephones: a PBX's account, lines with menus, extensions, and calls as rows."""

from __future__ import annotations

from itertools import count

from sqlalchemy import select, update

from crm_desktop.domain.calls import LegRole
from crm_desktop.services import calls, leases
from crm_desktop.services.calls import Arrival, Standing
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Call,
    ChannelAccount,
    Contact,
    Customer,
    Event,
    Identifier,
    LineChoice,
    Service,
    Staff,
    TelephoneLine,
)
from tests.centre import Centre

#: The numbers that the public calls; at the tests' PBX the second has a menu.
MAIN_LINE = "+441632960010"
WASTE_LINE = "+441632960020"
EXTENSIONS = {"anna": "101", "ben": "102", "rose": "103"}
_CHANNELS = count(1)


def telephones(centre: Centre, **settings: object) -> int:
    """Give the centre a PBX and its people telephones; the account's id."""
    with centre.as_owner().write() as tx:
        account = ChannelAccount(
            kind="asterisk",
            name="Telephones",
            settings={"advisor": "PJSIP/{extension}", **settings},
            secret_name="pbx",
        )
        tx.session.add(account)
        for login, extension in EXTENSIONS.items():
            tx.session.execute(
                update(Staff).where(Staff.login == login).values(extension=extension)
            )
        queues = {code: centre.queue_id(code) for code in ("general", "waste")}
        bins = tx.session.scalars(select(Service.id).where(Service.code == "missed_bin")).one()
        main = TelephoneLine(number=MAIN_LINE, name="Main line", queue_id=queues["general"])
        waste = TelephoneLine(
            number=WASTE_LINE, name="Bins", queue_id=queues["waste"], service_id=bins
        )
        tx.session.add_all([main, waste])
        tx.session.flush()
        choice = LineChoice(
            line_id=main.id,
            digit="2",
            name="Missed bin",
            queue_id=queues["waste"],
            service_id=bins,
        )
        tx.session.add(choice)
        return account.id


def lease(db: Database, account_id: int) -> Lease:
    """The right to speak for the PBX."""
    held = leases.acquire(db, f"pbx:{account_id}", "test", 600)
    assert held is not None
    return held


class Board:
    """The gateway's half of the services, under a lease, without a PBX."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.account_id = telephones(centre)
        self.db = centre.as_gateway()
        self.lease = lease(self.db, self.account_id)

    def call(self, number: str = "01632 960123", dialled: str = MAIN_LINE, choice: str = "") -> int:
        """Somebody calls; the contact."""
        channel = f"caller-{next(_CHANNELS)}"
        arrival = Arrival(self.account_id, channel, number, dialled, choice)
        return calls.received(self.db, arrival, self.lease)

    def standing(self, contact_id: int) -> Standing:
        """How a call that goes on stands."""
        (found,) = calls.standing_of(self.db, [contact_id])
        return found

    def answer(self, contact_id: int) -> bool:
        """The phone of whom it is offered to is picked up."""
        offer = self.standing(contact_id).offer
        assert offer is not None
        channel = f"crm-{contact_id}-advisor-{offer.assignment_id}"
        self.rings(contact_id)
        return calls.answered(self.db, contact_id, offer.assignment_id, channel, self.lease)

    def rings(self, contact_id: int) -> None:
        """Their phone rings."""
        offer = self.standing(contact_id).offer
        assert offer is not None
        channel = f"crm-{contact_id}-advisor-{offer.assignment_id}"
        role = LegRole.ADVISOR
        calls.leg_began(self.db, contact_id, channel, role, self.lease, staff_id=offer.staff_id)
        calls.ringing(self.db, contact_id, self.lease)

    def end(self, contact_id: int, by: str = "caller", *, cut_off: bool = False) -> None:
        """The call is over."""
        calls.ended(self.db, contact_id, by=by, cause=16, cut_off=cut_off, under=self.lease)


def contact(centre: Centre, contact_id: int) -> Contact:
    """A contact's row."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact).where(Contact.id == contact_id)).one()


def call_row(centre: Centre, contact_id: int) -> Call:
    """A call's row."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Call).where(Call.contact_id == contact_id)).one()


def events(centre: Centre, contact_id: int) -> list[str]:
    """What happened to a contact, in order."""
    with centre.as_owner().read() as tx:
        query = select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
        return list(tx.session.scalars(query))


def event(centre: Centre, contact_id: int, kind: str) -> dict[str, object]:
    """What the newest event of a kind says."""
    with centre.as_owner().read() as tx:
        query = select(Event.data).where(Event.contact_id == contact_id, Event.kind == kind)
        return dict(tx.session.scalars(query.order_by(Event.id.desc())).first() or {})


def customer(centre: Centre, name: str, number: str) -> int:
    """Somebody with a telephone number, E.164."""
    with centre.as_owner().write() as tx:
        known = Customer(name=name, folded=name.lower())
        tx.session.add(known)
        tx.session.flush()
        tx.session.add(Identifier(customer_id=known.id, kind="phone", value=number, norm=number))
        return known.id
