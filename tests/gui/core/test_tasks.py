"""Work runs elsewhere; answers come back here, only to who still waits."""

from __future__ import annotations

import threading
from collections.abc import Callable

import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.desktop.core.tasks import Lane, TaskRunner
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError, Taken

Settle = Callable[[TaskRunner], None]


def test_work_runs_elsewhere_and_its_answer_comes_back_here(
    runner: TaskRunner, settle: Settle
) -> None:
    threads: list[threading.Thread] = []
    owner = QObject()

    runner.run(
        threading.current_thread,
        owner=owner,
        done=lambda worker: threads.extend((worker, threading.current_thread())),
    )
    settle(runner)

    assert threads[0] is not threading.main_thread()
    assert threads[1] is threading.main_thread()


def test_only_the_newest_answer_of_a_key_arrives(runner: TaskRunner, settle: Settle) -> None:
    owner, gate, shown, ran = QObject(), threading.Event(), list[int](), list[int]()

    def ask(number: int) -> Callable[[], int]:
        def work() -> int:
            gate.wait(5)
            ran.append(number)
            return number

        return work

    for number in (1, 2, 3):
        runner.run(ask(number), owner=owner, done=shown.append, key="list")
    gate.set()
    settle(runner)

    assert shown == [3]
    assert 2 not in ran  # superseded before it began: never asked


def test_equal_keys_of_two_owners_do_not_meet(runner: TaskRunner, settle: Settle) -> None:
    one, two, shown = QObject(), QObject(), list[str]()

    runner.run(lambda: "one", owner=one, done=shown.append, key="list")
    runner.run(lambda: "two", owner=two, done=shown.append, key="list")
    settle(runner)

    assert sorted(shown) == ["one", "two"]


def test_an_answer_for_a_destroyed_owner_is_dropped(runner: TaskRunner, settle: Settle) -> None:
    owner, gate, shown = QObject(), threading.Event(), list[bool]()
    runner.run(lambda: gate.wait(5), owner=owner, done=shown.append)

    shiboken6.delete(owner)
    gate.set()
    settle(runner)

    assert shown == []


def test_writes_keep_their_order_and_go_before_waiting_reads(
    runner: TaskRunner, settle: Settle
) -> None:
    owner, gate, order = QObject(), threading.Event(), list[str]()

    def note(name: str) -> Callable[[], None]:
        return lambda: order.append(name)

    runner.run(lambda: gate.wait(5), owner=owner)
    runner.run(note("read"), owner=owner)
    runner.run(note("write 1"), owner=owner, lane=Lane.WRITE)
    runner.run(note("write 2"), owner=owner, lane=Lane.WRITE)
    gate.set()
    settle(runner)

    assert order == ["write 1", "write 2", "read"]


def test_a_write_does_not_wait_behind_a_search(
    runner: TaskRunner, settle: Settle, qtbot: QtBot
) -> None:
    owner, gate, saved = QObject(), threading.Event(), list[bool]()
    runner.run(lambda: gate.wait(10), owner=owner, lane=Lane.SEARCH)

    runner.run(lambda: True, owner=owner, done=saved.append, lane=Lane.WRITE)

    qtbot.waitUntil(lambda: saved == [True])
    assert not runner.is_idle()
    gate.set()
    settle(runner)


def test_nothing_waits_for_a_share_that_does_not_answer(
    runner: TaskRunner, settle: Settle, qtbot: QtBot
) -> None:
    owner, gate, came = QObject(), threading.Event(), list[str]()
    tasks = runner.for_owner(owner)
    tasks.files(lambda: gate.wait(10), lambda _: came.append("file"))

    tasks.read(lambda: "read", came.append)
    tasks.search(lambda _: "search", came.append)
    tasks.write(lambda: "write", came.append)

    qtbot.waitUntil(lambda: set(came) == {"read", "search", "write"})
    gate.set()
    settle(runner)
    assert came[-1] == "file"


def test_a_newer_search_interrupts_the_older_one(runner: TaskRunner, settle: Settle) -> None:
    tasks = runner.for_owner(QObject())
    interrupted, begun, shown = threading.Event(), threading.Event(), list[str]()

    def slow(token: CancelToken) -> str:
        token.on_cancel(interrupted.set)
        begun.set()
        interrupted.wait(10)
        return "old"

    tasks.search(slow, shown.append, key="search")
    begun.wait(5)
    tasks.search(lambda token: "new", shown.append, key="search")
    settle(runner)

    assert interrupted.is_set()
    assert shown == ["new"]


def test_expected_trouble_goes_to_who_asked(runner: TaskRunner, settle: Settle) -> None:
    tasks, told = runner.for_owner(QObject()), list[CrmError]()

    def take() -> None:
        raise Taken(by="D. Achebe")

    tasks.write(take, failed=told.append)
    settle(runner)

    assert told[0].params == {"by": "D. Achebe"}


def test_trouble_nobody_handles_reaches_the_window(runner: TaskRunner, qtbot: QtBot) -> None:
    tasks = runner.for_owner(QObject())

    def take() -> None:
        raise Taken

    with qtbot.waitSignal(runner.trouble) as signal:
        tasks.write(take)

    assert isinstance(signal.args[0], Taken)


def test_a_bug_takes_the_crash_path_and_not_the_error_bar(runner: TaskRunner, qtbot: QtBot) -> None:
    told: list[CrmError] = []
    tasks = runner.for_owner(QObject())

    with qtbot.waitSignal(runner.bug) as signal:
        tasks.read(lambda: 1 // 0, print, failed=told.append)

    assert isinstance(signal.args[0], ZeroDivisionError)
    assert told == []


def test_what_a_write_changed_is_told_once(runner: TaskRunner, settle: Settle) -> None:
    tasks, heard = runner.for_owner(QObject()), list[Changes]()
    runner.wrote.connect(heard.append)

    tasks.write(lambda: Changes.of(Topic.CONTACT, 7))
    settle(runner)

    assert heard == [Changes.of(Topic.CONTACT, 7)]


def test_closing_finishes_writes_and_gives_up_the_rest(runner: TaskRunner) -> None:
    owner, gate, ran = QObject(), threading.Event(), list[str]()
    runner.run(lambda: gate.wait(5), owner=owner, lane=Lane.WRITE)
    runner.run(lambda: ran.append("read"), owner=owner)
    runner.run(lambda: ran.append("write"), owner=owner, lane=Lane.WRITE)

    gate.set()
    runner.shutdown(wait=True)

    assert ran == ["write"]
    runner.run(lambda: ran.append("late"), owner=owner, lane=Lane.WRITE)
    assert ran == ["write"]


def test_what_showing_asks_for_begins_when_it_was_shown(runner: TaskRunner, settle: Settle) -> None:
    owner, order = QObject(), list[str]()

    def show(_answer: str) -> None:
        runner.run(lambda: order.append("asked while showing"), owner=owner)
        order.append("shown")

    runner.run(lambda: "", owner=owner, done=show)
    settle(runner)

    assert order == ["shown", "asked while showing"]


def test_what_follows_a_write_is_not_kept_waiting(runner: TaskRunner, qtbot: QtBot) -> None:
    owner, began = QObject(), threading.Event()

    def show(_answer: str) -> None:
        runner.run(began.set, owner=owner)
        assert began.wait(5)  # on this thread: no event loop hands it over

    runner.run(lambda: "", owner=owner, done=show, lane=Lane.WRITE)
    qtbot.waitUntil(began.is_set)


def test_a_write_asked_for_while_showing_is_done_before_the_end(
    runner: TaskRunner, qtbot: QtBot
) -> None:
    owner, written, shown = QObject(), list[str](), list[bool]()

    def show(_answer: str) -> None:
        runner.run(lambda: written.append("draft"), owner=owner, lane=Lane.WRITE)
        shown.append(True)

    runner.run(lambda: "", owner=owner, done=show)
    qtbot.waitUntil(lambda: bool(shown))
    runner.shutdown(wait=True)

    assert written == ["draft"]
