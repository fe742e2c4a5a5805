"""One Facebook Page as a social network of the domain."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.facebook import readings, things
from crm_desktop.channels.social.facebook.graph import DUPLICATE, Graph, Reply
from crm_desktop.channels.social.facebook.settings import FacebookSettings
from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import News, OutboundPost, Picture, Post, SentPost

#: Posts of the page that are looked at for new comments; older ones have deliveries alone.
_POSTS: Final = 100
_COMMENTS: Final = 100
_CONVERSATIONS: Final = 50
_MESSAGES: Final = 25
#: Pages of comments that are turned back to find where we were.
_TURNS: Final = 100
#: What becomes visible so much later than it says it was written is still found.
_SLACK: Final = timedelta(minutes=5)
#: How far Facebook's clock may be behind ours.
_CLOCK_SLACK: Final = timedelta(minutes=10)
#: Ids that a cursor remembers.
_MOST_SEEN: Final = 500
_LONGEST_MESSAGE: Final = 2_000
_LONGEST_COMMENT: Final = 8_000
#: Of error 10: the person wrote more than a day ago.
_WINDOW_CLOSED: Final = 2018278
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Read:
    """A post, and the record that it was read from."""

    post: Post
    record: Mapping[str, object]


class FacebookPage:
    """A page; one thread at a time. Every method raises ConnectorTrouble."""

    def __init__(self, settings: FacebookSettings) -> None:
        self._page = settings.page_id
        self._graph = Graph(settings)

    def close(self) -> None:
        """End every connection."""
        self._graph.close()

    def news(self, cursor: Mapping[str, object]) -> News:
        """Posts, comments, mentions and messages since; an empty cursor: from now on.

        The cursor is the time of the newest, and the ids that were written shortly before it:
        Facebook's times are whole seconds, and something may become visible late.
        """
        since = reading.moment(cursor, "since")
        if since is None:
            (reply,) = self._graph.batch([_path(self._page, fields="id,name")])
            if not reply.fine:
                raise _unanswered(reply)
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
        """Say something; after an earlier try, only what our newest posts do not hold yet.

        Facebook has no key for it. Without a way to look, the fate stays unknown.
        """
        self._refuse_what_cannot_be(post)
        if tried_at is not None and (earlier := self._earlier(post, tried_at)):
            return earlier
        try:
            return self._send_publicly(post) if post.public else self._send_privately(post)
        except ConnectorTrouble as trouble:
            if trouble.params.get("code_there") != DUPLICATE or tried_at is None:
                raise
            if earlier := self._earlier(post, tried_at):
                return earlier
            raise

    # Reading

    def _again(self, post_ids: Sequence[str]) -> dict[str, _Read | None]:
        wanted = [each for each in dict.fromkeys(post_ids) if things.is_public(each)]
        wanted += [each for each in dict.fromkeys(post_ids) if things.is_message(each)]
        replies = self._graph.batch([self._question(each) for each in wanted])
        found: dict[str, _Read | None] = {}
        for post_id, reply in zip(wanted, replies, strict=True):
            if reply.gone:
                found[post_id] = None
            elif reply.fine and (read := self._read(post_id, reply.record)):
                found[post_id] = _Read(read, reply.record)
        return found

    def _whole(self, read: _Read) -> Post:
        """With its pictures; ours are known here."""
        if read.post.by_us:
            return read.post
        return with_pictures(read.post, readings.pictures(read.record), self._graph.picture)

    def _since(self, since: datetime) -> Iterator[_Read]:
        """Everything that was written since a moment, in any order."""
        feed, tagged, private = self._graph.batch(
            [
                _path(f"{self._page}/feed", fields=readings.POST_FIELDS, limit=_POSTS),
                _path(f"{self._page}/tagged", fields=readings.POST_FIELDS, limit=_MESSAGES),
                self._conversations(),
            ]
        )
        for reply in (feed, private):
            if not reply.fine:
                raise _unanswered(reply)
        posts = _listed(feed)
        for each in (*posts, *_listed(tagged)):
            read = readings.post(each, self._page)
            if read and read.at >= since:
                yield _Read(read, each)
        changed = [
            post_id
            for each in posts
            if (post_id := reading.line(each, "id")) and _updated(each) >= since
        ]
        yield from self._comments(changed, since)
        yield from self._messages(private, since)

    def _comments(self, post_ids: Sequence[str], since: datetime) -> Iterator[_Read]:
        """Comments on some posts, turning pages back until a moment."""
        after = dict.fromkeys(post_ids, "")
        for _ in range(_TURNS):
            questions = [self._comments_of(each, after[each]) for each in after]
            replies = dict(zip(tuple(after), self._graph.batch(questions), strict=True))
            for post_id, reply in replies.items():
                if reply.gone:
                    after.pop(post_id)
                    continue
                if not reply.fine:
                    raise _unanswered(reply)
                listed = _listed(reply)
                fresh = [
                    _Read(read, each)
                    for each in listed
                    if (read := readings.comment(each, post_id, self._page)) and read.at >= since
                ]
                yield from fresh
                following = _after(reply)
                if following and len(fresh) == len(listed):
                    after[post_id] = following
                else:
                    after.pop(post_id)
            if not after:
                return

    def _messages(self, conversations: Reply, since: datetime) -> Iterator[_Read]:
        for each in _listed(conversations):
            if _updated(each) < since:
                continue
            for one in reading.records(reading.record(each.get("messages")).get("data")):
                read = readings.message(one, self._page)
                if read and read.at >= since:
                    yield _Read(read, one)

    def _conversations(self, person: str = "") -> str:
        messages = f"messages.limit({_MESSAGES}){{{readings.MESSAGE_FIELDS}}}"
        with_whom = {"user_id": person} if person else {}
        return _path(
            f"{self._page}/conversations",
            platform="messenger",
            fields=f"id,updated_time,{messages}",
            limit=_CONVERSATIONS,
            **with_whom,
        )

    def _comments_of(self, post_id: str, after: str = "") -> str:
        onwards = {"after": after} if after else {}
        return _path(
            f"{post_id}/comments",
            filter="stream",
            order="reverse_chronological",
            fields=readings.COMMENT_FIELDS,
            limit=_COMMENTS,
            **onwards,
        )

    def _question(self, post_id: str) -> str:
        if things.is_message(post_id):
            return _path(post_id, fields=readings.MESSAGE_FIELDS)
        if things.is_post(post_id, self._page):
            return _path(post_id, fields=readings.POST_FIELDS)
        return _path(post_id, fields=f"{readings.COMMENT_FIELDS},object{{id}}")

    def _read(self, post_id: str, of: Mapping[str, object]) -> Post | None:
        if things.is_message(post_id):
            return readings.message(of, self._page)
        if things.is_post(post_id, self._page):
            return readings.post(of, self._page)
        thing = reading.line(reading.record(of.get("object")), "id")
        # A comment's own id begins with the number of its post.
        thing = thing or post_id.partition("_")[0]
        root = thing if "_" in thing else f"{self._page}_{thing}"
        return readings.comment(of, root, self._page)

    # Sending

    def _refuse_what_cannot_be(self, post: OutboundPost) -> None:
        wrong = ""
        if post.public and len(post.text) > _LONGEST_COMMENT:
            wrong = f"Facebook takes at most {_LONGEST_COMMENT:,} characters"
        elif not post.public and len(post.text) > _LONGEST_MESSAGE:
            wrong = f"Facebook takes at most {_LONGEST_MESSAGE:,} characters in a private message"
        elif not post.public and post.pictures:
            wrong = "Pictures cannot be sent in private on Facebook from here"
        elif post.public and post.reply_to is not None and len(post.pictures) > 1:
            wrong = "Facebook takes one picture with an answer"
        if wrong:
            raise ConnectorTrouble(wrong, retry=False, fate="refused")

    def _send_publicly(self, post: OutboundPost) -> SentPost:
        to, root = self._parent(post)
        photos = [self._photo(each) for each in post.pictures]
        fields = {"message": post.text}
        if to:
            if photos:
                fields["attachment_id"] = photos[0]
            written = self._graph.post(f"{to}/comments", fields)
        else:
            fields |= {
                f"attached_media[{at}]": f'{{"media_fbid":"{each}"}}'
                for at, each in enumerate(photos)
            }
            written = self._graph.post(f"{self._page}/feed", fields)
        post_id = reading.line(written, "id")
        if not things.is_public(post_id):
            raise _no_number()
        return self._sent(post_id, to, root)

    def _send_privately(self, post: OutboundPost) -> SentPost:
        try:
            return self._message(post, {"messaging_type": "RESPONSE"})
        except ConnectorTrouble as trouble:
            if trouble.params.get("subcode_there") != _WINDOW_CLOSED:
                raise
        # After a day only a person may answer, and only an app that may send for one.
        try:
            return self._message(post, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"})
        except ConnectorTrouble as trouble:
            if trouble.params.get("fate") != "refused":
                raise
            words = "Facebook lets a page answer for 7 days after the person's last message"
            raise ConnectorTrouble(words, retry=False, fate="refused") from trouble

    def _message(self, post: OutboundPost, kind: Mapping[str, str]) -> SentPost:
        written = self._graph.post(
            f"{self._page}/messages",
            {
                "recipient": json.dumps(self._recipient(post)),
                "message": json.dumps({"text": post.text, "metadata": post.key}),
                **kind,
            },
        )
        message_id = reading.line(written, "message_id")
        person = reading.line(written, "recipient_id") or post.author_id
        if not message_id or not person:
            raise _no_number()
        return _sent_privately(message_id, person)

    def _recipient(self, post: OutboundPost) -> dict[str, str]:
        """Whom a private message is for; an answer to a public post names that post."""
        if person := reading.line(post.reply_ref, "person"):
            return {"id": person}
        if post.reply_to is not None and things.is_public(post.reply_to):
            kind = "post_id" if things.is_post(post.reply_to, self._page) else "comment_id"
            return {kind: post.reply_to}
        return {"id": post.author_id}

    def _photo(self, picture: Picture) -> str:
        """Upload a picture that nobody sees yet; it may be lost with nothing said."""
        fields = {"published": "false", "temporary": "true"}
        if picture.alt:
            fields["alt_text_custom"] = picture.alt
        file = (picture.name, picture.content, picture.content_type)
        try:
            photo = reading.line(
                self._graph.post(f"{self._page}/photos", fields, ("source", file)), "id"
            )
        except ConnectorTrouble as trouble:
            if trouble.params.get("fate") == "unknown":
                trouble.params["fate"] = "not_sent"
            raise
        if not photo.isdigit():
            raise ConnectorTrouble("Facebook did not take the picture", retry=True, fate="not_sent")
        return photo

    def _earlier(self, post: OutboundPost, tried_at: datetime) -> SentPost | None:
        """The same words of ours in the same place since an earlier try began."""
        to, root = self._parent(post)
        if not post.public:
            question = self._conversations(reading.line(post.reply_ref, "person") or post.author_id)
        elif to:
            question = self._comments_of(to)
        else:
            question = _path(f"{self._page}/feed", fields=readings.POST_FIELDS, limit=_POSTS)
        try:
            (reply,) = self._graph.batch([question], sparing=False)
        except ConnectorTrouble as trouble:
            # This try has sent nothing; what became of the earlier one nobody can tell for good.
            trouble.params["fate"] = "not_sent" if trouble.retry else "unknown"
            raise
        if not reply.fine:
            raise ConnectorTrouble(
                "Facebook does not show whether an earlier try arrived",
                retry=reply.status >= 500,
                fate="not_sent" if reply.status >= 500 else "unknown",
            )
        for each in self._ours(post, reply, to, root):
            if each.by_us and each.at >= tried_at - _CLOCK_SLACK and _same(each.text, post.text):
                return _sent_of(each) if not post.public else self._sent(each.post_id, to, root)
        return None

    def _ours(self, post: OutboundPost, reply: Reply, to: str, root: str) -> Iterable[Post]:
        if not post.public:
            return (each.post for each in self._messages(reply, _LONG_AGO))
        read = (
            readings.comment(each, root, self._page) if to else readings.post(each, self._page)
            for each in _listed(reply)
        )
        return filter(None, read)

    def _parent(self, post: OutboundPost) -> tuple[str, str]:
        """What an answer hangs on and the post of its conversation; ("", "") for a new post."""
        if post.reply_to is None or not post.public:
            return "", ""
        to = reading.line(post.reply_ref, "to") or post.reply_to
        if not things.is_public(to):
            raise ConnectorTrouble("This cannot be answered in public", retry=False, fate="refused")
        return to, reading.line(post.reply_ref, "root") or to

    def _sent(self, post_id: str, to: str, root: str) -> SentPost:
        root = root or post_id
        return SentPost(
            post_id, root, things.web_address(post_id), things.answer_to(post_id, to, root)
        )


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


def _path(path: str, **query: object) -> str:
    return f"{path}?{urlencode(query)}"


def _listed(reply: Reply) -> list[Mapping[str, object]]:
    return reading.records(reply.record.get("data"))


def _after(reply: Reply) -> str:
    """Where the next page begins; the address that Facebook gives for it is never followed."""
    paging = reading.record(reply.record.get("paging"))
    if not reading.line(paging, "next"):
        return ""
    return reading.line(reading.record(paging.get("cursors")), "after")


def _updated(of: Mapping[str, object]) -> datetime:
    return reading.moment(of, "updated_time") or _LONG_AGO


def _unanswered(reply: Reply) -> ConnectorTrouble:
    error = reading.record(reply.record.get("error"))
    words = reading.line(error, "message")[:300] or f"it answered {reply.status}"
    passing = reply.status == 0 or reply.status >= 500 or error.get("is_transient") is True
    return ConnectorTrouble(f"Facebook does not show what is new: {words}", retry=passing)


def _no_number() -> ConnectorTrouble:
    words = "Facebook accepted it but gave no number for it"
    return ConnectorTrouble(words, retry=True, fate="unknown")


def _sent_privately(message_id: str, person: str) -> SentPost:
    return SentPost(message_id, things.conversation(person), "", {"person": person})


def _sent_of(message: Post) -> SentPost:
    return SentPost(message.post_id, message.root_id, "", message.reply_ref)


def _same(one: str, other: str) -> bool:
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
