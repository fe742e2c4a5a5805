"""Facebook's words for things, as ours: which conversation, which address."""

from __future__ import annotations

#: Where people see what has an id; the Graph API's own links are preferred where it gives them.
_WEB = "https://www.facebook.com/"


def web_address(post_id: str) -> str:
    """Where a post or comment can be seen; ids are digits with one underline."""
    digits = post_id.replace("_", "", 1)
    return _WEB + post_id if digits.isascii() and digits.isdigit() else ""


def conversation(person: str) -> str:
    """The name of a private conversation: there is one for each person who writes to the page.

    Deliveries name the person alone, the Graph API also its own id, which only it knows.
    """
    return f"messenger:{person}"
