"""Signing in on both kinds of database, with every way it can go wrong."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.screens.sign_in.presenter import Memory, SignInPresenter
from crm_desktop.desktop.screens.sign_in.screen import SignInScreen
from crm_desktop.domain.errors import NoKeyring
from crm_desktop.services import Database, Target
from tests.centre import MIGRATIONS, PASSWORD, build_sqlite_template, build_template
from tests.gui.conftest import Grab
from tests.newer_program import head, newer_program
from tests.servers.postgres import PostgresCluster


class Room:
    """A sign-in screen with its presenter; `opened` is who got in."""

    def __init__(
        self,
        look: Look,
        runner: TaskRunner,
        url: str,
        *,
        keyring: bool = True,
        migrations: Path = MIGRATIONS,
        account: str = "",
        kept: tuple[str, str] | None = None,
    ) -> None:
        self.keyring = keyring
        self.kept: dict[str, tuple[str, str]] = {} if kept is None else {url: kept}
        self.opened: list[Database] = []
        self.urls: list[str] = []
        self.screen = SignInScreen(look, "CRM Desktop")
        self.presenter = SignInPresenter(
            runner.for_owner(self.screen),
            self.screen,
            url=url,
            migrations=migrations,
            memory=Memory(self.kept.get, self._remember, self._forget, self.urls.append),
            done=self.opened.append,
            account=account,
        )
        self.screen.bind(self.presenter)
        self.presenter.start()

    def words(self) -> str:
        return " ".join(accessibility.texts(accessibility.tree(self.screen)))

    def field(self, name: str) -> QLineEdit:
        found = [e for e in self.screen.findChildren(QLineEdit) if e.accessibleName() == name]
        return found[0]

    def _remember(self, url: str, login: str, password: str) -> None:
        if not self.keyring:
            raise NoKeyring
        self.kept[url] = (login, password)

    def _forget(self, url: str, login: str) -> None:
        if self.kept.get(url, ("",))[0] == login:
            del self.kept[url]


Enter = Callable[..., Room]


@pytest.fixture
def enter(look: Look, runner: TaskRunner, qtbot: QtBot, qapp: QApplication) -> Enter:
    def build(
        url: str,
        *,
        keyring: bool = True,
        migrations: Path = MIGRATIONS,
        account: str = "",
        kept: tuple[str, str] | None = None,
    ) -> Room:
        room = Room(
            look, runner, url, keyring=keyring, migrations=migrations, account=account, kept=kept
        )
        qtbot.addWidget(room.screen)
        room.screen.show()
        qtbot.waitExposed(room.screen)
        qtbot.waitUntil(runner.is_idle)
        return room

    return build


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    path = tmp_path / "centre.db"
    build_sqlite_template(path)
    return f"sqlite:///{path}"


def test_a_one_person_database_asks_who_and_says_it_protects_nothing(
    enter: Enter, sqlite_url: str, runner: TaskRunner, qtbot: QtBot, grab: Grab
) -> None:
    room = enter(sqlite_url)
    grab(room.screen, "sign-in-people")
    assert "signing in is no protection" in room.words()
    assert accessibility.problems(room.screen) == []

    QTest.keyClick(room.screen.focusWidget() or room.screen, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: bool(room.opened))

    actor = room.opened[0].actor
    assert actor is not None
    assert actor.login == "anna"
    room.opened[0].close()


def test_a_shared_database_takes_the_right_password_and_remembers_it(
    enter: Enter, postgres_cluster: PostgresCluster, qtbot: QtBot, grab: Grab
) -> None:
    def build(url: str) -> None:
        db = Database(Target(url))
        build_template(db)
        db.close()

    template = postgres_cluster.template("centre", build)
    with postgres_cluster.database(template) as name:
        url = postgres_cluster.url(name, "anna", "").replace("anna:@", "").replace("anna@", "")
        room = enter(url)
        QTest.keyClicks(room.field("Name"), "anna")
        QTest.keyClicks(room.field("Password"), "wrong")
        QTest.keyClick(room.field("Password"), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: "were not accepted" in room.words())
        grab(room.screen, "sign-in-refused")
        assert room.opened == []

        QTest.keyClicks(room.field("Password"), PASSWORD)
        room.presenter.sign_in("anna", PASSWORD, remember=True)
        qtbot.waitUntil(lambda: bool(room.opened))

        qtbot.waitUntil(lambda: room.kept == {url: ("anna", PASSWORD)})
        room.opened[0].close()


def test_a_remembered_password_that_was_changed_is_forgotten_and_one_may_be_on_request(
    enter: Enter, postgres_cluster: PostgresCluster, qtbot: QtBot, runner: TaskRunner
) -> None:
    template = postgres_cluster.template("centre", _build)
    with postgres_cluster.database(template) as name:
        url = postgres_cluster.url(name, "anna", "").replace("anna:@", "").replace("anna@", "")
        room = enter(url, kept=("anna", "the one before"))
        assert room.field("Password").text() == "the one before"
        QTest.keyClick(room.field("Password"), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: room.kept == {})

        room = enter(url, kept=("anna", PASSWORD))
        button = _button(room, "Forget me on this computer")
        assert button.isVisible()
        button.click()
        qtbot.waitUntil(lambda: room.kept == {})
        assert room.field("Password").text() == ""
        assert not button.isVisible()


def test_this_computers_account_is_offered_where_the_settings_say_so(
    enter: Enter, postgres_cluster: PostgresCluster, qtbot: QtBot, grab: Grab
) -> None:
    template = postgres_cluster.template("centre", _build)
    with postgres_cluster.database(template) as name:
        url = postgres_cluster.url(name, "anna", "").replace("anna:@", "").replace("anna@", "")
        assert not _button(enter(url), "Sign in with this computer’s account").isVisible()

        room = enter(url, account="anna")
        grab(room.screen, "sign-in-account")
        assert room.field("Name").text() == "anna"
        assert accessibility.problems(room.screen) == []
        QTest.keyClick(_button(room, "Sign in with this computer’s account"), Qt.Key.Key_Space)
        # This server knows no tickets and asks for a password.
        said = "This computer’s account did not sign you in."
        qtbot.waitUntil(lambda: said in room.words())
        QTest.keyClicks(room.field("Password"), PASSWORD)
        QTest.keyClick(room.field("Password"), Qt.Key.Key_Return)
        qtbot.waitUntil(lambda: bool(room.opened))
        room.opened[0].close()


def _build(url: str) -> None:
    db = Database(Target(url))
    build_template(db)
    db.close()


def test_a_database_that_is_away_is_told_in_words(
    enter: Enter, qtbot: QtBot, runner: TaskRunner
) -> None:
    room = enter("postgresql://127.0.0.1:9/crm")

    room.presenter.sign_in("anna", "secret", remember=False)
    qtbot.waitUntil(runner.is_idle)

    assert "The database cannot be reached." in room.words()


def test_an_empty_file_is_an_older_database(enter: Enter, tmp_path: Path, grab: Grab) -> None:
    (tmp_path / "empty.db").touch()
    room = enter(f"sqlite:///{tmp_path / 'empty.db'}")

    grab(room.screen, "sign-in-older")
    assert "The database is older than this program." in room.words()


def test_another_database_is_tested_before_it_is_used(
    enter: Enter, sqlite_url: str, runner: TaskRunner, qtbot: QtBot, grab: Grab
) -> None:
    room = enter("postgresql://127.0.0.1:9/crm")

    room.presenter.test("nonsense")
    assert "Enter an address as postgresql://server/name" in room.words()
    room.presenter.test(sqlite_url)
    qtbot.waitUntil(lambda: "The database answers." in room.words())
    room.presenter.change_database(sqlite_url)
    qtbot.waitUntil(runner.is_idle)

    assert room.urls == [sqlite_url]
    assert "Anna Whitlock" in room.words()


def test_who_asks_for_another_database_while_this_one_opens_is_not_taken_back(
    enter: Enter, sqlite_url: str, runner: TaskRunner, qtbot: QtBot
) -> None:
    room = enter(sqlite_url)
    room.presenter.start()
    assert not runner.is_idle()
    assert "Opening the database" in room.words()
    _button(room, "Use another database…").click()
    QTest.keyClicks(room.field("Address of the database"), "postgresql://127.0.0.1:9/crm")
    qtbot.waitUntil(runner.is_idle)

    assert room.field("Address of the database").isVisible()
    assert room.field("Address of the database").text() == "postgresql://127.0.0.1:9/crm"

    _button(room, "Back").click()
    qtbot.waitUntil(lambda: "Anna Whitlock" in room.words())


def test_what_another_database_is_asked_for_is_not_replaced_by_the_answer_of_the_one_before(
    enter: Enter, sqlite_url: str, runner: TaskRunner, qtbot: QtBot
) -> None:
    room = enter(sqlite_url)
    room.presenter.start()
    assert not runner.is_idle()
    _button(room, "Use another database…").click()
    room.field("Address of the database").setText("postgresql://127.0.0.1:9/crm")
    _button(room, "Use this database").click()
    QTest.keyClicks(room.field("Name"), "anna")
    qtbot.waitUntil(runner.is_idle)

    assert room.field("Name").isVisible()
    assert room.field("Name").text() == "anna"


def test_what_cannot_be_left_does_not_offer_another_database(
    enter: Enter, runner: TaskRunner, qtbot: QtBot
) -> None:
    room = enter("postgresql://127.0.0.1:9/crm")

    room.presenter.sign_in("anna", "secret", remember=False)
    meanwhile = _button(room, "Use another database…").isEnabled()
    qtbot.waitUntil(runner.is_idle)

    assert not meanwhile
    assert _button(room, "Use another database…").isEnabled()


def test_without_a_keyring_the_password_is_not_kept_and_that_is_said(
    enter: Enter, sqlite_url: str
) -> None:
    room = enter(sqlite_url, keyring=False)

    room.screen.show_trouble(NoKeyring())

    assert "Your password is not kept." in room.words()
    assert room.kept == {}


def test_an_older_file_is_upgraded_on_request_and_kept_as_it_was(
    enter: Enter, sqlite_url: str, tmp_path: Path, qtbot: QtBot, grab: Grab
) -> None:
    newer = newer_program(tmp_path)
    room = enter(sqlite_url, migrations=newer)
    qtbot.waitUntil(lambda: "older than this program" in room.words())
    grab(room.screen, "sign-in-upgrade")

    _button(room, "Upgrade now").click()
    qtbot.waitUntil(lambda: "The database is upgraded." in room.words())

    (copy,) = tmp_path.glob("centre.db.before-upgrade-*")
    assert str(copy) in room.words()
    assert _revision(copy) == head()
    assert _revision(tmp_path / "centre.db") == "9999"
    assert not _button(room, "Upgrade now").isVisible()


def test_an_upgrade_says_how_far_it_is_and_can_be_stopped(
    enter: Enter, sqlite_url: str, tmp_path: Path, qtbot: QtBot, grab: Grab
) -> None:
    room = enter(sqlite_url, migrations=newer_program(tmp_path, step=_ENDLESS))
    qtbot.waitUntil(lambda: "older than this program" in room.words())

    _button(room, "Upgrade now").click()
    qtbot.waitUntil(lambda: "Upgrading the database: step 1 of 1" in room.words())
    qtbot.waitUntil(_button(room, "Cancel").isVisible)
    grab(room.screen, "sign-in-upgrading")
    _button(room, "Cancel").click()
    qtbot.waitUntil(_button(room, "Upgrade now").isVisible)

    assert "older than this program" in room.words()
    assert _revision(tmp_path / "centre.db") == head()
    assert list(tmp_path.glob("centre.db.before-upgrade-*")) == []


def test_closing_the_window_stops_the_upgrade(
    enter: Enter, sqlite_url: str, tmp_path: Path, qtbot: QtBot, runner: TaskRunner
) -> None:
    room = enter(sqlite_url, migrations=newer_program(tmp_path, step=_ENDLESS))
    qtbot.waitUntil(lambda: "older than this program" in room.words())
    _button(room, "Upgrade now").click()
    qtbot.waitUntil(lambda: "Upgrading the database: step 1 of 1" in room.words())

    room.screen.close()
    runner.shutdown(wait=True)

    assert _revision(tmp_path / "centre.db") == head()


def test_what_is_no_centre_is_not_upgraded(enter: Enter, tmp_path: Path, qtbot: QtBot) -> None:
    sqlite3.connect(tmp_path / "other.db").close()
    (tmp_path / "other.db").touch()

    room = enter(f"sqlite:///{tmp_path / 'other.db'}")

    qtbot.waitUntil(lambda: "older than this program" in room.words())
    assert not _button(room, "Upgrade now").isVisible()


def _button(room: Room, words: str) -> QAbstractButton:
    return next(e for e in room.screen.findChildren(QAbstractButton) if e.text() == words)


def _revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (revision,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(revision)


#: A step that would take for ever.
_ENDLESS = (
    "op.execute('CREATE TABLE more AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
    " FROM n) SELECT max(i) FROM n')"
)
