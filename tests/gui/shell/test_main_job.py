"""The main job by keyboard, on a real database: take, answer, file, hand off, wrap up."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.shell.main_window import MainWindow
from crm_desktop.desktop.shell.transfer import TransferDialog
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import ContactState, Presence, Visibility
from crm_desktop.services import cases, contacts
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.models import Case, Contact, Handoff, Message, Service, Staff
from tests.centre import Centre
from tests.gui.shell.conftest import Open, rows_shown, settled, waiting

CTRL = Qt.KeyboardModifier.ControlModifier
CTRL_SHIFT = CTRL | Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


def said(window: MainWindow) -> str:
    return " ".join(accessibility.texts(accessibility.tree(window)))


def state_of(centre: Centre, contact_id: int) -> str:
    with centre.as_owner().read() as tx:
        return tx.session.scalars(select(Contact.state).where(Contact.id == contact_id)).one()


def press(qtbot: QtBot, desktop: Desktop, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
    """A key where the focus is."""
    target = desktop.window.focusWidget() or desktop.window
    QTest.keyClick(target, key, held)
    settled(qtbot, desktop)


def take_first(qtbot: QtBot, desktop: Desktop) -> int:
    desktop.window.queue.focus()
    press(qtbot, desktop, Qt.Key.Key_Down)
    contact_id = desktop.window.queue.list.current_id()
    assert contact_id is not None
    press(qtbot, desktop, Qt.Key.Key_T)
    return contact_id


def test_t_takes_and_opens_the_chosen_contact(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")

    assert take_first(qtbot, desktop) == contact_id

    assert desktop.window.workplace.presenter.contact_id == contact_id
    assert desktop.window.workplace.presenter.can_write()
    assert state_of(centre, contact_id) == ContactState.ACTIVE


def test_f9_takes_what_breaches_next(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    first = centre.add_contact(who="First")
    centre.add_contact(who="Second")
    desktop = open_desktop(centre, "anna")

    press(qtbot, desktop, Qt.Key.Key_F9)

    assert desktop.window.workplace.presenter.contact_id == first


def test_a_colleague_sees_at_once_that_it_was_taken(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    anna, ben = open_desktop(centre, "anna"), open_desktop(centre, "ben")
    assert waiting(ben.window) == [contact_id]

    anna.window.commands.gestures.take(contact_id)

    qtbot.waitUntil(lambda: waiting(ben.window) == [])


def test_a_new_contact_appears_by_itself(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    desktop = open_desktop(centre, "anna")
    first = centre.add_contact(who="First")
    new = centre.add_contact(who="Second")

    rose = centre.as_person("rose")
    for contact_id in (first, new):
        contacts.take(rose, contact_id)
    contacts.release(rose, new)

    qtbot.waitUntil(lambda: waiting(desktop.window) == [new])


def test_whoever_is_slower_is_told_who_was_faster(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    ben = open_desktop(centre, "ben", live=False)
    contacts.take(centre.as_person("anna"), contact_id)

    ben.window.commands.gestures.take(contact_id)
    settled(qtbot, ben)

    assert "Anna Whitlock was faster and has it now." in said(ben.window)


def test_who_looks_is_shown_to_others(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    contact_id = centre.add_contact()
    anna, ben = open_desktop(centre, "anna"), open_desktop(centre, "ben")

    anna.window.open_contact(contact_id)

    def seen() -> bool:
        return [row.looking for row in rows_shown(ben.window)] == [("Anna Whitlock",)]

    qtbot.waitUntil(seen)


def test_a_reply_goes_out_and_can_be_taken_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    centre.add_contact(customer="margaret@example.org")
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    press(qtbot, desktop, Qt.Key.Key_R, CTRL)
    screen = desktop.window.workplace.screen
    QTest.keyClicks(screen.compose.composer.editor, "We come on Tuesday.")

    press(qtbot, desktop, Qt.Key.Key_Return, CTRL)

    assert screen.toast.isVisible()
    assert screen.compose.written().reply.text == ""
    press(qtbot, desktop, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.AltModifier)
    assert screen.compose.written().reply.text == "We come on Tuesday."
    with centre.as_owner().read() as tx:
        states = tx.session.scalars(select(Message.state).where(Message.direction == "outbound"))
        assert list(states) == ["withdrawn"]


def test_unsent_text_is_there_at_the_next_start(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    first = open_desktop(centre, "anna")
    take_first(qtbot, first)
    first.window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(first.window.workplace.screen.compose.composer.editor, "Dear Margaret")
    first.window.workplace.stop()
    settled(qtbot, first)

    second = open_desktop(centre, "anna")
    second.window.open_contact(contact_id)
    settled(qtbot, second)

    assert second.window.workplace.screen.compose.written().reply.text == "Dear Margaret"


def test_a_case_is_filled_handed_off_and_wrapped_up_by_keyboard(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(queue="waste")
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    screen = desktop.window.workplace.screen
    with centre.as_owner().read() as tx:
        service = tx.session.scalars(select(Service.id).where(Service.code == "missed_bin")).one()
    press(qtbot, desktop, Qt.Key.Key_F4)
    screen.case_pane.service.chosen.emit(service)
    settled(qtbot, desktop)
    assert "Hand-off to Waste (Open311)" in said(desktop.window)

    screen.case_pane.restore({"answers": {"bin": "recycling"}})
    press(qtbot, desktop, Qt.Key.Key_F8)

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Case.answers)).one() == {"bin": "recycling"}
        assert tx.session.scalars(select(Handoff.state)).one() == "pending"
    assert screen.wrap_up.isVisible()
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_2)
    QTest.keyClick(screen.wrap_up, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    assert state_of(centre, contact_id) == ContactState.COMPLETED
    assert "is wrapped up" in said(desktop.window)


def test_a_case_that_a_colleague_saved_meanwhile_is_not_overwritten(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(queue="waste")
    desktop = open_desktop(centre, "anna", live=False)
    take_first(qtbot, desktop)
    anna = centre.as_person("anna")
    service = next(each for each in _services(centre) if each[1] == "missed_bin")[0]
    first = cases.save(anna, CaseInput(contact_id, service, {"bin": "general"}))
    desktop.window.registry.run("view.reload")
    settled(qtbot, desktop)
    screen = desktop.window.workplace.screen
    desktop.window.workplace.presenter.close()
    desktop.window.open_contact(contact_id)
    settled(qtbot, desktop)
    cases.save(
        anna,
        CaseInput(contact_id, service, {"bin": "recycling"}, first.case_id, first.version),
    )

    screen.case_pane.restore({"answers": {"bin": "general", "notes": "mine"}})
    desktop.window.registry.run("case.save")
    settled(qtbot, desktop)

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Case.answers)).one() == {"bin": "recycling"}
    [dialog] = [each for each in screen.findChildren(QDialog) if each.isVisible()]
    words = " ".join(accessibility.texts(accessibility.tree(dialog)))
    assert "Recycling (blue)" in words
    assert "General (black)" in words
    dialog.close()


def test_parking_says_until_when_and_can_be_undone(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)

    desktop.window.commands.gestures.park(
        contact_id, None, for_reply=True, told="until the customer replies"
    )
    settled(qtbot, desktop)

    assert state_of(centre, contact_id) == ContactState.PARKED
    assert "Parked: until the customer replies." in said(desktop.window)
    desktop.window.commands.toast.undone.emit()
    settled(qtbot, desktop)
    assert state_of(centre, contact_id) == ContactState.ACTIVE


def test_r_returns_a_contact_to_its_queue(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    desktop.window.queue.focus()

    press(qtbot, desktop, Qt.Key.Key_R)

    assert state_of(centre, contact_id) == ContactState.QUEUED


def test_x_transfers_to_a_queue_with_a_note(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    desktop.window.queue.focus()
    press(qtbot, desktop, Qt.Key.Key_X)
    [dialog] = desktop.window.findChildren(TransferDialog)
    assert accessibility.problems(dialog) == []

    dialog.chosen.emit(("queue", centre.queue_id("waste")), "Waste and recycling", "Bins")
    dialog.close()
    settled(qtbot, desktop)

    with centre.as_owner().read() as tx:
        moved = tx.session.get_one(Contact, contact_id)
        assert (moved.queue_id, moved.owner_id) == (centre.queue_id("waste"), None)


def test_single_keys_do_nothing_while_somebody_types(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    desktop.window.workplace.screen.focus_reply(Visibility.PUBLIC)
    editor = desktop.window.workplace.screen.compose.composer.editor

    QTest.keyClicks(editor, "rxpt")
    settled(qtbot, desktop)

    assert editor.toPlainText() == "rxpt"
    assert state_of(centre, contact_id) == ContactState.ACTIVE


def test_the_palette_finds_a_contact_and_opens_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(who="Aoife Murphy", subject="Wasps in the loft")
    desktop = open_desktop(centre, "anna")
    press(qtbot, desktop, Qt.Key.Key_K, CTRL)
    palette = desktop.window.palette_box

    QTest.keyClicks(desktop.window.focusWidget(), "wasps")
    qtbot.waitUntil(lambda: any("Aoife" in row.title + row.detail for row in palette.rows()))
    press(qtbot, desktop, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: desktop.window.workplace.presenter.contact_id == contact_id)


def test_a_workspace_gets_a_window_of_its_own(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    centre.add_contact()
    desktop = open_desktop(centre, "anna")
    contact_id = take_first(qtbot, desktop)

    press(qtbot, desktop, Qt.Key.Key_D, CTRL_SHIFT)

    [window] = desktop.window.detached
    assert window.workplace.presenter.contact_id == contact_id
    assert desktop.window.workplace.presenter.contact_id is None
    assert accessibility.problems(window) == []
    window.close()
    settled(qtbot, desktop)
    assert desktop.window.detached == ()


def test_presence_chosen_in_a_contact_is_for_afterwards(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)

    desktop.window.top.presence.chosen.emit(Presence.LUNCH)
    settled(qtbot, desktop)

    assert desktop.window.top.presence.text() == "On contact · then Lunch"


def test_who_signs_in_is_available_and_who_closes_is_offline(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")

    def presence() -> str:
        with centre.as_owner().read() as tx:
            return tx.session.scalars(select(Staff.presence).where(Staff.login == "anna")).one()

    assert presence() == Presence.AVAILABLE
    assert desktop.window.top.presence.text() == "Available"
    desktop.window.close()
    settled(qtbot, desktop)
    assert presence() == Presence.OFFLINE


def test_f9_completes_what_is_wrapped_up_and_takes_the_next(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    first = centre.add_contact(who="First", queue="waste")
    second = centre.add_contact(who="Second")
    desktop = open_desktop(centre, "anna")
    desktop.window.commands.gestures.take(first)
    settled(qtbot, desktop)
    contacts.set_service(centre.as_person("anna"), first, _services(centre)[0][0])
    desktop.window.registry.run("view.reload")
    settled(qtbot, desktop)
    press(qtbot, desktop, Qt.Key.Key_F12)

    press(qtbot, desktop, Qt.Key.Key_F9)

    assert state_of(centre, first) == ContactState.COMPLETED
    assert desktop.window.workplace.presenter.contact_id == second


def test_escape_from_the_wrap_up_takes_the_contact_in_hand_again(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    press(qtbot, desktop, Qt.Key.Key_F12)
    assert state_of(centre, contact_id) == ContactState.WRAP_UP

    press(qtbot, desktop, Qt.Key.Key_Escape)

    assert state_of(centre, contact_id) == ContactState.ACTIVE
    press(qtbot, desktop, Qt.Key.Key_F12)
    assert state_of(centre, contact_id) == ContactState.WRAP_UP


def test_a_parked_contact_can_be_wrapped_up(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(queue="waste")
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    anna = centre.as_person("anna")
    contacts.set_service(anna, contact_id, _services(centre)[0][0])
    contacts.park(anna, contact_id, None, for_reply=True)
    desktop.window.registry.run("view.reload")
    settled(qtbot, desktop)

    press(qtbot, desktop, Qt.Key.Key_F12)
    press(qtbot, desktop, Qt.Key.Key_Return)

    assert state_of(centre, contact_id) == ContactState.COMPLETED


def test_a_case_in_a_customers_history_opens_its_newest_contact(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    older = centre.add_contact(queue="waste", customer="margaret@example.org")
    newer = centre.add_contact(queue="waste", customer="margaret@example.org")
    service = next(each for each in _services(centre) if each[1] == "missed_bin")[0]
    anna = centre.as_person("anna")
    contacts.take(anna, older)
    case = cases.save(anna, CaseInput(older, service, {"bin": "general"}))
    desktop = open_desktop(centre, "anna")
    desktop.window.open_contact(newer)
    settled(qtbot, desktop)
    contact = desktop.window.workplace.presenter.contact
    assert contact is not None
    assert contact.customer is not None
    [entry] = [each for each in contact.customer.history if each.kind == "case"]

    desktop.window.workplace.screen.customer.opened.emit(entry)

    settled(qtbot, desktop)
    assert entry.id == case.case_id
    assert desktop.window.workplace.presenter.contact_id == older


def test_a_service_without_a_back_office_cannot_be_handed_off(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    centre.add_contact(queue="waste")
    desktop = open_desktop(centre, "anna")
    take_first(qtbot, desktop)
    hand_off = desktop.window.registry.action("case.hand_off")
    assert not hand_off.isEnabled()
    assert hand_off.toolTip() == "Choose the service first"
    service = next(each for each in _services(centre) if each[1] == "missed_bin")[0]

    desktop.window.workplace.screen.case_pane.service.chosen.emit(service)
    settled(qtbot, desktop)

    assert hand_off.isEnabled()


def test_an_advisor_has_no_dead_letters_and_a_team_leader_has(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    anna, rose = open_desktop(centre, "anna"), open_desktop(centre, "rose")

    rose.window.go("admin")
    settled(qtbot, rose)

    assert not anna.window.registry.has("go.admin")
    assert "Incoming mail" in said(rose.window)


def _services(centre: Centre) -> list[tuple[int, str]]:
    with centre.as_owner().read() as tx:
        return [(id_, code) for id_, code in tx.session.execute(select(Service.id, Service.code))]
