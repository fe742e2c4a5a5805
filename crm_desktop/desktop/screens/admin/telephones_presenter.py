"""Keeps the telephones as they are set up, and changes them for an administrator."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.screens.admin.set_up_presenter import (
    Done,
    Failed,
    SetUpPresenter,
    SetUpView,
)
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.telephones import KnownLine, Line, Pbx, Phone, Telephones
from crm_desktop.services import Database, telephones


class TelephonesView(SetUpView, Protocol):
    """What the presenter asks of the screen."""

    def show_telephones(self, known: Telephones) -> None:
        """Show all that is set up."""


class TelephonesPresenter(SetUpPresenter[TelephonesView]):
    """The PBX, the lines, and who has which telephone."""

    topics = (Topic.ACCOUNT, Topic.STAFF)

    def __init__(self, db: Database, tasks: Tasks, view: TelephonesView) -> None:
        super().__init__(tasks, view)
        self._db = db

    def put_pbx(self, known: Telephones, wanted: Pbx, done: Done, failed: Failed) -> None:
        """How the gateway reaches the PBX; `done` and `failed` are the form's."""
        seen = known.pbx.seen if known.pbx else None
        work = partial(telephones.put_pbx, self._db, seen, wanted)
        self._do(work, "The PBX is set up", done, failed)

    def use_pbx(self, *, active: bool) -> None:
        """Switch the PBX on, or off, which can be taken back."""
        work = partial(telephones.use_pbx, self._db, active=active)
        if active:
            self._do_plainly(work, "The gateway uses the PBX")
        else:
            words = "The gateway leaves the PBX alone; its own dialplan rules calls"
            self._do_undoable(work, words, lambda: self.use_pbx(active=True))

    def put_line(self, known: KnownLine | None, wanted: Line, done: Done, failed: Failed) -> None:
        """A new line, or a known one otherwise."""
        if known is None:
            work = partial(telephones.add_line, self._db, wanted)
        else:
            work = partial(telephones.change_line, self._db, known, wanted)
        self._do(work, f"{wanted.name} is set up", done, failed)

    def use_line(self, known: KnownLine, *, active: bool) -> None:
        """Answer a line's calls, or no more, which can be taken back."""
        work = partial(telephones.use_line, self._db, known, active=active)
        name = known.line.name
        if active:
            self._do_plainly(work, f"{name} is in use again")
        else:
            words = f"{name} is removed; calls to it wait in the general queue"
            self._do_undoable(work, words, partial(self._use_again, known.id))

    def set_extension(
        self, phone: Phone, extension: str | None, done: Done, failed: Failed
    ) -> None:
        """Which telephone rings for somebody."""
        work = partial(
            telephones.set_extension, self._db, phone.staff_id, phone.extension, extension
        )
        if extension:
            self._do(work, f"{extension} rings for {phone.name}", done, failed)
            return
        undo = partial(
            self._do_plainly,
            partial(telephones.set_extension, self._db, phone.staff_id, None, phone.extension),
            f"{phone.extension} rings for {phone.name} again",
        )
        self._do_undoable(work, f"No telephone rings for {phone.name}", undo)

    def _use_again(self, line_id: int) -> None:
        """As it is by now."""

        def again() -> Changes:
            known = next(e for e in telephones.read(self._db).lines if e.id == line_id)
            return telephones.use_line(self._db, known, active=True)

        self._do_plainly(again, "The line is in use again")

    def _read(self) -> None:
        self._tasks.read(
            partial(telephones.read, self._db),
            self._view.show_telephones,
            failed=self._view.show_trouble,
            key="telephones",
        )
