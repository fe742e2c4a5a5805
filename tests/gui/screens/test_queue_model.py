"""The queue's rows move by the smallest difference, and count down one by one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core.pills import pill_of
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.queue.model import Entry, Heading, Line, QueueModel, QueueRole
from crm_desktop.domain.states import Channel, ContactState
from tests.gui.screens import sample
from tests.gui.screens.sample import DAY, HOUR, MINUTE, NOW

_SECOND = MINUTE / 60


def watched() -> QueueModel:
    model = QueueModel()
    mode = QAbstractItemModelTester.FailureReportingMode.Warning
    QAbstractItemModelTester(model, mode, model)
    return model


def entries(ids: list[int]) -> list[Entry]:
    return [
        Heading("waiting", "WAITING"),
        *(Line(sample.row(each, f"P{each}", "s", each * MINUTE), mine=False) for each in ids),
    ]


def shown(model: QueueModel) -> list[object]:
    found = [model.index(at).data(QueueRole.ENTRY) for at in range(model.rowCount())]
    return [entry.row.id if isinstance(entry, Line) else entry.key for entry in found]


@given(st.lists(st.permutations(range(8)).map(lambda each: each[:5]), min_size=2, max_size=6))
def test_any_list_follows_from_any_other(lists: list[list[int]]) -> None:
    model = watched()

    for ids in lists:
        model.show(entries(ids), NOW)

        assert shown(model) == ["waiting", *ids]


def test_what_somebody_calls_themselves_is_no_html_in_the_tooltip(qapp: QApplication) -> None:
    hostile = '<img src="file://evil.example/share/x.png">Margaret'
    model = watched()
    model.show([Line(sample.row(1, hostile, "s", MINUTE), mine=False)], NOW)

    page = QTextDocument()
    page.setHtml(model.index(0).data(Qt.ItemDataRole.ToolTipRole))

    assert page.toPlainText().startswith(hostile)


def test_a_new_row_is_inserted_and_nothing_is_reset(qapp: QApplication) -> None:
    model = watched()
    model.show(entries([1, 3]), NOW)
    resets, inserted = QSignalSpy(model.modelReset), QSignalSpy(model.rowsInserted)

    model.show(entries([1, 2, 3]), NOW)

    assert (resets.count(), inserted.count()) == (0, 1)


def test_rows_side_by_side_come_and_go_together_and_are_told_of_once(qapp: QApplication) -> None:
    model = watched()
    model.show(entries([1, 2, 3, 4, 5]), NOW)
    removed, inserted = QSignalSpy(model.rowsRemoved), QSignalSpy(model.rowsInserted)
    changed = QSignalSpy(model.dataChanged)

    model.show(entries([1, 6, 7, 8, 5]), NOW)

    assert shown(model) == ["waiting", 1, 6, 7, 8, 5]
    assert (removed.count(), inserted.count(), changed.count()) == (1, 1, 0)


def test_a_tick_repaints_only_the_rows_whose_words_changed(qapp: QApplication) -> None:
    model = watched()
    rows = [sample.row(1, "a", "s", 5 * MINUTE), sample.row(2, "b", "s", 200 * MINUTE)]
    model.show([Line(each, mine=False) for each in rows], NOW)
    model.tick(NOW)
    changed = QSignalSpy(model.dataChanged)

    repainted = model.tick(NOW + _SECOND)

    assert (repainted, changed.count()) == (1, 1)


def test_a_row_that_scrolls_into_sight_says_what_is_left_by_now(qapp: QApplication) -> None:
    model = watched()
    rows = [sample.row(each, "a", "s", 5 * MINUTE) for each in (1, 2)]
    model.show([Line(each, mine=False) for each in rows], NOW)
    model.tick(NOW)

    model.tick(NOW + _SECOND, range(1))

    assert model.index(1).data(QueueRole.PILL).words == "4:59 left"


def test_a_row_is_spoken_in_full(qapp: QApplication) -> None:
    model = watched()
    row = sample.row(1, "J. Stone", "Council Tax refund", 3 * HOUR, looking=("P. Kaur",))

    model.show([Line(row, mine=False)], NOW)

    said = model.index(0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert said == (
        "Email from J. Stone, Council Tax refund, General enquiries, 3 hours left, P. Kaur looking"
    )


def test_a_heading_can_be_neither_selected_nor_opened(qapp: QApplication) -> None:
    model: QAbstractItemModel = watched()
    assert isinstance(model, QueueModel)

    model.show(entries([1]), NOW)

    assert not model.flags(model.index(0, 0)) & Qt.ItemFlag.ItemIsSelectable
    assert model.flags(model.index(1, 0)) & Qt.ItemFlag.ItemIsSelectable


def test_pills_say_how_urgent_it_is() -> None:
    said = [
        pill_of(sample.row(1, "a", "s", left), NOW)
        for left in (-6 * MINUTE, 4 * MINUTE + 32 * _SECOND, 41 * MINUTE, 3 * HOUR, 2 * DAY)
    ]

    assert [(each.words, each.tone) for each in said if each] == [
        ("6 min over", Tone.DANGER),
        ("4:32 left", Tone.WARNING),
        ("41 min left", Tone.WARNING),
        ("3 h left", Tone.OK),
        ("2 d left", Tone.OK),
    ]


def test_a_call_shows_what_it_waited_of_its_target() -> None:
    call = sample.row(1, "07700 900 318", "", -151 * _SECOND, channel=Channel.CALL)
    call = replace(call, received_at=NOW - 171 * _SECOND)

    pill = pill_of(call, NOW)

    assert pill is not None
    assert pill.words == "2:51 / 0:20"


def test_a_parked_contact_says_until_when() -> None:
    parked = sample.row(1, "a", "s", DAY, state=ContactState.PARKED)

    until = pill_of(replace(parked, parked_until=NOW + 45 * MINUTE), NOW)
    reply = pill_of(replace(parked, parked_for_reply=True), NOW)

    assert until is not None
    assert reply is not None
    assert (until.words, reply.words) == ("until 10:30", "until reply")
