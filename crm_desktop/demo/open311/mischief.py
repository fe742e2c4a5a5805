"""Bad days on demand: the faults that tests and demonstrations order, around the honest office."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm_desktop.demo.open311 import documents
from crm_desktop.demo.open311.office import Access, Fault, Office

#: Where the scope tells the log what the caller will be told instead of the honest answer.
SPOILT: Final = "crm_desktop.sandbox.spoilt"


class Mischief:
    """Passes exchanges on, unless a fault was ordered for one."""

    def __init__(self, app: ASGIApp, office: Office) -> None:
        self._app = app
        self._office = office

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        fault = None
        if scope["type"] == "http":
            fault = self._office.take_fault(scope["method"], scope["path"])
        if fault is None:
            await self._app(scope, receive, send)
            return
        told = fault.status if fault.kind == "status" else 0
        if fault.processed:
            await self._app({**scope, SPOILT: told}, receive, _nowhere)
        else:
            self._office.write_down(_unread(scope, told))
        await self._spoil(fault, scope, receive, send)

    async def _spoil(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        if fault.kind == "status":
            kind = "xml" if scope["path"].endswith(".xml") else "json"
            response = documents.refusal(kind, fault.status, HTTPStatus(fault.status).phrase)
            if fault.retry_after:
                response.headers["Retry-After"] = fault.retry_after
            await response(scope, receive, send)
        elif fault.kind == "drop":
            # The server closes the connection of an answer that does not keep its length.
            length = [(b"content-length", b"1000")]
            await send({"type": "http.response.start", "status": 200, "headers": length})
            await send({"type": "http.response.body", "body": b"[", "more_body": True})
        else:
            while (await receive())["type"] != "http.disconnect":
                pass


def _unread(scope: Scope, told: int) -> Access:
    headers = Headers(scope=scope)
    return Access(
        at=datetime.now(UTC).isoformat(),
        method=scope["method"],
        path=scope["path"],
        query={},
        fields={},
        key="none",
        idempotency_key=headers.get("idempotency-key", ""),
        photo=None,
        status=told,
    )


async def _nowhere(_: Message) -> None:
    """An answer that never leaves the office."""
