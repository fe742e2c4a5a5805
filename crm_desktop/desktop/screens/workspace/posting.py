"""Posts in a workspace: what each message is on its network, and where they are answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QPlainTextEdit

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.screens.workspace.compose import Written
from crm_desktop.desktop.screens.workspace.post_pane import Answerable, PostMode, PostPane
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.social import Picture
from crm_desktop.domain.social_thread import PostReply, SocialThread
from crm_desktop.domain.states import Channel, Visibility
from crm_desktop.domain.text import excerpt
from crm_desktop.domain.views import ContactView, MessageView, NewAttachment, Reply
from crm_desktop.services import Database, social

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.drafts import Content, Files
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen

_SHORT = 60


class PostsView(Protocol):
    """What reading posts asks of the workspace."""

    def show_posts(self, posts: SocialThread) -> None:
        """Show what the messages are on their network."""

    def show_posts_trouble(self, trouble: CrmError) -> None:
        """Say why that is not known."""


class Posts:
    """Reads what the messages of a contact are on their network."""

    def __init__(self, db: Database, tasks: Tasks, view: PostsView) -> None:
        self._db, self._tasks, self._view = db, tasks, view

    def read(self, contact_id: int) -> None:
        """The contact is shown, or something of it is another."""
        self._tasks.read(
            partial(social.thread, self._db, contact_id),
            self._view.show_posts,
            failed=self._view.show_posts_trouble,
            key="posts",
        )


class Posting(QObject):
    """Implements `PostsView` for one workspace; `pane` stands where mails are answered."""

    def __init__(self, screen: WorkspaceScreen, look: Look, clock: Clock) -> None:
        super().__init__(screen)
        self._screen, self._clock = screen, clock
        self._reader: Posts | None = None
        self._contact: ContactView | None = None
        self._posts: SocialThread | None = None
        self.pane = PostPane(look)
        self.pane.hide()
        self.pane.send_asked.connect(self.send)
        self.pane.edited.connect(self._edited)
        self.pane.left.connect(screen.leave)
        self.pane.files_chosen.connect(screen.files_wanted)
        self.pane.template_asked.connect(screen.choose_template)
        self.pane.knowledge_asked.connect(screen.focus_knowledge)

    def bind(self, reader: Posts) -> None:
        """Say who reads."""
        self._reader = reader

    @property
    def is_on(self) -> bool:
        """Whether the contact that is open is answered here."""
        return self._contact is not None

    def show_contact(self, contact: ContactView | None) -> None:
        """Another contact, or the same read again; None: none is open."""
        if contact is None or contact.row.channel is not Channel.SOCIAL:
            self._contact = None
            return
        self._contact = contact
        if self._reader is not None:
            self._reader.read(contact.row.id)

    def show_posts(self, posts: SocialThread) -> None:
        """See `PostsView`."""
        contact = self._contact
        if contact is None or contact.row.id != posts.contact_id:
            return
        self._posts = posts
        self._screen.conversation.show_posts(posts)
        self.pane.set_posts(_answerable(contact, posts, self._clock), posts.answered)

    def show_posts_trouble(self, trouble: CrmError) -> None:
        """See `PostsView`."""
        self._screen.notices.tell(trouble)

    def begin(self, _contact: ContactView) -> None:
        """Empty everything for another contact."""
        self.pane.begin()

    @property
    def editor(self) -> QPlainTextEdit:
        """The text that is being written."""
        return self.pane.composer.editor

    def written(self) -> Written:
        """What stands here now; of two replies, the one that is in sight."""
        modes = [PostMode.PUBLIC, PostMode.PRIVATE]
        if self.pane.mode is PostMode.PRIVATE:
            modes.reverse()
        texts = [self.pane.composer.text(each) for each in modes]
        text = texts[0] if texts[0].strip() else texts[1]
        return Written(Reply(text=text, to=""), self.pane.composer.text(PostMode.NOTE))

    def insert(self, text: str, missing: tuple[str, ...] = ()) -> None:
        """Put text where the cursor is; what is missing must be filled by hand."""
        self.pane.composer.insert(text)
        self.pane.show_missing(missing)

    def set_files(self, pictures: Files) -> None:
        """These go with it again."""
        self.pane.pictures.set_pictures([each for each in pictures if isinstance(each, Picture)])

    def restore(self, mode: Visibility, content: Content) -> None:
        """Put unsent text back where it was written."""
        if mode is Visibility.INTERNAL:
            self.pane.composer.set_text(str(content.get("text", "")), PostMode.NOTE)
            self.pane.composer.set_mode(PostMode.NOTE)
        else:
            self.pane.restore(content)

    def draft(self, mode: Visibility) -> Content:
        """What a draft keeps of the reply, or of the note."""
        if mode is Visibility.INTERNAL:
            return {"text": self.pane.composer.text(PostMode.NOTE)}
        return self.pane.draft()

    def content_of(self, message: MessageView) -> Content:
        """A reply that was written already, as a draft of it."""
        post = self._posts.post(message.id) if self._posts else None
        private = post is not None and not post.public
        return {
            "text": "" if private else message.text,
            "private": message.text if private else "",
            "mode": (PostMode.PRIVATE if private else PostMode.PUBLIC).value,
            "post": (post.answers if post else None) or 0,
        }

    def clear(self, mode: Visibility) -> None:
        """It is not wanted here any more."""
        for each in PostMode:
            if (each is PostMode.NOTE) is (mode is Visibility.INTERNAL):
                self.pane.clear(each)

    def focus(self, mode: Visibility) -> None:
        """Put the keyboard into the reply or the note; a reply stays public or private."""
        wanted = self.pane.mode
        if mode is Visibility.INTERNAL:
            wanted = PostMode.NOTE
        elif wanted is PostMode.NOTE:
            post = self.pane.answering
            wanted = PostMode.PUBLIC if post is None or post.public else PostMode.PRIVATE
        self.pane.composer.set_mode(wanted)
        self.pane.focus()

    def add_file(self, file: NewAttachment) -> None:
        """One more picture."""
        self.pane.add_file(file)

    def keep_rest(self) -> None:
        """A public reply that was sent leaves what was written in private, and the other way."""
        draft = self.pane.draft()
        if self._contact is not None and (draft["text"] or draft["private"]):
            self._screen.unsent.keep()

    @Slot()
    def send(self) -> None:
        """Post, send or keep what is written."""
        contact, pane, mode = self._contact, self.pane, self.pane.mode
        if contact is None:
            return
        if mode is not PostMode.NOTE and self._screen.meanwhile.stops_sending():
            return
        (text, pictures), answered = pane.written(), pane.answering
        content = self._screen.unsent.reply()
        if mode is PostMode.NOTE:
            pane.clear(mode)
            self._screen.replying.note(contact.row.id, text)
        elif answered is not None:
            pane.clear(mode)
            public = mode is PostMode.PUBLIC
            reply = PostReply(text, public, answered.message_id, pictures)
            self._screen.replying.post(contact.row.id, reply, content)

    @Slot(object)
    def _edited(self, mode: PostMode) -> None:
        note = mode is PostMode.NOTE
        self._screen.keep_typed(Visibility.INTERNAL if note else Visibility.PUBLIC)


def _answerable(contact: ContactView, posts: SocialThread, clock: Clock) -> list[Answerable]:
    """What can be answered, oldest first."""
    texts = {each.id: each for each in (*contact.thread, *contact.messages)}
    return [
        Answerable(
            message_id=each.message_id,
            network=posts.network,
            handle=each.handle,
            words=excerpt(texts[each.message_id].text)[:_SHORT],
            moment=words.when(texts[each.message_id].at, clock.now()),
            public=each.public,
            limit=posts.limit,
        )
        for each in posts.posts
        if each.can_be_answered and each.message_id in texts
    ]
