"""A notice for the public from the main window: what is asked for twice goes out once."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.screens.public_notices.dialog import NoticesDialog
from crm_desktop.services import service_notices
from tests.centre import Centre
from tests.gui.shell.conftest import Open, settled


def test_the_key_pressed_twice_publishes_once(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rose = open_desktop(centre, "rose")
    rose.window.registry.run("public.notices")
    settled(qtbot, rose)
    dialog = next(e for e in QApplication.topLevelWidgets() if isinstance(e, NoticesDialog))
    form = dialog.form

    def publish(words: str, *, times: int = 1) -> None:
        form.text.setPlainText(words)
        for _ in range(times):
            QTest.keyClick(form.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        settled(qtbot, rose)

    publish("Bin rounds are a day late.", times=2)
    form.ends.set_moment(rose.desk.clock.now() + timedelta(days=4_000))
    publish("The Guildhall is closed.")
    form.ends.set_moment(rose.desk.clock.now() + timedelta(days=1))
    publish("The Guildhall is closed.")

    known = service_notices.recent(centre.as_person("rose"))
    assert sorted(each.text for each in known) == [
        "Bin rounds are a day late.",
        "The Guildhall is closed.",
    ], "once each, and a refusal frees the form for another try"
