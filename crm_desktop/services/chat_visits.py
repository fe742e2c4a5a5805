"""A visitor's side of a chat, for the gateway: who holds the token is the visitor, and sees nothing
but their own chat. What is answered was kept before.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from crm_desktop.domain.card_numbers import masked
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import (
    COMES_BACK,
    LONGEST_PAGE,
    LONGEST_TEXT,
    LONGEST_WORDS,
    ChatLine,
    ChatState,
    EndedBy,
    LineKind,
    NewChat,
    Side,
    Started,
    VisitorView,
)
from crm_desktop.domain.chats import (
    transcript as as_text,
)
from crm_desktop.domain.errors import (
    Blocked,
    ChatOver,
    Closed,
    Conflict,
    InvalidInput,
    NotFound,
)
from crm_desktop.domain.identifiers import normal_email
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.states import AssignmentState, Channel, ContactState
from crm_desktop.domain.text import excerpt, fold
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import chat_texts
from crm_desktop.services.chat_sites import rules_of
from crm_desktop.services.intake_parts import arriving, finding
from crm_desktop.services.intake_parts import known as knowing
from crm_desktop.services.intake_parts.arriving import Stored
from crm_desktop.services.message_ids import new_message_id
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.guard import AttachmentContent
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import accounts, chat_lines, chat_views, events, messages, outbox
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries import intake as arrivals
from crm_desktop.store.queries.chat_lines import Standing
from crm_desktop.store.queries.routing import read as read_routing

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

_KEY = re.compile(r"[A-Za-z0-9_-]{32,128}")
_LANGUAGES = ("en", "cy")
_LARGEST = 2**31 - 1
_PRESENT_EVERY = timedelta(seconds=20)
_WAITS = (ContactState.QUEUED, ContactState.OFFERED)
_OVER = (ContactState.COMPLETED, ContactState.ABANDONED, ContactState.FAILED)
_UNPROVEN = "They typed this address into the chat: ask who they are before you tell them anything"
_SUBJECTS = {"en": "Your chat with {centre}", "cy": "Eich sgwrs â {centre}"}


def start(db: Database, site_id: int, new: NewChat) -> Started:
    """Begin a chat; raises Blocked, Closed, InvalidInput (visitor, email, service, text, answers)
    and NotFound for a site that is not there.
    """
    visitor, email = chat_texts.person(new.visitor, new.email)
    text = chat_texts.words(new.text) if new.text.strip() else ""
    answers = chat_texts.answers(new.answers)
    token = _token(new.key)
    with db.write() as tx:
        arrivals.serialise(tx, [f"chat:{_hash(token)}"])
        again = queries.of_token(tx, _hash(token))
        if again is not None:
            chat = chat_lines.locked(tx, again)
            assert chat is not None
            return Started(chat.id, chat.contact_id, token)
        if queries.is_blocked(tx, new.client):
            raise Blocked()
        routing = read_routing(tx)
        rules = rules_of(routing, site_id, new.service_code)
        service = routing.service_by_code(new.service_code) if new.service_code else None
        if new.service_code and service is None:
            raise InvalidInput("no such service", fields={"service": "no such service"})
        hours = finding.opening_hours(rules_of(routing, site_id).hours)
        if hours is not None and not hours.is_open(tx.now):
            raise Closed()
        message = InboundMessage(
            channel=Channel.CHAT,
            external_id="",
            sender=Address(visitor, email),
            subject=service.name if service else "Chat",
            text=masked(text),
            reply_text=masked(text),
            problems=chat_texts.problems(text),
            service_code=new.service_code,
        )
        keys = [f"customer:{each.kind}:{each.norm}" for each in knowing.identifiers(message)]
        arrivals.serialise(tx, keys)
        known = knowing.read(tx, routing, [message])
        met = any(known.holders.values())
        sender = finding.sender(tx, message, finding.Place(), known)
        doubt = sender.doubt or (_UNPROVEN if met else "")
        contact_id = next(known.numbers)
        priority = max(rules.priority, service.priority if service else 0)
        messages.add_contact(
            tx,
            contact_id,
            {
                "channel": Channel.CHAT.value,
                "state": ContactState.QUEUED.value,
                "queue_id": rules.queue_id,
                "service_id": service.id if service else None,
                "customer_id": sender.customer_id,
                "priority": priority,
                "who": visitor,
                "subject": message.subject,
                "preview": excerpt(message.text),
                "folded": fold(f"{visitor} {message.subject} {message.text}"),
                "due_at": finding.due(tx.now, rules, Channel.CHAT),
                "needs_checking": bool(doubt),
                "check_reason": doubt,
                "auto_generated": False,
                "account_id": site_id,
            },
            None,
        )
        chat_id = queries.add(
            tx,
            account_id=site_id,
            contact_id=contact_id,
            token_hash=_hash(token),
            visitor=visitor,
            email=email,
            language=new.language if new.language in _LANGUAGES else _LANGUAGES[0],
            page=chat_texts.cleaned(new.page)[:LONGEST_PAGE],
            client=new.client,
            answers=answers,
            waiting_since=tx.now,
        )
        events.append(
            tx,
            "contact.received",
            contact_id=contact_id,
            customer_id=sender.customer_id,
            channel=Channel.CHAT.value,
            queue=rules.queue_id,
            chat=chat_id,
        )
        tx.changed(Topic.CONTACT, contact_id)
        if text:
            chat = chat_lines.locked(tx, chat_id)
            assert chat is not None
            _utter(tx, chat, "start", message, ())
        return Started(chat_id, contact_id, token)


def _token(key: str) -> str:
    """What the visitor holds from now on; the same for the same key, which nobody else can know."""
    if not key:
        return secrets.token_urlsafe(32)
    if not _KEY.fullmatch(key):
        raise InvalidInput("no such key", fields={"key": "no such key"})
    digest = hashlib.sha256(f"chat token of {key}".encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def _id(tx: Tx, token: str) -> int:
    chat_id = queries.of_token(tx, _hash(token))
    if chat_id is None:
        raise NotFound("no such chat")
    return chat_id


def _locked(tx: Tx, token: str) -> Standing:
    chat = chat_lines.locked(tx, _id(tx, token))
    assert chat is not None
    return chat


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
            chat = chat_lines.locked(tx, chat_id)
            assert chat is not None
            _came_back(tx, chat)
    with db.read_at_once() as tx:
        return chat_views.views(tx, [chat_id], {chat_id: _number(after)})[chat_id]


def _came_back(tx: Tx, chat: Standing) -> int:
    """A page of theirs is open; the number of the last line."""
    seq = chat.last_seq
    if chat.state == ChatState.OPEN and chat.away:
        seq = chat_lines.add(
            tx, chat.id, chat.contact_id, seq + 1, LineKind.RETURNED, who=chat.visitor
        )
    chat_lines.change(tx, chat.id, visitor_at=utcnow(), gone_since=None, away=False)
    if chat.gone_since is not None:
        tx.changed(Topic.CHAT, chat.id)
    return seq


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
            contact_id, last = _goes_on(tx, chat, message.text)
            chat = replace(chat, contact_id=contact_id, last_seq=last)
            seq = _utter(tx, chat, client_id, message, hashes)
        return chat_views.one_line(tx, chat.id, seq)


def _utter(
    tx: Tx, chat: Standing, client_id: str, message: InboundMessage, hashes: tuple[str, ...]
) -> int:
    """Add what they said as the next line; its number."""
    external_id, sender = f"{chat.id}:{client_id}", Address(chat.visitor, chat.email)
    arrival = Stored(
        chat.account_id, replace(message, external_id=external_id, sender=sender), hashes
    )
    message_id = arriving.add(tx, chat.account_id, chat.contact_id, arrival)
    chat_lines.types_no_more(tx, chat.id, Side.VISITOR)
    return chat_lines.add(
        tx,
        chat.id,
        chat.contact_id,
        chat.last_seq + 1,
        LineKind.SAID,
        side=Side.VISITOR,
        who=chat.visitor,
        message_id=message_id,
        client_id=client_id,
        waiting_since=chat.waiting_since or utcnow(),
        visitor_at=utcnow(),
        gone_since=None,
        away=False,
        visitor_seq=chat.last_seq + 1,
    )


def _goes_on(tx: Tx, chat: Standing, text: str) -> tuple[int, int]:
    """Make ready for another utterance: (the contact that it belongs to, the number of the last
    line). Whose contact is over goes on in another of the same thread.
    """
    state = ContactState(chat.contact_state)
    if chat.state == ChatState.OPEN:
        seq = _came_back(tx, chat) if chat.away else chat.last_seq
        if state is ContactState.PARKED:
            _wake(tx, chat)
        elif state in _WAITS and not chat.preview and text:
            messages.change_contact(
                tx, chat.contact_id, preview=excerpt(text), folded=fold(f"{chat.visitor} {text}")
            )
            tx.changed(Topic.CONTACT, chat.contact_id)
        return chat.contact_id, seq
    ended = chat.ended_at or tx.now
    if state is ContactState.SPAM or tx.now - ended > COMES_BACK:
        raise ChatOver()
    contact_id = _next_contact(tx, chat, text) if state in _OVER else chat.contact_id
    seq = chat_lines.add(
        tx,
        chat.id,
        contact_id,
        chat.last_seq + 1,
        LineKind.RETURNED,
        who=chat.visitor,
        state=ChatState.OPEN.value,
        ended_at=None,
        ended_by=None,
    )
    events.append(tx, "chat.returned", contact_id=contact_id, chat=chat.id)
    # After the chat is open: else the database tells that it is taken up again.
    if state is ContactState.WRAP_UP:
        queries.move(tx, contact_id, ContactState.ACTIVE)
        queries.assignment(tx, contact_id, AssignmentState.ACCEPTED)
        events.append(
            tx, "contact.resumed", contact_id=contact_id, staff=chat.owner_id, by="visitor"
        )
        tx.changed(Topic.CONTACT, contact_id)
    elif state is ContactState.PARKED:
        _wake(tx, chat)
    return contact_id, seq


def _wake(tx: Tx, chat: Standing) -> None:
    """Whoever it was parked for is here now."""
    messages.requeue(tx, chat.contact_id)
    events.append(tx, "contact.woken", contact_id=chat.contact_id, by="reply")
    tx.changed(Topic.CONTACT, chat.contact_id)


def _next_contact(tx: Tx, chat: Standing, text: str) -> int:
    """They came back after it was completed: a contact of the same thread, in the same queue."""
    before = queries.before(tx, chat.contact_id)
    routing = read_routing(tx)
    rules = routing.queues[before.queue_id]
    contact_id = next(messages.contact_numbers(tx, 1))
    messages.add_contact(
        tx,
        contact_id,
        {
            "channel": Channel.CHAT.value,
            "state": ContactState.QUEUED.value,
            "queue_id": before.queue_id,
            "service_id": before.service_id,
            "customer_id": before.customer_id,
            "priority": before.priority,
            "who": before.who,
            "subject": before.subject,
            "preview": excerpt(text),
            "folded": fold(f"{before.who} {before.subject} {text}"),
            "due_at": finding.due(tx.now, rules, Channel.CHAT),
            "needs_checking": False,
            "check_reason": "",
            "auto_generated": False,
            "account_id": before.account_id,
        },
        before.thread_id,
    )
    events.append(
        tx,
        "contact.received",
        contact_id=contact_id,
        customer_id=before.customer_id,
        channel=Channel.CHAT.value,
        queue=before.queue_id,
        chat=chat.id,
        after=chat.contact_id,
    )
    tx.changed(Topic.CONTACT, contact_id)
    return contact_id


def seen(db: Database, token: str, seq: int) -> None:
    """How far their page has shown it."""
    seen_many(db, {token: seq})


def seen_many(db: Database, shown: Mapping[str, int]) -> None:
    """How far many pages have shown their chats, by token: one statement. Others' tokens are
    passed over.
    """
    told = {_hash(each): _number(seq) for each, seq in shown.items()}
    with db.write() as tx:
        tx.changed(Topic.CHAT, *queries.seen(tx, told))


def typing(db: Database, token: str, text: str) -> None:
    """What they type at this moment, "" when nothing any more; told at most twice a second."""
    typing_many(db, {token: text})


def typing_many(db: Database, typed: Mapping[str, str]) -> None:
    """What many type at this moment, by token: one statement. Others' tokens are passed over."""
    words = {_hash(each): _typed(text) for each, text in typed.items()}
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


def end(db: Database, token: str) -> VisitorView:
    """They end it: nothing follows, but what its advisor still has to write down."""
    with db.write() as tx:
        chat = _locked(tx, token)
        if chat.state == ChatState.OPEN:
            close(tx, chat, EndedBy.VISITOR)
    with db.read_at_once() as tx:
        return chat_views.views(tx, [chat.id], {chat.id: chat.last_seq})[chat.id]


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
    """What they say of it, 1 to 5 stars and words, again if they like; raises InvalidInput."""
    if not 1 <= stars <= 5:
        raise InvalidInput("1 to 5 stars", fields={"stars": "1 to 5 stars"})
    said = masked(chat_texts.cleaned(words))[:LONGEST_WORDS]
    with db.write() as tx:
        chat = _locked(tx, token)
        chat_lines.change(tx, chat.id, rating=stars, rating_words=said)
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
