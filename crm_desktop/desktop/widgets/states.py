"""What a pane shows when it has nothing, or nothing yet."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.painting import Painted, paint_icon
from crm_desktop.desktop.widgets.text import Text

_TURN_MS = 60
#: What takes less than this needs no sign that it is going on.
_PATIENCE_MS = 150


class _Mark(Painted):
    """A large pale icon."""

    def __init__(self, look: Look, icon: str) -> None:
        super().__init__(look)
        self._icon = icon

    def sizeHint(self) -> QSize:
        """A square around the icon."""
        return QSize(self._look.px(56), self._look.px(56))

    def paintEvent(self, event: QPaintEvent) -> None:
        """A soft circle and the icon in it."""
        look, shade = self._look, self._look.theme.tone(Tone.NEUTRAL)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(shade.border, 1))
        painter.setBrush(shade.soft)
        side = min(look.px(54), self.height() - 2)
        disc = QRect(0, 0, side, side)
        disc.moveCenter(self.rect().center())
        painter.drawEllipse(disc)
        spot = QRect(0, 0, look.px(24), look.px(24))
        spot.moveCenter(disc.center())
        paint_icon(painter, look, spot, self._icon, shade.text, size=24)


class EmptyState(QWidget):
    """Nothing here, why, and what to do about it."""

    def __init__(
        self,
        look: Look,
        icon: str,
        title: str,
        detail: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._title = Text(look, title, Role.HEADING)
        self._detail = Text(look, detail, muted=True, wrap=True)
        self._column = QVBoxLayout(self)
        self._column.addStretch(2)
        middle = Qt.AlignmentFlag.AlignHCenter
        self._column.addWidget(_Mark(look, icon), 0, middle)
        for each in (self._title, self._detail):
            each.setAlignment(middle)
            self._column.addWidget(each)
        self._column.addStretch(3)

    def set_text(self, title: str, detail: str = "") -> None:
        """Say something else."""
        self._title.setText(title)
        self._detail.setText(detail)

    def add_action(self, text: str, kind: Kind = Kind.PLAIN) -> Button:
        """Put a button under the words; connect its `clicked`."""
        button = Button(self._look, text, kind=kind)
        self._column.insertWidget(
            self._column.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter
        )
        return button


class _Wheel(Painted):
    """An arc that turns while it is seen."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._angle = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._turn)

    def sizeHint(self) -> QSize:
        """As high as text."""
        return QSize(self._look.px(18), self._look.px(18))

    def showEvent(self, event: QShowEvent) -> None:
        """Turn."""
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Rest: what nobody sees costs nothing."""
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arc."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        side = self._look.px(14)
        box = QRectF(0, 0, side, side)
        box.moveCenter(QRectF(self.rect()).center())
        painter.setPen(QPen(self._look.theme.border, 2))
        painter.drawEllipse(box)
        painter.setPen(QPen(self._look.theme.selection_edge, 2))
        painter.drawArc(box, -self._angle * 16, 100 * 16)

    @Slot()
    def _turn(self) -> None:
        self._angle = (self._angle + 30) % 360
        self.update()


class Busy(QWidget):
    """Says that something goes on; seen only when it takes a while. `cancelled` when given up."""

    cancelled = Signal()

    def __init__(
        self, look: Look, *, cancellable: bool = False, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text = Text(look, "", muted=True)
        row = QHBoxLayout(self)
        row.addWidget(_Wheel(look))
        row.addWidget(self._text, 1)
        self._cancel = Button(look, "Cancel", kind=Kind.QUIET)
        self._cancel.clicked.connect(self.cancelled)
        self._cancel.setVisible(cancellable)
        row.addWidget(self._cancel)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self.show)
        self.hide()

    def begin(self, text: str) -> None:
        """Something goes on, as "Searching customers"."""
        self.say(text)
        self._patience.start()

    def say(self, text: str) -> None:
        """How far it is."""
        self._text.setText(text)
        self.setAccessibleName(text)

    def may_cancel(self, can: bool) -> None:
        """Whether what goes on now can be given up; of a cancellable one alone."""
        self._cancel.setVisible(can)

    def end(self) -> None:
        """It is over."""
        self._patience.stop()
        self.hide()
