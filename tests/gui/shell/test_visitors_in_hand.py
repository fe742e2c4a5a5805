"""A visitor under the commands that every contact has: plain words where a desk is needed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.domain.states import ContactState
from crm_desktop.services import visits
from crm_desktop.store.models import Contact
from tests.centre import Centre
from tests.gui.shell.conftest import Open, settled
from tests.gui.shell.test_desk import at_desk, said
from tests.visits_centre import add_site, arriving, places, service_of


def _state(centre: Centre, contact_id: int) -> str:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Contact, contact_id).state


def test_t_says_that_visitors_are_called_and_where(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    anna, desktop = centre.as_person("anna"), open_desktop(centre, "anna")
    visitor, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))

    desktop.window.commands.gestures.take(visitor.contact_id)
    settled(qtbot, desktop)

    assert "Visitors are called to a desk, not taken." in said(desktop)
    assert "Call them at the desk’s page (Ctrl+0)" in said(desktop)
    assert _state(centre, visitor.contact_id) == ContactState.QUEUED


def test_whom_nobody_can_be_given_stays_and_a_returned_one_has_no_undo(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    anna, desktop = centre.as_person("anna"), open_desktop(centre, "anna")
    desk, gestures = places(centre, site)[0], desktop.window.commands.gestures
    visitor, _ = visits.check_in(anna, arriving(site, service_of(centre, site)))
    visits.at(anna, desk)
    visits.call_next(anna, desk)
    visits.serve(anna, visitor.contact_id)

    gestures.transfer(
        visitor.contact_id, queue_id=None, staff_id=centre.person("ben").id, note="", told="Ben"
    )
    settled(qtbot, desktop)
    assert "Ben Achebe is at no desk of the site where this visitor is." in said(desktop)
    gestures.release(visitor.contact_id)
    settled(qtbot, desktop)

    assert desktop.window.property("said") == "Returned, in the old place."
    assert not desktop.window.commands.toast.isVisible()
    QTest.keyClick(desktop.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, desktop)
    assert _state(centre, visitor.contact_id) == ContactState.QUEUED


def test_whoever_has_a_visitor_stays_at_that_desk(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    site = add_site(centre)
    desktop, screen = at_desk(centre, open_desktop, qtbot, site)
    visits.check_in(centre.as_person("anna"), arriving(site, service_of(centre, site)))
    presenter = desktop.window.pages.at_desk
    presenter.call_next()
    settled(qtbot, desktop)

    presenter.choose_place(places(centre, site)[1])
    settled(qtbot, desktop)

    assert "You still have A001 at your desk." in said(desktop)
    assert "Desk 1, " in said(desktop)
    assert screen.isVisible()
