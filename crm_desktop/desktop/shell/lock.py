"""Locks a desktop when nobody is there, and ends it for whoever may not be there any more."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.errors import KEPT_SHARED, KEPT_UNSENT
from crm_desktop.desktop.screens.lock.presenter import LockPresenter
from crm_desktop.desktop.screens.lock.screen import LockScreen, OverScreen
from crm_desktop.desktop.shell.curtain import Curtain
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.idle import IdleWatch
from crm_desktop.desktop.shell.system_lock import SystemLock
from crm_desktop.domain.errors import CrmError, SignedOut, SignInRefused


class Locker(QObject):
    """`hidden` and `back` tell the window to rest and to go on; `ended` carries why the session is
    over, None when somebody else wants to sign in.
    """

    hidden = Signal()
    back = Signal()
    ended = Signal(object)

    def __init__(self, desk: Desk, window: QWidget, content: QWidget, product: str) -> None:
        super().__init__(window)
        self._desk, self._window, self._product = desk, window, product
        self._title = ""
        self._curtain = Curtain(window, content)
        self._over: CrmError | None = None
        self._presenter = LockPresenter(
            desk.db,
            desk.runner.for_owner(self),
            unlocked=self._unlocked,
            over=self.end,
            later=later_for(self),
        )
        self.idle = IdleWatch(desk.lock_seconds, self)
        self.idle.idle.connect(self.lock)
        self.system = SystemLock(self)
        self.system.locked.connect(self.lock)
        self.idle.lock_asked.connect(self.lock, Qt.ConnectionType.QueuedConnection)

    @property
    def is_locked(self) -> bool:
        """Whether nothing of the desktop is seen."""
        return self._curtain.is_drawn

    @Slot()
    def lock(self) -> None:
        """Hide everything until the person is back."""
        if self.is_locked:
            return
        self._hide(self._lock_screen)

    def end(self, trouble: CrmError) -> None:
        """This person may not see anything any more: hide it for good, and say why."""
        if self._over is not None:
            return
        if type(trouble) is SignInRefused:
            trouble = SignedOut()
        kept = KEPT_SHARED if self._desk.drafts.problem else KEPT_UNSENT
        trouble.params["kept"] = kept
        self._over = trouble
        self._desk.live.stop()
        self._hide(self._over_screen)
        self.ended.emit(trouble)

    def reveal(self) -> None:
        """Put everything back into its windows, which are about to close; nothing is seen."""
        self._curtain.lift(shown=False)

    def _hide(self, make: Callable[[], QWidget]) -> None:
        if not self.is_locked:
            self._title = self._window.windowTitle()
            self.hidden.emit()
        self._curtain.draw(make())
        self._window.setWindowTitle("Locked")

    def _lock_screen(self) -> QWidget:
        screen = LockScreen(self._desk.look, self._product, self._desk.person.name, self._presenter)
        screen.somebody_else.connect(self._somebody_else)
        return screen

    def _over_screen(self) -> QWidget:
        assert self._over is not None
        screen = OverScreen(self._desk.look, self._product, self._over)
        screen.again.connect(self._somebody_else)
        return screen

    def _unlocked(self) -> None:
        if self._over is None:
            self._curtain.lift()
            self._window.setWindowTitle(self._title)
            self.idle.touched()
            self.back.emit()

    @Slot()
    def _somebody_else(self) -> None:
        self.ended.emit(self._over)
