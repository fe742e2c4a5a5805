"""One account on X as a social network of the domain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.channels.social.x import readings, things
from crm_desktop.channels.social.x.api import Api, part
from crm_desktop.channels.social.x.readings import DM, Included
from crm_desktop.channels.social.x.settings import XSettings
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.post_length import length, limit
from crm_desktop.domain.social import Network, News, OutboundPost, Picture, Post, SentPost

_PAGE: Final = 100
#: X shows the newest 800 mentions, and messages of 30 days.
_PAGES: Final = 20
#: How far X's clock may be behind ours when an earlier try is looked for.
_CLOCK_SLACK: Final = timedelta(minutes=10)
#: How far our clock and X's may be apart without either being wrong.
_CLOCKS_APART: Final = timedelta(minutes=1)
_LONGEST_MESSAGE: Final = 10_000
_MOST_PICTURES: Final = 4
_LARGEST_PICTURE: Final = 5 * 1024 * 1024
_LONGEST_ALT: Final = 1_000
#: Messages that are looked at again in one go; X answers 15 in a quarter of an hour.
_MESSAGES_AGAIN: Final = 5
_NAMES_BEFORE: Final = re.compile(r"^(?:@\w{1,15}\s+)+", re.ASCII)

_MENTIONS, _TIMELINE, _LOOKUP = "mentions", "timeline", "lookup"
_MESSAGES, _MESSAGE = "messages", "message"
_POST, _POST_MESSAGE, _UPLOAD, _DESCRIBE = "post", "post message", "upload", "describe"

_Reader = Callable[[Mapping[str, object], Included, str], Post | None]


class XAccount:
    """An account; one thread at a time. Every method raises ConnectorTrouble."""

    def __init__(self, settings: XSettings) -> None:
        self._user = settings.user_id
        self._handle = settings.handle
        self._api = Api(settings)

    def close(self) -> None:
        """End every connection."""
        self._api.close()

    def news(self, cursor: Mapping[str, object]) -> News:
        """Mentions and direct messages since; an empty cursor: from now on.

        The cursor is the newest id of each. Messages may be asked for so seldom that they are
        left for the next time while that is better.
        """
        mentions, messages = reading.line(cursor, "mentions"), reading.line(cursor, "messages")
        if not (things.is_id(mentions) and things.is_id(messages)):
            return News((), self._from_now_on())
        posts = list(self._mentions(mentions))
        private = self._messages_if_allowed(messages)
        newest = {
            "mentions": _newest((_number_of(each) for each in posts), mentions),
            "messages": _newest((each.post_id.removeprefix(DM) for each in private), messages),
        }
        found = {each.post_id: each for each in (*posts, *private)}
        return News(tuple(sorted(found.values(), key=lambda each: (each.at, each.post_id))), newest)

    def complete(self, news: News) -> News:
        """What was delivered, as X API v2 has it: with conversations, and as it is now."""
        public = [each.post_id for each in news.posts if each.public]
        again: dict[str, Post | None] = {}
        for start in range(0, len(public), _PAGE):
            again |= self._look_up(public[start : start + _PAGE], whole=True)
        posts, deleted = [], list(news.deleted)
        for each in news.posts:
            now = again.get(each.post_id, each)
            if now is None:
                deleted.append(each.post_id)
            else:
                posts.append(now)
        return News(tuple(posts), news.cursor, tuple(dict.fromkeys(deleted)), news.more)

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These as they are now; None: deleted. What cannot be said is left out."""
        wanted = [each for each in dict.fromkeys(post_ids) if things.is_id(each)]
        found: dict[str, Post | None] = {}
        for start in range(0, len(wanted), _PAGE):
            found |= self._look_up(wanted[start : start + _PAGE])
        messages = [
            event
            for each in dict.fromkeys(post_ids)
            if each.startswith(DM) and things.is_id(event := each.removeprefix(DM))
        ]
        return found | self._look_up_messages(messages[:_MESSAGES_AGAIN])

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something; after an earlier try, only what our newest posts do not hold yet.

        X has no key for it. Without a way to look, the fate stays unknown.
        """
        self._refuse_what_cannot_be(post)
        if tried_at is not None and (earlier := self._earlier(post, tried_at)):
            return earlier
        media = [self._upload(each, public=post.public) for each in post.pictures]
        return (
            self._send_publicly(post, media) if post.public else self._send_privately(post, media)
        )

    # Reading

    def _from_now_on(self) -> dict[str, object]:
        """A cursor after everything that is there; asking also shows that the keys are good."""
        answer = self._api.get(f"2/users/{part(self._user)}/mentions", _MENTIONS, max_results="5")
        newest = reading.line(reading.record(answer.get("meta")), "newest_id")
        now = datetime.fromtimestamp(self._api.now(), UTC) - _CLOCKS_APART
        begin = str(things.id_at(now))
        return {"mentions": newest if things.is_id(newest) else begin, "messages": begin}

    def _mentions(self, since: str) -> Iterator[Post]:
        query = {**readings.POST, "max_results": str(_PAGE), "since_id": since}
        for answer in self._pages(f"2/users/{part(self._user)}/mentions", _MENTIONS, query):
            yield from self._read(answer, readings.post, whole=True)

    def _messages_if_allowed(self, since: str) -> list[Post]:
        """X may be asked for messages so seldom that mentions do not wait for them."""
        if self._api.can_wait(_MESSAGES):
            return []
        try:
            return list(self._messages(since))
        except ConnectorTrouble as trouble:
            if "after_seconds" not in trouble.params:
                raise
            return []

    def _messages(self, since: str) -> Iterator[Post]:
        """Newest first, until one that is known; there is no `since_id` for messages."""
        query = {**readings.MESSAGE, "max_results": str(_PAGE)}
        for answer in self._pages("2/dm_events", _MESSAGES, query):
            listed = reading.records(answer.get("data"))
            fresh = [each for each in listed if _after(reading.line(each, "id"), since)]
            yield from self._read({**answer, "data": fresh}, readings.message, whole=True)
            if len(fresh) < len(listed):
                return

    def _pages(
        self, path: str, limit_name: str, query: Mapping[str, str]
    ) -> Iterator[Mapping[str, object]]:
        token: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self._api.get(path, limit_name, **query, **token)
            yield answer
            following = reading.line(reading.record(answer.get("meta")), "next_token")
            if not following:
                return
            token = {"pagination_token": following}

    def _read(
        self, answer: Mapping[str, object], reader: _Reader, *, whole: bool = False
    ) -> Iterator[Post]:
        """The posts of an answer; `whole` ones have their pictures, but ours are known here."""
        included = Included.of(answer)
        data = answer.get("data")
        for each in reading.records(data if isinstance(data, list) else [data]):
            read = reader(each, included, self._user)
            if read and whole and not read.by_us:
                read = with_pictures(read, included.pictures(each), self._api.picture)
            if read:
                yield read

    def _look_up(self, ids: Sequence[str], *, whole: bool = False) -> dict[str, Post | None]:
        """Some posts; who asks for a first version gets that, so newer ones are asked for then."""
        answer = self._tweets(ids)
        found: dict[str, Post | None] = dict.fromkeys(_missing(answer))
        newer: dict[str, str] = {}
        for each in reading.records(answer.get("data")):
            asked, newest = reading.line(each, "id"), readings.newest_of(each)
            if newest != asked and things.is_id(newest):
                newer[newest] = asked
        found |= {each.post_id: each for each in self._read(answer, readings.post, whole=whole)}
        if newer:
            later = self._tweets(list(newer))
            found |= {newer[each]: None for each in _missing(later) if each in newer}
            found |= {each.post_id: each for each in self._read(later, readings.post, whole=whole)}
        return {each: found[each] for each in ids if each in found}

    def _tweets(self, ids: Sequence[str]) -> Mapping[str, object]:
        return self._api.get("2/tweets", _LOOKUP, ids=",".join(ids), **readings.POST)

    def _look_up_messages(self, events: Sequence[str]) -> dict[str, Post | None]:
        found: dict[str, Post | None] = {}
        query = {name: value for name, value in readings.MESSAGE.items() if name != "event_types"}
        for event in events:
            if self._api.can_wait(_MESSAGE):
                break
            try:
                answer = self._api.get(f"2/dm_events/{part(event)}", _MESSAGE, **query)
            except ConnectorTrouble as trouble:
                if trouble.params.get("status") != 404:
                    raise
                found[DM + event] = None
                continue
            if event in _missing(answer):
                found[DM + event] = None
            found |= {each.post_id: each for each in self._read(answer, readings.message)}
        return found

    # Sending

    def _refuse_what_cannot_be(self, post: OutboundPost) -> None:
        wrong = ""
        if post.public and length(Network.X, post.text) > limit(Network.X):
            wrong = f"X takes at most {limit(Network.X)} characters, as it counts"
        elif not post.public and len(post.text) > _LONGEST_MESSAGE:
            wrong = f"X takes at most {_LONGEST_MESSAGE:,} characters in a private message"
        elif len(post.pictures) > (_MOST_PICTURES if post.public else 1):
            wrong = f"X takes at most {_MOST_PICTURES} pictures, and one in private"
        elif any(len(each.content) > _LARGEST_PICTURE for each in post.pictures):
            wrong = "X takes pictures of at most 5 MB"
        if wrong:
            raise ConnectorTrouble(wrong, retry=False, fate="refused")

    def _send_publicly(self, post: OutboundPost, media: Sequence[str]) -> SentPost:
        body: dict[str, object] = {"text": post.text}
        if post.reply_to is not None:
            body["reply"] = {"in_reply_to_tweet_id": self._parent(post)}
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
        path = f"2/dm_conversations/{self._conversation(post)}/messages"
        data = reading.record(self._api.post(path, _POST_MESSAGE, body).get("data"))
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
        since = str(things.id_at(tried_at - _CLOCK_SLACK))
        try:
            if not post.public:
                return self._earlier_message(post, since)
            query = {**readings.POST, "max_results": str(_PAGE), "since_id": since}
            answers = list(self._pages(f"2/users/{part(self._user)}/tweets", _TIMELINE, query))
        except ConnectorTrouble as trouble:
            # This try has sent nothing; what became of the earlier one nobody can tell for good.
            trouble.params["fate"] = "not_sent" if trouble.retry else "unknown"
            raise
        parent = self._parent(post) if post.reply_to is not None else ""
        for answer in answers:
            for each in self._read(answer, readings.post):
                if each.parent_id == parent and _same(each.text, post.text):
                    return self._sent(each.post_id, post)
        return None

    def _earlier_message(self, post: OutboundPost, since: str) -> SentPost | None:
        path = f"2/dm_conversations/{self._conversation(post)}/dm_events"
        query = {**readings.MESSAGE, "max_results": str(_PAGE)}
        try:
            answer = self._api.get(path, "one conversation", **query)
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") == 404:
                return None
            raise
        for each in self._read(answer, readings.message):
            new = _after(each.post_id.removeprefix(DM), since)
            if each.by_us and new and _same(each.text, post.text):
                return SentPost(each.post_id, each.root_id, "", each.reply_ref)
        return None

    def _parent(self, post: OutboundPost) -> str:
        """The version of a post that is answered."""
        to = reading.line(post.reply_ref, "to") or (post.reply_to or "")
        if not things.is_id(to):
            raise ConnectorTrouble("This cannot be answered in public", retry=False, fate="refused")
        return to

    def _conversation(self, post: OutboundPost) -> str:
        """The part of the path that says whom a message is for."""
        if conversation := reading.line(post.reply_ref, "conversation"):
            return part(conversation)
        person = reading.line(post.reply_ref, "person") or post.author_id
        if not things.is_id(person):
            raise ConnectorTrouble("There is nobody to write to", retry=False, fate="refused")
        return f"with/{part(person)}"

    def _sent(self, post_id: str, post: OutboundPost) -> SentPost:
        root = reading.line(post.reply_ref, "root") if post.reply_to is not None else ""
        root = root or post.reply_to or post_id
        return SentPost(
            post_id,
            root,
            things.web_address(self._handle, post_id),
            {"to": post_id, "root": root},
        )


def _number_of(post: Post) -> str:
    """The id of the newest version, by which X sorts."""
    return reading.line(post.reply_ref, "to") or post.post_id


def _newest(ids: Iterator[str], known: str) -> str:
    return max((known, *filter(things.is_id, ids)), key=int)


def _after(one: str, other: str) -> bool:
    return things.is_id(one) and int(one) > int(other)


def _missing(answer: Mapping[str, object]) -> list[str]:
    """Ids that X says do not exist; those that it does not show to us may still exist."""
    return [
        reading.line(each, "resource_id") or reading.line(each, "value")
        for each in reading.records(answer.get("errors"))
        if reading.line(each, "type").endswith("/resource-not-found")
    ]


def _no_number() -> ConnectorTrouble:
    return ConnectorTrouble("X accepted it but gave no number for it", retry=True, fate="unknown")


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    """Without the names that X puts before an answer."""
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return _NAMES_BEFORE.sub("", text + " ").strip()
