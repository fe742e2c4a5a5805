"""One workspace with all its presenters: in the main window, or in a window of its own."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.screens.workspace.beside import CustomerChoice, Knowledge
from crm_desktop.desktop.screens.workspace.casework import Casework
from crm_desktop.desktop.screens.workspace.customer_dialog import CustomerDialog
from crm_desktop.desktop.screens.workspace.drafts import DraftKeeper
from crm_desktop.desktop.screens.workspace.listening import Listening
from crm_desktop.desktop.screens.workspace.posting import Posts
from crm_desktop.desktop.screens.workspace.presenter import WorkspacePresenter
from crm_desktop.desktop.screens.workspace.recordings import Recordings
from crm_desktop.desktop.screens.workspace.replying import Replying
from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.screens.workspace.wrap_up_presenter import WrapUpPresenter
from crm_desktop.desktop.shell.call_desk import CallDesk
from crm_desktop.desktop.shell.call_port import candidates
from crm_desktop.desktop.shell.contact_commands import ON_CALL
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.document_desk import DocumentDesk
from crm_desktop.desktop.shell.finders import contact_of_case
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel, Visibility
from crm_desktop.domain.views import ContactView, HistoryEntry, NewAttachment, ServiceInfo
from crm_desktop.services import contacts, replies
from crm_desktop.services import queue as queues

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.chatting import Chatting
    from crm_desktop.services.replies import AttachmentContent

#: Commands that need an open contact, and those that need it in this person's hands.
_READING = ("contact.detach", "knowledge.focus", "case.focus", "note.focus", "document.add")
_WRITING = (
    "contact.park", "contact.return", "contact.transfer", "contact.wrap_up", "contact.spam",
    "reply.focus", "template.insert", "case.save",
)  # fmt: skip
_HAND_OFF = "case.hand_off"
#: What somebody who is on the telephone cannot do with its contact.
_LAYS_ASIDE = ("contact.park", "contact.return", "contact.wrap_up", "contact.spam")


class Workplace(QObject):
    """Builds and connects a workspace. Signals: `saved` a draft reached the database,
    `trouble` a CrmError for the window's bar, `contact_wanted` an id out of a history,
    `seen_wanted` the customer of whom somebody asks who has seen them, `customer_number` a number
    that is to be called.
    """

    saved = Signal()
    trouble = Signal(object)
    contact_wanted = Signal(object)
    seen_wanted = Signal(object)
    customer_number = Signal(str)

    def __init__(self, desk: Desk, registry: CommandRegistry, parent: QObject) -> None:
        super().__init__(parent)
        self._desk, self._registry = desk, registry
        self._why_no_hand_off = ""
        self.calls: CallDesk | None = None
        self._who_asked: int | None = None
        self._paid_in: int | None = None
        self.services: tuple[ServiceInfo, ...] = ()
        self.screen = WorkspaceScreen(desk.look, desk.clock, registry, desk.person)
        later = later_for(self.screen)
        self._tasks: Tasks = desk.runner.for_owner(self.screen)
        self.presenter = WorkspacePresenter(
            desk.db, self._tasks, self.screen, me=desk.person.id, later=later
        )
        self._keeper = DraftKeeper(
            desk.db,
            self._tasks,
            desk.drafts,
            later=later,
            saved=self._draft_saved,
            trouble=self._draft_not_saved,
            desk=desk.name,
        )
        self._replying = Replying(
            desk.db,
            self._tasks,
            self.screen.answering,
            self._keeper,
            undo_seconds=desk.undo_seconds,
        )
        self._casework = Casework(desk.db, self._tasks, self.screen.case_pane)
        self._knowledge = Knowledge(desk.db, desk.answers, self._tasks, self.screen.knowledge)
        self.screen.bind(
            self.presenter, self._replying, self._casework, self._knowledge, self._keeper
        )
        self.recordings = Recordings(desk.look, desk.clock)
        self.screen.conversation.set_head(self.recordings)
        self._listening = Listening(
            desk.db, desk.runner.for_owner(self.recordings), self.recordings, later=later
        )
        self.screen.chat.bind(self._make_chatting)
        self.screen.posting.bind(Posts(desk.db, self._tasks, self.screen.posting))
        self.screen.after_call.bind(WrapUpPresenter(desk.db, self._tasks, self.screen.after_call))
        self.documents = DocumentDesk(
            desk, registry, self.screen, lambda: self.presenter.contact, self._tell
        )
        self._connect()
        self._bind_commands()

    def start(self) -> None:
        """Read what every contact needs."""
        self._replying.start()
        self._tasks.read(partial(queues.services, self._desk.db), self._show_services)

    def changed(self, changes: Changes) -> None:
        """Read again what is shown and changed."""
        self.presenter.changed(changes)
        self.screen.chat.changed(changes)
        self._listening.changed(changes)

    def _make_chatting(self) -> Chatting:
        """The first chat is opened: what none needed before is loaded."""
        from crm_desktop.desktop.screens.workspace.chatting import Chatting
        from crm_desktop.desktop.shell.chat_port import Chats

        return Chatting(
            Chats(self._desk.db),
            self._tasks,
            self.screen.chat,
            self._keeper,
            me=self._desk.person.id,
            now=self._desk.clock.now,
            later=later_for(self.screen),
        )

    def keep(self) -> None:
        """Keep what is typed, here and in the database."""
        self._keeper.flush()

    def set_away(self, why: str) -> None:
        """The database is away, or (empty) back: texts are kept here until it has them."""
        self._keeper.set_away(bool(why))
        for place in (self.screen.compose, self.screen.posting.pane):
            place.set_away(why)

    def stop(self) -> None:
        """Keep what is typed and let go of the contact."""
        self._paying(False)
        self.presenter.stop()
        self._keeper.flush()

    def _show_services(self, services: tuple[ServiceInfo, ...]) -> None:
        self.services = services
        self.screen.set_services(services)

    def _connect(self) -> None:
        screen = self.screen
        screen.shown.connect(self._shown)
        screen.shown.connect(self._listening.show)
        self.recordings.wanted.connect(self._listening.want)
        screen.case_pane.hand_off_fits.connect(self._hand_off_fits)
        screen.file_wanted.connect(self._open_file)
        screen.case_pane.file_wanted.connect(self._open_file)
        screen.link_wanted.connect(self._open_link)
        screen.case_pane.page_wanted.connect(self._open_link)
        screen.case_pane.paying.connect(self._paying)
        screen.files_wanted.connect(self._attach)
        screen.customer_wanted.connect(self._choose_customer)
        screen.history_wanted.connect(self._open_history)
        screen.seen_wanted.connect(self.seen_wanted)
        screen.customer.dial_wanted.connect(self.customer_number)
        screen.customer.is_this.connect(self._is_this)
        screen.conversation.dial_wanted.connect(self.customer_number)

    @Slot(bool)
    def _paying(self, on: bool) -> None:
        """The contact may be another by the time at which its form goes away."""
        before, self._paid_in = self._paid_in, self.presenter.contact_id if on else None
        if self.calls is None:
            return
        if before is not None:
            self.calls.payment.end(before)
        if self._paid_in is not None:
            self.calls.payment.begin(self._paid_in)

    def _bind_commands(self) -> None:
        bind, screen = self._registry.bind, self.screen
        bind("contact.wrap_up", self.presenter.begin_wrap_up)
        bind("contact.spam", self.presenter.spam)
        bind("reply.focus", partial(screen.focus_reply, Visibility.PUBLIC))
        bind("note.focus", partial(screen.focus_reply, Visibility.INTERNAL))
        bind("template.insert", screen.choose_template)
        bind("knowledge.focus", screen.focus_knowledge)
        bind("case.focus", screen.focus_case)
        bind("case.save", screen.save_case)
        bind("case.hand_off", screen.hand_off)
        bind("view.side", self._toggle_side)
        screen.chat.bind_commands()
        self._shown(None)

    @Slot(object)
    def _shown(self, contact: ContactView | None) -> None:
        """Enable what fits the contact's state."""
        can = contact is not None and self.presenter.can_write()
        for each in _READING:
            self._registry.set_enabled(each, contact is not None)
        talking = contact is not None and self._is_talking(contact.row.id)
        for each in _WRITING:
            laid_aside = talking and each in _LAYS_ASIDE
            self._registry.set_enabled(each, can and not laid_aside)
            self._registry.set_reason(each, ON_CALL if laid_aside else "")
        self._fit_hand_off()
        self._ask_who(contact)

    def fit(self) -> None:
        """A call began or ended."""
        self._shown(self.presenter.contact)

    def _is_talking(self, contact_id: int) -> bool:
        return self.calls is not None and self.calls.is_talking(contact_id)

    def _ask_who(self, contact: ContactView | None) -> None:
        """Whose number it is, where several share it and nobody has said yet."""
        call = contact is not None and contact.row.channel is Channel.CALL
        if contact is None or not call or contact.customer or not self.presenter.is_mine:
            self._who_asked = None
            self.screen.customer.offer(())
            return
        if self._who_asked == contact.row.id:
            return
        self._who_asked = contact.row.id
        self.screen.customer.offer(())
        self._tasks.read(
            partial(candidates, self._desk.db, contact.row.id),
            partial(self._offer_who, contact.row.id),
            failed=_nothing,
            key="candidates",
        )

    def _offer_who(self, contact_id: int, found: tuple[tuple[int, str], ...]) -> None:
        if self.presenter.contact_id == contact_id:
            self.screen.customer.offer(found)

    @Slot(object)
    def _is_this(self, customer_id: int) -> None:
        contact = self.presenter.contact
        if contact is not None:
            self._tasks.write(
                partial(contacts.set_customer, self._desk.db, contact.row.id, customer_id)
            )

    @Slot(str)
    def _hand_off_fits(self, why_not: str) -> None:
        self._why_no_hand_off = why_not
        self._fit_hand_off()

    def _fit_hand_off(self) -> None:
        can = self.presenter.contact is not None and self.presenter.can_write()
        self._registry.set_enabled(_HAND_OFF, can and not self._why_no_hand_off)
        self._registry.set_reason(_HAND_OFF, self._why_no_hand_off if can else "")

    def _toggle_side(self) -> None:
        self.screen.set_side_shown(not self.screen.side_shown)

    def _draft_saved(self) -> None:
        self.saved.emit()

    def _draft_not_saved(self, trouble: CrmError) -> None:
        self.screen.show_trouble(trouble)

    def _tell(self, trouble: CrmError) -> None:
        self.trouble.emit(trouble)

    @Slot(object)
    def _open_file(self, attachment_id: int) -> None:
        self._tasks.read(partial(self._fetch_and_open, attachment_id), _nothing, failed=self._tell)

    def _fetch_and_open(self, attachment_id: int) -> AttachmentContent:
        """On the worker: read the bytes and hand them to the person's own program."""
        found = replies.attachment(self._desk.db, attachment_id)
        self._desk.files.open(found.name, found.content)
        return found

    @Slot(str)
    def _open_link(self, url: str) -> None:
        if url.startswith("tel:"):
            self.customer_number.emit(url.removeprefix("tel:"))
            return
        self._tasks.read(partial(self._desk.files.open_link, url), _nothing, failed=self._tell)

    @Slot(object)
    def _attach(self, paths: tuple[str, ...]) -> None:
        for path in paths:
            self._tasks.files(
                partial(self._desk.files.load, path), self._attached, failed=self._tell
            )

    def _attached(self, file: NewAttachment) -> None:
        self.screen.place.add_file(file)

    @Slot()
    def _choose_customer(self) -> None:
        contact = self.presenter.contact
        if contact is None:
            return
        dialog = CustomerDialog(self._desk.look, contact, self.screen)
        tasks = self._desk.runner.for_owner(dialog)
        dialog.bind(CustomerChoice(self._desk.db, tasks, dialog, contact.row.id))
        dialog.open()

    @Slot(object)
    def _open_history(self, entry: HistoryEntry) -> None:
        contact = self.presenter.contact
        if entry.kind == "contact":
            self.contact_wanted.emit(entry.id)
        elif contact is not None and entry.id in {case.id for case in contact.cases}:
            self._casework.choose_case(entry.id)
            self.screen.focus_case()
        else:
            self._tasks.read(
                partial(contact_of_case, self._desk.db, entry.id),
                self.contact_wanted.emit,
                failed=self._tell,
                key="history",
            )


def _nothing(_answer: object) -> None:
    """What was asked for happened elsewhere."""
