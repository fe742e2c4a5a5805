"""The pictures of a post, with words for the advisor about those that could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from crm_desktop.channels.social.pictures import kind_of
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import MAX_PICTURES, Picture, Post

Fetch = Callable[[str], bytes]


def with_pictures(post: Post, addresses: Iterable[tuple[str, str]], fetch: Fetch) -> Post:
    """A post with its pictures, given their addresses and descriptions."""
    pictures: list[Picture] = []
    missing = 0
    for number, (address, alt) in enumerate(addresses, 1):
        content = _content(address, fetch) if number <= MAX_PICTURES else b""
        if (kind := kind_of(content)) is None:
            missing += 1
            continue
        content_type, ending = kind
        pictures.append(Picture(f"picture-{number}.{ending}", content_type, content, alt))
    if not missing:
        return replace(post, pictures=tuple(pictures))
    words = "A picture" if missing == 1 else f"{missing} pictures"
    problem = f"{words} could not be fetched; open the post to see it"
    return replace(post, pictures=tuple(pictures), problems=(*post.problems, problem))


def _content(address: str, fetch: Fetch) -> bytes:
    try:
        return fetch(address)
    except ConnectorTrouble:
        return b""
