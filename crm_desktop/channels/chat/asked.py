"""What a page sends to begin a chat or to leave a message, read defensively."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from crm_desktop.channels.chat.port import Offered
from crm_desktop.channels.chat.protocol import is_client_id, sound
from crm_desktop.domain.chats import (
    LONGEST_NAME,
    LONGEST_PAGE,
    LONGEST_TEXT,
    LONGEST_WORDS,
    ChatSite,
    LeftMessage,
    NewChat,
)
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form

LONGEST_ADDRESS = 320
_LONGEST_CODE = 64
#: A page's own name for a start is as good as a secret only when it was long drawn by lot.
_SHORTEST_KEY = 32


def new_chat(
    told: Mapping[str, object],
    site: ChatSite,
    offered: Sequence[Offered],
    client: str,
    client_id: str,
) -> NewChat:
    """The chat that is asked for; raises InvalidInput by the page's own names."""
    code = text_of(told, "service", _LONGEST_CODE)
    service = next((each for each in offered if each.code == code), None)
    return NewChat(
        visitor=text_of(told, "name", LONGEST_NAME),
        email=text_of(told, "email", LONGEST_ADDRESS),
        language=language_of(told.get("language"), site),
        page=page_of(told),
        client=client,
        service_code=service.code if service else "",
        answers=_answers(told.get("answers"), service),
        text=text_of(told, "text", LONGEST_TEXT),
        key=_key(client_id),
    )


def left_message(
    told: Mapping[str, object], site: ChatSite, client: str, client_id: str
) -> LeftMessage:
    """The message that is left; raises InvalidInput by the page's own names."""
    return LeftMessage(
        visitor=text_of(told, "name", LONGEST_NAME),
        email=text_of(told, "email", LONGEST_ADDRESS),
        phone=text_of(told, "phone", _LONGEST_CODE),
        text=text_of(told, "text", LONGEST_TEXT),
        language=language_of(told.get("language"), site),
        page=page_of(told),
        client=client,
        key=_key(client_id),
    )


def rating(told: Mapping[str, object]) -> tuple[int, str]:
    """Stars and words; raises InvalidInput."""
    stars = told.get("stars")
    if not isinstance(stars, int) or isinstance(stars, bool) or not 1 <= stars <= 5:
        raise InvalidInput("no stars", fields={"stars": "Choose from 1 to 5"})
    return stars, text_of(told, "words", LONGEST_WORDS)


def text_of(told: Mapping[str, object], name: str, most: int) -> str:
    """A text of at most so many characters; raises InvalidInput, "" when there is none."""
    value = told.get(name, "")
    if not isinstance(value, str):
        raise InvalidInput("no text", fields={name: "This must be text"})
    clean = sound(value)
    if len(clean) > most:
        raise InvalidInput("too long", fields={name: f"Use {most} characters or fewer"})
    return clean


def language_of(told: object, site: ChatSite) -> str:
    """One of the site's languages, English when it is none of them."""
    return told if isinstance(told, str) and told in site.languages else "en"


def page_of(told: Mapping[str, object]) -> str:
    """Where the widget stands, without what follows the path: that may hold anything."""
    page = told.get("page", "")
    clean = sound(page) if isinstance(page, str) else ""
    return clean.split("?")[0].split("#")[0][:LONGEST_PAGE]


def _key(client_id: str) -> str:
    drawn = client_id.replace("-", "")
    return drawn if is_client_id(client_id) and len(drawn) >= _SHORTEST_KEY else ""


def _answers(told: object, service: Offered | None) -> Mapping[str, object]:
    if service is None:
        return {}
    if not isinstance(told, Mapping):
        told = {}
    cleaned = Form.from_schema(service.schema).clean(told)
    if cleaned.errors:
        raise InvalidInput("answers", fields=dict(cleaned.errors))
    return cleaned.answers
