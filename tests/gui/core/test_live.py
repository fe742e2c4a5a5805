"""Notices reach the GUI thread gathered, own changes among them, and the clock keeps time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QCoreApplication
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import live
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.live import FeedState, LiveFeed
from crm_desktop.domain.changes import Changes, Topic


class Source:
    """A feed whose notices a test gives, on a thread of their own."""

    def __init__(self) -> None:
        self.on_changes: Callable[[Changes], None] | None = None
        self.on_state: Callable[[FeedState], None] | None = None

    def subscribe(
        self, on_changes: Callable[[Changes], None], on_state: Callable[[FeedState], None]
    ) -> Callable[[], None]:
        self.on_changes, self.on_state = on_changes, on_state
        return self.end

    def end(self) -> None:
        self.on_changes = self.on_state = None

    def say(self, *many: Changes) -> None:
        assert self.on_changes is not None
        tell = self.on_changes
        thread = threading.Thread(target=lambda: [tell(each) for each in many])
        thread.start()
        thread.join()


def test_a_burst_arrives_as_one_on_this_thread(qtbot: QtBot) -> None:
    feed, source, heard = LiveFeed(), Source(), list[tuple[Changes, threading.Thread]]()
    feed.start(source)
    feed.changed.connect(lambda changes: heard.append((changes, threading.current_thread())))

    with qtbot.waitSignal(feed.changed):
        source.say(*(Changes.of(Topic.CONTACT, number) for number in range(50)))

    assert [thread for _, thread in heard] == [threading.main_thread()]
    assert heard[0][0].ids(Topic.CONTACT) == frozenset(range(50))


def test_nothing_is_lost_between_bursts(qtbot: QtBot) -> None:
    feed, source, heard = LiveFeed(), Source(), set[int]()
    feed.start(source)
    feed.changed.connect(lambda changes: heard.update(changes.ids(Topic.CASE)))

    for number in range(20):
        source.say(Changes.of(Topic.CASE, number))

    qtbot.waitUntil(lambda: heard == set(range(20)))


def test_own_changes_take_the_same_path(qtbot: QtBot) -> None:
    feed = LiveFeed()

    with qtbot.waitSignal(feed.changed) as signal:
        feed.publish(Changes.of(Topic.CUSTOMER, 3))

    assert signal.args == [Changes.of(Topic.CUSTOMER, 3)]


def test_own_changes_do_not_wait_for_others(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "COALESCE_MS", 3_600_000)
    feed, source = LiveFeed(), Source()
    feed.start(source)
    with qtbot.waitSignal(feed.changed):
        source.say(Changes.of(Topic.CONTACT, 1))
    source.say(Changes.of(Topic.CONTACT, 2))

    with qtbot.waitSignal(feed.changed) as signal:
        feed.publish(Changes.of(Topic.CONTACT, 3))

    assert signal.args == [Changes.of(Topic.CONTACT, 2, 3)]


def test_the_feed_says_that_it_is_away_and_since_when(qtbot: QtBot) -> None:
    feed, source = LiveFeed(), Source()
    feed.start(source)
    away = FeedState(connected=False, since=datetime(2026, 11, 22, 9, 4, tzinfo=UTC))

    with qtbot.waitSignal(feed.state_changed):
        assert source.on_state is not None
        source.on_state(away)

    assert feed.state == away


def test_stopping_ends_the_subscription() -> None:
    feed, source = LiveFeed(), Source()
    feed.start(source)

    feed.stop()

    assert source.on_changes is None


def test_the_clock_follows_the_database_and_ticks(qtbot: QtBot) -> None:
    clock = Clock()
    a_while_ago = datetime.now(UTC) - timedelta(minutes=5)
    clock.set_by(a_while_ago + timedelta(hours=3), a_while_ago)
    clock.start()

    with qtbot.waitSignal(clock.tick):
        pass

    assert clock.now() - datetime.now(UTC) > timedelta(hours=2, minutes=59)
    assert clock.now().microsecond < 500_000
    clock.stop()


def test_notices_are_gathered_while_this_desktop_writes(qtbot: QtBot) -> None:
    feed, source, heard = LiveFeed(), Source(), list[Changes]()
    feed.start(source)
    feed.changed.connect(heard.append)

    feed.rest()
    source.say(Changes.of(Topic.CONTACT, 1))
    QCoreApplication.sendPostedEvents()
    at_once = list(heard)
    qtbot.waitUntil(lambda: bool(heard))

    assert at_once == []
    assert heard == [Changes.of(Topic.CONTACT, 1)]


def test_what_is_urgent_is_told_at_once_in_the_middle_of_a_burst(qtbot: QtBot) -> None:
    feed, source, heard = LiveFeed(), Source(), list[Changes]()
    feed.start(source)
    feed.changed.connect(heard.append)
    with qtbot.waitSignal(feed.changed):
        source.say(Changes.of(Topic.CONTACT, 1))

    feed.rest()
    source.say(Changes.of(Topic.CONTACT, 2), Changes.of(Topic.CHAT, 7) | Changes.of(Topic.CASE, 3))
    with qtbot.waitSignal(feed.changed):
        pass
    first = heard[1]
    qtbot.waitUntil(lambda: bool(Changes.joined(heard).ids(Topic.CASE)))

    assert first == Changes.of(Topic.CHAT, 7)
    assert Changes.joined(heard).ids(Topic.CONTACT) == {1, 2}
