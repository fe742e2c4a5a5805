"""X's words for things, as ours: plain text, conversations, addresses, and times in ids."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from crm_desktop.channels.social import reading, words

#: Words for what came with a post and is not a picture that was fetched.
UNSEEN = "A picture or video came with it; open it on X to see that"

_WEB = "https://x.com/"
#: The first moment that an id can hold, milliseconds since 1970.
_EPOCH = 1_288_834_974_657
_TIME_BITS = 22
#: X escapes these in texts, and no others.
_ESCAPED = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def plain(text: str, entities: Mapping[str, object]) -> str:
    """What was written: shortened addresses in full, without the links that stand for pictures."""
    for name, character in _ESCAPED:
        text = text.replace(name, character)
    for each in reading.records(entities.get("media")):
        text = _without(text, reading.line(each, "url"))
    for each in reading.records(entities.get("urls")):
        short, full = reading.line(each, "url"), reading.line(each, "expanded_url")
        if "media_key" in each:
            text = _without(text, short)
        elif short and full:
            text = text.replace(short, full)
    return words.plain(text, reading.LONGEST_POST)


def _without(text: str, link: str) -> str:
    return text.replace(link, "") if link else text


def is_id(value: str) -> bool:
    """Whether it can be an id of X: at most nineteen digits."""
    return value.isascii() and value.isdigit() and len(value) < 20


def is_after(one: str, other: str) -> bool:
    """Whether something has an id, and one that was given after another."""
    return is_id(one) and int(one) > int(other)


def newest(known: str, *others: str) -> str:
    """The id that was given last; those that are none do not count."""
    return max((known, *filter(is_id, others)), key=int)


def conversation(one: str, other: str) -> str:
    """X's id of the conversation of two, the smaller number first."""
    first, second = sorted((one, other), key=lambda each: (len(each), each))
    return f"{first}-{second}"


def web_address(handle: str, post_id: str) -> str:
    """Where a post can be seen."""
    fits = is_id(post_id) and handle.isascii() and handle.replace("_", "").isalnum()
    return f"{_WEB}{handle}/status/{post_id}" if fits else ""


def id_at(moment: datetime) -> int:
    """The smallest id of a post that was written at or after a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return max(0, milliseconds - _EPOCH) << _TIME_BITS


def moment_of(post_id: str) -> datetime | None:
    """When a post or message with this id was written: X's numbers hold it to the millisecond."""
    if not is_id(post_id):
        return None
    return datetime.fromtimestamp(((int(post_id) >> _TIME_BITS) + _EPOCH) / 1000, UTC)
