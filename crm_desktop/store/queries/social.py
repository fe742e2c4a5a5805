"""Posts as the gateway keeps them: found again, threaded, corrected, and looked at once more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, literal_column, or_, select, update

from crm_desktop.domain.social import Post
from crm_desktop.domain.states import MessageState, OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Contact, Message, OutboxItem, SocialPost


@dataclass(frozen=True, slots=True)
class Kept:
    """A post that is kept already: where, and what it says as far as we know.

    `written_here`: its text is as we wrote it, whatever the network made of it.
    """

    message_id: int
    contact_id: int
    text: str
    deleted_at: datetime | None
    written_here: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """Something of ours that has begun to leave and of which nobody knows yet where it stands."""

    message_id: int
    contact_id: int
    parent_id: str
    text: str
    public: bool


_KEPT = (
    select(
        SocialPost.post_id,
        SocialPost.message_id,
        Message.contact_id,
        Message.body_text,
        SocialPost.deleted_at,
        Message.author_id.is_not(None),
    )
    .join(Message, Message.id == SocialPost.message_id)
    .where(
        SocialPost.account_id == bindparam("account"),
        SocialPost.post_id.in_(bindparam("posts", expanding=True)),
    )
)
# Which posts they are each says by an index of `social_post` alone; a join would let the database
# begin with all messages.
_NEWEST_OF_ROOT = select(Message.contact_id).where(
    Message.id
    == select(SocialPost.message_id)
    .where(SocialPost.account_id == bindparam("account"), SocialPost.root_id == bindparam("root"))
    .order_by(SocialPost.message_id.desc())
    .limit(1)
    .scalar_subquery()
)
_BEGUN_BY_US = (
    select(Message.id, Message.contact_id)
    .where(
        Message.id.in_(
            select(SocialPost.message_id).where(
                SocialPost.account_id == bindparam("account"),
                SocialPost.handle == bindparam("handle"),
                SocialPost.author_id == bindparam("author"),
                SocialPost.root_id == "",
                SocialPost.public.is_(False),
            )
        ),
        Message.direction == "outbound",
        Message.state != MessageState.WITHDRAWN.value,
    )
    .order_by(Message.id.desc())
    .limit(1)
)
# Ours carry the name and the number of whom they are for, so they are no others'.
_OTHER_OF_HANDLE = (
    select(SocialPost.message_id)
    .where(
        SocialPost.account_id == bindparam("account"),
        SocialPost.handle == bindparam("handle"),
        SocialPost.author_id != bindparam("author"),
    )
    .limit(1)
)
_LEAVING = (
    select(SocialPost.message_id, SocialPost.parent_id, SocialPost.public)
    .where(SocialPost.account_id == bindparam("account"), SocialPost.post_id == "")
    .cte("leaving")
)
_UNSENT = (
    select(
        Message.id, Message.contact_id, _LEAVING.c.parent_id, Message.body_text, _LEAVING.c.public
    )
    .join(_LEAVING, _LEAVING.c.message_id == Message.id)
    .join(OutboxItem, OutboxItem.message_id == Message.id)
    .where(
        Message.id.in_(select(_LEAVING.c.message_id)),
        Message.state.in_([MessageState.PENDING.value, MessageState.FAILED.value]),
        # What certainly never left is not what the network shows.
        or_(OutboxItem.state == OutboxState.CLAIMED.value, OutboxItem.unknown_fate),
    )
    .order_by(Message.id)
)
_ADD = insert(SocialPost).inline()


def kept(tx: Tx, account_id: int, post_ids: Iterable[str]) -> dict[str, Kept]:
    """Those of these posts that are kept, by the network's id."""
    wanted = sorted({each for each in post_ids if each})
    if not wanted:
        return {}
    rows = tx.core.execute(_KEPT, {"account": account_id, "posts": wanted})
    return {row[0]: Kept(*row[1:5], written_here=bool(row[5])) for row in rows}


def newest_contact(tx: Tx, account_id: int, root_id: str) -> int | None:
    """The contact of the newest message of a conversation."""
    found = tx.core.execute(_NEWEST_OF_ROOT, {"account": account_id, "root": root_id})
    return found.scalar() if root_id else None


def begun_by_us(tx: Tx, account_id: int, author_id: str, handle: str) -> tuple[int, int] | None:
    """(message, contact) of what we wrote to somebody in private, unanswered until now."""
    row = tx.core.execute(
        _BEGUN_BY_US, {"account": account_id, "author": author_id, "handle": handle}
    ).first()
    return (row[0], row[1]) if row else None


def set_root(tx: Tx, message_id: int, root_id: str) -> None:
    """The network told which conversation a private message of ours began."""
    _change(tx, message_id, root_id=root_id)


def handle_was_anothers(tx: Tx, account_id: int, author_id: str, handle: str) -> bool:
    """Whether somebody else wrote to us under this name before: names are given away."""
    given = {"account": account_id, "author": author_id, "handle": handle}
    return tx.core.execute(_OTHER_OF_HANDLE, given).first() is not None


def author_of(tx: Tx, contact_id: int) -> str:
    """Who wrote the first post of a contact, by the network's id of them."""
    found = tx.core.execute(
        select(SocialPost.author_id)
        .join(Message, Message.id == SocialPost.message_id)
        .where(Message.contact_id == contact_id, Message.direction == "inbound")
        .order_by(Message.id)
        .limit(1)
    ).scalar()
    return found or ""


def first_message(tx: Tx, contact_id: int) -> int | None:
    """The first post that somebody wrote in a contact."""
    return tx.core.execute(
        select(func.min(Message.id)).where(
            Message.contact_id == contact_id, Message.direction == "inbound"
        )
    ).scalar()


def unsent(tx: Tx, account_id: int) -> tuple[Unsent, ...]:
    """What of ours is leaving through an account or may have left; few at any time."""
    return tuple(Unsent(*row) for row in tx.core.execute(_UNSENT, {"account": account_id}))


def add(tx: Tx, message_id: int, account_id: int, network: str, post: Post) -> None:
    """What a message is on its network."""
    tx.core.execute(
        _ADD,
        {
            "message_id": message_id,
            "account_id": account_id,
            "network": network,
            "post_id": post.post_id,
            "root_id": post.root_id,
            "parent_id": post.parent_id,
            "url": post.url,
            "author_id": post.author_id,
            "handle": post.handle,
            "public": post.public,
            "reply_ref": dict(post.reply_ref),
            "alts": [],
            "versions": [],
            "edited_at": post.edited_at,
        },
    )


def set_alts(tx: Tx, message_id: int, described: Mapping[int, str]) -> None:
    """The descriptions of a message's pictures, by attachment."""
    if described:
        _change(tx, message_id, alts=[[number, alt] for number, alt in described.items()])


def edited(tx: Tx, known: Kept, text: str, at: datetime) -> None:
    """A post says something else now; what it said stays with it."""
    session = tx.session
    versions = session.scalar(
        select(SocialPost.versions).where(SocialPost.message_id == known.message_id)
    )
    earlier = {"text": known.text, "until": at.isoformat()}
    _change(tx, known.message_id, versions=[*(versions or ()), earlier], edited_at=at)
    session.execute(
        update(Message)
        .where(Message.id == known.message_id)
        .values(body_text=text, reply_text=text)
    )


def deleted(tx: Tx, message_id: int) -> None:
    """A post is gone from its network; the message keeps its text."""
    _change(tx, message_id, deleted_at=tx.now)


def _change(tx: Tx, message_id: int, **values: Any) -> None:
    tx.session.execute(
        update(SocialPost).where(SocialPost.message_id == message_id).values(**values)
    )


# First which they are, by the index alone; then what becomes of these few.
_LONGEST_UNSEEN = (
    select(SocialPost.message_id, SocialPost.post_id)
    .where(
        SocialPost.account_id == bindparam("account"),
        # Written out: a database knows by it that the partial index holds the rows.
        literal_column("social_post.watched"),
        SocialPost.looked_at < bindparam("before"),
    )
    .order_by(SocialPost.looked_at)
    .limit(bindparam("many"))
    .subquery()
)
_WATCHED = (
    select(_LONGEST_UNSEEN.c.message_id, _LONGEST_UNSEEN.c.post_id, Contact.state, Message.at)
    .join(Message, Message.id == _LONGEST_UNSEEN.c.message_id)
    .join(Contact, Contact.id == Message.contact_id)
)


@dataclass(frozen=True, slots=True)
class Watched:
    """A post that may have been changed or deleted since it was looked at."""

    message_id: int
    post_id: str
    contact_state: str
    at: datetime


def watched(tx: Tx, account_id: int, after: timedelta, limit: int) -> tuple[Watched, ...]:
    """The posts of an account that were not looked at for so long, the longest first."""
    given = {"account": account_id, "before": tx.now - after, "many": limit}
    return tuple(Watched(*row) for row in tx.core.execute(_WATCHED, given))


def looked(tx: Tx, message_ids: Iterable[int]) -> None:
    """They were looked at now."""
    _mark(tx, message_ids, looked_at=tx.now)


def watch_no_more(tx: Tx, message_ids: Iterable[int]) -> None:
    """Nobody works with them any more."""
    _mark(tx, message_ids, watched=False)


def _mark(tx: Tx, message_ids: Iterable[int], **values: Any) -> None:
    ids = list(message_ids)
    if ids:
        tx.session.execute(
            update(SocialPost).where(SocialPost.message_id.in_(ids)).values(**values)
        )
