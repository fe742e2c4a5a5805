"""The pictures of a post, each with a description for people who do not see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QLineEdit, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.thumbs import thumb
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.social import Picture
from crm_desktop.domain.social_thread import MOST_PICTURES

#: A description is no essay: networks take at least so many characters.
_LONGEST_ALT = 1_000


class PostPictures(QWidget):
    """A line a picture: what it looks like, what it is said to show, and a way to remove it."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._pictures: list[Picture] = []
        self._alts: list[QLineEdit] = []
        self._grid = QGridLayout(self)
        self._grid.setColumnStretch(1, 1)
        self.setAccessibleName("Pictures")
        look.changed.connect(self._lay)
        self.hide()

    def set_pictures(self, pictures: Sequence[Picture]) -> None:
        """Show these."""
        self._pictures = list(pictures[:MOST_PICTURES])
        self._lay()

    def add(self, picture: Picture) -> None:
        """One more; beyond the fourth there is none."""
        if len(self._pictures) < MOST_PICTURES:
            self._pictures.append(picture)
            self._lay()
            self._alts[-1].setFocus(Qt.FocusReason.OtherFocusReason)
            self.changed.emit()

    def pictures(self) -> tuple[Picture, ...]:
        """What goes with the post."""
        return tuple(self._pictures)

    def focus_missing(self) -> None:
        """Go to the first picture that is not described."""
        for field in self._alts:
            if not field.text().strip():
                field.setFocus(Qt.FocusReason.OtherFocusReason)
                return

    @Slot()
    def _lay(self) -> None:
        """Lay all lines out anew: there are four at most."""
        while self._grid.count():
            item = self._grid.takeAt(0)
            widget = item.widget() if item else None
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self._alts = []
        px = self._look.px
        self._grid.setContentsMargins(px(12), px(4), px(12), px(8))
        self._grid.setSpacing(px(6))
        for at, picture in enumerate(self._pictures):
            shown = QLabel()
            shown.setPixmap(_small(picture, px(40)))
            shown.setAccessibleName(picture.name)
            shown.setToolTip(plain_tip(picture.name))
            field = QLineEdit(picture.alt)
            field.setMaxLength(_LONGEST_ALT)
            field.setPlaceholderText("What does it show?")
            field.setAccessibleName(f"Description of {picture.name}")
            field.setProperty("at", at)
            field.textEdited.connect(self._described)
            gone = IconButton(self._look, "x", f"Remove {picture.name}")
            gone.setProperty("at", at)
            gone.clicked.connect(self._remove)
            self._alts.append(field)
            name = Text(self._look, picture.name, Role.SMALL, muted=True)
            name.setMaximumWidth(px(160))
            for column, each in enumerate((shown, field, name, gone)):
                self._grid.addWidget(each, at, column, Qt.AlignmentFlag.AlignVCenter)
        self.setVisible(bool(self._pictures))

    @Slot(str)
    def _described(self, text: str) -> None:
        at = self._sender_at()
        if at is not None:
            self._pictures[at] = replace(self._pictures[at], alt=text)
            self.changed.emit()

    @Slot()
    def _remove(self) -> None:
        at = self._sender_at()
        if at is not None:
            del self._pictures[at]
            self._lay()
            self.changed.emit()

    def _sender_at(self) -> int | None:
        sender = self.sender()
        at = sender.property("at") if sender is not None else None
        return at if isinstance(at, int) and at < len(self._pictures) else None


def _small(picture: Picture, side: int) -> QPixmap:
    """Nothing when it is none that can be drawn."""
    image = thumb(picture.content, QSize(side, side))
    return QPixmap.fromImage(image) if image is not None else QPixmap()
