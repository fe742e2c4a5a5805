"""Labels that follow the look: a role gives the font, a tone the colour."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QShowEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import paint_text, text_height, text_width
from crm_desktop.desktop.widgets.tips import plain_tip


class Text(QLabel):
    """Plain text, never markup; wraps when asked, and can be selected when asked.

    What it measured is kept until its words change: give it margins before words.
    """

    def __init__(
        self,
        look: Look,
        text: str = "",
        role: Role = Role.BODY,
        *,
        tone: Tone | None = None,
        muted: bool = False,
        wrap: bool = False,
        selectable: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._heights: dict[int, int] = {}
        self._look, self._role, self._tone, self._muted = look, role, tone, muted
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(wrap)
        if selectable:
            self.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse
                | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
        look.changed.connect(self._relook)
        self._relook()

    def setText(self, text: str) -> None:
        """Say something else."""
        if text != self.text():
            self._heights.clear()
            super().setText(text)

    def heightForWidth(self, width: int) -> int:
        """How high the text is when it wraps at this width."""
        # Layouts ask for the same widths again and again; each answer lays out the whole text.
        if width not in self._heights:
            self._heights[width] = super().heightForWidth(width)
        return self._heights[width]

    def set_tone(self, tone: Tone | None, *, muted: bool = False) -> None:
        """Colour the text by what it says."""
        # A new palette has the style sheet work out the whole widget anew.
        if (tone, muted) != (self._tone, self._muted):
            self._tone, self._muted = tone, muted
            self._relook()

    def showEvent(self, event: QShowEvent) -> None:
        """The style sheet gives a label that got another parent the colours of an earlier theme."""
        super().showEvent(event)
        ink = self._look.ink(self._tone, muted=self._muted)
        if self.palette().color(QPalette.ColorRole.WindowText) != ink:
            self._relook()

    def _relook(self) -> None:
        self._heights.clear()
        self.setFont(self._look.font(self._role))
        shown = QPalette(self.palette())
        shown.setColor(QPalette.ColorRole.WindowText, self._look.ink(self._tone, muted=self._muted))
        self.setPalette(shown)


class ElidedText(Text):
    """One line that is cut with an ellipsis when there is no room; the tooltip has it whole."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        role: Role = Role.BODY,
        *,
        tone: Tone | None = None,
        muted: bool = False,
        snug: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, text, role, tone=tone, muted=muted, parent=parent)
        # Snug: no wider than its words, so that what follows stands beside them.
        wide = QSizePolicy.Policy.Maximum if snug else QSizePolicy.Policy.Expanding
        self.setSizePolicy(wide, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Room for the whole line, by the font that it is drawn in: the label's own is another
        while it is hidden.
        """
        font, edges = self._look.font(self._role), self.contentsMargins()
        width = text_width(font, self.text()) + 2 + edges.left() + edges.right()
        return QSize(width, text_height(font) + edges.top() + edges.bottom())

    def minimumSizeHint(self) -> QSize:
        """Any width will do."""
        return QSize(self._look.px(20), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw what fits."""
        text, font = self.text(), self._look.font(self._role)
        tip = plain_tip(text) if text_width(font, text) > self.width() else ""
        if tip != self.toolTip():
            self.setToolTip(tip)
        ink = self.palette().color(QPalette.ColorRole.WindowText)
        paint_text(QPainter(self), self.contentsRect(), text, font, ink)
