"""The workspace on the screen: head, notices, tabs, and the panel of customer and knowledge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.after_call import AfterCall
from crm_desktop.desktop.screens.workspace.answering import (
    CONVERSATION,
    Answering,
    adds_only_mails,
)
from crm_desktop.desktop.screens.workspace.case_pane import CasePane
from crm_desktop.desktop.screens.workspace.chat_side import ChatSide
from crm_desktop.desktop.screens.workspace.compose import ComposePane
from crm_desktop.desktop.screens.workspace.conversation import Conversation
from crm_desktop.desktop.screens.workspace.header import WorkspaceHeader
from crm_desktop.desktop.screens.workspace.lists import (
    case_title,
    file_rows,
    forgotten_words,
    timeline_rows,
    whose_words,
)
from crm_desktop.desktop.screens.workspace.meanwhile import Meanwhile
from crm_desktop.desktop.screens.workspace.notices import Notices
from crm_desktop.desktop.screens.workspace.posting import Posting
from crm_desktop.desktop.screens.workspace.side import KNOWLEDGE, SidePanel, bare_column
from crm_desktop.desktop.screens.workspace.unsent import Unsent
from crm_desktop.desktop.screens.workspace.wrap_up import WrapUpPanel
from crm_desktop.desktop.widgets.banner import Banner, UndoToast
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.customer_panel import CustomerPanel
from crm_desktop.desktop.widgets.flow import lay_out
from crm_desktop.desktop.widgets.knowledge_panel import KnowledgePanel, text_of
from crm_desktop.desktop.widgets.row_list import RowList, Timeline
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Channel, ContactState, Resolution, Visibility
from crm_desktop.domain.views import (
    ArticleView,
    ContactView,
    Disposition,
    DraftView,
    ServiceInfo,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.beside import Knowledge
    from crm_desktop.desktop.screens.workspace.casework import Casework
    from crm_desktop.desktop.screens.workspace.drafts import Content, DraftKeeper
    from crm_desktop.desktop.screens.workspace.presenter import WorkspacePresenter
    from crm_desktop.desktop.screens.workspace.replying import Replying

_CASE, _TIMELINE, _FILES = "case", "timeline", "files"
_TABS = (CONVERSATION, _CASE, _TIMELINE, _FILES)
#: Below this width (at 100 %) the panel beside the contact gives way.
_NARROW = 760
#: Below this width (at 100 %) buttons that another place offers too are left out.
_CROWDED = 900
#: Below this height (at 100 %) notices say their main sentence only.
_LOW = 560
_EMPTY, _CONTENT = range(2)
_ANY = 16_777_215
#: As high is the box in which lines of a chat are written, and where there is little height: most
#: of the room is for reading.
_LINE_BOX, _LOW_LINE_BOX = 158, 88


class WorkspaceScreen(QWidget):
    """Implements `WorkspaceView` and hands on to its panes; `answering` is its `ReplyView`.

    Signals: `file_wanted` an attachment's id, `link_wanted` an address, `history_wanted` a
    HistoryEntry, `files_wanted` paths to attach, `customer_wanted`, `shown` the contact or None,
    `over` that it is wrapped up and whether the next is wanted.
    """

    file_wanted = Signal(object)
    link_wanted = Signal(str)
    history_wanted = Signal(object)
    files_wanted = Signal(object)
    customer_wanted = Signal()
    seen_wanted = Signal(object)
    shown = Signal(object)
    over = Signal(bool)

    def __init__(
        self,
        look: Look,
        clock: Clock,
        registry: CommandRegistry,
        person: Person,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._look, self._clock, self._registry, self._person = look, clock, registry, person
        self._contact: ContactView | None = None
        self._side_wanted = True
        self.setAccessibleName("Workspace")
        self.header = WorkspaceHeader(look, registry)
        self.notices = Notices(look)
        self.tabs = TabStrip(look, "Parts of the contact")
        self.conversation = Conversation(look, clock, person.name)
        self.compose = ComposePane(look)
        self.case_pane = CasePane(look, clock)
        self.timeline = Timeline(look)
        self.files = RowList(look, "Files")
        self.customer = CustomerPanel(look, clock, audited=person.leads)
        self.knowledge = KnowledgePanel(look)
        self._side = SidePanel(look, self.customer, self.knowledge)
        self.wrap_up = WrapUpPanel(look)
        self.toast = UndoToast(look)
        self.document_toast = UndoToast(look)
        self.answering = Answering(self, clock)
        self.meanwhile = Meanwhile(self, look, person)
        self.unsent = Unsent(self, person.id)
        self.after_call = AfterCall(self, look, clock)
        self.posting = Posting(self, look, clock)
        self.chat = ChatSide(self, look, clock, registry, person)
        self._others = Banner(look, Tone.NEUTRAL, "eye", wide=True)
        self._nothing = EmptyState(
            look, "inbox", "No contact is open.", "Choose one in the queue, or press F9."
        )
        self._lay_out()
        self._connect()

    def bind(
        self,
        presenter: WorkspacePresenter,
        replying: Replying,
        casework: Casework,
        knowledge: Knowledge,
        keeper: DraftKeeper,
    ) -> None:
        """Give the screen who answers it."""
        self._presenter, self._replying, self._casework = presenter, replying, casework
        self._knowledge, self._keeper = knowledge, keeper
        self.unsent.bind(keeper, replying)
        save, hand_off = (self._registry.action(f"case.{each}") for each in ("save", "hand_off"))
        self.case_pane.bind(casework, save, hand_off, self._registry.action("document.add"))
        self.knowledge.bind(knowledge)

    @property
    def place(self) -> ComposePane | Posting:
        """Where the open contact is answered."""
        return self.posting if self.posting.is_on else self.compose

    @property
    def replying(self) -> Replying:
        """Who sends what is written."""
        return self._replying

    def _show_place(self, shown: bool) -> None:
        self.compose.setVisible(shown and not self.posting.is_on)
        self.posting.pane.setVisible(shown and self.posting.is_on)

    @property
    def presenter(self) -> WorkspacePresenter:
        """Who answers the screen."""
        return self._presenter

    def set_services(self, services: tuple[ServiceInfo, ...]) -> None:
        """What services there are, for the case and the wrap-up."""
        self.case_pane.set_services(services)
        self.wrap_up.set_services(services)

    # What the workspace's presenter asks.

    def show_contact(self, contact: ContactView, *, fresh: bool) -> None:
        """See `WorkspaceView`."""
        before, self._contact = None if fresh else self._contact, contact
        if before is not None and adds_only_mails(before, contact):
            self._show_parts(contact, before)
            self.meanwhile.changed(contact)
            self.shown.emit(contact)
            return
        mine, writable = self._presenter.is_mine, self._presenter.can_write()
        self.header.show_contact(contact, _CHANNELS[contact.row.channel], mine=mine)
        self.notices.show_contact(contact, me=self._person.id)
        self._show_parts(contact, before)
        self.case_pane.show_contact(contact, writable=writable)
        self._casework.show(contact, fresh=fresh, writable=writable)
        self.chat.show_contact(contact, fresh=fresh)
        self.posting.show_contact(contact)
        self._knowledge.show(contact, fresh=fresh)
        self.knowledge.set_can_insert(writable)
        self.tabs.set_count(_CASE, None, case_title(contact))
        # What comes and goes at the foot is laid out once, and mostly stands where it stood before.
        self._below.setEnabled(False)
        if fresh or not writable:
            self._set_wrapping(False)
        elif before is not None and self._has_come_back(before, contact):
            self._set_wrapping(False)
            # Not into the line: whoever was answering the questions would send the answers.
            self.chat.pane.view.setFocus(Qt.FocusReason.OtherFocusReason)
            accessibility.announce(self, f"{contact.row.who} is back in the chat")
        self._show_place(writable and not self.is_wrapping_up)
        self._say_whose(contact, writable=writable)
        self._below.setEnabled(True)
        lay_out(self._talk)
        if fresh:
            self._begin(contact)
        else:
            self.meanwhile.changed(contact)
        self.shown.emit(contact)

    def _has_come_back(self, before: ContactView, contact: ContactView) -> bool:
        """Whether the visitor of a chat went on while its questions were asked."""
        states = (before.row.state, contact.row.state)
        resumed = states == (ContactState.WRAP_UP, ContactState.ACTIVE)
        return resumed and self.is_wrapping_up and self.chat.is_shown

    def _show_parts(self, contact: ContactView, before: ContactView | None) -> None:
        """What differs from before: most of a contact stays as it is when something happens."""
        self.customer.show_customer(contact.customer)
        if before is None or before.timeline != contact.timeline:
            self.tabs.set_count(_TIMELINE, len(contact.timeline))
            self._show_timeline()
        if self.chat.is_chat(contact):
            return
        if before is None or before.messages != contact.messages or before.thread != contact.thread:
            self.conversation.show_contact(contact)
            self.show_files(file_rows(contact, self._clock))

    def show_files(self, files: list[Row]) -> None:
        """These are the contact's files; keys are attachment ids."""
        self.files.set_rows(files)
        self.tabs.set_count(_FILES, len(files) or None)

    def _show_timeline(self) -> None:
        """Most contacts are answered without it: its rows are made when it is looked at."""
        if self._contact is not None and self._parts.currentWidget() is self.timeline:
            self.timeline.set_rows(timeline_rows(self._contact, self._clock))

    def is_open(self, contact_id: int) -> bool:
        """Whether this contact is the one that is shown."""
        return self._contact is not None and self._contact.row.id == contact_id

    def show_images(self, images: dict[str, bytes]) -> None:
        """See `WorkspaceView`."""
        self.conversation.set_images(images)

    def show_looking(self, names: tuple[str, ...]) -> None:
        """See `WorkspaceView`."""
        self.header.show_looking(names)

    def show_nothing(self, words: str) -> None:
        """See `WorkspaceView`."""
        self._contact = None
        self.chat.leave()
        self.posting.show_contact(None)
        self._set_wrapping(False)
        self._nothing.set_text("No contact is open.", words)
        self._pages.setCurrentIndex(_EMPTY)
        self.shown.emit(None)

    def show_trouble(self, trouble: CrmError | None) -> None:
        """See `WorkspaceView`."""
        said = words_for(trouble) if trouble else None
        self.notices.show_trouble(
            said.happened if said else "",
            f"What you see may be old. {said.rest()}" if said else "",
        )

    def show_wrap_up(self) -> None:
        """See `WorkspaceView`."""
        if self._contact is None:
            return
        if not self.is_wrapping_up:
            self.wrap_up.begin(self._contact, self._casework.service_id)
            self._set_wrapping(True)
            forgotten = forgotten_words(self._contact, self.place.written())
            if forgotten:
                self.wrap_up.warn(forgotten)
        self.wrap_up.setFocus(Qt.FocusReason.ShortcutFocusReason)

    @property
    def is_wrapping_up(self) -> bool:
        """Whether the three questions are asked."""
        return not self.wrap_up.isHidden()

    def wrapped_up(self, *, then_next: bool) -> None:
        """See `WorkspaceView`."""
        who = self._contact.row.who if self._contact else "The contact"
        self._presenter.close()
        self.show_nothing(f"{who} is wrapped up. F9 takes the next.")
        accessibility.announce(self, f"{who} is wrapped up")
        self.over.emit(then_next)

    def not_wrapped_up(self, trouble: CrmError) -> None:
        """See `WorkspaceView`."""
        self.wrap_up.not_completed(words_for(trouble).sentence())

    def leave(self) -> None:
        """See `WorkspaceView`."""
        self._keeper.flush()

    # What commands ask.

    def focus_reply(self, mode: Visibility) -> None:
        """Put the keyboard into the reply or the note."""
        self._leave_wrap_up()
        self.tabs.choose(CONVERSATION)
        self.place.focus(mode)

    def focus_knowledge(self) -> None:
        """Put the keyboard into the search for answers."""
        self.set_side_shown(True)
        self._side.choose(KNOWLEDGE)
        self.knowledge.focus()

    def focus_case(self) -> None:
        """Go to the case form."""
        self.tabs.choose(_CASE)
        self.case_pane.focus()

    def choose_template(self) -> None:
        """Offer the canned replies."""
        self.focus_reply(Visibility.PUBLIC)
        self.compose.choose_template()

    def save_case(self) -> None:
        """Save what the form says, if it can be saved."""
        self.tabs.choose(_CASE)
        answers = self.case_pane.answers()
        if answers is not None:
            self._casework.save(answers)

    def hand_off(self) -> None:
        """Go to the case; once there, save it and pass it on."""
        if self.tabs.key() != _CASE:
            self.focus_case()
            return
        answers = self.case_pane.answers()
        if answers is not None:
            self._casework.hand_off(answers)

    def set_side_shown(self, shown: bool) -> None:
        """Show or hide the panel beside the contact."""
        self._side_wanted = shown
        self._side.setVisible(shown)
        self._registry.set_checked("view.side", shown)

    @property
    def side_shown(self) -> bool:
        """Whether the panel beside the contact is shown."""
        return not self._side.isHidden()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The panel beside gives way when there is little room."""
        super().resizeEvent(event)
        self.wrap_up.set_narrow(event.size().width() < self._look.px(_CROWDED))
        room = event.size().width() >= self._look.px(_NARROW)
        low = event.size().height() < self._look.px(_LOW)
        self.notices.set_brief(low)
        self.compose.set_low(low)
        self.posting.pane.set_low(low)
        if self._contact is not None:
            self._fit_foot(writable=self._presenter.can_write())
        had_room = event.oldSize().width() >= self._look.px(_NARROW)
        if room != had_room or event.oldSize().width() < 0:
            self._side.setVisible(room and self._side_wanted)

    def _begin(self, contact: ContactView) -> None:
        self._pages.setCurrentIndex(_CONTENT)
        self.tabs.choose(CONVERSATION)
        self.place.begin(contact)
        self.unsent.begin(contact)

    def _say_whose(self, contact: ContactView, *, writable: bool) -> None:
        self._others.setVisible(not writable)
        # Who only reads has more to read and less to write.
        self._fit_foot(writable=writable)
        self._others.set_text(*whose_words(contact, mine=self._presenter.is_mine))

    def _fit_foot(self, *, writable: bool) -> None:
        low = self.height() < self._look.px(_LOW)
        box = self._look.px((_LOW_LINE_BOX if low else _LINE_BOX) if writable else 58)
        self._foot.setMaximumHeight(box if self.chat.takes_lines or not writable else _ANY)

    def _lay_out(self) -> None:
        for key, words in zip(_TABS, ("Conversation", "Case", "Timeline", "Files"), strict=True):
            self.tabs.add(key, words)
        talk = QSplitter(Qt.Orientation.Vertical)
        talk.setObjectName("conversation")
        talk.addWidget(self.chat.pages)
        self._foot = QWidget()
        self._below = bare_column(self._foot)
        self._below.addWidget(self._others)
        self._below.addWidget(self.compose, 1)
        self._below.addWidget(self.posting.pane, 1)
        talk.addWidget(self._foot)
        talk.setStretchFactor(0, 3)
        talk.setStretchFactor(1, 2)
        talk.setChildrenCollapsible(False)
        talk.setSizes([self._look.px(440), self._look.px(250)])
        self._talk = talk
        self._parts = QStackedWidget()
        for part in (talk, self.case_pane, self.timeline, self.files):
            self._parts.addWidget(part)
        center = Surface(self._look, sunken=True)
        column = bare_column(center)
        tabs = Surface(self._look)
        bare_column(tabs).addWidget(self.tabs)
        column.addWidget(tabs)
        column.addWidget(self.notices)
        column.addWidget(self._parts, 1)
        toasts = (self.toast, self.meanwhile.toast, self.document_toast)
        for each in (self.after_call.strip, self.wrap_up, *toasts):
            column.addWidget(each)
        self.wrap_up.hide()
        split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName("workspace")
        split.addWidget(center)
        split.addWidget(self._side)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([self._look.px(720), self._look.px(330)])
        whole = QWidget()
        inner = bare_column(whole)
        inner.addWidget(self.header)
        inner.addWidget(split, 1)
        self._pages = QStackedWidget()
        blank = Surface(self._look)
        bare_column(blank).addWidget(self._nothing)
        for page in (blank, whole):
            self._pages.addWidget(page)
        bare_column(self).addWidget(self._pages)

    def _connect(self) -> None:
        self.tabs.chosen.connect(self._tab_chosen)
        self.conversation.file_opened.connect(self.file_wanted)
        self.conversation.link_opened.connect(self.link_wanted)
        self.conversation.edit_asked.connect(self._edit_stopped)
        self.conversation.release_asked.connect(self._release_stopped)
        self.files.opened.connect(self.file_wanted)
        self.compose.send_asked.connect(self.send)
        self.compose.edited.connect(self.keep_typed)
        self.compose.left.connect(self.leave)
        self.compose.template_asked.connect(self._insert_template)
        self.compose.knowledge_asked.connect(self.focus_knowledge)
        self.compose.files_chosen.connect(self.files_wanted)
        self.case_pane.edited.connect(self._form_edited)
        self.case_pane.kept.connect(self._case_kept)
        self.case_pane.hand_off_asked.connect(self.hand_off)
        self.case_pane.handed_off_now.connect(self._wrap_up_now)
        self.customer.change_asked.connect(self.customer_wanted)
        self.customer.opened.connect(self.history_wanted)
        self.customer.seen_wanted.connect(self.seen_wanted)
        self.knowledge.insert_text.connect(self._insert_article)
        self.knowledge.insert_link.connect(self._insert_link)
        self.knowledge.counted.connect(self._side.count_suggestions)
        self.notices.checked.connect(self._checked)
        self.notices.draft_wanted.connect(self._use_draft)
        self.wrap_up.completed.connect(self._complete)
        self.wrap_up.cancelled.connect(self._back_from_wrap_up)
        self.wrap_up.scrolled.connect(self._scroll)
        self.toast.undone.connect(self._undo)

    @Slot(str)
    def _tab_chosen(self, key: str) -> None:
        self._parts.setCurrentIndex(_TABS.index(key))
        self._show_timeline()

    @Slot()
    def send(self) -> None:
        """Send what is written, or keep the note."""
        if self._contact is None:
            return
        contact_id, mode = self._contact.row.id, self.compose.composer.mode
        if mode is Visibility.PUBLIC and self.chat.takes_lines:
            self.chat.say()
            return
        if mode is Visibility.PUBLIC and self.meanwhile.stops_sending():
            return
        written, content = self.compose.written(), self.unsent.of(mode)
        self.compose.clear(mode)
        if mode is Visibility.INTERNAL:
            self._replying.note(contact_id, written.note)
            return
        case = self._casework.case
        reply = replace(written.reply, case_id=case.id if case else None)
        self._replying.send(contact_id, reply, content)

    @Slot(object)
    def keep_typed(self, mode: Visibility) -> None:
        """Keep what is being written: the reply or the note."""
        if self._contact is not None:
            self.unsent.keep(mode)
            if mode is Visibility.PUBLIC:
                self.chat.typed()

    @Slot(object)
    def _form_edited(self, content: Content) -> None:
        if self._contact is not None:
            self.unsent.keep_form(content)

    @Slot(str)
    def _case_kept(self, _reference: str) -> None:
        if self._contact is not None:
            self.unsent.saved_form()

    @Slot(object)
    def _insert_template(self, template_id: int) -> None:
        if self._contact is not None:
            self.compose.used_template(template_id)
            self._replying.insert_template(template_id, self._contact.row.id)

    @Slot(object)
    def _insert_article(self, article: ArticleView) -> None:
        self.focus_reply(Visibility.PUBLIC)
        self.place.insert(text_of(article.body))
        self._knowledge.used(article.id, "text")

    @Slot(object)
    def _insert_link(self, article: ArticleView) -> None:
        self.focus_reply(Visibility.PUBLIC)
        self.place.insert(f"{article.title}: {article.url}")
        self._knowledge.used(article.id, "link")

    @Slot(object)
    def _edit_stopped(self, message_id: int) -> None:
        message = self.conversation.message(message_id)
        if message is None or self._contact is None:
            return
        self._replying.withdraw(message_id, self._contact.row.id, self.place.content_of(message))

    @Slot(object)
    def _release_stopped(self, message_id: int) -> None:
        self._presenter.release_stopped(message_id)

    @Slot()
    def _checked(self) -> None:
        self._presenter.checked()

    @Slot(object)
    def _use_draft(self, draft: DraftView) -> None:
        self.unsent.restore(draft.kind, draft.content)

    @Slot(object, bool)
    def _complete(self, disposition: Disposition, then_next: bool) -> None:
        self._presenter.complete(disposition, then_next=then_next)

    @Slot()
    def _back_from_wrap_up(self) -> None:
        self._leave_wrap_up()
        if self.tabs.key() == _CASE:
            self.case_pane.focus()
        else:
            self.place.editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def _leave_wrap_up(self) -> None:
        if self.is_wrapping_up:
            self._set_wrapping(False)
            # A call that has ended is no longer in hand: its wrap-up goes on.
            if self.after_call.rule is None:
                self._presenter.leave_wrap_up()

    def _set_wrapping(self, wrapping: bool) -> None:
        """The questions stand where the answer was written; what was said stays to be read."""
        self.wrap_up.setVisible(wrapping)
        writable = self._contact is not None and self._presenter.can_write()
        self._show_place(writable and not wrapping)
        self._foot.setVisible(not wrapping)
        self.after_call.tell()

    @Slot(int)
    def _scroll(self, pages: int) -> None:
        talk = self.chat.pane.view if self.chat.is_shown else self.conversation
        part = (talk, self.case_pane, self.timeline, self.files)[_TABS.index(self.tabs.key())]
        bar = part.verticalScrollBar()
        bar.setValue(bar.value() + pages * bar.pageStep())

    @Slot()
    def _wrap_up_now(self) -> None:
        self._presenter.begin_wrap_up()
        # The contact has not been read again yet.
        self.wrap_up.choose(Resolution.HANDED_OFF)

    @Slot()
    def _undo(self) -> None:
        self._replying.withdraw(self.answering.toasted)


_CHANNELS = {channel: channel.value.replace("_", " ") for channel in Channel}
