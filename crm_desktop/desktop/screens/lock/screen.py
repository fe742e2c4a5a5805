"""What is seen of a locked desktop: whose it is, and a field for their password."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.lock.presenter import LockPresenter
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import Card, Surface
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError

_WIDTH = 440
_KEPT = "What you typed is kept. Your contacts stay with you, and new ones go on arriving."
_EMBEDDED = (
    "On this one-person database the lock only hides what was on the screen. It protects nothing."
)
_ACCOUNT = (
    "You signed in with this computer’s account. Lock the computer too when you leave it: this "
    "only hides what was on the screen."
)


class _Middle(QScrollArea):
    """A card in the middle of a quiet ground."""

    def __init__(self, look: Look, product: str, name: str) -> None:
        super().__init__()
        self._look = look
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.card = Card(look)
        self.card.body.addWidget(Text(look, product, Role.TITLE, tone=Tone.ACCENT))
        ground = Surface(look, sunken=True)
        column = QVBoxLayout(ground)
        column.addStretch(1)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self.card)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(2)
        self.setWidget(ground)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The card is as wide as reads well, and no wider than the window."""
        super().resizeEvent(event)
        self.card.setFixedWidth(min(self._look.px(_WIDTH), max(200, event.size().width() - 24)))


class LockScreen(_Middle):
    """Implements `LockView`. `somebody_else` asks to sign in anew."""

    somebody_else = Signal()

    def __init__(self, look: Look, product: str, name: str, presenter: LockPresenter) -> None:
        super().__init__(look, product, "Locked")
        self._presenter = presenter
        self._trouble = Banner(look, Tone.DANGER, "circle-alert")
        self._trouble.hide()
        self._password = QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        self._password.setAccessibleName(f"Password of {name}")
        self._password.setPlaceholderText("Password")
        self._go = PrimaryButton(look, "Unlock", icon="lock-open", key="Return")
        self._go.clicked.connect(self._unlock)
        other = Button(look, "Sign in as somebody else…", kind=Kind.QUIET)
        other.clicked.connect(self.somebody_else)
        asks = presenter.asks_password
        self._password.setVisible(asks)
        note = _KEPT if asks else f"{_KEPT} {_EMBEDDED if presenter.is_embedded else _ACCOUNT}"
        body = self.card.body
        for each in (
            Text(look, "Locked", Role.HEADING),
            Text(look, f"{name} works here.", wrap=True),
            self._trouble,
            self._password,
            Text(look, note, Role.SMALL, muted=True, wrap=True),
        ):
            body.addWidget(each)
        row = QHBoxLayout()
        row.addWidget(other)
        row.addStretch(1)
        row.addWidget(self._go)
        body.addLayout(row)
        presenter.show(self)
        announce(self, f"Locked. {note}")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """One key where nothing is asked for."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.isAutoRepeat():
            self._unlock()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard goes to what is asked for."""
        super().focusInEvent(event)
        (self._password if self._presenter.asks_password else self._go).setFocus()

    def show_busy(self, busy: bool) -> None:
        """See `LockView`."""
        self._password.setReadOnly(busy)
        self._go.setEnabled(not busy)

    def show_wrong(self) -> None:
        """See `LockView`."""
        self._password.clear()
        self._say("That was not the password.")
        self._password.setFocus()

    def show_wait(self, seconds: int) -> None:
        """See `LockView`."""
        self._password.setEnabled(not seconds)
        self._go.setEnabled(not seconds)
        if seconds:
            left = words.count(seconds, "second")
            self._trouble.set_text("That was not the password.", f"Try again in {left}.")
            self._trouble.show()
        elif self._trouble.isVisible():
            self._say("You can try again now.")
            self._password.setFocus()

    def show_trouble(self, trouble: CrmError) -> None:
        """See `LockView`."""
        told = words_for(trouble)
        self._say(told.happened, told.rest())

    def _say(self, text: str, detail: str = "") -> None:
        self._trouble.set_text(text, detail)
        self._trouble.show()
        announce(self, self._trouble.text())

    @Slot()
    def _unlock(self) -> None:
        self._presenter.unlock(self._password.text())


class OverScreen(_Middle):
    """Says why a session is over; `again` asks to sign in."""

    again = Signal()

    def __init__(self, look: Look, product: str, trouble: CrmError) -> None:
        super().__init__(look, product, "Signed out")
        told = words_for(trouble)
        banner = Banner(look, Tone.WARNING, "lock", told.happened, told.rest())
        self._go = PrimaryButton(look, "Sign in…", key="Return")
        self._go.clicked.connect(self.again)
        self.card.body.addWidget(banner)
        self.card.body.addWidget(self._go, 0, Qt.AlignmentFlag.AlignRight)
        announce(self, banner.text())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """The keyboard goes to the way on."""
        super().focusInEvent(event)
        self._go.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.again.emit()
        else:
            super().keyPressEvent(event)
