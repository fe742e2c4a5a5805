"""The desk's page: check-in at the left, the line in the middle, the public's view at the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.core.tickets import Paper
from crm_desktop.desktop.screens.desk.check_in import CheckInPane
from crm_desktop.desktop.screens.desk.line_pane import LinePane
from crm_desktop.desktop.screens.desk.side import DeskSide
from crm_desktop.desktop.screens.desk.words import refused
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.visits import (
    Called,
    CheckedIn,
    Match,
    PlaceView,
    SiteInfo,
    SiteLine,
    SiteService,
    To,
    VisitRow,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.presenter import DeskPresenter

_KEYS = (Qt.Key.Key_F4, Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_F10)
#: Below this width (at 100 %) what the public sees gives way.
_NARROW = 900
_PRIVATE = "Names are hidden. F4 shows them again."


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
    """Implements `DeskView`. `opened` carries a contact, `here` the words about this desk."""

    opened = Signal(object)
    here = Signal(str)
    figures_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._presenter: DeskPresenter | None = None
        self._sites: tuple[SiteInfo, ...] = ()
        self._services: tuple[SiteService, ...] = ()
        self._line: SiteLine | None = None
        self._asked: Callable[[int, str], None] | None = None
        self.is_private = False
        self.setAccessibleName("Desk")
        self._error = Banner(look, Tone.DANGER, "circle-alert", wide=True, closable=True)
        self._error.hide()
        self._private = Banner(look, Tone.INFO, "eye-off", _PRIVATE, wide=True)
        self._private.hide()
        self.check_in = CheckInPane(look)
        self.line = LinePane(look, clock)
        self.side = DeskSide(look, clock)
        # Until the width is known: it would make the window wider first.
        self.side.hide()
        self._nothing = EmptyState(
            look, "map-pin", "There is no site yet.", "An administrator sets sites and desks up."
        )
        scroll = _Upright(self.check_in)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("desk")
        for each in (scroll, self.line, self.side):
            split.addWidget(each)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([look.px(400), look.px(600), look.px(330)])
        self._pages = QStackedWidget()
        self._pages.addWidget(self._nothing)
        self._pages.addWidget(split)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._error)
        column.addWidget(self._private)
        column.addWidget(self._pages, 1)
        self.check_in.left_for_line.connect(self.line.focus)
        self.check_in.other_letter.connect(self._letter)
        self.line.opened.connect(self.opened)
        self.line.place_wanted.connect(self.choose_place)
        self.line.transfer_wanted.connect(self._choose_where)
        self.side.place_chosen.connect(self._place_chosen)
        self.side.figures_wanted.connect(self.figures_wanted)
        clock.tick.connect(self._tick)

    def bind(self, presenter: DeskPresenter) -> None:
        """Give the page who answers it."""
        self._presenter = presenter
        self.check_in.bind(presenter)
        self.line.bind(presenter)

    def focus(self) -> None:
        """Begin with the name of who stands there."""
        self.check_in.focus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What the public sees gives way where there is little room."""
        super().resizeEvent(event)
        self.side.setVisible(event.size().width() >= self._look.px(_NARROW))

    def show_sites(self, sites: tuple[SiteInfo, ...], chosen: int | None) -> None:
        """See `DeskView`."""
        self._sites = sites
        self._pages.setCurrentIndex(1 if sites else 0)
        if sites and chosen is None:
            self.choose_site()

    def show_services(self, services: tuple[SiteService, ...]) -> None:
        """See `DeskView`."""
        self._services = services
        self.check_in.set_services(services)

    def show_line(self, line: SiteLine, here: PlaceView | None, mine: VisitRow | None) -> None:
        """See `DeskView`."""
        self._line = line
        self._at = (here, mine)
        self.line.show_line(line, here, mine)
        self.side.show_line(line)
        if self._asked is not None:
            asked, self._asked = self._asked, None
            self.with_site(asked)
        site = self._site_name()
        doing = f" · {mine.ticket}" if mine and mine.ticket else ""
        self.here.emit(f"{here.name}, {site}{doing}" if here else "")

    def show_matches(self, text: str, matches: tuple[Match, ...]) -> None:
        """See `DeskView`."""
        self.check_in.show_matches(text, () if self.is_private else matches)

    def issued(self, visit: CheckedIn, who: str) -> None:
        """See `DeskView`."""
        if self._presenter is not None:
            now = words.full(self._clock.now())
            self._presenter.print_again(self.check_in.ticket(visit, self._site_name(), now))
        self.check_in.issued(visit, "" if self.is_private else who)

    def not_issued(self, trouble: CrmError) -> None:
        """See `DeskView`."""
        self.check_in.not_issued(trouble)

    def answered(self) -> None:
        """See `DeskView`."""
        self.check_in.answered()

    def called(self, called: Called | None) -> None:
        """See `DeskView`."""
        if called is None:
            announce(self, "Nobody waits for this desk")
        else:
            announce(self, f"{called.ticket} is called to {called.place}")

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

    def set_private(self, private: bool) -> None:
        """Hide every name, or show them again."""
        self.is_private = private
        self._private.setVisible(private)
        self.line.set_hidden(private)
        if private:
            self.check_in.show_matches(self.check_in.name.text(), ())
        announce(self, _PRIVATE if private else "Names are shown")

    def event(self, event: QEvent) -> bool:
        """Its own keys are its own here, whatever command has them elsewhere."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
            shift = event.modifiers() == Qt.KeyboardModifier.ShiftModifier
            plain = event.modifiers() == Qt.KeyboardModifier.NoModifier
            own = event.key() in _KEYS if plain else shift and event.key() == Qt.Key.Key_F9
            if own or (alt and 32 < event.key() < 127):
                event.accept()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The desk's own keys."""
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if event.modifiers() == Qt.KeyboardModifier.AltModifier:
            self._letter(event.key())
        elif event.key() == Qt.Key.Key_F9:
            (self.line.recall if shift else self.line.call_next)()
        elif shift:
            super().keyPressEvent(event)
        elif event.key() == Qt.Key.Key_F4:
            self.set_private(not self.is_private)
        elif event.key() == Qt.Key.Key_F8:
            self.line.send_on()
        elif event.key() == Qt.Key.Key_F10:
            self.line.serve()
        else:
            super().keyPressEvent(event)

    @Slot(int)
    def _letter(self, key: int) -> None:
        """What Alt and a letter do to this desk's visitor, wherever the keyboard is."""
        does = {Qt.Key.Key_N: self.line.no_show, Qt.Key.Key_B: self.line.back}
        does.get(Qt.Key(key), lambda: None)()

    @Slot()
    def choose_site(self) -> None:
        """Ask at which site this computer stands."""
        rows = [Row(each.id, each.name, each.address, "building-2") for each in self._sites]
        self._choose("Which site is this?", rows, self._site_chosen)

    @Slot()
    def choose_place(self) -> None:
        """Ask at which desk."""
        places = self._line.places if self._line else ()
        rows = [
            Row(each.id, each.name, ", ".join(each.staff) or "nobody is here", "home")
            for each in places
        ]
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
    def _place_chosen(self, place_id: object) -> None:
        if self._presenter is not None and isinstance(place_id, int):
            self._presenter.choose_place(place_id)

    @Slot(object)
    def _choose_where(self, row: VisitRow) -> None:
        """Where somebody is sent on to: desks and rooms, then services."""
        places = self._line.places if self._line else ()
        self._sent = row
        rows = [
            Row(("place", each.id), each.name, ", ".join(each.staff), "home")
            for each in places
            if each.id != row.place_id
        ]
        rows += [
            Row(("service", each.service_id), each.name, "another service", "list")
            for each in self._services
            if each.service_id != row.service_id
        ]
        self._choose(f"Send {row.ticket} on to", rows, self._where_chosen)

    @Slot(object)
    def _where_chosen(self, key: tuple[str, int]) -> None:
        kind, number = key
        to = To(place_id=number) if kind == "place" else To(service_id=number)
        if self._presenter is not None:
            self._presenter.transfer(self._sent.contact_id, to, "")

    @Slot()
    def _tick(self) -> None:
        """Waits grow while nothing else happens."""
        if self._line is not None and self.isVisible() and self._clock.now().second % 15 == 0:
            self.line.show_line(self._line, *self._at)
