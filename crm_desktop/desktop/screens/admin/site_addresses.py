"""The addresses of a site's kiosks and public screens, to be copied, and another key for them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.sites import KnownSite

_USUAL = "https://gateway.example.gov.uk"
_WHO = (
    "Whoever knows these addresses can take tickets here: give them to the building’s devices and "
    "to nobody else. The kiosk begins in Welsh with ?lang=cy at the end."
)
_ASK = (
    "Devices with the old address are shut out.",
    (
        "Kiosks within seconds, a public screen when it is loaded again: each device then needs "
        "the new address. Renew when an address went to somebody else."
    ),
)
_ASK_DONE = "The key is renewed. Give the building’s devices these addresses."


class AddressesDialog(QDialog):
    """`renew_wanted` when another key is asked for; `base_chosen` carries the gateway's address."""

    renew_wanted = Signal()
    base_chosen = Signal(str)

    def __init__(self, look: Look, known: KnownSite, base: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._look, self._key = look, known.key
        self.setWindowTitle(f"Kiosk and public screen of {known.site.name}")
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self._done = Banner(look, Tone.OK, "check", _ASK_DONE)
        self._done.hide()
        self.base = QLineEdit(base or _USUAL)
        self.base.setPlaceholderText(_USUAL)
        self.base.textChanged.connect(self._show)
        self.kiosk, self.screen_address = QLineEdit(), QLineEdit()
        self._column = column = QVBoxLayout(self)
        column.setSpacing(look.px(8))
        column.addWidget(self._wrong)
        column.addWidget(self._done)
        _labelled(column, look, "The gateway, as devices reach it", self.base)
        for words, field in (
            ("Kiosk: people check themselves in", self.kiosk),
            ("Public screen", self.screen_address),
        ):
            field.setReadOnly(True)
            copy = Button(look, "Copy", icon="copy")
            copy.setAccessibleName(f"Copy the address: {words}")
            copy.setAutoDefault(False)
            copy.clicked.connect(self._copier(field, words))
            _labelled(column, look, words, field, copy)
        column.addWidget(Text(look, _WHO, Role.SMALL, muted=True, wrap=True))
        self._ask = self._asking()
        column.addWidget(self._ask)
        column.addStretch(1)
        column.addLayout(self._foot())
        resize_within(self, look, look.px(760), 0)
        self._show()

    def done(self, result: int) -> None:
        """However it is closed, the gateway's address is kept."""
        self.base_chosen.emit(self.base.text().strip().rstrip("/"))
        super().done(result)

    def show_key(self, key: str) -> None:
        """The key is this one now."""
        self._key = key
        self._wrong.hide()
        self._ask.hide()
        self._done.show()
        self._renew.setEnabled(True)
        self._show()
        announce(self, _ASK_DONE)

    def show_wrong(self, trouble: CrmError) -> None:
        """It could not be renewed."""
        told = words_for(trouble)
        self._wrong.set_text(told.happened, told.rest())
        self._wrong.show()
        self._renew.setEnabled(True)
        announce(self, self._wrong.text())

    def _asking(self) -> QWidget:
        """What renewing means, and whether."""
        ask = QWidget()
        self._means = Banner(self._look, Tone.WARNING, "alert-triangle", *_ASK)
        keep = Button(self._look, "Keep the key")
        self._renew_now = Button(self._look, "Renew now", kind=Kind.DANGER)
        for button in (keep, self._renew_now):
            button.setAutoDefault(False)
        keep.clicked.connect(self._let_be)
        self._renew_now.clicked.connect(self._go)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(keep)
        row.addWidget(self._renew_now)
        column = QVBoxLayout(ask)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._means)
        column.addLayout(row)
        ask.hide()
        return ask

    def _foot(self) -> QHBoxLayout:
        self._renew = Button(self._look, "Renew the key…")
        self._renew.setAutoDefault(False)
        self._renew.clicked.connect(self._question)
        close = PrimaryButton(self._look, "Close")
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(self._renew)
        foot.addStretch(1)
        foot.addWidget(close)
        return foot

    def _copier(self, field: QLineEdit, words: str) -> Callable[[], None]:
        def copy() -> None:
            QGuiApplication.clipboard().setText(field.text())
            announce(self, f"Copied: {words}")

        return copy

    @Slot()
    def _show(self) -> None:
        base = self.base.text().strip().rstrip("/") or _USUAL
        self.kiosk.setText(f"{base}/kiosk/{self._key}")
        self.screen_address.setText(f"{base}/kiosk/{self._key}/screen")
        for field in (self.kiosk, self.screen_address):
            field.setCursorPosition(0)

    @Slot()
    def _question(self) -> None:
        self._done.hide()
        self._ask.show()
        high = self._column.totalHeightForWidth(self.width())
        resize_within(self, self._look, self.width(), max(high, self.height()))
        self._renew.setEnabled(False)
        self._renew_now.setFocus()
        announce(self, self._means.text())

    @Slot()
    def _let_be(self) -> None:
        self._ask.hide()
        self._renew.setEnabled(True)
        self._renew.setFocus()

    @Slot()
    def _go(self) -> None:
        self.renew_wanted.emit()


def _labelled(
    column: QVBoxLayout, look: Look, words: str, field: QLineEdit, beside: QWidget | None = None
) -> None:
    label = Text(look, words, Role.SMALL_STRONG, muted=True)
    label.setBuddy(field)
    field.setAccessibleName(words)
    column.addWidget(label)
    row = QHBoxLayout()
    row.addWidget(field, 1)
    if beside is not None:
        row.addWidget(beside)
    column.addLayout(row)
