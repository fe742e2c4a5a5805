"""The form of a site: what it is, its hours, services, desks and rooms, and who hears alarms."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QLineEdit,
    QRadioButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.screens.admin.site_cards import PlaceCard, ServiceCard
from crm_desktop.desktop.screens.admin.site_hours import HoursEditor
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.duration_entry import number_entry
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.sites import (
    CALLS,
    KEYS,
    KnownSite,
    OfferedService,
    PlaceSetUp,
    Sites,
    SiteSetUp,
)
from crm_desktop.domain.visits import PlaceKind

_TABS = (
    ("site", "Site"),
    ("hours", "Hours"),
    ("services", "Services"),
    ("places", "Desks and rooms"),
    ("alarms", "Alarms"),
)
_SERVICES = (
    "What a visit here can be about, in the order of the keys: at check-in Alt and the number "
    "choose it, on a kiosk it is a button, and tickets begin with the letter."
)
_PLACES = (
    "Where visitors are seen. A place that is no longer in use is not offered any more; what "
    "happened there stays known. A place without services ticked is for everything."
)
_SHARED = (
    "The same hours hold for: {}. They stay as they are there; what you change here is for this "
    "site alone."
)
_CODE = "Stays short: it names the site in files and commands."
_WALL = "Always on the public screens, below the calls: where the toilets are, that advice is free."


class SiteForm(EntryForm):
    """A new site, or a `known` one."""

    def __init__(self, look: Look, around: Sites, known: KnownSite | None, parent: QWidget) -> None:
        title = f"Change {known.site.name}" if known else "Add a site"
        super().__init__(look, title, "Save" if known else "Add", parent)
        self._around, self._known = around, known
        site = known.site if known else None
        self._outer = self.fields
        self.tabs = TabStrip(look, "Parts of the site")
        self._pages = QStackedWidget()
        self._outer.addWidget(self.tabs)
        self._outer.addWidget(self._pages, 1)
        self._services: list[ServiceCard] = []
        self._places: list[PlaceCard] = []
        fill: dict[str, Callable[[SiteSetUp | None], None]] = {
            "site": self._fill_site,
            "hours": self._fill_hours,
            "services": self._fill_services,
            "places": self._fill_places,
            "alarms": self._fill_alarms,
        }
        for key, words in _TABS:
            self.tabs.add(key, words)
            self.fields = self._page(words)
            fill[key](site)
            self.fields.addStretch(1)
        self.tabs.chosen.connect(self._turn)
        free = self.screen().availableSize()
        px = look.px
        self.resize(min(px(680), free.width() - px(20)), min(px(720), free.height() - px(40)))
        self._name.setFocus()

    def site(self) -> SiteSetUp:
        """What was entered; raises InvalidInput for times that cannot be read."""
        hearers = None
        if not self._everybody.isChecked():
            hearers = tuple(id_ for id_, box in self._hearers.items() if box.isChecked())
        return SiteSetUp(
            self._code.text(),
            self._name.text(),
            self._hours.hours(),
            self._name_cy.text(),
            self._address.text(),
            self._calls.value(),
            active=self._known.site.active if self._known else True,
            services=tuple(each.offered() for each in self._services),
            places=tuple(each.place() for each in self._places),
            alarm_hearers=hearers,
            wall=self._wall.text(),
            wall_cy=self._wall_cy.text(),
        )

    # Its parts

    def _page(self, name: str) -> QVBoxLayout:
        """A part that scrolls; its column."""
        body = QWidget()
        column = QVBoxLayout(body)
        edge = self._look.px(8)
        column.setContentsMargins(0, edge, edge, 0)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(name)
        area.setWidget(body)
        self._pages.addWidget(area)
        return column

    def _text(self, words: str, value: str, hint: str = "") -> QLineEdit:
        field = QLineEdit(value)
        field.setPlaceholderText(hint)
        self.add_field(words, field)
        return field

    def _fill_site(self, site: SiteSetUp | None) -> None:
        self._name = self._text("Name", site.name if site else "", "Guildhall one-stop-shop")
        self._name_cy = self._text(
            "Name in Welsh", site.name_cy if site else "", "Siop un stop Neuadd y Dref"
        )
        self._address = self._text(
            "Address", site.address if site else "", "Market Place, Harland HV1 1AA"
        )
        self._code = self._text("Code", site.code if site else "", "guildhall")
        self.add_hint(_CODE)
        self._calls = number_entry(self._look, *CALLS)
        self._calls.setValue(site.calls if site else 3)
        self.add_field("Calls before a visitor is a no-show", self._calls)
        self.fields.setAlignment(self._calls, Qt.AlignmentFlag.AlignLeft)
        self._wall = self._text("On the public screens", site.wall if site else "")
        self._wall_cy = self._text("On the public screens, in Welsh", site.wall_cy if site else "")
        self.add_hint(_WALL)

    def _fill_hours(self, site: SiteSetUp | None) -> None:
        if self._known is not None and self._known.shares_hours:
            self.add_hint(_SHARED.format(", ".join(self._known.shares_hours)))
        self._hours = HoursEditor(self._look, site.hours if site else None)
        self.fields.addWidget(self._hours)

    def _fill_services(self, site: SiteSetUp | None) -> None:
        self.add_hint(_SERVICES)
        self._service_cards = self._cards()
        self._more_services = self._adder("Add a service", self._add_service)
        for each in site.services if site else ():
            self._put_service(each)

    def _fill_places(self, site: SiteSetUp | None) -> None:
        self.add_hint(_PLACES)
        self._place_cards = self._cards()
        self._adder("Add a desk or room", self._add_place)
        for each in site.places if site else ():
            self._put_place(each)

    def _fill_alarms(self, site: SiteSetUp | None) -> None:
        chosen = site.alarm_hearers if site else None
        self.fields.addWidget(Text(self._look, "Who hears a silent alarm of this site",
                                   Role.HEADING, wrap=True))  # fmt: skip
        self._everybody = QRadioButton("Everybody who is signed in")
        some = QRadioButton("Whoever is at the site, and these people:")
        (self._everybody if chosen is None else some).setChecked(True)
        self.fields.addWidget(self._everybody)
        self.fields.addWidget(some)
        people = QWidget()
        flow = FlowLayout(people, self._look.px(12))
        self._hearers: dict[int, QCheckBox] = {}
        for id_, (name, active) in self._around.people.items():
            ticked = chosen is not None and id_ in chosen
            if not active and not ticked:
                continue
            box = QCheckBox(name if active else f"{name} (works here no more)")
            box.setChecked(ticked)
            flow.addWidget(box)
            self._hearers[id_] = box
        widest = max((each.sizeHint().width() for each in self._hearers.values()), default=0)
        for box in self._hearers.values():
            box.setMinimumWidth(widest)
        people.setEnabled(chosen is not None)
        some.toggled.connect(people.setEnabled)
        self.fields.addWidget(people)

    def _cards(self) -> QVBoxLayout:
        cards = QVBoxLayout()
        cards.setSpacing(self._look.px(8))
        self.fields.addLayout(cards)
        return cards

    def _adder(self, words: str, add: Callable[[], None]) -> Button:
        more = Button(self._look, words, icon="plus")
        more.setAutoDefault(False)
        more.clicked.connect(add)
        self.fields.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)
        return more

    # What a person does

    @Slot(str)
    def _turn(self, key: str) -> None:
        self._pages.setCurrentIndex([each for each, _ in _TABS].index(key))
        if key == "places":
            self._offer()

    def _offer(self) -> None:
        """Each place is for some of what the site offers by now."""
        offered = {each.offered().service_id: each.said() for each in self._services}
        offered.pop(0, None)
        for each in self._places:
            each.offer(offered)

    def _put_service(self, known: OfferedService) -> ServiceCard:
        card = ServiceCard(self._look, self._around.services, known)
        card.gone.connect(self._remove_service)
        self._services.append(card)
        self._service_cards.addWidget(card)
        self._more_services.setEnabled(len(self._services) < len(KEYS))
        return card

    @Slot()
    def _add_service(self) -> None:
        keys = {each.key() for each in self._services}
        letters = {each.offered().letter for each in self._services}
        key = next(each for each in KEYS if each not in keys) if len(keys) < len(KEYS) else KEYS[-1]
        letter = next(each for each in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if each not in letters)
        self._put_service(OfferedService(0, letter, key)).service.setFocus()

    @Slot(object)
    def _remove_service(self, card: ServiceCard) -> None:
        self._services.remove(card)
        self._service_cards.removeWidget(card)
        card.hide()
        card.deleteLater()
        self._more_services.setEnabled(True)
        self._more_services.setFocus()

    def _put_place(self, known: PlaceSetUp) -> PlaceCard:
        card = PlaceCard(self._look, known)
        card.gone.connect(self._remove_place)
        self._places.append(card)
        self._place_cards.addWidget(card)
        return card

    @Slot()
    def _add_place(self) -> None:
        desks = sum(each.place().kind is PlaceKind.DESK for each in self._places)
        card = self._put_place(PlaceSetUp(None, PlaceKind.DESK, f"Desk {desks + 1}"))
        self._offer()
        card.name.setFocus()
        card.name.selectAll()

    @Slot(object)
    def _remove_place(self, card: PlaceCard) -> None:
        self._places.remove(card)
        self._place_cards.removeWidget(card)
        card.hide()
        card.deleteLater()
        self.tabs.setFocus()
