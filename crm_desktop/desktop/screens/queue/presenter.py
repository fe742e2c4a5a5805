"""What the queue shows and when it asks again: nothing is read twice, nothing waits for a poll."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.desktop.screens.queue.placing import Place, merged, order, place_of
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import (
    Cursor,
    Moved,
    QueueCounts,
    QueueFilter,
    QueueInfo,
    QueueNews,
    QueuePage,
    QueueRow,
    SavedViewInfo,
    ServiceInfo,
)
from crm_desktop.services import Database
from crm_desktop.services import queue as queues

PAGE = 50
#: A list longer than this is read again only as far as this.
_LONGEST_RELOAD = 200
#: More strangers than this at once: one page is cheaper than asking who they are.
_MOST_STRANGERS = 50
#: Two hundred desktops must not ask in the same instant.
_JITTER_MS = (150, 300)
_COUNT_MS = (800, 1_600)

Later = Callable[[int, Callable[[], None]], None]


class QueueView(Protocol):
    """What the presenter asks of the screen."""

    def show_rows(
        self, mine: tuple[QueueRow, ...], waiting: tuple[QueueRow, ...], *, more: bool
    ) -> None:
        """Show these and nothing else; `more`: the list goes on below."""

    def show_counts(self, counts: QueueCounts) -> None:
        """Show how many there are, in chips and title."""

    def show_filter(self, wanted: QueueFilter) -> None:
        """Show which filter is in force."""

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        views: tuple[SavedViewInfo, ...],
    ) -> None:
        """Fill the filters and the menu of saved views."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say why the list may be old; None: it is fresh."""


class QueuePresenter(Presenter):
    """Keeps one person's queue as the database has it.

    `me` is the id of who is signed in, `now` the database's time in UTC, `later` runs something
    on the same thread after milliseconds.
    """

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: QueueView,
        *,
        me: int,
        now: Callable[[], datetime],
        later: Later,
        wanted: QueueFilter | None = None,
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._me = me
        self._now = now
        self._later = later
        self._filter = wanted or QueueFilter()
        self._mine: tuple[QueueRow, ...] = ()
        self._waiting: tuple[QueueRow, ...] = ()
        self._more: Cursor | None = None
        self._touched: set[int] = set()
        self._reading = self._loading_more = False
        self._paging_soon = self._counting_soon = self._filling_soon = False
        self._count_calls = 0
        self._counted_at = datetime.min.replace(tzinfo=UTC)

    @property
    def wanted(self) -> QueueFilter:
        """The filter in force."""
        return self._filter

    def start(self) -> None:
        """Read the first page and the counts."""
        self._view.show_filter(self._filter)
        self.reload()

    def go_on(self) -> None:
        """They are drawn: read the choices."""
        self._read_choices()

    def filter(self, wanted: QueueFilter) -> None:
        """Show another part of the queue."""
        if wanted == self._filter:
            return
        self._filter = wanted
        self._waiting = ()
        self._view.show_filter(wanted)
        self.reload()

    def reload(self) -> None:
        """Read what is shown again, as far as it was scrolled."""
        size = min(max(PAGE, len(self._waiting)), _LONGEST_RELOAD)
        self._tasks.read(
            partial(queues.page, self._db, self._filter, None, size),
            self._show_page,
            failed=self._view.show_trouble,
            key="page",
        )

    def load_more(self) -> None:
        """Read the next page: the end of the list came into sight."""
        if self._more is None or self._loading_more:
            return
        self._loading_more = True
        self._tasks.read(
            partial(queues.page, self._db, self._filter, self._more, PAGE),
            partial(self._append_page, self._filter),
            failed=self._not_more,
        )

    def changed(self, changes: Changes) -> None:
        """Read again only what is on the screen, or might come onto it."""
        if Topic.EVERYTHING in {change.topic for change in changes.items}:
            self.reload()
            self._read_choices()
            return
        self._touched |= changes.ids(Topic.CONTACT)
        if looked_at := changes.ids(Topic.LOOKING):
            self._touched |= looked_at & self._shown()
        # What waits is counted by a gateway, which says so; what is in hand is seen by `_place`.
        if changes.has(Topic.QUEUE_STAT):
            self._count_soon()
        self._read_touched()

    def moved(self, moved: Moved) -> None:
        """This person moved a contact: it stands where it belongs now, without a reading."""
        self._place(frozenset({moved.contact_id}), (moved.row,) if moved.row else ())

    def save_view(self, name: str) -> None:
        """Keep the filter in force under a name."""
        self._tasks.write(
            partial(queues.save_view, self._db, name, self._filter), self._choices_changed
        )

    def delete_view(self, view_id: int) -> None:
        """Forget a saved view."""
        self._tasks.write(partial(queues.delete_view, self._db, view_id), self._choices_changed)

    def _show_page(self, page: QueuePage) -> None:
        self._mine, self._waiting, self._more = page.mine, page.waiting, page.more
        self._view.show_trouble(None)
        self._show()
        if page.counts is not None:
            self._show_counts(page.counts)

    def _show_counts(self, counts: QueueCounts) -> None:
        self._counted_at = self._now()
        # Before a gateway has counted for the first time, "nothing waits" would be untrue.
        if counts.waiting or not self._waiting:
            self._view.show_counts(counts)

    def _append_page(self, asked: QueueFilter, page: QueuePage) -> None:
        self._loading_more = False
        if asked != self._filter:
            return
        fresh = frozenset(row.id for row in page.waiting)
        self._waiting = merged(self._waiting, fresh, page.waiting)
        self._more = page.more
        self._show()

    def _not_more(self, trouble: CrmError) -> None:
        self._loading_more = False
        self._view.show_trouble(trouble)

    def _read_touched(self) -> None:
        """One reading at a time: what is touched meanwhile goes with the next."""
        if self._reading or not self._touched:
            return
        if len(self._touched) > _MOST_STRANGERS:
            strangers = self._touched - self._shown()
            if len(strangers) > _MOST_STRANGERS:
                self._page_soon()
                self._touched -= strangers
        asked, self._touched = frozenset(self._touched), set()
        if asked:
            self._reading = True
            # While contacts change all the time, this brings the counts and nobody asks again.
            counting = self._counting_soon and self._counts_are_old()
            self._counting_soon &= not counting
            self._tasks.read(
                partial(queues.news, self._db, asked, self._filter, counting=counting),
                partial(self._apply, asked, self._filter),
                failed=self._not_read,
            )

    def _shown(self) -> set[int]:
        return {row.id for row in (*self._mine, *self._waiting)}

    def _counts_are_old(self) -> bool:
        return self._now() >= self._counted_at + timedelta(milliseconds=_COUNT_MS[0])

    def _not_read(self, trouble: CrmError) -> None:
        self._reading = False
        self._view.show_trouble(trouble)

    def _apply(self, asked: frozenset[int], wanted: QueueFilter, news: QueueNews) -> None:
        self._reading = False
        if wanted == self._filter:
            self._place(asked, news.rows)
        if news.counts is not None:
            self._show_counts(news.counts)
        self._read_touched()

    def _place(self, asked: frozenset[int], rows: tuple[QueueRow, ...]) -> None:
        """Put contacts that were asked for where they belong now, or nowhere."""
        now, mine, inside = self._now(), list[QueueRow](), list[QueueRow]()
        for row in rows:
            place = place_of(row, self._filter, self._me, now)
            if place is Place.MINE:
                mine.append(row)
            elif place is Place.WAITING and self._is_in_sight(row):
                inside.append(row)
        before = self._mine, self._waiting
        self._mine = merged(self._mine, asked, mine)
        self._waiting = merged(self._waiting, asked, inside)
        if {row.id for row in self._mine} != {row.id for row in before[0]}:
            self._count_soon()
        # Own changes come twice, and most of others' concern what is not shown.
        if (self._mine, self._waiting) != before:
            self._show()
        if len(self._waiting) < PAGE:
            self._fill_up_soon()

    def _is_in_sight(self, row: QueueRow) -> bool:
        """Whether a row sorts within what was read so far."""
        return self._more is None or order(row) <= order(self._more)

    def _show(self) -> None:
        self._view.show_rows(self._mine, self._waiting, more=self._more is not None)

    def _page_soon(self) -> None:
        if not self._paging_soon:
            self._paging_soon = True
            self._later(random.randint(*_JITTER_MS), self._page_now)  # noqa: S311 - no secret

    def _fill_up_soon(self) -> None:
        """Read on when too little is left of what was read; what is shown stays as it is."""
        if self._more is not None and not self._filling_soon:
            self._filling_soon = True
            self._later(random.randint(*_JITTER_MS), self._fill_up_now)  # noqa: S311 - no secret

    def _fill_up_now(self) -> None:
        self._filling_soon = False
        self.load_more()

    def _page_now(self) -> None:
        self._paging_soon = False
        self.reload()

    def _count_soon(self) -> None:
        if not self._counting_soon:
            self._counting_soon = True
            self._count_calls += 1
            count = partial(self._count, self._count_calls)
            self._later(random.randint(*_COUNT_MS), count)  # noqa: S311 - no secret

    def _count(self, call: int) -> None:
        # They came with rows meanwhile; if they are wanted again, that is for the later call.
        if not self._counting_soon or call != self._count_calls:
            return
        self._counting_soon = False
        self._tasks.read(
            partial(queues.counts, self._db),
            self._show_counts,
            failed=self._view.show_trouble,
            key="counts",
        )

    def _choices_changed(self, _nothing: None) -> None:
        self._read_choices()

    def _read_choices(self) -> None:
        self._tasks.read(
            partial(_choices, self._db), self._show_choices, failed=self._view.show_trouble
        )

    def _show_choices(
        self,
        found: tuple[tuple[QueueInfo, ...], tuple[ServiceInfo, ...], tuple[SavedViewInfo, ...]],
    ) -> None:
        self._view.show_choices(*found)


def _choices(
    db: Database,
) -> tuple[tuple[QueueInfo, ...], tuple[ServiceInfo, ...], tuple[SavedViewInfo, ...]]:
    return queues.queues(db), queues.services(db), queues.saved_views(db)
