"""The first start makes a database; whoever wants another one does not wait for it."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.widgets.states import Busy
from tests.e2e.bad_days.desk import OpenProgram, said, wait_said

_ELSEWHERE = "postgresql://127.0.0.1:9/crm"


def test_what_is_entered_while_the_database_is_made_stays(
    open_program: OpenProgram, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "centre.db"
    screen = open_program(f"sqlite:///{path}")
    assert "Making the database" in said(screen)

    _button(screen, "Use another database…").click()
    QTest.keyClicks(_address(screen), _ELSEWHERE)
    _button(screen, "Test the connection").click()
    wait_said(qtbot, screen, "The database cannot be reached")
    _wait_made(qtbot, path)

    assert _address(screen).isVisible()
    assert _address(screen).text() == _ELSEWHERE
    _button(screen, "Back").click()
    wait_said(qtbot, screen, "Nobody works here yet")


def test_who_signs_in_elsewhere_while_the_database_is_made_goes_on(
    open_program: OpenProgram, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "centre.db"
    screen = open_program(f"sqlite:///{path}")
    assert "Making the database" in said(screen)

    _button(screen, "Use another database…").click()
    _field(screen, "Address of the database").setText(_ELSEWHERE)
    _button(screen, "Use this database").click()
    QTest.keyClicks(_field(screen, "Name"), "anna")
    _wait_made(qtbot, path)

    assert _field(screen, "Name").isVisible()
    assert _field(screen, "Name").text() == "anna"


def test_a_database_that_cannot_be_made_can_be_left(
    open_program: OpenProgram, tmp_path: Path, qtbot: QtBot
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        screen = open_program(
            f"sqlite:///{tmp_path / 'centre.db'}",
            before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1])),
        )
        wait_said(qtbot, screen, "full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)

    assert not screen.findChildren(Busy)[0].isVisible()
    assert _address(screen).isEnabled()


def _wait_made(qtbot: QtBot, path: Path) -> None:
    """Return when the window knows that the database is made."""
    qtbot.waitUntil(lambda: _revision(path) is not None)
    # The maker lets go of the file and says so.
    qtbot.wait(300)


def _revision(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        try:
            found = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            return None
    return found and str(found[0])


def _button(screen: QWidget, words: str) -> QAbstractButton:
    return next(e for e in screen.findChildren(QAbstractButton) if e.text() == words)


def _address(screen: QWidget) -> QLineEdit:
    return _field(screen, "Address of the database")


def _field(screen: QWidget, name: str) -> QLineEdit:
    found = screen.findChildren(QLineEdit)
    return next(each for each in found if each.accessibleName() == name)
