"""Posts as networks hand them over, and the account that they come through."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from crm_desktop.domain.social import Network, News, Post
from crm_desktop.services import social_intake
from crm_desktop.services.social_intake import Received
from crm_desktop.store.models import ChannelAccount, Message, OutboxItem, SocialPost
from tests.centre import Centre

_NUMBERS = count(1)


def network_account(
    centre: Centre, network: Network = Network.BLUESKY, *, queue: str = "general", **settings: Any
) -> int:
    """An account of ours on a network."""
    queue_id = centre.queue_id(queue)
    with centre.as_owner().write() as tx:
        account = ChannelAccount(
            kind=network.value,
            name=f"{network.value.capitalize()} of {queue}",
            settings={"handle": "testshire.example", **settings},
            queue_id=queue_id,
            secret_name=f"social:{network.value}",
        )
        tx.session.add(account)
        tx.session.flush()
        return account.id


def post(handle: str = "margaret.example", text: str = "My bin was missed", **other: Any) -> Post:
    """A public post that begins a conversation, unless `other` fields say otherwise."""
    number = next(_NUMBERS)
    name = handle.partition(".")[0].title()
    made = Post(
        post_id=f"post-{number}",
        root_id=f"post-{number}",
        parent_id="",
        author_id=f"did:{handle}",
        handle=handle,
        author_name=name,
        text=text,
        at=datetime(2026, 11, 27, 9, 0, number % 60, tzinfo=UTC),
        public=True,
        url=f"https://network.example/{number}",
        reply_ref={"cid": f"cid-{number}"},
    )
    return replace(made, **other)


def answer(
    to: Post, handle: str = "margaret.example", text: str = "And again", **more: Any
) -> Post:
    """A post in the conversation of another."""
    return post(
        handle, text, root_id=to.root_id, parent_id=to.post_id, public=to.public, **more
    )  # fmt: skip


def read(centre: Centre, account_id: int, *posts: Post, **news: Any) -> Received:
    """What one asking of the network brings."""
    return social_intake.receive(centre.as_gateway(), account_id, News(tuple(posts), {}, **news))


def contact_of(centre: Centre, account_id: int, which: Post) -> int:
    """The contact that a post is kept in."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(Message.contact_id)
            .join(SocialPost, SocialPost.message_id == Message.id)
            .where(SocialPost.account_id == account_id, SocialPost.post_id == which.post_id)
        ).one()


def message_of(centre: Centre, account_id: int, which: Post) -> int:
    """The message that a post is kept as; there must be one alone."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(SocialPost.message_id).where(
                SocialPost.account_id == account_id, SocialPost.post_id == which.post_id
            )
        ).one()


def outbox_of(centre: Centre, message_id: int) -> OutboxItem:
    """The outgoing work of a message."""
    with centre.as_owner().read() as tx:
        return tx.session.scalars(
            select(OutboxItem).where(OutboxItem.message_id == message_id)
        ).one()
