"""Keeps the list of open contacts as the database has it, and moves many of them at once."""

from __future__ import annotations

import random
from bisect import insort
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.desktop.screens.team.contacts_menu import PRIORITIES
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.reassigning import (
    Answered,
    BulkChange,
    Candidate,
    CloseAsSpam,
    OneAnswer,
    Park,
    Reassigned,
    SetDue,
    SetPriority,
    Skipped,
    ToPeople,
    ToQueue,
    WorkFilter,
    WorkPage,
    WorkRow,
)
from crm_desktop.domain.views import Cursor, QueueInfo, ServiceInfo, TemplateInfo
from crm_desktop.services import Database, canned, reassign
from crm_desktop.services import queue as queues

PAGE = 100
#: All that fit are read at once when they are all chosen.
ALL = 10_000
#: More strangers than this at once: one page is cheaper than asking who they are.
_MOST_STRANGERS = 50
_JITTER_MS = (150, 300)
#: How many fit is asked again this long after something came or went.
_COUNT_MS = (1_500, 2_500)
_NEVER = datetime.max.replace(tzinfo=UTC)

Later = Callable[[int, Callable[[], None]], None]
Choices = tuple[
    tuple[QueueInfo, ...], tuple[ServiceInfo, ...], tuple[Candidate, ...], tuple[TemplateInfo, ...]
]


class ContactsView(Protocol):
    """What the presenter asks of the pane."""

    def show_rows(self, rows: Sequence[WorkRow], *, more: bool) -> None:
        """Show these and nothing else; `more`: the list goes on below."""

    def show_total(self, total: int) -> None:
        """Say how many fit the filter in all."""

    def show_filter(self, wanted: WorkFilter) -> None:
        """Show which filter is in force."""

    def show_choices(
        self,
        queues: tuple[QueueInfo, ...],
        services: tuple[ServiceInfo, ...],
        people: tuple[Candidate, ...],
        templates: tuple[TemplateInfo, ...],
    ) -> None:
        """Fill the filters and the dialogs."""

    def show_people(self, people: tuple[Candidate, ...]) -> None:
        """What everybody has open now."""

    def choose_all(self) -> None:
        """All that fit are shown: choose them."""

    def show_done(self, said: str, skipped: Sequence[Skipped], *, undo: bool) -> None:
        """Say what was done and what was left alone, and offer to take it back."""

    def show_progress(self, done: int, total: int) -> None:
        """So many of many are answered; of none: it is over."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say what could not be done; None: the list is fresh."""


class ContactsPresenter(Presenter):
    """The open contacts of a team leader's queues.

    `later` runs something on the same thread after milliseconds.
    """

    def __init__(self, db: Database, tasks: Tasks, view: ContactsView, *, later: Later) -> None:
        super().__init__(tasks)
        self._db, self._view, self._later = db, view, later
        self._filter = WorkFilter()
        self._rows: tuple[WorkRow, ...] = ()
        self._more: Cursor | None = None
        self._touched: set[int] = set()
        self._started = self._reading = self._loading_more = False
        self._paging_soon = self._counting_soon = self._asking_soon = False
        self._undo: int | None = None
        self._answers: _Answers | None = None

    @property
    def wanted(self) -> WorkFilter:
        """The filter in force."""
        return self._filter

    def start(self) -> None:
        """Read the first page and the choices."""
        self._started = True
        self._view.show_filter(self._filter)
        self.reload()
        self._tasks.read(
            partial(_choices, self._db), self._show_choices, failed=self._view.show_trouble
        )

    def filter(self, wanted: WorkFilter) -> None:
        """Show others."""
        if wanted == self._filter:
            return
        self._filter = wanted
        self._view.show_filter(wanted)
        if self._started:
            self._rows = self._rows[:PAGE]
            self.reload()

    def reload(self) -> None:
        """Read what is shown again, as far as it was read."""
        size = max(PAGE, len(self._rows))
        self._tasks.read(
            partial(reassign.page, self._db, self._filter, None, size),
            self._show_page,
            failed=self._view.show_trouble,
            key="contacts",
        )

    def load_more(self) -> None:
        """Read the next page: the end of the list came into sight."""
        if self._more is None or self._loading_more:
            return
        self._loading_more = True
        self._tasks.read(
            partial(reassign.page, self._db, self._filter, self._more, PAGE),
            partial(self._append, self._filter),
            failed=self._not_more,
        )

    def choose_all(self) -> None:
        """Choose all that fit, also what was not read yet."""
        if self._more is None:
            self._view.choose_all()
            return
        self._tasks.read(
            partial(reassign.page, self._db, self._filter, None, ALL),
            self._show_all,
            failed=self._view.show_trouble,
            key="contacts",
        )

    def changed(self, changes: Changes) -> None:
        """Read again only what is shown, or might come to be."""
        if not self._started:
            return
        if any(each.topic is Topic.EVERYTHING for each in changes.items):
            self.reload()
        elif touched := changes.ids(Topic.CONTACT):
            self._touched |= touched
            self._read_touched()
        if changes.has(Topic.STAFF):
            self._people_soon()

    def read_people(self) -> None:
        """Read again what everybody has open."""
        self._tasks.read(
            partial(reassign.people, self._db),
            self._view.show_people,
            failed=self._view.show_trouble,
            key="people",
        )

    def give(self, rows: Sequence[WorkRow], to: ToPeople | ToQueue, name: str, note: str) -> None:
        """Give contacts as they were seen; `name` is said of whoever gets them."""
        seen = [each.seen for each in rows]
        said = "moved to" if isinstance(to, ToQueue) else "given to"
        if isinstance(to, ToPeople) and len(to.staff_ids) > 1:
            said = "shared between"
        self._do(partial(reassign.give, self._db, seen, to, note), f"{said} {name}")

    def change(self, rows: Sequence[WorkRow], to: BulkChange) -> None:
        """Change contacts as they were seen."""
        seen = [each.seen for each in rows]
        self._do(partial(reassign.change, self._db, seen, to), _change_words(to))

    def gone_home(self, staff_id: int, name: str, note: str = "") -> None:
        """Somebody has gone home: all that they have goes where the rule says."""
        self._do(
            partial(reassign.gone_home, self._db, staff_id, note), f"taken from {name}, gone home"
        )

    def answer(self, rows: Sequence[WorkRow], text: OneAnswer) -> None:
        """Answer contacts one after the other, until all are or it is given up."""
        if rows and self._answers is None:
            self._answers = _Answers(tuple(rows), text)
            self._view.show_progress(0, len(rows))
            self._answer_next(self._answers)

    def stop_answering(self) -> None:
        """Answer no more; what is answered stands, and can be taken back."""
        if self._answers is not None:
            self._answers.given_up = True

    def take_back(self) -> None:
        """Undo what was done last."""
        batch, self._undo = self._undo, None
        if batch is not None:
            self._tasks.write(
                partial(reassign.undo, self._db, batch),
                self._undone,
                failed=self._view.show_trouble,
            )

    def _do(self, work: Callable[[], Reassigned], said: str) -> None:
        self._tasks.write(work, partial(self._done, said), failed=self._view.show_trouble)

    def _done(self, said: str, result: Reassigned) -> None:
        self._undo = result.undo
        moved = words.count(len(result.moved), "contact")
        self._view.show_done(f"{moved} {said}", result.skipped, undo=result.undo is not None)

    def _undone(self, result: Reassigned) -> None:
        moved = words.count(len(result.moved), "contact")
        self._view.show_done(f"{moved} put back", result.skipped, undo=False)

    def _answer_next(self, answers: _Answers) -> None:
        if answers.given_up or answers.at == len(answers.rows):
            self._end_answers(answers)
            return
        row = answers.rows[answers.at]
        answers.at += 1
        self._tasks.write(
            partial(
                reassign.answer,
                self._db,
                row.seen,
                answers.text,
                batch=answers.batch,
                still=len(answers.rows) - answers.at,
            ),
            partial(self._answered, answers),
            failed=partial(self._not_answered, answers),
        )

    def _answered(self, answers: _Answers, answered: Answered) -> None:
        answers.batch = answered.batch or answers.batch
        if answered.skipped is not None:
            answers.skipped.append(answered.skipped)
        else:
            answers.sent += 1
        self._view.show_progress(answers.at, len(answers.rows))
        self._answer_next(answers)

    def _not_answered(self, answers: _Answers, trouble: CrmError) -> None:
        self._end_answers(answers)
        self._view.show_trouble(trouble)

    def _end_answers(self, answers: _Answers) -> None:
        self._answers = None
        self._view.show_progress(0, 0)
        self._undo = answers.batch if answers.sent else None
        said = f"{words.count(answers.sent, 'contact')} answered"
        self._view.show_done(said, answers.skipped, undo=self._undo is not None)

    def _show_page(self, page: WorkPage) -> None:
        self._rows, self._more = page.rows, page.more
        self._view.show_trouble(None)
        self._show()
        if page.total is not None:
            self._view.show_total(page.total)

    def _show_all(self, page: WorkPage) -> None:
        self._show_page(page)
        self._view.choose_all()

    def _append(self, asked: WorkFilter, page: WorkPage) -> None:
        self._loading_more = False
        if asked == self._filter:
            self._place(frozenset(row.id for row in page.rows), page.rows)
            self._more = page.more
            self._show()

    def _not_more(self, trouble: CrmError) -> None:
        self._loading_more = False
        self._view.show_trouble(trouble)

    def _read_touched(self) -> None:
        """One reading at a time: what is touched meanwhile goes with the next."""
        if self._reading or not self._touched:
            return
        strangers = self._touched - {row.id for row in self._rows}
        if len(strangers) > _MOST_STRANGERS:
            self._page_soon()
            self._touched -= strangers
        asked, self._touched = frozenset(self._touched), set()
        if asked:
            self._reading = True
            self._tasks.read(
                partial(reassign.rows, self._db, self._filter, sorted(asked)),
                partial(self._apply, asked, self._filter),
                failed=self._not_read,
            )

    def _not_read(self, trouble: CrmError) -> None:
        self._reading = False
        self._view.show_trouble(trouble)

    def _apply(self, asked: frozenset[int], wanted: WorkFilter, rows: tuple[WorkRow, ...]) -> None:
        self._reading = False
        if wanted == self._filter:
            before = self._rows
            inside = [row for row in rows if self._more is None or _order(row) <= self._end()]
            self._place(asked, inside)
            if self._rows != before:
                self._show()
            if len(self._rows) != len(before) or len(inside) != len(rows):
                self._count_soon()
        self._read_touched()

    def _place(self, asked: frozenset[int], rows: Sequence[WorkRow]) -> None:
        kept = [row for row in self._rows if row.id not in asked]
        for row in rows:
            insort(kept, row, key=_order)
        self._rows = tuple(kept)

    def _end(self) -> tuple[datetime, int]:
        assert self._more is not None
        return self._more.due_at or _NEVER, self._more.id

    def _show(self) -> None:
        self._view.show_rows(self._rows, more=self._more is not None)

    def _page_soon(self) -> None:
        if not self._paging_soon:
            self._paging_soon = True
            self._later(random.randint(*_JITTER_MS), self._page_now)  # noqa: S311 - no secret

    def _page_now(self) -> None:
        self._paging_soon = False
        self.reload()

    def _people_soon(self) -> None:
        """Presence changes all day, and a chooser that is opened asks anyway."""
        if not self._asking_soon:
            self._asking_soon = True
            self._later(random.randint(*_COUNT_MS), self._people_now)  # noqa: S311 - no secret

    def _people_now(self) -> None:
        self._asking_soon = False
        self.read_people()

    def _count_soon(self) -> None:
        if not self._counting_soon:
            self._counting_soon = True
            self._later(random.randint(*_COUNT_MS), self._count_now)  # noqa: S311 - no secret

    def _count_now(self) -> None:
        self._counting_soon = False
        self._tasks.read(
            partial(reassign.page, self._db, self._filter, None, 1),
            partial(self._counted, self._filter),
            failed=self._view.show_trouble,
            key="total",
        )

    def _counted(self, asked: WorkFilter, page: WorkPage) -> None:
        if asked == self._filter and page.total is not None:
            self._view.show_total(page.total)

    def _show_choices(self, found: Choices) -> None:
        self._view.show_choices(*found)


class _Answers:
    """An answering of many that is under way."""

    def __init__(self, rows: tuple[WorkRow, ...], text: OneAnswer) -> None:
        self.rows, self.text = rows, text
        self.at = self.sent = 0
        self.batch: int | None = None
        self.skipped: list[Skipped] = []
        self.given_up = False


def _order(row: WorkRow) -> tuple[datetime, int]:
    """Next breach first, what has no promise last."""
    return row.row.due_at or _NEVER, row.id


def _change_words(to: BulkChange) -> str:
    match to:
        case SetPriority(priority):
            said = dict(PRIORITIES)[priority].lower()
            return f"set to {said} priority" if priority else "set to the usual priority"
        case SetDue(due_at):
            return f"due {words.full(due_at)}"
        case Park(None):
            return "parked until the customer replies"
        case Park(until) if until is not None:
            return f"parked until {words.full(until)}"
        case CloseAsSpam():
            return "closed as spam"
    return "given another service"


def _choices(db: Database) -> Choices:
    return queues.queues(db), queues.services(db), reassign.people(db), canned.templates(db)
