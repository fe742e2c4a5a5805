"""The public pages on a real HTTP server, over a small centre kept in memory."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette

from crm_desktop.channels.web_form.port import Limits, PublicForm, WebFormSettings
from crm_desktop.channels.web_form.routes import routes
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.messages import InboundMessage

RESOURCES = Path(__file__).resolve().parents[2] / "resources" / "web"

MISSED_BIN: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "title": "Report a missed bin",
    "required": ["bin", "due", "out"],
    "x-order": ["bin", "due", "out", "why", "blocked", "address", "postcode", "notes", "photos"],
    "properties": {
        "bin": {
            "type": "string",
            "title": "Which bin was missed?",
            "oneOf": [
                {"const": "recycling", "title": "Recycling (blue)"},
                {"const": "refuse", "title": "Rubbish (green)"},
                {"const": "garden", "title": "Garden (brown)"},
            ],
            "x-error": {"required": "Select which bin was missed"},
        },
        "due": {
            "type": "string",
            "format": "date",
            "title": "When was it due?",
            "x-error": {"required": "Enter the date the bin was due"},
        },
        "out": {
            "type": "boolean",
            "title": "Was it out by 6.30am?",
            "x-error": {"required": "Select yes if the bin was out by 6.30am"},
        },
        "why": {
            "type": "string",
            "title": "Why was it late?",
            "x-widget": "select",
            "enum": ["I forgot", "I was away", "Something else"],
            "x-show-if": {"field": "out", "equals": False},
        },
        "blocked": {
            "type": "array",
            "title": "Was anything in the way?",
            "description": "Select all that apply",
            "items": {"enum": ["Parked cars", "Road works", "Snow or ice"]},
        },
        "address": {"type": "string", "title": "Address", "x-widget": "address"},
        "postcode": {"type": "string", "title": "Postcode", "x-widget": "postcode"},
        "notes": {
            "type": "string",
            "title": "Is there anything else we should know?",
            "x-widget": "textarea",
            "maxLength": 500,
        },
        "photos": {"type": "array", "title": "Photos", "x-widget": "file"},
        "crew": {"type": "string", "title": "Crew's word", "x-public": False},
    },
}


@dataclass
class MemoryCentre:
    """A `FormsPort`; `away` makes every call fail as an absent database does.

    `broken` makes it fail as a bug does, with personal data in its words.
    """

    away: bool = False
    broken: bool = False
    kept: dict[str, InboundMessage] = field(default_factory=dict)
    calls: int = 0
    told: tuple[str, ...] = ()

    def services(self) -> list[tuple[str, str, str]]:
        """Two services, one without a summary."""
        self._reach()
        return [
            ("missed-bin", "Report a missed bin", "Tell us within 2 working days."),
            ("callback", "Ask us to call you back", ""),
        ]

    def form(self, code: str) -> PublicForm | None:
        """The two forms, and one whose schema is no form."""
        self._reach()
        intro = "Tell us within 2 working days.\nWe come back for the whole street."
        forms = {
            "missed-bin": PublicForm("missed-bin", 3, "Report a missed bin", intro, MISSED_BIN),
            "callback": PublicForm(
                "callback", 1, "Ask us to call you back", "", {"x-contact": "required"}
            ),
            "broken": PublicForm("broken", 1, "Broken", "", {"properties": 7}),
        }
        return forms.get(code)

    def notices(self) -> tuple[str, ...]:
        """What the test lets everybody know."""
        self._reach()
        return self.told

    def submit(self, message: InboundMessage) -> str:
        """Keep each external id once; the reference is the count at that time."""
        self._reach()
        self.calls += 1
        self.kept.setdefault(message.external_id, message)
        return f"C-8F3-T9K-{list(self.kept).index(message.external_id) + 1}"

    @property
    def only(self) -> InboundMessage:
        """The one message that was kept."""
        (message,) = self.kept.values()
        return message

    def _reach(self) -> None:
        if self.away:
            raise DatabaseAway
        if self.broken:
            raise RuntimeError("Margaret Okafor cannot be written")


@dataclass(frozen=True)
class FormsSite:
    """A running server: its address and the centre behind it."""

    url: str
    port: int
    centre: MemoryCentre


@contextmanager
def forms_site(limits: Limits | None = None, *, proxied: bool = False) -> Iterator[FormsSite]:
    """Serve the pages on a free loopback port; `proxied` trusts 127.0.0.1 as a proxy."""
    settings = WebFormSettings(
        secret="only for these tests, not elsewhere",
        resources=RESOURCES,
        council="Norbridge Council",
        proxies=(ip_network("127.0.0.1/32"),) if proxied else (),
        limits=limits or Limits(),
    )
    centre = MemoryCentre()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=routes(centre, settings)),
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    try:
        yield FormsSite(f"http://127.0.0.1:{port}", port, centre)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()
