"""Who may do what in a chat, on SQLite: the rules of 0023_chats_postgresql.sql in Python."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import TextClause, delete, insert, select, text, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import (
    LONGEST_BLOCK,
    LONGEST_REASON,
    LONGEST_TEXT,
    MOST_FILES,
    TYPING_STALE_SECONDS,
    Block,
    ChatState,
    EndedBy,
    LineKind,
    Side,
    first_name,
)
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound, Taken
from crm_desktop.domain.states import ContactState, Direction, MessageState
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import visible
from crm_desktop.store.leading import me
from crm_desktop.store.models import (
    Attachment,
    Blob,
    Chat,
    ChatBlock,
    ChatLine,
    ChatTyping,
    Contact,
    Draft,
    Message,
    ReadAudit,
    Staff,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import chat_lines, chat_visits, events, messages, replying
from crm_desktop.store.queries.chat_lines import Standing
from crm_desktop.store.queries.chat_views import LINE

_TALKS = (ContactState.ACTIVE, ContactState.HELD)
_IN_HAND = (*_TALKS, ContactState.WRAP_UP)
_KEY = re.compile(r"[0-9a-f]{32}")
_JSON = {"array": "json_array", "list": "json_group_array", "embed": "json(r)"}
_LINE = LINE.format_map(_JSON)
_OPEN = text(
    f"""SELECT json_array(k.id, :contact, k.state, k.visitor, k.email, k.language, k.page,
    k.started_at, k.waiting_since, k.gone_since, k.visitor_seq, k.last_seq, k.ended_by, k.rating,
    k.rating_words, json(k.answers),
    (SELECT json_group_array(json(r)) FROM (SELECT json_array({_LINE}) AS r
        FROM chat_line l LEFT JOIN message m ON m.id = l.message_id
        JOIN contact o ON o.id = l.contact_id
        WHERE l.chat_id = k.id AND l.seq > :after
          AND (l.contact_id = :contact OR o.owner_id = :me
               OR o.queue_id IN (SELECT value FROM json_each(:mine)))
        ORDER BY l.seq)))
    FROM chat k WHERE k.id = :chat"""
)
_HELD = text(
    """SELECT json_group_array(json(r)) FROM (SELECT json_array(
        c.id, k.id, c.who, c.subject, coalesce(substr(m.body_text, 1, 200), ''),
        coalesce(t.side, 'centre'), k.last_seq,
        (SELECT count(*) FROM chat_line u WHERE u.chat_id = k.id AND u.seq > k.staff_seq
         AND u.side = 'visitor'),
        k.waiting_since, k.gone_since, k.state) AS r
    FROM contact c JOIN chat k ON k.contact_id = c.id
    LEFT JOIN chat_line t ON t.chat_id = k.id AND t.seq = (
        SELECT max(l.seq) FROM chat_line l
        WHERE l.chat_id = k.id AND l.message_id IS NOT NULL)
    LEFT JOIN message m ON m.id = t.message_id
    WHERE c.owner_id = :me AND c.state <> 'completed' AND c.channel = 'chat'
      AND c.state IN ('active', 'held', 'wrap_up')
    ORDER BY (SELECT max(x.accepted_at) FROM assignment x
              WHERE x.contact_id = c.id AND x.ended_at IS NULL), c.id)"""
)


def _readable(tx: Tx, contact_id: int) -> Contact:
    contact = tx.session.get(Contact, contact_id, populate_existing=True)
    if contact is None or not visible(contact, me(tx)):
        raise NotFound("no such contact")
    return contact


def _held(tx: Tx, contact_id: int, states: Sequence[ContactState], *, own: bool) -> Standing:
    """The chat of a contact in this person's hands; without `own` also of a team leader's."""
    asker, contact = me(tx), _readable(tx, contact_id)
    if contact.owner_id != asker.id and (own or not asker.leads):
        holder = tx.session.get(Staff, contact.owner_id) if contact.owner_id else None
        if holder is None:
            raise NotAllowed("take the contact first")
        raise Taken("the contact is with somebody else", by=holder.name)
    if contact.state not in states:
        raise Conflict(f"the contact is {contact.state}")
    chat_id = tx.session.scalar(select(Chat.id).where(Chat.contact_id == contact_id))
    chat = chat_lines.locked(tx, chat_id) if chat_id is not None else None
    if chat is None:
        raise NotFound("no such chat")
    return chat


def _chat_of(tx: Tx, contact: Contact) -> int | None:
    own = tx.session.scalar(select(Chat.id).where(Chat.contact_id == contact.id))
    if own is not None or contact.channel != "chat":
        return own
    return tx.session.scalar(
        select(Chat.id)
        .join(Contact, Contact.id == Chat.contact_id)
        .where(Contact.thread_id == contact.thread_id)
        .order_by(Chat.id.desc())
        .limit(1)
    )


def open_chat(tx: Tx, contact_id: int, after: int) -> Any:
    """See `chats.open_chat`; its JSON."""
    contact, asker = _readable(tx, contact_id), me(tx)
    chat_id = _chat_of(tx, contact)
    if chat_id is None:
        return None
    if after <= 0 or contact.owner_id != asker.id:
        tx.core.execute(
            insert(ReadAudit).inline(),
            {"staff_id": asker.id, "what": "contact", "ref_id": contact_id},
        )
    given = {"contact": contact_id, "chat": chat_id, "after": max(after, 0), "me": asker.id}
    return tx.core.execute(_OPEN, {**given, "mine": _listed(asker.queues)}).scalar()


def _listed(ids: frozenset[int]) -> str:
    return f"[{','.join(map(str, sorted(ids)))}]"


def in_hand(tx: Tx) -> tuple[TextClause, dict[str, Any]]:
    """The statement of `chats.in_hand` with what it is given."""
    return _HELD, {"me": me(tx).id}


def answering(tx: Tx, contact_id: int) -> replying.Answering | None:
    """See `chats.answering`."""
    _readable(tx, contact_id)
    known = replying.quietly(tx, contact_id)
    unproven = select(Contact.id).where(Contact.id == contact_id, Contact.needs_checking)
    if known is None or tx.session.scalar(unproven) is None:
        return known
    # Who only typed an address has proved nothing: the record is not theirs yet.
    nobody = replace(known.contact, customer_id=None, customer_name="")
    return replace(known, contact=nobody, identifiers=())


def say(
    tx: Tx,
    contact_id: int,
    *,
    key: str,
    words: str,
    template_id: int | None,
    files: Sequence[Mapping[str, Any]],
    findings: int,
) -> tuple[int, int]:
    """See `chats.say`: (chat, number of the line)."""
    asker = me(tx)
    if not _KEY.fullmatch(key):
        raise InvalidInput("a key is 32 hexadecimal digits")
    chat = _held(tx, contact_id, _IN_HAND, own=True)
    external = f"{chat.id}:staff:{asker.id}:{key}"
    before = tx.session.scalar(
        select(ChatLine.seq)
        .join(Message, Message.id == ChatLine.message_id)
        .where(Message.account_id == chat.account_id, Message.external_id == external)
    )
    if before is not None:
        return chat.id, before
    if chat.state != ChatState.OPEN:
        raise Conflict("the chat has ended")
    if len(words) > LONGEST_TEXT or len(files) > MOST_FILES or not (words.strip() or files):
        raise InvalidInput("one to 4,000 characters, five files at most")
    message_id = messages.add_message(
        tx,
        {
            "contact_id": contact_id,
            "direction": Direction.OUTBOUND.value,
            "state": MessageState.SENT.value,
            "author_id": asker.id,
            "template_id": template_id,
            "account_id": chat.account_id,
            "external_id": external,
            "body_text": words,
            "reply_text": words,
            "sent_at": tx.now,
        },
    )
    _attach(tx, message_id, files)
    seq = chat_lines.add(
        tx,
        chat.id,
        contact_id,
        chat.last_seq + 1,
        LineKind.SAID,
        side=Side.STAFF,
        who=first_name(asker.name),
        message_id=message_id,
        waiting_since=None,
        staff_seq=chat.last_seq + 1,
    )
    chat_lines.types_no_more(tx, chat.id, Side.STAFF)
    tx.core.execute(
        delete(Draft).where(
            Draft.contact_id == contact_id,
            Draft.author_id == asker.id,
            Draft.kind.in_(["chat", "reply"]),
        )
    )
    if findings:
        events.append(
            tx, "chat.confirmed", contact_id=contact_id, chat=chat.id, message=message_id,
            findings=findings,
        )  # fmt: skip
    return chat.id, seq


def _attach(tx: Tx, message_id: int, files: Sequence[Mapping[str, Any]]) -> None:
    for each in files:
        size = tx.session.scalar(
            select(Blob.size).where(Blob.sha256 == each["sha256"], Blob.complete)
        )
        if size is None:
            raise NotFound("no such file")
        tx.core.execute(
            insert(Attachment).inline(),
            {
                "message_id": message_id,
                "sha256": each["sha256"],
                "name": str(each["name"])[:255],
                "content_type": str(each["content_type"])[:255],
                "size": size,
            },
        )


def _own(tx: Tx, *, contact_id: int | None = None, chat_id: int | None = None) -> Any:
    wanted = Chat.id == chat_id if chat_id is not None else Chat.contact_id == contact_id
    return tx.core.execute(
        select(Chat.id, Chat.state, Chat.last_seq, Contact.state.label("contact_state"))
        .join(Contact, Contact.id == Chat.contact_id)
        .where(wanted, Contact.owner_id == me(tx).id)
    ).first()


def seen(tx: Tx, contact_id: int, seq: int) -> None:
    """See `chats.seen`."""
    chat = _own(tx, contact_id=contact_id)
    if chat is not None:
        read = min(seq, chat.last_seq)
        done = tx.core.execute(
            update(Chat).where(Chat.id == chat.id, Chat.staff_seq < read).values(staff_seq=read)
        )
        if done.rowcount:
            tx.changed(Topic.CHAT, chat.id)


def typing(tx: Tx, contact_id: int) -> None:
    """See `chats.typing`."""

    chat = _own(tx, contact_id=contact_id)
    if chat is None or chat.state != ChatState.OPEN or chat.contact_state not in _TALKS:
        raise NotFound("no such chat")
    if chat_visits.staff_types(tx, chat.id):
        tx.changed(Topic.TYPING, chat.id)


def visitor_typing(tx: Tx, chat_id: int) -> str:
    """See `chats.visitor_typing`."""
    chat = _own(tx, chat_id=chat_id)
    if chat is None or chat.contact_state not in _IN_HAND:
        raise NotFound("no such chat")
    fresh = tx.now - timedelta(seconds=TYPING_STALE_SECONDS)
    found = tx.core.scalar(
        select(ChatTyping.text).where(
            ChatTyping.chat_id == chat_id,
            ChatTyping.side == Side.VISITOR.value,
            ChatTyping.at > fresh,
        )
    )
    return found or ""


def end(tx: Tx, contact_id: int, by: EndedBy) -> None:
    """See `chats.end`."""
    if by not in (EndedBy.ADVISOR, EndedBy.WARNED, EndedBy.BLOCKED):
        raise InvalidInput("no such end")
    chat = _held(tx, contact_id, _TALKS, own=False)
    if chat.state == ChatState.OPEN:
        chat_lines.close(tx, chat, by)
    tx.guard.wrap_up(contact_id)


def to_email(tx: Tx, contact_id: int, email: str) -> None:
    """See `chats.to_email`."""

    chat = _held(tx, contact_id, _IN_HAND, own=True)
    chat_lines.change(tx, chat.id, email=email)
    if chat.state == ChatState.OPEN:
        chat_lines.close(tx, chat, EndedBy.EMAIL)
    events.append(tx, "chat.email", contact_id=contact_id, chat=chat.id)
    tx.changed(Topic.CHAT, chat.id)


def block(tx: Tx, contact_id: int, reason: str, hours: int) -> int:
    """See `chats.block`."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise InvalidInput("say why, in up to 200 letters")
    if not timedelta(hours=1) <= timedelta(hours=hours) <= LONGEST_BLOCK:
        raise InvalidInput("1 hour to 30 days")
    chat = _held(tx, contact_id, _IN_HAND, own=False)
    number: int = tx.core.execute(
        insert(ChatBlock).returning(ChatBlock.id),
        {
            "client": chat.client,
            "chat_id": chat.id,
            "reason": reason.strip(),
            "by_id": me(tx).id,
            "until": tx.now + timedelta(hours=hours),
        },
    ).scalar_one()
    events.append(
        tx, "chat.blocked", contact_id=contact_id, chat=chat.id, block=number, hours=hours
    )
    if chat.contact_state in _TALKS:
        end(tx, contact_id, EndedBy.BLOCKED)
    return number


def unblock(tx: Tx, block_id: int) -> int:
    """See `chats.unblock`; the chat."""
    asker = me(tx)
    if not asker.leads:
        raise NotAllowed("a team leader takes it back")
    row = tx.core.execute(
        select(Contact.id, Chat.id)
        .join(Chat, Chat.contact_id == Contact.id)
        .join(ChatBlock, ChatBlock.chat_id == Chat.id)
        .where(
            ChatBlock.id == block_id,
            ChatBlock.until > utcnow(),
            Contact.queue_id.in_(asker.queues),
        )
    ).first()
    if row is None:
        raise NotFound("no such block")
    tx.core.execute(update(ChatBlock).where(ChatBlock.id == block_id).values(until=utcnow()))
    events.append(tx, "chat.unblocked", contact_id=row[0], block=block_id)
    chat_id: int = row[1]
    return chat_id


def blocks(tx: Tx) -> tuple[Block, ...]:
    """See `chats.blocks`."""
    asker = me(tx)
    if not asker.leads:
        raise NotAllowed("a team leader sees who is kept out")
    rows = tx.core.execute(
        select(
            ChatBlock.id, Contact.id, Chat.visitor, ChatBlock.reason, Staff.name, ChatBlock.at,
            ChatBlock.until,
        )
        .join(Chat, Chat.id == ChatBlock.chat_id)
        .join(Contact, Contact.id == Chat.contact_id)
        .join(Staff, Staff.id == ChatBlock.by_id)
        .where(ChatBlock.until > utcnow(), Contact.queue_id.in_(asker.queues))
        .order_by(ChatBlock.id.desc())
    )  # fmt: skip
    return tuple(Block(*row) for row in rows)
