"""What Meta delivers to our web door: its signature, its first question, and the posts in it.

Everything here is pure. A delivery names what was added, edited or removed; pictures are fetched
and names are asked for afterwards, by `FacebookPage.complete`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from crm_desktop.channels.social import reading, signing
from crm_desktop.channels.social.facebook import things
from crm_desktop.domain.social import News, Post

_ADDED = frozenset({"add"})
_EDITED = frozenset({"edit", "edited", "update"})
_REMOVED = frozenset({"remove", "delete"})
#: What people write; likes, reactions and the like are left alone.
_WRITTEN = frozenset({"comment", "post", "status", "photo", "video", "share", "album", "link"})


def check(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether Meta signed these bytes with the app's secret (X-Hub-Signature-256)."""
    if not secret or len(body) > signing.MOST_BYTES:
        return False
    expected = "sha256=" + signing.digest(secret, body).hex()
    return signing.same(signing.header(headers, "x-hub-signature-256"), expected)


def challenge(verify_token: str, query: Mapping[str, str]) -> str | None:
    """What to answer, as plain text, to Meta's question whether this address is ours; None: 403."""
    if query.get("hub.mode") != "subscribe":
        return None
    if not signing.same(query.get("hub.verify_token", ""), verify_token):
        return None
    asked = query.get("hub.challenge", "")
    # An integer by the book: nothing else is sent back to whoever asks.
    return asked if asked.isascii() and asked.isdigit() and len(asked) < 40 else None


def posts(body: bytes, page_id: str) -> News:
    """What a delivery says about this page, oldest first; nothing where it makes no sense."""
    if len(body) > signing.MOST_BYTES:
        return News((), {})
    try:
        payload = reading.record(reading.read(body))
    except reading.Unreadable:
        return News((), {})
    if payload.get("object") != "page":
        return News((), {})
    found: dict[str, Post] = {}
    deleted: dict[str, None] = {}
    for entry in reading.records(payload.get("entry")):
        if reading.line(entry, "id") != page_id:
            continue
        for each in _of_entry(entry, page_id):
            if isinstance(each, Post):
                found[each.post_id] = each
                deleted.pop(each.post_id, None)
            else:
                deleted[each] = None
                found.pop(each, None)
    return News(tuple(sorted(found.values(), key=lambda each: each.at)), {}, tuple(deleted))


def _of_entry(entry: Mapping[str, object], page_id: str) -> Iterator[Post | str]:
    """Posts, and ids of what was removed, in the order in which it happened."""
    told = reading.moment(entry, "time") or reading.moment(entry, "time", milliseconds=True)
    for change in reading.records(entry.get("changes")):
        if change.get("field") in ("feed", "mention"):
            yield from _change(reading.record(change.get("value")), page_id, told)
    for event in reading.records(entry.get("messaging")):
        yield from _message(event, page_id)


def _change(
    value: Mapping[str, object], page_id: str, told: datetime | None
) -> Iterator[Post | str]:
    """One change of the feed, or one mention."""
    item, verb = reading.line(value, "item"), reading.line(value, "verb")
    if item not in _WRITTEN:
        return
    root = reading.line(value, "post_id")
    comment = reading.line(value, "comment_id") if item == "comment" else ""
    post_id = comment or root
    if not post_id or (item == "comment" and not comment):
        return
    if verb in _REMOVED:
        yield post_id
        return
    at = reading.moment(value, "created_time") or told
    if verb not in _ADDED | _EDITED or at is None:
        return
    parent = reading.line(value, "parent_id") or (root if comment else "")
    author = reading.record(value.get("from"))
    author_id = reading.line(author, "id") or reading.line(value, "sender_id")
    pictured = any(name in value for name in ("photo", "photos", "photo_id", "video_id"))
    post = Post(
        post_id=post_id,
        root_id=root or post_id,
        parent_id=parent if comment else "",
        author_id=author_id,
        handle=author_id,
        author_name=reading.line(author, "name") or reading.line(value, "sender_name"),
        text=reading.text(value, "message"),
        at=at,
        public=True,
        url=things.web_address(post_id),
        reply_ref=things.answer_to(post_id, parent, root or post_id),
        edited_at=(told or at) if verb in _EDITED else None,
        by_us=author_id == page_id,
        problems=(things.UNSEEN,) if pictured else (),
    )
    yield reading.shortened(post)


def _message(event: Mapping[str, object], page_id: str) -> Iterator[Post | str]:
    """One event of Messenger: a message, its edit or its removal."""
    message = reading.record(event.get("message") or event.get("message_edit"))
    mid = reading.line(message, "mid")
    sender = reading.line(reading.record(event.get("sender")), "id")
    recipient = reading.line(reading.record(event.get("recipient")), "id")
    at = reading.moment(event, "timestamp", milliseconds=True)
    if not mid or not sender or not recipient or at is None:
        return
    if message.get("is_deleted") is True:
        yield mid
        return
    by_us = message.get("is_echo") is True or sender == page_id
    person = recipient if by_us and sender == page_id else sender
    post = Post(
        post_id=mid,
        root_id=things.conversation(person),
        parent_id=reading.line(reading.record(message.get("reply_to")), "mid"),
        author_id=page_id if by_us else person,
        handle=page_id if by_us else person,
        author_name="",
        text=reading.text(message, "text"),
        at=at,
        public=False,
        reply_ref={"person": person},
        edited_at=at if "message_edit" in event else None,
        by_us=by_us,
        problems=(things.UNSEEN,) if message.get("attachments") else (),
    )
    yield reading.shortened(post)
