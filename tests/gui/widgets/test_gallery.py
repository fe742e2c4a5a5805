"""Every widget in every theme and at both ends of the font scale, for looking at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDateEdit,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.attachments import AttachedFile
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar, UndoToast
from crm_desktop.desktop.widgets.buttons import Button, IconButton, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import Card, PanelHeader, SectionHeader, Surface
from crm_desktop.desktop.widgets.chips import Chip, FilterChips
from crm_desktop.desktop.widgets.composer import MAIL_PAPERS, Composer
from crm_desktop.desktop.widgets.key_values import KeyValueGrid
from crm_desktop.desktop.widgets.mail_view import MailView
from crm_desktop.desktop.widgets.pill import Avatar, IconTile, Pill
from crm_desktop.desktop.widgets.presence import PresenceButton
from crm_desktop.desktop.widgets.rail import NavigationRail, Place
from crm_desktop.desktop.widgets.row_list import RowList, Timeline
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import Busy, EmptyState
from crm_desktop.desktop.widgets.status import StatusStrip
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import Taken
from crm_desktop.domain.states import Presence, Visibility


class Grab(Protocol):
    def __call__(self, widget: QWidget, name: str) -> Path: ...


CHIPS = (
    Chip("all", "All", count=37, spoken="All contacts"),
    Chip("mine", "Mine", count=2, spoken="My contacts"),
    Chip("call", icon="phone", count=4, spoken="Calls"),
    Chip("email", icon="mail", count=19, spoken="Emails"),
    Chip("form", icon="file-text", count=8, spoken="Web forms"),
    Chip("chat", icon="message-circle", count=2, spoken="Chats"),
    Chip("social", icon="share-2", count=3, spoken="Posts"),
    Chip("visit", icon="map-pin", count=1, spoken="Visits"),
)
ROWS = (
    Row(
        "a",
        "Call answered after 11 s",
        "Identity confirmed: name, postcode, date of birth",
        "phone",
        right="now",
    ),
    Row(
        "b",
        "Assisted collection granted",
        "C-5P2-D7X-3 · resolved at first point by S. Whitlock",
        "file-text",
        Tone.NEUTRAL,
        right="12 Mar",
    ),
    Row("h", "Customers", heading=True),
    Row(
        "c",
        "Safety marker proposed by P. Kaur, whose long name does not fit on one line at all",
        "Threats made to desk staff",
        "shield-alert",
        Tone.DANGER,
        pill=("Review", Tone.WARNING),
        right="20 Nov",
    ),
    Row("d", "One line only", icon="clock", tone=Tone.WARNING),
)
HTML = (
    "<p>Hello,</p><p>Our <b>blue bin</b> was missed again. See "
    '<a href="https://norwich.example/bins">your page</a>.</p><ul><li>Mill Lane</li></ul>'
    "<blockquote>On Monday you wrote: we shall collect it.</blockquote>"
)


class Gallery(QWidget):
    """All widgets on one page, as a screen would lay them out."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look
        rows = QVBoxLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(0)
        rows.addWidget(self._top())
        huddle = Banner(
            look,
            Tone.WARNING,
            "megaphone",
            "Huddle from R. Boateng, 09:41: bin lorry breakdown, NR2 rounds run a day late.",
            wide=True,
        )
        huddle.add_action("Mark as read", Kind.QUIET)
        rows.addWidget(huddle)
        error = ErrorBar(look)
        error.show_trouble(Taken(by="D. Achebe"))
        rows.addWidget(error)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        for part, stretch in (
            (self._rail(), 0),
            (self._left(), 3),
            (self._centre(), 6),
            (self._right(), 3),
        ):
            middle.addWidget(part, stretch)
        rows.addLayout(middle, 1)
        status = StatusStrip(look)
        status.light.set_state(FeedState(True, datetime(2026, 11, 22, 9, tzinfo=UTC)))
        status.set_part("level", "Service level today 83% in 20 s")
        status.set_part("who", "S. Whitlock · Advisor · Customer Service Centre", right=True)
        rows.addWidget(status)

    def _top(self) -> QWidget:
        bar = Surface(self.look)
        row = QHBoxLayout(bar)
        row.addWidget(Text(self.look, "CRM Desktop", Role.HEADING))
        presence = PresenceButton(self.look)
        presence.set_state(Presence.AVAILABLE, "On contact", Presence.LUNCH)
        row.addWidget(presence)
        row.addWidget(Button(self.look, "Hold", icon="pause"))
        row.addWidget(Button(self.look, "Hang up", kind=Kind.DANGER))
        disabled = PrimaryButton(self.look, "Next", key="F9")
        disabled.setEnabled(False)
        row.addWidget(disabled)
        row.addWidget(IconButton(self.look, "settings", "Settings"))
        row.addStretch(1)
        row.addWidget(SearchField(self.look, "Search or run a command", key="Ctrl+K"), 1)
        return bar

    def _rail(self) -> QWidget:
        rail = NavigationRail(self.look)
        for key, icon in (
            ("Queue", "inbox"),
            ("Customers", "user"),
            ("Cases", "folder"),
            ("Knowledge", "book-open"),
            ("Team", "users"),
            ("Reports", "bar-chart"),
        ):
            rail.add(Place(key.lower(), key, icon))
        rail.add(Place("admin", "Admin", "settings"), bottom=True)
        rail.show_place("queue")
        rail.set_badge("queue", 37)
        rail.set_badge("cases", 1204)
        return rail

    def _left(self) -> QWidget:
        pane = Surface(self.look)
        column = QVBoxLayout(pane)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        head = PanelHeader(self.look, "Queue", "37 waiting")
        head.add(PrimaryButton(self.look, "Next", key="F9"))
        column.addWidget(head)
        chips = FilterChips(self.look, "Filter by channel")
        chips.set_chips(CHIPS)
        chips.choose("all")
        edge = self.look.px(12)
        holder = QVBoxLayout()
        holder.setContentsMargins(edge, edge, edge, edge)
        holder.addWidget(chips)
        column.addLayout(holder)
        column.addWidget(SectionHeader(self.look, "WAITING", "by next breach"))
        self.rows = RowList(self.look, "Waiting contacts")
        self.rows.set_rows(ROWS)
        self.rows.make_current("b")
        column.addWidget(self.rows, 1)
        empty = EmptyState(self.look, "inbox", "Nothing waits", "New contacts appear here.")
        empty.add_action("Show parked contacts")
        column.addWidget(empty, 1)
        return pane

    def _centre(self) -> QWidget:
        pane = Surface(self.look, sunken=True)
        column = QVBoxLayout(pane)
        tabs = TabStrip(self.look, "Parts of the contact")
        tabs.add("case", "Case: missed collection")
        tabs.add("timeline", "Timeline", 14)
        tabs.add("files", "Files", 1)
        column.addWidget(tabs)
        column.addWidget(
            Banner(
                self.look,
                Tone.WARNING,
                "ear",
                "Reasonable adjustments",
                "Hard of hearing, speak slowly, confirm in writing (email). Recorded 12 Mar 2026.",
            )
        )
        column.addWidget(
            Banner(
                self.look,
                Tone.DANGER,
                "shield-alert",
                "Safety marker: two staff at visits",
                closable=True,
            )
        )
        column.addLayout(self._form())
        mail = Card(self.look)
        view = MailView(self.look)
        view.show_html(HTML)
        mail.body.addWidget(view)
        column.addWidget(mail)
        column.addWidget(Timeline(self.look), 1)
        column.addWidget(self._composer(Visibility.PUBLIC))
        column.addWidget(self._composer(Visibility.INTERNAL))
        self.toast = UndoToast(self.look)
        self.toast.offer("Reply to Margaret Okafor goes out")
        column.addWidget(self.toast)
        return pane

    def _form(self) -> QGridLayout:
        grid = QGridLayout()
        service = QComboBox()
        service.addItems(["Waste and recycling › Missed collection", "Council Tax"])
        invalid, notes, off = QLineEdit("NR2 3TT"), QPlainTextEdit("Whole street"), QLineEdit("Off")
        invalid.setProperty("invalid", "true")
        notes.setFixedHeight(self.look.px(50))
        off.setEnabled(False)
        yes, check = QRadioButton("Yes"), QCheckBox("Assisted collection")
        yes.setChecked(True)
        check.setChecked(True)
        fields: list[QWidget] = [service, invalid, QDateEdit(), notes, off, yes, check]
        for at, field in enumerate(fields):
            accessibility.name(field, f"Field {at}")
            grid.addWidget(field, at // 2, at % 2)
        return grid

    def _composer(self, mode: Visibility) -> Composer[Visibility]:
        composer = Composer(self.look, MAIL_PAPERS, "Reply or internal note")
        composer.set_text("Dear Margaret,\nyour bin is collected by {{date}}.", Visibility.PUBLIC)
        composer.set_text("She sounded upset; be gentle.", Visibility.INTERNAL)
        composer.set_files([AttachedFile(1, "bins.pdf", "application/pdf", 120_000)])
        composer.set_saved("Draft saved 3 s ago")
        composer.add_action(PrimaryButton(self.look, "Send and wrap up", key="Ctrl+Return"))
        composer.set_mode(mode)
        return composer

    def _right(self) -> QWidget:
        pane = Surface(self.look)
        column = QVBoxLayout(pane)
        who = QHBoxLayout()
        who.addWidget(Avatar(self.look, "Margaret Okafor"))
        who.addWidget(IconTile(self.look, "phone"))
        who.addWidget(Text(self.look, "Margaret Okafor", Role.STRONG), 1)
        column.addLayout(who)
        for tone in Tone:
            column.addWidget(Pill(self.look, f"A pill that is {tone.value}", tone, "ear"))
        column.addWidget(
            KeyValueGrid(
                self.look,
                [
                    ("Phone", "01603 555 0142"),
                    ("Email", "m.okafor@example.org"),
                    ("Contacts", "14 in 12 months, 12 resolved at first point"),
                ],
            )
        )
        card = Card(self.look, title="Suggested answers")
        card.body.addWidget(Button(self.look, "Missed bins: what we re-collect", kind=Kind.QUIET))
        card.body.addWidget(Text(self.look, "Report within 2 working days.", muted=True, wrap=True))
        column.addWidget(card)
        busy = Busy(self.look, cancellable=True)
        busy.begin("Searching knowledge")
        busy.show()
        column.addWidget(busy)
        column.addWidget(Text(self.look, "83.1%", Role.FIGURE, tone=Tone.OK))
        column.addStretch(1)
        return pane


@pytest.mark.parametrize("scale", [100, 200])
def test_every_widget_is_seen_and_named_in_every_theme(
    any_look: Look, scale: int, qtbot: QtBot, grab: Grab
) -> None:
    any_look.set_scale(scale)
    gallery = Gallery(any_look)
    qtbot.addWidget(gallery)
    gallery.resize(*((1440, 900) if scale == 100 else (2200, 1900)))
    with qtbot.waitExposed(gallery):
        gallery.show()

    picture = grab(gallery, f"gallery-{any_look.theme.scheme.value}-{scale}")

    assert picture.stat().st_size > 20_000
    assert accessibility.problems(gallery) == []
    gallery.toast.lapse()


def test_a_theme_and_scale_chosen_later_reach_everything(
    look: Look, qtbot: QtBot, grab: Grab
) -> None:
    gallery = Gallery(look)
    qtbot.addWidget(gallery)
    gallery.resize(1440, 900)
    gallery.show()

    look.set_scheme(Scheme.DARK)
    look.set_scale(125)
    grab(gallery, "gallery-changed")

    bright = [
        type(each).__name__
        for each in gallery.findChildren(QWidget)
        if each.isVisible() and each.grab().toImage().pixelColor(2, 2).lightness() > 250
    ]
    assert bright == []
    gallery.toast.lapse()
