"""Every expected trouble has words, and bugs become one calm notice."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core.crash import CrashWatch
from crm_desktop.desktop.core.errors import WORDS, Words, words_for
from crm_desktop.domain import errors
from crm_desktop.domain.errors import CrmError


def family(kind: type[CrmError]) -> Iterator[type[CrmError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from family(child)


def test_every_code_has_words_that_say_what_happened() -> None:
    codes = {kind.code for kind in family(CrmError) if kind.__module__ == errors.__name__}

    assert codes == set(WORDS)
    assert all(each.happened for each in WORDS.values())


def test_the_words_name_who_was_faster() -> None:
    assert words_for(errors.Taken(by="D. Achebe")).happened.startswith("D. Achebe was faster")
    assert words_for(errors.Taken()).happened.startswith("Somebody else was faster")


def test_sizes_read_as_sizes_and_a_missing_one_breaks_nothing() -> None:
    told = words_for(errors.TooLarge(what="plan.pdf", size=31_000_000, limit=25_000_000))

    assert told.happened == "plan.pdf is too large: 31.0 MB, and 25.0 MB is the most."
    assert "it" in words_for(errors.TooLarge()).sentence()


def test_what_stands_below_what_happened_has_no_gap_where_nothing_is_said() -> None:
    told = words_for(errors.Taken())

    assert told.rest() == f"{told.kept} {told.to_do}"
    assert told.sentence() == f"{told.happened} {told.rest()}"
    assert Words("It broke.", "", "Try again.").rest() == "Try again."
    assert Words("It broke.", "", "").sentence() == "It broke."


@pytest.fixture
def watch() -> Iterator[tuple[CrashWatch, list[BaseException]]]:
    logged: list[BaseException] = []

    def log(bug: BaseException) -> str:
        assert threading.current_thread() is threading.main_thread()
        logged.append(bug)
        return "/logs/crash.log"

    made = CrashWatch(log)
    made.install()
    yield made, logged
    made.uninstall()


def test_a_bug_on_another_thread_is_logged_and_shown_here(
    watch: tuple[CrashWatch, list[BaseException]], qtbot: QtBot
) -> None:
    made, logged = watch

    with qtbot.waitSignal(made.crashed) as signal:
        thread = threading.Thread(target=lambda: 1 // 0)
        thread.start()
        thread.join()
        assert logged == []  # the hook itself only queues

    assert signal.args == ["/logs/crash.log"]
    assert isinstance(logged[0], ZeroDivisionError)


def test_the_hooks_are_given_back() -> None:
    before = sys.excepthook, threading.excepthook
    made = CrashWatch(str)

    made.install()
    made.uninstall()

    assert (sys.excepthook, threading.excepthook) == before
