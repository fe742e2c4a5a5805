"""A Bluesky account as a social network of the domain."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from crm_desktop.channels.social.bluesky import reading
from crm_desktop.channels.social.bluesky.chat import Chat
from crm_desktop.channels.social.bluesky.facets import facets
from crm_desktop.channels.social.bluesky.mentions import Mentions, Place
from crm_desktop.channels.social.bluesky.session import Refused, Session
from crm_desktop.channels.social.bluesky.settings import BlueskySettings
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.channels.social.pictures import Fetcher, kind_of
from crm_desktop.channels.social.words import identity, items, mapping
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import News, OutboundPost, Post, SentPost

_POSTS = "app.bsky.feed.post"
#: Posts in one question.
_TOGETHER = 25
#: The network's own limits.
_MAX_PICTURES = 4
_MAX_PICTURE = 1_000_000
#: A record's key is a time in microseconds and ten bits more; ours lie in three years from here.
_KEYS_BEGIN = 1_672_531_200_000_000
_KEYS_LAST = 3 * 365 * 86_400_000_000
_KEY_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"


class Bluesky:
    """See domain.social.SocialNetwork."""

    def __init__(self, settings: BlueskySettings) -> None:
        self._session = Session(settings)
        self._mentions = Mentions(self._session)
        self._chat = Chat(self._session)
        self._pictures = Fetcher(settings.service)

    def close(self) -> None:
        """Let go of connections; the session ends with its token."""
        self._session.close()
        self._pictures.close()

    def news(self, cursor: Mapping[str, object]) -> News:
        """Mentions, replies and quotes, and private messages."""
        place = Place.read(mapping(cursor, "posts"))
        if place.since is None:
            mentions, place = self._mentions.begin()
            private, log = self._chat.begin()
            more = False
        else:
            mentions, place, more_mentions = self._mentions.read(place)
            private, log, more_private = self._chat.read(str(cursor.get("chat", "")))
            more = more_mentions or more_private
        public = self._posts([each.uri for each in mentions], pictures=True)
        shown = [post for each in mentions if (post := public.get(each.uri))]
        return News(
            posts=(*shown, *private),
            cursor={"posts": place.tree(), "chat": log},
            more=more,
        )

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These posts as they are now."""
        public = [each for each in post_ids if each.startswith("at://")]
        looked: dict[str, Post | None] = dict(self._posts(public, pictures=False))
        for uri in public:
            # Who blocks us is not shown to us either, and has deleted nothing.
            if uri not in looked and self._is_gone(uri):
                looked[uri] = None
        return looked | self._chat.look_again(post_ids)

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something; in public under a record's key that comes from ours."""
        return self._publish(post) if post.public else self._whisper(post, tried_at)

    def delete(self, post_id: str) -> None:
        """Delete the record; the server says nothing against one that is gone."""
        key = post_id.rpartition("/")[2]
        record = {"repo": self._session.did, "collection": _POSTS, "rkey": key}
        self._session.do("com.atproto.repo.deleteRecord", record)

    def _posts(self, uris: Sequence[str], *, pictures: bool) -> dict[str, Post]:
        found: dict[str, Post] = {}
        for start in range(0, len(uris), _TOGETHER):
            answer = self._session.ask(
                "app.bsky.feed.getPosts", {"uris": uris[start : start + _TOGETHER]}
            )
            for view in items(answer, "posts"):
                if read := reading.post(view, self._session.did):
                    post, shown = read
                    if pictures:
                        post = with_pictures(post, shown, self._pictures.content)
                    found[post.post_id] = post
        return found

    def _is_gone(self, uri: str) -> bool:
        repo, collection, key = [*uri.removeprefix("at://").split("/"), "", ""][:3]
        try:
            self._record(repo, collection, key)
        except Refused as refused:
            return refused.name in ("RecordNotFound", "RepoNotFound", "NotFound")
        return False

    def _record(self, repo: str, collection: str, key: str) -> Mapping[str, object]:
        return self._session.ask(
            "com.atproto.repo.getRecord", {"repo": repo, "collection": collection, "rkey": key}
        )

    def _publish(self, post: OutboundPost) -> SentPost:
        key = _record_key(post.key)
        try:
            record = self._composed(post)
        except ConnectorTrouble as trouble:
            if trouble.params.get("fate") == "unknown":
                # Only the post itself matters, and it has not been sent.
                trouble.params["fate"] = "not_sent"
            raise
        put = {"repo": self._session.did, "collection": _POSTS, "rkey": key, "record": record}
        try:
            # With nothing to swap, it is only put where there is none.
            kept = self._session.do("com.atproto.repo.putRecord", put | {"swapRecord": None})
        except Refused as refused:
            if refused.name != "InvalidSwap":
                raise
            kept = self._record(self._session.did, _POSTS, key)
            record = dict(mapping(kept, "value"))
        here = {"uri": identity(kept, "uri"), "cid": identity(kept, "cid")}
        root = mapping(record, "reply", "root") or here
        return SentPost(
            post_id=here["uri"],
            root_id=identity(root, "uri"),
            url=reading.address(self._session.did, here["uri"]),
            reply_ref={"root": dict(root), "parent": here},
        )

    def _composed(self, post: OutboundPost) -> dict[str, object]:
        record: dict[str, object] = {
            "$type": _POSTS,
            "text": post.text,
            "createdAt": datetime.now(UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "langs": [post.language],
        }
        if found := facets(post.text, self._who):
            record["facets"] = list(found)
        if post.reply_to is not None:
            record["reply"] = {
                name: dict(mapping(post.reply_ref, name)) for name in ("root", "parent")
            }
        if post.pictures:
            record["embed"] = {
                "$type": "app.bsky.embed.images",
                "images": [dict(each) for each in self._uploaded(post)],
            }
        return record

    def _uploaded(self, post: OutboundPost) -> list[dict[str, object]]:
        if len(post.pictures) > _MAX_PICTURES:
            raise _refused(f"Bluesky takes {_MAX_PICTURES} pictures with a post.")
        made: list[dict[str, object]] = []
        for each in post.pictures:
            kind = kind_of(each.content)
            if kind is None or len(each.content) > _MAX_PICTURE:
                raise _refused(f"Bluesky takes pictures of up to 1 MB; “{each.name}” is none.")
            made.append({"alt": each.alt, "image": self._session.upload(each.content, kind[0])})
        return made

    def _who(self, handle: str) -> str:
        try:
            answer = self._session.ask("com.atproto.identity.resolveHandle", {"handle": handle})
        except Refused:
            return ""
        return identity(answer, "did")

    def _whisper(self, post: OutboundPost, tried_at: datetime | None) -> SentPost:
        if post.pictures:
            raise _refused("Private messages on Bluesky carry no pictures.")
        convo, number = self._chat.send(
            post.text, str(post.reply_ref.get("convo", "")), post.author_id, tried_at
        )
        return SentPost(
            post_id=reading.message_id(convo, number),
            root_id=reading.conversation_id(convo),
            reply_ref={"convo": convo},
        )


def _record_key(key: str) -> str:
    """A record's key as the network wants them, always the same for one of our keys."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
    moment = _KEYS_BEGIN + (number >> 10) % _KEYS_LAST
    whole = moment << 10 | number % 1024
    return "".join(_KEY_LETTERS[whole >> shift & 31] for shift in range(60, -1, -5))


def _refused(words: str) -> ConnectorTrouble:
    return ConnectorTrouble(words, retry=False, fate="refused")
