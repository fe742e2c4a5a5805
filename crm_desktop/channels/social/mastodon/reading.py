"""A status as a Mastodon server tells it, in the domain's words; every field is a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from crm_desktop.channels.social.mastodon.html import text_of
from crm_desktop.channels.social.pictures import Found
from crm_desktop.channels.social.words import (
    MAX_ALT,
    cut,
    handle,
    identity,
    items,
    line,
    mapping,
    plain,
    time,
)
from crm_desktop.domain.social import Post

_PUBLIC = ("public", "unlisted")
_LONGEST_ADDRESS = 2_000
#: Before there was such a network; for what has no time that can be read.
_BEGINNING = datetime(2016, 1, 1, tzinfo=UTC)
_PRIVATE = "private:"


def post(
    status: Mapping[str, object], domain: str, us: str
) -> tuple[Post, tuple[Found, ...]] | None:
    """A status and where its pictures are; None when it is none that can be named.

    Its root is the status itself: `with_root` knows better when it answers another.
    """
    number, account = identity(status, "id"), mapping(status, "account")
    author = identity(account, "id")
    if not (number and author):
        return None
    problems: list[str] = []
    pictures = [each for each in items(status, "media_attachments") if each.get("type") == "image"]
    for other in items(status, "media_attachments"):
        if other.get("type") != "image":
            described = plain(other.get("description"), MAX_ALT)
            problems.append(
                "There is a film or a sound, which is only on Mastodon."
                + (f" Its description: {described}" if described else "")
            )
    made = Post(
        post_id=number,
        root_id="",
        parent_id=identity(status, "in_reply_to_id"),
        author_id=author,
        handle=full_handle(account, domain),
        author_name=line(account.get("display_name")),
        text=_text(status, problems),
        at=time(status.get("created_at"), _BEGINNING),
        public=is_public(status),
        url=_address(status),
        edited_at=_edited(status),
        by_us=author == us,
        problems=tuple(problems),
    )
    found = tuple(
        Found(plain(each.get("url"), _LONGEST_ADDRESS), plain(each.get("description"), MAX_ALT))
        for each in pictures
    )
    return with_root(made, status, root_id(status)), found


def with_root(made: Post, status: Mapping[str, object], root: str) -> Post:
    """The same in a conversation, with what an answer to it needs."""
    visibility = "unlisted" if status.get("visibility") == "unlisted" else "public"
    return replace(
        made, root_id=root, reply_ref={"id": made.post_id, "root": root, "visibility": visibility}
    )


def root_id(status: Mapping[str, object]) -> str:
    """The conversation that a status begins; a private one never has a public one's name."""
    number = identity(status, "id")
    return number if is_public(status) else f"{_PRIVATE}{number}"


def is_public(status: Mapping[str, object]) -> bool:
    """Whether everybody can read it; what only followers or those mentioned can read is private."""
    return status.get("visibility") in _PUBLIC


def full_handle(account: Mapping[str, object], domain: str) -> str:
    """name@domain: the server leaves its own domain out."""
    name = handle(account.get("acct"))
    return name if "@" in name or not name else f"{name}@{domain}"


def _text(status: Mapping[str, object], problems: list[str]) -> str:
    warning = line(status.get("spoiler_text"), 1_000)
    text = cut(text_of(status.get("content")), problems)
    return f"[Content warning: {warning}]\n\n{text}" if warning else text


def _address(status: Mapping[str, object]) -> str:
    found = plain(status.get("url") or status.get("uri"), _LONGEST_ADDRESS)
    return found if found.startswith(("https://", "http://")) else ""


def _edited(status: Mapping[str, object]) -> datetime | None:
    given = status.get("edited_at")
    return time(given, _BEGINNING) if given else None
