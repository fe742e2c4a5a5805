"""Filling an empty database with the demo centre: a few hundred contacts, or millions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from random import Random

from crm_desktop.demo import centre as catalogue
from crm_desktop.demo import chats, content, history, shops, team, telephones
from crm_desktop.demo.centre import Ids, Outside
from crm_desktop.demo.content import DemoCentre
from crm_desktop.demo.population import Population
from crm_desktop.demo.rows import ContactRows, write_customers
from crm_desktop.demo.traffic import DemoContact, Traffic
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.states import Channel
from crm_desktop.store import bulk, people
from crm_desktop.store.database import Database
from crm_desktop.store.models import Case, Contact, Customer, Event, Message

#: Today's contacts of a small demo, and how many of a large one are still open.
TODAY = 300
_OPEN_OF_TODAY = 100
_OPEN_OF_MANY = 5_000
_CHUNK = 10_000

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """How much was written."""

    customers: int
    contacts: int


def is_loaded(db: Database) -> bool:
    """Whether anybody works in this database already."""
    with db.read() as tx:
        return bool(people.active_staff(tx))


def load(
    db: Database,
    resources: Path,
    outside: Outside,
    *,
    contacts: int = TODAY,
    still_open: int | None = None,
    seed: int = 20_26,
    progress: Progress | None = None,
) -> Loaded:
    """Write the whole demo centre; the database must be migrated and empty.

    `contacts` of `TODAY` or fewer are the last days'; more reach back a year. `still_open` of them
    wait or are parked, else as many as fit. `progress` hears (done, all) contacts.
    """
    council = content.load(resources / "demo")
    with db.write() as tx:
        ids = catalogue.write(tx, council, outside)
        now = tx.now
    rng = Random(seed)  # noqa: S311 - a demo is to be the same every time
    how_many = max(200, min(contacts // 4, 150_000))
    population = Population(council, rng, now.date())
    traffic = Traffic(council, population, rng, now, how_many)
    rows = ContactRows(
        ids=ids,
        calendars={
            queue.code: next(
                each.hours for each in council.calendars if each.code == queue.calendar
            )
            for queue in council.queues
        },
        first_contact=1,
        first_customer=1,
        next_case=1,
        our_address=council.council.email,
    )
    if still_open is None:
        still_open = _OPEN_OF_MANY if contacts >= 4 * _OPEN_OF_MANY else _OPEN_OF_TODAY
    # A small demo reaches back over a weekend, so that some of what waits is late on any day.
    span = timedelta(days=365 if contacts > TODAY else 4)
    arriving = traffic.contacts(contacts, span=span, open_count=min(still_open, contacts))
    with bulk.without_search_triggers(db.write):
        _customers(db, population, how_many)
        came = _contacts(db, arriving, rows, contacts, progress)
    with db.write() as tx:
        bulk.sync_identity(tx, Customer, Contact, Case, Message, Event)
    with db.write() as tx:
        # A centre to look at has people at work; one to measure is as quiet as it was asked for.
        if contacts <= TODAY:
            team.write(tx, ids)
            history.write(tx, _lines(council, ids, came, span.days), now - span, rng)
            telephones.write(tx, council, ids, rng)
            chats.write(tx, ids, council.council.web)
            shops.write(tx, ids)
        bulk.analyse(tx)
    return Loaded(how_many, contacts)


def _customers(db: Database, population: Population, count: int) -> None:
    numbered = population.customers(count)
    while chunk := list(islice(numbered, _CHUNK)):
        with db.write() as tx:
            write_customers(tx, 1, chunk)


def _contacts(
    db: Database,
    arriving: Iterator[DemoContact],
    rows: ContactRows,
    count: int,
    progress: Progress | None,
) -> Counter[tuple[str, Channel]]:
    """Write them; how many came, by the code of their queue and by channel."""
    done = 0
    came: Counter[tuple[str, Channel]] = Counter()
    while chunk := list(islice(arriving, _CHUNK)):
        for contact in chunk:
            rows.add(contact)
            came[contact.queue, contact.channel] += 1
        with db.write() as tx:
            rows.write(tx)
        done += len(chunk)
        if progress is not None:
            progress(done, count)
    return came


def _lines(
    council: DemoCentre, ids: Ids, came: Counter[tuple[str, Channel]], days: int
) -> list[history.Line]:
    """What came to each queue on each channel a day, and how soon it is to be answered."""
    hours = {queue.code: catalogue.calendar_of(council, queue.calendar) for queue in council.queues}
    return [
        (
            ids.queues[code],
            channel,
            count / days,
            int(CHANNEL_TARGETS[channel].length(hours[code]).total_seconds()),
        )
        for (code, channel), count in sorted(came.items())
    ]


def add_logins(db: Database, password: str) -> None:
    """PostgreSQL: a login for everybody of the demo and for the gateway, all with one password."""
    with db.write() as tx:
        for person in people.active_staff(tx):
            people.create_login(tx, person.login, f"crm_{person.role}", password)
        people.create_login(tx, "gateway", "crm_gateway", password)
