"""The sandbox office's HTTP face, as the published GeoReport v2 describes it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from crm_desktop.demo.open311 import checks, documents
from crm_desktop.demo.open311.checks import Refused
from crm_desktop.demo.open311.mischief import SPOILT, Mischief
from crm_desktop.demo.open311.office import Access, Held, KeyGiven, Office

Handler = Callable[[Request, str], Awaitable[Response]]

#: The standard's limits for a list of requests.
MAX_LISTED = 1000
MAX_DAYS = timedelta(days=90)
MAX_IDS = 50


def build(office: Office) -> ASGIApp:
    """The application that serves this office."""
    desk = _Desk(office)
    routes = [
        Route("/discovery.{kind}", desk.handled(desk.discovery)),
        Route("/services.{kind}", desk.handled(desk.services)),
        Route("/services/{code}.{kind}", desk.handled(desk.definition)),
        Route("/requests.{kind}", desk.handled(desk.submit), methods=["POST"]),
        Route("/requests.{kind}", desk.handled(desk.requests), methods=["GET"]),
        Route("/requests/{id}.{kind}", desk.handled(desk.request)),
        Route("/tokens/{token}.{kind}", desk.handled(desk.token)),
    ]
    return Mischief(Starlette(routes=routes), office)


class _Desk:
    """The handlers; each gets the request and the format asked for."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def handled(self, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        """Format check before, refusals and the log after."""

        async def handle(request: Request) -> Response:
            kind = request.path_params["kind"]
            if kind not in self._office.formats:
                known = self._office.formats[0]
                response = documents.refusal(known, 404, "This format is not offered.")
            else:
                try:
                    response = await handler(request, kind)
                except Refused as refused:
                    response = documents.refusal(kind, refused.status, refused.words)
            await self._write_down(request, response.status_code)
            await request.close()
            return response

        return handle

    async def discovery(self, request: Request, kind: str) -> Response:
        """Where the endpoints are."""
        base = str(request.base_url).rstrip("/")
        return documents.answer(kind, "discovery", documents.discovery(base, self._office.formats))

    async def services(self, request: Request, kind: str) -> Response:
        """What is on offer."""
        self._ours(request)
        return documents.answer(
            kind, "services", [documents.service(each) for each in self._office.services]
        )

    async def definition(self, request: Request, kind: str) -> Response:
        """The questions of one service."""
        self._ours(request)
        found = checks.service(self._office, request.path_params["code"])
        return documents.answer(kind, "service_definition", documents.definition(found))

    async def submit(self, request: Request, kind: str) -> Response:
        """Take a request."""
        fields, _ = await _form(request)
        checks.key(self._office, _first(fields, "api_key"))
        checks.jurisdiction(self._office, _first(fields, "jurisdiction_id"))
        asked = checks.service(self._office, _first(fields, "service_code"))
        checks.request(asked, fields)
        held = self._office.accept(asked, fields, request.headers.get("idempotency-key", ""))
        return documents.answer(kind, "service_requests", [documents.accepted(held)])

    async def requests(self, request: Request, kind: str) -> Response:
        """The requests that fit the question, newest first."""
        self._ours(request)
        return self._listed(kind, _page(request, self._chosen(request)))

    async def request(self, request: Request, kind: str) -> Response:
        """One request."""
        self._ours(request)
        held = self._office.find(request.path_params["id"])
        if held is None:
            raise Refused(404, "service_request_id provided was not found.")
        return self._listed(kind, [held])

    async def token(self, request: Request, kind: str) -> Response:
        """The id that a token has become, null while it has not."""
        self._ours(request)
        held = self._office.by_token(request.path_params["token"])
        if held is None:
            raise Refused(404, "token provided was not found.")
        number = int(held.id) if held.id else None
        found = [{"service_request_id": number, "token": held.token}]
        return documents.answer(kind, "service_requests", found)

    def _ours(self, request: Request) -> None:
        checks.jurisdiction(self._office, request.query_params.get("jurisdiction_id", ""))

    def _listed(self, kind: str, held: list[Held]) -> Response:
        shows = self._office.shows_descriptions
        found = [documents.request(each, shows_description=shows) for each in held]
        return documents.answer(kind, "service_requests", found)

    def _chosen(self, request: Request) -> list[Held]:
        query = request.query_params
        if wanted := query.get("service_request_id", ""):
            ids = wanted.split(",")
            if len(ids) > MAX_IDS:
                raise Refused(400, "At most 50 service_request_id at once.")
            return [held for held in self._office.all() if held.id in ids]
        codes = [code for code in query.get("service_code", "").split(",") if code]
        statuses = [each for each in query.get("status", "").split(",") if each]
        start, end = _window(request)
        return [
            held
            for held in self._office.all()
            if start <= held.requested <= end
            and (not codes or held.service.code in codes)
            and (not statuses or (held.said or ("open",))[0] in statuses)
        ]

    async def _write_down(self, request: Request, status: int) -> None:
        fields, photo = await _form(request)
        given = _first(fields, "api_key") or request.query_params.get("api_key", "")
        right: KeyGiven = "right" if given == self._office.api_key else "wrong"
        self._office.write_down(
            Access(
                at=datetime.now(UTC).isoformat(),
                method=request.method,
                path=request.url.path,
                query={k: v for k, v in request.query_params.items() if k != "api_key"},
                fields={k: v for k, v in fields.items() if k != "api_key"},
                key=right if given else "none",
                idempotency_key=request.headers.get("idempotency-key", ""),
                photo=photo,
                status=request.scope.get(SPOILT, status),
            )
        )


async def _form(request: Request) -> tuple[dict[str, list[str]], tuple[str, str, int] | None]:
    """The fields of a form, urlencoded or multipart, and what file came with it."""
    if request.method != "POST":
        return {}, None
    fields: dict[str, list[str]] = {}
    photo = None
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            photo = (value.filename or "", value.content_type or "", value.size or 0)
        else:
            fields.setdefault(name, []).append(value)
    return fields, photo


def _first(fields: dict[str, list[str]], name: str) -> str:
    return next(iter(fields.get(name, ())), "")


def _window(request: Request) -> tuple[datetime, datetime]:
    """The period asked for; the last 90 days without one."""
    found: list[datetime | None] = []
    for name in ("start_date", "end_date"):
        given = request.query_params.get(name, "")
        found.append(checks.moment(given) if given else None)
        if given and found[-1] is None:
            raise Refused(HTTPStatus.BAD_REQUEST, f"{name} must be a date and time.")
    start, end = found
    now = datetime.now(UTC)
    return start or (end or now) - MAX_DAYS, end or now


def _page(request: Request, held: list[Held]) -> list[Held]:
    """The slice asked for with page and page_size, an extension that many servers have."""
    numbers = [request.query_params.get(name, "") for name in ("page", "page_size")]
    if any(each and not each.isdigit() for each in numbers):
        raise Refused(400, "page and page_size must be numbers.")
    page = max(1, int(numbers[0] or 1))
    size = min(MAX_LISTED, max(1, int(numbers[1] or MAX_LISTED)))
    return held[(page - 1) * size : page * size]
