"""What the presenters of set-up share: read at the first look, and each change is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Generic, Protocol, TypeVar

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError

Failed = Callable[[CrmError], None]
Done = Callable[[], None]


class SetUpView(Protocol):
    """What they ask of a screen."""

    def show_done(self, words: str) -> None:
        """Say what was done."""

    def show_undoable(self, words: str, undo: Done) -> None:
        """Say what was done, and offer to take it back."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


V = TypeVar("V", bound=SetUpView)


class SetUpPresenter(Presenter, Generic[V]):
    """Reads once it is started, and again when something of `topics` changed."""

    topics: ClassVar[tuple[Topic, ...]]

    def __init__(self, tasks: Tasks, view: V) -> None:
        super().__init__(tasks)
        self._view = view
        self._started = False

    def start(self) -> None:
        """Read all."""
        if not self._started:
            self._started = True
            self._read()

    def changed(self, changes: Changes) -> None:
        """Read again what was set up, and how it does."""
        if self._started and changes.has(*self.topics):
            self._read()

    def _read(self) -> None:
        """Read all there is, and have it shown."""
        raise NotImplementedError

    def _do(self, work: Callable[[], Changes], said: str, done: Done, failed: Failed) -> None:
        """Change something for a form, which `done` closes and `failed` tells what is wrong."""

        def finished(_changes: Changes) -> None:
            done()
            self._view.show_done(said)
            self._read()

        self._tasks.write(work, finished, failed=failed)

    def _do_plainly(self, work: Callable[[], Changes], said: str) -> None:
        """Change something without a form."""
        self._do(work, said, lambda: None, self._view.show_trouble)

    def _do_undoable(self, work: Callable[[], Changes], said: str, undo: Done) -> None:
        def finished(_changes: Changes) -> None:
            self._view.show_undoable(said, undo)
            self._read()

        self._tasks.write(work, finished, failed=self._view.show_trouble)
