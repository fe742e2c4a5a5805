"""Surfaces and headings: cards, panel headers, section rows, hairlines."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import Painted, paint_box
from crm_desktop.desktop.widgets.text import ElidedText, Text


class Card(Painted):
    """A rounded surface with an edge; put children into `body`. A tone tints it."""

    def __init__(
        self, look: Look, tone: Tone | None = None, title: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._tone = tone
        self.body = QVBoxLayout(self)
        if title:
            self.body.addWidget(Text(look, title, Role.STRONG))
            self.setAccessibleName(title)
        self._space()

    def set_tone(self, tone: Tone | None) -> None:
        """Tint the card by what it says."""
        self._tone = tone
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the surface and its edge."""
        theme = self._look.theme
        shade = theme.tone(self._tone) if self._tone else None
        fill, edge = (shade.soft, shade.border) if shade else (theme.surface, theme.border)
        paint_box(QPainter(self), self.rect(), self._look.px(7), fill, edge)

    def _relook(self) -> None:
        self._space()
        super()._relook()

    def _space(self) -> None:
        edge = self._look.px(12)
        self.body.setContentsMargins(edge, edge, edge, edge)
        self.body.setSpacing(self._look.px(6))


class Surface(Painted):
    """A plain area of the theme's `surface` or `sunken` colour; lay out children as you like."""

    def __init__(self, look: Look, *, sunken: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._sunken = sunken
        # What is behind need not be drawn first.
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Fill it."""
        theme = self._look.theme
        QPainter(self).fillRect(event.rect(), theme.sunken if self._sunken else theme.surface)


class Divider(Painted):
    """A hairline, as wide as its place."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """One pixel."""
        return QSize(1, 1)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line."""
        QPainter(self).fillRect(self.rect(), self._look.theme.border)


class _Header(Painted):
    """A row of title, detail and actions with a hairline under it."""

    def __init__(
        self,
        look: Look,
        title: Text,
        detail: Text,
        edge: tuple[float, float],
        parent: QWidget | None,
    ) -> None:
        super().__init__(look, parent)
        self._title, self._detail, self._edge = title, detail, edge
        self._row = QHBoxLayout(self)
        self._row.addWidget(title)
        self._row.addWidget(detail, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._space()

    def set_text(self, title: str, detail: str = "") -> None:
        """Change both texts."""
        self._title.setText(title)
        self._detail.setText(detail)

    def title(self) -> str:
        """What it is the head of."""
        return self._title.text()

    def add(self, widget: QWidget) -> None:
        """Put an action at the right."""
        self._row.addWidget(widget)

    def _relook(self) -> None:
        self._space()
        super()._relook()

    def _space(self) -> None:
        side, top = (self._look.px(each) for each in self._edge)
        self._row.setContentsMargins(side, top, side, top)
        self._row.setSpacing(self._look.px(6))


class PanelHeader(_Header):
    """The head of a pane, as "Queue 37 waiting" with its buttons at the right."""

    def __init__(
        self, look: Look, title: str, detail: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(
            look,
            ElidedText(look, title, Role.HEADING, snug=True),
            ElidedText(look, detail, muted=True),
            (14, 9),
            parent,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def sizeHint(self) -> QSize:
        """As high with buttons as without, so that heads of neighbouring panes line up."""
        hint = super().sizeHint()
        return QSize(hint.width(), max(hint.height(), self._look.px(48)))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the surface and the hairline."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), self._look.theme.surface)
        painter.fillRect(0, self.height() - 1, self.width(), 1, self._look.theme.border)


class SectionHeader(_Header):
    """A thin row that names what follows, as "WAITING · by next breach"."""

    def __init__(
        self, look: Look, title: str, detail: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(
            look,
            Text(look, title, Role.SMALL_STRONG, muted=True),
            ElidedText(look, detail, Role.SMALL, muted=True),
            (12, 5),
            parent,
        )
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sunken row between two hairlines."""
        theme, painter = self._look.theme, QPainter(self)
        painter.fillRect(self.rect(), theme.sunken)
        painter.fillRect(0, 0, self.width(), 1, theme.border)
        painter.fillRect(0, self.height() - 1, self.width(), 1, theme.border)
