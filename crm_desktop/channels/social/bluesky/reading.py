"""A post as Bluesky shows it, in the domain's words; every field of it is a stranger's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

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

_SITE = "https://bsky.app"
_POSTS = "app.bsky.feed.post"
_LONGEST_ADDRESS = 2_000
#: Before there was such a network; for what has no time that can be read.
_BEGINNING = datetime(2023, 1, 1, tzinfo=UTC)
_CHAT = "chat:"


def post(view: Mapping[str, object], us: str) -> tuple[Post, tuple[Found, ...]] | None:
    """A public post and where its pictures are; None when it is none that can be named."""
    uri, cid = identity(view, "uri"), identity(view, "cid")
    author, record = mapping(view, "author"), mapping(view, "record")
    did = identity(author, "did")
    if not (uri and cid and did):
        return None
    problems = _marks(view)
    here = {"uri": uri, "cid": cid}
    reply = mapping(record, "reply")
    root = _reference(mapping(reply, "root")) or here
    embed = mapping(view, "embed")
    found = tuple(_pictures(embed))
    if _kind(embed, "app.bsky.embed.video") or _kind(_media(embed), "app.bsky.embed.video"):
        described = line(embed.get("alt") or _media(embed).get("alt"), MAX_ALT)
        problems.append("There is a film, which is only on Bluesky." + _described(described))
    return (
        Post(
            post_id=uri,
            root_id=root["uri"],
            parent_id=identity(mapping(reply, "parent"), "uri"),
            author_id=did,
            handle=handle(author.get("handle")),
            author_name=line(author.get("displayName")),
            text=_text(record, embed, problems),
            at=time(view.get("indexedAt"), _BEGINNING),
            public=True,
            url=address(did, uri),
            reply_ref={"root": root, "parent": here},
            by_us=did == us,
            problems=tuple(problems),
        ),
        found,
    )


def message(
    view: Mapping[str, object], convo: str, member: Mapping[str, object], us: str
) -> Post | None:
    """A private message; `member` is the profile of who sent it."""
    number, did = identity(view, "id"), identity(mapping(view, "sender"), "did")
    if not (number and did):
        return None
    problems: list[str] = []
    embed = mapping(view, "embed")
    return Post(
        post_id=message_id(convo, number),
        root_id=f"{_CHAT}{convo}",
        parent_id="",
        author_id=did,
        handle=handle(member.get("handle")),
        author_name=line(member.get("displayName")),
        text=_text(view, embed, problems),
        at=time(view.get("sentAt"), _BEGINNING),
        public=False,
        reply_ref={"convo": convo},
        by_us=did == us,
        problems=tuple(problems),
    )


def message_id(convo: str, number: str) -> str:
    """What names a private message."""
    return f"{_CHAT}{convo}/{number}"


def conversation_of(post_id: str) -> tuple[str, str] | None:
    """Conversation and number of a private message; None for a public post."""
    if not post_id.startswith(_CHAT):
        return None
    convo, _, number = post_id.removeprefix(_CHAT).rpartition("/")
    return convo, number


def conversation_id(convo: str) -> str:
    """What names a private conversation."""
    return f"{_CHAT}{convo}"


def address(did: str, uri: str) -> str:
    """Where people see a post."""
    return f"{_SITE}/profile/{did}/post/{uri.rpartition('/')[2]}" if _POSTS in uri else ""


def _reference(tree: Mapping[str, object]) -> dict[str, str] | None:
    uri, cid = identity(tree, "uri"), identity(tree, "cid")
    return {"uri": uri, "cid": cid} if uri.startswith("at://") and cid else None


def _text(record: Mapping[str, object], embed: Mapping[str, object], problems: list[str]) -> str:
    """What it says, and below it the addresses that it leads to without showing them."""
    text = cut(record.get("text"), problems)
    targets = [
        plain(feature.get("uri"), _LONGEST_ADDRESS)
        for facet in items(record, "facets")
        for feature in items(facet, "features")
        if _kind(feature, "app.bsky.richtext.facet#link")
    ]
    for shown in (embed, _media(embed)):
        targets.append(plain(mapping(shown, "external").get("uri"), _LONGEST_ADDRESS))
    quoted = mapping(embed, "record")
    quoted = mapping(quoted, "record") or quoted
    if did := identity(mapping(quoted, "author"), "did"):
        targets.append(address(did, identity(quoted, "uri")))
    # Where a link leads is what matters, and its words may say something else.
    hidden = [each for each in dict.fromkeys(targets) if each and each not in text]
    return "\n".join([text, *(f"→ {each}" for each in hidden)]).strip()


def _media(embed: Mapping[str, object]) -> Mapping[str, object]:
    return mapping(embed, "media")


def _pictures(embed: Mapping[str, object]) -> list[Found]:
    shown = [*items(embed, "images"), *items(_media(embed), "images")]
    return [
        Found(plain(each.get("fullsize"), _LONGEST_ADDRESS), plain(each.get("alt"), MAX_ALT))
        for each in shown
    ]


def _marks(view: Mapping[str, object]) -> list[str]:
    """What its author or the network warns of."""
    marks = [line(each.get("val"), 50) for each in items(view, "labels")]
    said = ", ".join(sorted({each for each in marks if each and not each.startswith("!")}))
    return [f"It is marked as: {said}."] if said else []


def _kind(tree: Mapping[str, object], name: str) -> bool:
    kind = tree.get("$type")
    return isinstance(kind, str) and kind.removesuffix("#view") == name


def _described(alt: str) -> str:
    return f" Its description: {alt}" if alt else ""
