"""Ctrl+K: run any command, or find any customer, case, contact or article, from the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from PySide6.QtCore import QEvent, QObject, QRectF, Qt, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QFrame, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import key_text
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text

#: So many commands are offered; the rest is found by typing on.
MOST_COMMANDS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """One result of a provider; `open` is called on the GUI thread when a person chooses it."""

    title: str
    detail: str
    icon: str
    open: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Findings:
    """What a provider found, best first; `note` says in words what a person must know of it."""

    found: Sequence[Found] = ()
    note: str = ""


class Provider(Protocol):
    """Finds things by text, off the GUI thread."""

    @property
    def section(self) -> str:
        """What it finds, as "Customers"."""

    def find(self, text: str, token: CancelToken) -> Findings:
        """The best few for a text that is never empty; stop early once cancelled."""


class CommandPalette(QFrame):
    """Lies over its window. `toggle()` opens or closes it; Escape closes; focus goes back."""

    def __init__(
        self,
        look: Look,
        registry: CommandRegistry,
        tasks: Tasks,
        providers: Sequence[Provider],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._look, self._registry, self._tasks = look, registry, tasks
        self._providers = tuple(providers)
        self._results: dict[str, Findings] = {}
        self._asked = ""
        self._waiting: set[str] = set()
        self._calls: dict[object, Callable[[], None]] = {}
        self._before: QWidget | None = None
        self._field = SearchField(
            look, "Search or run a command", hint="Search customers, cases, knowledge or commands"
        )
        self._list = RowList(look, "Results")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._count = Text(look, "", Role.SMALL, muted=True)
        self._column = QVBoxLayout(self)
        for each in (self._field, self._list, self._count):
            self._column.addWidget(each)
        self._field.asked.connect(self._ask)
        self._field.left.connect(self.close_palette)
        self._field.moved.connect(self._list.step)
        self._field.returnPressed.connect(self._open_current)
        self._list.opened.connect(self._open)
        self._list.clicked.connect(self._open_current)
        look.changed.connect(self._relook)
        window.installEventFilter(self)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)
        self.setAccessibleName("Command palette")
        self._relook()
        self.hide()

    @Slot()
    def toggle(self) -> None:
        """Open, or close when open."""
        if self.isVisible():
            self.close_palette()
        else:
            self.open_palette()

    def open_palette(self, text: str = "") -> None:
        """Show it with `text` typed already."""
        self._before = self.window().focusWidget()
        self._field.setText(text)
        self._field.ask_now()
        self._place()
        self.show()
        self.raise_()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @Slot()
    def close_palette(self) -> None:
        """Hide it and give the focus back."""
        self.hide()
        if self._before is not None and self._before.isVisible():
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self._before = None

    def rows(self) -> tuple[Row, ...]:
        """What is offered now, section headings included."""
        return self._list.rows()

    @property
    def answered(self) -> str:
        """The text of which all that was found is offered; empty while it is searched."""
        return "" if self._waiting else self._asked

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the middle when the window changes; close on a click beside."""
        if self.isVisible():
            if event.type() == QEvent.Type.Resize:
                self._place()
            elif event.type() == QEvent.Type.MouseButtonPress:
                self.close_palette()
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Escape closes from anywhere inside."""
        if event.key() == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """A raised surface with a clear edge."""
        painter, theme = QPainter(self), self._look.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.outline, 1))
        painter.setBrush(theme.surface)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.drawRoundedRect(box, self._look.px(9), self._look.px(9))

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _old: QWidget | None, new: QWidget | None) -> None:
        """Whoever goes on working elsewhere in the window needs the palette no more."""
        elsewhere = new is not None and new.window() is self.window()
        if self.isVisible() and elsewhere and new is not None and not self.isAncestorOf(new):
            self._before = None
            self.hide()

    @Slot(str)
    def _ask(self, text: str) -> None:
        """Commands at once, everything else as it is found."""
        self._asked = text
        self._results = {} if not text else self._results
        self._waiting = {each.section for each in self._providers} if text else set()
        self._show()
        for provider in self._providers if text else ():
            self._tasks.search(
                partial(provider.find, text),
                partial(self._take, provider.section, text),
                key=f"palette {provider.section}",
            )

    def _take(self, section: str, text: str, findings: Findings) -> None:
        if text == self._asked:
            self._results[section] = findings
            self._waiting.discard(section)
            self._show()

    def _show(self) -> None:
        self._calls.clear()
        rows = self._command_rows()
        for provider in self._providers:
            rows += self._found_rows(provider.section)
        self._list.set_rows(rows)
        if self._list.current_key() not in self._calls:
            self._list.setCurrentIndex(self._list.model().index(-1, 0))
            self._list.step(1)
        self._say_count()
        self._place()

    def _command_rows(self) -> list[Row]:
        ranked = sorted(
            (score, at, command)
            for at, command in enumerate(self._registry.commands(enabled_only=True))
            if (score := fuzzy(self._asked, f"{command.text} {command.section}")) is not None
        )
        rows = []
        for _, _, command in ranked[:MOST_COMMANDS]:
            key = ("command", command.id)
            self._calls[key] = partial(self._registry.run, command.id)
            keys = key_text(command.shortcuts[0]) if command.shortcuts else ""
            icon = command.icon or "command"
            text = self._registry.action(command.id).text()
            rows.append(
                Row(key, text, icon=icon, tone=Tone.NEUTRAL, right=f"{command.section}  {keys}")
            )
        return [Row(("heading", ""), "Commands", heading=True), *rows] if rows else []

    def _found_rows(self, section: str) -> list[Row]:
        rows = []
        for at, found in enumerate(self._results.get(section, Findings()).found):
            key = (section, at, found.title)
            self._calls[key] = found.open
            rows.append(Row(key, found.title, found.detail, found.icon))
        return [Row(("heading", section), section, heading=True), *rows] if rows else []

    def _say_count(self) -> None:
        count = words.count(len(self._calls), "result")
        if self._waiting:
            self._count.setText(f"{count}, still searching")
            return
        said = ". ".join((count, *(each.note for each in self._results.values() if each.note)))
        self._count.setText(f"{said}   ↑ ↓ choose   ↵ open   Esc close")
        if self.isVisible():
            announce(self, said)

    @Slot()
    def _open_current(self) -> None:
        self._open(self._list.current_key())

    @Slot(object)
    def _open(self, key: object) -> None:
        call = self._calls.get(key)
        if call is not None:
            self.close_palette()
            call()

    def _place(self) -> None:
        """At the top of the window's middle, as high as its results, within the window."""
        parent = self.parentWidget()
        if parent is None:
            return
        px, margin = self._look.px, self._look.px(24)
        width = min(px(640), parent.width() - 2 * margin)
        rows = min(self._list.content_height(), px(420)) + px(4)
        self._list.setFixedHeight(max(rows, px(40)))
        height = min(self.sizeHint().height(), parent.height() - 2 * margin)
        self.setGeometry((parent.width() - width) // 2, px(52), width, height)

    @Slot()
    def _relook(self) -> None:
        edge = self._look.px(10)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(6))
        self._place()


def fuzzy(wanted: str, text: str) -> int | None:
    """How well `text` answers `wanted`: smaller is better, None when it does not.

    Every letter must occur in order; whole words and beginnings of words count as near.
    """
    needle, hay = wanted.casefold().replace(" ", ""), text.casefold()
    if not needle:
        return 0
    if wanted.casefold() in hay:
        return hay.index(wanted.casefold())
    score, at = 100, -1
    for letter in needle:
        found = hay.find(letter, at + 1)
        if found < 0:
            return None
        begins_word = found == 0 or hay[found - 1] == " "
        score += 0 if begins_word or found == at + 1 else found - at
        at = found
    return score
