"""What a desktop asks about huddles, and what it does not, on a real database, without widgets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, event, func, select

from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.huddles.presenter import HuddlePresenter
from crm_desktop.desktop.screens.team.decisions_presenter import DecisionsPresenter
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.decisions import Decision
from crm_desktop.domain.errors import CrmError, NotFound
from crm_desktop.domain.huddles import Hearers, Huddle, Scope
from crm_desktop.services import Database, huddles
from crm_desktop.store.models import HuddleReceipt
from tests.centre import Centre
from tests.integration.conftest import sqlite_centre

__all__ = ["sqlite_centre"]

ALL = Hearers(Scope.ALL)


class Desk:
    """A desktop without widgets: its view, its clock, and what it put off."""

    def __init__(self, db: Database) -> None:
        self.shown: list[str] = []
        self.troubles: list[CrmError] = []
        self.done: list[str] = []
        self.asked = 0
        self.put_off: list[tuple[int, Callable[[], None]]] = []
        with db.read() as tx:
            self.time: datetime = tx.now
        event.listen(db.engine, "before_cursor_execute", self._count)

    def _count(self, _c: object, _cursor: object, statement: str, *_: object) -> None:
        self.asked += "huddle" in statement or "safety_marker" in statement

    def now(self) -> datetime:
        return self.time

    def later(self, milliseconds: int, call: Callable[[], None]) -> None:
        self.put_off.append((milliseconds, call))

    def show_huddles(self, unread: tuple[Huddle, ...]) -> None:
        self.shown = [each.words for each in unread]

    def show_decisions(self, waiting: tuple[Decision, ...]) -> None:
        self.shown = [each.title for each in waiting]

    def show_done(self, words: str) -> None:
        self.done.append(words)

    def show_trouble(self, trouble: CrmError) -> None:
        self.troubles.append(trouble)


@pytest.fixture
def anna(sqlite_centre: Centre) -> Database:
    """An advisor."""
    return sqlite_centre.as_person("anna")


def _presenter(db: Database, desk: Desk) -> HuddlePresenter:
    made = HuddlePresenter(db, ImmediateTasks(), desk, now=desk.now, later=desk.later)
    made.start()
    return made


def test_it_goes_by_itself_when_it_expires(sqlite_centre: Centre, anna: Database) -> None:
    rose, desk = sqlite_centre.as_person("rose"), Desk(anna)
    huddles.send(rose, ALL, "Soon over", timedelta(minutes=1))
    huddles.send(rose, ALL, "Stays", timedelta(hours=1))

    _presenter(anna, desk)
    assert desk.shown == ["Soon over", "Stays"]
    wait, call = desk.put_off[-1]
    assert 50_000 < wait <= 61_000
    desk.time += timedelta(milliseconds=wait)
    call()

    assert desk.shown == ["Stays"]


def test_that_others_read_it_asks_nobody(sqlite_centre: Centre, anna: Database) -> None:
    rose, desk = sqlite_centre.as_person("rose"), Desk(anna)
    presenter = _presenter(anna, desk)
    presenter.changed(huddles.send(rose, ALL, "One", timedelta(hours=1)))
    (shown,) = huddles.unread(anna)
    before = desk.asked

    presenter.changed(huddles.read(sqlite_centre.as_person("ben"), shown.id))
    presenter.changed(Changes.of(Topic.CONTACT, 1, 2, 3))
    assert desk.asked == before

    presenter.changed(huddles.read(sqlite_centre.as_person("anna"), shown.id))
    assert desk.shown == [], "they read it at another desktop"


def test_what_could_not_be_kept_is_told(sqlite_centre: Centre, anna: Database) -> None:
    rose, desk = sqlite_centre.as_person("rose"), Desk(anna)
    huddles.send(rose, ALL, "One", timedelta(hours=1))
    presenter = _presenter(anna, desk)
    (shown,) = huddles.unread(anna)
    with sqlite_centre.as_owner().write() as tx:
        tx.session.execute(delete(HuddleReceipt))

    presenter.read(shown.id)

    assert isinstance(desk.troubles[0], NotFound)
    with sqlite_centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(HuddleReceipt)) == 0


def test_decisions_are_read_at_most_once_a_second(sqlite_centre: Centre) -> None:
    rose = sqlite_centre.as_person("rose")
    desk = Desk(rose)
    presenter = DecisionsPresenter(rose, ImmediateTasks(), desk, later=desk.later)
    presenter.changed(Changes.of(Topic.CONTACT, 1))
    assert desk.asked == 0, "nobody looks yet"
    presenter.start()
    assert desk.asked == 1

    for number in range(50):
        presenter.changed(Changes.of(Topic.CONTACT, number))
    assert desk.asked == 1
    desk.put_off[-1][1]()
    assert desk.asked == 2
    desk.put_off[-1][1]()

    assert desk.asked == 2
