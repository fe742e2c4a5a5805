"""Posts at the desktop: what they are is seen, and nothing is answered in public by mistake."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.workspace.post_pane import PostMode
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.social import Picture
from crm_desktop.domain.states import MessageState, Resolution
from crm_desktop.services import contacts
from crm_desktop.store.models import Address, Contact, Message, SocialPost
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.services.posts import (
    answer,
    contact_of,
    message_of,
    network_account,
    post,
    read,
)

CTRL = Qt.KeyboardModifier.ControlModifier
BOTH = CTRL | Qt.KeyboardModifier.ShiftModifier
FIRST = post(text="Our recycling bin in Elm Road was missed again!")


def said(desktop: Desktop) -> str:
    """Everything in the window that a reader could find."""
    return " ".join(accessibility.texts(accessibility.tree(desktop.window)))


def opened(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, int, int]:
    """A desktop at which a post is in hand: its account and contact."""
    account = network_account(centre)
    read(centre, account, FIRST)
    contact_id = contact_of(centre, account, FIRST)
    contacts.take(centre.as_person("anna"), contact_id)
    desktop = open_desktop(centre, "anna")
    desktop.window.open_contact(contact_id)
    pane = desktop.window.workplace.screen.posting.pane
    qtbot.waitUntil(lambda: pane.answering is not None)
    settled(qtbot, desktop)
    return desktop, account, contact_id


def sent(centre: Centre) -> list[tuple[str, bool, str]]:
    """What was said, whether in public, and how far it is."""
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Message.body_text, SocialPost.public, Message.state)
            .join(SocialPost, SocialPost.message_id == Message.id)
            .where(Message.direction == "outbound")
            .order_by(Message.id)
        )
        return [(text, public, state) for text, public, state in rows]


def test_a_post_is_answered_in_public_by_its_own_key(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop, _, _ = opened(centre, open_desktop, qtbot)
    screen = desktop.window.workplace.screen
    assert not screen.compose.isVisible()
    assert "Public on Bluesky" in said(desktop)
    QTest.keyClick(desktop.window, Qt.Key.Key_R, CTRL)
    QTest.keyClicks(screen.posting.pane.composer.editor, "The crew comes on Friday.")
    grab(desktop.window, "post-answering")

    QTest.keyClick(screen.posting.pane.composer.editor, Qt.Key.Key_Return, CTRL)
    settled(qtbot, desktop)
    assert sent(centre) == []
    QTest.keyClick(screen.posting.pane.composer.editor, Qt.Key.Key_Return, BOTH)
    qtbot.waitUntil(lambda: len(sent(centre)) == 1)

    assert sent(centre) == [("The crew comes on Friday.", True, MessageState.PENDING)]
    assert screen.posting.pane.composer.text() == ""


def test_what_is_written_in_private_goes_to_one_person_and_comes_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, _, _ = opened(centre, open_desktop, qtbot)
    screen = desktop.window.workplace.screen
    pane = screen.posting.pane
    pane.composer.set_mode(PostMode.PRIVATE)
    QTest.keyClicks(pane.composer.editor, "Which house is it?")
    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, CTRL)
    qtbot.waitUntil(lambda: len(sent(centre)) == 1)
    settled(qtbot, desktop)
    assert sent(centre) == [("Which house is it?", False, MessageState.PENDING)]

    QTest.keyClick(desktop.window, Qt.Key.Key_Z, CTRL | Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: pane.composer.text(PostMode.PRIVATE) == "Which house is it?")

    assert pane.mode is PostMode.PRIVATE
    assert sent(centre)[0][2] == MessageState.WITHDRAWN


def test_what_the_record_says_is_stopped_in_public_until_it_was_looked_at(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop, _, contact_id = opened(centre, open_desktop, qtbot)
    with centre.as_owner().write() as tx:
        customer = tx.session.get_one(Contact, contact_id).customer_id
        tx.session.add(Address(customer_id=customer, lines="14 Mill Lane", postcode="NR2 3TT"))
    screen = desktop.window.workplace.screen
    pane = screen.posting.pane
    pane.composer.insert("We will come to 14 Mill Lane on Friday.")
    QTest.keyClick(pane.composer.editor, Qt.Key.Key_Return, BOTH)
    qtbot.waitUntil(lambda: len(sent(centre)) == 1)
    qtbot.waitUntil(lambda: "everybody may read it" in said(desktop))
    grab(desktop.window, "post-stopped")

    assert sent(centre)[0][2] == MessageState.STOPPED
    edit = next(
        each for each in screen.conversation.findChildren(QPushButton) if each.text() == "Edit"
    )
    QTest.mouseClick(edit, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: pane.composer.text(PostMode.PUBLIC).startswith("We will come"))

    assert sent(centre)[0][2] == MessageState.WITHDRAWN


def test_what_was_edited_or_deleted_there_is_shown_as_such(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop, account, _ = opened(centre, open_desktop, qtbot)
    ted = answer(FIRST, "ted.example", "Mine as well", pictures=(
        Picture("bin.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"0" * 40, "A full bin"),
    ))  # fmt: skip
    edited = replace(
        FIRST, text="Our bin was missed, now twice!", edited_at=FIRST.at + timedelta(hours=1)
    )
    read(centre, account, ted, edited)
    qtbot.waitUntil(lambda: "edited" in said(desktop) and "Mine as well" in said(desktop))
    assert "A full bin" in said(desktop)

    read(centre, account, deleted=(ted.post_id,))
    qtbot.waitUntil(lambda: "deleted there" in said(desktop))
    grab(desktop.window, "post-corrected")

    pane = desktop.window.workplace.screen.posting.pane
    assert pane.answering is not None
    assert pane.answering.message_id == message_of(centre, account, FIRST)


def test_a_draft_of_a_post_survives_another_contact(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, _, contact_id = opened(centre, open_desktop, qtbot)
    other = centre.add_contact()
    pane = desktop.window.workplace.screen.posting.pane
    QTest.keyClicks(pane.composer.editor, "In public")
    pane.composer.set_mode(PostMode.PRIVATE)
    QTest.keyClicks(pane.composer.editor, "In private")

    desktop.window.open_contact(other)
    settled(qtbot, desktop)
    assert desktop.window.workplace.screen.compose.composer.text() == ""
    desktop.window.open_contact(contact_id)
    qtbot.waitUntil(lambda: pane.answering is not None and pane.mode is PostMode.PRIVATE)

    assert pane.composer.text(PostMode.PUBLIC) == "In public"
    assert pane.composer.text(PostMode.PRIVATE) == "In private"


def test_a_post_ends_as_moved_to_private_by_keys_alone(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, _, contact_id = opened(centre, open_desktop, qtbot)
    QTest.keyClick(desktop.window, Qt.Key.Key_F12)
    settled(qtbot, desktop)
    panel = desktop.window.workplace.screen.wrap_up
    QTest.keyClick(panel, Qt.Key.Key_0)
    QTest.keyClick(panel, Qt.Key.Key_Return)

    def resolution() -> str | None:
        with centre.as_owner().read() as tx:
            return tx.session.get_one(Contact, contact_id).resolution

    qtbot.waitUntil(lambda: resolution() == Resolution.MOVED_TO_PRIVATE)


def test_it_has_its_pictures(
    centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, look: Look
) -> None:
    desktop, _, _ = opened(centre, open_desktop, qtbot)
    desktop.window.resize(1280, 720)
    desktop.window.workplace.screen.posting.pane.composer.insert("The crew comes on Friday.")
    for scheme in Scheme:
        look.set_scheme(scheme)
        grab(desktop.window, f"post-window-{scheme.value}")
        assert accessibility.problems(desktop.window) == []
    look.set_scheme(Scheme.LIGHT)
    look.set_scale(200)
    grab(desktop.window, "post-window-200")
