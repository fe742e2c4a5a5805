"""The huddles under the top bar: they stay until they are read, and never take the keyboard."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.huddles import Huddle, Receipt, SentHuddle

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.huddles.presenter import HuddlePresenter

#: So many are shown at once, and in large text: more would push the work off the screen.
_MOST, _MOST_LARGE = 3, 1
_LARGE = 150
_I_HAVE_READ = "I have read this"
_LONGEST_QUOTE = 60


class _Notice(Banner):
    """One huddle with its button; `key` is shown on the one that the command reads."""

    def __init__(self, look: Look, huddle: Huddle, said: str, key: str) -> None:
        super().__init__(look, Tone.ACCENT, "megaphone", wide=True)
        self.key = key
        self.set_text(huddle.words, said)
        self.read = self.add_action(_I_HAVE_READ, key=key)
        self.read.setAccessibleName(f"{_I_HAVE_READ}: {huddle.words}")


class HuddleStrip(Surface):
    """Implements `HuddleView`. `trouble` carries a CrmError for the window's bar."""

    trouble = Signal(object)

    def __init__(self, look: Look, clock: Clock, key: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock, self._key = clock, key
        self._presenter: HuddlePresenter | None = None
        self._notices: dict[int, _Notice] = {}
        self._told: set[int] = set()
        self._more = Text(look, "", Role.SMALL, muted=True)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self._more)
        self.setAccessibleName("Huddles")
        self._more.hide()
        self.hide()

    def bind(self, presenter: HuddlePresenter) -> None:
        """Give the strip who answers it."""
        self._presenter = presenter

    def show_huddles(self, unread: tuple[Huddle, ...]) -> None:
        """See `HuddleView`."""
        most = _MOST_LARGE if self._look.scale >= _LARGE else _MOST
        shown = unread[:most]
        lost_focus = self._remove_all_but({each.id for each in shown})
        for place, huddle in enumerate(shown):
            key = self._key if place == 0 else ""
            notice = self._notices.get(huddle.id)
            if notice is None or notice.key != key:
                lost_focus |= self._place(place, huddle, key)
        rest = len(unread) - len(shown)
        self._more.setText(f"{words.count(rest, 'more huddle')} after these" if rest else "")
        edge = self._look.px(41)
        self._more.setContentsMargins(edge, self._look.px(4), edge, self._look.px(4))
        self._more.setVisible(bool(rest))
        self.setVisible(bool(shown))
        if lost_focus and shown:
            self._notices[shown[0].id].read.setFocus()
        self._announce(unread)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `HuddleView`."""
        self.trouble.emit(trouble)

    def _place(self, place: int, huddle: Huddle, key: str) -> bool:
        had_focus = self._drop(huddle.id)
        notice = _Notice(self._look, huddle, self._said(huddle), key)
        notice.read.clicked.connect(partial(self._read, huddle.id))
        self._notices[huddle.id] = notice
        self._column.insertWidget(place, notice)
        return had_focus

    def _remove_all_but(self, wanted: set[int]) -> bool:
        dropped = [self._drop(each) for each in set(self._notices) - wanted]
        return any(dropped)

    def _drop(self, huddle_id: int) -> bool:
        """Remove a notice; whether its button had the keyboard."""
        notice = self._notices.pop(huddle_id, None)
        if notice is None:
            return False
        had_focus = notice.read.hasFocus()
        self._column.removeWidget(notice)
        notice.hide()
        notice.deleteLater()
        return had_focus

    def _said(self, huddle: Huddle) -> str:
        now = self._clock.now()
        return (
            f"{huddle.author} to {huddle.to} · {words.when(huddle.sent_at, now)}"
            f" · shown until {words.when(huddle.expires_at, now)}"
        )

    def _announce(self, unread: tuple[Huddle, ...]) -> None:
        new = [each for each in unread if each.id not in self._told]
        self._told |= {each.id for each in new}
        if new:
            said = " ".join(f"Huddle from {each.author}: {each.words}." for each in new)
            announce(self, said)

    def _read(self, huddle_id: int) -> None:
        if self._presenter is not None:
            self._presenter.read(huddle_id)


class SentBar(Banner):
    """How many have read the newest huddle of one's own; `asked` wants to see who.

    Implements `SentView`.
    """

    asked = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.NEUTRAL, "eye", wide=True, closable=True, parent=parent)
        self._clock = clock
        self._shown: int | None = None
        self._dismissed: int | None = None
        self.who = self.add_action("Show who")
        self.who.clicked.connect(self.asked)
        self.closed.connect(self._dismiss_it)
        self.hide()

    def show_sent(self, sent: tuple[SentHuddle, ...]) -> None:
        """See `SentView`."""
        newest = sent[0] if sent else None
        if newest is None or newest.id == self._dismissed or not self._is_on(newest):
            self.hide()
            return
        said = f"{newest.read} of {newest.sent_to} have read your huddle to {newest.to}."
        if newest.read == newest.sent_to and self._shown == newest.id and self.isVisible():
            announce(self, said)
        self._shown = newest.id
        self.set_text(said, _short(newest.words))
        self.show()

    def show_receipts(self, huddle_id: int, receipts: tuple[Receipt, ...]) -> None:
        """See `SentView`; the names are in the list."""

    def show_trouble(self, trouble: CrmError) -> None:
        """See `SentView`; there is nothing here that could go wrong."""

    def _is_on(self, huddle: SentHuddle) -> bool:
        return huddle.expires_at > self._clock.now()

    @Slot()
    def _dismiss_it(self) -> None:
        self._dismissed = self._shown


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"
