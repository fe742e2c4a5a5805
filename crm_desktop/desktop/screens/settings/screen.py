"""The settings of this desktop: theme, size of text, density, and the database in use."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.look import SCALES, Look, Role
from crm_desktop.desktop.core.theme import Scheme, Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.card import Card, PanelHeader, Surface
from crm_desktop.desktop.widgets.key_values import KeyValueGrid
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.call_targets import OwnTelephone

#: What happened, and whom to ask.
NO_TELEPHONE = (
    "Calls cannot come to this desktop.",
    (
        "No extension is entered for you, so no telephone rings and no call is offered to you. Ask "
        "your administrator to enter yours under Telephones."
    ),
)
NO_SYSTEM_NOW = "Calls cannot come or be made until it is back. Your administrator can see why."
_SCHEMES = {Scheme.LIGHT: "Light", Scheme.DARK: "Dark", Scheme.CONTRAST: "High contrast"}


class SettingsScreen(QScrollArea):
    """Signals: `scheme_chosen` a Scheme, `scale_chosen` per cent, `sign_out_asked`."""

    scheme_chosen = Signal(object)
    scale_chosen = Signal(int)
    sign_out_asked = Signal()

    def __init__(
        self, look: Look, facts: tuple[tuple[str, str], ...], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName("Settings")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        ground = Surface(look, sunken=True)
        column = QVBoxLayout(ground)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(PanelHeader(look, "Settings"))
        inner = QVBoxLayout()
        edge = look.px(20)
        inner.setContentsMargins(edge, look.px(8), edge, edge)
        inner.setSpacing(look.px(12))
        for card in (self._theme_card(), self._size_card(), self._about_card(facts)):
            card.setMaximumWidth(look.px(680))
            inner.addWidget(card)
        inner.addStretch(1)
        column.addLayout(inner, 1)
        self.setWidget(ground)
        look.changed.connect(self._show)
        self._show()

    def show_telephone(self, telephone: OwnTelephone) -> None:
        """Say which telephone rings here, or that calls cannot come and whom to ask."""
        rows = list(self._fixed)
        if telephone.system:
            says = f"Extension {telephone.extension} of {telephone.system}"
            rows.append(("Telephone", says if telephone.extension else "None"))
        self._facts.set_rows(rows)
        if telephone.missing:
            self._telephone.set_text(*NO_TELEPHONE)
        elif telephone.trouble:
            self._telephone.set_text(f"{telephone.system}: {telephone.trouble}", NO_SYSTEM_NOW)
        self._telephone.setVisible(telephone.missing or bool(telephone.trouble))

    def _theme_card(self) -> Card:
        card = Card(self._look, title="Colours")
        self._schemes = QButtonGroup(self)
        row = QHBoxLayout()
        for number, said in enumerate(_SCHEMES.values()):
            radio = QRadioButton(said)
            self._schemes.addButton(radio, number)
            row.addWidget(radio)
        row.addStretch(1)
        card.body.addLayout(row)
        self._schemes.idClicked.connect(self._scheme_clicked)
        return card

    def _size_card(self) -> Card:
        card = Card(self._look, title="Size of text")
        self._size = QSlider(Qt.Orientation.Horizontal)
        self._size.setRange(0, len(SCALES) - 1)
        self._size.setPageStep(1)
        self._size.setAccessibleName("Size of text")
        self._size.valueChanged.connect(self._scale_moved)
        self._percent = Text(self._look, "", Role.STRONG)
        row = QHBoxLayout()
        row.addWidget(self._size, 1)
        row.addWidget(self._percent)
        card.body.addLayout(row)
        return card

    def _about_card(self, facts: tuple[tuple[str, str], ...]) -> Card:
        card = Card(self._look, title="This desktop")
        self._telephone = Banner(self._look, Tone.WARNING, "phone-off")
        self._telephone.hide()
        card.body.addWidget(self._telephone)
        self._fixed = facts
        self._facts = KeyValueGrid(self._look, facts)
        card.body.addWidget(self._facts)
        out = Button(self._look, "Sign out and close", icon="log-out")
        out.clicked.connect(self.sign_out_asked)
        card.body.addWidget(out, 0, Qt.AlignmentFlag.AlignLeft)
        return card

    @Slot()
    def _show(self) -> None:
        number = list(_SCHEMES).index(self._look.theme.scheme)
        button = self._schemes.button(number)
        if button is not None:
            button.setChecked(True)
        self._percent.setText(f"{self._look.scale}%")
        self._size.blockSignals(True)
        nearest = min(range(len(SCALES)), key=lambda at: abs(SCALES[at] - self._look.scale))
        self._size.setValue(nearest)
        self._size.blockSignals(False)

    @Slot(int)
    def _scheme_clicked(self, number: int) -> None:
        self.scheme_chosen.emit(list(_SCHEMES)[number])

    @Slot(int)
    def _scale_moved(self, at: int) -> None:
        self.scale_chosen.emit(SCALES[at])
