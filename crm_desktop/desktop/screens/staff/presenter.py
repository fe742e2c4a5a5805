"""Keeps the list of staff as it is, and changes it for an administrator."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import QueueInfo, StaffMember
from crm_desktop.services import Database, queue, staff
from crm_desktop.services.staff import NewStaff

#: Nothing that looks like something else when it is read out.
_SYMBOLS = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP = 4, 4

Failed = Callable[[CrmError], None]


class StaffView(Protocol):
    """What the presenter asks of the screen."""

    def show_staff(
        self, members: tuple[StaffMember, ...], queues: tuple[QueueInfo, ...], me: int
    ) -> None:
        """Show everybody; `me` is who looks."""

    def show_done(self, words: str) -> None:
        """Say what was done."""

    def show_disabled(self, member: StaffMember) -> None:
        """Say who was switched off, and offer to take it back."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class StaffPresenter(Presenter):
    """The screen of those who work here."""

    def __init__(self, db: Database, tasks: Tasks, view: StaffView) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._started = False

    @property
    def has_passwords(self) -> bool:
        """Whether people sign in to this database with a password."""
        return self._db.dialect == "postgresql"

    def start(self) -> None:
        """Read who is there."""
        self._started = True
        self._read()

    def changed(self, changes: Changes) -> None:
        """Read again when somebody changed."""
        if self._started and changes.has(Topic.STAFF):
            self._read()

    def add(
        self, entered: NewStaff, password: str, done: Callable[[], None], failed: Failed
    ) -> None:
        """Somebody new; `done` and `failed` are the form's."""
        self._do(
            partial(staff.add, self._db, entered, password),
            f"{entered.name} is added",
            done,
            failed,
        )

    def change(
        self,
        member: StaffMember,
        entered: NewStaff,
        done: Callable[[], None],
        failed: Failed,
    ) -> None:
        """Another name, role or queues, which hold at once."""
        self._do(
            partial(staff.change, self._db, member.id, entered.name, entered.role, entered.queues),
            f"{entered.name} is changed",
            done,
            failed,
        )

    def reset(
        self, member: StaffMember, password: str, done: Callable[[], None], failed: Failed
    ) -> None:
        """Another password."""
        self._do(
            partial(staff.reset, self._db, member.id, password),
            f"{member.name} has another password",
            done,
            failed,
        )

    def disable(self, member: StaffMember) -> None:
        """Switch somebody off now; it can be taken back."""
        self._tasks.write(
            partial(staff.disable, self._db, member.id),
            partial(self._disabled, member),
            failed=self._view.show_trouble,
        )

    def enable(self, member: StaffMember) -> None:
        """Let somebody sign in again."""
        self._do(
            partial(staff.enable, self._db, member.id),
            f"{member.name} may sign in again",
            _nothing,
            self._view.show_trouble,
        )

    def _do(
        self, work: Callable[[], Changes], said: str, done: Callable[[], None], failed: Failed
    ) -> None:
        def finished(_changes: Changes) -> None:
            done()
            self._view.show_done(said)
            self._read()

        self._tasks.write(work, finished, failed=failed)

    def _disabled(self, member: StaffMember, _changes: Changes) -> None:
        self._view.show_disabled(member)
        self._read()

    def _read(self) -> None:
        self._tasks.read(
            partial(_everything, self._db), self._show, failed=self._view.show_trouble, key="staff"
        )

    def _show(self, found: tuple[tuple[StaffMember, ...], tuple[QueueInfo, ...]]) -> None:
        members, queues = found
        actor = self._db.actor
        self._view.show_staff(members, queues, actor.id if actor else 0)


def new_password() -> str:
    """A password to be read out once, as k7fm-w9xp-ab2c-dd4e."""
    groups = ["".join(secrets.choice(_SYMBOLS) for _ in range(_GROUP)) for _ in range(_GROUPS)]
    return "-".join(groups)


def role_words(role: StaffRole) -> str:
    """A role as people say it."""
    return role.value.replace("_", " ").capitalize()


def queue_words(codes: Sequence[str], queues: Sequence[QueueInfo]) -> str:
    """The names of queues."""
    names = {each.code: each.name for each in queues}
    return ", ".join(names.get(code, code) for code in codes) or "no queue"


def _everything(db: Database) -> tuple[tuple[StaffMember, ...], tuple[QueueInfo, ...]]:
    return staff.everybody(db), queue.queues(db)


def _nothing() -> None:
    """There is no form to close."""
