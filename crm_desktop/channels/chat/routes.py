"""The addresses of the chat's door; the gateway mounts them."""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router, WebSocketRoute
from starlette.websockets import WebSocket

from crm_desktop.channels.chat import asked
from crm_desktop.channels.chat.assets import Assets
from crm_desktop.channels.chat.files import UnusableFile, download, taken
from crm_desktop.channels.chat.hub import Hub
from crm_desktop.channels.chat.origins import is_allowed, origin_of, own_origin
from crm_desktop.channels.chat.port import ChatPort, ChatSettings
from crm_desktop.channels.chat.protocol import is_client_id, is_token, sound
from crm_desktop.channels.chat.sites import Sites
from crm_desktop.channels.chat.talk import FORBIDDEN, TOO_MANY, TRY_AGAIN, Talks
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.body import (
    BodyBroken,
    BodyTooLarge,
    BodyTooSlow,
    read_body,
    read_json,
)
from crm_desktop.channels.web.bugs import trace
from crm_desktop.channels.web.clients import TokenBuckets, client_of, is_https
from crm_desktop.channels.web.headers import secure
from crm_desktop.channels.web.limits import MEGABYTE
from crm_desktop.domain.chats import LONGEST_TEXT, ChatSite
from crm_desktop.domain.errors import (
    Blocked,
    ChatOver,
    Closed,
    Conflict,
    CrmError,
    DatabaseTrouble,
    InvalidInput,
    NotFound,
)
from crm_desktop.domain.file_kinds import KINDS

_LOG = logging.getLogger(__name__)
_Endpoint = Callable[[Request, ChatSite], Awaitable[Response]]

_KEY = re.compile(r"[a-z0-9-]{3,40}")
_POLICY = "default-src 'none'; frame-ancestors 'none'; sandbox"
_PAGE_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self' {socket}; "
    "img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_STATUS: dict[type[CrmError], int] = {
    Blocked: 403,
    Closed: 409,
    ChatOver: 409,
    Conflict: 409,
}
_BODY: dict[type[Exception], tuple[int, str]] = {
    BodyTooLarge: (413, "too_large"),
    BodyTooSlow: (408, "slow"),
    BodyBroken: (400, "broken"),
}
_WORDS = {
    "missing": "There is no such chat.",
    "origin": "This website may not open this chat.",
    "often": "Too much was sent in a short time. Wait a little, then try again.",
    "away": "This could not be saved just now. Nothing was lost: try again in a moment.",
    "failed": "Something went wrong on our side, and this was not saved. Try again.",
    "too_large": "This is too large.",
    "slow": "Sending took too long.",
    "broken": "This could not be read.",
    "unknown": "This chat is not known any more.",
}
_RETRY_SECONDS = 10
_THREADS = 4


def application(port: ChatPort, settings: ChatSettings, hub: Hub) -> Router:
    """All that is under /chat, every address limited, guarded and uncached."""
    assets = Assets(settings)
    door = _Door(port, settings, hub, assets)
    limits = settings.limits
    reads, starts = TokenBuckets(limits.reads), TokenBuckets(limits.starts)
    sends = TokenBuckets(limits.sends)

    def get(endpoint: _Endpoint) -> Callable[[Request], Awaitable[Response]]:
        return door.guarded(endpoint, reads, must_say_origin=False)

    def post(
        endpoint: _Endpoint, buckets: TokenBuckets
    ) -> Callable[[Request], Awaitable[Response]]:
        return door.guarded(endpoint, buckets, must_say_origin=True)

    told = ["POST", "OPTIONS"]
    fetched = ["GET", "OPTIONS"]
    addresses: list[BaseRoute] = [
        *(Route(f"/{name}", door.asset(name)) for name in assets.names),
        Route("/{key}", get(door.page)),
        Route("/{key}/setup", get(door.setup), methods=fetched),
        Route("/{key}/start", post(door.start, starts), methods=told),
        Route("/{key}/message", post(door.message, starts), methods=told),
        Route("/{key}/files", post(door.send_files, sends), methods=told),
        Route("/{key}/files/{seq:int}/{attachment:int}", get(door.file), methods=fetched),
        Route("/{key}/rating", post(door.rating, sends), methods=told),
        Route("/{key}/transcript", post(door.transcript, sends), methods=told),
        WebSocketRoute("/{key}/talk", door.talk),
        Route("/{rest:path}", door.missing, methods=["GET", "POST", "OPTIONS"]),
    ]
    return Router(addresses, redirect_slashes=False)


class _Door:
    """The endpoints; one instance serves all visitors and keeps nothing about them."""

    def __init__(self, port: ChatPort, settings: ChatSettings, hub: Hub, assets: Assets) -> None:
        self._port = port
        self._settings = settings
        self._limits = settings.limits
        self._ask = Asking("chat-door", _THREADS, settings.limits.ask_seconds)
        self._sites = Sites(port)
        self._assets = assets
        self._talks = Talks(port, hub, settings)
        self._talk_buckets = TokenBuckets(settings.limits.talks)
        self._weights = TokenBuckets(settings.limits.megabytes)

    def guarded(
        self, endpoint: _Endpoint, buckets: TokenBuckets, *, must_say_origin: bool
    ) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint for its site's own pages, with its rate limit and its headers."""

        async def answer(request: Request) -> Response:
            try:
                response = await self._answered(request, endpoint, buckets, must_say_origin)
            except CrmError as trouble:
                response = _refusal(trouble)
            except TimeoutError:
                response = _error(503, "away")
            except (BodyTooLarge, BodyTooSlow, BodyBroken) as trouble:
                response = _error(*_BODY[type(trouble)])
            except Exception as bug:  # noqa: BLE001 - the public sees words, whatever happens
                _LOG.error("chat: a request failed: %s", trace(bug))
                response = _error(500, "failed")
            return self._secured(request, response)

        return answer

    async def _answered(
        self, request: Request, endpoint: _Endpoint, buckets: TokenBuckets, must_say_origin: bool
    ) -> Response:
        site = await self._site(request)
        if site is None:
            return _error(404, "missing")
        said = bool(origin_of(request))
        if (said or must_say_origin) and not self._is_allowed(request, site):
            return _error(403, "origin")
        if request.method == "OPTIONS":
            return Response(status_code=204)
        if not buckets.take(client_of(request, self._settings.proxies)):
            return _error(429, "often")
        return await endpoint(request, site)

    async def setup(self, request: Request, site: ChatSite) -> Response:
        """What a page shows before a chat begins."""
        language = asked.language_of(request.query_params.get("language"), site)
        opening = await self._ask(self._sites.opening, site)
        offered = await self._ask(self._sites.offered, site)
        notices = await self._ask(self._sites.notices, language)
        limits = self._limits
        return JSONResponse(
            {
                "open": opening.is_open,
                "opens_at": _iso(opening.opens_at),
                "wait_seconds": opening.wait_seconds,
                "languages": list(site.languages),
                "greeting": site.greeting.get(language, "") or site.greeting.get("en", ""),
                "notices": list(notices),
                "services": [
                    {"code": each.code, "title": each.title, "questions": each.schema}
                    for each in offered
                ],
                "colour": site.colour,
                "limits": {
                    "text": LONGEST_TEXT,
                    "file_bytes": limits.file_bytes,
                    "files": limits.files,
                    "kinds": ",".join(KINDS.values()),
                },
            }
        )

    async def start(self, request: Request, site: ChatSite) -> Response:
        """Begin a chat."""
        told = await self._json(request)
        offered = await self._ask(self._sites.offered, site)
        new = asked.new_chat(told, site, offered, self._client(request), _client_id(request))
        started = await self._ask(self._port.start, site.id, new)
        return JSONResponse({"token": started.token}, 201)

    async def message(self, request: Request, site: ChatSite) -> Response:
        """Take a message for when somebody is there again."""
        told = await self._json(request)
        left = asked.left_message(told, site, self._client(request), _client_id(request))
        reference = await self._ask(self._port.leave_message, site.id, left)
        return JSONResponse({"reference": reference}, 201)

    async def send_files(self, request: Request, _: ChatSite) -> Response:
        """Keep files, with words or without, as one line of the chat."""
        token = _token(request)
        client_id = _client_id(request)
        if not token or not client_id:
            return _error(401, "unknown") if not token else _error(400, "broken")
        sent = await read_body(request, self._limits)
        text = sound(sent.first("text"))
        files = taken(sent.files, self._limits)
        weight = sum(file.size for file in sent.files) / MEGABYTE
        if not self._weights.take(client_of(request, self._settings.proxies), weight):
            return _error(429, "often")
        line = await self._ask(self._port.say, token, client_id, text, files)
        return JSONResponse({"seq": line.seq}, 201)

    async def file(self, request: Request, _: ChatSite) -> Response:
        """Give a file out to whoever holds the chat's token."""
        token = _token(request)
        if not token:
            return _error(401, "unknown")
        numbers = request.path_params
        found = await self._ask(self._port.file, token, numbers["seq"], numbers["attachment"])
        return download(found)

    async def rating(self, request: Request, _: ChatSite) -> Response:
        """Keep what the visitor thought of it."""
        token = _token(request)
        if not token:
            return _error(401, "unknown")
        stars, words = asked.rating(await self._json(request))
        await self._ask(self._port.rate, token, stars, words)
        return JSONResponse({})

    async def transcript(self, request: Request, _: ChatSite) -> Response:
        """Have the conversation mailed."""
        token = _token(request)
        if not token:
            return _error(401, "unknown")
        email = asked.text_of(await self._json(request), "email", asked.LONGEST_ADDRESS)
        await self._ask(self._port.transcript, token, email)
        return JSONResponse({})

    async def page(self, request: Request, site: ChatSite) -> Response:
        """The hosted page."""
        language = asked.language_of(request.query_params.get("language"), site)
        response = self._assets.page(site, language)
        own = own_origin(request, self._settings.proxies).replace("http", "ws", 1)
        secure(response, _PAGE_POLICY.format(socket=own), https=self._https(request))
        return response

    def asset(self, name: str) -> Callable[[Request], Awaitable[Response]]:
        """A file of the widget, for any website: it holds nobody's data."""

        async def answer(request: Request) -> Response:
            return secure(self._assets.answer(request, name), _POLICY, https=self._https(request))

        return answer

    async def missing(self, request: Request) -> Response:
        """There is no such address."""
        return self._secured(request, _error(404, "missing"))

    async def talk(self, socket: WebSocket) -> None:
        """A page's connection; refused by a close code, for a page cannot see another refusal."""
        await socket.accept()
        try:
            site = await self._site(socket)
        except (DatabaseTrouble, TimeoutError):
            await socket.close(TRY_AGAIN)
            return
        client = client_of(socket, self._settings.proxies)
        if site is None or not self._is_allowed(socket, site):
            await socket.close(FORBIDDEN)
        elif not self._talk_buckets.take(client):
            await socket.close(TOO_MANY)
        else:
            await self._talks.serve(socket, site, client)

    async def _site(self, asking: HTTPConnection) -> ChatSite | None:
        key = asking.path_params["key"]
        if not _KEY.fullmatch(key):
            return None
        try:
            return await self._ask(self._sites.find, key)
        except (DatabaseTrouble, TimeoutError):
            if known := self._sites.known(key):
                return known
            raise

    async def _json(self, request: Request) -> dict[str, object]:
        return await read_json(request, self._limits.json_bytes, self._limits.json_seconds)

    def _client(self, request: HTTPConnection) -> str:
        """Who asks, as a word that leads back to no address."""
        address = client_of(request, self._settings.proxies)
        key = b"chat-client\0" + self._settings.secret.encode()
        return hmac.digest(key, address.encode(), "sha256").hex()

    def _is_allowed(self, asking: HTTPConnection, site: ChatSite) -> bool:
        return is_allowed(asking, site, self._settings.proxies)

    def _https(self, request: HTTPConnection) -> bool:
        return is_https(request, self._settings.proxies)

    def _secured(self, request: Request, response: Response) -> Response:
        """With the headers of a public answer, and the word that lets its site's pages read it."""
        headers = response.headers
        if "content-security-policy" not in headers:
            secure(response, _POLICY, https=self._https(request))
        headers.add_vary_header("Origin")
        site = self._sites.known(request.path_params.get("key", ""))
        if site is not None and self._is_allowed(request, site):
            headers["Access-Control-Allow-Origin"] = origin_of(request)
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            headers["Access-Control-Expose-Headers"] = "Content-Disposition"
            if request.method == "OPTIONS":
                headers["Access-Control-Allow-Methods"] = "GET, POST"
                headers["Access-Control-Allow-Headers"] = "authorization, content-type, x-client-id"
                headers["Access-Control-Max-Age"] = "600"
        return response


def _token(request: Request) -> str:
    """The visitor's token, "" when there is none."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind.lower() == "bearer" and is_token(token) else ""


def _client_id(request: Request) -> str:
    """The page's own name for what it sends, "" when it gives none."""
    name = request.headers.get("x-client-id", "")
    return name if is_client_id(name) else ""


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _refusal(trouble: CrmError) -> Response:
    if isinstance(trouble, DatabaseTrouble):
        _LOG.warning("chat: the database is away (%s)", type(trouble).__name__)
        return _error(503, "away")
    if isinstance(trouble, UnusableFile):
        return _error(422, trouble.reason, words=str(trouble))
    if isinstance(trouble, NotFound):
        return _error(404, "unknown")
    if isinstance(trouble, InvalidInput):
        errors = trouble.params.get("fields", {})
        return _error(422, trouble.code, words="Something has to be mended.", errors=errors)
    status = _STATUS.get(type(trouble), 400)
    return _error(status, trouble.code, words=str(trouble))


def _error(status: int, code: str, **more: object) -> Response:
    response = JSONResponse({"code": code, "words": _WORDS.get(code, ""), **more}, status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(_RETRY_SECONDS)
    return response
