"""A visitor's side of a chat, for the gateway: who holds the token is the visitor, and sees nothing
but their own chat. What is answered was kept before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from crm_desktop.domain.card_numbers import masked
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import (
    LONGEST_TEXT,
    LONGEST_WORDS,
    ChatLine,
    ChatState,
    EndedBy,
    Side,
    VisitorView,
)
from crm_desktop.domain.chats import (
    transcript as as_text,
)
from crm_desktop.domain.errors import (
    Blocked,
    Conflict,
    InvalidInput,
    NotFound,
)
from crm_desktop.domain.identifiers import normal_email
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import chat_texts
from crm_desktop.services.chat_arriving import came_back, goes_on, utter
from crm_desktop.services.chat_starting import hashed, start
from crm_desktop.services.intake_parts import arriving
from crm_desktop.services.message_ids import new_message_id
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.guard import AttachmentContent
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import accounts, chat_lines, chat_views, events, messages, outbox
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries.chat_lines import Standing

__all__ = [
    "end",
    "file",
    "left",
    "present",
    "rate",
    "resume",
    "say",
    "seen",
    "seen_many",
    "start",
    "transcript",
    "typing",
    "typing_many",
    "views",
]

_LARGEST = 2**31 - 1
_PRESENT_EVERY = timedelta(seconds=20)
_WAITS = (ContactState.QUEUED, ContactState.OFFERED)
_SUBJECTS = {"en": "Your chat with {centre}", "cy": "Eich sgwrs â {centre}"}


def _id(tx: Tx, token: str) -> int:
    chat_id = queries.of_token(tx, hashed(token))
    if chat_id is None:
        raise NotFound("no such chat")
    return chat_id


def _locked(tx: Tx, token: str) -> Standing:
    return chat_lines.standing(tx, _id(tx, token))


def resume(db: Database, token: str, after: int = 0) -> VisitorView:
    """The chat as its page shows it, with the lines after a number; the page is open from now on.

    Raises NotFound for a token that is nobody's.
    """
    with db.read() as tx:
        chat_id = _id(tx, token)
        view = queries.presence(tx, chat_id)
        fresh = tx.now - view.visitor_at < _PRESENT_EVERY
    if not fresh or view.gone_since is not None:
        with db.write() as tx:
            came_back(tx, chat_lines.standing(tx, chat_id))
    with db.read_at_once() as tx:
        return chat_views.views(tx, [chat_id], {chat_id: _number(after)})[chat_id]


def say(
    db: Database,
    token: str,
    client_id: str,
    text: str,
    files: tuple[NewAttachment, ...] = (),
) -> ChatLine:
    """Keep an utterance; its line. The same `client_id` gives the same line again.

    Raises InvalidInput (id, text, files), NotFound (token), Blocked and ChatOver.
    """
    chat_texts.client_id(client_id)
    text = chat_texts.words(text, files)
    if files:
        # Nobody's files are kept for a token that is nobody's.
        with db.read() as tx:
            _id(tx, token)
    message = InboundMessage(
        channel=Channel.CHAT,
        external_id="",
        sender=Address("", ""),
        text=masked(text),
        reply_text=masked(text),
        problems=chat_texts.problems(text),
        attachments=tuple(
            InboundAttachment(each.name, each.content_type, each.content) for each in files
        ),
    )
    hashes = arriving.stored(db, 0, message).hashes if files else ()
    with db.write() as tx:
        chat = _locked(tx, token)
        seq = queries.line_of(tx, chat.id, client_id)
        if seq is None:
            if queries.is_blocked(tx, chat.client):
                raise Blocked()
            seq = utter(tx, goes_on(tx, chat, message.text), client_id, message, hashes)
        return chat_views.one_line(tx, chat.id, seq)


def seen(db: Database, token: str, seq: int) -> None:
    """How far their page has shown it."""
    seen_many(db, {token: seq})


def seen_many(db: Database, shown: Mapping[str, int]) -> None:
    """How far many pages have shown their chats, by token: one statement. Others' tokens are
    passed over.
    """
    told = {hashed(each): _number(seq) for each, seq in shown.items()}
    with db.write() as tx:
        tx.changed(Topic.CHAT, *queries.seen(tx, told))


def typing(db: Database, token: str, text: str) -> None:
    """What they type at this moment, "" when nothing any more; told at most twice a second."""
    typing_many(db, {token: text})


def typing_many(db: Database, typed: Mapping[str, str]) -> None:
    """What many type at this moment, by token: one statement. Others' tokens are passed over."""
    words = {hashed(each): _typed(text) for each, text in typed.items()}
    with db.write() as tx:
        tx.changed(Topic.TYPING, *queries.types(tx, words))


def _number(seq: int) -> int:
    """A line's number as a page gives it, which may be anything."""
    return max(0, min(seq, _LARGEST))


def _typed(text: str) -> str:
    return masked(chat_texts.cleaned(text[: 2 * LONGEST_TEXT]))[:LONGEST_TEXT]


def left(db: Database, token: str) -> None:
    """No page of theirs is open any more; they may come back."""
    with db.write() as tx:
        chat = _locked(tx, token)
        chat_lines.types_no_more(tx, chat.id, Side.VISITOR)
        if chat.state == ChatState.OPEN and chat.gone_since is None:
            chat_lines.change(tx, chat.id, gone_since=utcnow())
            tx.changed(Topic.CHAT, chat.id)


def present(db: Database, chat_ids: Iterable[int]) -> None:
    """These chats have a page open: to be said more often than every 70 s."""
    with db.write() as tx:
        queries.present(tx, chat_ids)


def end(db: Database, token: str) -> None:
    """They end it: nothing follows, but what its advisor still has to write down."""
    with db.write() as tx:
        chat = _locked(tx, token)
        if chat.state == ChatState.OPEN:
            close(tx, chat, EndedBy.VISITOR)


def close(tx: Tx, chat: Standing, by: EndedBy) -> None:
    """End an open chat on the visitor's side: who waited gave up, who talked is done."""
    chat_lines.close(tx, chat, by)
    state = ContactState(chat.contact_state)
    if state in _WAITS:
        queries.move(
            tx, chat.contact_id, ContactState.ABANDONED, owner_id=None, end_reason="abandoned"
        )
        queries.assignment(tx, chat.contact_id, AssignmentState.RESCINDED, ended_at=utcnow())
        until = chat.gone_since or tx.now
        waited = max(0.0, (until - chat.queued_at).total_seconds())
        events.append(
            tx,
            "contact.abandoned",
            contact_id=chat.contact_id,
            waited=round(waited, 1),
            by=by.value,
        )
    elif state in (ContactState.ACTIVE, ContactState.HELD):
        queries.move(tx, chat.contact_id, ContactState.WRAP_UP)
        queries.assignment(tx, chat.contact_id, AssignmentState.WRAPPING)
        events.append(tx, "contact.wrap_up", contact_id=chat.contact_id, staff=chat.owner_id)
    else:
        return
    tx.changed(Topic.CONTACT, chat.contact_id)


def rate(db: Database, token: str, stars: int, words: str = "") -> None:
    """What they say of it, 1 to 5 stars and words; the last they say counts, once.

    Raises InvalidInput.
    """
    if not 1 <= stars <= 5:
        raise InvalidInput("1 to 5 stars", fields={"stars": "1 to 5 stars"})
    said = masked(chat_texts.cleaned(words))[:LONGEST_WORDS]
    with db.write() as tx:
        chat = _locked(tx, token)
        if not chat_lines.rate(tx, chat.id, stars, said):
            return
        events.append(tx, "chat.rated", contact_id=chat.contact_id, chat=chat.id, stars=stars)
        tx.changed(Topic.CHAT, chat.id)


def transcript(db: Database, token: str, email: str) -> None:
    """Send them what was said, once, by mail. Nothing but the lines of their own chat is in it.

    Raises InvalidInput (email), and Conflict when it was sent already or nobody answered yet.
    """
    address = normal_email(email)
    if address is None:
        wrong = "This is no email address"
        raise InvalidInput(wrong, fields={"email": wrong})
    with db.write() as tx:
        chat = _locked(tx, token)
        if chat.transcript_to:
            raise Conflict("it was sent already")
        # Else anybody could have the centre mail anything to anybody.
        if not queries.said_by_staff(tx, chat.id):
            raise Conflict("nobody has answered yet")
        view = chat_views.views(tx, [chat.id], {})[chat.id]
        lines = list(view.lines)
        while lines[-1].seq < view.last_seq:
            lines += chat_views.views(tx, [chat.id], {chat.id: lines[-1].seq})[chat.id].lines
        centre = str(accounts.setting(tx, "centre").get("name", ""))
        message_id = messages.add_message(
            tx,
            {
                "contact_id": chat.contact_id,
                "direction": "outbound",
                "state": "pending",
                "recipients": {"to": [[chat.visitor, address]], "cc": []},
                "subject": _SUBJECTS[view.language].format(centre=centre),
                "body_text": as_text(lines),
                "reply_text": "",
                "rfc_id": new_message_id(tx),
                "auto_generated": True,
            },
        )
        outbox.add(tx, "email", message_id=message_id)
        chat_lines.change(tx, chat.id, transcript_to=address)
        events.append(
            tx, "chat.transcript", contact_id=chat.contact_id, chat=chat.id, message=message_id
        )
        tx.changed(Topic.CHAT, chat.id)


def file(db: Database, token: str, seq: int, attachment_id: int) -> AttachmentContent:
    """A file of one of the chat's lines; raises NotFound."""
    with db.read() as tx:
        found = queries.file(tx, _id(tx, token), seq, attachment_id)
    if found is None:
        raise NotFound("no such file")
    return found


def views(
    db: Database, chat_ids: Iterable[int], after: Mapping[int, int]
) -> Mapping[int, VisitorView]:
    """What the pages of many chats show, each with the lines after a number: one statement."""
    with db.read_at_once() as tx:
        known = {chat_id: _number(seq) for chat_id, seq in after.items()}
        return chat_views.views(tx, chat_ids, known)
