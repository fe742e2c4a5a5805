"""Choosing one of many by typing a part of its name: services, canned replies, destinations."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QDialog, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.painting import paint_focus, paint_icon, paint_text, text_width
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.domain.text import fold

_WIDTH, _HEIGHT = 420, 340


class Chooser(QDialog):
    """A field over a list: typing narrows it, Enter chooses, Escape leaves. `chosen` has a key."""

    chosen = Signal(object)

    def __init__(self, look: Look, title: str, rows: Sequence[Row], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self._all = tuple(rows)
        self._field = SearchField(look, title)
        self._list = RowList(look, title)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._field.textChanged.connect(self._narrow)
        self._field.moved.connect(self._list.step)
        self._field.returnPressed.connect(self._take)
        self._field.left.connect(self.reject)
        self._list.clicked.connect(self._take)
        column = QVBoxLayout(self)
        edge = look.px(6)
        column.setContentsMargins(edge, edge, edge, edge)
        column.addWidget(self._field)
        column.addWidget(self._list, 1)
        self.resize(look.px(_WIDTH), look.px(_HEIGHT))
        self._narrow("")

    def open_at(self, corner: QPoint) -> None:
        """Show with the left upper corner there (global), kept on the screen."""
        free = self.screen().availableGeometry()
        left = min(corner.x(), free.right() - self.width())
        top = min(corner.y(), free.bottom() - self.height())
        self.move(max(left, free.left()), max(top, free.top()))
        self.show()
        self._field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def field(self) -> SearchField:
        """Where a person types."""
        return self._field

    @Slot(str)
    def _narrow(self, text: str) -> None:
        parts = fold(text).split()
        found = [row for row in self._all if not row.heading and _has(row, parts)]
        self._list.set_rows(found if parts else self._all)
        self._list.setCurrentIndex(self._list.model().index(-1, 0))
        self._list.step(1)

    @Slot()
    def _take(self) -> None:
        key = self._list.current_key()
        if key is not None:
            self.chosen.emit(key)
            self.accept()


class ChoiceField(QPushButton):
    """Shows what is chosen, as a drop-down does; opens a Chooser. `chosen` carries the key."""

    chosen = Signal(object)

    def __init__(
        self, look: Look, name: str, hint: str = "Choose…", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look, self._name, self._hint = look, name, hint
        self._rows: tuple[Row, ...] = ()
        self._key: object | None = None
        self._words = self._aside = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clicked.connect(self._open)
        look.changed.connect(self._relook)
        self._describe()

    def set_rows(self, rows: Sequence[Row]) -> None:
        """What can be chosen; `right` of a row is shown muted behind its title."""
        self._rows = tuple(rows)
        self.choose(self._key)

    def choose(self, key: object | None) -> None:
        """Show this as chosen; tells nobody."""
        self._key = key
        found = next((row for row in self._rows if row.key == key and key is not None), None)
        above = f"{found.detail} › " if found and found.detail else ""
        self._words = f"{above}{found.title}" if found else ""
        self._aside = found.right if found else ""
        self._describe()
        self.update()

    def key(self) -> object | None:
        """What is chosen."""
        return self._key

    def sizeHint(self) -> QSize:
        """As high as an entry field."""
        return QSize(self._look.px(180), self.fontMetrics().height() + 2 * self._look.px(5) + 2)

    def minimumSizeHint(self) -> QSize:
        """Any width: what is chosen is cut with an ellipsis."""
        return QSize(self._look.px(80), self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """An entry field with an arrow."""
        look, theme, painter = self._look, self._look.theme, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.outline if self.isEnabled() else theme.border)
        painter.setBrush(theme.surface if self.isEnabled() else theme.sunken)
        box = self.rect().adjusted(0, 0, -1, -1)
        painter.drawRoundedRect(box, look.px(5), look.px(5))
        inner = box.adjusted(look.px(9), 0, -look.px(28), 0)
        ink = theme.text if self._words and self.isEnabled() else theme.muted
        said = self._words or self._hint
        paint_text(painter, inner, said, look.font(), ink)
        inner.setLeft(inner.left() + text_width(look.font(), said) + look.px(6))
        paint_text(painter, inner, self._aside, look.font(), theme.muted)
        arrow = self.rect().adjusted(self.width() - look.px(22), 0, 0, 0)
        paint_icon(painter, look, arrow, "chevron-down", theme.muted, size=14)
        if self.hasFocus():
            paint_focus(painter, look, self.rect())

    def _describe(self) -> None:
        self.setAccessibleName(f"{self._name}: {self._words or 'not chosen'}")

    @Slot()
    def _open(self) -> None:
        chooser = Chooser(self._look, self._name, self._rows, self)
        chooser.chosen.connect(self._picked)
        chooser.resize(max(self.width(), chooser.width()), chooser.height())
        chooser.open_at(self.mapToGlobal(QPoint(0, self.height() + 2)))

    @Slot(object)
    def _picked(self, key: object) -> None:
        if key != self._key:
            self.choose(key)
            self.chosen.emit(key)

    @Slot()
    def _relook(self) -> None:
        self.setFont(self._look.font(Role.BODY))
        self.updateGeometry()
        self.update()


def _has(row: Row, parts: list[str]) -> bool:
    words = fold(f"{row.title} {row.detail} {row.right}")
    return all(part in words for part in parts)
