"""The top of the window: the product's name, presence, and the way to everything (Ctrl+K)."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import Painted
from crm_desktop.desktop.widgets.presence import PresenceButton
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import ElidedText, Text

_HOLD_MS = 2_000


class TopBar(Painted):
    """`search_asked` says that the palette should open, `held` that the product's name was held
    down for two seconds: the control of the silent alarm, which does not look like one.
    """

    search_asked = Signal()
    held = Signal()

    def __init__(self, look: Look, product: str, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._name = Text(look, product, Role.HEADING, tone=Tone.ACCENT)
        self._name.installEventFilter(self)
        self._holding = QTimer(self)
        self._holding.setSingleShot(True)
        self._holding.setInterval(_HOLD_MS)
        self._holding.timeout.connect(self.held)
        self.presence = PresenceButton(look)
        self._field = SearchField(
            look,
            "Search and commands",
            hint="Search or run a command",
            key="Ctrl+K",
        )
        self._field.setReadOnly(True)
        self._field.installEventFilter(self)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._name)
        self._row.addWidget(self.presence)
        self._here = ElidedText(look, "", Role.STRONG, tone=Tone.OK, snug=True)
        self._here.hide()
        self._row.addWidget(self._here)
        self._row.addStretch(1)
        self._row.addWidget(self._field, 2)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._relook()

    def add(self, widget: QWidget) -> None:
        """Put something at the right end."""
        self._row.addWidget(widget)

    def show_here(self, words: str) -> None:
        """Say at which desk this computer is, and who is there; empty: at none."""
        self._here.setText(words)
        self._here.setVisible(bool(words))

    def sizeHint(self) -> QSize:
        """As high as a panel's head."""
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self._look.px(47)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The field is a door: a click or a key opens the palette."""
        kind = event.type()
        if watched is self._name:
            if kind == QEvent.Type.MouseButtonPress:
                self._holding.start()
            elif kind in (QEvent.Type.MouseButtonRelease, QEvent.Type.Leave, QEvent.Type.Hide):
                self._holding.stop()
            # Whoever presses has the mouse until they let go.
            return kind == QEvent.Type.MouseButtonPress
        if kind == QEvent.Type.MouseButtonPress or (kind == QEvent.Type.KeyPress and _opens(event)):
            self.search_asked.emit()
            return True
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The surface and a hairline."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.surface)
        painter.fillRect(0, self.height() - 1, self.width(), 1, self._look.theme.border)

    @Slot()
    def _relook(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(14), px(7), px(14), px(7))
        self._row.setSpacing(px(12))
        self._field.setMaximumWidth(px(430))
        super()._relook()


def _opens(event: QEvent) -> bool:
    key = getattr(event, "key", None)
    return key is not None and key() in (
        Qt.Key.Key_Return,
        Qt.Key.Key_Enter,
        Qt.Key.Key_Space,
    )
