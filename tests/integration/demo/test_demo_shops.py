"""The demo's shop is alive: a line, people at desks, a served morning, and figures that add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_desktop.demo.centre import Outside
from crm_desktop.demo.load import load
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import CheckedInBy, CheckIn, PlaceKind, SiteLine
from crm_desktop.services import visits
from crm_desktop.store import migrate, signed_in
from crm_desktop.store.database import Database, Target
from tests.centre import MIGRATIONS


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """The whole demo, as Khadija Imran of the desk sees it."""
    path = tmp_path_factory.mktemp("demo") / "crm.db"
    db = Database(Target(f"sqlite:///{path}", "k.imran"))
    migrate.upgrade(db, MIGRATIONS)
    outside = Outside(2525, "http://127.0.0.1:1/open311", "harland")
    load(db, Path(__file__).parents[3] / "resources", outside, contacts=60)
    with db.read() as tx:
        db.actor = signed_in.whoami(tx, "k.imran")
    return db


@pytest.fixture(scope="module")
def shown(demo: Database) -> SiteLine:
    """The Guildhall's line."""
    (guildhall,) = (each for each in visits.sites(demo) if each.code == "guildhall")
    return visits.line(demo, guildhall.id)


def test_both_sites_are_there(demo: Database) -> None:
    found = {each.name: each for each in visits.sites(demo)}
    assert set(found) == {"Guildhall one-stop-shop", "Eastgate library"}
    library = visits.line(demo, found["Eastgate library"].id)
    assert [each.name for each in library.places] == ["Desk 1", "Desk 2"]
    keys = [each.key for each in visits.site_services(demo, found["Eastgate library"].id)]
    assert keys == [1, 2, 3]


def test_people_wait_and_are_seen(shown: SiteLine) -> None:
    waiting = [each for each in shown.rows if each.state is ContactState.QUEUED]
    assert [each.who for each in waiting] == ["R. Doyle", "", "A. Nowak", "K. Lindqvist"]
    at_desks = {each.name for each in shown.places if each.visit_id}
    assert at_desks == {"Desk 1", "Desk 4", "Interview 2"}
    (secure,) = (each for each in shown.places if each.kind is PlaceKind.SECURE)
    assert secure.held_for == "police interview"
    partners = {each.partner for each in shown.places if each.partner}
    assert partners == {"Harland Vale Police", "Citizens Advice", "Vale Homes"}


def test_the_day_adds_up(shown: SiteLine) -> None:
    day = shown.day
    parts = day.waiting + day.served + day.answered_now + day.left_unseen + day.no_shows
    assert day.footfall == parts


def test_the_next_number_follows(demo: Database, shown: SiteLine) -> None:
    (guildhall,) = (each for each in visits.sites(demo) if each.code == "guildhall")
    (housing,) = (each for each in visits.site_services(demo, guildhall.id) if each.letter == "H")
    given = [each.ticket.number for each in shown.rows if each.ticket and each.ticket.letter == "H"]
    said = CheckIn("a" * 32, guildhall.id, housing.service_id, CheckedInBy.DESK)
    checked, _ = visits.check_in(demo, said)
    assert checked.ticket.number == max(given) + 1
    assert checked.wait_seconds is not None
