"""Two texts beside each other, and what is to become of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QDialog,
    QFrame,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.text import Text

#: Below this width (at 100 %) the texts stand under each other.
_NARROW = 560


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: `key` is what `chosen` carries; `why_not` greys it and is its tooltip."""

    key: str
    words: str
    kind: Kind = Kind.PLAIN
    why_not: str = ""


class SideBySide(QDialog):
    """`left` and `right` are (heading, text). `chosen` carries a choice's key; it closes itself for
    all keys but those in `stays`.
    """

    chosen = Signal(str)

    def __init__(
        self,
        look: Look,
        title: str,
        said: str,
        parent: QWidget,
        *,
        left: tuple[str, str],
        right: tuple[str, str],
        choices: Sequence[Choice],
        stays: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._look, self._stays = look, stays
        self._texts = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._texts.setSpacing(look.px(12))
        for heading, text in (left, right):
            self._texts.addWidget(_Half(look, heading, text), 1)
        foot = QWidget()
        flow = FlowLayout(foot, look.px(8))
        for each in choices:
            flow.addWidget(self._button(each))
        column = QVBoxLayout(self)
        edge = look.px(16)
        column.setContentsMargins(edge, edge, edge, look.px(12))
        column.setSpacing(look.px(10))
        column.addWidget(Text(look, title, Role.HEADING, wrap=True))
        column.addWidget(Text(look, said, muted=True, wrap=True))
        column.addLayout(self._texts, 1)
        column.addWidget(foot)
        room = parent.window().size()
        wide, high = look.px(760), look.px(440)
        self.resize(min(wide, room.width() - edge), min(high, room.height() - edge))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Beside each other while there is room."""
        super().resizeEvent(event)
        narrow = event.size().width() < self._look.px(_NARROW)
        way = QBoxLayout.Direction
        self._texts.setDirection(way.TopToBottom if narrow else way.LeftToRight)

    def _button(self, choice: Choice) -> Button:
        button = Button(self._look, choice.words, kind=choice.kind)
        button.setAutoDefault(choice.kind is Kind.PRIMARY)
        button.setEnabled(not choice.why_not)
        button.setToolTip(choice.why_not)
        button.clicked.connect(lambda: self._choose(choice.key))
        return button

    def _choose(self, key: str) -> None:
        self.chosen.emit(key)
        if key not in self._stays:
            self.accept()


class _Half(QWidget):
    """One of the texts: can be read, selected and scrolled by keyboard, not changed."""

    def __init__(self, look: Look, heading: str, text: str) -> None:
        super().__init__()
        label = Text(look, heading, Role.SMALL_STRONG, muted=True, wrap=True)
        view = QPlainTextEdit(text)
        view.setReadOnly(True)
        view.setTabChangesFocus(True)
        view.setFrameShape(QFrame.Shape.StyledPanel)
        view.setAccessibleName(heading)
        label.setBuddy(view)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(look.px(4))
        column.addWidget(label)
        column.addWidget(view, 1)
