"""What the Graph API is asked, and what its lists say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.facebook import readings, things
from crm_desktop.channels.social.facebook.graph import Reply
from crm_desktop.domain.errors import ConnectorTrouble

#: Things on one page of a list; Meta's limit.
PAGE: Final = 100


def itself(page_id: str) -> str:
    """The page's name."""
    return _path(page_id, fields="id,name")


def feed(page_id: str) -> str:
    """Posts on the page, by anybody, newest first."""
    return _path(f"{page_id}/feed", fields=readings.POST_FIELDS, limit=PAGE)


def tagged(page_id: str) -> str:
    """Posts elsewhere that tag the page, newest first."""
    return _path(f"{page_id}/tagged", fields=readings.POST_FIELDS, limit=PAGE)


def comments(thing_id: str) -> str:
    """Comments on a post with the answers to them, or answers to a comment, newest first."""
    return _path(
        f"{thing_id}/comments",
        filter="stream",
        order="reverse_chronological",
        fields=readings.COMMENT_FIELDS,
        limit=PAGE,
    )


def conversations(page_id: str) -> str:
    """Private conversations, the one with the newest message first."""
    return _path(
        f"{page_id}/conversations", platform="messenger", fields="id,updated_time", limit=PAGE
    )


def conversation_with(page_id: str, person: str) -> str:
    """The private conversation with one person, with its newest messages."""
    messages = f"messages.limit(50){{{readings.MESSAGE_FIELDS}}}"
    return _path(
        f"{page_id}/conversations",
        platform="messenger",
        fields=f"id,updated_time,{messages}",
        user_id=person,
    )


def messages(conversation_id: str) -> str:
    """Messages of a conversation, newest first."""
    return _path(f"{conversation_id}/messages", fields=readings.MESSAGE_FIELDS, limit=PAGE)


def about(post_id: str, page_id: str) -> str:
    """One post, comment or message."""
    if things.is_message(post_id):
        return _path(post_id, fields=readings.MESSAGE_FIELDS)
    if things.is_post(post_id, page_id):
        return _path(post_id, fields=readings.POST_FIELDS)
    return _path(post_id, fields=f"{readings.COMMENT_FIELDS},object{{id}}")


def description(photo_id: str) -> str:
    """What a photograph shows, in the words of whoever put it there, or else of Facebook."""
    return _path(photo_id, fields="alt_text_custom,alt_text")


def going_on(question: str, reply: Reply) -> str:
    """The question for the next page, "" after the last.

    The address that Facebook gives for it holds the token, and is never followed.
    """
    paging = reading.record(reply.record.get("paging"))
    after = reading.line(reading.record(paging.get("cursors")), "after")
    return f"{question}&{urlencode({'after': after})}" if after and paging.get("next") else ""


def listed(reply: Reply) -> list[Mapping[str, object]]:
    """The things on a page of a list."""
    return reading.records(reply.record.get("data"))


def unanswered(reply: Reply) -> ConnectorTrouble:
    """The trouble of a question that was not answered."""
    error = reading.record(reply.record.get("error"))
    words = reading.line(error, "message")[:300] or f"it answered {reply.status}"
    passing = reply.status in (0, 200) or reply.status >= 500 or error.get("is_transient") is True
    return ConnectorTrouble(f"Facebook does not show what is new: {words}", retry=passing)


def _path(path: str, **query: object) -> str:
    return f"{path}?{urlencode(query)}"
