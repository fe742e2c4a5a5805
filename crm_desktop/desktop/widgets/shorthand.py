"""Canned replies by their code while one writes: "/ack" and Space, or words and a list to choose.

The list never takes the keyboard: whoever does not want it types on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QTextCursor
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QVBoxLayout

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.domain.text import fold

#: A code begins a text, or stands after a space: an address such as a/b is none.
_BEGUN = re.compile(r"(?:^|(?<=\s))/([^/\n]{0,40})$")
_MOST = 7
_WIDTH = 460
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True)
class Code:
    """A text that can be called: `code` as "/ack" or "ack"."""

    key: object
    code: str
    title: str
    text: str

    @property
    def bare(self) -> str:
        """The code without its stroke, folded."""
        return fold(self.code.lstrip("/"))


class Shorthand(QObject):
    """Watches one editor. `chosen` carries a Code's key; its letters are out of the text then."""

    chosen = Signal(object)

    def __init__(self, look: Look, editor: QPlainTextEdit) -> None:
        super().__init__(editor)
        self._look, self._editor = look, editor
        self._codes: tuple[Code, ...] = ()
        self._on = False
        self._given_up = ""
        self._frame: QFrame | None = None
        self._list: RowList | None = None
        editor.textChanged.connect(self._follow)
        editor.cursorPositionChanged.connect(self._follow)
        editor.installEventFilter(self)

    def set_codes(self, codes: Sequence[Code]) -> None:
        """What can be called."""
        self._codes = tuple(codes)

    def set_on(self, on: bool) -> None:
        """Whether codes are looked for at all."""
        self._on = on
        if not on:
            self._hide()

    @property
    def offered(self) -> tuple[str, ...]:
        """The titles in the list, while it is shown."""
        if self._list is None or self._frame is None or self._frame.isHidden():
            return ()
        return tuple(row.title for row in self._list.rows())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Space and Tab expand a code; arrows, Enter and Escape are the list's while it is open."""
        if event.type() == QEvent.Type.FocusOut:
            self._hide()
        if (
            self._on
            and event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        ):
            return self._key(Qt.Key(event.key()))
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        begun = self._begun()
        if begun is None:
            return False
        exact = next((each for each in self._codes if begun and each.bare == fold(begun)), None)
        if exact is not None and key in (Qt.Key.Key_Space, Qt.Key.Key_Tab):
            self._take(exact.key)
            return True
        return bool(self.offered) and self._key_of_list(key, begun)

    def _key_of_list(self, key: Qt.Key, begun: str) -> bool:
        assert self._list is not None
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self._list.step(1 if key == Qt.Key.Key_Down else -1)
            self._say()
        elif key in (*_ENTER, Qt.Key.Key_Tab):
            self._take(self._list.current_key())
        elif key == Qt.Key.Key_Escape:
            self._given_up = begun
            self._hide()
        else:
            return False
        return True

    def _begun(self) -> str | None:
        """What stands after the stroke before the cursor; None when there is no stroke."""
        cursor = self._editor.textCursor()
        if not self._on or cursor.hasSelection():
            return None
        found = _BEGUN.search(cursor.block().text()[: cursor.positionInBlock()])
        return found[1] if found else None

    @Slot()
    def _follow(self) -> None:
        begun = self._begun() if self._editor.hasFocus() else None
        if begun is None:
            self._given_up = ""
            self._hide()
            return
        if self._given_up and begun.startswith(self._given_up):
            return
        fitting = self._fitting(begun)
        if fitting:
            self._show(fitting)
        else:
            self._hide()

    def _fitting(self, begun: str) -> list[Code]:
        """By code first, then by the words of title and text."""
        wanted = fold(begun).strip()
        if not wanted:
            # What is short is meant for a line.
            return sorted(self._codes, key=lambda each: len(each.text))[:_MOST]
        by_code = [each for each in self._codes if each.bare.startswith(wanted)]
        parts = wanted.split()
        by_words = [
            each
            for each in self._codes
            if each not in by_code
            and parts
            and all(part in fold(f"{each.title} {each.text}") for part in parts)
        ]
        return [*by_code, *by_words][:_MOST]

    def _show(self, fitting: Sequence[Code]) -> None:
        shown = self._made()
        before = shown.rows()
        shown.set_rows(
            [
                Row(each.key, each.title, " ".join(each.text.split())[:120], right=each.code)
                for each in fitting
            ]
        )
        if shown.rows() != before:
            shown.setCurrentIndex(QModelIndex())
            shown.step(1)
        assert self._frame is not None
        px = self._look.px
        height = shown.content_height() + px(8)
        width = min(px(_WIDTH), self._editor.window().width() - px(24))
        self._frame.setFixedSize(width, height)
        at = self._editor.mapTo(self._editor.window(), QPoint(0, 0))
        self._frame.move(min(at.x(), self._editor.window().width() - width), at.y() - height)
        if self._frame.isHidden():
            self._frame.show()
            self._frame.raise_()
            self._say()

    def _made(self) -> RowList:
        if self._list is None or self._frame is None:
            self._frame = QFrame(self._editor.window())
            self._frame.setFrameShape(QFrame.Shape.StyledPanel)
            self._frame.setAutoFillBackground(True)
            self._frame.setAccessibleName("Canned replies")
            column = QVBoxLayout(self._frame)
            edge = self._look.px(3)
            column.setContentsMargins(edge, edge, edge, edge)
            self._list = RowList(self._look, "Canned replies")
            self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._list.clicked.connect(self._clicked)
            column.addWidget(self._list)
            self._frame.hide()
        elif self._frame.parentWidget() is not self._editor.window():
            self._frame.setParent(self._editor.window())
        return self._list

    def _say(self) -> None:
        key = self._list.current_key() if self._list is not None else None
        code = next((each for each in self._codes if each.key == key), None)
        if code is not None:
            announce(self._editor, f"{code.title}, {code.code}. Enter takes it")

    def _hide(self) -> None:
        if self._frame is not None:
            self._frame.hide()

    @Slot(QModelIndex)
    def _clicked(self, _index: QModelIndex) -> None:
        if self._list is not None:
            self._take(self._list.current_key())

    def _take(self, key: object) -> None:
        begun = self._begun()
        self._hide()
        if begun is None or key is None:
            return
        cursor = self._editor.textCursor()
        cursor.movePosition(
            QTextCursor.MoveOperation.Left, QTextCursor.MoveMode.KeepAnchor, len(begun) + 1
        )
        cursor.removeSelectedText()
        self._editor.setTextCursor(cursor)
        self.chosen.emit(key)
