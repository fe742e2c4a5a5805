"""A Mastodon account as a social network of the domain."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from crm_desktop.channels.social import words
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.channels.social.mastodon import reading
from crm_desktop.channels.social.mastodon.settings import MastodonSettings
from crm_desktop.channels.social.mastodon.wire import Refused, Wire
from crm_desktop.channels.social.pictures import Fetcher, Found, kind_of
from crm_desktop.channels.social.words import identity, items, mapping
from crm_desktop.domain import post_length
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import Network, News, OutboundPost, Picture, Post, SentPost

#: How far the server's clock may be behind ours.
SLACK: Final = timedelta(minutes=5)
_BATCH = 30
_TOGETHER = 20
_RECENT = 40
_TYPES = ["mention", "quote"]
_KNOWN_ROOTS = 5_000
#: How long a server may take over a picture.
_PROCESSING_SECONDS = 60
_GONE = (404, 410)


class Mastodon:
    """See domain.social.SocialNetwork."""

    def __init__(self, settings: MastodonSettings) -> None:
        self._settings = settings
        self._wire = Wire(settings)
        self._pictures = Fetcher(settings.server)
        self._roots: dict[str, str] = {}
        self._us = ""
        self._limit = 0

    def close(self) -> None:
        """Let go of connections."""
        self._wire.close()
        self._pictures.close()

    def news(self, cursor: Mapping[str, object]) -> News:
        """Mentions, replies, quotes and private messages, page by page from the oldest."""
        after = identity(cursor, "after")
        listed = self._listed(after)
        more = bool(after) and len(listed) >= _BATCH
        newest = max([after or "0", *(each for each, _ in listed)], key=_order)
        if not after:
            # What is unread the server does not tell: an account begins with what comes.
            listed = []
        posts = [post for _, status in listed if (post := self._whole(status))]
        return News(tuple(posts), {"after": newest, "limit": self._server_limit()}, more=more)

    def look_again(self, post_ids: Sequence[str]) -> Mapping[str, Post | None]:
        """These statuses as they are now; one that everybody may see and is not there is gone."""
        looked: dict[str, Post | None] = {}
        for start in range(0, len(post_ids), _TOGETHER):
            wanted = post_ids[start : start + _TOGETHER]
            for status in self._statuses(wanted):
                if found := self._read(status):
                    looked[found[0].post_id] = found[0]
            for missing in set(wanted) - looked.keys():
                looked |= self._alone(missing)
        return looked

    def send(self, post: OutboundPost, *, tried_at: datetime | None = None) -> SentPost:
        """Say something; the server knows a repeated key for an hour, after that we look."""
        text = post_length.addressed(Network.MASTODON, post.text, post.handle)
        try:
            most = self._server_limit()
            if post_length.length(Network.MASTODON, text) > most:
                raise _refused(f"Mastodon takes {most} characters here; this is longer.")
            if tried_at and (earlier := self._earlier(post, text, tried_at)):
                return self._sent(post, earlier)
            media = [self._uploaded(each) for each in post.pictures]
        except ConnectorTrouble as trouble:
            # This try has sent nothing; the outbox remembers an earlier one.
            if trouble.params.get("fate") != "refused":
                trouble.params["fate"] = "unknown" if tried_at and not trouble.retry else "not_sent"
            raise
        with self._wire.api() as api:
            status = api.status_post(
                text,
                in_reply_to_id=post.reply_to,
                media_ids=media or None,
                visibility=_visibility(post),
                language=post.language,
                idempotency_key=post.key,
            )
        return self._sent(post, mapping(status))

    def delete(self, post_id: str) -> None:
        """Delete the status."""
        try:
            with self._wire.api() as api:
                api.status_delete(post_id)
        except Refused as refused:
            if refused.status not in _GONE:
                raise

    def _listed(self, after: str) -> list[tuple[str, Mapping[str, object]]]:
        """Notifications after one, oldest first, with their statuses; the newest for "" ."""
        with self._wire.api() as api:
            answer = api.notifications(min_id=after or None, limit=_BATCH, types=_TYPES)
        listed = [
            (identity(each, "id"), mapping(each, "status"))
            for each in items(list(answer))
            if each.get("type") in _TYPES
        ]
        # Not every server knows `min_id`.
        newer = [each for each in listed if each[0] and _order(each[0]) > _order(after)]
        return sorted(newer, key=lambda each: _order(each[0]))

    def _whole(self, status: Mapping[str, object]) -> Post | None:
        """A status with its pictures, in its conversation."""
        found = self._read(status)
        return with_pictures(*found, self._pictures.content) if found else None

    def _read(self, status: Mapping[str, object]) -> tuple[Post, tuple[Found, ...]] | None:
        found = reading.post(status, self._settings.domain, self._ours())
        if found is None:
            return None
        post, pictures = found
        return reading.with_root(post, status, self._root(post, status)), pictures

    def _root(self, post: Post, status: Mapping[str, object]) -> str:
        if not post.parent_id:
            return post.root_id
        if post.post_id not in self._roots:
            if len(self._roots) > _KNOWN_ROOTS:
                self._roots.clear()
            self._roots[post.post_id] = self._topmost(post, status)
        return self._roots[post.post_id]

    def _topmost(self, post: Post, status: Mapping[str, object]) -> str:
        """Upwards as long as it is as private: what is said in private has its own beginning."""
        try:
            with self._wire.api() as api:
                context = api.status_context(post.post_id)
        except Refused:
            return post.root_id
        top = status
        for each in reversed(items(context, "ancestors")):
            if reading.is_public(each) != post.public:
                break
            top = each
        return reading.root_id(top)

    def _statuses(self, numbers: Sequence[str]) -> Sequence[Mapping[str, object]]:
        try:
            with self._wire.api() as api:
                return items(list(api.statuses(list(numbers))))
        except Refused:
            # A server that does not know this question is asked one by one.
            return ()

    def _alone(self, number: str) -> dict[str, Post | None]:
        try:
            with self._wire.api() as api:
                status = api.status(number)
        except Refused as refused:
            return {number: None} if refused.status in _GONE else {}
        found = self._read(mapping(status))
        # Small servers give a changed status another number, and still know the old one.
        return {number: replace(found[0], post_id=number)} if found else {}

    def _sent(self, post: OutboundPost, status: Mapping[str, object]) -> SentPost:
        number = identity(status, "id")
        public = reading.is_public(status)
        same = str(post.reply_ref.get("root", ""))
        joined = bool(same) and same.startswith("private:") != public
        root = same if post.reply_to and joined else reading.root_id(status)
        visibility = "unlisted" if status.get("visibility") == "unlisted" else "public"
        return SentPost(
            post_id=number,
            root_id=root,
            url=words.plain(status.get("url"), 2_000),
            reply_ref={"id": number, "root": root, "visibility": visibility},
        )

    def _earlier(
        self, post: OutboundPost, text: str, tried_at: datetime
    ) -> Mapping[str, object] | None:
        """What we said since, if it was this."""
        with self._wire.api() as api:
            if post.reply_to:
                said = items(api.status_context(post.reply_to), "descendants")
            else:
                said = items(list(api.account_statuses(self._ours(), limit=_RECENT)))
        for status in said:
            late_enough = words.time(status.get("created_at"), tried_at) >= tried_at - SLACK
            same = (
                identity(mapping(status, "account"), "id") == self._ours()
                and identity(status, "in_reply_to_id") == (post.reply_to or "")
                and reading.is_public(status) == post.public
            )
            if late_enough and same and self._says(status, text):
                return status
        return None

    def _says(self, status: Mapping[str, object], text: str) -> bool:
        """Whether a status of ours was made of this text."""
        said = status.get("text")
        if not isinstance(said, str):
            with self._wire.api() as api:
                said = mapping(api.status_source(identity(status, "id"))).get("text")
        return said == text

    def _uploaded(self, picture: Picture) -> Any:
        kind = kind_of(picture.content)
        if kind is None:
            raise _refused(f"“{picture.name}” is no picture that Mastodon takes.")
        with self._wire.api() as api:
            media = api.media_post(
                picture.content,
                mime_type=kind[0],
                description=picture.alt,
                file_name=f"picture.{kind[1]}",
            )
            until = time.monotonic() + _PROCESSING_SECONDS
            while not mapping(media).get("url"):
                if time.monotonic() > until:
                    words = "Mastodon is still busy with the picture."
                    raise ConnectorTrouble(words, retry=True, fate="not_sent")
                time.sleep(1)
                media = api.media(media)
        return media

    def _ours(self) -> str:
        if not self._us:
            with self._wire.api() as api:
                self._us = identity(mapping(api.account_verify_credentials()), "id")
        return self._us

    def _server_limit(self) -> int:
        """How long a post may be on this server, asked once."""
        if not self._limit:
            with self._wire.api() as api:
                told = mapping(api.instance_v1(), "configuration", "statuses").get("max_characters")
            self._limit = post_length.limit(Network.MASTODON, told)
        return self._limit


def _visibility(post: OutboundPost) -> str:
    if not post.public:
        return "direct"
    return "unlisted" if post.reply_ref.get("visibility") == "unlisted" else "public"


def _order(number: str) -> tuple[int, str]:
    """Ids are numbers, as texts, that grow."""
    return len(number), number


def _refused(words: str) -> ConnectorTrouble:
    return ConnectorTrouble(words, retry=False, fate="refused")
