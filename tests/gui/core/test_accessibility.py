"""What a screen reader would see of a window, and the layout that comes back."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import (
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.layout import restore_layout, save_layout


def test_the_tree_holds_controls_and_every_cells_text(qtbot: QtBot) -> None:
    window, table = QWidget(), QTableWidget(1, 2)
    qtbot.addWidget(window)
    box = QVBoxLayout(window)
    box.addWidget(QPushButton("Next"))
    box.addWidget(table)
    table.setItem(0, 0, QTableWidgetItem("Aisha Rahman"))
    table.setItem(0, 1, QTableWidgetItem("School transport"))
    accessibility.name(table, "Waiting contacts")
    window.show()

    tree = accessibility.tree(window)
    said = accessibility.texts(tree)

    assert [child["role"] for child in tree["children"]] == ["Button", "Table"]
    assert {"Next", "Waiting contacts", "Aisha Rahman", "School transport"} <= set(said)


def test_a_focusable_widget_without_a_name_is_a_problem(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    edit, named, label = QLineEdit(window), QLineEdit(window), QLabel("Postcode", window)
    edit.setObjectName("nameless")
    edit.setPlaceholderText("A placeholder is no name")
    label.setBuddy(named)
    window.show()

    found = accessibility.problems(window)

    assert len(found) == 1
    assert "nameless" in found[0]


def test_an_announcement_is_made_on_its_widget(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()

    accessibility.announce(window, "12 results")

    assert accessibility.announced(window) == "12 results"


class Memory(dict[str, str]):
    """Settings in memory."""

    def set(self, key: str, value: str) -> None:
        self[key] = value


def split_window() -> tuple[QWidget, QSplitter]:
    window = QWidget()
    splitter = QSplitter(window)
    splitter.setObjectName("panes")
    splitter.addWidget(QLabel("queue"))
    splitter.addWidget(QLabel("workspace"))
    QVBoxLayout(window).addWidget(splitter)
    return window, splitter


def test_a_window_comes_back_as_it_was_left(qtbot: QtBot) -> None:
    settings = Memory()
    window, splitter = split_window()
    qtbot.addWidget(window)
    window.resize(700, 400)
    window.show()
    splitter.setSizes([150, 500])
    sizes = splitter.sizes()
    save_layout(window, settings, "main")

    again, panes = split_window()
    qtbot.addWidget(again)
    restored = restore_layout(again, settings, "main")
    again.show()

    assert restored
    assert again.size() == QSize(700, 400)
    assert panes.sizes() == sizes


def test_a_spoilt_layout_is_ignored(qtbot: QtBot) -> None:
    window, _ = split_window()
    qtbot.addWidget(window)

    assert not restore_layout(window, Memory({"layout/main/window": "nonsense ☂"}), "main")
    assert not restore_layout(window, Memory(), "main")
