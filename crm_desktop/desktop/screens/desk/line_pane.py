"""Who waits in the order of calling, and whoever is called to this desk or seen there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.desk.away_bar import AwayDone
from crm_desktop.desktop.screens.desk.words import about, wait_pill
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.card import Divider, PanelHeader, Surface
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import PlaceView, SiteLine, VisitRow

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.going_on import GoingOnDesk

_HIDDEN = "Hidden"
#: For how many minutes a visitor may wait apart.
_PARKED = (10, 20, 30, 60)
#: A key pressed twice in a moment calls a visitor once: calls are counted before a no-show.
_NERVOUS_MS = 1_000


class LinePane(Surface):
    """`transfer_wanted` carries a VisitRow, `serve_wanted` and `opened` the contact of one,
    `place_wanted` nothing.
    """

    transfer_wanted = Signal(object)
    serve_wanted = Signal(object)
    opened = Signal(object)
    place_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: GoingOnDesk | None = None
        self._rows: dict[object, VisitRow] = {}
        self._mine: VisitRow | None = None
        self._here: PlaceView | None = None
        self._hides = False
        self._away = False
        self._known_at: datetime | None = None
        self._recalled = QTimer(self, singleShot=True, interval=_NERVOUS_MS)
        self._head = PanelHeader(look, "Waiting")
        self.next = PrimaryButton(look, "Call next", key="F9")
        self.next.clicked.connect(self.call_next)
        self._head.add(self.next)
        self.list = RowList(look, "Visitors who wait, in the order of calling")
        self.list.opened.connect(self._call)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu)
        self._empty = EmptyState(look, "users", "Nobody waits.", "Who is checked in comes here.")
        self._pages = QStackedWidget()
        for each in (self.list, self._empty):
            self._pages.addWidget(each)
        #: Rows may be cut off there.
        self._rule = Divider(look)
        self._chosen_bar = QWidget()
        strip = FlowLayout(self._chosen_bar, look.px(8))
        self._call_chosen = Button(look, "Call", key="Return")
        self._send_chosen = Button(look, "Send on…", key="F8")
        self._left_chosen = Button(look, "Left unseen", key="Del")
        for chosen, does in (
            (self._call_chosen, self._call_current),
            (self._send_chosen, self._send_current),
            (self._left_chosen, self._left_current),
        ):
            chosen.clicked.connect(does)
            strip.addWidget(chosen)
        self.list.current.connect(self._current_changed)
        self.list.installEventFilter(self)
        self._show_keys(shown=False)
        self._serving = PanelHeader(look, "This desk")
        self._who = Text(look, "", Role.TITLE, wrap=True)
        self._what = Text(look, "", muted=True, wrap=True)
        self._actions = QWidget()
        flow = FlowLayout(self._actions, look.px(8))
        self._buttons: dict[str, Button] = {}
        for key, said, does, shortcut in (
            ("serve", "They are here", self.serve, "F10"),
            ("open", "Open the contact", self._open, ""),
            ("recall", "Call again", self.recall, "Shift+F9"),
            ("no_show", "No-show", self.no_show, "Alt+N"),
            ("back", "Back to the line", self.back, "Alt+B"),
            ("park", "Park…", self.park, "Alt+K"),
            ("transfer", "Send on…", self._transfer, "F8"),
        ):
            kind = PrimaryButton if key in ("serve", "open") else Button
            button = kind(look, said, key=shortcut)
            button.clicked.connect(does)
            self._buttons[key] = button
            flow.addWidget(button)
        self.done = AwayDone(look)
        self.done.done.connect(self._finished)
        self._where = Button(look, "Which desk is this?", icon="map-pin")
        self._where.clicked.connect(self.place_wanted)
        self._serving.add(self._where)
        self._lay_out()
        self._show_mine()

    def bind(self, presenter: GoingOnDesk) -> None:
        """Give the pane who answers it."""
        self._presenter = presenter

    def show_line(self, line: SiteLine, here: PlaceView | None, mine: VisitRow | None) -> None:
        """Show the site now."""
        self._here, self._mine = here, mine
        now = self._clock.now()
        self._rows = {row.contact_id: row for row in line.rows}
        waiting = [row for row in line.rows if row.state is ContactState.QUEUED]
        may_be_called = [row for row in waiting if self._is_ours(row)]
        self.list.set_rows([self._row(row, wait_pill(row, now)) for row in line.rows])
        self._pages.setCurrentIndex(0 if line.rows else 1)
        booked = (
            f" · next booked {words.clock_time(here.booked_at)}" if here and here.booked_at else ""
        )
        self._head.set_text("Waiting", f"{len(waiting):,}{booked}")
        self.next.setEnabled(here is not None and mine is None)
        # Near an appointment the database alone knows who fits before it.
        near = _is_near(here, now) and not self._away
        ours = [] if near else [row for row in may_be_called if _is_for(row, here)]
        first = ours[0].ticket if ours else None
        self.next.setText(f"Call next: {first}" if first and here else "Call next")
        self._show_chosen()
        self._show_mine()

    @property
    def waits(self) -> bool:
        """Whether somebody waits."""
        return any(row.state is ContactState.QUEUED for row in self._rows.values())

    @property
    def is_away(self) -> bool:
        """Whether the database is away."""
        return self._away

    def set_away(self, known_at: datetime | None, *, away: bool) -> None:
        """While the database is away only who was checked in here can be called; others are shown
        as they were `known_at` that time. The line that is shown next says so.
        """
        self._away, self._known_at = away, known_at

    @property
    def seen(self) -> int | None:
        """The contact of whoever is seen here; None: nobody is, or they are called only."""
        mine = self._mine
        return None if mine is None or mine.state is ContactState.CALLED else mine.contact_id

    @property
    def can_finish(self) -> bool:
        """Whether F12 is this page's: somebody is seen here, or nobody could wrap up."""
        return self._away or self.seen is not None

    @Slot()
    def finish(self) -> None:
        """Whoever is seen here while the database is away goes."""
        if self.done.isVisible():
            self.done.finish()

    def set_hidden(self, hidden: bool) -> None:
        """Show no name, or show them again."""
        self._hides = hidden
        now = self._clock.now()
        self.list.set_rows([self._row(row, wait_pill(row, now)) for row in self._rows.values()])
        self._show_mine()

    def focus(self) -> None:
        """Put the keyboard into the line."""
        self.list.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Delete in the list says that the chosen one left."""
        chosen = self._chosen()
        if chosen is not None and event.key() == Qt.Key.Key_Delete:
            self._move(chosen, ContactState.LEFT)
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The keys on the buttons are the list's: they are shown while it has the keyboard."""
        if event.type() in (QEvent.Type.FocusIn, QEvent.Type.FocusOut):
            self._show_keys(shown=event.type() == QEvent.Type.FocusIn)
        return super().eventFilter(watched, event)

    def _show_keys(self, *, shown: bool) -> None:
        for each in (self._call_chosen, self._send_chosen, self._left_chosen):
            each.set_bare(not shown)

    @Slot()
    def send_on(self) -> None:
        """Send on this desk's visitor; while the keyboard is in the list, who is chosen there."""
        row = self._chosen() if self.list.hasFocus() else self._mine
        if row is not None:
            self.transfer_wanted.emit(row)

    @Slot()
    def call_next(self) -> None:
        """Call whoever is next."""
        if self._here is None:
            self.place_wanted.emit()
        elif self._presenter is not None and self.next.isEnabled():
            self.next.setEnabled(False)
            self._presenter.call_next()

    @Slot()
    def recall(self) -> None:
        """Call once more whoever did not come."""
        if self._presenter and self._mine and self.may_recall:
            self._recalled.start()
            self._presenter.recall(self._mine.contact_id)

    @property
    def may_recall(self) -> bool:
        """Whether somebody is called here, and was not called again this moment."""
        called = self._mine is not None and self._mine.state is ContactState.CALLED
        return called and not self._recalled.isActive()

    @Slot()
    def serve(self) -> None:
        """They are here."""
        if self._mine and self._mine.state is ContactState.CALLED:
            self.serve_wanted.emit(self._mine.contact_id)

    @Slot()
    def no_show(self) -> None:
        """They did not come."""
        if self._mine is not None and self._mine.state is ContactState.CALLED:
            self._move(self._mine, ContactState.NO_SHOW)

    @Slot()
    def back(self) -> None:
        """They wait again."""
        if self._mine is not None:
            self._move(self._mine, ContactState.QUEUED)

    @Slot()
    def park(self) -> None:
        """They fill in a form, or fetch something: until when?"""
        mine, now = self._mine, self._clock.now()
        if mine is None or mine.state is ContactState.CALLED:
            return
        if self._presenter is None or not self._presenter.may_park():
            return
        rows = [
            Row(each, f"{each} minutes", f"until {words.clock_time(_after(now, each))}", "pause")
            for each in _PARKED
        ]
        chooser = Chooser(self._look, f"{mine.ticket} waits apart for", rows, self)
        chooser.chosen.connect(self._parked)
        chooser.open_at(self._actions.mapToGlobal(QPoint(0, 0)))

    @Slot(object)
    def _parked(self, minutes: object) -> None:
        if self._presenter is not None and self._mine is not None and isinstance(minutes, int):
            until = _after(self._clock.now(), minutes)
            self._presenter.park(self._mine.contact_id, until)

    def _row(self, row: VisitRow, pill: tuple[str, Tone]) -> Row:
        who = _HIDDEN if self._hides and row.who else row.who or "Walk-in"
        marked = row.has_marker and not self._hides
        ticket = str(row.ticket) if row.ticket else ""
        said, tone = about(row), Tone.ACCENT
        if self._away and row.contact_id > 0 and self._known_at is not None:
            said, tone = f"{said} · as known at {words.clock_time(self._known_at)}", Tone.NEUTRAL
            pill = (pill[0], Tone.NEUTRAL)
        return Row(
            row.contact_id,
            f"{ticket}  {who}".strip(),
            said,
            "shield-alert" if marked else "user",
            Tone.DANGER if marked else tone,
            pill=pill,
            spoken=", ".join(
                part
                for part in (ticket, who, "safety marker" if marked else "", said, pill[0])
                if part
            ),
        )

    def _chosen(self) -> VisitRow | None:
        """Who is meant by a key in the list; None while the keyboard is elsewhere."""
        return self._rows.get(self.list.current_key()) if self.list.hasFocus() else None

    def _show_mine(self) -> None:
        mine, here = self._mine, self._here
        self._where.setText(here.name if here else "Which desk is this?")
        called = mine is not None and mine.state is ContactState.CALLED
        for key, button in self._buttons.items():
            wanted = mine is not None and {
                "serve": called, "recall": called, "no_show": called,
                "open": not called and not self._away, "transfer": not self._away,
                "park": not called and not self._away,
            }.get(key, True)  # fmt: skip
            button.setVisible(wanted)
        self.done.setVisible(self._away and mine is not None and not called)
        if mine is None:
            self._serving.set_text("This desk", "")
            self._who.setText("Free" if here else "No desk is chosen")
            self._what.setText("F9 calls the next." if here else "Choose where this computer is.")
            return
        where = "" if here and mine.place_id == here.id else f" in {mine.place_name}"
        doing = "Calling" if called else "Serving"
        self._serving.set_text(f"{doing} {mine.ticket or 'by name'}{where}", "")
        who = _HIDDEN if self._hides and mine.who else mine.who or "Walk-in"
        self._who.setText(f"{mine.ticket or ''}  {who}".strip())
        since = f" · called {words.times(mine.calls)}" if called else ""
        self._what.setText(f"{about(mine)}{since}")

    def _lay_out(self) -> None:
        px = self._look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addWidget(self._pages, 1)
        column.addWidget(self._rule)
        strip = QVBoxLayout()
        strip.setContentsMargins(px(14), px(8), px(14), px(8))
        strip.addWidget(self._chosen_bar)
        column.addLayout(strip)
        column.addWidget(self._serving)
        inner = QVBoxLayout()
        inner.setContentsMargins(px(14), px(10), px(14), px(12))
        inner.setSpacing(px(6))
        for each in (self._who, self._what, self.done, self._actions):
            inner.addWidget(each)
        column.addLayout(inner)

    @Slot(object)
    def _finished(self, resolution: Resolution) -> None:
        if self._presenter is not None and self._mine is not None:
            self._presenter.finish(self._mine.contact_id, resolution)

    def _move(self, row: VisitRow, to: ContactState) -> None:
        if self._presenter is not None:
            self._presenter.move(row.contact_id, to)

    @Slot(object)
    def _call(self, key: object) -> None:
        row = self._rows.get(key)
        if row is None or self._presenter is None:
            return
        if row.state in (ContactState.QUEUED, ContactState.PARKED):
            if self._here is None:
                self.place_wanted.emit()
            else:
                self._presenter.call(row.contact_id)
        elif row.contact_id > 0:
            self.opened.emit(row.contact_id)

    @Slot()
    def _open(self) -> None:
        if self._mine is not None:
            self.opened.emit(self._mine.contact_id)

    @Slot()
    def _transfer(self) -> None:
        if self._mine is not None:
            self.transfer_wanted.emit(self._mine)

    def _is_ours(self, row: VisitRow) -> bool:
        """Whether this computer may do something with them, also while the database is away."""
        return not self._away or row.contact_id < 0

    def _show_chosen(self) -> None:
        """What can be done with the one who is chosen in the line: the first, unless another is."""
        mine = [row for row in self._rows.values() if self._is_ours(row)]
        waits_first = next((row for row in mine if row.state is ContactState.QUEUED), None)
        now = self._rows.get(self.list.current_key())
        moved_on = now is None or now.state is not ContactState.QUEUED or now not in mine
        if waits_first is not None and moved_on and not self.list.hasFocus():
            self.list.make_current(waits_first.contact_id)
        row = self._rows.get(self.list.current_key())
        waits = row in mine and row.state in (ContactState.QUEUED, ContactState.PARKED)
        self._rule.setVisible(waits)
        self._chosen_bar.setVisible(waits)
        self._send_chosen.setVisible(not self._away)
        if row is not None and waits:
            self._call_chosen.setText(f"Call {row.ticket or 'them'}")
            self._call_chosen.setEnabled(self._here is not None and self._mine is None)

    @Slot(object)
    def _current_changed(self, _key: object) -> None:
        self._show_chosen()

    @Slot()
    def _call_current(self) -> None:
        self._call(self.list.current_key())

    @Slot()
    def _send_current(self) -> None:
        row = self._rows.get(self.list.current_key())
        if row is not None:
            self.transfer_wanted.emit(row)

    @Slot()
    def _left_current(self) -> None:
        row = self._rows.get(self.list.current_key())
        if row is not None:
            self._move(row, ContactState.LEFT)

    @Slot(QPoint)
    def _menu(self, at: QPoint) -> None:
        row = self._rows.get(self.list.current_key())
        if row is None:
            return
        menu = QMenu(self)
        for said, does in (
            ("Call to this desk", lambda: self._call(row.contact_id)),
            ("Send on…", lambda: self.transfer_wanted.emit(row)),
            ("Left without being seen", lambda: self._move(row, ContactState.LEFT)),
        ):
            action = QAction(said, menu)
            action.triggered.connect(does)
            menu.addAction(action)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.list.mapToGlobal(at))


def _after(now: datetime, minutes: int) -> datetime:
    return now + timedelta(minutes=minutes)


def _is_near(here: PlaceView | None, now: datetime) -> bool:
    """Whether an appointment of this desk decides whom it calls before."""
    return here is not None and here.booked_at is not None and here.booked_at < _after(now, 60)


def _is_for(row: VisitRow, here: PlaceView | None) -> bool:
    """Whether nobody else's desk or room waits for them."""
    return not row.place_name or (here is not None and row.place_name == here.name)
