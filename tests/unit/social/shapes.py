"""Deliveries and answers with something wrong somewhere inside, and what must hold even then."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC
from typing import Any

from hypothesis import strategies as st

from crm_desktop.domain.social import News

_ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["\x00", "\ud800", "9" * 5_000, "²", "2026-11-27T10:00:00", "-1", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


def wrong(sample: Any) -> st.SearchStrategy[Any]:
    """`sample`, with one value anywhere in it replaced by anything."""
    places = list(_places(sample, ()))
    return st.builds(lambda at, value: _with(sample, at, value), st.sampled_from(places), _ANYTHING)


def assert_storable(news: News) -> None:
    """Every text of it can be kept by any database, and every time has a zone."""
    for post in news.posts:
        for each in (post.post_id, post.root_id, post.author_name, post.text, post.url):
            assert "\x00" not in each
            each.encode()
        assert post.post_id
        assert post.root_id
        assert post.at.tzinfo is UTC


def _places(value: Any, path: tuple[Any, ...]) -> Any:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _places(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _places(inner, (*path, at))


def _with(sample: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = deepcopy(sample)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed
