"""What an account says: answers, direct messages and notices, each once.

X has no key that makes a second try the same post. After an answer was lost, what the account said
lately is looked through for the same words in the same place.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from crm_desktop.channels.social import reading, web
from crm_desktop.channels.social.x import readings, things
from crm_desktop.channels.social.x.api import PAGE, Api, part
from crm_desktop.channels.social.x.readings import DM
from crm_desktop.channels.social.x.settings import XSettings
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.post_length import length, limit
from crm_desktop.domain.social import Network, OutboundPost, Picture, Post, SentPost

#: How far X's clock may be behind ours before its first answer has told.
_LONG_BEFORE: Final = timedelta(minutes=10)
_MOST_PICTURES: Final = 4
_LARGEST_PICTURE: Final = 5 * 1024 * 1024
_LONGEST_ALT: Final = 1_000
_NAMES_BEFORE: Final = re.compile(r"^(?:@\w{1,15}\s+)+", re.ASCII)

_TIMELINE, _CONVERSATION = "timeline", "one conversation"
_POST, _MESSAGE, _UPLOAD, _DESCRIBE = "post", "post message", "upload", "describe"


class Sender:
    """Says something as the account; raises ConnectorTrouble."""

    def __init__(self, api: Api, settings: XSettings) -> None:
        self._api = api
        self._user = settings.user_id
        self._handle = settings.handle

    def send(self, post: OutboundPost, tried_at: datetime | None) -> SentPost:
        """Say something; after an earlier try, only what is not there yet.

        Without a way to look, the fate stays unknown.
        """
        _refuse_what_cannot_be(post)
        if tried_at is not None and (earlier := self._earlier(post, tried_at)):
            return earlier
        media = [self._upload(each, public=post.public) for each in post.pictures]
        return (
            self._send_publicly(post, media) if post.public else self._send_privately(post, media)
        )

    def _send_publicly(self, post: OutboundPost, media: Sequence[str]) -> SentPost:
        body: dict[str, object] = {"text": post.text}
        if post.reply_to is not None:
            body["reply"] = {"in_reply_to_tweet_id": _parent(post)}
        if media:
            body["media"] = {"media_ids": list(media)}
        data = reading.record(self._api.post("2/tweets", _POST, body).get("data"))
        post_id = reading.line(data, "id")
        if not things.is_id(post_id):
            raise _no_number()
        return self._sent(post_id, post)

    def _send_privately(self, post: OutboundPost, media: Sequence[str]) -> SentPost:
        body: dict[str, object] = {"text": post.text}
        if media:
            body["attachments"] = [{"media_id": each} for each in media]
        path = f"2/dm_conversations/{_conversation(post)}/messages"
        data = reading.record(self._api.post(path, _MESSAGE, body).get("data"))
        event_id = reading.line(data, "dm_event_id")
        conversation = reading.line(data, "dm_conversation_id")
        if not things.is_id(event_id) or not conversation:
            raise _no_number()
        return SentPost(DM + event_id, conversation, "", {"conversation": conversation})

    def _upload(self, picture: Picture, *, public: bool) -> str:
        """A picture with its description, in nothing yet; it may be lost with nothing said."""
        fields = {
            "media_category": "tweet_image" if public else "dm_image",
            "media_type": picture.content_type,
        }
        file = (picture.name, picture.content, picture.content_type)
        try:
            answer = self._api.upload("2/media/upload", _UPLOAD, fields, file)
            media_id = reading.line(reading.record(answer.get("data")), "id")
            if not things.is_id(media_id):
                raise ConnectorTrouble("X did not take the picture", retry=True, fate="not_sent")
            if picture.alt:
                described = {"alt_text": {"text": picture.alt[:_LONGEST_ALT]}}
                self._api.post(
                    "2/media/metadata", _DESCRIBE, {"id": media_id, "metadata": described}
                )
        except ConnectorTrouble as trouble:
            if trouble.params.get("fate") == "unknown":
                trouble.params["fate"] = "not_sent"
            raise
        return media_id

    def _earlier(self, post: OutboundPost, tried_at: datetime) -> SentPost | None:
        """The same words of ours in the same place since an earlier try began."""
        try:
            there = self._timeline(tried_at) if post.public else self._conversation_with(post)
        except ConnectorTrouble as trouble:
            # This try has sent nothing; what became of the earlier one nobody can tell for good.
            trouble.params["fate"] = "not_sent" if trouble.retry else "unknown"
            raise
        parent = _parent(post) if post.public and post.reply_to is not None else ""
        since = self._api.there(tried_at) - web.CLOCKS_APART
        for each in there:
            ours = each.by_us and each.parent_id == parent and each.at >= since
            if ours and _same(each.text, post.text):
                return self._sent(each.post_id, post) if post.public else _sent_privately(each)
        return None

    def _conversation_with(self, post: OutboundPost) -> list[Post]:
        """The newest messages; a conversation that has not begun has none."""
        path = f"2/dm_conversations/{_conversation(post)}/dm_events"
        query = {**readings.MESSAGE, "max_results": str(PAGE)}
        try:
            answer = self._api.get(path, _CONVERSATION, **query)
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") == 404:
                return []
            raise
        return [each for each, _ in readings.all_of(answer, readings.message, self._user)]

    def _timeline(self, tried_at: datetime) -> list[Post]:
        """What the account posted since; X's clock is known when it has answered."""
        path = f"2/users/{part(self._user)}/tweets"
        query = {**readings.POST, "since_id": str(things.id_at(tried_at - _LONG_BEFORE))}
        return [
            each
            for answer in self._api.pages(path, _TIMELINE, query)
            for each, _ in readings.all_of(answer, readings.post, self._user)
        ]

    def _sent(self, post_id: str, post: OutboundPost) -> SentPost:
        root = reading.line(post.reply_ref, "root") if post.reply_to is not None else ""
        root = root or post.reply_to or post_id
        return SentPost(
            post_id,
            root,
            things.web_address(self._handle, post_id),
            {"to": post_id, "root": root},
        )


def _refuse_what_cannot_be(post: OutboundPost) -> None:
    wrong = ""
    most = limit(Network.X, public=post.public)
    if length(Network.X, post.text) > most:
        wrong = f"X takes at most {most:,} characters here, as it counts"
    elif len(post.pictures) > (_MOST_PICTURES if post.public else 1):
        wrong = f"X takes at most {_MOST_PICTURES} pictures, and one in private"
    elif any(len(each.content) > _LARGEST_PICTURE for each in post.pictures):
        wrong = "X takes pictures of at most 5 MB"
    if wrong:
        raise ConnectorTrouble(wrong, retry=False, fate="refused")


def _parent(post: OutboundPost) -> str:
    """The version of a post that is answered."""
    to = reading.line(post.reply_ref, "to") or (post.reply_to or "")
    if not things.is_id(to):
        raise ConnectorTrouble("This cannot be answered in public", retry=False, fate="refused")
    return to


def _conversation(post: OutboundPost) -> str:
    """The part of the path that says whom a message is for."""
    if conversation := reading.line(post.reply_ref, "conversation"):
        return part(conversation)
    person = reading.line(post.reply_ref, "person") or post.author_id
    if not things.is_id(person):
        raise ConnectorTrouble("There is nobody to write to", retry=False, fate="refused")
    return f"with/{part(person)}"


def _sent_privately(message: Post) -> SentPost:
    return SentPost(message.post_id, message.root_id, "", message.reply_ref)


def _no_number() -> ConnectorTrouble:
    return ConnectorTrouble("X accepted it but gave no number for it", retry=True, fate="unknown")


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    """Without the names that X puts before an answer."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return _NAMES_BEFORE.sub("", text + " ").strip()
