"""GOV.UK Notify's REST API: a text sent once, and what became of it.

Built from its published documentation ("REST API", "Text message statuses", "Error messages").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from crm_desktop.channels.texts.settings import LOOPBACK, NotifySettings
from crm_desktop.domain.errors import ConnectorTrouble

NAME: Final = "GOV.UK Notify"
_MAX_ANSWER: Final = 1_000_000
#: No request has left when one of these is raised.
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
#: Notify counts requests over a minute.
_RATE_SECONDS: Final = 60.0
#: After these nothing changes any more.
LAST = frozenset({"delivered", "permanent-failure", "temporary-failure", "technical-failure"})
#: Not one of Notify's: a text that it does not have, as after a move to another service.
_NOT_THERE = "not-there"
_DEFECTS = {
    "permanent-failure": "The network does not know this number, or refused the text.",
    "temporary-failure": "The telephone could not be reached for three days.",
    "technical-failure": "GOV.UK Notify could not pass the text on to the network.",
    _NOT_THERE: "GOV.UK Notify has no such text any more: nobody can tell whether it arrived.",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A text that Notify has: its id there."""

    id: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """How far a text is; `defect` says in words why it will not arrive, empty otherwise."""

    status: str

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self.status in LAST or self.status == _NOT_THERE

    @property
    def defect(self) -> str:
        """Why it did not arrive."""
        return _DEFECTS.get(self.status, "")


class Notify:
    """One service's line to Notify; raises ConnectorTrouble and nothing else."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self._http = httpx.Client(
            base_url=settings.url,
            timeout=settings.timeout,
            follow_redirects=False,
            trust_env=urlsplit(settings.url).hostname not in LOOPBACK,
            headers={"User-Agent": "CRM-Desktop"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        self._http.close()

    def send(self, phone: str, words: str, reference: str, *, again: bool) -> Sent:
        """Send a text to a number in E.164; `again` when an earlier try may have arrived.

        Then Notify is asked for the reference first, so that nobody is texted twice.
        """
        if again and (known := self._sent_before(reference)) is not None:
            return known
        asked: dict[str, object] = {
            "phone_number": phone,
            "template_id": self._settings.template,
            "personalisation": {"message": words},
            "reference": reference,
        }
        if self._settings.sender:
            asked["sms_sender_id"] = self._settings.sender
        found = self._ask("POST", "/v2/notifications/sms", body=asked)
        return Sent(_text(found, "id", fate="unknown"))

    def _sent_before(self, reference: str) -> Sent | None:
        try:
            return self.find(reference)
        except ConnectorTrouble as trouble:
            # This try has sent nothing; the outbox remembers that an earlier one may have.
            trouble.params["fate"] = "not_sent"
            raise

    def find(self, reference: str) -> Sent | None:
        """The text that was sent under a reference, None when there is none."""
        asked = {"reference": reference, "template_type": "sms"}
        found = self._ask("GET", "/v2/notifications", query=asked).get("notifications")
        if not isinstance(found, list):
            raise ConnectorTrouble(f"{NAME}’s answer cannot be understood", retry=True)
        records = [each for each in found if isinstance(each, dict)]
        own = next((each for each in records if each.get("reference") == reference), None)
        return Sent(_text(own, "id")) if own is not None else None

    def delivery(self, notification_id: str) -> Delivery:
        """How far a text is; one that Notify does not know has ended too."""
        try:
            found = self._ask("GET", f"/v2/notifications/{notification_id}")
        except ConnectorTrouble as trouble:
            if trouble.params.get("status") != 404:
                raise
            return Delivery(_NOT_THERE)
        return Delivery(_text(found, "status"))

    def check(self) -> None:
        """Whether key and template are good; raises ConnectorTrouble with what is to be mended."""
        template = self._settings.template
        found = self._ask("GET", f"/v2/template/{template}")
        if found.get("type") != "sms" or "((message))" not in str(found.get("body")):
            words = "The template in GOV.UK Notify must be for texts and say ((message))."
            raise ConnectorTrouble(words, retry=False)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Mapping[str, object]:
        """One exchange: the record that was answered."""
        headers = {"Authorization": f"Bearer {self._token()}"}
        with _told_plainly():
            request = self._http.build_request(
                method, path, params=query, json=body, headers=headers
            )
            response = self._http.send(request, stream=True)
            try:
                octets = _body(response)
            finally:
                response.close()
        record = _record(octets)
        if response.is_success:
            return record
        raise _trouble(response.status_code, record)

    def _token(self) -> str:
        """A JSON Web Token as Notify wants it (HS256), good for half a minute."""
        head = {"typ": "JWT", "alg": "HS256"}
        said = {"iss": self._settings.service_id, "iat": int(time.time())}
        signed = b".".join(_base64(json.dumps(each).encode()) for each in (head, said))
        proof = hmac.new(self._settings.secret.encode(), signed, hashlib.sha256).digest()
        return (signed + b"." + _base64(proof)).decode("ascii")


def _base64(octets: bytes) -> bytes:
    return base64.urlsafe_b64encode(octets).rstrip(b"=")


def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    for chunk in response.iter_bytes():
        body += chunk
        if len(body) > _MAX_ANSWER:
            words = f"The answer of {NAME} is too large"
            raise ConnectorTrouble(words, retry=False, fate="unknown")
    return bytes(body)


def _record(octets: bytes) -> dict[str, object]:
    """The JSON object of an answer, an empty one when it has none."""
    try:
        found = json.loads(octets)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(record: Mapping[str, object], name: str, *, fate: str = "not_sent") -> str:
    found = record.get(name)
    if not isinstance(found, str) or not 0 < len(found) <= 100:
        words = f"{NAME}’s answer cannot be understood"
        raise ConnectorTrouble(words, retry=True, fate=fate)
    return found


#: What was refused is this number or these words, not the account.
_THE_NUMBER = "ValidationError"
_LIMIT = "TooManyRequestsError"


def _trouble(status: int, record: Mapping[str, object]) -> ConnectorTrouble:
    """By status and kind of error alone: the words of Notify may change, says Notify.

    `account` in its params: it is the account's trouble, not only this text's.
    """
    errors = record.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    kind = str(first.get("error", "")) if isinstance(first, dict) else ""
    said = str(first.get("message", ""))[:200] if isinstance(first, dict) else ""
    if status == 429 and kind != _LIMIT:
        words = f"{NAME} asks us to wait a minute"
        return ConnectorTrouble(words, retry=True, fate="not_sent", after_seconds=_RATE_SECONDS)
    if status >= 500:
        # Whether the text was taken nobody can tell: the next try looks for its reference first.
        words = f"{NAME} has trouble ({status})"
    elif status == 429:
        words = f"The day’s limit of texts at {NAME} is used up."
    elif status in (401, 403):
        words = f"{NAME} does not take the API key, or this computer’s clock is wrong: {said}"
    elif status == 404:
        words = f"{NAME} does not know the template, or the text that was asked about"
    elif status < 400:
        words = f"{NAME} has moved; an administrator must enter its new address"
    else:
        words = f"{NAME} refused the text: {said or kind or status}"
    return ConnectorTrouble(
        words,
        retry=status >= 500 or status in (401, 403),
        fate="not_sent",
        account=kind != _THE_NUMBER,
        status=status,
    )


@contextmanager
def _told_plainly() -> Iterator[None]:
    """HTTP's troubles as ours."""
    try:
        yield
    except _NOT_SENT as trouble:
        words = f"{NAME} cannot be reached"
        raise ConnectorTrouble(words, retry=True, fate="not_sent", account=True) from trouble
    except httpx.TimeoutException as trouble:
        words = f"{NAME} did not answer in time"
        raise ConnectorTrouble(words, retry=True, fate="unknown", account=True) from trouble
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as trouble:
        words = f"The connection to {NAME} broke off"
        raise ConnectorTrouble(words, retry=True, fate="unknown", account=True) from trouble
