"""The addresses of the public pages; the gateway mounts them."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from crm_desktop.channels.web import assets
from crm_desktop.channels.web.asking import Asking
from crm_desktop.channels.web.body import (
    BodyBroken,
    BodyTooLarge,
    BodyTooSlow,
    Sent,
    read_body,
)
from crm_desktop.channels.web.bugs import trace
from crm_desktop.channels.web.clients import TokenBuckets, client_of, is_https
from crm_desktop.channels.web.headers import secure
from crm_desktop.channels.web_form.pages import Drawn, Pages
from crm_desktop.channels.web_form.port import FormsPort, PublicForm, WebFormSettings
from crm_desktop.channels.web_form.submission import (
    TICKET_NAME,
    contact_is_required,
    read_submission,
    to_message,
)
from crm_desktop.channels.web_form.tickets import TICKET_SECONDS, Sitting, Tickets
from crm_desktop.channels.web_form.words import WORDS
from crm_desktop.domain.errors import DatabaseTrouble, InvalidInput
from crm_desktop.domain.forms import Form

_LOG = logging.getLogger(__name__)

_Endpoint = Callable[[Request], Awaitable[Response]]

_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

#: What a service's code may look like in an address.
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")

_THREADS = 4
#: How old a notice on a page may be.
_NOTICES_SECONDS = 5.0
_ASSETS = {
    "govuk-frontend.min.css": ("govuk/govuk-frontend.min.css", "text/css"),
    "govuk-frontend.min.js": ("govuk/govuk-frontend.min.js", "text/javascript"),
    "forms.css": ("forms.css", "text/css"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
    "forms.js": ("forms.js", "text/javascript"),
}


def routes(port: FormsPort, settings: WebFormSettings) -> list[Route]:
    """The routes of the public pages under /forms, every one limited, guarded and uncached."""
    site = _Site(port, settings)
    submissions = TokenBuckets(settings.limits.submissions)
    pages = TokenBuckets(settings.limits.pages)
    return [
        Route("/forms", site.guarded(site.index, pages), name="forms"),
        Route("/forms/", site.guarded(site.index, pages)),
        Route("/forms/assets/{name}", site.guarded(site.asset, None), name="forms-asset"),
        Route("/forms/{code}", site.guarded(site.show, pages), methods=["GET"]),
        Route("/forms/{code}", site.guarded(site.send, submissions), methods=["POST"]),
        Route("/forms/{code}/done/{token}", site.guarded(site.done, pages)),
        Route("/forms/{rest:path}", site.guarded(site.missing, pages), methods=["GET", "POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A public form with its questions read."""

    public: PublicForm
    form: Form


class _Site:
    """The endpoints; one instance serves all visitors and keeps nothing about them.

    The forms seen last are remembered, so that a submission that meets an absent database can
    be given back to its sender on the page it came from.
    """

    def __init__(self, port: FormsPort, settings: WebFormSettings) -> None:
        self._port = port
        self._settings = settings
        self._ask = Asking("web-forms", _THREADS, settings.limits.save_seconds)
        self._pages = Pages(settings)
        self._tickets = Tickets(settings.secret)
        self._assets = assets.read_assets(settings.resources, _ASSETS, settings.colour)
        self._last_known: dict[str, _Shown] = {}
        self._notices: tuple[str, ...] = ()
        self._notices_until = 0.0

    def guarded(self, endpoint: _Endpoint, buckets: TokenBuckets | None) -> _Endpoint:
        """The endpoint with its rate limit, its headers and words for a database that is away."""

        async def answer(request: Request) -> Response:
            proxies = self._settings.proxies
            try:
                if buckets is not None and not buckets.take(client_of(request, proxies)):
                    response = self._pages.message("often", 429)
                else:
                    response = await endpoint(request)
            except (DatabaseTrouble, TimeoutError) as trouble:
                _LOG.warning("web forms: the database is away (%s)", type(trouble).__name__)
                response = self._pages.message("away", 503)
            except Exception as bug:  # noqa: BLE001 - the public sees words, whatever happens
                _LOG.error("web forms: a page failed: %s", trace(bug))
                response = self._pages.message("failed", 500)
            return secure(response, _POLICY, https=is_https(request, proxies))

        return answer

    async def index(self, _: Request) -> Response:
        """The list of forms."""
        services = await self._ask(self._port.services)
        return self._pages.index(services, await self._known_notices())

    async def show(self, request: Request) -> Response:
        """An empty form."""
        found = await self._form(request)
        if found is None:
            return await self.missing(request)
        await self._known_notices()
        return self._draw(request, found, Drawn())

    async def send(self, request: Request) -> Response:
        """Take a submission: kept first, then a redirect to its confirmation."""
        try:
            sent = await read_body(request, self._settings.limits)
        except BodyTooLarge:
            return self._pages.message("large", 413)
        except BodyTooSlow:
            return self._pages.message("slow", 408)
        except BodyBroken:
            return self._pages.message("broken", 400)
        try:
            found = await self._form(request)
        except (DatabaseTrouble, TimeoutError):
            found = self._last_known.get(request.path_params["code"])
            if found is None:
                raise
        if found is None:
            return await self.missing(request)
        return await self._take(request, found, sent)

    async def done(self, request: Request) -> Response:
        """The confirmation, for whoever holds its link; needs no database."""
        code = request.path_params["code"]
        reference = self._tickets.reference(request.path_params["token"], code)
        if reference is None:
            return await self.missing(request)
        return self._pages.done(WORDS["done_title"], reference)

    async def missing(self, _: Request) -> Response:
        """There is no such page."""
        return self._pages.message("missing", 404)

    async def asset(self, request: Request) -> Response:
        """A style sheet or a script, from a fixed list."""
        known = self._assets.get(request.path_params["name"])
        if known is None:
            return await self.missing(request)
        return assets.answer(request, known, 3600)

    async def _take(self, request: Request, shown: _Shown, sent: Sent) -> Response:
        public, form = shown.public, shown.form
        drawn = Drawn(sent.texts, had_files=bool(sent.files))
        cookie = request.cookies.get(self._cookie_name(request), "")
        sitting = self._tickets.check(sent.first(TICKET_NAME), cookie, public.service_code)
        if sitting is None:
            return self._draw(request, shown, replace(drawn, notice=WORDS["stale_send"]), 403)
        submission = read_submission(
            sent,
            form,
            self._settings.limits,
            contact_required=contact_is_required(public.schema),
        )
        if submission.errors:
            drawn = replace(drawn, errors=submission.errors)
            return self._draw(request, shown, drawn, 422, sitting)
        external_id = sitting.external_id(public.service_code, submission.fingerprint)
        message = to_message(submission, form, public, external_id)
        try:
            reference = await self._ask(self._port.submit, message)
        except (DatabaseTrouble, TimeoutError) as trouble:
            _LOG.warning("web forms: a submission was not saved (%s)", type(trouble).__name__)
            drawn = replace(drawn, notice=WORDS["away_send"])
            return self._draw(request, shown, drawn, 503, sitting)
        except Exception as bug:  # noqa: BLE001 - a bug of ours must not cost the sender the text
            _LOG.error("web forms: a submission was not saved: %s", trace(bug))
            drawn = replace(drawn, notice=WORDS["failed_send"])
            return self._draw(request, shown, drawn, 500, sitting)
        token = self._tickets.done(public.service_code, reference)
        return RedirectResponse(f"/forms/{public.service_code}/done/{token}", 303)

    async def _known_notices(self) -> tuple[str, ...]:
        """What everybody should know, asked at most every few seconds however many come.

        While it is asked, and while it cannot be, pages show what was known.
        """
        now = time.monotonic()
        if now >= self._notices_until:
            self._notices_until = now + _NOTICES_SECONDS
            with suppress(DatabaseTrouble, TimeoutError):
                self._notices = tuple(await self._ask(self._port.notices))
        return self._notices

    async def _form(self, request: Request) -> _Shown | None:
        """The form of the address; None when there is none, or when it cannot be read."""
        code = request.path_params["code"]
        public = await self._ask(self._port.form, code) if _CODE.fullmatch(code) else None
        if public is None:
            return None
        try:
            shown = _Shown(public, Form.from_schema(public.schema).public())
        except InvalidInput as trouble:
            _LOG.error("web forms: the form of service %s is no form: %s", code, trouble)
            return None
        self._last_known[public.service_code] = shown
        return shown

    def _draw(
        self,
        request: Request,
        shown: _Shown,
        drawn: Drawn,
        status: int = 200,
        sitting: Sitting | None = None,
    ) -> Response:
        """The form with a ticket for this visitor, whose cookie is made or kept."""
        name = self._cookie_name(request)
        sitting = sitting or self._tickets.sitting(request.cookies.get(name, ""))
        ticket = self._tickets.ticket(sitting, shown.public.service_code)
        drawn = replace(drawn, ticket=ticket, notices=self._notices)
        response = self._pages.form(shown.public, shown.form, drawn, status)
        response.set_cookie(
            name,
            self._tickets.cookie(sitting),
            max_age=TICKET_SECONDS,
            path="/",
            secure=self._https(request),
            httponly=True,
            samesite="lax",
        )
        return response

    def _https(self, request: Request) -> bool:
        return is_https(request, self._settings.proxies)

    def _cookie_name(self, request: Request) -> str:
        """With TLS a name that no other host may set and no plain connection can."""
        return "__Host-crm-form" if self._https(request) else "crm-form"
