"""After a call on a real desktop: how long its wrap-up lasts, more of it, or no answers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.states import ContactState, Presence, Resolution, Visibility
from crm_desktop.domain.wrap_up import GRACE
from crm_desktop.services import leases, presence, sweeper, wrap_up
from crm_desktop.store.models import Call, Contact, Message, Staff
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.wrapping_up import end, ended, over, rules, talking


def row_of(centre: Centre, contact_id: int) -> Contact:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(Contact, contact_id)


def opened(desktop: Desktop, contact_id: int, qtbot: QtBot) -> Desktop:
    """The desktop with this call in its workspace, the questions asked."""
    window = desktop.window
    window.open_contact(contact_id)
    screen = window.workplace.screen
    qtbot.waitUntil(lambda: screen.is_open(contact_id), timeout=10_000)
    qtbot.waitUntil(lambda: screen.after_call.rule is not None, timeout=10_000)
    if not screen.is_wrapping_up:
        window.registry.run("contact.wrap_up")
    settled(qtbot, desktop)
    return desktop


def service(centre: Centre, contact_id: int) -> None:
    """What it is about is known."""
    with centre.as_owner().write() as tx:
        tx.session.get_one(Contact, contact_id).service_id = 1


def swept(centre: Centre) -> None:
    """What the gateway does every second."""
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    sweeper.sweep(db, lease)


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("scale", [100, 200])
def test_the_time_runs_beside_the_questions(  # noqa: PLR0917 - fixtures
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, scheme: Scheme, scale: int
) -> None:
    rules(centre, WrapUp.TIMED, 95)
    contact_id = ended(centre, ago=20)
    desktop = opened(open_desktop(centre, "anna"), contact_id, qtbot)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(1440, 900)
    settled(qtbot, desktop)

    said = accessibility.texts(accessibility.tree(desktop.window.workplace.screen.wrap_up))

    assert any(each.startswith("Ends in 1:1") for each in said)
    grab(desktop.window, f"after-call-{scale}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []
    # Who looks at the conversation again sees it too.
    QTest.keyClick(desktop.window.workplace.screen.wrap_up, Qt.Key.Key_Escape)
    settled(qtbot, desktop)
    strip = desktop.window.workplace.screen.after_call.strip
    assert strip.isVisible()
    assert "Wrap-up ends in 1:1" in strip.text()
    assert row_of(centre, contact_id).state == ContactState.WRAP_UP
    grab(desktop.window, f"after-call-strip-{scale}-{scheme.value}")


def test_one_key_gives_the_time_once_more(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id = ended(centre, ago=50)
    desktop = opened(open_desktop(centre, "anna"), contact_id, qtbot)
    screen = desktop.window.workplace.screen
    assert screen.after_call.rule is not None
    before = screen.after_call.rule.until

    QTest.keyClick(screen.wrap_up, Qt.Key.Key_E)

    qtbot.waitUntil(
        lambda: screen.after_call.rule is not None and screen.after_call.rule.until != before,
        timeout=10_000,
    )
    (more,) = [each for each in screen.wrap_up.findChildren(Button) if each.text() == "More time"]
    assert not more.isVisible()
    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Call, contact_id).wrap_up_extended


def test_what_was_answered_when_the_time_is_up_is_the_answer(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id = ended(centre, ago=20)
    service(centre, contact_id)
    desktop = opened(open_desktop(centre, "anna"), contact_id, qtbot)
    screen = desktop.window.workplace.screen
    screen.compose.restore(Visibility.INTERNAL, {"text": "Will ring again on Monday"})
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_4)
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_Y)

    over(centre, contact_id, 60)

    qtbot.waitUntil(
        lambda: row_of(centre, contact_id).state == ContactState.COMPLETED, timeout=20_000
    )
    row = row_of(centre, contact_id)
    assert (row.resolution, row.avoidable) == (Resolution.SIGNPOSTED_COUNCIL, True)
    with centre.as_owner().read() as tx:
        notes = select(Message.body_text).where(Message.contact_id == contact_id)
        assert "Will ring again on Monday" in tx.session.scalars(notes).all()


def test_lunch_after_this_call_begins_when_its_time_is_up(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    """Chosen while talking, it waits for the end of the wrap-up, and for nothing else."""
    rules(centre, WrapUp.TIMED, 60)
    contact_id, anna = talking(centre), centre.person("anna").id
    desktop = open_desktop(centre, "anna")
    settled(qtbot, desktop)
    presence.set_for(centre.as_person("rose"), anna, Presence.AVAILABLE, afterwards=Presence.LUNCH)

    def is_now() -> tuple[str, str | None]:
        with centre.as_owner().read() as tx:
            row = tx.session.get_one(Staff, anna)
            return row.presence, row.next_presence

    settled(qtbot, desktop)
    assert is_now() == (Presence.AVAILABLE, Presence.LUNCH)
    end(centre, contact_id, 30)
    opened(desktop, contact_id, qtbot)
    assert is_now() == (Presence.AVAILABLE, Presence.LUNCH)

    over(centre, contact_id, 60 + GRACE.seconds)
    swept(centre)

    qtbot.waitUntil(lambda: is_now() == (Presence.LUNCH, None), timeout=20_000)
    assert row_of(centre, contact_id).state == ContactState.COMPLETED
    screen = desktop.window.workplace.screen
    qtbot.waitUntil(lambda: not screen.is_open(contact_id), timeout=10_000)
    assert not screen.is_wrapping_up


def test_one_key_leaves_the_answers_out_where_the_queue_allows_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    rules(centre, WrapUp.OPTIONAL)
    contact_id = ended(centre)
    desktop = opened(open_desktop(centre, "anna"), contact_id, qtbot)
    screen = desktop.window.workplace.screen
    grab(desktop.window, "after-call-optional")
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_E)
    assert screen.is_wrapping_up

    QTest.keyClick(screen.wrap_up, Qt.Key.Key_L)

    qtbot.waitUntil(
        lambda: row_of(centre, contact_id).state == ContactState.COMPLETED, timeout=10_000
    )
    assert row_of(centre, contact_id).resolution is None
    qtbot.waitUntil(lambda: not screen.is_open(contact_id), timeout=10_000)


def test_the_questions_do_not_come_over_what_somebody_types(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id = talking(centre)
    desktop = open_desktop(centre, "anna")
    desktop.window.open_contact(contact_id)
    screen = desktop.window.workplace.screen
    qtbot.waitUntil(lambda: screen.is_open(contact_id), timeout=10_000)
    desktop.window.registry.run("note.focus")
    settled(qtbot, desktop)
    editor = screen.compose.composer.editor
    QTest.keyClicks(editor, "They said that 2")

    end(centre, contact_id)
    qtbot.waitUntil(lambda: screen.after_call.rule is not None, timeout=10_000)
    settled(qtbot, desktop)

    assert not screen.is_wrapping_up
    assert screen.after_call.strip.isVisible()
    QTest.keyClicks(editor, " bins are missing")
    assert screen.compose.written().note == "They said that 2 bins are missing"


def test_its_end_is_by_the_databases_clock(centre: Centre) -> None:
    rules(centre, WrapUp.TIMED, 60)
    contact_id = ended(centre, ago=0)

    rule = wrap_up.of(centre.as_person("anna"), contact_id)

    assert rule is not None
    assert rule.until is not None
    assert 0 < (rule.until - datetime.now(UTC)).total_seconds() <= 60
