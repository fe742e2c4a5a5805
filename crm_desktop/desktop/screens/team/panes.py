"""Where the panes stand: side by side where there is room, else some behind tabs.

Every pane is made once and moves between the places; the places' sizes are splitters', which are
remembered with the window's layout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.painting import Painted, paint_box
from crm_desktop.desktop.widgets.tabs import TabStrip


@dataclass(frozen=True, slots=True)
class Pane:
    """A part of the screen under its name; `side` is "left" or "right", `share` its height there
    in parts of all.
    """

    key: str
    title: str
    widget: QWidget
    side: str
    share: int


class Place(Painted):
    """One frame with one pane, or several behind tabs."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._tabs = TabStrip(look, "Parts of the team screen")
        self._tabs.chosen.connect(self._turn)
        self._pages = QStackedWidget()
        self._keys: tuple[str, ...] = ()
        self._counts: dict[str, int] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(2, 2, 2, 2)
        column.setSpacing(0)
        column.addWidget(self._tabs)
        column.addWidget(self._pages, 1)
        self.hide()

    def hold(self, panes: Sequence[Pane]) -> None:
        """Show these panes and no others; without any the place takes no room."""
        keys = tuple(pane.key for pane in panes)
        if keys == self._keys:
            return
        before, self._keys = self._tabs.key(), keys
        self._tabs.blockSignals(True)
        while self._tabs.count():
            self._tabs.removeTab(0)
        for pane in panes:
            self._tabs.add(pane.key, pane.title, self._counts.get(pane.key))
            self._pages.addWidget(pane.widget)
        self._tabs.blockSignals(False)
        if panes:
            self.show_pane(before if before in keys else keys[0])
        self._tabs.setVisible(len(panes) > 1)
        self.setVisible(bool(panes))

    def set_count(self, key: str, count: int) -> None:
        """How many things are in a pane, here or once it comes."""
        self._counts[key] = count
        self._tabs.set_count(key, count)

    def show_pane(self, key: str) -> bool:
        """Turn to a pane, if it is here."""
        if key not in self._keys:
            return False
        self._tabs.choose(key)
        self._pages.setCurrentIndex(self._keys.index(key))
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame."""
        theme = self._look.theme
        paint_box(QPainter(self), self.rect(), self._look.px(5), theme.surface, theme.border)

    @Slot(str)
    def _turn(self, key: str) -> None:
        if key in self._keys:
            self._pages.setCurrentIndex(self._keys.index(key))


class Panes(QWidget):
    """The panes in one of three arrangements, by the room that there is (at 100 %):

    all of them side by side; the lower ones of each side behind tabs; one at a time.
    """

    _WIDE, _HIGH = 1_080, 700
    _MIDDLE, _LOW = 860, 460
    _LEAST = 360

    def __init__(self, look: Look, top: Pane, parent: QWidget | None = None) -> None:
        """`top` stands above them all; where there is no room it is the last of the tabs."""
        super().__init__(parent)
        self._look, self._top = look, top
        self._panes: list[Pane] = []
        self._places: dict[str, list[Place]] = {}
        self._columns: dict[str, QSplitter] = {}
        self._fitted = ""
        self._split = _splitter(Qt.Orientation.Horizontal, "team", self)
        for side in ("left", "right"):
            column = _splitter(Qt.Orientation.Vertical, f"team-{side}")
            self._columns[side] = column
            self._places[side] = []
            self._split.addWidget(column)
        self._split.setStretchFactor(0, 3)
        self._split.setStretchFactor(1, 2)
        self._whole = QVBoxLayout(self)
        self._whole.setContentsMargins(0, 0, 0, 0)
        self._whole.addWidget(top.widget)
        self._whole.addWidget(self._split, 1)
        look.changed.connect(self._relook)
        self._space()

    def add(self, pane: Pane) -> None:
        """One more pane, below those of its side."""
        self._panes.append(pane)
        place = Place(self._look)
        column = self._columns[pane.side]
        self._places[pane.side].append(place)
        column.addWidget(place)
        column.setStretchFactor(column.count() - 1, pane.share)
        self._fitted = ""

    def settle(self) -> None:
        """All panes are there: put them where they belong, at their first sizes."""
        look = self._look
        for side, column in self._columns.items():
            column.setSizes([look.px(10 * pane.share) for pane in self._of(side)])
        self._split.setSizes([look.px(580), look.px(500)])
        self._fit()

    def set_count(self, key: str, count: int) -> None:
        """Say on a pane's tab how many things are behind it."""
        for places in self._places.values():
            for place in places:
                place.set_count(key, count)

    def show_pane(self, key: str) -> None:
        """Turn to a pane, if it is behind others."""
        any(place.show_pane(key) for places in self._places.values() for place in places)

    def minimumSizeHint(self) -> QSize:
        """Low enough for the next arrangement: what the window says at its top takes its room from
        here, and does not push the window's foot off the screen.
        """
        hint = super().minimumSizeHint()
        return QSize(hint.width(), min(hint.height(), self._look.px(self._LEAST)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another arrangement may fit."""
        super().resizeEvent(event)
        self._fit()

    def _of(self, side: str) -> list[Pane]:
        return [each for each in self._panes if each.side == side]

    @Slot()
    def _relook(self) -> None:
        self._space()
        self._fit()

    def _space(self) -> None:
        self._whole.setSpacing(self._look.px(10))

    def _fit(self) -> None:
        look, width, height = self._look, self.width(), self.height()
        if width >= look.px(self._WIDE) and height >= look.px(self._HIGH):
            wanted = "wide"
        elif width >= look.px(self._MIDDLE) and height >= look.px(self._LOW):
            wanted = "middle"
        else:
            wanted = "narrow"
        if wanted != self._fitted and self._panes:
            self._fitted = wanted
            self._arrange(wanted)

    def _arrange(self, how: str) -> None:
        left, right = self._of("left"), self._of("right")
        held: dict[str, list[list[Pane]]] = {
            "wide": {"left": [[each] for each in left], "right": [[each] for each in right]},
            "middle": {"left": [left[:1], left[1:]], "right": [right]},
            "narrow": {"left": [[*left[:1], *right, *left[1:], self._top]], "right": []},
        }[how]
        focused = self.focusWidget()
        for side, lists in held.items():
            for at, place in enumerate(self._places[side]):
                place.hold(lists[at] if at < len(lists) else [])
            self._columns[side].setVisible(bool(lists))
        # In a frame it stands away from its edge.
        edge = self._look.px(10) if how == "narrow" else 0
        self._top.widget.setContentsMargins(edge, edge, edge, edge)
        if how != "narrow":
            self._whole.insertWidget(0, self._top.widget)
            self._top.widget.show()
        if focused is not None and focused.isVisible():
            focused.setFocus()


def _splitter(way: Qt.Orientation, name: str, parent: QWidget | None = None) -> QSplitter:
    made = QSplitter(way, parent)
    made.setObjectName(name)
    made.setChildrenCollapsible(False)
    made.setProperty("airy", True)
    return made
