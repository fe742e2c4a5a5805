"""What a site's form repeats: a card for each service it offers, and for each desk or room."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.card import Card
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.sites import KEYS, OfferedService, PlaceSetUp
from crm_desktop.domain.visits import PlaceKind

PLACE_KINDS = {
    PlaceKind.DESK: "Desk",
    PlaceKind.INTERVIEW: "Interview room",
    PlaceKind.FAMILY: "Family room",
    PlaceKind.SECURE: "Secure room",
    PlaceKind.PARTNER: "Partner’s place",
}


class ServiceCard(Card):
    """A service, its letter, its key and its names. `gone` when it is taken away, `changed` when it
    is about something else.
    """

    gone = Signal(object)
    changed = Signal()

    def __init__(
        self, look: Look, services: Mapping[int, tuple[str, bool]], known: OfferedService
    ) -> None:
        super().__init__(look)
        self._services = services
        self.setAccessibleName(f"Service of Alt+{known.key}")
        self.service = ChoiceField(look, "Service", "Choose a service…")
        self.service.set_rows(
            [
                Row(id_, name, right="restricted" if restricted else "")
                for id_, (name, restricted) in services.items()
            ]
        )
        self.service.choose(known.service_id or None)
        self.service.chosen.connect(self._told)
        self.letter = _field("Letter on its tickets", known.letter, "A")
        self.letter.setMaxLength(1)
        self.letter.setFixedWidth(look.px(44))
        self.letter.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._key = QComboBox()
        self._key.addItems([f"Alt+{each}" for each in KEYS])
        self._key.setCurrentIndex(known.key - 1)
        self._key.setAccessibleName("Key at check-in, and place in the list")
        self.name = _field("What visitors read", known.name, "What visitors read, as Housing")
        self.name_cy = _field("What visitors read in Welsh", known.name_cy, "In Welsh, as Tai")
        self.name.editingFinished.connect(self._told)
        remove = IconButton(look, "x", "No such service here")
        remove.clicked.connect(self._remove)
        grid = QGridLayout()
        grid.setSpacing(look.px(6))
        grid.addWidget(self._key, 0, 0)
        grid.addWidget(self.service, 0, 1, 1, 2)
        grid.addWidget(remove, 0, 3)
        for at, words in enumerate(("Letter", "What visitors read", "In Welsh")):
            grid.addWidget(Text(look, words, Role.SMALL_STRONG, muted=True), 1, at)
        grid.addWidget(self.letter, 2, 0)
        grid.addWidget(self.name, 2, 1)
        grid.addWidget(self.name_cy, 2, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.body.addLayout(grid)

    def key(self) -> int:
        """Alt and this."""
        return self._key.currentIndex() + 1

    def offered(self) -> OfferedService:
        """What was entered; the service 0 is none."""
        key = self.service.key()
        return OfferedService(
            key if isinstance(key, int) else 0,
            self.letter.text().strip().upper(),
            self.key(),
            self.name.text().strip(),
            self.name_cy.text().strip(),
        )

    def said(self) -> str:
        """What it is called."""
        offered = self.offered()
        return offered.name or self._services.get(offered.service_id, ("", False))[0]

    @Slot()
    def _told(self) -> None:
        self.changed.emit()

    @Slot()
    def _remove(self) -> None:
        self.gone.emit(self)


class PlaceCard(Card):
    """A desk or room. `gone` when a new one is taken away; a known one is only taken out of use."""

    gone = Signal(object)

    def __init__(self, look: Look, known: PlaceSetUp) -> None:
        super().__init__(look)
        self._known, self._profile = known, set(known.services)
        self._boxes: dict[int, QCheckBox] = {}
        self.setAccessibleName(known.name or "New place")
        self._kind = QComboBox()
        self._kind.setAccessibleName("Kind")
        for kind, words in PLACE_KINDS.items():
            self._kind.addItem(words, kind)
        self._kind.setCurrentIndex(list(PLACE_KINDS).index(known.kind))
        self._kind.currentIndexChanged.connect(self._show_partner)
        self.name = _field("Name", known.name, "Name, as Desk 1")
        self._name_cy = _field("Name in Welsh", known.name_cy, "In Welsh, as Desg 1")
        self.partner = _field("Partner", known.partner, "Whose place it is, as Citizens Advice")
        self._step_free = _box("Step-free", known.step_free)
        self._loop = _box("Hearing loop", known.hearing_loop)
        self._active = _box("In use", known.active)
        grid = QGridLayout()
        grid.setSpacing(look.px(6))
        for at, words in enumerate(("Kind", "Name", "In Welsh")):
            grid.addWidget(Text(look, words, Role.SMALL_STRONG, muted=True), 0, at)
        grid.addWidget(self._kind, 1, 0)
        grid.addWidget(self.name, 1, 1)
        grid.addWidget(self._name_cy, 1, 2)
        if known.id is None:
            remove = IconButton(look, "x", "No such place")
            remove.clicked.connect(self._remove)
            grid.addWidget(remove, 1, 3)
        grid.addWidget(self.partner, 2, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(2, 1)
        self.body.addLayout(grid)
        flags = QWidget()
        flow = FlowLayout(flags, look.px(14))
        for each in (self._active, self._step_free, self._loop):
            flow.addWidget(each)
        self.body.addWidget(flags)
        self._sees = Text(look, "", Role.SMALL, muted=True)
        self._choices = QWidget()
        self._flow = FlowLayout(self._choices, look.px(10))
        self.body.addWidget(self._sees)
        self.body.addWidget(self._choices)
        self._show_partner()

    def offer(self, services: Mapping[int, str]) -> None:
        """What the site offers by now; what was ticked stays so, also what is offered no more."""
        self._profile = self.profile()
        for box in self._boxes.values():
            self._flow.removeWidget(box)
            box.deleteLater()
        gone = self._profile - set(services)
        self._boxes = {}
        for id_, words in {**services, **dict.fromkeys(gone, "No longer offered")}.items():
            box = _box(words, id_ in self._profile)
            box.setAccessibleName(f"{self.name.text()} is for {words}")
            box.toggled.connect(self._say_profile)
            self._flow.addWidget(box)
            self._boxes[id_] = box
        self._say_profile()

    def profile(self) -> set[int]:
        """The services that are ticked; none: everything."""
        if not self._boxes:
            return self._profile
        return {id_ for id_, box in self._boxes.items() if box.isChecked()}

    def place(self) -> PlaceSetUp:
        """What was entered."""
        kind = PlaceKind(self._kind.currentData())
        return PlaceSetUp(
            self._known.id,
            kind,
            self.name.text().strip(),
            self._name_cy.text().strip(),
            self.partner.text().strip() if kind is PlaceKind.PARTNER else "",
            tuple(sorted(self.profile())),
            self._step_free.isChecked(),
            self._loop.isChecked(),
            self._active.isChecked(),
        )

    @Slot()
    def _say_profile(self) -> None:
        every = "everything that the site offers" if not self.profile() else "what is ticked"
        self._sees.setText(f"Next calls {every} here")

    @Slot()
    def _show_partner(self) -> None:
        self.partner.setVisible(self._kind.currentData() == PlaceKind.PARTNER)

    @Slot()
    def _remove(self) -> None:
        self.gone.emit(self)


def _field(name: str, text: str, hint: str) -> QLineEdit:
    field = QLineEdit(text)
    field.setAccessibleName(name)
    field.setToolTip(plain_tip(name))
    field.setPlaceholderText(hint)
    return field


def _box(words: str, checked: bool) -> QCheckBox:
    box = QCheckBox(words)
    box.setChecked(checked)
    return box
