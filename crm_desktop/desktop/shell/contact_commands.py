"""Take, park, return, transfer, raise and why as commands of one window, whoever the target is."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.parking import ParkUntil
from crm_desktop.desktop.shell.call_desk import CallDesk
from crm_desktop.desktop.shell.chat_desk import ChatDesk
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.shell.gestures import Gestures
from crm_desktop.desktop.shell.park_menu import ParkMenu
from crm_desktop.desktop.shell.raising import RaiseDialog
from crm_desktop.desktop.shell.transfer import TransferDialog
from crm_desktop.desktop.shell.why import WhyDialog
from crm_desktop.desktop.widgets.banner import ErrorBar, UndoToast
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import IN_HAND, ContactState
from crm_desktop.domain.views import ContactView, QueueInfo, QueueRow, StaffInfo

if TYPE_CHECKING:
    from crm_desktop.services.routing import Explanation

Target = ContactView | QueueRow | None
_GONE = (ContactState.COMPLETED, ContactState.SPAM, ContactState.ABANDONED)
#: The conversation goes on: what lays a contact aside would leave it alone with nobody.
ON_CALL = "The call is still on. Hang up first (Ctrl+F12), or transfer the call (F11)."
#: Somebody sits before the chat.
IN_CHAT = "The visitor is in the chat. Transfer it (X), or end it (Ctrl+E)."


class ContactCommands(QObject):
    """Implements `GestureView` for a window; the target is the chosen row or the open contact."""

    def __init__(
        self,
        desk: Desk,
        registry: CommandRegistry,
        window: QWidget,
        open_contact: Callable[[int], None],
        error: ErrorBar,
    ) -> None:
        super().__init__(window)
        self._desk, self._registry, self._window = desk, registry, window
        self._open, self._error = open_contact, error
        self._target: Callable[[], Target] = _no_target
        self._undo: Callable[[], None] | None = None
        self.calls: CallDesk | None = None
        self.chats: ChatDesk | None = None
        self.toast = UndoToast(desk.look)
        self.toast.undone.connect(self._take_back)
        self._toasts = [self.toast]
        self.gestures = Gestures(desk.db, desk.runner.for_owner(self), self)
        registry.bind("contact.take", self._take)
        registry.bind("toast.undo", self._undo_last)
        registry.bind("contact.park", self._park)
        registry.bind("contact.return", self._release)
        registry.bind("contact.transfer", self._transfer)
        registry.bind("contact.raise", self._raise)
        registry.bind("contact.why", self._explain)

    def set_target(self, target: Callable[[], Target]) -> None:
        """Say how to find the contact that the commands are about."""
        self._target = target

    def add_toast(self, toast: UndoToast) -> None:
        """Another offer that the command for taking back concerns."""
        self._toasts.append(toast)

    def fit(self) -> None:
        """Enable what fits the target's state; call whenever the target changed."""
        row = self._row()
        mine = row is not None and row.owner_id == self._desk.person.id
        held = mine and row is not None and row.state in (*IN_HAND, ContactState.PARKED)
        free = row is not None and row.owner_id is None and row.state not in _GONE
        parked = mine and row is not None and row.state is ContactState.PARKED
        lead = row is not None and self._desk.person.leads and row.state not in _GONE
        offered = mine and row is not None and row.state is ContactState.OFFERED
        talking = row is not None and self._is_talking(row.id)
        chats = row is not None and self.chats is not None and self.chats.is_open(row.id)
        enable = self._registry.set_enabled
        enable("contact.take", free or parked or offered)
        enable("contact.raise", row is not None and row.state not in _GONE)
        enable("contact.why", row is not None)
        enable("contact.park", held and not parked and not talking and not chats)
        enable("contact.return", held and not talking)
        for each in ("contact.park", "contact.return"):
            self._registry.set_reason(each, ON_CALL if talking else "")
        if chats:
            self._registry.set_reason("contact.park", IN_CHAT)
        enable("contact.transfer", held or lead)

    def _is_talking(self, contact_id: int) -> bool:
        return self.calls is not None and self.calls.is_talking(contact_id)

    # GestureView

    def open_contact(self, contact_id: int) -> None:
        """See `GestureView`."""
        self._open(contact_id)

    def say(self, text: str) -> None:
        """See `GestureView`."""
        self._undo = None
        announce(self._window, text)
        self._window.setProperty("said", text)

    def say_with_undo(self, text: str, undo: Callable[[], None]) -> None:
        """See `GestureView`."""
        self.toast.offer(text)
        self._undo = undo

    def show_trouble(self, trouble: CrmError) -> None:
        """See `GestureView`."""
        self._error.show_trouble(trouble)

    def ask_transfer(
        self, contact_id: int, queues: tuple[QueueInfo, ...], colleagues: tuple[StaffInfo, ...]
    ) -> None:
        """See `GestureView`."""
        me = self._desk.person.id
        dialog = TransferDialog(self._desk.look, queues, colleagues, me, self._window)
        dialog.chosen.connect(partial(self._transferred, contact_id))
        dialog.open()

    def show_explanation(self, told: Explanation) -> None:
        """See `GestureView`."""
        WhyDialog(self._desk.look, told, self._window).open()

    def _row(self) -> QueueRow | None:
        target = self._target()
        return target.row if isinstance(target, ContactView) else target

    def _take(self) -> None:
        row = self._row()
        if row is None:
            return
        if row.state is ContactState.PARKED:
            self.gestures.resume(row.id)
        elif self.calls is not None and self.calls.answer(row.id):
            return
        else:
            self.gestures.take(row.id)

    def _release(self) -> None:
        row = self._row()
        if row is not None:
            self.gestures.release(row.id)

    def _transfer(self) -> None:
        row = self._row()
        if row is not None and self._is_talking(row.id):
            self._registry.run("call.transfer")
        elif row is not None:
            self.gestures.begin_transfer(row.id)

    def _raise(self) -> None:
        row = self._row()
        if row is not None:
            dialog = RaiseDialog(self._desk.look, row.raised, self._window)
            dialog.chosen.connect(partial(self.gestures.boost, row.id))
            dialog.open()

    def _explain(self) -> None:
        row = self._row()
        if row is not None:
            self.gestures.explain(row.id)

    def _park(self) -> None:
        row = self._row()
        if row is None:
            return
        menu = ParkMenu(self._desk.look, self._desk.clock, self._window)
        menu.chosen.connect(partial(self._parked, row.id))
        menu.popup(QCursor.pos())

    def _parked(self, contact_id: int, choice: ParkUntil) -> None:
        self.gestures.park(
            contact_id, choice.until, for_reply=choice.for_reply, told=choice.words.lower()
        )

    def _transferred(self, contact_id: int, where: tuple[str, int], name: str, note: str) -> None:
        kind, number = where
        self.gestures.transfer(
            contact_id,
            queue_id=number if kind == "queue" else None,
            staff_id=number if kind == "staff" else None,
            note=note,
            told=name,
        )

    def _undo_last(self) -> None:
        for toast in self._toasts:
            toast.undo()

    @Slot()
    def _take_back(self) -> None:
        if self._undo is not None:
            self._undo()
            self._undo = None


def _no_target() -> Target:
    return None
