"""The display of the suite is one that a person could sit at, and a screen reader could read."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.servers import processes
from tests.servers.xvfb import accessibility_tree, press, type_text

_PROGRAM = """
import sys
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget
app = QApplication(sys.argv)
window = QWidget(windowTitle="Greeting")
layout = QVBoxLayout(window)
field = QLineEdit(accessibleName="Your name")
button = QPushButton("Greet")
label = QLabel()
button.clicked.connect(lambda: label.setText("Good morning, " + field.text()))
for each in (field, button, label):
    layout.addWidget(each)
window.show()
app.exec()
"""


@pytest.fixture
def window() -> Iterator[processes.Program]:
    program = processes.start([sys.executable, "-c", _PROGRAM])
    yield program
    processes.stop(program)


@pytest.mark.xvfb
def test_a_window_can_be_read_and_used_from_outside(
    window: processes.Program,
) -> None:
    env = dict(os.environ)

    type_text(window.pid, "Your name", "Margaret", env)
    press(window.pid, "Greet", env)

    accessibility_tree(window.pid, env, "Good morning, Margaret")
    processes.wait_for(
        lambda: "active" in accessibility_tree(window.pid, env).children[0].states, "the focus"
    )
