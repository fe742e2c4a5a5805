"""The widget and the hosted page, as files that never change while the gateway runs."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from crm_desktop.channels.chat.port import ChatSettings
from crm_desktop.domain.chats import ChatSite

#: What every website may load, by its ending.
_KINDS = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}
_LANGUAGES = ("en", "cy")


@dataclass(frozen=True, slots=True)
class _Asset:
    content: bytes
    packed: bytes
    kind: str
    tag: str


class Assets:
    """Read once, when the door is opened."""

    def __init__(self, settings: ChatSettings) -> None:
        self._settings = settings
        self._known = {
            path.name: _read(path)
            for path in sorted(settings.resources.iterdir())
            if path.suffix in _KINDS
        }
        self._words = {
            language: json.loads(self._known[f"{language}.json"].content) for language in _LANGUAGES
        }
        self._env = Environment(
            loader=FileSystemLoader(settings.resources),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The files of the widget."""
        return tuple(self._known)

    def answer(self, request: Request, name: str) -> Response:
        """A file of the widget, packed for whoever can unpack it."""
        asset = self._known[name]
        headers = {
            "Cache-Control": "public, max-age=300",
            "ETag": asset.tag,
            "Access-Control-Allow-Origin": "*",
            "Cross-Origin-Resource-Policy": "cross-origin",
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == asset.tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, media_type=asset.kind, headers=headers)
        return Response(asset.content, media_type=asset.kind, headers=headers)

    def page(self, site: ChatSite, language: str) -> Response:
        """The site's own page with nothing but the chat, for links and leaflets."""
        others = [each for each in site.languages if each != language]
        context: Mapping[str, object] = {
            "key": site.key,
            "council": self._settings.council,
            "home": self._settings.home,
            "language": language,
            "other": others[0] if others else "",
            "w": self._words[language],
        }
        return HTMLResponse(self._env.get_template("page.html").render(**context))


def _read(path: Path) -> _Asset:
    content = path.read_bytes()
    # The time is left out: the same content is the same file on every gateway.
    packed = gzip.compress(content, mtime=0)
    return _Asset(content, packed, _KINDS[path.suffix], f'W/"{sha256(content).hexdigest()[:24]}"')
