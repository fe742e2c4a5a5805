"""Payment is taken on the provider's own page: this opens it, and never asks for a card number."""

from __future__ import annotations

from urllib.parse import urlsplit

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button
from crm_desktop.desktop.widgets.form_editors import Editor
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.forms import Field

_IDLE = "Card details are for the provider's page alone. The recording pauses while you are here."
_OPEN = "The payment page is open. The recording stays paused until you say that it is finished."


class PaymentEditor(Editor):
    """A button to the provider's page, and a line for the reference that the provider gives.

    `paying` says that nothing must be recorded: from the moment at which the keyboard is here, and
    while the page is open, until somebody says that the payment is finished. `page_wanted` carries
    the page's address.
    """

    paying = Signal(bool)
    page_wanted = Signal(str)

    def __init__(self, look: Look, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, parent)
        self._look = look
        self._said = False
        self._is_open = False
        host = urlsplit(field.url).hostname or ""
        self.open = Button(look, f"Pay on {host}", icon="external-link")
        self.open.clicked.connect(self._open_page)
        self.finished = Button(look, "Payment is finished", icon="check")
        self.finished.clicked.connect(self.finish)
        self.finished.hide()
        self._line = QLineEdit()
        self._line.setPlaceholderText("Provider's reference, if it gives one")
        self._line.textChanged.connect(self.edited)
        self._note = Text(look, _IDLE, Role.SMALL, muted=True, wrap=True)
        buttons = QHBoxLayout()
        for each in (self.open, self.finished):
            buttons.addWidget(each)
        buttons.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(buttons)
        column.addWidget(self._line)
        column.addWidget(self._note)
        self.inputs = (self.open, self.finished, self._line)
        self.setFocusProxy(self.open)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._moved)

    @property
    def is_paying(self) -> bool:
        """Whether nothing must be recorded now."""
        return self._said

    def value(self) -> object:
        """The provider's reference."""
        return self._line.text()

    def set_value(self, value: object) -> None:
        """Show a reference."""
        self._line.setText("" if value is None else str(value))

    def set_read_only(self, read_only: bool) -> None:
        """Nothing is paid in others' contacts."""
        self.open.setEnabled(not read_only)
        self._line.setReadOnly(read_only)

    def describe(self, name: str, description: str) -> None:
        """Each part says what it is for."""
        super().describe(name, description)
        self.open.setAccessibleName(f"{name}: {self.open.text()}, opens in the browser")
        self.finished.setAccessibleName(f"{name}: {self.finished.text()}")
        self._line.setAccessibleName(f"{name}: the provider's reference")

    @Slot()
    def finish(self) -> None:
        """The payment is over, one way or the other; the reference can be noted."""
        if self._is_open:
            self._is_open = False
            self._line.setFocus()
            self._show_state()

    @Slot(QWidget, QWidget)
    def _moved(self, _from: QWidget | None, to: QWidget | None) -> None:
        """The keyboard is elsewhere. At none when another program has it: where somebody may be
        paying.
        """
        if to is not None:
            self._tell(to in self.inputs)

    def leave(self) -> None:
        """The question goes away."""
        self._is_open = False
        self._tell(False)

    @Slot()
    def _open_page(self) -> None:
        self._is_open = True
        self._tell(True)
        self._show_state()
        announce(self, _OPEN)
        self.page_wanted.emit(self.field.url)

    def _tell(self, here: bool) -> None:
        paying = here or self._is_open
        if paying != self._said:
            self._said = paying
            self.paying.emit(paying)

    def _show_state(self) -> None:
        self.finished.setVisible(self._is_open)
        self._note.setText(_OPEN if self._is_open else _IDLE)
