"""What the queue reads again, and what it does not, on a real database without any widget."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.queue import presenter
from crm_desktop.desktop.screens.queue.presenter import QueuePresenter
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import (
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
)
from crm_desktop.services import Target, contacts, queue
from crm_desktop.store.models import QueueStat
from tests.centre import Centre, build_sqlite_template
from tests.servers.postgres import exclusive


class FakeView:
    """What the screen would show."""

    def __init__(self) -> None:
        self.shown = 0
        self.mine: list[int] = []
        self.waiting: list[int] = []
        self.more = False
        self.views: list[str] = []
        self.trouble: CrmError | None = None

    def show_rows(
        self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...], *, more: bool
    ) -> None:
        self.mine, self.waiting = [row.id for row in mine], [row.id for row in waiting]
        self.more = more
        self.shown += 1

    def show_counts(self, counts: QueueCounts) -> None:
        self.counts = counts

    def show_filter(self, wanted: QueueFilter) -> None:
        self.wanted = wanted

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        views: tuple[SavedViewInfo, ...],
    ) -> None:
        self.views = [each.name for each in views]

    def show_trouble(self, trouble: CrmError | None) -> None:
        self.trouble = trouble


class Room:
    """A presenter, its view, what waits to be done later, and how often SQL was asked."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.view = FakeView()
        self.later: list[Callable[[], None]] = []
        self.asked = 0
        db = centre.as_person("anna")
        event.listen(db.engine, "before_cursor_execute", self._count)
        assert db.actor is not None
        self.presenter = QueuePresenter(
            db,
            ImmediateTasks(),
            self.view,
            me=db.actor.id,
            now=lambda: datetime.now(UTC),
            later=lambda _, call: self.later.append(call),
        )
        self.presenter.start()
        self.presenter.go_on()

    def touch(self, *ids: int) -> None:
        self.presenter.changed(Changes.of(Topic.CONTACT, *ids))

    def run_later(self) -> None:
        waiting, self.later = self.later, []
        for call in waiting:
            call()

    def _count(self, *_: object) -> None:
        self.asked += 1


@pytest.fixture
def centre(tmp_path: Path, shared_directory: Path) -> Iterator[Centre]:
    template = shared_directory / "centre.db"
    with exclusive(shared_directory / "centre.lock"):
        if not template.exists():
            build_sqlite_template(template)
    path = tmp_path / "centre.db"
    shutil.copyfile(template, path)
    made = Centre(Target(f"sqlite:///{path}"), path=path)
    yield made
    made.close()


def counted(centre: Centre, waiting: int) -> None:
    """What a gateway would write."""
    with centre.as_owner().write() as tx:
        tx.session.merge(
            QueueStat(
                queue_id=centre.queue_id("general"),
                channel="email",
                waiting=waiting,
                overdue=0,
                oldest_at=due(0),
            )
        )


def due(hours: int) -> datetime:
    return datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=hours)


def test_the_first_page_is_in_order_of_the_next_breach(centre: Centre) -> None:
    late, soon = centre.add_contact(due_at=due(9)), centre.add_contact(due_at=due(1))

    room = Room(centre)

    assert room.view.waiting == [soon, late]


def test_a_new_contact_is_put_in_its_place(centre: Centre) -> None:
    first, last = centre.add_contact(due_at=due(1)), centre.add_contact(due_at=due(9))
    room = Room(centre)
    between = centre.add_contact(due_at=due(5))

    room.touch(between)

    assert room.view.waiting == [first, between, last]


def test_what_a_colleague_took_leaves_the_list(centre: Centre) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)
    contacts.take(centre.as_person("ben"), contact_id)

    room.touch(contact_id)

    assert room.view.waiting == []


def test_what_i_took_moves_into_my_hands(centre: Centre) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)
    contacts.take(centre.as_person("anna"), contact_id)

    room.touch(contact_id)

    assert (room.view.mine, room.view.waiting) == ([contact_id], [])


def test_a_contact_of_a_queue_that_is_not_mine_never_appears(centre: Centre) -> None:
    room = Room(centre)

    room.touch(centre.add_contact(queue="care"))

    assert room.view.waiting == []


def test_more_is_read_when_the_end_comes_into_sight(centre: Centre) -> None:
    ids = [centre.add_contact(due_at=due(at)) for at in range(60)]
    room = Room(centre)
    assert (room.view.waiting, room.view.more) == (ids[:50], True)

    room.presenter.load_more()

    assert (room.view.waiting, room.view.more) == (ids, False)


def test_a_contact_beyond_what_was_read_changes_nothing(centre: Centre) -> None:
    ids = [centre.add_contact(due_at=due(at)) for at in range(60)]
    room = Room(centre)

    before = room.view.shown

    room.touch(centre.add_contact(due_at=due(99)))

    assert (room.view.waiting, room.view.shown) == (ids[:50], before)


def test_the_end_is_filled_up_after_a_moment(centre: Centre) -> None:
    ids = [centre.add_contact(due_at=due(at)) for at in range(60)]
    room = Room(centre)
    contacts.take(centre.as_person("ben"), ids[0])

    room.touch(ids[0])
    assert room.view.waiting == ids[1:50]
    room.run_later()

    assert room.view.waiting == ids[1:]


def test_a_long_list_stays_as_far_as_it_was_read_when_a_row_leaves_it(centre: Centre) -> None:
    ids = [centre.add_contact(due_at=due(at)) for at in range(110)]
    room = Room(centre)
    room.presenter.load_more()
    contacts.take(centre.as_person("ben"), ids[0])
    before = room.asked

    room.touch(ids[0])
    read = room.asked - before
    room.later.clear()
    room.touch(ids[0])

    assert room.view.waiting == ids[1:100]
    assert room.asked - before == 2 * read


def test_a_flood_of_strangers_costs_one_page_not_a_query_each(centre: Centre) -> None:
    centre.add_contact()
    room = Room(centre)
    before = room.asked

    for start in range(0, 5_000, 500):
        room.touch(*range(10_000 + start, 10_500 + start))
    assert room.asked == before
    room.run_later()

    assert room.asked - before <= 12


def test_a_filter_shows_a_part_and_keeps_to_it(centre: Centre) -> None:
    mail = centre.add_contact()
    form = centre.add_contact(channel=Channel.WEB_FORM)
    room = Room(centre)

    room.presenter.filter(QueueFilter(channels=frozenset({Channel.WEB_FORM})))
    room.touch(mail, form)

    assert room.view.waiting == [form]


def test_a_view_is_saved_under_its_name_and_deleted(centre: Centre) -> None:
    room = Room(centre)

    room.presenter.save_view("Forms")

    assert room.view.views == ["Forms"]


def test_after_the_database_was_away_everything_is_read_again(centre: Centre) -> None:
    room = Room(centre)
    new = centre.add_contact()

    room.presenter.changed(Changes.everything())

    assert room.view.waiting == [new]


def test_what_this_person_takes_is_theirs_without_another_reading(centre: Centre) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)
    moved = contacts.take(centre.as_person("anna"), contact_id)
    asked = room.asked

    room.presenter.moved(moved)

    assert (room.view.mine, room.view.waiting) == ([contact_id], [])
    assert room.asked == asked


def test_what_goes_out_of_this_persons_sight_leaves_the_list(centre: Centre) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    care = next(each.id for each in queue.queues(anna) if each.code == "care")

    room.presenter.moved(contacts.transfer(anna, contact_id, queue_id=care))

    assert (room.view.mine, room.view.waiting) == ([], [])


def test_nothing_is_said_of_how_many_wait_before_a_gateway_has_counted(centre: Centre) -> None:
    centre.add_contact()

    assert not hasattr(Room(centre).view, "counts")


def test_how_many_wait_is_asked_when_a_gateway_counted_not_when_a_colleague_works(
    centre: Centre,
) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)

    room.touch(contact_id)
    of_a_colleague = len(room.later)
    room.presenter.changed(Changes.of(Topic.QUEUE_STAT, 1))
    room.presenter.changed(Changes.of(Topic.QUEUE_STAT, 2))
    of_the_gateway = len(room.later)

    assert (of_a_colleague, of_the_gateway) == (0, 1)


def test_counts_that_are_wanted_come_with_rows_and_are_not_asked_for_as_well(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenter, "_COUNT_MS", (0, 0))
    contact_id, gateway = centre.add_contact(), Changes.of(Topic.QUEUE_STAT, 1)
    room = Room(centre)

    counted(centre, 4)
    room.presenter.changed(gateway | Changes.of(Topic.CONTACT, contact_id))
    with_rows, asked = room.view.counts.waiting, room.asked
    room.run_later()
    asked_later = room.asked - asked
    counted(centre, 5)
    room.presenter.changed(gateway)
    room.run_later()

    assert (with_rows, asked_later, room.view.counts.waiting) == (4, 0, 5)


def test_counts_are_not_read_with_rows_sooner_than_alone(centre: Centre) -> None:
    contact_id, gateway = centre.add_contact(), Changes.of(Topic.QUEUE_STAT, 1)
    counted(centre, 4)
    room = Room(centre)

    counted(centre, 5)
    room.presenter.changed(gateway | Changes.of(Topic.CONTACT, contact_id))
    at_once = room.view.counts.waiting
    room.run_later()

    assert (at_once, room.view.counts.waiting) == (4, 5)


def test_what_is_in_my_hands_is_counted_when_it_changes(centre: Centre) -> None:
    contact_id = centre.add_contact()
    room = Room(centre)

    room.presenter.moved(contacts.take(centre.as_person("anna"), contact_id))
    room.run_later()

    assert room.view.counts.mine == 1
