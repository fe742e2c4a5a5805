"""What the gateway needs to say something on a network, and its mark when it stands there."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import func, select, update

from crm_desktop.domain.social import SentPost
from crm_desktop.domain.states import MessageState, OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Message, OutboxItem, SocialPost


@dataclass(frozen=True, slots=True)
class Saying:
    """A post of ours that is to be sent: where to, and what the network wants with it."""

    message_id: int
    account_id: int
    rfc_id: str
    text: str
    public: bool
    parent_id: str
    reply_ref: dict[str, Any]
    author_id: str
    handle: str
    alts: dict[int, str]


_SAYING = tuple(each.name for each in fields(Saying))


def saying(tx: Tx, message_id: int) -> Saying | None:
    """A post of ours that is still to be sent."""
    row = tx.session.execute(
        select(
            Message.id,
            SocialPost.account_id,
            func.coalesce(Message.rfc_id, ""),
            Message.body_text,
            SocialPost.public,
            SocialPost.parent_id,
            SocialPost.reply_ref,
            SocialPost.author_id,
            SocialPost.handle,
            SocialPost.alts,
        )
        .join(SocialPost, SocialPost.message_id == Message.id)
        .where(Message.id == message_id, Message.state == MessageState.PENDING.value)
    ).first()
    if row is None:
        return None
    given: dict[str, Any] = dict(zip(_SAYING, row, strict=True))
    given["alts"] = {int(number): str(alt) for number, alt in given["alts"]}
    return Saying(**given)


def is_sent(tx: Tx, message_id: int) -> bool:
    """Whether a post of ours stands on its network, as far as is known."""
    state = tx.session.scalar(select(Message.state).where(Message.id == message_id))
    return state == MessageState.SENT.value


def stands(tx: Tx, message_id: int, name: tuple[str, str], where: SentPost) -> int | None:
    """A post of ours stands on its network, under our `name` (account, handle) there.

    Gives its contact; None when that was known already. Where the reader met it first and did not
    know it for ours, ours takes its place.
    """
    state, account_id, contact_id = tx.session.execute(
        select(Message.state, SocialPost.account_id, Message.contact_id)
        .join(SocialPost, SocialPost.message_id == Message.id)
        .where(Message.id == message_id)
        .with_for_update(of=Message)
    ).one()
    if state == MessageState.SENT:
        return None
    _take_the_place(tx, account_id, message_id, where.post_id)
    tx.session.execute(
        update(SocialPost)
        .where(SocialPost.message_id == message_id)
        .values(
            post_id=where.post_id,
            root_id=where.root_id,
            url=where.url,
            reply_ref=dict(where.reply_ref),
        )
    )
    tx.session.execute(
        update(Message)
        .where(Message.id == message_id)
        .values(
            state=MessageState.SENT.value,
            sent_at=tx.now,
            sender_name=name[0],
            sender_address=name[1],
            external_id=where.post_id,
            failure="",
        )
    )
    # What was given up because nobody could tell is decided.
    tx.session.execute(
        update(OutboxItem)
        .where(OutboxItem.message_id == message_id, OutboxItem.state == OutboxState.DEAD.value)
        .values(state=OutboxState.DONE.value, done_at=tx.now)
    )
    return int(contact_id)


def _take_the_place(tx: Tx, account_id: int, message_id: int, post_id: str) -> None:
    """One post is one message: what the reader kept of it is withdrawn."""
    met = tx.session.scalar(
        select(Message.id).where(
            Message.account_id == account_id,
            Message.external_id == post_id,
            Message.id != message_id,
        )
    )
    if met is not None:
        tx.session.execute(
            update(Message)
            .where(Message.id == met)
            .values(external_id=None, state=MessageState.WITHDRAWN.value)
        )
        tx.session.execute(
            update(SocialPost).where(SocialPost.message_id == met).values(post_id="", watched=False)
        )
