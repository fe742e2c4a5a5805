"""Chats in one workspace: read line by line, said at once, settled by the write's own answer."""

from __future__ import annotations

import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.desktop.screens.workspace.chat_state import Fate, KnownChat, Saying
from crm_desktop.desktop.screens.workspace.drafts import DraftKeeper
from crm_desktop.domain.card_numbers import has_card_number
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import (
    TYPING_EVERY_SECONDS,
    TYPING_STALE_SECONDS,
    ChatState,
    ChatView,
    EndedBy,
    Said,
)
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import IN_HAND, Channel
from crm_desktop.domain.views import ContactView, Moved, NewAttachment, Writing

Later = Callable[[int, Callable[[], None]], None]
#: So many chats are kept with their lines: more than anybody has in hand.
_KEPT = 16
#: That a member of staff types is told at most so often.
_TELL_MS = 2_500
_TYPING_MS = int(TYPING_EVERY_SECONDS * 1_000)
_STALE_MS = int(TYPING_STALE_SECONDS * 1_000)


class ChatPort(Protocol):
    """What chats need of the services; for workers."""

    def open_chat(self, contact_id: int, after: int) -> ChatView | None:
        """The chat of a contact with the lines after a number; None when it has none."""

    def say(
        self,
        contact_id: int,
        text: str,
        *,
        writing: Writing,
        template_id: int | None,
        confirmed: bool,
        files: tuple[NewAttachment, ...],
    ) -> Said:
        """Say something to the visitor."""

    def seen(self, contact_id: int, seq: int) -> None:
        """This person has read so far."""

    def typing(self, contact_id: int) -> None:
        """This person is typing."""

    def visitor_typing(self, chat_id: int) -> str:
        """What the visitor types at this moment."""

    def end(self, contact_id: int, by: EndedBy) -> Moved:
        """End the chat."""

    def to_email(self, contact_id: int, email: str) -> Moved:
        """Continue by mail."""

    def block(self, contact_id: int, reason: str, hours: int) -> Moved:
        """Keep the visitor out."""

    def schema(self, service_id: int) -> Mapping[str, object]:
        """What the service's form asks; empty when it has none."""

    def picture(self, attachment_id: int) -> object:
        """A small picture of an attachment, or None when it is none that can be shown."""


class ChattingView(Protocol):
    """What chatting asks of the workspace."""

    def show_chat(self, chat: KnownChat, *, other: bool) -> None:
        """Show the chat as it stands; `other`: another than was shown before."""

    def show_no_chat(self) -> None:
        """The contact has no chat: show its messages instead."""

    def show_questions(self, schema: Mapping[str, object]) -> None:
        """What was asked before the chat was asked by this form."""

    def show_picture(self, attachment_id: int, picture: object) -> None:
        """A picture of a file has been read."""

    def is_looking(self) -> bool:
        """Whether the person has the chat before their eyes."""

    def put_back(self, saying: Saying) -> None:
        """A line that was not sent belongs in the box again."""

    def ended(self, by: EndedBy) -> None:
        """The chat is over by this person's doing."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what was not done."""


class Chatting(Presenter):
    """The chats of one workspace. `me` is whose lines are one's own, `now` the database's time."""

    def __init__(
        self,
        port: ChatPort,
        tasks: Tasks,
        view: ChattingView,
        keeper: DraftKeeper,
        *,
        me: int,
        now: Callable[[], datetime],
        later: Later,
    ) -> None:
        super().__init__(tasks)
        self._port, self._view, self._keeper = port, view, keeper
        self._me, self._now, self._later = me, now, later
        self._known: OrderedDict[int, KnownChat] = OrderedDict()
        self._shown: KnownChat | None = None
        self._mine = False
        self._telling = self._reading_typing = self._typing_again = False
        self._typed_last = 0
        self._asked_pictures: set[int] = set()

    @property
    def chat(self) -> KnownChat | None:
        """The chat that is shown; None when the open contact is none."""
        return self._shown if self._shown is not None and not self._shown.missing else None

    def show(self, contact: ContactView | None, *, fresh: bool) -> None:
        """A contact was opened, or the same read again."""
        if contact is None or contact.row.channel is not Channel.CHAT:
            self._shown = None
            return
        self._mine = contact.row.owner_id == self._me and contact.row.state in IN_HAND
        chat = self._known_of(contact.row.id)
        other, self._shown = chat is not self._shown, chat
        if other:
            self._restore(chat)
        if not chat.missing:
            self._view.show_chat(chat, other=other or fresh)
        if fresh or other:
            self._read()
            if contact.row.service_id is not None and not (chat.view and not chat.view.answers):
                self._read_questions(contact.row.service_id)
        elif chat.view is None:
            self._read()

    def changed(self, changes: Changes) -> None:
        """Read again what is shown and changed."""
        chat = self._shown
        if chat is None:
            return
        number = chat.view.chat_id if chat.view else None
        unknown = number is None and chat.contact_id in changes.ids(Topic.CONTACT)
        if changes.has(Topic.EVERYTHING) or number in changes.ids(Topic.CHAT) or unknown:
            self._read()
        if number is not None and number in changes.ids(Topic.TYPING):
            self._read_typing()

    # Own lines.

    def say(
        self,
        text: str,
        files: tuple[NewAttachment, ...] = (),
        template_id: int | None = None,
    ) -> None:
        """Say something: it stands in the conversation at once, as on its way."""
        chat = self._shown
        if chat is None:
            return
        saying = Saying(uuid.uuid4().hex, text, self._now(), files, template_id)
        chat.sayings.append(saying)
        self._keep(chat)
        self._send(chat, saying)

    def confirm(self, key: str) -> None:
        """The leak check stopped it; it goes out all the same, in this person's name."""
        self._again(key, confirmed=True, again=False)

    def retry(self, key: str) -> None:
        """It was not sent: try once more. If the first try was kept after all, it stays one."""
        self._again(key, again=True)

    def take_back(self, key: str) -> None:
        """It is not to be said as it stands: its text goes back into the box."""
        chat = self._shown
        found = chat.drop(key) if chat is not None else None
        if chat is not None and found is not None:
            self._keep(chat)
            self._view.show_chat(chat, other=False)
            self._view.put_back(found)

    def typed(self) -> None:
        """The person types: the visitor is told that, never what."""
        chat = self._shown
        over = chat is not None and chat.view is not None and not chat.is_open
        if chat is None or over or not self._mine or self._telling:
            return
        self._telling = True
        self._later(_TELL_MS, self._told)
        self._tasks.write(partial(self._port.typing, chat.contact_id), failed=_never_mind)

    def looked(self) -> None:
        """The chat is before the person's eyes: what the visitor said is read."""
        chat = self._shown
        if chat is None or not self._mine or chat.view is None or not self._view.is_looking():
            return
        newest = chat.newest_of_visitor
        if newest > chat.told_seq:
            chat.told_seq = newest
            self._tasks.write(partial(self._port.seen, chat.contact_id, newest), failed=_never_mind)

    # What is done with a chat.

    def end(self, by: EndedBy = EndedBy.ADVISOR) -> None:
        """End the chat; its wrap-up follows."""
        if self._shown is not None:
            self._tasks.write(
                partial(self._port.end, self._shown.contact_id, by),
                partial(self._ended, self._shown.contact_id, by),
                failed=self._view.show_trouble,
            )

    def to_email(self, email: str) -> None:
        """The visitor has left: go on by mail, with what was said below it."""
        if self._shown is not None:
            self._tasks.write(
                partial(self._port.to_email, self._shown.contact_id, email),
                partial(self._ended, self._shown.contact_id, EndedBy.EMAIL),
                failed=self._view.show_trouble,
            )

    def block(self, reason: str, hours: int) -> None:
        """Keep the visitor out for so many hours."""
        if self._shown is not None:
            self._tasks.write(
                partial(self._port.block, self._shown.contact_id, reason, hours),
                partial(self._ended, self._shown.contact_id, EndedBy.BLOCKED),
                failed=self._view.show_trouble,
            )

    def want_picture(self, attachment_id: int) -> None:
        """A picture comes into sight."""
        if attachment_id not in self._asked_pictures:
            self._asked_pictures.add(attachment_id)
            self._tasks.read(
                partial(self._port.picture, attachment_id),
                partial(self._show_picture, attachment_id),
                failed=partial(self._no_picture, attachment_id),
            )

    def _known_of(self, contact_id: int) -> KnownChat:
        chat = self._known.setdefault(contact_id, KnownChat(contact_id))
        self._known.move_to_end(contact_id)
        for each in list(self._known.values())[:-_KEPT]:
            if not each.sayings:
                del self._known[each.contact_id]
        return chat

    def _read(self) -> None:
        chat = self._shown
        assert chat is not None
        self._tasks.read(
            partial(self._port.open_chat, chat.contact_id, chat.after),
            partial(self._show_read, chat),
            failed=_never_mind,
            key="chat",
        )

    def _show_read(self, chat: KnownChat, view: ChatView | None) -> None:
        if view is None:
            chat.missing = True
            if chat is self._shown:
                self._view.show_no_chat()
            return
        before = chat.newest_of_visitor
        chat.take(view)
        if chat.newest_of_visitor > before or not chat.is_open:
            # What they typed is said now.
            chat.typing = ""
        if chat is self._shown:
            self._view.show_chat(chat, other=False)
            self.looked()

    def _send(self, chat: KnownChat, saying: Saying) -> None:
        if chat is self._shown:
            self._view.show_chat(chat, other=False)
        self._tasks.write(
            partial(
                self._port.say,
                chat.contact_id,
                saying.text,
                writing=Writing(saying.key, again=saying.again),
                template_id=saying.template_id,
                confirmed=saying.confirmed,
                files=saying.files,
            ),
            partial(self._settled, chat, saying.key),
            failed=partial(self._not_sent, chat, saying.key),
        )

    def _again(self, key: str, **values: object) -> None:
        chat = self._shown
        if chat is None:
            return
        saying = chat.change(key, fate=Fate.SENDING, why=(), **values)
        if saying is not None:
            self._send(chat, saying)

    def _settled(self, chat: KnownChat, key: str, said: Said) -> None:
        if said.line is not None:
            chat.settle(key, said.line)
        else:
            chat.change(key, fate=Fate.STOPPED, why=said.findings)
        self._keep(chat)
        if chat is self._shown:
            self._view.show_chat(chat, other=False)

    def _not_sent(self, chat: KnownChat, key: str, trouble: CrmError) -> None:
        chat.change(key, fate=Fate.FAILED, why=(words_for(trouble).sentence(),))
        if chat is self._shown:
            self._view.show_chat(chat, other=False)
        else:
            self._view.show_trouble(trouble)

    def _keep(self, chat: KnownChat) -> None:
        """What is not settled survives on this computer, whatever happens to the program."""
        texts = [
            {"key": each.key, "text": each.text, "at": each.at.isoformat()}
            for each in chat.sayings
            if not has_card_number(each.text)
        ]
        self._keeper.keep_sayings(chat.contact_id, texts)

    def _restore(self, chat: KnownChat) -> None:
        """What this desktop said before it ended, and whether that was kept nobody knows."""
        known = {each.key for each in chat.sayings}
        for kept in self._keeper.kept_sayings(chat.contact_id):
            if kept["key"] not in known:
                chat.sayings.append(
                    Saying(
                        kept["key"],
                        kept["text"],
                        datetime.fromisoformat(kept["at"]),
                        fate=Fate.FAILED,
                        why=("CRM Desktop ended before it was known whether this was sent.",),
                    )
                )

    def _told(self) -> None:
        self._telling = False

    def _read_typing(self) -> None:
        """At most twice a second, however fast notices come."""
        chat = self._shown
        if chat is None or chat.view is None or not self._mine:
            return
        if self._reading_typing:
            self._typing_again = True
            return
        self._reading_typing = True
        self._later(_TYPING_MS, self._typing_rested)
        self._tasks.read(
            partial(self._port.visitor_typing, chat.view.chat_id),
            partial(self._show_typing, chat),
            failed=_never_mind,
            key="typing",
        )

    def _typing_rested(self) -> None:
        self._reading_typing = False
        if self._typing_again:
            self._typing_again = False
            self._read_typing()

    def _show_typing(self, chat: KnownChat, text: str) -> None:
        self._typed_last += 1
        if text != chat.typing:
            chat.typing = text
            if chat is self._shown:
                self._view.show_chat(chat, other=False)
        if text:
            self._later(_STALE_MS, partial(self._typing_over, chat, self._typed_last))

    def _typing_over(self, chat: KnownChat, typed: int) -> None:
        """Nothing was heard for a while: they have stopped, or are gone."""
        if typed == self._typed_last and chat.typing:
            chat.typing = ""
            if chat is self._shown:
                self._view.show_chat(chat, other=False)

    def _read_questions(self, service_id: int) -> None:
        self._tasks.read(
            partial(self._port.schema, service_id),
            self._view.show_questions,
            failed=_never_mind,
            key="questions",
        )

    def _show_picture(self, attachment_id: int, picture: object) -> None:
        if picture is not None:
            self._view.show_picture(attachment_id, picture)

    def _no_picture(self, attachment_id: int, _trouble: CrmError) -> None:
        """It is asked for again when its line is shown the next time."""
        self._asked_pictures.discard(attachment_id)

    def _ended(self, contact_id: int, by: EndedBy, _answer: object) -> None:
        chat = self._shown
        if chat is not None and chat.contact_id == contact_id:
            if chat.view is not None:
                chat.view = replace(chat.view, state=ChatState.ENDED, ended_by=by)
                self._view.show_chat(chat, other=False)
            self._read()
            self._view.ended(by)


def _never_mind(_trouble: CrmError) -> None:
    """A courtesy, or something that is asked again with the next line."""
