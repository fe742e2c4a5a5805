"""Opens the database as a person: by choice on a one-person database, else by password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.database_address import has_password, is_address
from crm_desktop.domain.errors import (
    AccountRefused,
    CrmError,
    DatabaseAway,
    GivenUp,
    InvalidInput,
    SignInRefused,
)
from crm_desktop.domain.views import StaffInfo
from crm_desktop.services import Database, Target, session, upgrading

_ADDRESS_WORDS = (
    "Enter an address as postgresql://server/name or sqlite:///file, without a password."
)


class SignInView(Protocol):
    """What the presenter asks of the screen."""

    def show_people(self, where: str, people: tuple[StaffInfo, ...]) -> None:
        """Offer these to choose from: the database protects nobody from anybody."""

    def show_login(self, where: str, login: str, password: str, account: str) -> None:
        """Ask for name and password, filled with what is remembered; offer this computer's
        `account` when there is one to offer.
        """

    def show_trouble(self, trouble: CrmError) -> None:
        """Say why nobody was signed in."""

    def offer_without(self) -> None:
        """Offer to work without the database, beside the trouble that is shown."""

    def show_tested(self, trouble: CrmError | None) -> None:
        """Say whether the database that was entered answers."""

    def show_upgraded(self, copy: Path) -> None:
        """Say that the database was upgraded, and where it is as it was before."""

    def show_busy(self, words: str, *, may_leave: bool = False, may_stop: bool = False) -> None:
        """Say what goes on; empty: nothing. `may_leave`: another database may be used instead;
        `may_stop`: it can be given up (`SignInPresenter.give_up`).
        """

    def tell_progress(self, words: str) -> None:
        """Say how far it is; may be called on any thread."""


@dataclass(frozen=True)
class Memory:
    """Where this computer keeps one person's password and the address; each may raise NoKeyring.

    `recall` knows who ticked "Remember me" last; `forget` concerns that person alone. `problem`
    says why passwords cannot be kept here at all, or is empty.
    """

    recall: Callable[[str], tuple[str, str] | None]
    remember: Callable[[str, str, str], None]
    forget: Callable[[str, str], None]
    keep_url: Callable[[str], None]
    problem: str = ""


@dataclass(frozen=True)
class Without:
    """Working without the database: `check`, on a worker, says who it is or raises CrmError;
    `open` gets what it said, on the GUI thread.
    """

    check: Callable[[Target], object]
    open: Callable[[object], None]


class SignInPresenter(Presenter):
    """`done` gets the Database, opened as whoever signed in.

    After that `not_kept` hears why the password could not be remembered. `account` is this
    computer's own, where the settings offer it.
    """

    def __init__(
        self,
        tasks: Tasks,
        view: SignInView,
        *,
        url: str,
        migrations: Path,
        memory: Memory,
        done: Callable[[Database], None],
        connections: int = 2,
        not_kept: Callable[[CrmError], None] | None = None,
        account: str = "",
        without: Without | None = None,
    ) -> None:
        super().__init__(tasks)
        self._view = view
        self._url = url
        self._migrations = migrations
        self._memory = memory
        self._done = done
        self._connections = connections
        self._not_kept = not_kept
        self._account = account
        self._copy: Path | None = None
        self._upgrading = CancelToken()
        self._before: CrmError | None = None
        self._remembered: tuple[str, str] | None = None
        self._without = without
        self._asked: Target | None = None
        self._elsewhere = False

    @property
    def url(self) -> str:
        """The address of the database in force, without a password."""
        return self._url

    @property
    def memory_problem(self) -> str:
        """Why no password can be remembered on this computer, or empty."""
        return self._memory.problem

    def start(self, before: CrmError | None = None) -> None:
        """Show who may sign in, or ask who it is; `before` says why the last session ended."""
        self._before = before or self._before
        target = Target(self._url)
        if target.dialect == "sqlite":
            self._view.show_busy("Opening the database", may_leave=True)
            self._tasks.read(
                partial(_people, target, self._migrations),
                partial(self._show_people, self._url),
                failed=partial(self._not_opened, self._url),
                key="start",
            )
            return
        self._view.show_login(shown(self._url), self._account, "", self._account)
        self._say_before()
        # On the searches' thread: a keyring may wait for its owner to unlock it.
        self._tasks.search(
            partial(_recall, self._memory, self._url),
            partial(self._recalled, self._url),
            failed=self._view.show_trouble,
            key="recall",
        )

    def may_upgrade(self, trouble: CrmError) -> bool:
        """Whether `upgrade` would end this trouble."""
        return upgrading.may_upgrade(Target(self._url), trouble)

    def upgrade(self) -> None:
        """Bring a one-person database to this version, after a copy of it was made."""
        token = self._upgrading = CancelToken()
        self._view.show_busy("Copying the database, then upgrading it", may_stop=True)
        self._tasks.write(
            partial(
                upgrading.upgrade_file,
                Target(self._url),
                self._migrations,
                self._view.tell_progress,
                lambda: token.cancelled,
            ),
            self._upgraded,
            failed=self._not_upgraded,
        )

    def give_up(self) -> None:
        """Stop the upgrade that goes on: the database stays as it was."""
        self._upgrading.cancel()

    def choose(self, person: StaffInfo) -> None:
        """Sign in as somebody, without a password."""
        self._sign_in(Target(self._url, person.login), person.login)

    def sign_in(self, login: str, password: str, *, remember: bool) -> None:
        """Sign in with a password; remembered only in the keyring, and only when it was right."""
        name = login.strip()
        self._sign_in(Target(self._url, name, password), name, password if remember else None)

    def sign_in_by_account(self, login: str) -> None:
        """Sign in with this computer's account, as `login` or as its own name."""
        name = login.strip() or self._account
        self._sign_in(Target(self._url, name), name, failed=self._account_failed)

    def forget(self) -> None:
        """Remember nobody on this computer."""
        if self._remembered is not None:
            login, _ = self._remembered
            self._remembered = None
            self._view.show_login(shown(self._url), self._account, "", self._account)
            self._forget(login)

    def wants(self, url: str) -> bool:
        """Whether what comes of this database is still waited for: neither is another one in
        force, nor is one being entered.
        """
        return url == self._url and not self._elsewhere

    def ask_database(self) -> None:
        """Another database is about to be entered: nobody waits for this one any more."""
        self._elsewhere = True
        self._view.show_busy("")

    def back(self) -> None:
        """No other database: show again who may sign in to this one."""
        self._elsewhere = False
        self.start()

    def test(self, url: str) -> None:
        """Say whether another database answers; nothing is changed."""
        if not _is_address(url):
            self._view.show_tested(InvalidInput(_ADDRESS_WORDS))
            return
        self._tasks.search(
            partial(_answers, url.strip()),
            self._tested,
            failed=self._view.show_tested,
            key="test",
        )

    def change_database(self, url: str) -> None:
        """Use another database from now on."""
        if not _is_address(url):
            self._view.show_tested(InvalidInput(_ADDRESS_WORDS))
            return
        self._url = url.strip()
        self._memory.keep_url(self._url)
        self.back()

    def work_without(self) -> None:
        """The database is away: knowledge and logging only, for whoever signed in here before."""
        if self._without is not None and self._asked is not None:
            self._view.show_busy("Opening what is kept on this computer")
            self._tasks.search(
                partial(_checked, self._without, self._asked),
                self._without.open,
                failed=self._failed_without,
                key="without",
            )

    def _failed_without(self, trouble: CrmError) -> None:
        self._view.show_busy("")
        self._view.show_trouble(trouble)

    def _sign_in(
        self,
        target: Target,
        login: str,
        remembered: str | None = None,
        failed: Callable[[CrmError], None] | None = None,
    ) -> None:
        self._before = None
        self._view.show_busy("Signing in")
        self._asked = target
        self._tasks.write(
            partial(
                session.sign_in, target, login, self._migrations, connections=self._connections
            ),
            partial(self._signed_in, login, remembered),
            failed=failed or partial(self._refused, login, target.password),
        )

    def _signed_in(self, login: str, password: str | None, db: Database) -> None:
        self._view.show_busy("")
        self._done(db)
        # Where the server asked for no password, the one that was entered proves nothing.
        if password is not None and db.target.password:
            work = partial(_remember, self._memory, self._url, login, password)
            self._tasks.search(work, _nothing, failed=self._not_remembered, key="remember")
        elif db.dialect != "sqlite":
            self._forget(login)

    def _forget(self, login: str) -> None:
        work = partial(_forget, self._memory, self._url, login)
        self._tasks.search(work, _nothing, failed=self._not_remembered, key="remember")

    def _refused(self, login: str, password: str, trouble: CrmError) -> None:
        self._failed(trouble)
        # The password was changed elsewhere: what is remembered would be refused for ever.
        if type(trouble) is SignInRefused and self._remembered == (login, password):
            self._remembered = None
            self._forget(login)

    def _account_failed(self, trouble: CrmError) -> None:
        # The server asked for a password, which this computer's account has not.
        self._failed(AccountRefused() if type(trouble) is SignInRefused else trouble)

    def _not_remembered(self, trouble: CrmError) -> None:
        if self._not_kept is not None:
            self._not_kept(trouble)

    def _recalled(self, url: str, known: tuple[str, str] | None) -> None:
        if known is not None and self.wants(url):
            self._remembered = known if known[1] else None
            self._view.show_login(shown(self._url), *known, self._account)
            self._say_before()

    def _not_opened(self, url: str, trouble: CrmError) -> None:
        if self.wants(url):
            self._failed(trouble)

    def _show_people(self, url: str, people: tuple[StaffInfo, ...]) -> None:
        if not self.wants(url):
            return
        self._view.show_busy("")
        self._view.show_people(shown(self._url), people)
        if self._copy is not None:
            self._view.show_upgraded(self._copy)
            self._copy = None
        self._say_before()

    def _say_before(self) -> None:
        if self._before is not None:
            self._view.show_trouble(self._before)

    def _upgraded(self, copy: Path) -> None:
        self._copy = copy
        self.start()

    def _not_upgraded(self, trouble: CrmError) -> None:
        if isinstance(trouble, GivenUp):
            self.start()
        else:
            self._failed(trouble)

    def _failed(self, trouble: CrmError) -> None:
        self._view.show_busy("")
        self._view.show_trouble(trouble)
        asked = self._asked is not None and self._asked.dialect != "sqlite"
        if asked and self._without is not None and type(trouble) is DatabaseAway:
            self._view.offer_without()

    def _tested(self, _answered: bool) -> None:
        self._view.show_tested(None)


def shown(url: str) -> str:
    """Which database, in words: its file, or its name and server; never a password."""
    target = Target(url)
    if target.dialect == "sqlite":
        return url.removeprefix("sqlite:///")
    return f"{url.partition('?')[0].rpartition('/')[2]} on {_host(url)}"


def _host(url: str) -> str:
    parts = urlsplit(url)
    named = parse_qs(parts.query).get("host", [])
    return parts.netloc.rpartition("@")[2] or ",".join(named) or "this computer"


def _is_address(url: str) -> bool:
    return is_address(url.strip()) and not has_password(url.strip())


def _recall(memory: Memory, url: str, _token: CancelToken) -> tuple[str, str] | None:
    return memory.recall(url)


def _remember(memory: Memory, url: str, login: str, password: str, _token: CancelToken) -> None:
    memory.remember(url, login, password)


def _checked(without: Without, target: Target, _token: CancelToken) -> object:
    return without.check(target)


def _forget(memory: Memory, url: str, login: str, _token: CancelToken) -> None:
    memory.forget(url, login)


def _nothing(_done: None) -> None:
    """What is remembered shows at the next start."""


def _people(target: Target, migrations: Path) -> tuple[StaffInfo, ...]:
    return session.choices(target, migrations)


def _answers(url: str, _token: CancelToken) -> bool:
    return session.answers(Target(url))
