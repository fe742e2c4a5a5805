"""Posts and direct messages of X API v2, as ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Self

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.x import things
from crm_desktop.domain.social import Post

#: What is asked of every post.
POST: Final = {
    "tweet.fields": (
        "attachments,author_id,conversation_id,edit_history_tweet_ids,entities,"
        "note_tweet,referenced_tweets"
    ),
    "expansions": "author_id,attachments.media_keys",
    "user.fields": "name,username",
    "media.fields": "alt_text,media_key,type,url",
}
#: The same of every direct message.
MESSAGE: Final = {
    "dm_event.fields": ("attachments,dm_conversation_id,entities,event_type,id,sender_id,text"),
    "event_types": "MessageCreate",
    "expansions": "sender_id,attachments.media_keys",
    "user.fields": "name,username",
    "media.fields": "alt_text,media_key,type,url",
}
#: Before the id of a direct message: X numbers posts and messages alike.
DM: Final = "dm:"


@dataclass(frozen=True, slots=True)
class Included:
    """People and pictures that an answer names beside its posts, by id."""

    users: Mapping[str, Mapping[str, object]]
    media: Mapping[str, Mapping[str, object]]

    @classmethod
    def of(cls, answer: Mapping[str, object]) -> Self:
        """What an answer includes."""
        included = reading.record(answer.get("includes"))
        users = reading.records(included.get("users"))
        media = reading.records(included.get("media"))
        return cls(
            {reading.line(each, "id"): each for each in users},
            {reading.line(each, "media_key"): each for each in media},
        )

    def pictures(self, of: Mapping[str, object]) -> Iterator[tuple[str, str]]:
        """Addresses and descriptions of a post's photographs."""
        for each in self._attached(of):
            if reading.line(each, "type") == "photo" and (url := reading.line(each, "url")):
                yield url, reading.line(each, "alt_text")

    def problems(self, of: Mapping[str, object]) -> tuple[str, ...]:
        """Words for what came with a post and is no photograph."""
        moving = any(reading.line(each, "type") != "photo" for each in self._attached(of))
        return (things.UNSEEN,) if moving else ()

    def _attached(self, of: Mapping[str, object]) -> list[Mapping[str, object]]:
        attached = reading.record(of.get("attachments"))
        return [self.media.get(each, {}) for each in reading.texts(attached.get("media_keys"))]


Reader = Callable[[Mapping[str, object], Included, str], Post | None]


def post(of: Mapping[str, object], included: Included, user_id: str) -> Post | None:
    """A post in its newest version; None for what is only passed on."""
    newest, author_id = reading.line(of, "id"), reading.line(of, "author_id")
    refers = {
        reading.line(each, "type"): reading.line(each, "id")
        for each in reading.records(of.get("referenced_tweets"))
    }
    if not things.is_id(newest) or not author_id or "retweeted" in refers:
        return None
    versions = [
        each for each in reading.texts(of.get("edit_history_tweet_ids")) if things.is_id(each)
    ]
    first = versions[0] if versions else newest
    written = things.moment_of(first)
    if written is None:
        return None
    author = included.users.get(author_id, {})
    handle = reading.line(author, "username")
    root = reading.line(of, "conversation_id") or first
    return reading.shortened(
        Post(
            post_id=first,
            root_id=root,
            parent_id=refers.get("replied_to", ""),
            author_id=author_id,
            handle=handle,
            author_name=reading.line(author, "name"),
            text=_text(of),
            at=written,
            public=True,
            url=things.web_address(handle, newest),
            reply_ref={"to": newest, "root": root},
            edited_at=things.moment_of(newest) if newest != first else None,
            by_us=author_id == user_id,
            problems=included.problems(of),
        )
    )


def message(of: Mapping[str, object], included: Included, user_id: str) -> Post | None:
    """A direct message, theirs or ours."""
    event_id, sender = reading.line(of, "id"), reading.line(of, "sender_id")
    if reading.line(of, "event_type") != "MessageCreate" or not things.is_id(event_id):
        return None
    conversation = reading.line(of, "dm_conversation_id")
    at = things.moment_of(event_id)
    if not sender or not conversation or at is None:
        return None
    author = included.users.get(sender, {})
    return reading.shortened(
        Post(
            post_id=DM + event_id,
            root_id=conversation,
            parent_id="",
            author_id=sender,
            handle=reading.line(author, "username"),
            author_name=reading.line(author, "name"),
            text=_text(of),
            at=at,
            public=False,
            reply_ref={"conversation": conversation},
            by_us=sender == user_id,
            problems=included.problems(of),
        )
    )


def all_of(
    answer: Mapping[str, object], reader: Reader, user_id: str
) -> Iterator[tuple[Post, list[tuple[str, str]]]]:
    """The posts or messages of an answer, each with addresses and descriptions of its pictures."""
    included = Included.of(answer)
    data = answer.get("data")
    for each in reading.records(data if isinstance(data, list) else [data]):
        if read := reader(each, included, user_id):
            yield read, list(included.pictures(each))


def newest_of(of: Mapping[str, object]) -> str:
    """The id of a post's newest version."""
    versions = reading.texts(of.get("edit_history_tweet_ids"))
    return versions[-1] if versions else reading.line(of, "id")


def _text(of: Mapping[str, object]) -> str:
    """All of it: what is longer than 280 stands elsewhere."""
    note = reading.record(of.get("note_tweet"))
    whole = note if reading.text(note, "text") else of
    return things.plain(reading.text(whole, "text"), reading.record(whole.get("entities")))
