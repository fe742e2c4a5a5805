"""What is more than text in a post of ours: links, tags and people, by their places in bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from atproto_client.utils.facet_detection import detect_facets
from atproto_client.utils.facet_regexes import MENTION_REGEX

Facet = dict[str, object]


def facets(text: str, who: Callable[[str], str]) -> Sequence[Facet]:
    """The facets of `text`; `who` gives the identity of a handle, "" when it is nobody's."""
    made = [
        _facet(each.index.byte_start, each.index.byte_end, feature.model_dump(by_alias=True))
        for each in detect_facets(text)
        for feature in each.features
    ]
    for found in MENTION_REGEX.finditer(text):
        name = found.group(3)
        if name and (did := who(name)):
            start = found.start(3) - 1
            made.append(
                _facet(
                    len(text[:start].encode()),
                    len(text[: found.end(3)].encode()),
                    {"$type": "app.bsky.richtext.facet#mention", "did": did},
                )
            )
    return made


def _facet(start: int, end: int, feature: dict[str, object]) -> Facet:
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [feature]}
