"""X API v2: signed calls, rate limits obeyed, errors in plain words."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from urllib.parse import quote

from crm_desktop.channels.social import reading, web
from crm_desktop.channels.social.x import oauth
from crm_desktop.channels.social.x.settings import XSettings
from crm_desktop.domain.errors import ConnectorTrouble

NAME: Final = "X"
#: Things on one page of a list.
PAGE: Final = 100
#: Pages of one list; X shows the newest 800 mentions, and messages of 30 days.
_PAGES: Final = 20
#: Where X keeps photographs that everybody may see.
_PICTURES: Final = ("pbs.twimg.com",)
#: Where it keeps those of direct messages.
_PRIVATE_PICTURES: Final = "ton.twitter.com"
_PRIVATE_PICTURE: Final = re.compile(
    r"^https?://[^/?#@]+/1\.1/ton/data/dm/[0-9]+/[0-9]+/[A-Za-z0-9_.-]+$"
)
#: Most windows are so long; the time to wait when X does not say.
WINDOW: Final = 900.0
#: Questions of a window that are kept for what people wait for.
_RESERVE: Final = 3


class Api:
    """One account's line to X; raises ConnectorTrouble."""

    def __init__(self, settings: XSettings) -> None:
        self._web = web.Web(NAME, settings.api, settings.timeout)
        self._base = settings.api.rstrip("/")
        self._keys = settings.keys
        self._limits: dict[str, Limit] = {}

    def close(self) -> None:
        """End every connection."""
        self._web.close()

    def there(self, moment: datetime) -> datetime:
        """A moment of our clock on X's, by its last answer."""
        return moment + self._web.ahead

    def can_wait(self, limit: str) -> bool:
        """Whether a question had better be asked later, so that the limit lasts its window."""
        return limit in self._limits and self._limits[limit].can_wait()

    def get(self, path: str, limit: str, **query: str) -> Mapping[str, object]:
        """Ask; `limit` names what is counted together."""
        return self._exchange("GET", path, limit, query)

    def pages(
        self, path: str, limit: str, query: Mapping[str, str]
    ) -> Iterator[Mapping[str, object]]:
        """Ask for a list, newest first, page by page for as long as one is wanted."""
        token: dict[str, str] = {}
        for _ in range(_PAGES):
            answer = self.get(path, limit, max_results=str(PAGE), **query, **token)
            yield answer
            following = reading.line(reading.record(answer.get("meta")), "next_token")
            if not following:
                return
            token = {"pagination_token": following}

    def post(self, path: str, limit: str, body: Mapping[str, object]) -> Mapping[str, object]:
        """Write JSON."""
        return self._exchange("POST", path, limit, {}, json=body)

    def delete(self, path: str, limit: str) -> Mapping[str, object]:
        """Take something back."""
        return self._exchange("DELETE", path, limit, {})

    def upload(
        self, path: str, limit: str, fields: Mapping[str, str], file: tuple[str, bytes, str]
    ) -> Mapping[str, object]:
        """Send a file, which is its name, content and type."""
        return self._exchange("POST", path, limit, {}, data=fields, files={"media": file})

    def picture(self, address: str) -> bytes:
        """A picture on X's own computers.

        Those of direct messages are given to the account alone: the question is signed.
        """
        if not _PRIVATE_PICTURE.search(address):
            return self._web.fetch(address, _PICTURES)
        header = oauth.authorization(self._keys, "GET", address, {}, at=int(self._now()))
        return self._web.fetch(address, (_PRIVATE_PICTURES,), {"Authorization": header})

    def _exchange(
        self, method: str, path: str, limit: str, query: Mapping[str, str], **what: object
    ) -> Mapping[str, object]:
        if limit in self._limits and (wait := self._limits[limit].wait()):
            raise web.busy(NAME, wait)
        believed = self._web.ahead
        answer = self._signed(method, path, query, **what)
        if answer.status == 401 and abs(self._web.ahead - believed) > web.CLOCKS_APART:
            # X has done nothing: our clock was wrong, and the signature with it.
            answer = self._signed(method, path, query, **what)
        self._limits[limit] = Limit(answer, self._now())
        if answer.fine:
            return answer.record()
        raise self._trouble(answer, self._limits[limit])

    def _signed(
        self, method: str, path: str, query: Mapping[str, str], **what: object
    ) -> web.Answer:
        header = oauth.authorization(
            self._keys, method, f"{self._base}/{path}", query, at=int(self._now())
        )
        # Written out: what is signed must be what is sent, to the letter.
        pairs = "&".join(f"{oauth.encoded(k)}={oauth.encoded(v)}" for k, v in query.items())
        address = f"{path}?{pairs}" if pairs else path
        return self._web.ask(method, address, headers={"Authorization": header}, **what)

    def _now(self) -> float:
        """X's time, seconds since 1970, by its last answer."""
        return time.time() + self._web.ahead.total_seconds()

    def _trouble(self, answer: web.Answer, limit: Limit) -> ConnectorTrouble:
        """A refusal in X's own words, which go to `detail` or to the older `errors`."""
        status, record = answer.status, answer.record()
        words = self._said(record)
        if status == 429:
            if reading.line(record, "type").endswith("/usage-capped"):
                limit.rest(web.LONGEST_WAIT / 24)
            return web.busy(NAME, limit.wait() or WINDOW)
        if status == 401:
            told = "X does not accept the account's keys; an administrator must enter new ones"
            return ConnectorTrouble(told, retry=False, fate="refused", status=status)
        if status >= 500 or status == 408:
            told = f"X is in trouble (it answered {status})"
            return ConnectorTrouble(told, retry=True, fate="unknown", status=status)
        told = f"X refused it: {words}" if words else f"X refused it (it answered {status})"
        return ConnectorTrouble(told, retry=False, fate="refused", status=status)

    def _said(self, record: Mapping[str, object]) -> str:
        errors = reading.records(record.get("errors"))
        words = reading.line(record, "detail") or next(
            (said for each in errors if (said := reading.line(each, "detail"))), ""
        )
        words = words or next(
            (said for each in errors if (said := reading.line(each, "message"))), ""
        )
        for secret in (self._keys.consumer_secret, self._keys.token_secret, self._keys.token):
            words = words.replace(secret, "[key]")
        return words[:300]


class Limit:
    """What X's headers say is left of one window."""

    def __init__(self, answer: web.Answer, now: float) -> None:
        headers = {
            name: answer.headers.get(f"x-rate-limit-{name}", "") for name in ("remaining", "reset")
        }
        reset = reading.number(headers, "reset")
        self._left = reading.number(headers, "remaining")
        seconds = reset - now if reset is not None else 0.0
        self._ends = time.monotonic() + min(max(seconds, 0.0), web.LONGEST_WAIT)
        if answer.status == 429:
            self._left = 0
            if seconds <= 0:
                self._ends = time.monotonic() + WINDOW
        self._asked = time.monotonic()

    def wait(self) -> float:
        """Seconds until X will listen again."""
        return max(0.0, self._ends - time.monotonic()) if self._left == 0 else 0.0

    def rest(self, seconds: float) -> None:
        """Ask nothing for a while."""
        self._left = 0
        self._ends = time.monotonic() + seconds

    def can_wait(self) -> bool:
        """Whether what is left is better spread over the rest of the window."""
        if self._left is None or self._ends <= time.monotonic():
            return False
        usable = self._left - _RESERVE
        if usable <= 0:
            return True
        if usable >= _RESERVE * 2:
            return False
        return time.monotonic() - self._asked < (self._ends - self._asked) / usable


def part(text: str) -> str:
    """Something as one part of a path."""
    return quote(text, safe="")
