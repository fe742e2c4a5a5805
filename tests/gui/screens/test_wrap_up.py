"""The three questions at the end of a contact, which stays in sight while they are answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.states import Channel, HandoffState, Resolution
from crm_desktop.domain.views import ContactView
from tests.gui.conftest import Grab
from tests.gui.screens import sample
from tests.gui.screens.stands import Stage

Make = Callable[..., Stage]


@pytest.fixture
def make(qtbot: QtBot) -> Make:
    """A workspace that asks the three questions."""

    def build(
        look: Look, contact: ContactView | None = None, width: int = 1050, height: int = 720
    ) -> Stage:
        stage = Stage(look)
        qtbot.addWidget(stage.screen)
        stage.screen.resize(width, height)
        stage.show(contact or sample.contact())
        stage.screen.show()
        qtbot.waitExposed(stage.screen)
        stage.screen.show_wrap_up()
        qtbot.wait(1)
        return stage

    return build


def chosen(stage: Stage) -> Resolution:
    """What would be said of how it ended."""
    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Return)
    [(disposition,)] = stage.presenter.said("complete")
    resolution = disposition.resolution
    assert isinstance(resolution, Resolution)
    return resolution


@pytest.mark.parametrize("scheme", [Scheme.LIGHT, Scheme.DARK])
@pytest.mark.parametrize("scale", [100, 200])
def test_the_conversation_stays_in_sight(
    make: Make, look: Look, grab: Grab, scale: int, scheme: Scheme
) -> None:
    look.set_scheme(scheme)
    look.set_scale(scale)
    stage = make(look, None, 1200, 780)

    grab(stage.screen, f"wrap-up-{scale}-{scheme.value}")

    assert stage.screen.conversation.isVisible()
    assert stage.screen.conversation.height() >= look.px(60)
    assert not stage.screen.compose.isVisible()
    assert accessibility.problems(stage.screen) == []


def test_escape_goes_back_to_where_the_answer_is_written(make: Make, look: Look) -> None:
    stage = make(look)

    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Escape)

    assert not stage.screen.is_wrapping_up
    assert stage.screen.compose.isVisible()
    assert stage.screen.focusWidget() is stage.screen.compose.composer.editor


@pytest.mark.parametrize(
    ("channel", "resolution"),
    [(Channel.SOCIAL, Resolution.MOVED_TO_PRIVATE), (Channel.EMAIL, Resolution.RESOLVED)],
)
def test_posts_alone_can_end_as_posts_do(
    make: Make, look: Look, grab: Grab, channel: Channel, resolution: Resolution
) -> None:
    contact = sample.contact()
    stage = make(look, replace(contact, row=replace(contact.row, channel=channel)))

    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_0)
    grab(stage.screen, f"wrap-up-{channel.value}")
    said = accessibility.texts(accessibility.tree(stage.screen.wrap_up))

    assert any("key 0" in each for each in said) is (channel is Channel.SOCIAL)
    assert chosen(stage) is resolution


def test_a_contact_is_handed_off_while_its_hand_off_is_under_way(make: Make, look: Look) -> None:
    going = sample.case(handoffs=(sample.handoff(),))

    assert chosen(make(look, sample.contact(cases=(going,)))) is Resolution.HANDED_OFF


def test_a_contact_is_resolved_when_its_hand_off_is_done(make: Make, look: Look) -> None:
    done = sample.case(handoffs=(replace(sample.handoff(), state=HandoffState.DONE),))

    assert chosen(make(look, sample.contact(cases=(done,)))) is Resolution.RESOLVED


def test_a_second_enter_completes_nothing_twice(make: Make, look: Look) -> None:
    stage = make(look)

    for _ in range(2):
        QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Return)

    assert len(stage.presenter.said("complete")) == 1


def test_what_could_not_be_completed_says_why_and_can_be_tried_again(
    make: Make, look: Look
) -> None:
    stage = make(look)
    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_4)
    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Return)

    stage.screen.not_wrapped_up(DatabaseAway())
    said = " ".join(accessibility.texts(accessibility.tree(stage.screen.wrap_up)))
    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Return)

    assert "database" in said
    (first,), (second,) = stage.presenter.said("complete")
    assert first == second
    assert second.resolution is Resolution.SIGNPOSTED_COUNCIL


def test_a_reply_that_was_not_sent_is_remembered(make: Make, look: Look) -> None:
    stage = make(look)
    stage.screen.compose.composer.set_text("We come on Tuesday.")
    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_Escape)

    stage.screen.show_wrap_up()

    said = " ".join(accessibility.texts(accessibility.tree(stage.screen.wrap_up)))
    assert "A reply is written but not sent." in said
    assert chosen(stage) is Resolution.RESOLVED


def test_page_keys_move_the_conversation_meanwhile(make: Make, look: Look, qtbot: QtBot) -> None:
    long = sample.message(11, "It was not collected.\n" * 80)
    stage = make(look, sample.contact(messages=(long,)))
    bar = stage.screen.conversation.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)

    QTest.keyClick(stage.screen.wrap_up, Qt.Key.Key_PageDown)

    assert bar.value() > 0


def test_the_questions_go_when_a_colleague_has_ended_the_contact(make: Make, look: Look) -> None:
    stage = make(look)
    vars(stage.presenter)["can_write"] = lambda: False

    stage.screen.show_contact(sample.contact(), fresh=False)

    assert not stage.screen.is_wrapping_up
