"""The desktop's composition root: settings become a signed-in window over one database."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core import accessibility, pace
from crm_desktop.desktop.core.application import make_application
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.crash import CrashWatch
from crm_desktop.desktop.core.live import LiveFeed
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import Lane, TaskRunner
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.sign_in.presenter import Memory, SignInPresenter, shown
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.desktop.shell.desk import Content, Desk, LocalDrafts
from crm_desktop.desktop.shell.feed_source import DatabaseFeed
from crm_desktop.desktop.shell.main_window import PRODUCT, MainWindow
from crm_desktop.domain.errors import (
    ConnectorTrouble,
    CrmError,
    NoKeyring,
    Taken,
)
from crm_desktop.services import Database, Target, administration, session
from crm_desktop.workstation.account import own_account
from crm_desktop.workstation.crash_log import CrashLog
from crm_desktop.workstation.drafts import DraftStore, open_drafts
from crm_desktop.workstation.instance import SingleInstance
from crm_desktop.workstation.layout import LayoutStore
from crm_desktop.workstation.local_files import LocalFiles
from crm_desktop.workstation.paths import Paths, bundled
from crm_desktop.workstation.process import ChildProcess
from crm_desktop.workstation.secrets import Secrets, open_secrets
from crm_desktop.workstation.settings import Settings

_LOG = logging.getLogger(__name__)

#: One for reads and writes, one so that a search never waits for them.
CONNECTIONS = 2
_TREE_EVERY_MS = 100
_HEARTBEAT_MS = 300
#: A keyring may ask its owner to unlock it; longer than that the desktop does not wait.
_KEYRING_SECONDS = 20.0
_KEYRING_SILENT = (
    "The keyring did not answer, so unsent drafts are not kept on this computer. They are held "
    "while the program runs, and in the database once it has them."
)
_SCHEMES = {"light": Scheme.LIGHT, "dark": Scheme.DARK, "high_contrast": Scheme.CONTRAST}


class Ways:
    """What this computer remembers of a person's ways, written on a thread of its own."""

    def __init__(self, store: LayoutStore | None = None) -> None:
        """Without a store things are remembered while the program runs."""
        self._store = store
        self._values: dict[str, str] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ways")

    def get(self, key: str) -> str | None:
        """What was set, or None."""
        if key in self._values or self._store is None:
            return self._values.get(key)
        value = self._store.get(key)
        return value if isinstance(value, str) else None

    def set(self, key: str, value: str) -> None:
        """Remember."""
        self._values[key] = value
        if self._store is not None:
            self._writer.submit(self._store.set, key, value)

    def close(self) -> None:
        """Return when everything is written."""
        self._writer.shutdown()


class KeptDrafts:
    """Drafts of one person and database over the encrypted files, written on another thread."""

    def __init__(self, store: DraftStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="drafts")
        self._known: dict[str, Content] = {}
        for key, data in store.load_all().drafts.items():
            if key.startswith(prefix):
                with contextlib.suppress(ValueError):
                    self._known[key] = json.loads(data)

    @property
    def problem(self) -> str:
        """Why drafts would not survive a crash, or empty."""
        return self._store.problem

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        """Keep it; the file is written at once on the drafts' thread."""
        key = self._key(contact_id, kind)
        self._known[key] = content
        self._writer.submit(self._store.save, key, json.dumps(content).encode())

    def discard(self, contact_id: int, kind: str) -> None:
        """Forget it."""
        key = self._key(contact_id, kind)
        self._known.pop(key, None)
        self._writer.submit(self._store.remove, key)

    def load(self, contact_id: int, kind: str) -> Content | None:
        """What was kept."""
        return self._known.get(self._key(contact_id, kind))

    def close(self) -> None:
        """Return when everything is written."""
        self._writer.shutdown()

    def _key(self, contact_id: int, kind: str) -> str:
        return f"{self._prefix}{contact_id}/{kind}"


@dataclass
class Desktop:
    """A main window with everything behind it; `stop()` ends all of it."""

    window: MainWindow
    desk: Desk
    _endings: list[Callable[[], None]] = field(default_factory=list)
    stopped: bool = False

    def start(self, *, live: bool = True) -> None:
        """Show the window, read, and listen for changes (unless a test wants silence)."""
        self.window.show()
        self.window.start()
        # Whoever begins to listen reads everything again: not before it was drawn once.
        settle = partial(self._settle, live)
        self.desk.runner.run(_nothing, owner=self.window, done=_when_drawn(settle))

    def _settle(self, live: bool) -> None:
        if self.stopped:
            return
        if live:
            self.desk.live.start(DatabaseFeed(self.desk.db.target))
        if self.desk.lock_seconds:
            self.window.lock.system.start()
        pace.quicken()

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
    drafts: LocalDrafts | None = None,
    files: LocalFiles | None = None,
    facts: tuple[tuple[str, str], ...] = (),
    undo_seconds: float = 10.0,
    lock_seconds: float = 0.0,
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
    if drafts is None:
        kept = KeptDrafts(DraftStore(Path(), None), f"{person.login}/")
        drafts = kept
        endings.append(kept.close)
    if files is None:
        files = LocalFiles()
        endings.append(files.close)
    desk = Desk(
        db=db,
        runner=runner or TaskRunner(),
        live=LiveFeed(),
        look=look,
        clock=Clock(),
        settings=ways,
        drafts=drafts,
        files=files,
        undo_seconds=undo_seconds,
        lock_seconds=lock_seconds,
        facts=(
            *facts,
            ("Database", shown(db.target.url)),
            ("Signed in as", f"{person.name} ({person.login})"),
        ),
    )
    return Desktop(MainWindow(desk), desk, endings)


class TreeLog(QObject):
    """Writes a window's accessibility tree as JSON whenever it changed, ten times a second at most.

    For tests of several programs at once: they see what a screen reader would.
    """

    def __init__(self, window: QObject, path: Path, parent: QObject) -> None:
        super().__init__(parent)
        self._window, self._path = window, path
        self._last = b""
        self._timer = QTimer(self)
        self._timer.setInterval(_TREE_EVERY_MS)
        self._timer.timeout.connect(self.write)
        self._timer.start()

    @Slot()
    def write(self) -> None:
        """Write the tree if it differs from the last."""
        tree = json.dumps(accessibility.tree(self._window), ensure_ascii=False).encode()
        if tree != self._last:
            self._last = tree
            draft = self._path.with_suffix(".part")
            draft.write_bytes(tree)
            draft.replace(self._path)


class OwnGateway(QObject):
    """The embedded mode's gateway, a child of this desktop. `failed` carries a ConnectorTrouble."""

    failed = Signal(object)

    def __init__(self, url: str, parent: QObject) -> None:
        super().__init__(parent)
        self._child = ChildProcess(["gateway", "--with-parent", "--database", url])
        self._stopping = False
        self._watch = threading.Thread(target=self._await, name="gateway-watch", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """End it; it finishes what it is doing."""
        self._stopping = True
        self._child.stop()
        self._watch.join()

    def _await(self) -> None:
        try:
            self._child.wait_ready()
        except ConnectorTrouble as trouble:
            if not self._stopping:
                _LOG.warning("the gateway did not start: %s", trouble)
                self.failed.emit(trouble)


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
        self._drafts: KeptDrafts | None = None
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
        known = self._ways.get(f"database/known/{url}")
        if url == self._settings.database_url and _is_missing(url) and not known:
            # The first start on this computer: an empty centre is better than an error. One that
            # was here before must not be replaced by an empty one in silence.
            self._screen.show_busy("Making the database")
            self._runner.run(
                partial(_make_database, url),
                owner=self._screen,
                done=lambda _nothing: presenter.start(),
                failed=self._not_signed_in,
            )
            return
        presenter.start()

    def _sign_in_screen(self, url: str) -> SignInPresenter:
        """A new screen, not yet shown, and who answers it."""
        self._screen = SignInScreen(self._look, PRODUCT)
        presenter = SignInPresenter(
            self._runner.for_owner(self._screen),
            self._screen,
            url=url,
            migrations=bundled("migrations"),
            memory=_memory(self._secrets, self._ways),
            done=self.open,
            connections=CONNECTIONS,
            not_kept=self._say_not_kept,
            account=own_account() if self._settings.computer_account else "",
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
        instance = SingleInstance(self._paths.data, person.login, db.target.url)
        try:
            instance.acquire()
        except Taken as taken:
            db.close()
            _LOG.warning("a second desktop was not opened: %s", taken)
            if self._screen is not None:
                self._screen.show()
                self._screen.show_trouble(taken)
            return
        self._instance = instance
        assert self._screen is not None
        self._screen.show_busy("Opening the keyring")
        self._runner.run(
            partial(_kept_drafts, self._paths.data / "drafts", self._secrets, db),
            owner=self._screen,
            done=partial(self._show_window, db),
            lane=Lane.SEARCH,
        )

    def _show_window(self, db: Database, drafts: KeptDrafts) -> None:
        self._drafts = drafts
        self._desktop = build_window(
            db,
            look=self._look,
            runner=self._runner,
            ways=self._ways,
            drafts=self._drafts,
            files=self._files,
            facts=(("Council", self._settings.council_name),),
            undo_seconds=self._settings.undo_seconds,
            lock_seconds=60.0 * self._settings.lock_minutes,
        )
        window = self._desktop.window
        window.lock.ended.connect(self._over, Qt.ConnectionType.QueuedConnection)
        self._watch.crashed.connect(window.error.show_crash)
        if db.dialect == "sqlite":
            self._ways.set(f"database/known/{db.target.url}", "yes")
        self._desktop.start()
        if db.dialect == "sqlite":
            # Behind the window's first readings: until they are drawn the processor is theirs.
            self._runner.run(_nothing, owner=self, done=_when_drawn(self._start_gateway))
        if self._tree_log is not None:
            TreeLog(window, self._tree_log, window)
        if self._screen is not None:
            self._screen.close()
        crash = self.crash_log.last_crash()
        if crash is not None:
            window.error.show_earlier_crash(crash.at, str(self._paths.log))

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
        self._end_session()
        self._runner.shutdown(wait=True)
        self._ways.close()
        self._watch.uninstall()
        self.crash_log.stop()

    def _end_session(self) -> None:
        if self._desktop is not None:
            self._desktop.stop()
            self._desktop = None
        if self._drafts is not None:
            self._drafts.close()
        # What one person opened is not left for the next.
        self._files.close()
        if self._gateway is not None:
            self._gateway.stop()
        if self._instance is not None:
            self._instance.release()
        self._drafts = self._gateway = self._instance = None

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


def _kept_drafts(folder: Path, secrets: Secrets | None, db: Database) -> KeptDrafts:
    """This person's drafts on this computer; a keyring that stays silent keeps nobody waiting."""
    person = db.actor
    assert person is not None
    opened: list[DraftStore] = []
    # A thread of its own: it may wait for ever for somebody to unlock the keyring.
    asking = threading.Thread(
        target=lambda: opened.append(open_drafts(folder, secrets)), name="keyring", daemon=True
    )
    asking.start()
    asking.join(_KEYRING_SECONDS)
    store = opened[0] if opened else DraftStore(folder, None, _KEYRING_SILENT)
    return KeptDrafts(store, f"{db.target.url}/{person.login}/")


def _secrets(settings: Settings) -> Secrets | None:
    try:
        return open_secrets(settings.secrets_file)
    except NoKeyring as trouble:
        _LOG.warning("no keyring: %s", trouble)
        return None


def _memory(secrets: Secrets | None, ways: Ways) -> Memory:
    """The sign-in screen's memory: passwords in the keyring, names and the address beside."""

    def usable() -> Secrets:
        if secrets is None:
            raise NoKeyring
        return secrets

    def recall(url: str) -> tuple[str, str] | None:
        login = ways.get(f"login/{url}")
        if not login:
            return None
        return login, (usable().get(f"database:{url}:{login}") or "") if secrets else ""

    def remember(url: str, login: str, password: str) -> None:
        before = ways.get(f"login/{url}")
        if before and before != login:
            # One account of this computer remembers one person: nobody is offered another's.
            usable().delete(f"database:{url}:{before}")
        usable().set(f"database:{url}:{login}", password)
        ways.set(f"login/{url}", login)

    def forget(url: str, login: str) -> None:
        if secrets is not None:
            secrets.delete(f"database:{url}:{login}")
        if ways.get(f"login/{url}") == login:
            ways.set(f"login/{url}", "")

    def keep_url(url: str) -> None:
        ways.set("database/url", url)

    problem = "" if secrets else "This computer has no keyring, so no password can be remembered."
    return Memory(recall, remember, forget, keep_url, problem)
