"""What a page says: answers, private messages and notices, each once.

Facebook has no key that makes a second try the same post. After an answer was lost, what the page
said lately is looked through for the same words in the same place.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from crm_desktop.channels.social import reading, web
from crm_desktop.channels.social.facebook import questions, readings, things
from crm_desktop.channels.social.facebook.graph import ANSWERED_ALREADY, DUPLICATE, Graph, Reply
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.post_length import length, limit
from crm_desktop.domain.social import Network, OutboundPost, Picture, Post, SentPost

#: Of error 10: the person wrote more than a day ago.
_WINDOW_CLOSED: Final = 2018278


class Sender:
    """Says something as the page; raises ConnectorTrouble."""

    def __init__(self, graph: Graph, page_id: str) -> None:
        self._graph = graph
        self._page = page_id

    def send(self, post: OutboundPost, tried_at: datetime | None) -> SentPost:
        """Say something; after an earlier try, only what is not there yet.

        Without a way to look, the fate stays unknown.
        """
        _refuse_what_cannot_be(post)
        if tried_at is not None and (earlier := self._earlier(post, tried_at)):
            return earlier
        try:
            return self._send_publicly(post) if post.public else self._send_privately(post)
        except ConnectorTrouble as trouble:
            if tried_at is None:
                raise
            code = trouble.params.get("code_there")
            if code == DUPLICATE and (earlier := self._earlier(post, tried_at)):
                return earlier
            if code == ANSWERED_ALREADY:
                words = "Facebook says that this was answered in private already"
                raise ConnectorTrouble(words, retry=False, fate="unknown") from trouble
            raise

    def _send_publicly(self, post: OutboundPost) -> SentPost:
        to, root = _parent(post)
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
        return _sent(post_id, to, root)

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
        if not post.author_id.isdigit():
            raise ConnectorTrouble("There is nobody to write to", retry=False, fate="refused")
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
        to, root = _parent(post)
        if not post.public:
            person = reading.line(post.reply_ref, "person") or post.author_id
            if not person.isdigit():
                # Facebook takes one private answer to a comment, and refuses another.
                return None
            question = questions.conversation_with(self._page, person)
        elif to:
            question = questions.comments(to)
        else:
            question = questions.feed(self._page)
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
        since = self._graph.there(tried_at) - web.CLOCKS_APART
        for each in self._there(post, reply, root):
            ours = each.by_us and each.parent_id == to and each.at >= since
            if ours and _same(each.text, post.text):
                return _sent_of(each) if not post.public else _sent(each.post_id, to, root)
        return None

    def _there(self, post: OutboundPost, reply: Reply, root: str) -> Iterable[Post]:
        """What stands where this would."""
        if not post.public:
            said = (
                one
                for each in questions.listed(reply)
                for one in reading.records(reading.record(each.get("messages")).get("data"))
            )
            return filter(None, (readings.message(each, self._page) for each in said))
        read = (
            readings.comment(each, root, self._page) if root else readings.post(each, self._page)
            for each in questions.listed(reply)
        )
        return filter(None, read)


def _refuse_what_cannot_be(post: OutboundPost) -> None:
    wrong = ""
    most = limit(Network.FACEBOOK, public=post.public)
    if length(Network.FACEBOOK, post.text) > most:
        wrong = f"Facebook takes at most {most:,} characters here"
    elif not post.public and post.pictures:
        wrong = "Pictures cannot be sent in private on Facebook from here"
    elif post.public and post.reply_to is not None and len(post.pictures) > 1:
        wrong = "Facebook takes one picture with an answer"
    if wrong:
        raise ConnectorTrouble(wrong, retry=False, fate="refused")


def _parent(post: OutboundPost) -> tuple[str, str]:
    """What an answer hangs on and the post of its conversation; ("", "") for a new post."""
    if post.reply_to is None or not post.public:
        return "", ""
    to = reading.line(post.reply_ref, "to") or post.reply_to
    if not things.is_public(to):
        raise ConnectorTrouble("This cannot be answered in public", retry=False, fate="refused")
    return to, reading.line(post.reply_ref, "root") or to


def _sent(post_id: str, to: str, root: str) -> SentPost:
    root = root or post_id
    return SentPost(post_id, root, things.web_address(post_id), things.answer_to(post_id, to, root))


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
