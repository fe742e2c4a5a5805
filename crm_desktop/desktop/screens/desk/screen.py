"""The desk's page: check-in at the left, the line in the middle, the public's view at the right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.core.tickets import Paper
from crm_desktop.desktop.screens.desk.away_bar import AwayBar
from crm_desktop.desktop.screens.desk.away_list import AwayList, service_rows
from crm_desktop.desktop.screens.desk.check_in import CheckInPane
from crm_desktop.desktop.screens.desk.going_on import Standing
from crm_desktop.desktop.screens.desk.line_pane import LinePane
from crm_desktop.desktop.screens.desk.rooms_part import RoomsPart, fits_before
from crm_desktop.desktop.screens.desk.side import DeskSide
from crm_desktop.desktop.screens.desk.words import refused
from crm_desktop.desktop.widgets.banner import Banner, UndoToast
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.away_visits import AwayVisit
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import (
    Called,
    CheckedIn,
    Match,
    PlaceView,
    SiteInfo,
    SiteLine,
    SiteService,
    VisitRow,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.going_on import GoingOnDesk

_KEYS = (Qt.Key.Key_F4, Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_F10)
#: The keys that a field would take for itself: on a list of choices F4 opens it.
_OWN = (*_KEYS, Qt.Key.Key_F12)
#: Below this width (at 100 %) what the public sees gives way.
_NARROW = 900
_PRIVATE = "Names are hidden. F4 shows them again."


@dataclass(frozen=True, slots=True)
class _Site:
    """A site among desks, whose numbers are others'."""

    id: int


class _Upright(QScrollArea):
    """Scrolls a form up and down, and is never narrower than it."""

    def __init__(self, form: QWidget) -> None:
        super().__init__()
        self._form = form
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(form)

    def minimumSizeHint(self) -> QSize:
        """Room for the form's width and the bar."""
        bar = self.verticalScrollBar().sizeHint().width()
        return QSize(self._form.minimumSizeHint().width() + bar, super().minimumSizeHint().height())


class DeskScreen(QWidget):
    """Implements `DeskView`. `opened` and `wrap_up_wanted` carry a contact, `here` the words
    about this desk.
    """

    opened = Signal(object)
    here = Signal(str)
    figures_wanted = Signal()
    wrap_up_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._presenter: GoingOnDesk | None = None
        self._sites: tuple[SiteInfo, ...] = ()
        self._line: SiteLine | None = None
        self._asked: Callable[[int, str], None] | None = None
        self._standing: Standing | None = None
        #: The site to which this computer goes, until its desks are known.
        self._going_to: int | None = None
        self._list: AwayList | None = None
        self.is_private = False
        self.setAccessibleName("Desk")
        self._error = Banner(look, Tone.DANGER, "circle-alert", wide=True, closable=True)
        self._error.hide()
        self.away = AwayBar(look)
        self._private = Banner(look, Tone.INFO, "eye-off", _PRIVATE, wide=True)
        self._private.hide()
        self.check_in = CheckInPane(look)
        self.line = LinePane(look, clock)
        self.rooms = RoomsPart(look, clock, self)
        self.side = DeskSide(look, self.rooms.board)
        self._nobody = Banner(look, Tone.INFO, "calendar", wide=True, closable=True)
        self._nobody.hide()
        self.toast = UndoToast(look)
        self._undo: Callable[[], None] | None = None
        self._nothing = EmptyState(
            look, "map-pin", "There is no site yet.", "An administrator sets sites and desks up."
        )
        self._form = _Upright(self.check_in)
        # Until the width is known: it would make the window wider first.
        self.side.hide()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._wide = True
        #: The widths before who is where took the form's place.
        self._before: list[int] = []
        self._pages = QStackedWidget()
        self._lay_out()
        self._connect()

    def bind(self, presenter: GoingOnDesk) -> None:
        """Give the page who answers it."""
        self._presenter = presenter
        self.check_in.bind(presenter)
        self.line.bind(presenter)
        self.rooms.bind(presenter)

    @property
    def is_busy(self) -> bool:
        """Whether somebody types into the form, or looks at who is to be entered."""
        return self.check_in.is_begun or self._list is not None

    def focus(self) -> None:
        """Begin with the name of who stands there."""
        self._fit()
        self.check_in.focus()

    def minimumSizeHint(self) -> QSize:
        """Room for form and line: what gives way where it is narrow holds no window wide."""
        hint = super().minimumSizeHint()
        two = sum(each.minimumSizeHint().width() for each in (self._form, self.line))
        return QSize(min(hint.width(), two + self._split.handleWidth()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What the public sees gives way where there is little room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self, *, places: bool = False) -> None:
        """Where there is room for two, who is where takes the form's for as long as it is asked."""
        wide = self.width() >= self._look.px(_NARROW)
        if wide is not self._wide:
            self._wide = wide
            self._split.setSizes(self._widths())
        self.side.setVisible(wide or places)
        self.side.show_places_alone(alone=places and not wide)
        self._form.setVisible(wide or not places)
        if places and not wide:
            half = self.width() // 2
            self._before = self._before or self._split.sizes()
            self._split.setSizes([0, half, half])
        elif self._before:
            self._split.setSizes(self._before)
            self._before = []

    def _widths(self) -> list[int]:
        """Two have the same room; of three the line takes what is left."""
        px, whole = self._look.px, self.width()
        if self._wide:
            return [px(400), max(px(600), whole - px(730)), px(330)]
        return [whole // 2, whole // 2, 0]

    def show_sites(self, sites: tuple[SiteInfo, ...], chosen: int | None) -> None:
        """See `DeskView`."""
        self._sites = sites
        first = self._pages.currentIndex() == 0
        self._pages.setCurrentIndex(1 if sites else 0)
        if first and sites and self.isVisible():
            # While nothing was known there was nothing for the keyboard to be in.
            self.focus()
        if sites and chosen is None:
            self.choose_site()

    def show_services(self, services: tuple[SiteService, ...]) -> None:
        """See `DeskView`."""
        self.rooms.services = services
        self.check_in.set_services(services)

    def show_texting(self, on: bool) -> None:
        """See `DeskView`."""
        self.check_in.set_texting(on)

    def show_line(self, line: SiteLine, here: PlaceView | None, mine: VisitRow | None) -> None:
        """See `DeskView`."""
        self._line = line
        self._at = (here, mine)
        self.line.show_line(line, here, mine)
        self.side.show_line(line)
        self.rooms.show_line(line, here, mine)
        if mine is not None:
            self._nobody.hide()
        if self._asked is not None:
            asked, self._asked = self._asked, None
            self.with_site(asked)
        site = self._site_name()
        doing = f" · {mine.ticket}" if mine and mine.ticket else ""
        self.here.emit(f"{here.name}, {site}{doing}" if here else "")
        if self._going_to == line.day.site_id:
            self._going_to = None
            self.choose_place()

    def show_matches(self, text: str, matches: tuple[Match, ...]) -> None:
        """See `DeskView`."""
        self.check_in.show_matches(text, () if self.is_private else matches)

    def issued(self, visit: CheckedIn, who: str) -> None:
        """See `DeskView`."""
        if self._presenter is not None:
            now = words.full(self._clock.now())
            self._presenter.print_again(self.check_in.ticket(visit, self._site_name(), now))
        self.check_in.issued(visit, "" if self.is_private else who)
        self.rooms.bar.arrived(visit.proposal)

    def not_issued(self, trouble: CrmError) -> None:
        """See `DeskView`."""
        self.check_in.not_issued(trouble)

    def answered(self) -> None:
        """See `DeskView`."""
        self.check_in.answered()

    def show_standing(self, standing: Standing) -> None:
        """See `GoingOnView`."""
        self._standing = standing
        away = standing.since is not None
        self.line.set_away(standing.known_at, away=away)
        self.rooms.set_away(away=away)
        if away:
            # It would be done there, where others have moved on meanwhile.
            self.toast.lapse()
            self.check_in.seek_no_more()
        self.away.show_standing(standing)
        if self._list is not None:
            self._list.show_standing(standing)

    def kept(self, visit: AwayVisit, position: int) -> None:
        """See `GoingOnView`."""
        if visit.ticket is None:
            self.check_in.without_number("" if self.is_private else visit.who)
        else:
            self.issued(CheckedIn(0, visit.ticket, position, None), visit.who)

    @Slot()
    def open_list(self) -> None:
        """Show who is to be entered."""
        if self._list is not None or self._standing is None or self._presenter is None:
            return
        self._list = AwayList(self._look, self)
        self._list.again_asked.connect(self._presenter.try_again)
        self._list.discard_asked.connect(self._presenter.discard)
        self._list.walk_in_asked.connect(self._presenter.as_walk_in)
        self._list.service_asked.connect(self._choose_service)
        self._list.finished.connect(self._list_closed)
        self._list.show_standing(self._standing)
        self._list.open()

    @Slot(int)
    def _list_closed(self, _result: int) -> None:
        if self._list is not None:
            self._list.deleteLater()
        self._list = None

    @Slot(object)
    def _choose_service(self, key: object) -> None:
        presenter = self._presenter

        def chosen(service_id: object) -> None:
            if presenter is not None and isinstance(service_id, int):
                presenter.for_service(str(key), service_id)

        self._choose("What is the visit about?", service_rows(self.rooms.services), chosen)

    def called(self, called: Called | None) -> None:
        """See `DeskView`."""
        if called is not None:
            announce(self, f"{called.ticket} is called to {called.place}")
            self.rooms.bar.propose(called.proposal)
            return
        why = fits_before(self._at[0]) if self._line is not None else ""
        if why and self.line.waits:
            self._nobody.set_text(why, "Enter in the line calls somebody all the same.")
            self._nobody.show()
        announce(self, f"Nobody waits for this desk. {why}".strip())

    def offer_undo(self, text: str, undo: Callable[[], None]) -> None:
        """See `DeskView`."""
        self._undo = undo
        self.toast.offer(text)

    @Slot()
    def _take_back(self) -> None:
        if self._undo is not None:
            self._undo()
            self._undo = None

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `DeskView`."""
        if trouble is None:
            self._error.hide()
        else:
            self._error.set_text(*refused(trouble))
            self._error.show()
            announce(self, self._error.text())

    def with_site(self, does: Callable[[int, str], None]) -> None:
        """Do something with the site where this computer stands, once that is known."""
        if self._line is None:
            self._asked = does
            return
        site_id = self._line.day.site_id
        does(site_id, self._site_name())

    def _site_name(self) -> str:
        site_id = self._line.day.site_id if self._line else 0
        return next((each.name for each in self._sites if each.id == site_id), "")

    @Slot()
    def choose_printer(self) -> None:
        """Ask where tickets are printed."""
        if self._presenter is not None:
            self._presenter.list_printers(self._offer_printers)

    def _offer_printers(self, names: tuple[str, ...]) -> None:
        rows = [Row(("", Paper.ROLL), "No printer", "Numbers are told, or sent as a text", "x")]
        rows += [
            Row((name, paper), name, said, "printer")
            for name in names
            for paper, said in ((Paper.ROLL, "roll of 80 mm"), (Paper.A6, "A6"))
        ]
        self._choose("Where are tickets printed?", rows, self._printer_chosen)

    @Slot(object)
    def _printer_chosen(self, key: tuple[str, Paper]) -> None:
        if self._presenter is not None:
            self._presenter.set_printing(*key)

    def _lay_out(self) -> None:
        split = self._split
        split.setObjectName("desk")
        for each in (self._form, self.line, self.side):
            split.addWidget(each)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes(self._widths())
        self._pages.addWidget(self._nothing)
        self._pages.addWidget(split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.away)
        column.addWidget(self._error)
        column.addWidget(self._private)
        column.addWidget(self._nobody)
        column.addWidget(self.rooms.bar)
        column.addWidget(self._pages, 1)
        column.addWidget(self.toast)

    def _connect(self) -> None:
        self.check_in.page_key = self._page_key
        self.line.done.outcome.installEventFilter(self)
        self.toast.undone.connect(self._take_back)
        self.check_in.left_for_line.connect(self.line.focus)
        self.line.opened.connect(self.opened)
        self.line.serve_wanted.connect(self._serve)
        self.line.place_wanted.connect(self.choose_place)
        self.line.transfer_wanted.connect(self._send_on)
        self.rooms.here_wanted.connect(self._place_chosen)
        self.away.list_wanted.connect(self.open_list)
        self.side.figures_wanted.connect(self.figures_wanted)
        self.rooms.opened.connect(self.opened)
        self.rooms.board.left.connect(self._leave_places)
        self._clock.tick.connect(self._tick)

    def set_private(self, private: bool) -> None:
        """Hide every name, or show them again."""
        self.is_private = private
        self._private.setVisible(private)
        self.line.set_hidden(private)
        self.rooms.board.set_hidden(private, self._clock.now())
        if private:
            self.check_in.show_matches(self.check_in.name.text(), ())
        announce(self, _PRIVATE if private else "Names are shown")

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A list of choices would open on F4, and show the names that are to be hidden."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._page_key(event)
        return super().eventFilter(watched, event)

    def event(self, event: QEvent) -> bool:
        """Its own keys are its own here, whatever command has them elsewhere."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
            shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            if plain and event.key() == Qt.Key.Key_F12 and self.line.can_finish:
                event.accept()
                return True
            own = event.key() in _KEYS if plain else shift and event.key() == Qt.Key.Key_F9
            if own or (alt and 32 < event.key() < 127):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The desk's own keys."""
        if not self._page_key(event) and not self.check_in.alt_key(event):
            super().keyPressEvent(event)

    def _page_key(self, event: QKeyEvent) -> bool:
        """Whether it was one of the whole page's keys, and is done; held down it is one press."""
        plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
        shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
        recalls = shift and event.key() == Qt.Key.Key_F9
        if not recalls and not (plain and event.key() in _OWN):
            return self._alt_key(event)
        if event.isAutoRepeat():
            return True
        if recalls:
            self.line.recall()
        elif event.key() == Qt.Key.Key_F9:
            self.line.call_next()
        elif event.key() == Qt.Key.Key_F4:
            self.set_private(not self.is_private)
        elif event.key() == Qt.Key.Key_F8:
            self.line.send_on()
        elif event.key() == Qt.Key.Key_F10:
            self.line.serve()
        else:
            return self._finish()
        return True

    def _finish(self) -> bool:
        """Whoever is seen here goes: the contact's wrap-up begins, or the desk's own."""
        seen = self.line.seen
        if self.line.is_away:
            self.line.finish()
        elif seen is not None:
            self.wrap_up_wanted.emit(seen)
        return self.line.is_away or seen is not None

    def _alt_key(self, event: QKeyEvent) -> bool:
        """Whether it was one of the keys with Alt that are the whole page's, and is done."""
        does = {
            Qt.Key.Key_A: self.rooms.bar.accept,
            Qt.Key.Key_W: self.rooms.bar.decline,
            Qt.Key.Key_P: self.focus_places,
            Qt.Key.Key_N: self.line.no_show,
            Qt.Key.Key_B: self.line.back,
            Qt.Key.Key_K: self.line.park,
        }.get(Qt.Key(event.key()))
        if does is None or event.modifiers() != Qt.KeyboardModifier.AltModifier:
            return False
        if not event.isAutoRepeat():
            does()
        return True

    @Slot(object)
    def _send_on(self, row: VisitRow) -> None:
        if self._presenter is not None and self._presenter.may_send_on():
            self.rooms.send_on(row)

    @Slot(object)
    def _serve(self, contact_id: int) -> None:
        if self._presenter is not None:
            self.rooms.serve(partial(self._presenter.serve, contact_id))

    @Slot()
    def focus_places(self) -> None:
        """Put the keyboard among the desks and rooms; Escape gives it back."""
        self._fit(places=True)
        self.rooms.board.focus()

    @Slot()
    def _leave_places(self) -> None:
        self._fit()
        self.check_in.focus()

    @Slot()
    def choose_site(self) -> None:
        """Ask at which site this computer stands."""
        rows = [Row(each.id, each.name, each.address, "building-2") for each in self._sites]
        self._choose("Which site is this?", rows, self._site_chosen)

    @Slot()
    def choose_place(self) -> None:
        """Ask at which desk, here or at another site; first at which site, if nobody said."""
        if self._line is None:
            self.choose_site()
            return
        rows = [
            Row(each.id, each.name, ", ".join(each.staff) or "nobody is here", "home")
            for each in self._line.places
        ]
        others = [each for each in self._sites if each.id != self._line.day.site_id]
        if others:
            rows.append(Row("others", "At another site", heading=True))
        rows += [Row(_Site(each.id), each.name, each.address, "building-2") for each in others]
        self._choose("Which desk is this?", rows, self._place_chosen)

    def _choose(self, said: str, rows: list[Row], chosen: object) -> None:
        chooser = Chooser(self._look, said, rows, self)
        chooser.chosen.connect(chosen)
        chooser.open_at(self.mapToGlobal(QPoint(self.width() // 3, self._look.px(60))))

    @Slot(object)
    def _site_chosen(self, site_id: object) -> None:
        if self._presenter is not None and isinstance(site_id, int):
            self._presenter.choose_site(site_id)

    @Slot(object)
    def _place_chosen(self, key: object) -> None:
        if self._presenter is None:
            return
        if isinstance(key, int):
            self._presenter.choose_place(key)
        elif isinstance(key, _Site):
            self._going_to = key.id
            self._presenter.choose_site(key.id)

    @Slot()
    def _tick(self) -> None:
        """Waits grow while nothing else happens."""
        if self._line is not None and self.isVisible() and self._clock.now().second % 15 == 0:
            self.line.show_line(self._line, *self._at)
            self.rooms.board.show_line(self._line, self._clock.now())
