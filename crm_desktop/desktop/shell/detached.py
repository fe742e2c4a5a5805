"""A workspace in a window of its own, with commands of its own; it lives until it is closed."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.layout import restore_layout, save_layout
from crm_desktop.desktop.shell.call_desk import CallDesk
from crm_desktop.desktop.shell.chat_desk import ChatDesk
from crm_desktop.desktop.shell.commands import CALL, CHAT, COMMANDS, CONTACT, WRITING
from crm_desktop.desktop.shell.contact_commands import ContactCommands
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.workplace import Workplace
from crm_desktop.desktop.widgets.banner import ErrorBar
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.views import ContactView

_OWN = {CONTACT, CALL, CHAT, WRITING}
#: What belongs to the person's whole desk stays with the main window.
_MAIN_ALONE = {
    "contact.detach", "contact.log", "contact.logged", "chat.next",
    *(f"chat.go_{number}" for number in range(1, 6)),
}  # fmt: skip


class DetachedWindow(QWidget):
    """`closed` carries the window itself, so that the main window may forget it."""

    closed = Signal(object)

    def __init__(
        self, desk: Desk, contact_id: int, parent: QWidget, calls: CallDesk, chats: ChatDesk
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._desk = desk
        self.registry = registry = CommandRegistry(desk.look, {desk.person.role}, self)
        registry.add(
            each
            for each in COMMANDS
            if (each.section in _OWN and each.id not in _MAIN_ALONE) or each.id == "view.side"
        )
        self._registry = registry
        self._error = ErrorBar(desk.look)
        self.workplace = Workplace(desk, registry, self)
        self.workplace.screen.wrap_up.offer_next(False)
        self.commands = ContactCommands(desk, registry, self, self.open_contact, self._error)
        self.commands.set_target(self._target)
        self.commands.calls = self.workplace.calls = calls
        self.commands.chats = chats
        self.workplace.customer_number.connect(calls.ask_number)
        self.commands.add_toast(self.workplace.screen.toast)
        self.commands.add_toast(self.workplace.screen.meanwhile.toast)
        self.commands.add_toast(self.workplace.screen.document_toast)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._error)
        column.addWidget(self.workplace.screen, 1)
        column.addWidget(self.commands.toast)
        registry.attach(self)
        self.workplace.screen.shown.connect(self._name)
        self.workplace.trouble.connect(self._error.show_trouble)
        self.workplace.contact_wanted.connect(self.open_contact)
        self.workplace.start()
        self.workplace.presenter.open(contact_id)
        self.resize(desk.look.px(1000), desk.look.px(760))
        restore_layout(self, desk.settings, "detached")

    def open_contact(self, contact_id: int) -> None:
        """Show another contact in this window."""
        self.workplace.presenter.open(contact_id)

    def set_away(self, why: str) -> None:
        """The database is away, or (empty) back."""
        self._registry.set_away(why)
        self.workplace.set_away(why)

    def changed(self, changes: Changes) -> None:
        """Read again what is shown and changed."""
        self.workplace.changed(changes)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Keep what is typed and where the window was."""
        self.workplace.stop()
        save_layout(self, self._desk.settings, "detached")
        self.closed.emit(self)
        super().closeEvent(event)

    def _target(self) -> ContactView | None:
        return self.workplace.presenter.contact

    def _name(self, contact: ContactView | None) -> None:
        self.setWindowTitle(contact.row.who if contact else "No contact")
