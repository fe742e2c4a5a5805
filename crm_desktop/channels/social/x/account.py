"""One account on X as a social network of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from crm_desktop.channels.social import reading, web
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.channels.social.x import readings, things
from crm_desktop.channels.social.x.api import PAGE, Api, part
from crm_desktop.channels.social.x.readings import DM
from crm_desktop.channels.social.x.sending import Sender
from crm_desktop.channels.social.x.settings import XSettings
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import News, OutboundPost, Post, SentPost

#: Messages that are looked at again in one go; X answers 15 in a quarter of an hour.
_MESSAGES_AGAIN: Final = 5

_MENTIONS, _LOOKUP, _MESSAGES, _MESSAGE = "mentions", "lookup", "messages", "message"
_DELETE = "delete"


class XAccount:
    """An account; one thread at a time. Every method raises ConnectorTrouble."""

    def __init__(self, settings: XSettings) -> None:
        self._user = settings.user_id
        self._api = Api(settings)
        self._sender = Sender(self._api, settings)

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
        posts, mentions = self._mentions(mentions)
        private, messages = self._messages_if_allowed(messages)
        found = {each.post_id: each for each in (*posts, *private)}
        return News(
            tuple(sorted(found.values(), key=lambda each: (each.at, each.post_id))),
            {"mentions": mentions, "messages": messages},
        )

    def complete(self, news: News) -> News:
        """What was delivered, as X API v2 has it: with conversations, and as it is now."""
        public = [each.post_id for each in news.posts if each.public]
        again: dict[str, Post | None] = {}
        for start in range(0, len(public), PAGE):
            again |= self._look_up(public[start : start + PAGE], whole=True)
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
        for start in range(0, len(wanted), PAGE):
            found |= self._look_up(wanted[start : start + PAGE])
        messages = [
            event
            for each in dict.fromkeys(post_ids)
            if each.startswith(DM) and things.is_id(event := each.removeprefix(DM))
        ]
        return found | self._look_up_messages(messages[:_MESSAGES_AGAIN])

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something, once; see `Sender.send`."""
        return self._sender.send(post, tried_at)

    def delete(self, post_id: str) -> None:
        """Delete a post of the account; one that is gone already is no trouble."""
        try:
            self._api.delete(f"2/tweets/{part(post_id)}", _DELETE)
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") != 404:
                raise

    def _from_now_on(self) -> dict[str, object]:
        """A cursor after everything that is there; asking also shows that the keys are good."""
        answer = self._api.get(f"2/users/{part(self._user)}/mentions", _MENTIONS, max_results="5")
        newest = reading.line(reading.record(answer.get("meta")), "newest_id")
        begin = str(things.id_at(self._api.there(datetime.now(UTC)) - web.CLOCKS_APART))
        return {"mentions": newest if things.is_id(newest) else begin, "messages": begin}

    def _mentions(self, since: str) -> tuple[list[Post], str]:
        """Mentions, and the newest id, also of what is only passed on and no post for us."""
        query = {**readings.POST, "since_id": since}
        posts: list[Post] = []
        newest = since
        for answer in self._api.pages(f"2/users/{part(self._user)}/mentions", _MENTIONS, query):
            posts += self._read(answer, readings.post, whole=True)
            newest = things.newest(newest, *_ids(answer))
        return posts, newest

    def _messages_if_allowed(self, since: str) -> tuple[list[Post], str]:
        """X may be asked for messages so seldom that mentions do not wait for them."""
        if self._api.can_wait(_MESSAGES):
            return [], since
        try:
            return self._messages(since)
        except ConnectorTrouble as trouble:
            if "after_seconds" not in trouble.params:
                raise
            return [], since

    def _messages(self, since: str) -> tuple[list[Post], str]:
        """Messages, and the newest id; there is no `since_id` for them, so until one is known."""
        posts: list[Post] = []
        newest = since
        for answer in self._api.pages("2/dm_events", _MESSAGES, readings.MESSAGE):
            listed = reading.records(answer.get("data"))
            fresh = [each for each in listed if things.is_after(reading.line(each, "id"), since)]
            posts += self._read({**answer, "data": fresh}, readings.message, whole=True)
            newest = things.newest(newest, *_ids(answer))
            if len(fresh) < len(listed):
                break
        return posts, newest

    def _read(
        self, answer: Mapping[str, object], reader: readings.Reader, *, whole: bool = False
    ) -> Iterator[Post]:
        """The posts of an answer; `whole` ones have their pictures, but ours are known here."""
        for read, pictures in readings.all_of(answer, reader, self._user):
            if whole and not read.by_us:
                yield with_pictures(read, pictures, self._api.picture)
            else:
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


def _ids(answer: Mapping[str, object]) -> list[str]:
    return [reading.line(each, "id") for each in reading.records(answer.get("data"))]


def _missing(answer: Mapping[str, object]) -> list[str]:
    """Ids that X says do not exist; those that it does not show to us may still exist."""
    return [
        reading.line(each, "resource_id") or reading.line(each, "value")
        for each in reading.records(answer.get("errors"))
        if reading.line(each, "type").endswith("/resource-not-found")
    ]
