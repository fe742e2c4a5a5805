"""Answering: send with time to think again, notes, canned replies."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.desktop.screens.workspace.drafts import Content, DraftKeeper, Files, Kind
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.social_thread import PostReply
from crm_desktop.domain.views import Reply, TemplateInfo, Writing
from crm_desktop.services import Database, replies, social

#: Where a draft says which writing it was when it was sent.
_KEY = "writing"
_SAID = ("text", "to", "cc", "private", "mode", "post")


class ReplyView(Protocol):
    """What answering asks of the conversation."""

    def show_templates(self, templates: tuple[TemplateInfo, ...]) -> None:
        """Offer these canned replies."""

    def insert_text(self, text: str, missing: tuple[str, ...]) -> None:
        """Put text where the cursor is; `missing` placeholders must be filled by hand."""

    def sent(self, sent: replies.Sent) -> None:
        """The reply is on its way and can be taken back until then."""

    def show_written(self, sent: replies.Sent) -> None:
        """Show the reply in the conversation, as far as it came with the answer."""

    def stopped(self, findings: tuple[str, ...]) -> None:
        """The leak check stopped the reply; these are its reasons."""

    def put_back(self, contact_id: int, content: Content, files: Files) -> None:
        """The reply was taken back: text and files belong in the contact's composer again."""

    def too_late(self) -> None:
        """The reply had already left."""

    def noted(self) -> None:
        """The note is kept."""

    def not_sent(
        self,
        trouble: CrmError,
        contact_id: int,
        content: Content,
        files: Files,
    ) -> None:
        """Nothing was sent: text and files must be in the contact's composer again."""


@dataclass(frozen=True, slots=True)
class _Gone:
    """What left a composer, to be put back if need be."""

    contact_id: int
    content: Content
    files: Files = ()


def _same(kept: Content, content: Content) -> bool:
    """Whether the same was written; an older draft may lack what is empty."""
    return all(kept.get(name, "") == content.get(name, "") for name in _SAID)


class Replying:
    """Sends and withdraws the replies of one workspace."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: ReplyView,
        keeper: DraftKeeper,
        *,
        undo_seconds: float,
    ) -> None:
        self._db = db
        self._tasks = tasks
        self._view = view
        self._keeper = keeper
        self._undo_seconds = undo_seconds
        self._sent: dict[int, _Gone] = {}

    def start(self) -> None:
        """Read the canned replies."""
        self._tasks.read(partial(replies.templates, self._db), self._view.show_templates)

    def send(self, contact_id: int, reply: Reply, content: Content) -> None:
        """Send a reply; `content` is the composer as a draft, to put back if need be."""
        writing = self._writing(contact_id, "reply", content)
        keyed = {**content, _KEY: writing.key}
        self._keeper.sending(contact_id, "reply", keyed)
        self._tasks.write(
            partial(
                replies.send,
                self._db,
                contact_id,
                reply,
                undo_seconds=self._undo_seconds,
                writing=writing,
            ),
            partial(self._show_sent, _Gone(contact_id, content, reply.attachments)),
            failed=partial(self._not_sent, _Gone(contact_id, keyed, reply.attachments)),
        )

    def post(self, contact_id: int, reply: PostReply, content: Content) -> None:
        """Answer a post; `content` as of `send`."""
        writing = self._writing(contact_id, "reply", content)
        keyed = {**content, _KEY: writing.key}
        self._keeper.sending(contact_id, "reply", keyed)
        self._tasks.write(
            partial(
                social.reply,
                self._db,
                contact_id,
                reply,
                undo_seconds=self._undo_seconds,
                writing=writing,
            ),
            partial(self._show_sent, _Gone(contact_id, content, reply.pictures)),
            failed=partial(self._not_sent, _Gone(contact_id, keyed, reply.pictures)),
        )

    def withdraw(
        self, message_id: int, contact_id: int = 0, content: Content | None = None
    ) -> None:
        """Take a reply back while it has not left; `content` when this desktop did not send it."""
        if content is not None:
            self._sent.setdefault(message_id, _Gone(contact_id, content))
        self._tasks.write(
            partial(replies.withdraw, self._db, message_id),
            partial(self._withdrawn, message_id),
        )

    def note(self, contact_id: int, text: str) -> None:
        """Keep an internal note; the customer never sees it."""
        content: Content = {"mode": "note", "text": text}
        writing = self._writing(contact_id, "note", content)
        keyed = {**content, _KEY: writing.key}
        self._tasks.write(
            partial(replies.note, self._db, contact_id, text, writing=writing),
            partial(self._noted, contact_id),
            failed=partial(self._not_sent, _Gone(contact_id, keyed)),
        )

    def insert_template(self, template_id: int, contact_id: int) -> None:
        """Fill a canned reply for this contact and put it into the text."""
        self._tasks.read(
            partial(replies.filled, self._db, template_id, contact_id),
            self._insert_filled,
            key="template",
        )

    def _writing(self, contact_id: int, kind: Kind, content: Content) -> Writing:
        """A new writing, or the same again: when nothing says what became of the try before."""
        kept = dict(self._keeper.kept_here(contact_id, kind) or {})
        key = kept.pop(_KEY, None)
        if isinstance(key, str) and _same(kept, content):
            return Writing(key, again=True)
        return Writing(uuid.uuid4().hex)

    def _show_sent(self, gone: _Gone, sent: replies.Sent) -> None:
        self._sent[sent.message_id] = gone
        self._view.show_written(sent)
        if sent.stopped:
            self._view.stopped(sent.stopped)
        else:
            self._view.sent(sent)
        self._keeper.forget_here(gone.contact_id, "reply")

    def _withdrawn(self, message_id: int, answer: tuple[bool, Changes]) -> None:
        withdrawn, _changes = answer
        gone = self._sent.pop(message_id, _Gone(0, {}))
        if not withdrawn:
            self._view.too_late()
            return
        if gone.contact_id:
            self._keeper.typed(gone.contact_id, "reply", gone.content)
        self._view.put_back(gone.contact_id, gone.content, gone.files)

    def _noted(self, contact_id: int, _changes: Changes) -> None:
        self._keeper.discard(contact_id, "note")
        self._view.noted()

    def _not_sent(self, gone: _Gone, trouble: CrmError) -> None:
        kind: Kind = "note" if gone.content.get("mode") == "note" else "reply"
        self._keeper.typed(gone.contact_id, kind, gone.content)
        self._view.not_sent(trouble, gone.contact_id, gone.content, gone.files)

    def _insert_filled(self, filled: replies.Filled) -> None:
        self._view.insert_text(filled.body, filled.missing)
