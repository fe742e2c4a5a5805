"""The head of a message, drawn by one widget: five of them took longer to lay out than to draw."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    paint_pill,
    paint_text,
    paint_tile,
    pill_size,
    text_width,
)
from crm_desktop.desktop.widgets.pill import paint_avatar
from crm_desktop.desktop.widgets.tips import plain_tip

_RIGHT = Qt.AlignmentFlag.AlignRight


@dataclass(frozen=True, slots=True)
class Said:
    """What a head says: who to whom, how far it is, and when; `full` is the whole moment."""

    author: str
    toward: str
    state: tuple[str, Tone] | None
    moment: str
    full: str
    note: bool


class CardHead(QLabel):
    """ "MO Margaret Okafor  m.okafor@example.org   sent  09:12". A reader hears all of it."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._said = Said("", "", None, "", "", note=False)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)

    def say(self, said: Said) -> None:
        """Be the head of another message."""
        if said == self._said:
            return
        self._said = said
        parts = [said.author, said.toward, said.state[0] if said.state else "", said.moment]
        self.setAccessibleName(", ".join(part for part in parts if part))
        # What is cut here stands whole there.
        whole = "\n".join(part for part in (said.author, said.toward, said.full) if part)
        self.setToolTip(plain_tip(whole))
        self.update()

    def said(self) -> Said:
        """What it says."""
        return self._said

    def sizeHint(self) -> QSize:
        """As high as its sign; any width will do."""
        return QSize(self._look.px(320), self._look.px(26))

    def minimumSizeHint(self) -> QSize:
        """The sign and a little."""
        return QSize(self._look.px(120), self._look.px(26))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw all of it, what matters least cut first."""
        look, said, painter = self._look, self._said, QPainter(self)
        px, gap, row = look.px, look.px(8), self.rect()
        side = px(26)
        sign = QRect(0, (row.height() - side) // 2, side, side)
        if said.note:
            paint_tile(painter, look, sign, "sticky-note", Tone.WARNING)
        else:
            paint_avatar(painter, look, sign, words.initials(said.author))
        row.setLeft(side + gap)
        muted, small = look.theme.muted, look.font(Role.SMALL)
        paint_text(painter, row, said.moment, small, muted, align=_RIGHT)
        row.setRight(row.right() - text_width(small, said.moment) - gap)
        if said.state is not None:
            size = pill_size(look, said.state[0])
            width = min(size.width(), max(px(60), row.width() // 2))
            top = (row.height() - size.height()) // 2
            paint_pill(
                painter,
                look,
                QRect(row.right() - width + 1, top, width, size.height()),
                *said.state,
            )
            row.setRight(row.right() - width - gap)
        strong = look.font(Role.STRONG)
        paint_text(painter, row, said.author, strong, look.theme.text)
        row.setLeft(row.left() + text_width(strong, said.author) + gap)
        paint_text(painter, row, said.toward, small, muted)

    def _relook(self) -> None:
        self.updateGeometry()
        self.update()
