"""A stand-in for GOV.UK Notify's REST API, built from its published documentation.

Not yet tried against the real service. The documents: "REST API documentation", "Text message
status descriptions", and the tables of errors. Texts to the numbers that Notify keeps for tests end
as they do there: 07700900002 permanently failed, 07700900003 temporarily.
"""

import base64
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.servers.stand_in import StandIn

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"my_test_key-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
_ENDS = {"+447700900002": "permanent-failure", "+447700900003": "temporary-failure"}


def refusal(status: int, kind: str, message: str) -> JSONResponse:
    """An error as Notify words it."""
    return JSONResponse(
        {"status_code": status, "errors": [{"error": kind, "message": message}]}, status
    )


def rate_limit() -> JSONResponse:
    """Too many requests in this minute."""
    words = "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"
    return refusal(429, "RateLimitError", words)


def day_limit() -> JSONResponse:
    """Too many texts today."""
    return refusal(429, "TooManyRequestsError", "Exceeded send limits (sms: 250000) for today")


class NotifyStandIn(StandIn):
    """Notify with one service and one template."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[dict[str, Any]] = []
        self.template = {"id": TEMPLATE, "type": "sms", "version": 1, "body": "((message))"}

    def said(self) -> list[tuple[str, str]]:
        """(number, words) of every text, in order."""
        return [(each["phone_number"], each["body"]) for each in self.texts]

    def arrive(self) -> None:
        """The networks have said what became of everything."""
        for each in self.texts:
            each["status"] = _ENDS.get(each["phone_number"], "delivered")

    def routes(self) -> Sequence[Route]:
        return [
            Route("/v2/notifications/sms", self.served(self._send), methods=["POST"]),
            Route("/v2/notifications", self.served(self._list)),
            Route("/v2/notifications/{id}", self.served(self._one)),
            Route("/v2/template/{id}", self.served(self._template)),
        ]

    async def _send(self, request: Request) -> Response:
        if (denied := self._denied(request)) is not None:
            return denied
        asked = await request.json()
        if asked.get("template_id") != TEMPLATE:
            return refusal(400, "BadRequestError", "Template not found")
        if set(asked.get("personalisation", {})) != {"message"}:
            return refusal(400, "BadRequestError", "Missing personalisation: message")
        phone = asked.get("phone_number", "")
        if not phone.startswith("+447") or len(phone) != 13:
            return refusal(400, "ValidationError", "phone_number Not a UK mobile number")
        text = {
            "id": str(uuid.uuid4()),
            "reference": asked.get("reference"),
            "phone_number": phone,
            "type": "sms",
            "status": "created",
            "body": asked["personalisation"]["message"],
        }
        with self.lock:
            self.texts.append(text)
        return JSONResponse(
            {
                "id": text["id"],
                "reference": text["reference"],
                "content": {"body": text["body"], "from_number": "TESTSHIRE"},
                "uri": f"{self.address}/v2/notifications/{text['id']}",
                "template": {"id": TEMPLATE, "version": 1, "uri": ""},
            },
            201,
        )

    async def _list(self, request: Request) -> Response:
        wanted = request.query_params.get("reference")
        found = [each for each in reversed(self.texts) if wanted in (None, each["reference"])]
        return self._denied(request) or JSONResponse({"notifications": found, "links": {}})

    async def _one(self, request: Request) -> Response:
        found = [each for each in self.texts if each["id"] == request.path_params["id"]]
        if (denied := self._denied(request)) is not None:
            return denied
        return JSONResponse(found[0]) if found else refusal(404, "NoResultFound", "No result found")

    async def _template(self, request: Request) -> Response:
        if (denied := self._denied(request)) is not None:
            return denied
        if request.path_params["id"] != self.template["id"]:
            return refusal(404, "NoResultFound", "No result found")
        return JSONResponse(self.template)

    def _denied(self, request: Request) -> Response | None:
        """The token as Notify checks it: signature, service, and a clock within 30 seconds."""
        bearer, _, token = request.headers.get("authorization", "").partition(" ")
        signed, _, proof = token.rpartition(".")
        right = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).digest()
        if bearer != "Bearer" or not hmac.compare_digest(right, _octets(proof)):
            return refusal(403, "AuthError", "Invalid token: API key not found")
        head, _, said = signed.partition(".")
        claims = json.loads(_octets(said))
        if json.loads(_octets(head)) != {"typ": "JWT", "alg": "HS256"} or claims["iss"] != SERVICE:
            return refusal(403, "AuthError", "Invalid token: API key not found")
        ahead = self.clock.ahead.total_seconds()
        if abs(time.time() + ahead - claims["iat"]) > 30:
            words = "Error: Your system clock must be accurate to within 30 seconds"
            return refusal(403, "AuthError", words)
        return None


def _octets(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
