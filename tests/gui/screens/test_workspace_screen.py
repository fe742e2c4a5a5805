"""The workspace by keyboard and in pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.workspace.message_card import MessageCard
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.knowledge_panel import text_of
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.states import Direction, MessageState, Resolution, Visibility
from crm_desktop.domain.views import (
    ArticleView,
    ContactView,
    Disposition,
    DraftView,
    MessageView,
    NewAttachment,
)
from crm_desktop.services.handoffs import HandoffPreview
from crm_desktop.services.replies import Sent
from tests.gui.conftest import Grab
from tests.gui.screens import sample
from tests.gui.screens.sample import MINUTE, NOW
from tests.gui.screens.stands import Stage

Make = Callable[..., Stage]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    def build(look: Look, width: int = 1050, height: int = 820, *, mine: bool = True) -> Stage:
        stage = Stage(look, mine=mine)
        qtbot.addWidget(stage.screen)
        stage.screen.resize(width, height)
        stage.show(sample.contact())
        stage.screen.show()
        qtbot.waitExposed(stage.screen)
        qtbot.wait(1)
        return stage

    return build


def another(number: int, message: MessageView) -> ContactView:
    """A contact with one message."""
    return sample.contact(row=replace(sample.mine()[0], id=number), messages=(message,))


def cards(stage: Stage) -> list[MessageCard]:
    """The messages on the screen."""
    found = stage.screen.conversation.findChildren(MessageCard)
    return [each for each in found if each.isVisible()]


PREVIEW = HandoffPreview("Waste (Open311)", datetime(2026, 11, 24, 17, tzinfo=UTC), "", ())


def test_the_conversation_looks_right(make: Make, any_look: Look, grab: Grab) -> None:
    stage = make(any_look)

    grab(stage.screen, f"workspace-{any_look.theme.scheme.value}")

    assert accessibility.problems(stage.screen) == []


def test_another_contact_fills_the_cards_that_are_there(make: Make, look: Look) -> None:
    stage = make(look)
    before = set(cards(stage))
    theirs = sample.message(91, "Thank you.")

    stage.show(another(2, theirs))

    assert [each.message for each in cards(stage)] == [theirs]
    assert set(cards(stage)) < before


def test_a_card_stands_ready_for_the_answer(make: Make, look: Look, qtbot: QtBot) -> None:
    stage, first = make(look), sample.message(91, "Where is my bin?")
    stage.show(another(2, first))
    made = stage.screen.conversation.findChildren
    stage.screen.conversation._spare.clear()
    before = len(made(MessageCard))
    qtbot.waitUntil(lambda: len(made(MessageCard)) > before)
    ready = set(made(MessageCard))

    answer = sample.message(92, "On its way.", direction=Direction.OUTBOUND)
    contact = another(2, first)
    stage.screen.show_contact(replace(contact, messages=(first, answer)), fresh=False)

    assert [each.message for each in cards(stage)] == [first, answer]
    assert set(made(MessageCard)) == ready


def test_an_answer_shows_itself_and_leaves_the_rest_alone(make: Make, look: Look) -> None:
    stage = make(look)
    asked, contact = stage.knowledge.said("show"), sample.contact()
    answer = sample.message(92, "On its way.", direction=Direction.OUTBOUND)
    shown = list[object]()
    stage.screen.shown.connect(shown.append)

    more = replace(contact, messages=(*contact.messages, answer))
    stage.screen.show_contact(more, fresh=False)

    assert cards(stage)[-1].message == answer
    assert shown == [more]
    assert stage.knowledge.said("show") == asked


def test_what_was_said_of_one_message_is_not_said_of_the_next(make: Make, look: Look) -> None:
    stage = make(look)
    failed = sample.message(91, "Thank you.", failure="The mailbox is full.")
    sent = replace(failed, id=92, failure="")

    for number, message in enumerate((failed, sent), start=2):
        stage.show(another(number, message))

    assert [each.message for each in cards(stage)] == [sent]
    assert cards(stage)[0].findChildren(Banner) == []


def test_the_case_looks_right(make: Make, any_look: Look, grab: Grab) -> None:
    stage = make(any_look)
    stage.screen.focus_case()
    stage.screen.case_pane.show_preview(PREVIEW)

    grab(stage.screen, f"workspace-case-{any_look.theme.scheme.value}")

    assert accessibility.problems(stage.screen) == []


def test_a_hand_off_shows_how_far_it_is(make: Make, look: Look, grab: Grab) -> None:
    stage = make(look)
    stage.screen.focus_case()

    stage.screen.case_pane.show_case(sample.case(handoffs=(sample.handoff(),)))
    stage.screen.focus_knowledge()
    stage.screen.knowledge.show_article(_article())
    grab(stage.screen, "workspace-handed-off")

    said = " ".join(accessibility.texts(accessibility.tree(stage.screen)))
    assert "Handed off to Waste (Open311)" in said
    assert "Crew 4 has been told." in said


def test_it_looks_right_when_small_and_at_twice_the_text(
    make: Make, look: Look, grab: Grab
) -> None:
    small = make(look, 890, 640)
    grab(small.screen, "workspace-small")
    look.set_scale(200)
    large = make(look, 1100, 820)
    grab(large.screen, "workspace-200")


def test_ctrl_enter_sends_and_empties_the_composer(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.focus_reply(Visibility.PUBLIC)
    editor = stage.screen.compose.composer.editor
    QTest.keyClicks(editor, "We come again on Tuesday.")

    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    [(contact_id, reply, _)] = stage.replying.said("send")
    assert (contact_id, reply.text, reply.to, reply.case_id) == (
        1, "We come again on Tuesday.", "m.okafor@example.org", 50,
    )  # fmt: skip
    assert editor.toPlainText() == ""


def test_every_word_typed_reaches_the_draft_keeper(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.focus_reply(Visibility.INTERNAL)

    QTest.keyClicks(stage.screen.compose.composer.editor, "Hm")

    assert stage.keeper.said("typed")[-1] == (1, "note", {"text": "Hm"})


def test_a_note_is_never_a_reply(make: Make, look: Look, qtbot: QtBot, grab: Grab) -> None:
    stage = make(look)
    stage.screen.focus_reply(Visibility.INTERNAL)
    editor = stage.screen.compose.composer.editor
    QTest.keyClicks(editor, "Ask crew 4")
    grab(stage.screen, "workspace-note")

    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert stage.replying.said("note") == [(1, "Ask crew 4")]
    assert stage.replying.said("send") == []


def test_nothing_goes_out_with_a_gap(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.focus_reply(Visibility.PUBLIC)
    stage.screen.answering.insert_text("Your bin comes on {{due date}}.", ("due date",))
    editor = stage.screen.compose.composer.editor

    QTest.keyClick(editor, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert stage.replying.said("send") == []
    assert editor.textCursor().selectedText() == "{{due date}}"


def test_a_reply_taken_back_is_in_the_composer_again(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.answering.sent(Sent(1, 77, NOW + MINUTE / 6, (), None, Changes()))
    assert stage.screen.toast.isVisible()

    stage.screen.toast.undone.emit()
    stage.screen.answering.put_back(1, {"text": "Dear Ms Okafor", "to": "m.okafor@example.org"})

    assert stage.replying.said("withdraw") == [(77,)]
    assert stage.screen.compose.written().reply.text == "Dear Ms Okafor"


def test_what_the_leak_check_stopped_can_be_edited_or_sent_in_a_name(
    make: Make, look: Look, grab: Grab
) -> None:
    stage = make(look)
    stopped = sample.message(
        13, "The account of J. Petrov is CT 4410 2231.", state=MessageState.STOPPED,
        findings=("It names J. Petrov, another customer.",), author="S. Whitlock",
        direction=Direction.OUTBOUND, to=(("Margaret Okafor", "m.okafor@example.org"),),
    )  # fmt: skip
    contact = sample.contact()

    stage.screen.show_contact(sample.contact(messages=(*contact.messages, stopped)), fresh=False)
    checked, anyway = _release_of(stage)
    QTest.keyClick(anyway, Qt.Key.Key_Space)
    assert stage.presenter.said("release_stopped") == []
    grab(stage.screen, "workspace-stopped")
    QTest.keyClick(checked, Qt.Key.Key_Space)
    QTest.keyClick(anyway, Qt.Key.Key_Space)
    stage.screen.conversation.edit_asked.emit(13)

    said = " ".join(accessibility.texts(accessibility.tree(stage.screen)))
    assert "It names J. Petrov, another customer." in said
    assert stage.presenter.said("release_stopped") == [(13,)]
    assert stage.replying.said("withdraw")[0][0] == 13


def test_another_persons_draft_is_offered_by_name(make: Make, look: Look) -> None:
    stage = make(look)
    draft = DraftView("reply", 8, "D. Achebe", {"text": "Dear Ms Okafor"}, NOW)

    stage.screen.show_contact(sample.contact(drafts=(draft,)), fresh=True)
    stage.screen.notices.draft_wanted.emit(draft)

    said = accessibility.texts(accessibility.tree(stage.screen))
    assert any("Unsent draft by D. Achebe" in each for each in said)
    assert stage.screen.compose.written().reply.text == "Dear Ms Okafor"


def test_an_article_is_inserted_as_text_and_its_use_recorded(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.focus_knowledge()

    stage.screen.knowledge.insert_text.emit(_article())

    assert "within 2 working days" in stage.screen.compose.written().reply.text
    assert stage.knowledge.said("used") == [(1, "text")]


def test_what_was_searched_beside_one_contact_is_not_left_beside_the_next(
    make: Make, look: Look
) -> None:
    stage = make(look)
    knowledge = stage.screen.knowledge
    stage.screen.focus_knowledge()
    QTest.keyClicks(knowledge.field, "bnis")
    assert stage.knowledge.said("search")[-1] == ("bnis",)
    knowledge.show_hits((), suggested=False)
    asked = len(stage.knowledge.said("search"))

    knowledge.show_hits(sample.hits(), suggested=True)

    assert knowledge.field.text() == ""
    assert "Suggested from the customer's words" in knowledge._heading.text()
    assert len(stage.knowledge.said("search")) == asked, "nothing is asked by it"


def test_wrap_up_is_answered_with_three_keys(
    make: Make, look: Look, qtbot: QtBot, grab: Grab
) -> None:
    stage = make(look)
    stage.screen.show_wrap_up()
    panel = stage.screen.wrap_up

    QTest.keyClick(panel, Qt.Key.Key_2)
    QTest.keyClick(panel, Qt.Key.Key_Y)
    grab(stage.screen, "workspace-wrap-up")
    QTest.keyClick(panel, Qt.Key.Key_Return)

    [(disposition,)] = stage.presenter.said("complete")
    assert disposition == Disposition(1, Resolution.HANDED_OFF, avoidable=True)


def test_what_was_just_handed_off_is_wrapped_up_as_such(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.show_wrap_up()

    stage.screen.case_pane.handed_off_now.emit()
    stage.screen.wrap_up.findChildren(PrimaryButton)[0].click()

    [(disposition,)] = stage.presenter.said("complete")
    assert disposition.resolution is Resolution.HANDED_OFF


def test_an_article_in_a_reply_keeps_its_paragraphs_and_bullets() -> None:
    text = text_of("Report **soon**.\n\n## When not\n\n- Not out\n- Too heavy\n\nElse we come.")

    assert text == "Report soon.\n\nWhen not\n\n- Not out\n- Too heavy\n\nElse we come."


def test_who_only_looks_cannot_write(make: Make, look: Look, grab: Grab) -> None:
    stage = make(look, mine=False)

    grab(stage.screen, "workspace-looking")

    assert not stage.screen.compose.isVisible()


def test_doubts_are_shown_until_somebody_has_checked(make: Make, look: Look) -> None:
    stage = make(look)
    row = sample.row(1, "noreply@bank.example", "Hello", MINUTE, needs_checking=True)

    stage.screen.show_contact(
        sample.contact(row=row, check_reason="The reference is not this sender's."), fresh=True
    )
    stage.screen.notices.checked.emit()

    said = " ".join(accessibility.texts(accessibility.tree(stage.screen)))
    assert "The reference is not this sender's." in said
    assert stage.presenter.said("checked") == [()]


def test_long_names_and_subjects_are_cut_and_widen_nothing(
    make: Make, look: Look, grab: Grab
) -> None:
    stage = make(look)
    before = stage.screen.minimumSizeHint().width()
    long = "Wolfeschlegelsteinhausenbergerdorff" * 6
    row = replace(sample.mine()[0], who=long, subject=long)
    message = sample.message(11, "Hello", sender_name=long, sender_address=f"{long}@example.org")

    stage.screen.show_contact(sample.contact(row=row, messages=(message,)), fresh=True)
    grab(stage.screen, "workspace-long")

    assert stage.screen.minimumSizeHint().width() <= before


def test_a_reply_taken_back_has_its_files_again(make: Make, look: Look) -> None:
    stage = make(look)
    photo = NewAttachment("street.jpg", "image/jpeg", b"jpeg")

    stage.screen.answering.put_back(1, {"text": "Dear Ms Okafor"}, (photo,))

    assert stage.screen.compose.written().reply.attachments == (photo,)


def test_a_hand_off_lists_the_questions_that_are_still_open(make: Make, look: Look) -> None:
    stage = make(look)
    pane = stage.screen.case_pane
    stage.screen.focus_case()
    pane.show_form(sample.SCHEMA, {"bin": "blue"}, None)
    pane.show_preview(PREVIEW)
    assert "Still needed: Address · Was it out by 6.30am" in pane.offer.accessibleName()

    pane.restore({"answers": {"bin": "blue", "address": "14 Mill Lane", "out": True}})

    assert "Still needed" not in pane.offer.accessibleName()


def test_a_form_that_comes_later_than_its_draft_gets_it(make: Make, look: Look) -> None:
    stage = make(look)
    pane = stage.screen.case_pane
    vars(stage.casework)["service_id"] = None
    pane.show_form(None, {}, None)
    pane.restore({"service_id": 1, "answers": {"address": "14 Mill Lane"}})

    vars(stage.casework)["service_id"] = 1
    pane.show_form(sample.SCHEMA, {}, None)

    assert pane.typed() == {"address": "14 Mill Lane"}


def test_why_a_case_cannot_be_handed_off_is_said(make: Make, look: Look) -> None:
    stage = make(look)
    pane = stage.screen.case_pane
    reasons: list[str] = []
    pane.hand_off_fits.connect(reasons.append)

    pane.show_preview(None)
    pane.show_preview(PREVIEW)
    pane.show_case(sample.case(handoffs=(sample.handoff(),)))

    assert reasons == ["No back office takes this service", "", "It is handed off already"]


def test_ctrl_enter_in_the_case_sends_and_wraps_up(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.focus_case()
    pane = stage.screen.case_pane
    asked: list[bool] = []
    pane.show_preview(PREVIEW)
    pane.hand_off_asked.connect(lambda: asked.append(True))

    held = stage.screen.focusWidget()
    QTest.keyClick(held, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert asked == [True]


def test_where_there_is_little_height_an_idle_composer_leaves_it_to_the_conversation(
    make: Make, look: Look, qtbot: QtBot
) -> None:
    stage = make(look, 1050, 480)
    stage.screen.tabs.setFocus()
    qtbot.wait(1)
    idle = stage.screen.conversation.height()

    stage.screen.focus_reply(Visibility.PUBLIC)
    qtbot.wait(1)

    assert stage.screen.conversation.height() < idle


def _release_of(stage: Stage) -> tuple[QCheckBox, Button]:
    checked = stage.screen.conversation.findChildren(QCheckBox)[-1]
    anyway = next(
        each
        for each in stage.screen.conversation.findChildren(Button)
        if each.text() == "Send anyway as S. Whitlock"
    )
    return checked, anyway


def _article() -> ArticleView:
    return ArticleView(
        1, "Missed bins: what we re-collect, and when", "", "## Report it\n\nReport a missed "
        "collection **within 2 working days**.\n\n- Whole-street misses need no proof.\n"
        "- Assisted collections are re-collected the next working day.",
        "Missed collection", "https://council.example/missed", None, NOW,
    )  # fmt: skip


def talk(of: int, **states: MessageState) -> ContactView:
    """A contact of so many messages; `m3="failed"`: the third is so."""
    first = sample.contact().messages[0]
    return sample.contact(
        thread=(),
        messages=tuple(
            replace(
                first,
                id=number,
                text=f"Message {number}",
                html="",
                attachments=(),
                state=states.get(f"m{number}", first.state),
            )
            for number in range(1, of + 1)
        ),
    )


def shown(stage: Stage) -> list[int]:
    cards = stage.screen.conversation.findChildren(MessageCard)
    return sorted(each.message.id for each in cards if each.message and not each.isHidden())


def earlier(stage: Stage) -> Button:
    found = stage.screen.conversation.findChildren(Button)
    return next(each for each in found if "earlier" in each.text())


def test_what_is_long_past_is_folded_away(make: Make, look: Look) -> None:
    stage = make(look)
    stage.show(another(3, sample.contact().messages[0]))
    stage.show(talk(75))
    assert shown(stage) == list(range(56, 76))
    assert earlier(stage).text() == "30 of 55 earlier messages"

    stage.show(talk(76))
    assert shown(stage) == list(range(56, 77)), "what is read stays while new ones come"

    earlier(stage).setFocus()
    QTest.keyClick(earlier(stage), Qt.Key.Key_Space)
    assert shown(stage) == list(range(26, 77))
    assert earlier(stage).text() == "25 earlier messages"
    QTest.keyClick(earlier(stage), Qt.Key.Key_Space)
    assert shown(stage) == list(range(1, 77))
    assert earlier(stage).isHidden()


def test_what_is_taken_back_unfolds_nothing(make: Make, look: Look) -> None:
    """The fold stood at the contact's only message, a document."""
    stage, before = make(look), talk(60).messages
    stage.show(another(3, sample.contact().messages[0]))
    visit = replace(talk(1), messages=(), thread=before)
    brought = replace(before[0], id=99)

    stage.show(visit)
    stage.show(replace(visit, messages=(brought,)))
    assert shown(stage) == [99]
    stage.show(visit)

    assert shown(stage) == []
    assert earlier(stage).text() == "30 of 60 earlier messages"


def test_a_reply_that_waits_for_a_look_is_not_folded_away(make: Make, look: Look) -> None:
    stage = make(look)
    stage.show(another(3, sample.contact().messages[0]))
    stage.show(talk(40, m4=MessageState.STOPPED))
    assert shown(stage) == list(range(4, 41))
