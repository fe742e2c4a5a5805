"""One Facebook Page as a social network of the domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.facebook import questions, readings, things
from crm_desktop.channels.social.facebook.graph import Graph
from crm_desktop.channels.social.facebook.sending import Sender
from crm_desktop.channels.social.facebook.settings import FacebookSettings
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.domain.social import MAX_PICTURES, News, OutboundPost, Post, SentPost

#: Pages of a list that are turned back to find where we were.
_TURNS: Final = 100
#: What becomes visible so much later than it says it was written is still found.
_SLACK: Final = timedelta(minutes=5)
#: Ids that a cursor remembers.
_MOST_SEEN: Final = 500
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_FEED, _TAGGED, _PRIVATE = "feed", "tagged", "private"

_Record = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Read:
    """A post, and the record that it was read from."""

    post: Post
    record: _Record


class FacebookPage:
    """A page; one thread at a time. Every method raises ConnectorTrouble."""

    def __init__(self, settings: FacebookSettings) -> None:
        self._page = settings.page_id
        self._graph = Graph(settings)
        self._sender = Sender(self._graph, settings.page_id)

    def close(self) -> None:
        """End every connection."""
        self._graph.close()

    def news(self, cursor: _Record) -> News:
        """Posts, comments, mentions and messages since; an empty cursor: from now on.

        The cursor is the time of the newest, and the ids that were written shortly before it:
        Facebook's times are whole seconds, and something may become visible late.
        """
        since = reading.moment(cursor, "since")
        if since is None:
            (reply,) = self._graph.batch([questions.itself(self._page)])
            if not reply.fine:
                raise questions.unanswered(reply)
            return News((), _cursor(self._graph.now or datetime.now(UTC), ()))
        seen = frozenset(reading.texts(cursor.get("seen")))
        found = {each.post.post_id: each for each in self._since(since - _SLACK)}
        newest = max((each.post.at for each in found.values()), default=since)
        newest = max(since, min(newest, self._graph.now or newest))
        recent = [name for name, each in found.items() if each.post.at >= newest - _SLACK]
        posts = [self._whole(each) for name, each in found.items() if name not in seen]
        posts.sort(key=lambda each: (each.at, each.post_id))
        return News(tuple(posts), _cursor(newest, recent))

    def complete(self, news: News) -> News:
        """What was delivered, as the Graph API has it: with authors, and as it is now."""
        again = self._again([each.post_id for each in news.posts])
        posts, deleted = [], list(news.deleted)
        for each in news.posts:
            now = again.get(each.post_id, _Read(each, {}))
            if now is None:
                deleted.append(each.post_id)
            else:
                posts.append(_completed(each, self._whole(now)))
        return News(tuple(posts), news.cursor, tuple(dict.fromkeys(deleted)), news.more)

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These as they are now; None: deleted. What cannot be said is left out."""
        again = self._again(post_ids)
        return {name: each.post if each else None for name, each in again.items()}

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something, once; see `Sender.send`."""
        return self._sender.send(post, tried_at)

    def delete(self, post_id: str) -> None:
        """Delete a post of the page."""
        self._graph.delete(post_id)

    def _again(self, post_ids: Sequence[str]) -> dict[str, _Read | None]:
        wanted = [
            each
            for each in dict.fromkeys(post_ids)
            if things.is_public(each) or things.is_message(each)
        ]
        replies = self._graph.batch([questions.about(each, self._page) for each in wanted])
        found: dict[str, _Read | None] = {}
        for post_id, reply in zip(wanted, replies, strict=True):
            if reply.gone:
                found[post_id] = None
            elif reply.fine and (read := self._read(post_id, reply.record)):
                found[post_id] = _Read(read, reply.record)
        return found

    def _read(self, post_id: str, of: _Record) -> Post | None:
        if things.is_message(post_id):
            return readings.message(of, self._page)
        if things.is_post(post_id, self._page):
            return readings.post(of, self._page)
        thing = reading.line(reading.record(of.get("object")), "id")
        # A comment's own id begins with the number of its post.
        thing = thing or post_id.partition("_")[0]
        root = thing if "_" in thing else f"{self._page}_{thing}"
        return readings.comment(of, root, self._page)

    def _whole(self, read: _Read) -> Post:
        """With its pictures and their descriptions; ours are known here."""
        pictures = readings.pictures(read.record)
        if read.post.by_us or not pictures:
            return read.post
        photos = [photo for _, photo in pictures[:MAX_PICTURES] if photo]
        replies = self._graph.batch([questions.description(each) for each in photos])
        alts = {
            photo: reading.line(reply.record, "alt_text_custom")
            or reading.line(reply.record, "alt_text")
            for photo, reply in zip(photos, replies, strict=True)
        }
        shown = [(address, alts.get(photo, "")) for address, photo in pictures]
        return with_pictures(read.post, shown, self._graph.picture)

    def _since(self, since: datetime) -> Iterator[_Read]:
        """Everything that was written since a moment, in any order."""
        lists = {
            _FEED: questions.feed(self._page),
            _TAGGED: questions.tagged(self._page),
            _PRIVATE: questions.conversations(self._page),
        }
        first = self._turned(lists, since, optional=_TAGGED)
        for each in (*first[_FEED], *first[_TAGGED]):
            read = readings.post(each, self._page)
            if read and read.at >= since:
                yield _Read(read, each)
        changed = {
            thing: questions.comments(thing) if name == _FEED else questions.messages(thing)
            for name in (_FEED, _PRIVATE)
            for each in first[name]
            if (thing := reading.line(each, "id")) and _updated(each) >= since
        }
        private = {reading.line(each, "id") for each in first[_PRIVATE]}
        for thing, listed in self._turned(changed, since).items():
            for each in listed:
                if thing in private:
                    read = readings.message(each, self._page)
                else:
                    read = readings.comment(each, thing, self._page)
                if read and read.at >= since:
                    yield _Read(read, each)

    def _turned(
        self, lists: Mapping[str, str], since: datetime, optional: str = ""
    ) -> dict[str, list[_Record]]:
        """The things of some lists, each turned back while whole pages are newer than a moment."""
        found: dict[str, list[_Record]] = {name: [] for name in lists}
        asked = dict(lists)
        for _ in range(_TURNS):
            replies = self._graph.batch(list(asked.values()))
            following: dict[str, str] = {}
            for (name, question), reply in zip(asked.items(), replies, strict=True):
                if not reply.fine:
                    if reply.gone or name == optional:
                        continue
                    raise questions.unanswered(reply)
                listed = questions.listed(reply)
                found[name] += listed
                onwards = questions.going_on(lists[name], reply)
                if (
                    onwards
                    and onwards != question
                    and all(_written(each) >= since for each in listed)
                ):
                    following[name] = onwards
            if not following:
                break
            asked = following
        return found


def _cursor(since: datetime, seen: Sequence[str]) -> dict[str, object]:
    return {"since": int(since.timestamp()), "seen": list(seen[-_MOST_SEEN:])}


def _completed(delivered: Post, now: Post) -> Post:
    """The Graph API's word, but the delivery's for when it was edited and where it belongs."""
    return replace(
        now,
        root_id=delivered.root_id or now.root_id,
        parent_id=delivered.parent_id or now.parent_id,
        reply_ref=delivered.reply_ref,
        edited_at=delivered.edited_at,
    )


def _updated(of: _Record) -> datetime:
    return reading.moment(of, "updated_time") or _LONG_AGO


def _written(of: _Record) -> datetime:
    """What a list is sorted by: conversations have no time at which they were made."""
    return reading.moment(of, "created_time") or _updated(of)
