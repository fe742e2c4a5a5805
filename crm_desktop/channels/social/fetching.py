"""The pictures of a post, with words for the advisor about those that could not be had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.social import MAX_PICTURES, Picture, Post

_ENDINGS = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}

Fetch = Callable[[str], tuple[str, bytes]]


def with_pictures(post: Post, addresses: Iterable[tuple[str, str]], fetch: Fetch) -> Post:
    """A post with its pictures, given their addresses and descriptions."""
    pictures: list[Picture] = []
    missing = 0
    for address, alt in addresses:
        try:
            if len(pictures) + missing >= MAX_PICTURES:
                raise ConnectorTrouble("More pictures than are fetched", retry=False)
            kind, content = fetch(address)
        except ConnectorTrouble:
            missing += 1
            continue
        name = f"picture-{len(pictures) + 1}.{_ENDINGS[kind]}"
        pictures.append(Picture(name, kind, content, alt))
    if not missing:
        return replace(post, pictures=tuple(pictures))
    words = "A picture" if missing == 1 else f"{missing} pictures"
    problem = f"{words} could not be fetched; open the post to see it"
    return replace(post, pictures=tuple(pictures), problems=(*post.problems, problem))
