"""Notices in the flow of a window: huddles, adjustments, safety markers, trouble, being away."""

from __future__ import annotations

import math
from datetime import datetime
from time import monotonic

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import Words, words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, IconButton, Kind
from crm_desktop.desktop.widgets.painting import Painted, paint_box, paint_icon
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError

#: How long an undo is offered, in seconds.
UNDO_SECONDS = 10
#: The window's command with this shortcut takes the step back.
UNDO_KEY = "Ctrl+Alt+Z"


class Banner(Painted):
    """An icon, a strong sentence, a plain one, and actions, on the soft colour of a tone.

    `wide` reaches from edge to edge with hairlines, as under the title bar; otherwise it is a
    rounded box. `closed` is emitted when a person dismisses it.
    """

    closed = Signal()

    def __init__(
        self,
        look: Look,
        tone: Tone,
        icon: str,
        text: str = "",
        detail: str = "",
        *,
        wide: bool = False,
        closable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._tone, self._icon, self._wide = tone, icon, wide
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent, wide)
        self._text = Text(look, "", Role.STRONG, wrap=True)
        self._detail = Text(look, "", wrap=True)
        lines = QVBoxLayout()
        lines.addWidget(self._text)
        lines.addWidget(self._detail)
        lines.setSpacing(2)
        self._row = QHBoxLayout(self)
        self._row.addLayout(lines, 1)
        self._close: IconButton | None = None
        if closable:
            self._close = IconButton(look, "x", "Dismiss")
            self._close.clicked.connect(self._dismiss)
            self._row.addWidget(self._close, 0, Qt.AlignmentFlag.AlignTop)
        # Not Maximum: a layout would cut lines that wrap at this width but not at the hint's.
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._space()
        self.set_text(text, detail)

    def set_text(self, text: str, detail: str = "") -> None:
        """Say something; an empty part takes no room."""
        self._text.setText(text)
        self._detail.setText(detail)
        self._detail.setVisible(bool(detail))
        self.setAccessibleName(" ".join(part for part in (text, detail) if part))

    def text(self) -> str:
        """What it says, both parts."""
        return self.accessibleName()

    def set_tone(self, tone: Tone, icon: str) -> None:
        """Say it in another tone."""
        self._tone, self._icon = tone, icon
        self._relook()

    def add_action(self, text: str, kind: Kind = Kind.PLAIN, key: str = "") -> Button:
        """Put a button at the right, with its shortcut's badge; connect its `clicked`."""
        button = Button(self._look, text, kind=kind, key=key)
        at = self._row.count() - (1 if self._close else 0)
        self._row.insertWidget(at, button, 0, Qt.AlignmentFlag.AlignVCenter)
        return button

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the ground and the icon."""
        look, shade = self._look, self._look.theme.tone(self._tone)
        painter = QPainter(self)
        if self._wide:
            painter.fillRect(self.rect(), shade.soft)
            painter.fillRect(0, self.height() - 1, self.width(), 1, shade.border)
        else:
            paint_box(painter, self.rect(), look.px(6), shade.soft, shade.border)
        spot = self.rect().adjusted(look.px(13), 0, 0, 0)
        paint_icon(painter, look, spot, self._icon, shade.text, size=18)

    def _relook(self) -> None:
        self._space()
        super()._relook()

    def _space(self) -> None:
        px = self._look.px
        top = px(5) if self._wide else px(10)
        self._row.setContentsMargins(px(13) + px(18) + px(10), top, px(12), top)
        self._row.setSpacing(px(8))
        self._text.set_tone(self._tone)

    @Slot()
    def _dismiss(self) -> None:
        self.hide()
        self.closed.emit()


class ErrorBar(Banner):
    """Says what happened, what was kept and what to do; announced, dismissed with its cross."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.DANGER, "circle-alert", wide=True, closable=True, parent=parent)
        self.hide()

    @Slot(object)
    def show_trouble(self, trouble: CrmError) -> None:
        """Say it in the words of the error's code."""
        self.show_words(words_for(trouble))

    @Slot(str)
    def show_crash(self, where: str) -> None:
        """Say calmly that the program made a mistake, and where it is written down."""
        self.show_words(
            Words(
                "Something in CRM Desktop went wrong.",
                "What you typed is kept and the rest goes on working.",
                f"If it happens again, give your administrator this file: {where}",
            )
        )

    def show_earlier_crash(self, at: datetime, where: str) -> None:
        """Say that the run before this one broke off, and where that is written down."""
        self.show_words(
            Words(
                f"CRM Desktop ended unexpectedly on {words.full(at)}.",
                "Replies and notes that were not sent yet are kept with their contacts.",
                f"If it happens again, give your administrator this folder: {where}",
            )
        )

    def show_words(self, told: Words) -> None:
        """Show and announce."""
        self.set_text(told.happened, told.rest())
        self.show()
        announce(self, told.sentence())


class UndoToast(Banner):
    """Offers to take a step back for ten seconds. `undone` when taken, `lapsed` when not.

    It ends at its time, however long a window that was busy could not count.
    """

    undone = Signal()
    lapsed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, Tone.ACCENT, "undo-2", parent=parent)
        self._until, self._said = 0.0, ""
        self._button = self.add_action("Undo", key=UNDO_KEY)
        self._button.clicked.connect(self.undo)
        self._timer = QTimer(self)
        self._timer.setInterval(1_000)
        self._timer.timeout.connect(self._count_down)
        self.hide()

    def offer(self, text: str, seconds: float = UNDO_SECONDS) -> None:
        """Say what was done, as "Reply to Margaret Okafor goes out"; an offer before lapses."""
        if self._timer.isActive():
            self.lapse()
        self._said, self._until = text, monotonic() + seconds
        self._show_left()
        self.show()
        self._timer.start()
        announce(self, f"{text}. Undo within {words.count(round(seconds), 'second')}")

    def lapse(self) -> None:
        """End the offer now; the step stands."""
        if self._timer.isActive():
            self._end()
            self.lapsed.emit()

    @Slot()
    def undo(self) -> None:
        """Take the step back, while that is offered."""
        if self._timer.isActive() and self._left() <= 0:
            self.lapse()
        elif self._timer.isActive():
            self._end()
            self.undone.emit()

    @Slot()
    def _count_down(self) -> None:
        if self._left() <= 0:
            self.lapse()
        else:
            self._show_left()

    def _end(self) -> None:
        self._timer.stop()
        self.hide()

    def _show_left(self) -> None:
        self.set_text(self._said)
        self._button.setText(f"Undo {self._left()} s")

    def _left(self) -> int:
        """Whole seconds, begun ones too."""
        return math.ceil(self._until - monotonic())
