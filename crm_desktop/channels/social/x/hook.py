"""What X delivers to our web door: its signature, its hourly question, and the posts in it.

Everything here is pure. A delivery is in the older form of X's posts, which does not name the
conversation and leaves pictures out; `XAccount.complete` reads the same posts again.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping

from crm_desktop.channels.social import reading, signing
from crm_desktop.channels.social.x import readings, things
from crm_desktop.domain.social import News, Post

#: What X asks with: letters drawn by lot. Deliveries are signed with the same secret, so whoever
#: had us sign a text of their choosing could deliver it; nothing in these letters is a delivery.
_TOKEN = re.compile(r"[A-Za-z0-9_=+/.-]{1,200}")


def check(consumer_secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether X signed these bytes with the app's consumer secret."""
    if not consumer_secret or len(body) > signing.MOST_BYTES:
        return False
    given = signing.header(headers, "x-twitter-webhooks-signature")
    return signing.same(given, _signed(consumer_secret, body))


def challenge(consumer_secret: str, query: Mapping[str, str]) -> str | None:
    """What to answer, as JSON, to X's challenge-response check; None: 400."""
    token = query.get("crc_token", "")
    if not consumer_secret or not _TOKEN.fullmatch(token):
        return None
    signed = _signed(consumer_secret, token.encode())
    return json.dumps({"response_token": signed})


def posts(body: bytes, user_id: str) -> News:
    """What a delivery says to this account, oldest first; nothing where it makes no sense."""
    if len(body) > signing.MOST_BYTES:
        return News((), {})
    try:
        payload = reading.record(reading.read(body))
    except reading.Unreadable:
        return News((), {})
    if reading.line(payload, "for_user_id") != user_id:
        return News((), {})
    found: dict[str, Post] = {}
    for each in reading.records(payload.get("tweet_create_events")):
        if post := _post(each, user_id):
            found[post.post_id] = post
    users = reading.record(payload.get("users"))
    for each in reading.records(payload.get("direct_message_events")):
        if message := _message(each, users, user_id):
            found[message.post_id] = message
    deleted = tuple(
        gone
        for each in reading.records(payload.get("tweet_delete_events"))
        if (gone := reading.line(reading.record(each.get("status")), "id"))
    )
    return News(tuple(sorted(found.values(), key=lambda each: each.at)), {}, deleted)


def _signed(secret: str, message: bytes) -> str:
    return "sha256=" + base64.b64encode(signing.digest(secret, message)).decode()


def _post(of: Mapping[str, object], user_id: str) -> Post | None:
    """A post in the older form; None for what is only passed on, and for what has no author."""
    newest = reading.line(of, "id_str")
    author = reading.record(of.get("user"))
    author_id = reading.line(author, "id_str") or reading.line(author, "id")
    history = reading.record(of.get("edit_history"))
    first = reading.line(history, "initial_tweet_id") or newest
    at = things.moment_of(first)
    if not things.is_id(newest) or not author_id or at is None or "retweeted_status" in of:
        return None
    parent = reading.line(of, "in_reply_to_status_id_str")
    handle = reading.line(author, "screen_name")
    whole = reading.record(of.get("extended_tweet")) or of
    text = reading.text(whole, "full_text") or reading.text(whole, "text")
    return reading.shortened(
        Post(
            post_id=first,
            root_id=parent or first,
            parent_id=parent,
            author_id=author_id,
            handle=handle,
            author_name=reading.line(author, "name"),
            text=things.plain(text, reading.record(whole.get("entities"))),
            at=at,
            public=True,
            url=things.web_address(handle, newest),
            reply_ref={"to": newest, "root": parent or first},
            edited_at=things.moment_of(newest) if newest != first else None,
            by_us=author_id == user_id,
            problems=(things.UNSEEN,) if "extended_entities" in of else (),
        )
    )


def _message(of: Mapping[str, object], users: Mapping[str, object], user_id: str) -> Post | None:
    """A direct message; other events of a conversation are none."""
    created = reading.record(of.get("message_create"))
    event_id = reading.line(of, "id")
    sender = reading.line(created, "sender_id")
    target = reading.line(reading.record(created.get("target")), "recipient_id")
    at = things.moment_of(event_id)
    if of.get("type") != "message_create" or not (event_id and sender and target) or at is None:
        return None
    person = target if sender == user_id else sender
    author = reading.record(users.get(sender))
    data = reading.record(created.get("message_data"))
    return reading.shortened(
        Post(
            post_id=readings.DM + event_id,
            root_id=things.conversation(user_id, person),
            parent_id="",
            author_id=sender,
            handle=reading.line(author, "screen_name"),
            author_name=reading.line(author, "name"),
            text=things.plain(reading.text(data, "text"), reading.record(data.get("entities"))),
            at=at,
            public=False,
            reply_ref={"conversation": things.conversation(user_id, person)},
            by_us=sender == user_id,
            problems=(things.UNSEEN,) if "attachment" in data else (),
        )
    )
