"""A wallboard reads when something moved, as seldom as it may, and shows no restricted queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.wallboard.presenter import WallboardPresenter
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.figure_views import CentreFigures
from crm_desktop.domain.site_figures import SiteFigures
from crm_desktop.store.models import Service, SiteService
from tests.centre import Centre
from tests.integration.conftest import sqlite_centre
from tests.visits_centre import add_site

__all__ = ["sqlite_centre"]


@dataclass
class Wall:
    """What was shown, and what is to be done later."""

    shown: list[CentreFigures] = field(default_factory=list)
    sites: list[SiteFigures] = field(default_factory=list)
    trouble: list[CrmError] = field(default_factory=list)
    later: list[tuple[int, Callable[[], None]]] = field(default_factory=list)

    def show_figures(self, found: CentreFigures) -> None:
        self.shown.append(found)

    def show_site(self, found: SiteFigures) -> None:
        self.sites.append(found)

    def show_trouble(self, trouble: CrmError) -> None:
        self.trouble.append(trouble)

    def do_later(self, milliseconds: int, call: Callable[[], None]) -> None:
        self.later.append((milliseconds, call))

    def wait(self, up_to: int) -> None:
        """What is due within so many milliseconds."""
        due = [call for at, call in self.later if at <= up_to]
        self.later = [each for each in self.later if each[0] > up_to]
        for call in due:
            call()


@pytest.fixture
def wall() -> Wall:
    return Wall()


def presenter(centre: Centre, wall: Wall, login: str = "rose") -> WallboardPresenter:
    db = centre.as_person(login)
    return WallboardPresenter(db, ImmediateTasks(), wall, wall.do_later)


def test_it_reads_at_once_and_then_gathers_what_moves(sqlite_centre: Centre, wall: Wall) -> None:
    made = presenter(sqlite_centre, wall)
    moved = Changes.of(Topic.QUEUE_STAT, 1)
    made.start()
    made.changed(Changes.of(Topic.CUSTOMER, 1))
    for _ in range(5):
        made.changed(moved)
    assert len(wall.shown) == 1

    wall.wait(2_000)
    assert len(wall.shown) == 2
    wall.wait(2_000)
    assert len(wall.shown) == 2
    made.changed(Changes.everything())
    assert len(wall.shown) == 3


def test_it_reads_now_and_then_without_being_told_until_it_stops(
    sqlite_centre: Centre, wall: Wall
) -> None:
    made = presenter(sqlite_centre, wall)
    made.start()
    wall.wait(2_000)
    wall.wait(60_000)
    assert len(wall.shown) == 2

    made.stop()
    wall.wait(60_000)
    wall.wait(60_000)
    made.changed(Changes.of(Topic.STAFF, 1))
    assert len(wall.shown) == 2


def test_no_restricted_queue_is_on_a_wall(sqlite_centre: Centre, wall: Wall) -> None:
    presenter(sqlite_centre, wall).start()

    assert {each.name for each in wall.shown[0].queues} == {
        "General enquiries", "Waste and recycling"
    }  # fmt: skip


def test_whoever_may_not_see_figures_is_told_so(sqlite_centre: Centre, wall: Wall) -> None:
    presenter(sqlite_centre, wall, "anna").start()

    assert wall.shown == []
    assert [each.code for each in wall.trouble] == ["not_allowed"]


def test_it_goes_from_the_centre_to_one_site_after_the_other(
    sqlite_centre: Centre, wall: Wall
) -> None:
    first = add_site(sqlite_centre, "eastgate", services=("missed_bin",))
    second = add_site(sqlite_centre, "guildhall")
    with sqlite_centre.as_owner().write() as tx:
        hidden = tx.session.scalars(select(Service.id).where(Service.restricted)).first()
        assert hidden is not None
        tx.session.add(SiteService(site_id=first, service_id=hidden, letter="S", key=9))
    made = presenter(sqlite_centre, wall)
    made.start()
    for _ in range(2):
        made.next_site()
    assert [each.site_id for each in wall.sites] == [first, second]
    # Everybody in the room reads it.
    assert hidden not in wall.sites[0].services
    before = len(wall.sites)
    made.changed(Changes.of(Topic.SITE, first))
    made.changed(Changes.of(Topic.QUEUE_STAT, 1))
    wall.wait(2_000)
    assert len(wall.sites) == before
    made.changed(Changes.of(Topic.SITE, second))
    assert len(wall.sites) == before + 1
    wall.wait(2_000)
    made.next_site()
    assert len(wall.shown) == 2
