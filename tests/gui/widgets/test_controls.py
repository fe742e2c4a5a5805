"""Buttons, chips, tabs, rail, presence, banners: by keyboard, by ear, and by their signals."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeySequence, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.card_head import CardHead, Said
from crm_desktop.desktop.widgets.attachments import AttachedFile, FileChip
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar, UndoToast
from crm_desktop.desktop.widgets.buttons import Button, IconButton, PrimaryButton, key_text
from crm_desktop.desktop.widgets.chips import Chip, ChipButton, FilterChips
from crm_desktop.desktop.widgets.key_values import KeyValueGrid
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.presence import PresenceButton
from crm_desktop.desktop.widgets.rail import NavigationRail, Place, RailButton
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import Busy
from crm_desktop.desktop.widgets.status import ConnectionLight, StatusStrip
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.desktop.widgets.text import ElidedText, Text
from crm_desktop.domain.errors import Conflict
from crm_desktop.domain.states import Presence


def shown(widget: QWidget, qtbot: QtBot) -> None:
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()


def test_a_button_of_a_command_follows_it(look: Look, qtbot: QtBot) -> None:
    action, ran = QAction("Next"), list[bool]()
    action.setShortcut(QKeySequence("F9"))
    action.triggered.connect(lambda: ran.append(True))
    button = PrimaryButton(look, "").follow(action)
    shown(button, qtbot)
    before = button.sizeHint().width()

    action.setText("Call next: H014")
    button.click()
    action.setEnabled(False)

    assert button.text() == "Call next: H014"
    assert button.sizeHint().width() > before
    assert button.accessibleDescription() == "Shortcut F9"
    assert not button.isEnabled()
    assert len(ran) == 1


def test_what_others_wrote_is_no_html_in_a_tooltip(look: Look, qtbot: QtBot) -> None:
    """Qt would load what a name says: on Windows from a stranger's server, with the password."""
    hostile = '<img src="file://evil.example/share/x.png">Margaret & <b>Co</b>'
    line = ElidedText(look, hostile)
    line.resize(40, 20)
    shown(line, qtbot)
    line.grab()
    head = CardHead(look)
    head.say(Said(hostile, "", None, "09:12", "27 Nov 2026", note=False))
    file = AttachedFile("1", hostile, "image/png", 1)
    chip = FileChip(look, file, removable=False, parent=line)
    for each in (line, head, chip, IconButton(look, "x", hostile)):
        page = QTextDocument()
        page.setHtml(each.toolTip())
        assert page.toPlainText().partition("\n")[0] == hostile


def test_a_button_grows_with_the_font(look: Look, qtbot: QtBot) -> None:
    button = Button(look, "Hand off", icon="arrow-left-right", key="Ctrl+Return")
    shown(button, qtbot)
    before = button.sizeHint()

    look.set_scale(200)

    assert button.sizeHint().width() >= 1.8 * before.width()
    assert button.sizeHint().height() >= 1.7 * before.height()


def test_keys_on_badges_are_short() -> None:
    assert key_text("Ctrl+Return") == "Ctrl ↵"
    assert key_text("F9") == "F9"


def chips(look: Look, qtbot: QtBot, *, exclusive: bool = True) -> FilterChips:
    made = FilterChips(look, "Filter by channel", exclusive=exclusive)
    made.set_chips(
        [Chip("all", "All", count=3), Chip("call", icon="phone", count=1, spoken="Calls")]
    )
    made.choose("all")
    shown(made, qtbot)
    return made


def test_chips_are_walked_with_arrows_and_chosen_with_space(look: Look, qtbot: QtBot) -> None:
    row, told = chips(look, qtbot), list[tuple[str, ...]]()
    row.chosen.connect(told.append)
    first, second = row.findChildren(ChipButton)
    first.setFocus()
    qtbot.waitUntil(first.hasFocus)

    QTest.keyClick(first, Qt.Key.Key_Right)
    qtbot.waitUntil(second.hasFocus)
    QTest.keyClick(second, Qt.Key.Key_Space)

    assert told == [("call",)]
    assert second.accessibleName() == "Calls, 1"


class Paintings(QObject):
    """Counts how often what it watches is drawn."""

    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.count = 0
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.count += event.type() == QEvent.Type.Paint
        return False


def test_what_a_chip_chooses_is_told_before_the_chip_is_drawn(look: Look, qtbot: QtBot) -> None:
    row, drawn = chips(look, qtbot), list[int]()
    chip = row.findChildren(ChipButton)[1]
    qtbot.wait(1)
    paintings = Paintings(chip)
    row.chosen.connect(lambda _keys: drawn.append(paintings.count))

    QTest.keyPress(chip, Qt.Key.Key_Space)
    pressed = paintings.count
    QTest.keyRelease(chip, Qt.Key.Key_Space)

    assert drawn == [pressed]
    qtbot.waitUntil(lambda: paintings.count > pressed)


def test_new_counts_keep_the_choice_and_the_very_chips(look: Look, qtbot: QtBot) -> None:
    row = chips(look, qtbot)
    before = row.findChildren(ChipButton)

    row.set_chips([Chip("all", "All", count=1204), Chip("call", icon="phone", count=0)])

    assert row.findChildren(ChipButton) == before
    assert row.keys() == ("all",)
    assert before[0].accessibleName() == "All, 1,204"


def test_several_chips_may_be_chosen_where_that_makes_sense(look: Look, qtbot: QtBot) -> None:
    row = chips(look, qtbot, exclusive=False)

    row.findChildren(ChipButton)[1].click()

    assert row.keys() == ("all", "call")


def test_tabs_tell_their_key_and_show_counts(look: Look, qtbot: QtBot) -> None:
    tabs, told = TabStrip(look, "Parts"), list[str]()
    tabs.add("case", "Case")
    tabs.add("timeline", "Timeline", 14)
    tabs.chosen.connect(told.append)
    shown(tabs, qtbot)

    QTest.keyClick(tabs, Qt.Key.Key_Right)
    tabs.set_count("timeline", 15)

    assert told == ["timeline"]
    assert tabs.tabText(1) == "Timeline 15"


def test_the_rail_says_what_waits_and_where_one_goes(look: Look, qtbot: QtBot) -> None:
    rail, told = NavigationRail(look), list[str]()
    rail.add(Place("queue", "Queue", "inbox"))
    rail.add(Place("cases", "Cases", "folder"))
    rail.add(Place("admin", "Admin", "settings"), bottom=True)
    rail.chosen.connect(told.append)
    shown(rail, qtbot)
    queue, cases, _ = rail.findChildren(RailButton)

    rail.set_badge("queue", 37)
    rail.show_place("queue")
    queue.setFocus()
    qtbot.waitUntil(queue.hasFocus)
    QTest.keyClick(queue, Qt.Key.Key_Down)
    qtbot.waitUntil(cases.hasFocus)
    QTest.keyClick(cases, Qt.Key.Key_Space)

    assert queue.accessibleName() == "Queue, 37 waiting"
    assert told == ["cases"]
    assert cases.isChecked()


def test_presence_says_what_comes_next_and_is_chosen_from_a_menu(look: Look, qtbot: QtBot) -> None:
    button, told = PresenceButton(look), list[Presence]()
    button.chosen.connect(told.append)
    shown(button, qtbot)
    button.set_state(Presence.AVAILABLE, "On contact", Presence.LUNCH)

    button.click()
    qtbot.waitUntil(button.menu.isVisible)
    QTest.keyClick(button.menu, Qt.Key.Key_Down)
    QTest.keyClick(button.menu, Qt.Key.Key_Return)

    assert button.text() == "On contact · then Lunch"
    assert told == [Presence.AVAILABLE]


def test_every_key_that_changes_the_words_asks(look: Look, qtbot: QtBot) -> None:
    field, asked = SearchField(look, "Search knowledge"), list[str]()
    field.asked.connect(asked.append)
    shown(field, qtbot)

    QTest.keyClicks(field, "bin ")
    field.clear()

    assert asked == ["b", "bi", "bin", ""]


def test_escape_empties_the_field_and_then_leaves_it(look: Look, qtbot: QtBot) -> None:
    field, left = SearchField(look, "Search knowledge"), list[bool]()
    field.left.connect(lambda: left.append(True))
    field.setText("bin")
    shown(field, qtbot)

    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), left) == ("", [])
    QTest.keyClick(field, Qt.Key.Key_Escape)

    assert left == [True]


def test_trouble_is_said_in_words_and_announced(look: Look, qtbot: QtBot) -> None:
    bar = ErrorBar(look)
    qtbot.addWidget(bar)

    bar.show_trouble(Conflict(by="D. Achebe"))

    assert bar.isVisible()
    assert "D. Achebe changed this" in bar.text()
    assert "Nothing was overwritten" in accessibility.announced(bar)
    bar.show_crash("/home/me/crash.log")
    assert "/home/me/crash.log" in bar.text()
    bar.show_earlier_crash(datetime(2026, 3, 2, 9, 0, tzinfo=UTC), "/home/me/log")
    assert "ended unexpectedly on" in bar.text()
    assert "/home/me/log" in accessibility.announced(bar)


def test_a_banner_can_be_dismissed(look: Look, qtbot: QtBot) -> None:
    banner = Banner(look, Tone.WARNING, "ear", "Speak slowly", closable=True)
    shown(banner, qtbot)
    close = next(
        each for each in banner.findChildren(QWidget) if each.accessibleName() == "Dismiss"
    )

    with qtbot.waitSignal(banner.closed):
        QTest.keyClick(close, Qt.Key.Key_Space)

    assert not banner.isVisible()


def test_an_undo_is_offered_counted_down_and_lapses(look: Look, qtbot: QtBot) -> None:
    toast, ended = UndoToast(look), list[str]()
    qtbot.addWidget(toast)
    toast.undone.connect(lambda: ended.append("undone"))
    toast.lapsed.connect(lambda: ended.append("lapsed"))

    toast.offer("Reply goes out", seconds=1)
    assert "Undo within 1 second" in accessibility.announced(toast)
    qtbot.waitUntil(lambda: ended == ["lapsed"])
    toast.offer("Case closed")
    toast.findChildren(Button)[0].click()

    assert ended == ["lapsed", "undone"]
    assert not toast.isVisible()


def test_an_undo_that_a_busy_window_could_not_count_is_over_all_the_same(
    look: Look, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    toast, ended, now = UndoToast(look), list[str](), [1_000.0]
    monkeypatch.setattr("crm_desktop.desktop.widgets.banner.monotonic", lambda: now[0])
    qtbot.addWidget(toast)
    toast.undone.connect(lambda: ended.append("undone"))
    toast.lapsed.connect(lambda: ended.append("lapsed"))

    toast.offer("Reply goes out", seconds=10)
    now[0] += 7.5
    assert "Undo 10 s" in [each.text() for each in toast.findChildren(Button)]
    qtbot.waitUntil(
        lambda: "Undo 3 s" in [each.text() for each in toast.findChildren(Button)], timeout=5_000
    )
    now[0] += 4
    toast.undo()

    assert ended == ["lapsed"], "the click came after its time"


def test_a_second_step_lets_the_first_offer_lapse(look: Look, qtbot: QtBot) -> None:
    toast, ended = UndoToast(look), list[str]()
    qtbot.addWidget(toast)
    toast.lapsed.connect(lambda: ended.append("lapsed"))

    toast.offer("First")
    toast.offer("Second")

    assert ended == ["lapsed"]
    assert "Second" in toast.text()
    toast.lapse()


def test_being_away_is_seen_and_announced(look: Look, qtbot: QtBot) -> None:
    light = ConnectionLight(look)
    shown(light, qtbot)

    light.set_state(FeedState(False, datetime(2026, 7, 20, 8, 4, tzinfo=UTC)))

    assert accessibility.announced(light) == "Database away since 09:04, trying again"


def test_parts_of_the_status_change_in_place(look: Look, qtbot: QtBot) -> None:
    strip = StatusStrip(look)
    shown(strip, qtbot)

    strip.set_part("draft", "Draft saved 3 s ago", right=True)
    strip.set_part("draft", "")
    strip.set_part("level", "Service level 83%")

    said = accessibility.texts(accessibility.tree(strip))
    assert "Service level 83%" in said
    assert "Draft saved 3 s ago" not in said


def test_what_goes_on_is_seen_only_when_it_takes_a_while(look: Look, qtbot: QtBot) -> None:
    busy = Busy(look, cancellable=True)
    qtbot.addWidget(busy)

    busy.begin("Searching")
    assert not busy.isVisible()
    qtbot.waitUntil(busy.isVisible)
    with qtbot.waitSignal(busy.cancelled):
        busy.findChildren(Button)[0].click()
    busy.end()

    assert not busy.isVisible()


def test_facts_are_shown_and_spoken_with_their_names(look: Look, qtbot: QtBot) -> None:
    grid = KeyValueGrid(look, [("Phone", "01603 555 0142"), ("Email", "m@example.org")])
    shown(grid, qtbot)

    grid.set_rows([("Prefers", "Email, then phone")])

    said = accessibility.texts(accessibility.tree(grid))
    assert "Prefers: Email, then phone" in said
    assert "Phone" not in said


def test_text_is_never_markup(look: Look, qtbot: QtBot) -> None:
    label = Text(look, "<b>Margaret</b>", Role.STRONG)
    shown(label, qtbot)

    assert "<b>Margaret</b>" in accessibility.texts(accessibility.tree(label))
    assert label.textFormat() is Qt.TextFormat.PlainText


def test_cut_text_can_be_read_in_its_tooltip(look: Look, qtbot: QtBot) -> None:
    label = ElidedText(look, "Re: Council Tax change of address and much more besides")
    label.setFixedWidth(80)
    shown(label, qtbot)
    label.grab()

    assert label.toolTip() == label.text()


def test_a_pill_shows_its_whole_text_at_every_scale(look: Look, qtbot: QtBot) -> None:
    pill = Pill(look, "41 min left", Tone.OK, "clock")
    shown(pill, qtbot)
    before = pill.sizeHint().width()

    look.set_scale(150)

    assert pill.sizeHint().width() > 1.4 * before
