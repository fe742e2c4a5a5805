"""Documents of the open contact: the window that adds them, and the offer to take one back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ContactView

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.documents.dialog import AddDocumentDialog
    from crm_desktop.services.documents import Added


class DocumentDesk(QObject):
    """One a workspace; `contact` gives the open one, `tell` hears of what went wrong."""

    def __init__(
        self,
        desk: Desk,
        registry: CommandRegistry,
        screen: WorkspaceScreen,
        contact: Callable[[], ContactView | None],
        tell: Callable[[CrmError], None],
    ) -> None:
        super().__init__(screen)
        self._desk, self._screen, self._contact, self._tell = desk, screen, contact, tell
        self.dialog: AddDocumentDialog | None = None
        self._added: Added | None = None
        registry.bind("document.add", self.open_dialog)
        screen.document_toast.undone.connect(self._undo)

    @Slot()
    def open_dialog(self) -> None:
        """Put a document of the open contact's customer together."""
        contact = self._contact()
        if self.dialog is not None:
            self.dialog.raise_()
            return
        if contact is None:
            return
        # Not at the start: most contacts bring no paper.
        from crm_desktop.desktop.screens.documents.dialog import AddDocumentDialog
        from crm_desktop.desktop.screens.documents.presenter import DocumentPresenter

        desk, row = self._desk, contact.row
        who = contact.customer.name if contact.customer else row.who
        dialog = AddDocumentDialog(desk.look, desk.settings, who, contact.cases, self._screen)
        dialog.bind(
            DocumentPresenter(
                desk.db,
                desk.runner.for_owner(dialog),
                desk.files,
                dialog,
                contact_id=row.id,
                later=later_for(dialog),
            )
        )
        dialog.done_with.connect(self._done)
        dialog.finished.connect(self._closed)
        self.dialog = dialog
        dialog.open()

    @Slot(object, str)
    def _done(self, added: Added, kind: str) -> None:
        self._added = added
        self._screen.document_toast.offer(f"Added: {kind}")

    @Slot(int)
    def _closed(self, _result: int) -> None:
        self.dialog = None

    @Slot()
    def _undo(self) -> None:
        if self._added is None:
            return
        from crm_desktop.services import documents

        tasks = self._desk.runner.for_owner(self)
        tasks.write(
            partial(documents.undo, self._desk.db, self._added.message_id), failed=self._tell
        )
        self._added = None
