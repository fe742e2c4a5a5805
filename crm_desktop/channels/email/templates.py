"""Templates and canned replies: placeholders that must be filled, and a reply's HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from crm_desktop.domain.errors import InvalidInput

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]{0,60})\s*\}\}")
#: Half a placeholder, or a name that cannot be one: it would go out as it stands.
_LEFTOVER = re.compile(r"\{\{[^{}\n]{0,80}\}\}")
_LINK = re.compile(r"https?://[^\s<>\"']{1,500}[^\s<>\"'.,;:!?)\]]")
#: Where the words of a reply stand in a template's HTML.
BODY = "body"


def placeholders(template: str) -> tuple[str, ...]:
    """The names of a template's placeholders, in order, each once."""
    return tuple(dict.fromkeys(_PLACEHOLDER.findall(template)))


def fill(template: str, values: Mapping[str, str]) -> str:
    """The template with every placeholder replaced; values are never read as templates.

    Raises InvalidInput whose `fields` name the placeholders without a value.
    """
    missing = [name for name in placeholders(template) if not values.get(name, "").strip()]
    strange = [each for each in _LEFTOVER.findall(template) if not _PLACEHOLDER.fullmatch(each)]
    if missing or strange:
        raise InvalidInput(
            "The text has gaps that must be filled: " + ", ".join([*missing, *strange]),
            fields=dict.fromkeys([*missing, *strange], "Fill this in"),
        )
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)


def reply_html(text: str, frame: str = "", values: Mapping[str, str] | None = None) -> str:
    """A reply's words as HTML: escaped, paragraphs, lines and links kept.

    `frame` is a template's HTML with `{{body}}` where the words go; its other placeholders are
    filled from `values`, escaped. Pictures in it are `cid:` of the template's own images.
    """
    paragraphs = re.split(r"\n[ \t]*\n\s*", text.strip())
    body = "".join(f"<p>{_lines(each)}</p>" for each in paragraphs)
    if not frame:
        return body
    escaped = {name: html.escape(each) for name, each in (values or {}).items()}
    return fill(frame, escaped | {BODY: body})


def _lines(paragraph: str) -> str:
    out: list[str] = []
    position = 0
    for link in _LINK.finditer(paragraph):
        target = html.escape(link[0])
        out.append(html.escape(paragraph[position : link.start()]))
        out.append(f'<a href="{target}">{target}</a>')
        position = link.end()
    out.append(html.escape(paragraph[position:]))
    return "".join(out).replace("\n", "<br>")
