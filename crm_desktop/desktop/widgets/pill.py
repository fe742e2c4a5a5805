"""Small marks: pills, avatars and icon tiles."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    Painted,
    paint_pill,
    paint_text,
    paint_tile,
    pill_size,
)
from crm_desktop.desktop.widgets.tips import plain_tip


class Pill(Painted):
    """A rounded label whose tone repeats what its words say."""

    def __init__(
        self,
        look: Look,
        text: str,
        tone: Tone = Tone.NEUTRAL,
        icon: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent)
        self._icon = icon
        self._text, self._tone, self._bare = text, tone, False
        self.setAccessibleName(text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)

    def set_content(self, text: str, tone: Tone) -> None:
        """Say something else."""
        if (text, tone) != (self._text, self._tone):
            self._text, self._tone = text, tone
            self.setAccessibleName(text)
            self._relook()

    def set_icon(self, icon: str) -> None:
        """Have another sign before the words."""
        if icon != self._icon:
            self._icon = icon
            self._relook()

    def set_bare(self, bare: bool) -> None:
        """Show the sign alone, where there is little room; the words are said on hovering."""
        if bare != self._bare:
            self._bare = bare
            self._relook()
        self.setToolTip(plain_tip(self._text) if bare else "")

    def text(self) -> str:
        """What it says."""
        return self._text

    def sizeHint(self) -> QSize:
        """Room for the whole text."""
        return pill_size(self._look, self._shown_text(), self._icon)

    def _shown_text(self) -> str:
        return "" if self._bare and self._icon else self._text

    def minimumSizeHint(self) -> QSize:
        """A pill may be cut, not squashed."""
        whole = self.sizeHint()
        return QSize(min(whole.width(), self._look.px(60)), whole.height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the pill."""
        shown = self.rect()
        shown.setWidth(min(shown.width(), self.sizeHint().width()))
        text = self._shown_text()
        paint_pill(QPainter(self), self._look, shown, text, self._tone, icon=self._icon)


class Avatar(Painted):
    """A person's initials in a circle; `size` as at 100 %."""

    def __init__(
        self, look: Look, name: str, size: float = 38, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._size = size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_name(name)

    def set_name(self, name: str) -> None:
        """Stand for somebody else."""
        self._initials = words.initials(name)
        self.setAccessibleName(name)
        self.update()

    def sizeHint(self) -> QSize:
        """A square."""
        side = self._look.px(self._size)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the circle and the letters."""
        paint_avatar(QPainter(self), self._look, self.rect(), self._initials)


def paint_avatar(painter: QPainter, look: Look, rect: QRect, initials: str) -> None:
    """Draw a person's initials in a circle over all of `rect`."""
    shade = look.theme.tone(Tone.ACCENT)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(shade.border)
    painter.setBrush(shade.soft)
    painter.drawEllipse(rect.adjusted(1, 1, -1, -1))
    font, centre = look.font(Role.STRONG), Qt.AlignmentFlag.AlignHCenter
    paint_text(painter, rect, initials, font, shade.text, align=centre)


class IconTile(Painted):
    """An icon on a soft square: what kind of thing this is. Silent: the text beside it speaks."""

    def __init__(
        self, look: Look, icon: str, tone: Tone = Tone.ACCENT, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._icon, self._tone = icon, tone
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """A square."""
        side = self._look.px(26)
        return QSize(side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tile."""
        paint_tile(QPainter(self), self._look, QRect(self.rect()), self._icon, self._tone)
