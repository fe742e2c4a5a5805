"""A contact is raised for a reason that everybody sees, and its routing is told in words."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.shell.raising import RaiseDialog
from crm_desktop.desktop.shell.why import WhyDialog
from crm_desktop.services import contacts, routing
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, rows_shown, settled
from tests.routing_centre import at_work, push, waiting

REASON = "No heating, a baby in the house"


def test_a_contact_is_raised_by_keyboard_for_a_reason_that_all_see(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    waiting(centre)
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    window.queue.list.choose(rows_shown(window)[0].id)
    window.registry.run("contact.raise")
    [dialog] = window.findChildren(RaiseDialog)
    QTest.keyClicks(dialog.reason, REASON)
    grab(dialog, "raise")
    assert accessibility.problems(dialog) == []

    QTest.keyClick(dialog.reason, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: rows_shown(window)[0].raised == REASON, timeout=10_000)

    window.registry.run("contact.open")
    settled(qtbot, desktop)
    grab(window, "raised")
    assert accessibility.problems(window) == []


@pytest.mark.parametrize("scheme", Scheme)
def test_why_a_contact_was_offered_is_told_with_names(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, scheme: Scheme
) -> None:
    push(centre, "general")
    at_work(centre, "anna", "ben", "rose")
    contacts.take(centre.as_person("ben"), waiting(centre))
    waiting(centre, for_seconds=5)
    routing.route(centre.as_gateway())
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    desktop.desk.look.set_scheme(scheme)
    window.queue.list.choose(rows_shown(window)[0].id)
    window.registry.run("contact.why")
    settled(qtbot, desktop)

    [dialog] = window.findChildren(WhyDialog)
    said = [f"{each.title} {each.detail}".strip() for each in dialog.rows.rows()]

    assert "Offered to Anna Whitlock General enquiries" in said
    assert "Busy Ben Achebe" in said
    assert "Free, and later in turn Rose Boateng" in said
    grab(window, f"offered-{scheme.value}")
    grab(dialog, f"why-{scheme.value}")
    assert accessibility.problems(dialog) == []
