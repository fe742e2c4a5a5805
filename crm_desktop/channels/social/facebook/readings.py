"""Posts, comments and messages of the Graph API, as ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.facebook import things
from crm_desktop.domain.social import Post

_WHO: Final = "from{id,name}"
_ATTACHED: Final = "media,type,target{id}"
POST_FIELDS: Final = (
    f"id,message,created_time,updated_time,permalink_url,{_WHO},"
    f"attachments{{{_ATTACHED},subattachments.limit(10){{{_ATTACHED}}}}}"
)
COMMENT_FIELDS: Final = (
    f"id,message,created_time,permalink_url,{_WHO},parent{{id}},attachment{{{_ATTACHED}}}"
)
MESSAGE_FIELDS: Final = (
    "id,message,created_time,from,to,attachments.limit(10){mime_type,name,image_data}"
)


def post(of: Mapping[str, object], page_id: str) -> Post | None:
    """A post on the page, or one elsewhere that names it."""
    post_id, at = reading.line(of, "id"), reading.moment(of, "created_time")
    if not post_id or at is None:
        return None
    author = reading.record(of.get("from"))
    author_id = reading.line(author, "id")
    return reading.shortened(
        Post(
            post_id=post_id,
            root_id=post_id,
            parent_id="",
            author_id=author_id,
            handle=author_id,
            author_name=reading.line(author, "name"),
            text=reading.text(of, "message"),
            at=at,
            public=True,
            url=_address(of, post_id),
            reply_ref={"to": post_id, "root": post_id},
            by_us=author_id == page_id,
        )
    )


def comment(of: Mapping[str, object], root_id: str, page_id: str) -> Post | None:
    """A comment on a post, or an answer to a comment."""
    comment_id, at = reading.line(of, "id"), reading.moment(of, "created_time")
    if not comment_id or at is None:
        return None
    author = reading.record(of.get("from"))
    author_id = reading.line(author, "id")
    parent = reading.line(reading.record(of.get("parent")), "id")
    return reading.shortened(
        Post(
            post_id=comment_id,
            root_id=root_id,
            parent_id=parent or root_id,
            author_id=author_id,
            handle=author_id,
            author_name=reading.line(author, "name"),
            text=reading.text(of, "message"),
            at=at,
            public=True,
            url=_address(of, comment_id),
            reply_ref=things.answer_to(comment_id, parent, root_id),
            by_us=author_id == page_id,
        )
    )


def message(of: Mapping[str, object], page_id: str) -> Post | None:
    """A message of a private conversation, theirs or ours."""
    message_id, at = reading.line(of, "id"), reading.moment(of, "created_time")
    author = reading.record(of.get("from"))
    author_id = reading.line(author, "id")
    to = reading.records(reading.record(of.get("to")).get("data"))
    others = [line for each in to if (line := reading.line(each, "id")) and line != page_id]
    person = author_id if author_id != page_id else next(iter(others), "")
    if not message_id or at is None or not author_id or not person:
        return None
    attached = reading.records(reading.record(of.get("attachments")).get("data"))
    unseen = any("image_data" not in each for each in attached)
    return reading.shortened(
        Post(
            post_id=message_id,
            root_id=things.conversation(person),
            parent_id="",
            author_id=author_id,
            handle=author_id,
            author_name=reading.line(author, "name"),
            text=reading.text(of, "message"),
            at=at,
            public=False,
            reply_ref={"person": person},
            by_us=author_id == page_id,
            problems=(things.UNSEEN,) if unseen else (),
        )
    )


def pictures(of: Mapping[str, object]) -> list[tuple[str, str]]:
    """Addresses of the pictures of a post, comment or message, and the photographs' own ids."""
    attached = reading.records(reading.record(of.get("attachments")).get("data"))
    if single := reading.record(of.get("attachment")):
        attached.append(single)
    found = []
    for each in attached:
        inner = reading.records(reading.record(each.get("subattachments")).get("data"))
        for one in inner or [each]:
            image = reading.record(reading.record(one.get("media")).get("image"))
            sent = reading.record(one.get("image_data"))
            photo = reading.line(reading.record(one.get("target")), "id")
            if address := reading.line(image, "src") or reading.line(sent, "url"):
                found.append((address, photo if photo.isascii() and photo.isdigit() else ""))
    return found


def _address(of: Mapping[str, object], post_id: str) -> str:
    """Where it can be seen, on Facebook alone."""
    link = reading.line(of, "permalink_url")
    return link if link.startswith("https://www.facebook.com/") else things.web_address(post_id)
