"""The alarm's keys on a real display, pressed while another program's window has the keyboard."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from crm_desktop.workstation.chord import DEFAULT, ChordTaken, claim
from tests.servers import processes, xvfb

#: Another program: a window that says when it has the keyboard, and every key that reaches it.
OTHER_PROGRAM = """
from PySide6.QtWidgets import QApplication, QLineEdit
class Field(QLineEdit):
    def focusInEvent(self, event):
        super().focusInEvent(event)
        print("focus", flush=True)
    def keyPressEvent(self, event):
        super().keyPressEvent(event)
        if event.text() == "a":
            print("key", event.key(), flush=True)
app = QApplication(["another program"])
field = Field()
field.show()
field.activateWindow()
field.setFocus()
app.exec()
"""


#: Control, Alt, Shift and the space bar, by their X keysyms.
ALARM_KEYS = (0xFFE3, 0xFFE9, 0xFFE1, 0x20)


@pytest.mark.xvfb
def test_the_chord_is_heard_while_another_program_has_the_focus() -> None:
    pressed = threading.Event()
    chord = claim(DEFAULT, pressed.set)
    other = processes.start([sys.executable, "-c", OTHER_PROGRAM], stdout=subprocess.PIPE)
    try:
        assert processes.read_line(other, "the other program") == "focus"
        xvfb.chord(ALARM_KEYS, os.environ)
        assert pressed.wait(processes.PATIENCE)

        # Any other keys are the other program's, as before.
        xvfb.chord((0x61,), os.environ)
        assert processes.read_line(other, "a key") == "key 65"
        with pytest.raises(ChordTaken):
            claim(DEFAULT, pressed.set)
        chord.release()
        claim(DEFAULT, pressed.set).release()
    finally:
        processes.stop(other)
