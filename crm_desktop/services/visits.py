"""Visitors of a one-stop-shop: checked in, called, seen, sent on, and gone.

Two desks that call at once never call the same person, and no number is given twice: the database
decides both.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.texts import mobile
from crm_desktop.domain.views import Moved
from crm_desktop.domain.visits import (
    AnsweredNow,
    Called,
    CheckedIn,
    CheckIn,
    Match,
    Need,
    SiteInfo,
    SiteLine,
    SiteService,
    TicketNumbers,
    To,
    need_words,
)
from crm_desktop.services import customers
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import rooms, taking
from crm_desktop.store.queries import visits as queries

__all__ = [
    "answer_now",
    "at",
    "back_to_line",
    "call",
    "call_next",
    "check_in",
    "find",
    "left",
    "line",
    "no_show",
    "recall",
    "reserve",
    "serve",
    "site_services",
    "sites",
    "transfer",
]

_LONDON = ZoneInfo("Europe/London")
_MATCHES = 8
_SHORTEST = 2


def sites(db: Database) -> tuple[SiteInfo, ...]:
    """The sites in use, by name."""
    with db.read() as tx:
        return queries.sites(tx)


def site_services(db: Database, site_id: int) -> tuple[SiteService, ...]:
    """What a visit there can be about, with how many wait for it and how long one would."""
    with db.read() as tx:
        return queries.site_services(tx, site_id)


def line(db: Database, site_id: int) -> SiteLine:
    """A site now, in one statement; raises NotFound."""
    with db.read() as tx:
        return queries.line(tx, site_id, tx.now.astimezone(_LONDON).date())


def find(db: Database, site_id: int, text: str) -> tuple[Match, ...]:
    """Who a visitor may be: today's appointments first, by reference or name, then customers."""
    text = text.strip()
    if len(text) < _SHORTEST:
        return ()
    known = customers.search(db, text, _MATCHES)
    with db.read() as tx:
        begins = datetime.combine(tx.now.astimezone(_LONDON).date(), time(), _LONDON)
        booked = queries.booked(tx, site_id, text, begins, begins + timedelta(days=1))
        awaited = {each.customer_id for each in booked}
        others = queries.people(tx, [each for each in known if each.id not in awaited])
    return (*booked, *others)[:_MATCHES]


def check_in(db: Database, said: CheckIn) -> tuple[CheckedIn, Changes]:
    """Put somebody into the line; the same key again gives the same ticket.

    At a desk it carries the room that is proposed for them. What a known customer needs is kept
    with them. Raises NotFound, Conflict with words, and InvalidInput for a number that no text can
    go to.
    """
    said = with_mobile(said)
    with db.write() as tx:
        before = queries.site_services(tx, said.site_id)
        contact_id, ticket = queries.check_in(tx, said)
        if said.customer_id is not None and tx.actor is not None:
            keep_needs(tx, said.customer_id, said.needs, said.language)
        known = said.customer_id or said.appointment_id or Need.PRIVATE_ROOM in said.needs
        proposal = rooms.proposal(tx, contact_id) if tx.actor is not None and known else None
        own = next((each for each in before if each.service_id == said.service_id), None)
        waiting, wait = (own.waiting, own.wait_seconds) if own else (0, None)
        return CheckedIn(contact_id, ticket, waiting + 1, wait, proposal), tx.changes


def keep_needs(tx: Tx, customer_id: int, needs: tuple[Need, ...], language: str) -> None:
    """What a visitor needs is written down with the customer, in this transaction."""
    spoken = language if language != "en" else ""
    words = [need_words(each, spoken if each is Need.INTERPRETER else "") for each in needs]
    queries.keep_needs(tx, customer_id, words)


def with_mobile(said: CheckIn) -> CheckIn:
    """The arrival with its number as +44…; raises InvalidInput for none that can be texted."""
    if not said.phone.strip():
        return said
    phone = mobile(said.phone)
    if phone is None:
        words = "This is no mobile number that can be texted. Correct it, or leave it empty."
        raise InvalidInput(words, fields={"phone": words})
    return replace(said, phone=phone)


def answer_now(db: Database, said: AnsweredNow) -> Changes:
    """Count a quick question that was answered at the counter; once for each key."""
    with db.write() as tx:
        queries.answered(tx, said)
        return tx.changes


def call_next(db: Database, place_id: int) -> tuple[Called | None, Changes]:
    """Call whoever is next for the desk where this person works; None: nobody waits for it, or
    nobody who would be done before its next appointment.

    The call carries the room that is proposed for them. Raises NotAllowed when they do not work
    there, Conflict while somebody is called or there.
    """
    with db.write() as tx:
        return queries.call_next(tx, place_id), tx.changes


def call(db: Database, contact_id: int, place_id: int) -> tuple[Called, Changes]:
    """Call this one, out of turn; raises as `call_next`, and Taken(by) when somebody was faster."""
    with db.write() as tx:
        return queries.call_one(tx, contact_id, place_id), tx.changes


def recall(db: Database, contact_id: int) -> tuple[Called, Changes]:
    """Call once more whoever did not come."""
    with db.write() as tx:
        return queries.recall(tx, contact_id), tx.changes


def serve(db: Database, contact_id: int) -> Moved:
    """Whoever was called is there: their wait is over."""
    with db.write() as tx:
        queries.serve(tx, contact_id)
        return taking.as_it_is(tx, contact_id)


def no_show(db: Database, contact_id: int) -> Moved:
    """They were called as often as the site wants, and did not come."""
    return _move(db, contact_id, ContactState.NO_SHOW)


def back_to_line(db: Database, contact_id: int) -> Moved:
    """They wait again, in their old place."""
    return _move(db, contact_id, ContactState.QUEUED)


def left(db: Database, contact_id: int) -> Moved:
    """They went without being seen."""
    return _move(db, contact_id, ContactState.LEFT)


def transfer(db: Database, contact_id: int, to: To, note: str) -> Moved:
    """To another desk, room or service; their ticket and place in the line stay theirs."""
    with db.write() as tx:
        queries.transfer(tx, contact_id, to, note.strip())
        return taking.as_it_is(tx, contact_id)


def at(db: Database, place_id: int | None) -> Changes:
    """This person works at that desk or room now; None: nowhere any more."""
    with db.write() as tx:
        queries.be_at(tx, place_id)
        return tx.changes


def reserve(db: Database, site_id: int, computer: str) -> TicketNumbers:
    """Numbers that this computer may give today while the database is away; always the same."""
    with db.write() as tx:
        return queries.reserve(tx, site_id, computer)


def _move(db: Database, contact_id: int, to: ContactState) -> Moved:
    with db.write() as tx:
        queries.move(tx, contact_id, to)
        return taking.as_it_is(tx, contact_id)
