"""The database went away and came back: said once each, in words that calm."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner

#: Why a command or a button is grey meanwhile.
WHY_NOT = "The database is away. We keep trying and will say when it is back."


class AwayBanner(Banner):
    """Connect LiveFeed.state_changed to `set_state`. `log` and `to_enter` are its two commands;
    `no_knowledge` says why no copy of the knowledge base is kept here, or is empty.
    """

    def __init__(
        self,
        look: Look,
        log: QAction,
        to_enter: QAction,
        no_knowledge: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, Tone.WARNING, "wifi-off", wide=True, closable=True, parent=parent)
        self._away_since: datetime | None = None
        self._no_knowledge = no_knowledge
        self._to_enter = self.add_action("To be entered")
        self._to_enter.clicked.connect(to_enter.trigger)
        self._log = self.add_action("Log a contact", key=log.shortcut().toString())
        self._log.clicked.connect(log.trigger)
        self._to_enter.hide()
        self.hide()

    @Slot(object)
    def set_state(self, state: FeedState) -> None:
        """Say that it is away, or that it was."""
        if not state.connected:
            self._away_since = self._away_since or state.since
            self._say_away(self._away_since)
        elif self._away_since is not None:
            self._say_back(self._away_since, state.since)
            self._away_since = None

    def show_to_enter(self, count: int) -> None:
        """How many logged contacts wait for the database."""
        self._to_enter.setText(f"{words.count(count, 'contact')} to be entered")
        self._to_enter.setVisible(bool(count))
        self._to_enter.updateGeometry()

    def _say_away(self, since: datetime) -> None:
        self.set_tone(Tone.WARNING, "wifi-off")
        self._log.show()
        knowledge = self._no_knowledge or "Knowledge can be searched and read."
        self._tell(
            f"The database is away since {words.clock_time(since)}.",
            "What is on screen can be read, and may be old. What you type is kept on this "
            f"computer. {knowledge} Taking, sending and saving wait until it is back.",
        )

    def _say_back(self, since: datetime, until: datetime) -> None:
        self.set_tone(Tone.OK, "wifi")
        self._log.hide()
        self._to_enter.hide()
        self._tell(
            f"The database was away from {words.clock_time(since)} to {words.clock_time(until)}.",
            "Everything on screen has been read again; your text was kept.",
        )

    def _tell(self, text: str, detail: str) -> None:
        self.set_text(text, detail)
        self.show()
        announce(self, self.text())
