"""Reading a submission from a stranger within limits of size, number and time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from crm_desktop.channels.web.limits import BodyLimits


class BodyTooLarge(Exception):
    """The submission is larger than the limit."""


class BodyTooSlow(Exception):
    """The submission did not arrive in time."""


class BodyBroken(Exception):
    """The submission is no form, or has too many parts."""


@dataclass(frozen=True, slots=True)
class SentFile:
    """One uploaded file as it came: the name is the sender's, `size` in bytes.

    `content` is empty when the file alone is over the limit.
    """

    field: str
    name: str
    size: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Sent:
    """The texts by name, each a list as in a query, and the files."""

    texts: dict[str, list[str]]
    files: tuple[SentFile, ...]

    def first(self, name: str) -> str:
        """The first text of that name, "" when there is none."""
        return next(iter(self.texts.get(name, [])), "")


async def read_body(request: Request, limits: BodyLimits) -> Sent:
    """Read multipart form data; raises BodyTooLarge, BodyTooSlow, BodyBroken.

    What is left of a refused body the server reads and throws away, so that a browser shows our
    words instead of a broken connection.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise BodyBroken
    counted = _Counted(request, limits.body_bytes)
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _parse(Request(request.scope, counted.receive), limits)
    except TimeoutError:
        raise BodyTooSlow from None


class _Counted:
    """The request's own stream, cut when it has grown over the limit."""

    def __init__(self, request: Request, limit: int) -> None:
        self._request = request
        self._limit = limit
        self._seen = 0

    async def receive(self) -> Message:
        message = await self._request.receive()
        self._seen += len(message.get("body", b""))
        declared = self._request.headers.get("content-length", "")
        if self._seen > self._limit or (declared.isdigit() and int(declared) > self._limit):
            raise BodyTooLarge
        return message


async def _parse(request: Request, limits: BodyLimits) -> Sent:
    try:
        async with request.form(
            max_files=50, max_fields=limits.fields, max_part_size=limits.text_bytes
        ) as form:
            texts: dict[str, list[str]] = {}
            files: list[SentFile] = []
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files.extend(await _file(name, value, limits))
                else:
                    texts.setdefault(_sound(name), []).append(_sound(value))
            return Sent(texts, tuple(files))
    except (HTTPException, ClientDisconnect, ValueError, KeyError):
        raise BodyBroken from None


def _sound(text: str) -> str:
    """The text without what cannot be shown again: a sender may choose any charset."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


async def _file(field: str, upload: UploadFile, limits: BodyLimits) -> list[SentFile]:
    """The file, or none for a file input that was left empty."""
    size = upload.size or 0
    if not upload.filename and not size:
        return []
    content = await upload.read() if size <= limits.file_bytes else b""
    return [SentFile(field, _sound(upload.filename or ""), size, content)]


async def read_json(request: Request, most_bytes: int, seconds: float) -> dict[str, object]:
    """Read a JSON object; raises BodyTooLarge, BodyTooSlow, BodyBroken.

    Only what says that it is JSON is read: a browser sends that elsewhere only after it has asked.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise BodyBroken
    counted = _Counted(request, most_bytes)
    try:
        async with asyncio.timeout(seconds):
            told = json.loads(await Request(request.scope, counted.receive).body())
    except TimeoutError:
        raise BodyTooSlow from None
    except (ClientDisconnect, ValueError, RecursionError):
        raise BodyBroken from None
    if not isinstance(told, dict):
        raise BodyBroken
    return told
