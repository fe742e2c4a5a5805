"""Facebook's words for things, as ours: which conversation, which address, what an answer needs."""

from __future__ import annotations

import re

#: Words for what came with a post and is not a picture that was fetched.
UNSEEN = "A picture, video or file came with it; open it on Facebook to see that"

#: Where people see what has an id; the Graph API's own links are preferred where it gives them.
_WEB = "https://www.facebook.com/"
_PUBLIC = re.compile(r"[0-9]{1,30}_[0-9]{1,30}")
_MESSAGE = re.compile(r"[A-Za-z0-9_.:=$-]{3,400}")


def web_address(post_id: str) -> str:
    """Where a post or comment can be seen."""
    return _WEB + post_id if is_public(post_id) else ""


def is_public(post_id: str) -> bool:
    """Whether it can be the id of a post or comment: two numbers."""
    return _PUBLIC.fullmatch(post_id) is not None


def is_message(post_id: str) -> bool:
    """Whether it can be the id of a message, such as `m_AbC-12`."""
    return not is_public(post_id) and _MESSAGE.fullmatch(post_id) is not None


def is_post(post_id: str, page_id: str) -> bool:
    """Whether it is a post on the page itself, not a comment."""
    return is_public(post_id) and post_id.startswith(f"{page_id}_")


def answer_to(comment_id: str, parent_id: str, root_id: str) -> dict[str, object]:
    """What an answer to a comment needs: answers to answers hang on the first comment."""
    to = parent_id if parent_id and parent_id != root_id else comment_id
    return {"to": to, "root": root_id}


def conversation(person: str) -> str:
    """The name of a private conversation: there is one for each person who writes to the page.

    Deliveries name the person alone, the Graph API also its own id, which only it knows.
    """
    return f"messenger:{person}"
