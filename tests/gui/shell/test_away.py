"""While the database is away: what works goes on, what does not says why, nothing is lost."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QPlainTextEdit
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from crm_desktop.desktop.screens.logged.dialog import LogDialog
from crm_desktop.desktop.screens.logged.waiting import WaitingDialog
from crm_desktop.desktop.screens.workspace.conflict import ConflictDialog
from crm_desktop.desktop.screens.workspace.side_by_side import SideBySide
from crm_desktop.desktop.shell.article_keeper import ArticleKeeper
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import Visibility
from crm_desktop.domain.views import Reply
from crm_desktop.services import cases, contacts, drafts, replies
from crm_desktop.services.cases import CaseInput
from crm_desktop.store.models import Draft, Message, Service
from tests.centre import Centre
from tests.gui.shell.away import (
    Wire,
    an_entry,
    back,
    button,
    choose,
    cut,
    dialog_of,
    enter,
    log,
    logged,
    press,
    said,
    submit,
    wait_said,
)
from tests.gui.shell.conftest import Open, settled


def test_commands_that_need_the_database_are_grey_with_the_reason_and_the_others_work(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna", live=False)
    window = desktop.window
    window.commands.gestures.take(contact_id)
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)

    registry = window.registry
    assert not registry.action("queue.next").isEnabled()
    assert not registry.action("contact.park").isEnabled()
    assert "The database is away" in registry.action("contact.park").toolTip()
    for works in ("go.knowledge", "reply.focus", "contact.log", "view.dark", "app.quit"):
        assert registry.action(works).isEnabled(), works
    assert "Taking, sending and saving wait until it is back." in said(window)
    assert window.workplace.presenter.contact is not None

    back(desktop, wire, qtbot)

    assert registry.action("contact.park").isEnabled()
    assert registry.action("contact.park").toolTip() != "The database is away"


def test_a_reply_is_not_sent_but_kept_and_the_reason_is_told(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna", live=False)
    desktop.window.commands.gestures.take(contact_id)
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)
    screen = desktop.window.workplace.screen
    screen.focus_reply(Visibility.PUBLIC)
    editor = screen.compose.composer.editor
    QTest.keyClicks(editor, "We come on Friday.")

    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert "Not sent yet; your text is kept." in said(screen)
    qtbot.waitUntil(lambda: bool(desktop.desk.drafts.load(contact_id, "reply")))
    back(desktop, wire, qtbot)
    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    settled(qtbot, desktop)
    with centre.as_owner().read() as tx:
        sent = tx.session.scalars(select(Message).where(Message.direction == "outbound")).all()
    assert [each.reply_text for each in sent] == ["We come on Friday."]


def test_a_contact_is_logged_while_the_database_is_there(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    form = log(qtbot, desktop)

    submit(form)

    wait_said(qtbot, desktop.window, "Entered: Margaret Okafor, Bin missed again")
    settled(qtbot, desktop)
    (contact,) = logged(centre)
    assert (contact.while_away, contact.state, contact.who) == (
        False, "completed", "Margaret Okafor",
    )  # fmt: skip
    assert desktop.desk.log.entries() == ()


def test_what_is_wrong_is_said_in_the_form_and_nothing_is_kept(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    form = log(qtbot, desktop, fill=False)
    enter(form, "Time when it happened, like 10:50", "25:61")

    submit(form)
    assert "Enter the day and a time like 10:50" in said(form)
    enter(form, "Time when it happened, like 10:50", "00:01")
    submit(form)

    assert "Enter a name" in said(form)
    assert "Choose the service that it was about" in said(form)
    assert form.isVisible()
    assert desktop.desk.log.entries() == ()


def test_two_logged_while_away_are_counted_and_entered_in_order_when_it_returns(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    wire = cut(desktop, qtbot)
    for who in ("Margaret Okafor", "Bob Lind"):
        submit(log(qtbot, desktop, who))
        qtbot.waitUntil(
            lambda: (
                not desktop.window.findChildren(LogDialog)
                or not any(each.isVisible() for each in desktop.window.findChildren(LogDialog))
            )
        )
    wait_said(qtbot, desktop.window, "2 contacts to be entered")
    assert logged(centre) == []

    back(desktop, wire, qtbot)

    wait_said(qtbot, desktop.window, "Bob Lind, Bin missed again")
    found = logged(centre)
    assert [each.who for each in found] == ["Margaret Okafor", "Bob Lind"]
    assert all(each.while_away for each in found)
    assert desktop.desk.log.entries() == ()


def test_one_that_is_refused_stays_says_why_and_is_mended(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    services = desktop.window.workplace.services
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Service).where(Service.id == services[-1].id).values(active=False)
        )
    desktop.desk.log.keep(an_entry(desktop))
    desktop.desk.log.keep(an_entry(desktop, who="Bob Lind", service_id=services[1].id))

    desktop.window.log.start()

    wait_said(qtbot, desktop.window, "1 logged contact could not be entered.")
    wait_said(qtbot, desktop.window, "That service is no longer there")
    qtbot.waitUntil(lambda: [each.who for each in logged(centre)] == ["Bob Lind"])
    press(desktop.window.log.bar, "Show")
    listed = dialog_of(qtbot, desktop.window, WaitingDialog)
    assert "It was not entered. That service" in said(listed)
    press(listed, "Open and change")
    form = dialog_of(qtbot, desktop.window, LogDialog)
    assert isinstance(form, LogDialog)
    choose(form, "Service", services[1].id)
    submit(form)

    qtbot.waitUntil(lambda: len(logged(centre)) == 2)
    settled(qtbot, desktop)
    assert "could not be entered" not in said(desktop.window)
    assert desktop.window.findChildren(WaitingDialog) == []


def test_one_is_thrown_away_only_when_asked_twice(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    cut(desktop, qtbot)
    desktop.desk.log.keep(an_entry(desktop))
    desktop.window.log.start()
    wait_said(qtbot, desktop.window, "1 contact to be entered")
    press(desktop.window.away, "1 contact to be entered")
    listed = dialog_of(qtbot, desktop.window, WaitingDialog)

    press(listed, "Throw away")
    assert len(desktop.desk.log.entries()) == 1
    press(listed, "Throw away for good?")

    qtbot.waitUntil(lambda: desktop.desk.log.entries() == ())


def test_knowledge_is_searched_in_the_copy_and_says_so(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna", live=False)
    window = desktop.window
    keeper = ArticleKeeper(desktop.desk, window, first_ms=0)
    keeper.begin()
    qtbot.waitUntil(lambda: desktop.desk.articles.at is not None)
    wire = cut(desktop, qtbot)

    window.go("knowledge")
    panel = window.pages.knowledge_screen
    QTest.keyClicks(panel.field, "recyling")

    wait_said(qtbot, panel, "Found · kept copy from")
    assert "Missed bins: what we re-collect, and when" in said(panel)
    back(desktop, wire, qtbot)
    qtbot.waitUntil(lambda: "kept copy" not in said(panel))


def _mine_with_text(
    centre: Centre, open_desktop: Open, qtbot: QtBot, text: str
) -> tuple[Desktop, int, Wire]:
    contact_id = centre.add_contact(customer="margaret@example.org")
    desktop = open_desktop(centre, "anna", live=False)
    desktop.window.commands.gestures.take(contact_id)
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)
    screen = desktop.window.workplace.screen
    screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(screen.compose.composer.editor, text)
    return desktop, contact_id, wire


def _answered_by_rose(centre: Centre, contact_id: int, *, gives_back: bool) -> None:
    """Rose, a team leader, took it over and answered."""
    rose = centre.as_person("rose")
    contacts.release(rose, contact_id)
    contacts.take(rose, contact_id)
    replies.send(rose, contact_id, Reply("It was collected today.", "margaret@example.org"))
    if gives_back:
        anna = centre.as_person("anna")
        contacts.release(rose, contact_id)
        contacts.take(anna, contact_id)


def _both(qtbot: QtBot, desktop: Desktop) -> QDialog:
    press(desktop.window.workplace.screen.notices, "Show both")
    return dialog_of(qtbot, desktop.window, SideBySide)


def test_a_reply_typed_while_a_colleague_answered_is_shown_beside_theirs_before_it_is_sent(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, contact_id, wire = _mine_with_text(centre, open_desktop, qtbot, "We come on Friday.")
    _answered_by_rose(centre, contact_id, gives_back=True)
    back(desktop, wire, qtbot)
    screen = desktop.window.workplace.screen
    wait_said(qtbot, screen, "Rose Boateng answered at")

    QTest.keyClick(
        screen.compose.composer.editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier
    )
    dialog = dialog_of(qtbot, desktop.window, SideBySide)

    texts = [each.toPlainText() for each in dialog.findChildren(QPlainTextEdit)]
    assert "It was collected today." in texts[0]
    assert texts[1] == "We come on Friday."
    press(dialog, "Send mine too")
    settled(qtbot, desktop)
    with centre.as_owner().read() as tx:
        sent = tx.session.scalars(
            select(Message.reply_text).where(Message.direction == "outbound").order_by(Message.id)
        ).all()
    assert sent == ["It was collected today.", "We come on Friday."]


def test_a_reply_for_a_contact_that_a_colleague_has_is_kept_as_a_note(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, contact_id, wire = _mine_with_text(centre, open_desktop, qtbot, "We come on Friday.")
    _answered_by_rose(centre, contact_id, gives_back=False)
    back(desktop, wire, qtbot)

    dialog = _both(qtbot, desktop)
    assert not button(dialog, "Send mine too").isEnabled()
    assert "Rose Boateng has this contact" in button(dialog, "Send mine too").toolTip()
    press(dialog, "Copy mine")
    assert QGuiApplication.clipboard().text() == "We come on Friday."
    press(dialog, "Keep mine as a note")
    settled(qtbot, desktop)

    with centre.as_owner().read() as tx:
        notes = tx.session.scalars(
            select(Message.reply_text).where(Message.visibility == "internal")
        ).all()
    assert notes == ["We come on Friday."]
    assert "while you were writing" not in said(desktop.window.workplace.screen)


def test_a_reply_that_is_thrown_away_can_be_brought_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, contact_id, wire = _mine_with_text(centre, open_desktop, qtbot, "We come on Friday.")
    _answered_by_rose(centre, contact_id, gives_back=True)
    back(desktop, wire, qtbot)
    screen = desktop.window.workplace.screen

    press(_both(qtbot, desktop), "Throw mine away")
    assert screen.compose.composer.text(Visibility.PUBLIC) == ""
    press(screen.meanwhile.toast, "Undo")

    assert screen.compose.composer.text(Visibility.PUBLIC) == "We come on Friday."
    wait_said(qtbot, screen, "Your text is kept and has not been sent.")


def test_an_own_draft_from_another_computer_is_shown_beside_the_one_from_here(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    elsewhere = {"text": "Written upstairs.", "to": "", "cc": "", "desk": "another"}
    drafts.save(anna, contact_id, "reply", elsewhere)
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.drafts.save(
        contact_id, "reply", {"text": "Written here.", "desk": desktop.desk.name}
    )

    desktop.window.open_contact(contact_id)
    settled(qtbot, desktop)
    screen = desktop.window.workplace.screen
    assert screen.compose.composer.text(Visibility.PUBLIC) == "Written here."
    assert "You have two different drafts here." in said(screen)
    screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(screen.compose.composer.editor, " More.")
    screen.leave()
    settled(qtbot, desktop)
    with centre.as_owner().read() as tx:
        kept = tx.session.scalars(select(Draft.content)).one()
    assert kept["text"] == "Written upstairs."

    dialog = _both(qtbot, desktop)
    texts = [each.toPlainText() for each in dialog.findChildren(QPlainTextEdit)]
    assert texts == ["Written here.", "Written upstairs."]
    press(dialog, "Use the one from the other")

    assert screen.compose.composer.text(Visibility.PUBLIC) == "Written upstairs."
    assert "two different drafts" not in said(screen)


def test_a_case_form_written_while_away_and_opened_again_later_does_not_overwrite(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact(queue="waste")
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    with centre.as_owner().read() as tx:
        service = tx.session.scalars(select(Service.id).where(Service.code == "missed_bin")).one()
    opened = cases.save(anna, CaseInput(contact_id, service, {"bin": "recycling"}))
    # What an earlier run left on this computer, killed while the database was away.
    left = {
        "service_id": service,
        "answers": {"bin": "recycling", "notes": "By the gate"},
        "case_id": opened.case_id,
        "version": opened.version,
    }
    theirs = {"bin": "general", "notes": "Behind the house"}
    cases.save(
        centre.as_person("rose"),
        CaseInput(contact_id, service, theirs, opened.case_id, opened.version),
    )
    desktop = open_desktop(centre, "anna", live=False)
    desktop.desk.drafts.save(contact_id, "form", {**left, "desk": desktop.desk.name})
    desktop.window.open_contact(contact_id)
    settled(qtbot, desktop)
    desktop.window.registry.run("case.focus")
    settled(qtbot, desktop)

    desktop.window.registry.run("case.save")

    dialog = dialog_of(qtbot, desktop.window, ConflictDialog)
    assert "Behind the house" in said(dialog)
    assert "By the gate" in said(dialog)
    assert cases.get(anna, opened.case_id).answers["notes"] == "Behind the house"
    press(dialog, "Keep mine")
    settled(qtbot, desktop)
    assert cases.get(anna, opened.case_id).answers["notes"] == "By the gate"
