"""What a team leader decides, and changes about people, by keyboard and by mouse."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QComboBox, QDialog, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.lock.screen import OverScreen
from crm_desktop.desktop.screens.team.decision_dialogs import ApproveDialog, SureDialog
from crm_desktop.desktop.screens.team.decisions_pane import DecisionsPane
from crm_desktop.desktop.screens.team.decisions_presenter import DecisionsPresenter
from crm_desktop.desktop.screens.team.person_dialog import PersonDialog
from crm_desktop.desktop.screens.team.skills_dialog import SkillsDialog
from crm_desktop.desktop.shell.desk import later_for
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.calls import CallState
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import SignedOutBy
from crm_desktop.domain.states import ContactState, OutboxState, StaffRole
from crm_desktop.domain.views import Reply
from crm_desktop.services import contacts, drafts, people_now, presence, replies, staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.store.models import Call, Contact, Membership, Message, OutboxItem, SafetyMarker
from tests.call_rows import add_call, add_pbx
from tests.centre import PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre

__all__ = ["postgres_centre"]

SPACE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Return


def _dialog(kind: type[QDialog]) -> QDialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _said(widget: QWidget) -> str:
    return " ".join(accessibility.texts(accessibility.tree(widget)))


def _press(inside: QWidget, words: str) -> None:
    button = next(
        e for e in inside.findChildren(QAbstractButton) if e.text() == words and e.isVisible()
    )
    assert button.isEnabled()
    QTest.keyClick(button, SPACE)


def _named(inside: QWidget, name: str) -> QComboBox:
    return next(e for e in inside.findChildren(QComboBox) if e.accessibleName() == name)


def _pick(box: QComboBox, beginning: str) -> None:
    """Go down a box with the arrow key to what begins so."""
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(box.count()):
        if box.currentText().startswith(beginning):
            return
        QTest.keyClick(box, Qt.Key.Key_Down)
    raise AssertionError(f"{beginning} is not in the box")


def _work(centre: Centre) -> None:
    """A marker, a stopped reply, a dead one, and a callback that was missed."""
    anna = centre.as_person("anna")
    contact_id = centre.add_contact(customer="sam.doe@example.org", who="Sam Doe")
    contacts.take(anna, contact_id)
    for state, error in ((OutboxState.HELD, ""), (OutboxState.DEAD, "relay said 554")):
        reply = Reply("We will come back for it.", "sam.doe@example.org")
        sent = replies.send(anna, contact_id, reply)
        with centre.as_owner().write() as tx:
            tx.session.execute(
                update(OutboxItem)
                .where(OutboxItem.message_id == sent.message_id)
                .values(state=state, last_error=error)
            )
            stopped = state is OutboxState.HELD
            tx.session.execute(
                update(Message)
                .where(Message.id == sent.message_id)
                .values(
                    state="stopped" if stopped else "failed",
                    findings=["another customer's name"] if stopped else [],
                )
            )
    with centre.as_owner().read() as tx:
        customer = tx.session.scalar(select(Contact.customer_id).where(Contact.id == contact_id))
    assert customer is not None
    with anna.write() as tx:
        tx.guard.marker_propose(customer, "Threatened desk staff with a dog on 20 November")
    _missed_callback(centre)


def _missed_callback(centre: Centre) -> int:
    """One that nobody has taken for two hours; its contact."""
    contact_id = add_call(
        centre, add_pbx(centre), state=CallState.CALLBACK, contact=ContactState.QUEUED
    )
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Call)
            .where(Call.contact_id == contact_id)
            .values(callback=True, state_since=tx.now - timedelta(hours=2))
        )
    return contact_id


def _pane(desktop: Desktop, qtbot: QtBot) -> DecisionsPane:
    """The pane on its own, as the team screen places it."""
    desk = desktop.desk
    pane = DecisionsPane(desk.look, desk.clock)
    qtbot.addWidget(pane)
    presenter = DecisionsPresenter(
        desk.db, desk.runner.for_owner(pane), pane, later=later_for(pane)
    )
    pane.bind(presenter)
    desk.live.changed.connect(presenter.changed)
    pane.destroyed.connect(partial(desk.live.changed.disconnect, presenter.changed))
    pane.resize(desk.look.px(620), desk.look.px(420))
    pane.show()
    presenter.start()
    settled(qtbot, desktop)
    return pane


def _titles(pane: DecisionsPane) -> list[str]:
    return [row.title for row in pane.list.rows()]


def _choose(pane: DecisionsPane, title: str) -> None:
    pane.list.make_current(next(row.key for row in pane.list.rows() if row.title == title))


def test_each_is_decided_by_key(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    _work(centre)
    rose = open_desktop(centre, "rose")
    pane = _pane(rose, qtbot)
    opened: list[object] = []
    pane.contact_wanted.connect(opened.append)
    assert sorted(_titles(pane)) == [
        *("Callback was missed", "Reply could not be sent", "Reply stopped by the leak check"),
        "Safety marker proposed by Anna Whitlock",
    ]
    assert accessibility.problems(pane) == []

    _choose(pane, "Safety marker proposed by Anna Whitlock")
    QTest.keyClick(pane.list, RETURN)
    dialog = _dialog(ApproveDialog)
    assert isinstance(dialog, ApproveDialog)
    assert "Threatened desk staff" in _said(dialog)
    dialog.day.setText("01/01/2020")
    _press(dialog, "Approve")
    assert "a day to come" in _said(dialog)
    dialog.day.setText("1 June 2099")
    _press(dialog, "Approve")
    settled(qtbot, rose)
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(SafetyMarker.state)) == "active"
    assert "is active" in accessibility.announced(pane)

    _choose(pane, "Reply could not be sent")
    QTest.keyClick(pane.list, RETURN)
    settled(qtbot, rose)
    _choose(pane, "Reply stopped by the leak check")
    QTest.keyClick(pane.list, RETURN)
    assert len(opened) == 1
    _press(pane, "Send it…")
    sure = _dialog(SureDialog)
    QTest.keyClick(sure, RETURN)
    assert not sure.isVisible(), "the safe button has the keyboard"
    settled(qtbot, rose)
    assert "Reply stopped by the leak check" in _titles(pane)
    _press(pane, "Give up…")
    _press(_dialog(SureDialog), "Give it up")
    settled(qtbot, rose)
    assert _titles(pane) == ["Callback was missed"]
    with centre.as_owner().read() as tx:
        states = tx.session.scalars(select(OutboxItem.state).order_by(OutboxItem.id)).all()
    assert states == ["withdrawn", "pending"]


def test_a_click_on_the_word_does_it_and_nothing_waits_then(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    rose = open_desktop(centre, "rose")
    pane = _pane(rose, qtbot)
    assert "Nothing waits for you" in _said(pane)
    contact_id = _missed_callback(centre)
    rose.desk.live.publish(Changes.everything())
    qtbot.waitUntil(lambda: len(pane.list.rows()) == 1, timeout=10_000)
    opened: list[object] = []
    pane.contact_wanted.connect(opened.append)

    row = pane.list.visualRect(pane.list.model().index(0, 0))
    QTest.mouseClick(pane.list.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert opened == []
    word = QPoint(row.right() - rose.desk.look.px(20), row.center().y())
    QTest.mouseClick(pane.list.viewport(), Qt.MouseButton.LeftButton, pos=word)

    assert opened == [contact_id]


def _opened(desktop: Desktop, qtbot: QtBot, centre: Centre, login: str) -> PersonDialog:
    desktop.window.people.open_person(centre.person(login).id)
    settled(qtbot, desktop)
    dialog = _dialog(PersonDialog)
    assert isinstance(dialog, PersonDialog)
    return dialog


def _skill(centre: Centre) -> None:
    people_now.put_skill(centre.as_owner(), None, "Welsh")


def test_queues_and_skills_for_a_while(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    _skill(centre)
    rose = open_desktop(centre, "rose")
    dialog = _opened(rose, qtbot, centre, "anna")
    assert "Advisor" in _said(dialog)
    assert accessibility.problems(dialog) == []
    boxes = {e.text(): e for e in dialog.findChildren(QCheckBox)}
    assert [name for name, box in boxes.items() if box.isChecked()] == [
        *("General enquiries", "Waste and recycling"),
    ]
    assert not _named(dialog, "Children's services: belongs").isEnabled()

    QTest.keyClick(boxes["Children's services"], SPACE)
    _pick(_named(dialog, "Children's services: belongs"), "for 2")
    _pick(_named(dialog, "General enquiries: off it"), "off for 1")
    QTest.keyClick(boxes["Welsh"], SPACE)
    _pick(_named(dialog, "Welsh: level"), "level 5")
    QTest.keyClick(dialog.save, SPACE)
    settled(qtbot, rose)

    with centre.as_owner().read() as tx:
        now = tx.now
        rows = {
            row.queue_id: row
            for row in tx.session.scalars(
                select(Membership).where(Membership.staff_id == centre.person("anna").id)
            )
        }
    until = rows[centre.queue_id("care")].until
    off = rows[centre.queue_id("general")].off_until
    assert until is not None
    assert off is not None
    assert timedelta(hours=1, minutes=58) < until - now <= timedelta(hours=2)
    assert timedelta(minutes=58) < off - now <= timedelta(hours=1)
    assert rows[centre.queue_id("waste")].off_until is None
    (skill,) = people_now.person(centre.as_person("rose"), centre.person("anna").id).skills
    assert (skill.level, skill.until) == (5, None)


def test_presence_is_set_with_a_time(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    rose = open_desktop(centre, "rose")
    dialog = _opened(rose, qtbot, centre, "anna")

    _pick(dialog.presence, "Training")
    _pick(dialog.back, "back in 45")
    QTest.keyClick(dialog.set_presence, SPACE)
    settled(qtbot, rose)

    seen = people_now.person(centre.as_person("rose"), centre.person("anna").id)
    assert seen.presence.value == "training"
    assert seen.back_at is not None
    assert "Training since" in _said(dialog)
    assert "training, back" in _said(dialog)
    dialog.reject()


def _signed_out(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    contact_id, login = centre.add_contact(), centre.hire(StaffRole.ADVISOR, "general")
    lena, rose = open_desktop(centre, login), open_desktop(centre, "rose")
    ended: list[object] = []
    lena.window.lock.ended.connect(ended.append)
    lena.window.open_contact(contact_id)
    settled(qtbot, lena)
    lena.window.commands.gestures.take(contact_id)
    settled(qtbot, lena)
    drafts.save(centre.as_person(login), contact_id, "note", {"text": "half a"})
    dialog = _opened(rose, qtbot, centre, login)
    _press(dialog, "Sign out…")
    assert "Sign Lena Marsh out?" in _said(dialog)
    _press(dialog, "Sign out")

    qtbot.waitUntil(lambda: bool(ended), timeout=20_000)
    assert isinstance(ended[0], SignedOutBy)
    over = lena.window.findChild(OverScreen)
    assert over is not None
    assert "Rose Boateng signed you out." in _said(over)
    settled(qtbot, rose)
    with centre.as_owner().read() as tx:
        found = tx.session.execute(
            select(Contact.state, Contact.owner_id).where(Contact.id == contact_id)
        ).one()
    assert tuple(found) == ("queued", None)
    assert contacts.open_contact(centre.as_person(login), contact_id).drafts
    dialog.reject()
    again = open_desktop(centre, login)
    settled(qtbot, again)
    assert not again.window.lock.is_locked


def test_signed_out_the_desktop_says_by_whom(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _signed_out(centre, open_desktop, qtbot)


def test_the_same_over_a_server(postgres_centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    _signed_out(postgres_centre, open_desktop, qtbot)


def test_an_administrator_adds_a_skill(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    staff.add(
        centre.as_owner(), NewStaff("ada", "Ada Grant", StaffRole.ADMIN, ("general",)), PASSWORD
    )
    ada = open_desktop(centre, "ada")
    ada.window.registry.run("people.skills")
    settled(qtbot, ada)
    dialog = _dialog(SkillsDialog)
    assert isinstance(dialog, SkillsDialog)
    for name in ("Welsh", "Blue Badge"):
        QTest.keyClicks(dialog.name, name)
        QTest.keyClick(dialog.name, RETURN)
        settled(qtbot, ada)
    dialog.list.make_current(dialog.list.rows()[1].key)
    QTest.keyClicks(dialog.name, "Cymraeg")
    _press(dialog, "Rename the chosen one")
    settled(qtbot, ada)

    assert [row.title for row in dialog.list.rows()] == ["Blue Badge", "Cymraeg"]
    assert accessibility.problems(dialog) == []
    dialog.accept()
    assert not open_desktop(centre, "rose").window.registry.has("people.skills")


CASES = [("100", 100, Scheme.LIGHT), ("100", 100, Scheme.DARK), ("200", 200, Scheme.LIGHT)]


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[2].value}" for each in CASES])
def test_it_looks_right_and_has_names(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, case: tuple[str, int, Scheme]
) -> None:
    name, scale, scheme = case
    _work(centre)
    _skill(centre)
    people_now.put_skill(centre.as_owner(), None, "Blue Badge")
    presence.begin(centre.as_person("anna"))
    rose = open_desktop(centre, "rose")
    rose.desk.look.set_scheme(scheme)
    rose.desk.look.set_scale(scale)
    pane = _pane(rose, qtbot)
    pane.list.setFocus()
    grab(pane, f"decisions-{name}-{scheme.value}")
    _choose(pane, "Safety marker proposed by Anna Whitlock")
    _press(pane, "Approve…")
    approve = _dialog(ApproveDialog)
    grab(approve, f"decision-approve-{name}-{scheme.value}")
    approve.reject()
    _press(pane, "Decline…")
    sure = _dialog(SureDialog)
    grab(sure, f"decision-sure-{name}-{scheme.value}")
    sure.reject()
    dialog = _opened(rose, qtbot, centre, "anna")
    _press(dialog, "Sign out…")
    grab(dialog, f"person-{name}-{scheme.value}")
    assert accessibility.problems(dialog) == []
    dialog.reject()
