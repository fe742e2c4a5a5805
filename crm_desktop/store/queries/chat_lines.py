"""A chat as it stands, locked, and the lines that are added to it: for the gateway, and for SQLite.

Whoever changes a chat locks its contact first, as every move of a contact does, then the chat. A
line's number is given under that lock, so that numbers have no gaps and stand in the order of
commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import ChatState, EndedBy, LineKind, Side
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Chat, ChatLine, ChatTyping, Contact
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events


@dataclass(frozen=True, slots=True)
class Standing:
    """A chat with the contact that it is now, both locked."""

    id: int
    account_id: int
    contact_id: int
    state: str
    visitor: str
    email: str
    client: str
    last_seq: int
    visitor_at: datetime
    gone_since: datetime | None
    away: bool
    waiting_since: datetime | None
    ended_at: datetime | None
    transcript_to: str
    contact_state: str
    owner_id: int | None
    taken: bool
    queued_at: datetime
    preview: str
    subject: str


_CONTACT = select(
    Contact.id,
    Contact.state,
    Contact.owner_id,
    Contact.first_taken_at,
    Contact.queued_at,
    Contact.preview,
    Contact.subject,
)
_OF_CHAT = select(Chat.contact_id).where(Chat.id == bindparam("chat")).scalar_subquery()
_LOCK_CONTACT = _CONTACT.where(Contact.id == _OF_CHAT).with_for_update(key_share=True)
_LOCK_CHAT = (
    select(
        Chat.id,
        Chat.account_id,
        Chat.contact_id,
        Chat.state,
        Chat.visitor,
        Chat.email,
        Chat.client,
        Chat.last_seq,
        Chat.visitor_at,
        Chat.gone_since,
        Chat.away,
        Chat.waiting_since,
        Chat.ended_at,
        Chat.transcript_to,
    )
    .where(Chat.id == bindparam("chat"))
    .with_for_update(key_share=True)
)
_LINE = insert(ChatLine).inline()
_CHAT = update(Chat).where(Chat.id == bindparam("chat"))
_TYPES_NO_MORE = delete(ChatTyping).where(
    ChatTyping.chat_id == bindparam("chat"), ChatTyping.side == bindparam("of")
)


def locked(tx: Tx, chat_id: int) -> Standing | None:
    """A chat, held until the transaction ends; None when there is no such chat."""
    while True:
        contact = tx.core.execute(_LOCK_CONTACT, {"chat": chat_id}).first()
        chat = tx.core.execute(_LOCK_CHAT, {"chat": chat_id}).first()
        if chat is None or contact is None:
            return None
        # Its visitor came back while it was waited for: it is another contact now.
        if chat.contact_id == contact.id:
            _, state, owner_id, taken_at, queued_at, preview, subject = contact
            return Standing(
                **dict(chat._mapping),
                contact_state=state,
                owner_id=owner_id,
                taken=taken_at is not None,
                queued_at=queued_at,
                preview=preview,
                subject=subject,
            )


def standing(tx: Tx, chat_id: int) -> Standing:
    """A chat that is there, as `locked`."""
    chat = locked(tx, chat_id)
    assert chat is not None
    return chat


def change(tx: Tx, chat_id: int, **values: Any) -> None:
    """Set columns of a chat that is locked."""
    tx.core.execute(_CHAT.values(**values), {"chat": chat_id})


def rate(tx: Tx, chat_id: int, stars: int, said: str) -> bool:
    """What the visitor says of a locked chat; False when they had said the same."""
    other = or_(Chat.rating.is_distinct_from(stars), Chat.rating_words != said)
    values = {"rating": stars, "rating_words": said}
    return tx.core.execute(_CHAT.where(other).values(**values), {"chat": chat_id}).rowcount > 0


def add(
    tx: Tx,
    chat_id: int,
    contact_id: int,
    seq: int,
    kind: LineKind,
    *,
    side: Side = Side.CENTRE,
    who: str = "",
    message_id: int | None = None,
    client_id: str = "",
    **values: Any,
) -> int:
    """Add the line of that number, the next of a chat that is locked and is this contact now, and
    set columns of the chat; whoever has the chat looks when this commits.
    """
    tx.core.execute(
        _LINE,
        {
            "chat_id": chat_id,
            "seq": seq,
            "contact_id": contact_id,
            "kind": kind.value,
            "side": side.value,
            "who": who,
            "message_id": message_id,
            "client_id": client_id,
        },
    )
    change(tx, chat_id, last_seq=seq, contact_id=contact_id, **values)
    tx.changed(Topic.CHAT, chat_id)
    return seq


def close(tx: Tx, chat: Standing, by: EndedBy) -> None:
    """End an open chat, with its line and event. The contact is the caller's to move."""
    # Who left without an answer may still be given one.
    answered: dict[str, Any] = (
        {} if by in (EndedBy.VISITOR, EndedBy.GONE) else {"waiting_since": None}
    )
    add(
        tx,
        chat.id,
        chat.contact_id,
        chat.last_seq + 1,
        LineKind.ENDED,
        state=ChatState.ENDED.value,
        ended_at=utcnow(),
        ended_by=by.value,
        **answered,
    )
    for side in (Side.VISITOR, Side.STAFF):
        types_no_more(tx, chat.id, side)
    events.append(tx, "chat.ended", contact_id=chat.contact_id, chat=chat.id, by=by.value)


def types_no_more(tx: Tx, chat_id: int, side: Side) -> None:
    """What somebody typed was said, or never will be."""
    tx.core.execute(_TYPES_NO_MORE, {"chat": chat_id, "of": side.value})
