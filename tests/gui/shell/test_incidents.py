"""An incident is written down with a contact, and closed by a leader with what was learnt."""

from __future__ import annotations

from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.incidents.dialog import IncidentForm, IncidentsDialog
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.errors import NotAllowed
from crm_desktop.services import alarms, contacts
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled

_Dialog = TypeVar("_Dialog", bound=QWidget)


def _top(kind: type[_Dialog]) -> _Dialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _press(qtbot: QtBot, desktop: Desktop, inside: QWidget, words: str) -> None:
    button = next(e for e in inside.findChildren(QAbstractButton) if e.text() == words)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    settled(qtbot, desktop)


def test_it_is_written_with_a_contact_and_closed_by_a_leader(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact = centre.add_contact(who="Sam Brandt", customer="sam@example.org")
    contacts.take(centre.as_person("anna"), contact)
    anna, rose = open_desktop(centre, "anna"), open_desktop(centre, "rose")
    anna.window.open_contact(contact)
    settled(qtbot, anna)

    anna.window.registry.run("incident.write")
    form = _top(IncidentForm)
    _press(qtbot, anna, form, "Save")
    assert form.isVisible(), "it says what is missing, and keeps the rest"
    form.what.setPlainText("Threatened to come back with a dog")
    form.marker.setPlainText("Two at the counter")
    _press(qtbot, anna, form, "Save")

    (kept,) = alarms.incidents(centre.as_person("rose"))
    assert (kept.said.contact_id, kept.written_by) == (contact, "Anna Whitlock")
    assert kept.marker_id is not None
    rose.window.registry.run("incident.list")
    settled(qtbot, rose)
    listed = _top(IncidentsDialog)
    assert "Threatened to come back" in " ".join(accessibility.texts(accessibility.tree(listed)))
    _press(qtbot, rose, listed, "Change…")
    form = _top(IncidentForm)
    form.close_it.setChecked(True)
    _press(qtbot, rose, form, "Save")
    assert form.isVisible()
    form.lessons.setPlainText("Never alone at closing time")
    _press(qtbot, rose, form, "Save")
    (kept,) = alarms.incidents(centre.as_person("rose"))
    assert kept.closed_at is not None


def test_what_was_kept_before_a_refusal_is_changed_by_the_next_try(
    centre: Centre, open_desktop: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = centre.add_contact(who="Sam Brandt", customer="sam@example.org")
    contacts.take(centre.as_person("rose"), contact)
    rose = open_desktop(centre, "rose")
    rose.window.open_contact(contact)
    settled(qtbot, rose)
    rose.window.registry.run("incident.write")
    form = _top(IncidentForm)
    form.what.setPlainText("Threatened to come back with a dog")
    form.lessons.setPlainText("Never alone at closing time")
    form.marker.setPlainText("Paid with 4111 1111 1111 1111")
    form.close_it.setChecked(True)
    _press(qtbot, rose, form, "Save")
    assert form.isVisible(), "the marker is refused"
    form.marker.setPlainText("Two at the counter")
    with monkeypatch.context() as patch:
        patch.setattr(alarms, "close_incident", _refuse)
        _press(qtbot, rose, form, "Save")
    assert form.isVisible(), "the closing is refused"
    form.what.setPlainText("Came back with a dog")
    _press(qtbot, rose, form, "Save")

    (kept,) = alarms.incidents(centre.as_person("rose"))
    assert kept.said.what == "Came back with a dog"
    assert kept.closed_at is not None
    assert kept.marker_id is not None


def _refuse(*_: object) -> None:
    raise NotAllowed("not now")


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("scale", [100, 200])
def test_the_form_and_the_list_look_right(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, *, scheme: Scheme, scale: int
) -> None:
    contact = centre.add_contact(who="Sam Brandt", customer="sam@example.org")
    contacts.take(centre.as_person("rose"), contact)
    rose = open_desktop(centre, "rose", live=False)
    rose.desk.look.set_scheme(scheme)
    rose.desk.look.set_scale(scale)
    rose.window.open_contact(contact)
    settled(qtbot, rose)
    rose.window.registry.run("incident.write")
    form = _top(IncidentForm)
    grab(form, f"incident-form-{scale}-{scheme.value}")
    assert accessibility.problems(form) == []
    form.what.setPlainText("Threatened to come back with a dog when the payment was explained.")
    _press(qtbot, rose, form, "Save")
    rose.window.registry.run("incident.list")
    settled(qtbot, rose)
    listed = _top(IncidentsDialog)
    grab(listed, f"incidents-{scale}-{scheme.value}")
    assert accessibility.problems(listed) == []
