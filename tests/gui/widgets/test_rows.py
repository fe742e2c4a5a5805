"""Lists change by differences: what a person chose stays chosen, and only change is repainted."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractListModel, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.painting import paint_text, text_width
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row, RowsModel
from crm_desktop.desktop.widgets.ticking import CellTicker

KEYS = st.lists(st.integers(0, 12), unique=True)


def rows(keys: list[int], word: str = "row") -> list[Row]:
    return [Row(key, f"{word} {key}") for key in keys]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=KEYS, after=KEYS)
def test_any_list_becomes_any_other_without_a_reset(
    qapp: object, before: list[int], after: list[int]
) -> None:
    model, resets = RowsModel(), list[bool]()
    tester = QAbstractItemModelTester(
        model, QAbstractItemModelTester.FailureReportingMode.Warning, model
    )
    model.modelReset.connect(lambda: resets.append(True))
    model.set_rows(rows(before))

    model.set_rows(rows(after, "now"))

    assert tester.model() is model
    assert model.rows == tuple(rows(after, "now"))
    assert resets == []


def test_what_is_chosen_stays_chosen_while_others_come_and_go(look: Look, qtbot: QtBot) -> None:
    view = RowList(look, "Waiting contacts")
    qtbot.addWidget(view)
    view.set_rows(rows([1, 2, 3]))
    view.make_current(2)

    view.set_rows(rows([9, 3, 2, 4]))

    assert view.current_key() == 2


def test_the_arrow_keys_step_over_headings_and_round_the_ends(look: Look, qtbot: QtBot) -> None:
    view = RowList(look, "Results")
    qtbot.addWidget(view)
    view.set_rows([Row("h", "Commands", heading=True), *rows([1, 2])])

    walked = []
    for _ in range(3):
        view.step(1)
        walked.append(view.current_key())
    view.step(-1)

    assert walked == [1, 2, 1]
    assert view.current_key() == 2


def test_enter_opens_a_row(look: Look, qtbot: QtBot) -> None:
    view = RowList(look, "Results")
    qtbot.addWidget(view)
    view.show()
    view.set_rows(rows([1, 2]))
    view.make_current(2)

    with qtbot.waitSignal(view.opened) as signal:
        QTest.keyClick(view, Qt.Key.Key_Return)

    assert signal.args == [2]


def test_a_row_is_spoken_whole(look: Look, qtbot: QtBot) -> None:
    view = RowList(look, "Results")
    qtbot.addWidget(view)
    view.show()
    view.set_rows([Row(1, "J. Stone", "Council Tax", right="12 Mar", pill=("6 h left", Tone.OK))])

    said = accessibility.texts(accessibility.tree(view))

    assert "J. Stone, Council Tax, 6 h left, 12 Mar" in said


class Ticking(QAbstractListModel):
    """Rows of which one reads differently at each tick."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0

    def rowCount(self, parent: object = None) -> int:
        return 5_000

    def data(self, index: object, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = index.row()  # type: ignore[attr-defined]
        return f"{self.seconds} s" if row == 1 else "1 d left"


class Watched(RowList):
    """A list that notes which rows it was told to repaint."""

    def __init__(self, look: Look) -> None:
        super().__init__(look, "Watched")
        self.updated: list[int] = []

    def update(self, *given: object) -> None:
        if given:
            self.updated.append(given[0].row())  # type: ignore[attr-defined]


def test_a_tick_repaints_only_cells_that_read_differently(look: Look, qtbot: QtBot) -> None:
    view, model, clock = Watched(look), Ticking(), Clock()
    qtbot.addWidget(view)
    view.setModel(model)
    view.resize(200, 200)
    view.show()
    ticker = CellTicker(clock, view)
    ticker.tick()
    view.updated.clear()

    model.seconds += 1
    ticker.tick()

    assert view.updated == [1]


def test_a_tick_on_an_empty_or_hidden_view_is_nothing(qtbot: QtBot) -> None:
    view, clock = QTableView(), Clock()
    qtbot.addWidget(view)
    view.setModel(QStandardItemModel(view))
    ticker = CellTicker(clock, view)

    ticker.tick()
    view.show()
    ticker.tick()
    model = view.model()
    assert isinstance(model, QStandardItemModel)
    model.appendRow(QStandardItem(datetime.now(UTC).isoformat()))
    ticker.tick()

    assert model.rowCount() == 1


def test_a_text_fits_into_a_box_of_its_own_width(look: Look) -> None:
    for scale in (100, 125, 200):
        look.set_scale(scale)
        for role in (Role.BODY, Role.STRONG, Role.SMALL):
            for text in ("Offered", "Raised", "To be checked", "AVATAR", "fly"):
                font = look.font(role)
                width = text_width(font, text)
                assert _drawn(look, role, text, width) == _drawn(look, role, text, 10 * width)


def test_what_does_not_fit_is_cut_as_qt_cuts_it(look: Look) -> None:
    font = look.font(Role.SMALL)
    for text in ("Offered", "Council Tax · in progress · S. Whitlock", "WWWW MMMM AVATAR " * 3):
        for room in range(20, 320, 23):
            cut = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, room)
            said = text if text_width(font, text) <= room else cut

            assert _drawn(look, Role.SMALL, text, room) == _drawn(look, Role.SMALL, said, 900)


def _drawn(look: Look, role: Role, text: str, room: int) -> QImage:
    image = QImage(900, 80, QImage.Format.Format_RGB32)
    image.fill(QColor("white"))
    painter = QPainter(image)
    paint_text(painter, QRect(10, 0, room, 80), text, look.font(role), QColor("black"))
    painter.end()
    return image
