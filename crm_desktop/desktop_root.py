"""The desktop's composition root: settings become a signed-in window over one database."""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core import accessibility, pace
from crm_desktop.desktop.core.application import make_application
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.crash import CrashWatch
from crm_desktop.desktop.core.layout import fit_screen
from crm_desktop.desktop.core.live import LiveFeed
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import Lane, TaskRunner
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.sign_in.presenter import SignInPresenter, Without, shown
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.desk import AlarmWays, Desk
from crm_desktop.desktop.shell.feed_source import DatabaseFeed
from crm_desktop.desktop.shell.main_window import PRODUCT, MainWindow
from crm_desktop.domain.errors import CrmError, NoKeyring, Taken
from crm_desktop.services import Database, Target, administration, contacts, load_named, session
from crm_desktop.this_computer.alarms import BuildingAlarms
from crm_desktop.this_computer.files import LocalFiles
from crm_desktop.this_computer.gateway import OwnGateway
from crm_desktop.this_computer.memory import memory_of
from crm_desktop.this_computer.opening import Kept, kept_in_memory, open_kept, open_without
from crm_desktop.this_computer.tree_log import TreeLog
from crm_desktop.this_computer.ways import Ways
from crm_desktop.workstation.account import own_account
from crm_desktop.workstation.crash_log import CrashLog
from crm_desktop.workstation.instance import SingleInstance
from crm_desktop.workstation.layout import LayoutStore
from crm_desktop.workstation.paths import Paths, bundled
from crm_desktop.workstation.secrets import Secrets, open_secrets
from crm_desktop.workstation.settings import Settings

if TYPE_CHECKING:
    from crm_desktop.desktop.shell.alone import AloneWindow
    from crm_desktop.this_computer.people import Known

_LOG = logging.getLogger(__name__)

#: One for reads and writes, one so that a search never waits for them.
CONNECTIONS = 2
_HEARTBEAT_MS = 300
#: Behind everything that the start is busy with.
_REMEMBER_MS = 3_000
#: Behind the sign-in screen, and behind a person who signs in by a key.
_IDLE_MS = 700
_SCHEMES = {"light": Scheme.LIGHT, "dark": Scheme.DARK, "high_contrast": Scheme.CONTRAST}


@dataclass
class Desktop:
    """A main window with everything behind it; `stop()` ends all of it."""

    window: MainWindow
    desk: Desk
    _endings: list[Callable[[], None]] = field(default_factory=list)
    #: All that the window shows has been asked for.
    settled: bool = False
    stopped: bool = False

    def start(self, *, live: bool = True) -> None:
        """Show the window, read, and listen for changes (unless a test wants silence)."""
        self.window.show()
        self.window.start()
        load = partial(self._load, live)
        self.desk.runner.run(_nothing, owner=self.window, done=_when_drawn(load))

    def _load(self, live: bool) -> None:
        """The queue is drawn: load what all else needs, behind whoever works already."""
        if self.stopped:
            return
        pace.share()
        settle = partial(self._settle, live)
        self.desk.runner.run(load_named, owner=self.window, done=settle, lane=Lane.SEARCH)

    def _settle(self, live: bool, _nothing: None) -> None:
        if self.stopped:
            return
        self.window.go_on()
        self.settled = True
        if live:
            self.desk.live.start(DatabaseFeed(self.desk.db.target))
        if self.desk.lock_seconds:
            self.window.lock.system.start()
        self.desk.runner.run(
            partial(contacts.get_ready, self.desk.db), owner=self.window, failed=_let_be
        )
        pace.quicken(self.window)

    def stop(self) -> None:
        """Keep what is typed, finish writing, and let go of the database."""
        self.stopped = True
        self.window.lock.system.stop()
        self.window.close()
        self.desk.live.stop()
        self.desk.runner.shutdown(wait=True)
        for end in self._endings:
            end()
        self.desk.db.close()


def build_window(
    db: Database,
    *,
    look: Look | None = None,
    runner: TaskRunner | None = None,
    ways: Ways | None = None,
    kept: Kept | None = None,
    files: LocalFiles | None = None,
    facts: tuple[tuple[str, str], ...] = (),
    undo_seconds: float = 10.0,
    lock_seconds: float = 0.0,
    alarms: AlarmWays | None = None,
) -> Desktop:
    """The main window of whoever `db` is signed in as (`db.actor`); nothing is read yet.

    It locks after `lock_seconds` without a touch; 0 means never.
    What is not given is made for this run alone: nothing is remembered, drafts stay in memory.
    """
    person = db.actor
    if person is None:
        raise ValueError("a desktop needs a database that a person signed in to")
    endings: list[Callable[[], None]] = []
    if look is None:
        look = Look(bundled("resources"))
        look.apply()
    if ways is None:
        ways = Ways()
        endings.append(ways.close)
    if kept is None:
        kept = kept_in_memory(db.target.url, person.login)
        endings.append(kept.close)
    if files is None:
        files = LocalFiles()
        endings.append(files.close)
    desk = make_desk(
        db,
        look,
        runner or TaskRunner(),
        ways,
        kept,
        files,
        undo_seconds=undo_seconds,
        lock_seconds=lock_seconds,
        facts=facts,
        alarms=alarms,
    )
    with look.undressed():
        window = MainWindow(desk)
    return Desktop(window, desk, endings)


def make_desk(  # noqa: PLR0917 - what a desk is made of
    db: Database,
    look: Look,
    runner: TaskRunner,
    ways: Ways,
    kept: Kept,
    files: LocalFiles,
    *,
    undo_seconds: float = 10.0,
    lock_seconds: float = 0.0,
    facts: tuple[tuple[str, str], ...] = (),
    alarms: AlarmWays | None = None,
) -> Desk:
    """The means of whoever `db` is of."""
    person = db.actor
    assert person is not None
    return Desk(
        db=db,
        runner=runner,
        live=LiveFeed(),
        look=look,
        clock=Clock(),
        settings=ways,
        drafts=kept.drafts,
        log=kept.log,
        articles=kept.articles,
        files=files,
        visitors=kept.visitors,
        undo_seconds=undo_seconds,
        lock_seconds=lock_seconds,
        alarms=alarms,
        name=ways.own_name(),
        facts=(
            *facts,
            ("Database", shown(db.target.url)),
            ("Signed in as", f"{person.name} ({person.login})"),
        ),
    )


@dataclass(frozen=True)
class _Alone:
    """Somebody known here, what is kept for them, and how they would sign in."""

    known: Known
    kept: Kept
    target: Target


class Run(QObject):
    """One run of the program: sign-in, then the main window, until it is closed."""

    def __init__(
        self, app: QApplication, settings: Settings, paths: Paths, accessibility_log: Path | None
    ) -> None:
        super().__init__()
        self._app, self._settings, self._paths = app, settings, paths
        self._tree_log = accessibility_log
        self._ways = Ways(LayoutStore(paths.data / "layout.json"))
        self._look = self._make_look()
        self._runner = TaskRunner(self)
        self._files = LocalFiles(settings.max_attachment_bytes)
        self._secrets = _secrets(settings)
        self._screen: SignInScreen | None = None
        self._desktop: Desktop | None = None
        self._gateway: OwnGateway | None = None
        self._instance: SingleInstance | None = None
        self._kept: Kept | None = None
        self._alone: AloneWindow | None = None
        self._alarms: BuildingAlarms | None = None
        self.crash_log = CrashLog(paths.log, "desktop")
        self.crash_log.start(settings.log_level)
        self._watch = CrashWatch(self._note_crash, self)
        self._watch.install()
        self._runner.bug.connect(self._watch.report)

    def begin(self, login: str | None) -> None:
        """Sign in as `login` on the embedded database, or ask."""
        url = self._ways.get("database/url") or self._settings.database_url
        presenter = self._sign_in_screen(url)
        assert self._screen is not None
        if login and Target(url).dialect == "sqlite":
            self._sign_in_directly(Target(url, login), login)
            return
        self._screen.show()
        # Whoever has to choose or to type takes longer than this, and than the loading.
        QTimer.singleShot(_IDLE_MS, self._screen, self._load)
        known = self._ways.get(f"database/known/{url}")
        if url == self._settings.database_url and _is_missing(url) and not known:
            # The first start on this computer: an empty centre is better than an error. One that
            # was here before must not be replaced by an empty one in silence.
            self._screen.show_busy("Making the database", may_leave=True)
            self._runner.run(
                partial(_make_database, url),
                owner=self._screen,
                done=lambda _nothing: self._made(presenter, url),
                failed=partial(self._made, presenter, url),
            )
            return
        presenter.start()

    @Slot()
    def _load(self) -> None:
        """Load for the window that is to come while somebody signs in."""
        if self._desktop is None and self._screen is not None:
            pace.share()
            self._runner.run(load_named, owner=self._screen, lane=Lane.FILES)

    def _made(self, presenter: SignInPresenter, url: str, trouble: CrmError | None = None) -> None:
        """Go on with the database that was or was not made, unless another is wanted by now."""
        if not presenter.wants(url):
            return
        if trouble is None:
            presenter.start()
        else:
            self._not_signed_in(trouble)

    def _sign_in_screen(self, url: str) -> SignInPresenter:
        """A new screen, not yet shown, and who answers it."""
        self._screen = SignInScreen(self._look, PRODUCT)
        presenter = SignInPresenter(
            self._runner.for_owner(self._screen),
            self._screen,
            url=url,
            migrations=bundled("migrations"),
            memory=memory_of(self._secrets, self._ways),
            done=self.open,
            connections=CONNECTIONS,
            not_kept=self._say_not_kept,
            account=own_account() if self._settings.computer_account else "",
            without=Without(self._check_known, self._work_without),
        )
        self._screen.bind(presenter)
        return presenter

    @Slot(object)
    def _over(self, trouble: CrmError | None) -> None:
        """The session is over: close all of it, and ask who comes next."""
        before = self._desktop
        if before is None or before.stopped:
            return
        old = self._runner
        self._runner = TaskRunner(self)
        self._runner.bug.connect(self._watch.report)
        # Before the last window is closed, which would end the program.
        presenter = self._sign_in_screen(before.desk.db.target.url)
        assert self._screen is not None
        self._screen.show()
        self._end_session()
        before.window.deleteLater()
        old.deleteLater()
        presenter.start(trouble)

    def open(self, db: Database) -> None:
        """Somebody signed in: show the main window."""
        person = db.actor
        assert person is not None
        if not self._only_one(person.login, db.target.url):
            db.close()
            return
        assert self._screen is not None
        if self._kept is not None:
            # Somebody worked without the database: what they had open here stays open.
            self._show_window(db, self._kept)
            return
        self._screen.show_busy("Opening the keyring")
        self._runner.run(
            partial(open_kept, self._paths.data, self._secrets, db),
            owner=self._screen,
            done=lambda kept: QTimer.singleShot(0, self, partial(self._show_window, db, kept)),
            lane=Lane.SEARCH,
        )

    def _only_one(self, login: str, url: str) -> bool:
        """Whether this is the only desktop of a person and database on this computer."""
        if self._instance is not None:
            return True
        instance = SingleInstance(self._paths.data, login, url)
        try:
            instance.acquire()
        except Taken as taken:
            _LOG.warning("a second desktop was not opened: %s", taken)
            self._not_signed_in(taken)
            return False
        self._instance = instance
        return True

    def _check_known(self, target: Target) -> object:
        known, kept = open_without(self._paths.data, self._secrets, target)
        return _Alone(known, kept, target)

    def _work_without(self, found: object) -> None:
        """The database is away, and this person is known here."""
        from crm_desktop.desktop.shell.alone import AloneWindow

        assert isinstance(found, _Alone)
        target, person = found.target, found.known.person
        if self._screen is None or not self._only_one(person.login, target.url):
            return
        self._kept = found.kept
        # Not connected to before it is back: nothing in this window asks it.
        db = Database(target, actor=person, connections=CONNECTIONS, create=False)
        desk = make_desk(
            db, self._look, self._runner, self._ways, found.kept, self._files,
            undo_seconds=self._settings.undo_seconds, alarms=self._building(target.url),
        )  # fmt: skip
        sign_in = partial(
            session.sign_in,
            target,
            person.login,
            bundled("migrations"),
            connections=CONNECTIONS,
        )
        self._alone = AloneWindow(desk, found.known.services, sign_in)
        self._alone.signed_in.connect(self.open)
        self._alone.refused.connect(self._ask_again)
        self._alone.start()
        self._screen.show_busy("")
        self._screen.hide()

    @Slot(object)
    def _ask_again(self, trouble: CrmError) -> None:
        """The database is back and does not accept what was typed: nothing is left open."""
        self._not_signed_in(trouble)
        self._leave_alone()
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        if self._instance is not None:
            self._instance.release()
            self._instance = None

    def _leave_alone(self) -> None:
        if self._alone is not None:
            self._alone.close()
            self._alone.deleteLater()
            self._alone = None

    def _show_window(self, db: Database, kept: Kept) -> None:
        self._kept = kept
        self._desktop = build_window(
            db,
            look=self._look,
            runner=self._runner,
            ways=self._ways,
            kept=kept,
            files=self._files,
            facts=(("Council", self._settings.council_name),),
            undo_seconds=self._settings.undo_seconds,
            lock_seconds=60.0 * self._settings.lock_minutes,
            alarms=self._building(db.target.url),
        )
        window = self._desktop.window
        window.lock.ended.connect(self._over, Qt.ConnectionType.QueuedConnection)
        self._watch.crashed.connect(window.error.show_crash)
        if db.dialect == "sqlite":
            self._ways.set(f"database/known/{db.target.url}", "yes")
        fit_screen(window)
        self._desktop.start()
        self._leave_alone()
        QTimer.singleShot(_REMEMBER_MS, self, partial(self._remember, db))
        if db.dialect == "sqlite":
            # Behind the window's first readings: until they are drawn the processor is theirs.
            self._runner.run(_nothing, owner=self, done=_when_drawn(self._start_gateway))
        if self._tree_log is not None:
            TreeLog(partial(accessibility.tree, window), self._tree_log, window)
        if self._screen is not None:
            self._screen.close()
        crash = self.crash_log.last_crash()
        if crash is not None:
            window.error.show_earlier_crash(crash.at, str(self._paths.log))

    def _building(self, url: str) -> BuildingAlarms:
        if self._alarms is None:
            self._alarms = BuildingAlarms(self._settings, self._secrets, url)
        return self._alarms

    def _remember(self, db: Database) -> None:
        """Who signed in may work here when the database is away at the next start."""
        if self._desktop is None or self._desktop.stopped or self._kept is None:
            return
        self._runner.run(
            partial(self._kept.people.remember, db),
            owner=self,
            failed=_let_be,
            lane=Lane.SEARCH,
        )

    def _start_gateway(self) -> None:
        if self._desktop is None or self._desktop.stopped:
            return
        self._gateway = OwnGateway(self._desktop.desk.db.target.url, self)
        self._gateway.failed.connect(self._desktop.window.error.show_trouble)

    @Slot()
    def beat(self) -> None:
        """Nothing, in Python: a signal that waits is seen."""

    def end(self) -> None:
        """Everything that was begun ends, in the order that loses nothing."""
        self._leave_alone()
        self._end_session()
        self._runner.shutdown(wait=True)
        self._ways.close()
        self._watch.uninstall()
        self.crash_log.stop()

    def _end_session(self) -> None:
        if self._desktop is not None:
            self._desktop.stop()
            self._desktop = None
        if self._alarms is not None:
            self._alarms.stop()
            self._alarms = None
        if self._kept is not None:
            self._kept.close()
            self._kept = None
        # What one person opened is not left for the next.
        self._files.close()
        if self._gateway is not None:
            self._gateway.stop()
            self._gateway = None
        if self._instance is not None:
            self._instance.release()
            self._instance = None

    def _sign_in_directly(self, target: Target, login: str) -> None:
        assert self._screen is not None
        self._runner.run(
            partial(session.sign_in, target, login, bundled("migrations"), connections=CONNECTIONS),
            owner=self._screen,
            done=self.open,
            failed=self._not_signed_in,
        )

    def _say_not_kept(self, trouble: CrmError) -> None:
        if self._desktop is not None:
            self._desktop.window.error.show_trouble(trouble)

    def _not_signed_in(self, trouble: CrmError) -> None:
        if self._screen is not None:
            self._screen.show()
            self._screen.show_busy("")
            self._screen.show_trouble(trouble)

    def _make_look(self) -> Look:
        kept = self._ways.get("look/scheme")
        if kept:
            scheme = Scheme(kept) if kept in set(Scheme) else Scheme.LIGHT
        elif self._settings.theme == "system":
            dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
            scheme = Scheme.DARK if dark else Scheme.LIGHT
        else:
            scheme = _SCHEMES[self._settings.theme]
        scale = self._ways.get("look/scale") or ""
        look = Look(
            bundled("resources"),
            scheme,
            int(scale) if scale.isdecimal() else self._settings.font_scale,
            self,
        )
        look.apply()
        return look

    def _note_crash(self, bug: BaseException) -> str:
        self.crash_log.note(bug)
        return str(self._paths.log)


def run_desktop(
    settings: Settings,
    *,
    login: str | None = None,
    accessibility_log: Path | None = None,
    paths: Paths | None = None,
) -> int:
    """Open the desktop and return its exit code when the last window is closed.

    `login` signs in without asking, on the embedded database only. `accessibility_log` gets the
    main window's accessibility tree, for tests.
    """
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = make_application()
    app.setApplicationName("crm-desktop")
    app.setApplicationDisplayName(PRODUCT)
    app.setQuitOnLastWindowClosed(True)
    run = Run(app, settings, paths or Paths.of_user(), accessibility_log)
    for number in (signal.SIGINT, signal.SIGTERM):
        # Closing keeps drafts and ends the gateway.
        signal.signal(number, lambda *_: app.closeAllWindows())
    # Python looks at signals only while it runs, and Qt's loop may rest for long.
    heartbeat = QTimer()
    heartbeat.timeout.connect(run.beat)
    heartbeat.start(_HEARTBEAT_MS)
    run.begin(login)
    code = app.exec()
    run.end()
    return code


def _nothing() -> None:
    """What comes after the readings that were asked for before."""


def _let_be(_trouble: CrmError) -> None:
    """It is tried again, or whoever asks next meets the same trouble and is told of it."""


def _when_drawn(call: Callable[[], None]) -> Callable[[None], None]:
    """Calls when what was read has been drawn: timers come after all drawing that is due."""
    return lambda _nothing: QTimer.singleShot(0, call)


def _is_missing(url: str) -> bool:
    path = url.removeprefix("sqlite:///")
    return path != url and not Path(path).exists()


def _make_database(url: str) -> None:
    Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    db = Database(Target(url))
    try:
        administration.upgrade(db, bundled("migrations"))
    finally:
        db.close()


def _secrets(settings: Settings) -> Secrets | None:
    try:
        return open_secrets(settings.secrets_file)
    except NoKeyring as trouble:
        _LOG.warning("no keyring: %s", trouble)
        return None
