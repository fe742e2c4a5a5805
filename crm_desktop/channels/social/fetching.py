"""The pictures of a post, with words for the advisor about those that could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from crm_desktop.channels.social.pictures import kind_of
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import MAX_PICTURES, Picture, Post

#: The bytes at an address; none, or ConnectorTrouble, when they cannot or may not be had.
Fetch = Callable[[str], bytes]


def with_pictures(post: Post, shown: Iterable[tuple[str, str]], fetch: Fetch) -> Post:
    """A post with its pictures, given their addresses and descriptions.

    For each that is not there, and for those beyond MAX_PICTURES, it has a problem in words.
    """
    shown = tuple(shown)
    pictures: list[Picture] = []
    problems = list(post.problems)
    for number, (address, alt) in enumerate(shown[:MAX_PICTURES], 1):
        content = _content(address, fetch)
        kind = kind_of(content)
        if kind is None:
            problems.append(_missing(number, alt, content))
            continue
        content_type, ending = kind
        pictures.append(Picture(f"picture-{number}.{ending}", content_type, content, alt))
    if len(shown) > MAX_PICTURES:
        problems.append(f"Only {MAX_PICTURES} of {len(shown)} pictures are shown.")
    return replace(post, pictures=tuple(pictures), problems=tuple(problems))


def _content(address: str, fetch: Fetch) -> bytes:
    try:
        return fetch(address)
    except ConnectorTrouble:
        return b""


def _missing(number: int, alt: str, content: bytes) -> str:
    why = "is no picture that is known here" if content else "could not be fetched"
    described = f" Its description: {alt}" if alt else ""
    return f"Picture {number} {why}; open the post to see it.{described}"
