"""Facts in two columns, as "Phone  07700 900123", each to be copied; drawn as rows of one list.

A label, a value and a button for each took longer to lay out than everything else about a customer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import paint_focus, paint_icon, paint_text, text_height
from crm_desktop.desktop.widgets.tips import plain_tip

_Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_WRAP = Qt.TextFlag.TextWordWrap
#: As at 100 %: where values begin, and the room of the sign that copies.
_NAMES, _SIGN, _ICON = 72, 28, 14


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact; `copies` is what its sign copies, empty for no sign. Whether it `wraps`: a mail
    address has no place to wrap at; cut, it can still be copied whole.
    """

    name: str
    says: str
    copies: str = ""
    #: The number that another sign calls; empty for no such sign.
    dials: str = ""
    warns: bool = False
    wraps: bool = True

    def aloud(self) -> str:
        """What a screen reader says for it."""
        return f"{self.name}: {self.says}"


@lru_cache(maxsize=200)
def _height(font: QFont, text: str, width: int) -> int:
    room = QRect(0, 0, max(width, 1), 10_000)
    return QFontMetrics(font).boundingRect(room, _WRAP.value, text).height()


class _Model(QAbstractListModel):
    """The facts in order."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.facts: tuple[Fact, ...] = ()

    def show(self, facts: tuple[Fact, ...]) -> None:
        self.beginResetModel()
        self.facts = facts
        self.endResetModel()

    def rowCount(self, parent: _Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.facts)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self.facts):
            return None
        fact = self.facts[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return fact.says
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(fact.says)
        return fact.aloud() if role == Qt.ItemDataRole.AccessibleTextRole else None


class _Delegate(QStyledItemDelegate):
    """Draws a fact."""

    def __init__(self, look: Look, model: _Model, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._model = look, model
        self.width = 0

    def height(self, fact: Fact) -> int:
        """How high a fact is at the present width, in pixels."""
        look, font = self._look, self._look.font()
        least = look.px(26 if fact.copies else 22)
        if not fact.wraps:
            return least
        signs = bool(fact.copies) + bool(fact.dials)
        room = self.width - look.px(_NAMES) - signs * look.px(_SIGN)
        return max(least, _height(font, fact.says, room) + look.px(8))

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(0, self.height(self._model.facts[index.row()]))

    def sign(self, rect: QRect) -> QRect:
        """Where the sign of a fact that is drawn over `rect` stands."""
        side = self._look.px(_SIGN)
        return QRect(rect.right() - side + 1, rect.top(), side, self._look.px(26))

    def dialling(self, rect: QRect) -> QRect:
        """Where the sign that calls stands: before the one that copies."""
        sign = self.sign(rect)
        return sign.translated(-sign.width(), 0)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        look, theme = self._look, self._look.theme
        fact = self._model.facts[index.row()]
        rect, font, line = QRect(option.rect), look.font(), look.px(26 if fact.copies else 22)
        state: QStyle.StateFlag = option.state
        box = rect.adjusted(look.px(_NAMES), 0, 0, 0)
        if fact.copies:
            sign = self.sign(rect)
            if state & QStyle.StateFlag.State_MouseOver:
                painter.fillRect(sign, theme.hover)
            side = (sign.width() - look.px(_ICON)) // 2
            paint_icon(painter, look, sign.adjusted(side, 0, 0, 0), "copy", theme.text, size=_ICON)
            box.setRight(sign.left() - 1)
            if fact.dials:
                sign = self.dialling(rect)
                if state & QStyle.StateFlag.State_MouseOver:
                    painter.fillRect(sign, theme.hover)
                inner, blue = sign.adjusted(side, 0, 0, 0), look.ink(Tone.ACCENT)
                paint_icon(painter, look, inner, "phone", blue, size=_ICON)
                box.setRight(sign.left() - 1)
        ink = look.ink(Tone.WARNING if fact.warns else None)
        names = QRect(rect.left(), rect.top(), look.px(_NAMES), line)
        paint_text(painter, names, fact.name, font, theme.muted)
        if fact.wraps and rect.height() > line:
            box.setTop(rect.top() + (line - text_height(font)) // 2)
            painter.setFont(font)
            painter.setPen(ink)
            painter.drawText(box, _WRAP.value, fact.says)
        else:
            paint_text(painter, box, fact.says, font, ink)
        if state & QStyle.StateFlag.State_HasFocus:
            paint_focus(painter, look, rect, 3)


class FactList(QListView):
    """Facts to read and to copy: by the sign at the right, or Enter or Ctrl+C on a fact. A number
    is called by the sign beside that, by Ctrl+Enter or from its menu: `dial_wanted` carries it.

    It is as high as its facts at the present width.
    """

    dial_wanted = Signal(str)

    def __init__(self, look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._facts = _Model(self)
        self._painter = _Delegate(look, self._facts, self)
        self.setModel(self._facts)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setMouseTracking(True)
        for set_policy in (self.setHorizontalScrollBarPolicy, self.setVerticalScrollBarPolicy):
            set_policy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        look.changed.connect(self._relook)

    def facts(self) -> tuple[Fact, ...]:
        """What is shown."""
        return self._facts.facts

    def show_facts(self, facts: Sequence[Fact]) -> None:
        """Show these."""
        if tuple(facts) != self._facts.facts:
            self._facts.show(tuple(facts))
            self._fit()

    def copy(self, place: int) -> None:
        """Copy a fact."""
        fact = self._facts.facts[place]
        QGuiApplication.clipboard().setText(fact.copies or fact.says)
        announce(self, "Copied")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width is another height."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit()

    def dial(self, place: int) -> None:
        """Ask for a call to the number of a fact."""
        if self._facts.facts[place].dials:
            self.dial_wanted.emit(self._facts.facts[place].dials)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """What the signs do, in words."""
        index = self.indexAt(event.pos())
        if not index.isValid():
            return
        fact = self._facts.facts[index.row()]
        menu = QMenu(self)
        if fact.dials:
            call = menu.addAction(self._look.icon("phone"), f"Call {fact.says}…\tCtrl+Enter")
            call.triggered.connect(partial(self.dial, index.row()))
        menu.addAction(self._look.icon("copy"), "Copy\tEnter").triggered.connect(
            partial(self.copy, index.row())
        )
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter and Ctrl+C copy the current fact, Ctrl+Enter calls it."""
        entered = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if entered and held and self.currentIndex().isValid():
            self.dial(self.currentIndex().row())
            return
        if self.currentIndex().isValid() and (
            entered or event.matches(QKeySequence.StandardKey.Copy)
        ):
            self.copy(self.currentIndex().row())
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """The sign is to be pressed."""
        over = self._signed(event.position().toPoint()) is not None
        shape = Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor
        self.viewport().setCursor(shape)
        super().mouseMoveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Copy by the sign, call by the other."""
        at = event.position().toPoint()
        place = self._signed(at)
        if place is not None and event.button() is Qt.MouseButton.LeftButton:
            dials = self._on(self._painter.dialling, at)
            (self.dial if dials else self.copy)(place)
        super().mouseReleaseEvent(event)

    def _signed(self, at: QPoint) -> int | None:
        """The fact whose sign is there."""
        index = self.indexAt(at)
        if not index.isValid() or not self._facts.facts[index.row()].copies:
            return None
        dials = self._facts.facts[index.row()].dials and self._on(self._painter.dialling, at)
        return index.row() if dials or self._on(self._painter.sign, at) else None

    def _on(self, sign: Callable[[QRect], QRect], at: QPoint) -> bool:
        return sign(self.visualRect(self.indexAt(at))).contains(at)

    def _fit(self) -> None:
        self._painter.width = self.viewport().width()
        height = sum(map(self._painter.height, self._facts.facts))
        if height != self.height():
            self.setFixedHeight(height)
        self.scheduleDelayedItemsLayout()
        if self.isVisible():
            # Put off, the rows would be placed while they are drawn, and then drawn again.
            self.executeDelayedItemsLayout()

    @Slot()
    def _relook(self) -> None:
        self._fit()
