"""Buttons that show their shortcut, and buttons that are a command."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QRect, QSize, Qt, Slot
from PySide6.QtGui import QAction, QColor, QKeySequence, QPaintEvent
from PySide6.QtWidgets import (
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import (
    key_badge_width,
    paint_focus,
    paint_icon,
    paint_key_badge,
    paint_text,
    text_width,
)
from crm_desktop.desktop.widgets.tips import plain_tip

_GLYPHS = {"Return": "↵", "Enter": "↵", "Left": "←", "Right": "→", "PgDown": "PgDn"}


class Kind(StrEnum):
    """How much a button asks for attention; the sheet draws each."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"
    QUIET = "quiet"


def key_text(shortcut: str) -> str:
    """A shortcut as it stands on a badge: "Ctrl+Return" is "Ctrl ↵"."""
    return " ".join(_GLYPHS.get(part, part) for part in shortcut.split("+") if part)


class Button(QPushButton):
    """A push button with an icon and a shortcut badge, each where given."""

    def __init__(
        self,
        look: Look,
        text: str,
        *,
        kind: Kind = Kind.PLAIN,
        icon: str = "",
        key: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(text, parent)
        self._look, self._kind, self._icon, self._key = look, kind, icon, key_text(key)
        self._action: QAction | None = None
        self._whole_key = self._key
        self._bare = False
        self.setProperty("kind", kind.value)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._describe()
        look.changed.connect(self._relook)

    def follow(self, action: QAction) -> Button:
        """Be the button of a command: its text, shortcut, enabled state, and what it does."""
        self._action = action
        self.clicked.connect(action.trigger)
        action.changed.connect(self._sync)
        self._sync()
        return self

    def set_bare(self, bare: bool) -> None:
        """Leave the badge out, where there is little room; the key is said on hovering."""
        if bare != self._bare:
            self._bare = bare
            self._show_key(self._whole_key)
            self._relook()

    def set_kind(self, kind: Kind) -> None:
        """Ask for more attention, or less."""
        if kind is not self._kind:
            self._kind = kind
            self.setProperty("kind", kind.value)
            self.style().unpolish(self)
            self.style().polish(self)
            self._relook()

    def set_key(self, shortcut: str) -> None:
        """Have another shortcut on the badge."""
        if key_text(shortcut) != self._whole_key:
            self._show_key(key_text(shortcut))
            self._describe()
            self._relook()

    def _show_key(self, key: str) -> None:
        self._whole_key = key
        self._key = "" if self._bare else key

    def sizeHint(self) -> QSize:
        """Room for icon, text and badge."""
        return QSize(self._content_width() + 2 * self._look.px(11) + 2, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        """A button is never cut."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bevel as the style does, the content in a row."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        ink = self._ink()
        row, content = QRect(self.rect()), self._content_width()
        middle = (self.width() - content) // 2
        # A quiet button reads as a link: a wide one starts where the text around it does.
        whole = content + 2 * self._look.px(11) + 2
        link = self._kind is Kind.QUIET and self.width() > whole
        row.setLeft(self._look.px(4) if link else max(self._look.px(6), middle))
        if self._icon:
            paint_icon(painter, self._look, row, self._icon, ink)
            row.setLeft(row.left() + self._look.px(16) + self._look.px(6))
        words = QRect(row)
        words.setWidth(self._text_width() + 1)
        paint_text(painter, words, self.text(), self._look.font(Role.STRONG), ink)
        if self._key:
            row.setLeft(words.right() + self._look.px(8))
            paint_key_badge(painter, self._look, row, self._key, ink)
        if self._kind is Kind.PRIMARY and self.hasFocus():
            # The ring around a dark button is dark: a light one inside it is seen by everybody.
            paint_focus(painter, self._look, self.rect().adjusted(2, 2, -2, -2), 4, ink)

    def _content_width(self) -> int:
        width = self._text_width()
        if self._icon:
            width += self._look.px(16) + (self._look.px(6) if self.text() else 0)
        if self._key:
            width += key_badge_width(self._look, self._key) + self._look.px(8)
        return width

    def _text_width(self) -> int:
        return text_width(self._look.font(Role.STRONG), self.text())

    def _ink(self) -> QColor:
        theme = self._look.theme
        if not self.isEnabled():
            return theme.disabled
        if self.isChecked() and self._kind is not Kind.PRIMARY:
            return theme.tone(Tone.ACCENT).text
        return {
            Kind.PLAIN: theme.text,
            Kind.PRIMARY: theme.on_primary,
            Kind.DANGER: theme.tone(Tone.DANGER).text,
            Kind.QUIET: theme.link,
        }[self._kind]

    def _describe(self) -> None:
        self.setAccessibleDescription(f"Shortcut {self._whole_key}" if self._whole_key else "")

    @Slot()
    def _sync(self) -> None:
        if self._action is not None:
            self.setText(self._action.text())
            self.setEnabled(self._action.isEnabled())
            said = self._action.toolTip()
            self.setToolTip("" if said == self._action.text() else plain_tip(said))
            shortcut = self._action.shortcut()
            key = key_text(shortcut.toString(QKeySequence.SequenceFormat.PortableText))
            # Mostly it can be done or cannot any more, which needs no other place.
            if key != self._whole_key:
                self._show_key(key)
                self._describe()
                self.updateGeometry()
            self.update()

    @Slot()
    def _relook(self) -> None:
        self.updateGeometry()
        self.update()


class PrimaryButton(Button):
    """The one button of a pane that a person most often wants, as "Next F9"."""

    def __init__(
        self, look: Look, text: str, *, icon: str = "", key: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(look, text, kind=Kind.PRIMARY, icon=icon, key=key, parent=parent)


class IconButton(QToolButton):
    """An icon alone; its spoken name is its tooltip too. `size` as at 100 %."""

    def __init__(
        self, look: Look, icon: str, name: str, *, size: float = 16, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._icon, self._size = look, icon, size
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(name))
        self.setAutoRaise(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        look.changed.connect(self._relook)
        self._relook()

    def set_icon(self, icon: str, name: str) -> None:
        """Become another button, as play becomes pause."""
        self._icon = icon
        self.setAccessibleName(name)
        self.setToolTip(plain_tip(name))
        self._relook()

    @Slot()
    def _relook(self) -> None:
        side = self._look.px(self._size)
        self.setIconSize(QSize(side, side))
        self.setIcon(self._look.icon(self._icon, size=self._size))
