"""The tour's own desktop: the program's real windows, away from this person's settings.

Nothing is remembered: the keyring, the drafts and the layout of whoever runs the tour are theirs.
"""

from __future__ import annotations

import traceback

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.screens.sign_in.presenter import Memory, SignInPresenter
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.main_window import PRODUCT, MainWindow
from crm_desktop.desktop_root import CONNECTIONS, Desktop, build_window
from crm_desktop.services import Database, Target
from crm_desktop.services.session import sign_in
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.workstation.paths import bundled

WIDTH, HEIGHT = 1440, 900


def application() -> QApplication:
    """This process's QApplication, made if there is none; it must outlive every window."""
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(["crm-desktop"])
    # Between the sign-in screen and the main window no window is open.
    app.setQuitOnLastWindowClosed(False)
    return app


class TourDesk(QObject):
    """One desktop from its sign-in screen to its end; `bugs` are what would be crash reports."""

    def __init__(self) -> None:
        super().__init__()
        self.look = Look(bundled("resources"))
        self.look.apply()
        self.bugs: list[str] = []
        self._runner = TaskRunner(self)
        self._runner.bug.connect(self._note)
        self._screen: SignInScreen | None = None
        self._presenter: SignInPresenter | None = None
        self._desktop: Desktop | None = None

    def show_sign_in(self, url: str) -> SignInScreen:
        """Ask who it is, as the program does when it starts."""
        self._screen = SignInScreen(self.look, PRODUCT)
        self._presenter = SignInPresenter(
            self._runner.for_owner(self._screen),
            self._screen,
            url=url,
            migrations=bundled("migrations"),
            memory=Memory(_nothing_known, _keep, _forget, _keep_nothing),
            done=self.open,
            connections=CONNECTIONS,
        )
        self._screen.bind(self._presenter)
        self._screen.show()
        self._presenter.start()
        return self._screen

    def open(self, db: Database) -> None:
        """Show the main window of whoever signed in."""
        self._desktop = build_window(db, look=self.look, runner=self._runner)
        self.window.resize(WIDTH, HEIGHT)
        self._desktop.start()
        self.window.activateWindow()
        if self._screen is not None:
            self._screen.close()

    @property
    def signed_in(self) -> bool:
        """Whether there is a main window."""
        return self._desktop is not None

    @property
    def window(self) -> MainWindow:
        """The main window; StepFailed before somebody signed in."""
        if self._desktop is None:
            raise StepFailed("a main window", "nobody has signed in")
        return self._desktop.window

    def stop(self) -> None:
        """Close everything."""
        if self._desktop is not None:
            self._desktop.stop()
        else:
            self._runner.shutdown(wait=True)
        if self._screen is not None:
            self._screen.close()

    @Slot(object)
    def _note(self, bug: BaseException) -> None:
        self.bugs.append("".join(traceback.format_exception(bug)))


def signed_in(target: Target) -> TourDesk:
    """A desktop of whom the target names, past its sign-in screen."""
    made = TourDesk()
    made.open(sign_in(target, target.login, bundled("migrations"), connections=CONNECTIONS))
    return made


def _nothing_known(_url: str) -> None:
    """Nobody signed in here before."""


def _keep(_url: str, _login: str, _password: str) -> None:
    """The tour's passwords are worth nothing tomorrow."""


def _forget(_url: str, _login: str) -> None:
    """The tour remembers nobody."""


def _keep_nothing(_url: str) -> None:
    """There is nothing to forget."""
