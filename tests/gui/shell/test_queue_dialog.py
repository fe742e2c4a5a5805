"""A team leader sets how a queue works, by keys and mouse, over a real database."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.team.queue_dialog import QueueDialog, open_queue_dialog
from crm_desktop.desktop.screens.team.queue_fields import PromiseCard, SkillRow
from crm_desktop.desktop.screens.team.queue_presenter import QueuePresenter
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.figures import Promise
from crm_desktop.domain.queue_settings import NeededSkill, QueueSettings
from crm_desktop.domain.states import Channel
from crm_desktop.services import queue_settings
from crm_desktop.store.models import Event, Skill
from tests.centre import Centre
from tests.gui.conftest import Grab

Done = Callable[[], None]
Opened = Callable[..., QueueDialog]


@pytest.fixture
def done(runner: TaskRunner, settle: Callable[[TaskRunner], None]) -> Done:
    """Wait until everything was read, written and shown."""
    return lambda: settle(runner)


@pytest.fixture
def opened(centre: Centre, look: Look, runner: TaskRunner, qtbot: QtBot, done: Done) -> Opened:
    """Opens the rules of a queue."""
    with centre.as_owner().write() as tx:
        tx.session.add_all(
            [Skill(code="welsh", name="Welsh"), Skill(code="badge", name="Blue Badge")]
        )
    behind = QWidget()
    qtbot.addWidget(behind)
    behind.show()

    def make(queue: str = "general", login: str = "rose") -> QueueDialog:
        presenter = QueuePresenter(centre.as_person(login), runner.for_owner(behind))
        dialog = open_queue_dialog(look, presenter, centre.queue_id(queue), behind)
        done()
        return dialog

    return make


def now(centre: Centre, queue: str = "general") -> QueueSettings:
    """The rules as the database has them."""
    return queue_settings.read(centre.as_person("rose"), centre.queue_id(queue))[0]


def enter(field: QAbstractSpinBox, text: str) -> None:
    """Type a number over the old one."""
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Tab)


def tick(box: QCheckBox) -> None:
    """Press the key that ticks it."""
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)


def test_a_queue_becomes_one_that_offers(centre: Centre, opened: Opened, done: Done) -> None:
    dialog = opened()
    before = now(centre)
    assert dialog.wanted() == before
    assert not dialog.offer.isEnabled()

    QTest.mouseClick(dialog.push, Qt.MouseButton.LeftButton)
    enter(dialog.offer.number, "35")
    enter(dialog.ageing.number, "15")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert now(centre) == replace(before, push=True, offer_seconds=35, ageing_seconds=900)
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(Event.kind)).all() == ["queue.changed"]


def test_what_follows_a_call_is_set_with_its_time(
    centre: Centre, opened: Opened, done: Done
) -> None:
    dialog = opened()
    before = now(centre)
    assert dialog.wanted() == before
    assert not dialog.wrap_up.time.isVisible()

    dialog.wrap_up.mode.setFocus()
    QTest.keyClick(dialog.wrap_up.mode, Qt.Key.Key_End)
    enter(dialog.wrap_up.time.number, "90")
    dialog.wrap_up.time.unit.setCurrentIndex(0)
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert now(centre) == replace(before, wrap_up=WrapUp.TIMED, wrap_up_seconds=90)


def test_no_call_is_wrapped_up_in_no_time(centre: Centre, opened: Opened, done: Done) -> None:
    dialog = opened()
    QTest.keyClick(dialog.wrap_up.mode, Qt.Key.Key_End)
    enter(dialog.wrap_up.time.number, "0")

    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert "wrap-up: 10 seconds to 1 hour" in dialog.trouble()
    assert now(centre).wrap_up is WrapUp.MANDATORY


def test_what_a_point_is_worth_is_said_in_words(opened: Opened) -> None:
    dialog = opened()
    enter(dialog.ageing.number, "90")

    said = accessibility.texts(accessibility.tree(dialog))

    assert any(
        each.startswith("One point of priority is worth 1 hour 30 minutes of waiting.")
        for each in said
    )


def test_promises_come_and_go(centre: Centre, opened: Opened, done: Done) -> None:
    dialog = opened()
    cards = {each.channel: each for each in dialog.findChildren(PromiseCard)}
    assert set(cards) == {Channel.EMAIL, Channel.WEB_FORM}

    enter(cards[Channel.EMAIL].goal, "95")
    remove = cards[Channel.WEB_FORM].findChild(IconButton)
    assert remove is not None
    QTest.mouseClick(remove, Qt.MouseButton.LeftButton)
    dialog.more.chosen.emit(Channel.CALL)
    (call,) = [each for each in dialog.findChildren(PromiseCard) if each.channel is Channel.CALL]
    enter(call.target.number, "20")
    call.target.unit.setCurrentIndex(0)
    assert "Answered within 20 s, of all answered" in " ".join(
        accessibility.texts(accessibility.tree(call))
    )
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert now(centre).targets == {
        Channel.CALL: Promise(20),
        Channel.EMAIL: Promise(36_000, goal=95),
    }


def test_skills_and_overflow(centre: Centre, opened: Opened, done: Done) -> None:
    dialog = opened()
    welsh = next(each for each in dialog.findChildren(SkillRow) if each.accessibleName() == "Welsh")
    assert not welsh.level.isEnabled()

    tick(welsh.wanted)
    enter(welsh.level, "3")
    tick(welsh.relaxes)
    enter(welsh.relax.number, "5")
    tick(dialog.overflows)
    dialog.overflow_queue.choose(centre.queue_id("waste"))
    enter(dialog.overflow_after.number, "20")
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    found = now(centre)
    assert list(found.skills.values()) == [NeededSkill(3, 300)]
    assert (found.overflow_queue_id, found.overflow_seconds) == (centre.queue_id("waste"), 1200)


def test_what_cannot_be_is_said_and_stays_entered(
    centre: Centre, opened: Opened, done: Done
) -> None:
    dialog = opened()
    before = now(centre)
    QTest.mouseClick(dialog.push, Qt.MouseButton.LeftButton)
    enter(dialog.offer.number, "2")
    tick(dialog.overflows)

    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert "offer: 5 seconds to 10 minutes" in dialog.trouble()
    assert "overflow: choose a queue and a time, or neither" in dialog.trouble()
    assert accessibility.announced(dialog) == dialog.trouble()
    assert dialog.offer.seconds() == 2
    assert now(centre) == before
    # Put right, it is accepted.
    enter(dialog.offer.number, "25")
    dialog.overflow_queue.choose(centre.queue_id("care"))
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()
    assert now(centre).offer_seconds == 25


def test_what_a_colleague_changed_meanwhile_is_not_overwritten(
    centre: Centre, opened: Opened, done: Done
) -> None:
    dialog = opened()
    before, general = now(centre), centre.queue_id("general")
    theirs = replace(before, last_advisor_seconds=60)
    queue_settings.change(centre.as_person("rose"), general, before, theirs)

    QTest.mouseClick(dialog.push, Qt.MouseButton.LeftButton)
    QTest.mouseClick(dialog.save, Qt.MouseButton.LeftButton)
    done()

    assert dialog.trouble().startswith("Somebody else changed this queue meanwhile.")
    assert now(centre) == theirs


def test_an_advisor_may_look_and_not_set(opened: Opened) -> None:
    dialog = opened(login="anna")

    assert not dialog.save.isEnabled()
    assert not dialog.push.isEnabled()
    assert "Team leaders of this queue and administrators may change this." in (
        accessibility.texts(accessibility.tree(dialog))
    )


def test_a_restricted_queue_is_told_why_it_cannot_overflow(opened: Opened) -> None:
    dialog = opened("care")

    assert not dialog.overflows.isEnabled()
    assert not dialog.overflow_queue.isEnabled()


def test_closed_before_it_was_read_nothing_happens(
    centre: Centre, look: Look, runner: TaskRunner, qtbot: QtBot, done: Done
) -> None:
    behind = QWidget()
    qtbot.addWidget(behind)
    presenter = QueuePresenter(centre.as_person("rose"), runner.for_owner(behind))
    open_queue_dialog(look, presenter, centre.queue_id("general"), behind).reject()

    done()


@pytest.mark.parametrize(
    ("size", "scheme"), [(100, Scheme.LIGHT), (100, Scheme.CONTRAST), (200, Scheme.DARK)]
)
def test_pictures_of_the_queue(  # noqa: PLR0917
    look: Look, opened: Opened, grab: Grab, size: int, scheme: Scheme, done: Done
) -> None:
    look.set_scheme(scheme)
    look.set_scale(size)
    dialog = opened()
    QTest.mouseClick(dialog.push, Qt.MouseButton.LeftButton)
    dialog.resize(look.px(640) if size == 100 else 1280, 1180 if size == 100 else 1800)
    grab(dialog, f"queue-rules-{size}-{scheme.value}")
    dialog.resize(1240 if size == 200 else 640, 680)
    grab(dialog, f"queue-rules-low-{size}-{scheme.value}")

    assert accessibility.problems(dialog) == []
