"""The addresses of kiosks and public screens; the gateway mounts them under /kiosk."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from crm_desktop.channels.kiosk.answers import Answers, Step, language_of, read, without
from crm_desktop.channels.kiosk.known import KnownSites
from crm_desktop.channels.kiosk.pages import Pages
from crm_desktop.channels.kiosk.port import KioskPort, KioskSettings
from crm_desktop.channels.kiosk.screens import Screens
from crm_desktop.channels.kiosk.tokens import Tokens
from crm_desktop.channels.web import assets
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.body import BodyBroken, BodyTooLarge, BodyTooSlow, Sent, read_body
from crm_desktop.channels.web.bugs import trace
from crm_desktop.channels.web.clients import TokenBuckets, client_of, is_https
from crm_desktop.channels.web.headers import secure
from crm_desktop.domain.errors import Closed, Conflict, CrmError, DatabaseTrouble, NotFound
from crm_desktop.domain.kiosks import KioskCheckIn, KioskSite
from crm_desktop.domain.texts import mobile
from crm_desktop.domain.visits import Need, SiteService

_LOG = logging.getLogger(__name__)

_Endpoint = Callable[[Request], Awaitable[Response]]
_THREADS = 4
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def application(port: KioskPort, settings: KioskSettings, screens: Screens) -> Starlette:
    """All addresses below /kiosk, every one limited, guarded and uncached."""
    door = _Door(port, settings, screens)
    pages = TokenBuckets(settings.limits.pages)
    get, send = ["GET"], ["POST"]
    return Starlette(
        routes=[
            Route("/assets/{name}", door.guarded(door.asset, None), methods=get),
            Route("/{key}", door.guarded(door.start, pages), methods=get),
            Route("/{key}", door.guarded(door.send, pages), methods=send),
            Route("/{key}/ticket/{token}", door.guarded(door.ticket, pages), methods=get),
            Route("/{key}/screen", door.guarded(door.screen, pages), methods=get),
            Route("/{key}/screen/events", door.guarded(door.events, pages), methods=get),
            Route("/{rest:path}", door.guarded(door.missing, pages), methods=["GET", "POST"]),
        ]
    )


class _Missing(Exception):
    """No such page: of a wrong key as of a wrong address."""


class _Door:
    """The endpoints; keeps nothing about visitors."""

    def __init__(self, port: KioskPort, settings: KioskSettings, screens: Screens) -> None:
        self._port = port
        self._settings = settings
        self._limits = settings.limits
        self._pages = Pages(settings)
        self._tokens = Tokens(settings.secret)
        self._ask = Asking("kiosks", _THREADS, settings.limits.ask_seconds)
        self._sites = KnownSites(port, self._ask)
        self._screens = screens
        self._bookings = TokenBuckets(settings.limits.bookings)
        self._tickets = TokenBuckets(settings.limits.tickets)

    def guarded(self, endpoint: _Endpoint, buckets: TokenBuckets | None) -> _Endpoint:
        """The endpoint with its rate limit, its headers and words for whatever goes wrong."""

        async def answer(request: Request) -> Response:
            response = await self._answer(endpoint, buckets, request)
            https = is_https(request, self._settings.proxies)
            return secure(response, _POLICY, https=https)

        return answer

    async def _answer(
        self, endpoint: _Endpoint, buckets: TokenBuckets | None, request: Request
    ) -> Response:
        try:
            if buckets is not None and not buckets.take(self._client(request)):
                return self._pages.message("often", 429)
            return await endpoint(request)
        except _Missing:
            return self._pages.message("missing", 404)
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("kiosks: the database is away (%s)", type(trouble).__name__)
            return self._message(request, "away", 503)
        except Exception as bug:  # noqa: BLE001 - the public sees words, whatever happens
            _LOG.error("kiosks: a page failed: %s", trace(bug))
            return self._message(request, "failed", 500)

    async def start(self, request: Request) -> Response:
        """The first question."""
        site = await self._site(request)
        answers = Answers(language=_note_language(request, request.query_params.get("lang", "")))
        if site.closed:
            return self._pages.closed(site, answers.language)
        return self._pages.about(site, answers, await self._services(site))

    async def send(self, request: Request) -> Response:
        """An answer: the next question, or after the last one the ticket."""
        site = await self._site(request)
        try:
            sent = await read_body(request, self._limits.body)
        except (BodyTooLarge, BodyTooSlow, BodyBroken):
            return self._message(request, "broken", 400)
        step, answers = read(sent)
        _note_language(request, answers.language)
        if sent.first("go") == "back":
            return await self._draw(site, answers.before(step, texts=site.texts), answers)
        if sent.first("go") == "switch":
            return await self._draw(site, step, answers)
        answers, error = await self._judge(request, site, step, answers, sent)
        if error:
            return await self._draw(site, step, answers, error)
        following = answers.after(step, texts=site.texts)
        if following is not None:
            return await self._draw(site, following, answers)
        return await self._give(request, site, step, answers)

    async def ticket(self, request: Request) -> Response:
        """The ticket, for whoever holds its address; needs no database."""
        site = await self._site(request)
        language = language_of(request.query_params.get("lang", ""))
        given = self._tokens.ticket(request.path_params["token"], site.key)
        if given is None:
            raise _Missing
        return self._pages.ticket(site, given, language)

    async def screen(self, request: Request) -> Response:
        """The public screen."""
        return self._pages.screen(await self._site(request))

    async def events(self, request: Request) -> Response:
        """What an open public screen is told."""
        site = await self._site(request)
        if not self._screens.has_room():
            return self._pages.message("often", 429)
        return StreamingResponse(self._screens.follow(site.id), media_type="text/event-stream")

    async def missing(self, _: Request) -> Response:
        """There is no such page."""
        raise _Missing

    async def asset(self, request: Request) -> Response:
        """A style sheet or a script, from a fixed list."""
        known = self._pages.assets.get(request.path_params["name"])
        if known is None:
            raise _Missing
        return assets.answer(request, known, 300)

    async def _judge(
        self, request: Request, site: KioskSite, step: Step, answers: Answers, sent: Sent
    ) -> tuple[Answers, str]:
        """The answers with this question's taken in, and the name of what is wrong or ""."""
        if step is Step.ABOUT:
            if answers.service_id not in {e.service_id for e in await self._services(site)}:
                return answers, "about_needed"
            return replace(answers, token=self._tokens.begin(site.key)), ""
        if sent.first("go") == "none":
            return without(answers, step), ""
        if step is Step.BOOKING:
            return await self._booked(request, site, answers)
        if step is Step.PHONE and mobile(answers.phone) is None:
            return answers, "phone_wrong"
        return answers, ""

    async def _booked(
        self, request: Request, site: KioskSite, answers: Answers
    ) -> tuple[Answers, str]:
        if not answers.reference:
            return answers, "booking_needed"
        if not self._bookings.take(self._client(request)):
            return answers, "booking_often"
        booking = await self._ask(self._port.booking, site.id, answers.reference)
        if booking is None:
            return answers, "booking_unknown"
        if not booking.awaited:
            return answers, "booking_missed" if booking.missed else "booking_arrived"
        needs = tuple(each for each in Need if each in (*answers.needs, *booking.needs))
        return replace(answers, service_id=booking.service_id, needs=needs), ""

    async def _give(
        self, request: Request, site: KioskSite, step: Step, answers: Answers
    ) -> Response:
        """Into the line, then to the ticket; whatever goes wrong, the answers stay on the page."""
        key = self._tokens.key(answers.token, site.key)
        if key is None or answers.service_id is None:
            return self._pages.about(site, answers, await self._services(site), "late")
        again = (step, answers)
        if not self._tickets.take(site.key):
            return self._message(request, "often", 429, retry=again)
        said = KioskCheckIn(
            key,
            answers.service_id,
            answers.reference,
            answers.needs,
            answers.visit_language,
            answers.phone,
        )
        try:
            ticket = await self._ask(self._port.check_in, site.id, said)
        except (NotFound, Conflict, Closed) as refusal:
            _LOG.info("kiosks: no ticket was given (%s)", refusal.code)
            return self._refused(request, site, answers, refusal)
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("kiosks: a check-in was not kept (%s)", type(trouble).__name__)
            return self._message(request, "away", 503, retry=again)
        except Exception as bug:  # noqa: BLE001 - a bug of ours must not cost the visitor the answers
            _LOG.error("kiosks: a check-in was not kept: %s", trace(bug))
            return self._message(request, "failed", 500, retry=again)
        token = self._tokens.given(site.key, ticket)
        language = f"?lang={answers.language}" if answers.language != "en" else ""
        return RedirectResponse(f"/kiosk/{site.key}/ticket/{token}{language}", 303)

    def _refused(
        self, request: Request, site: KioskSite, answers: Answers, refusal: CrmError
    ) -> Response:
        if not isinstance(refusal, Closed):
            return self._message(request, "full", 409)
        opens_at = refusal.params.get("opens_at")
        known = replace(site, opens_at=opens_at if isinstance(opens_at, datetime) else None)
        return self._pages.closed(known, answers.language, 409)

    async def _draw(
        self, site: KioskSite, step: Step, answers: Answers, error: str = ""
    ) -> Response:
        if site.closed:
            return self._pages.closed(site, answers.language, 409)
        if step is Step.ABOUT:
            return self._pages.about(site, answers, await self._services(site), error)
        return self._pages.question(site, step, answers, error)

    async def _site(self, request: Request) -> KioskSite:
        site = await self._sites.find(request.path_params["key"])
        if site is None:
            raise _Missing
        request.state.site = site
        return site

    async def _services(self, site: KioskSite) -> tuple[SiteService, ...]:
        return await self._ask(self._port.services, site.id)

    def _message(
        self,
        request: Request,
        name: str,
        status: int,
        retry: tuple[Step, Answers] | None = None,
    ) -> Response:
        return self._pages.message(
            name,
            status,
            site=getattr(request.state, "site", None),
            language=getattr(request.state, "language", "en"),
            retry=retry,
        )

    def _client(self, request: Request) -> str:
        return client_of(request, self._settings.proxies)


def _note_language(request: Request, text: str) -> str:
    """The language of this request's pages, whatever they will say."""
    language: str = language_of(text)
    request.state.language = language
    return language
