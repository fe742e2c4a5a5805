"""Plain rules of the shell and the workspace: parking times, drafts, away words."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.parking import choices
from crm_desktop.desktop.shell.away import AwayBanner
from crm_desktop.desktop.shell.commands import COMMANDS

FRIDAY = datetime(2026, 11, 20, 15, 45, tzinfo=UTC)


def test_parking_offers_the_next_working_morning() -> None:
    thursday = datetime(2026, 11, 19, 15, 45, tzinfo=UTC)

    friday_words = [each.words for each in choices(FRIDAY)]
    thursday_words = [each.words for each in choices(thursday)]

    assert friday_words == [
        "In 30 minutes, 16:15",
        "In 2 hours, 17:45",
        "Monday 09:00",
        "Until the customer replies",
    ]
    assert thursday_words[2] == "Tomorrow 09:00"


def test_every_command_has_an_own_id_and_own_keys() -> None:
    ids = [each.id for each in COMMANDS]
    keys = [key for each in COMMANDS for key in each.shortcuts]

    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)


def test_being_away_is_told_and_what_happened_meanwhile(look: Look, qtbot: QtBot) -> None:
    banner = AwayBanner(look, QAction(), QAction(), "")
    qtbot.addWidget(banner)

    banner.set_state(FeedState(False, datetime(2026, 11, 20, 10, 2, tzinfo=UTC)))
    assert banner.text().startswith("The database is away since 10:02.")
    banner.set_state(FeedState(True, datetime(2026, 11, 20, 10, 3, tzinfo=UTC)))

    assert banner.text() == (
        "The database was away from 10:02 to 10:03. "
        "Everything on screen has been read again; your text was kept."
    )


def test_the_first_connection_is_no_news(look: Look, qtbot: QtBot) -> None:
    banner = AwayBanner(look, QAction(), QAction(), "")
    qtbot.addWidget(banner)

    banner.set_state(FeedState(True, FRIDAY))

    assert banner.isHidden()
