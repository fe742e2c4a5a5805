"""The Graph API: signed calls, its usage limits obeyed, its errors in plain words."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crm_desktop.channels.social import reading, signing, web
from crm_desktop.channels.social.facebook.settings import FacebookSettings
from crm_desktop.domain.errors import ConnectorTrouble

NAME: Final = "Facebook"
#: Questions in one call; Meta's limit.
BATCH: Final = 50

#: Where Meta keeps pictures.
_PICTURES: Final = ("fbcdn.net", "fbsbx.com")
#: From this share of a limit on, in per cent, only what people wait for is asked.
_SPARING: Final = 90.0
_FULL: Final = 100.0
_SPARING_SECONDS: Final = 120.0
#: Meta counts over a sliding hour; so long when it does not say.
_REST_SECONDS: Final = 600.0
_LIMITS: Final = frozenset({4, 17, 32, 341, 613, 80001, 80006})
_TOKEN: Final = frozenset({102, 190})
_PASSING: Final = frozenset({1, 2})
_BLOCKED: Final = 368
_GONE: Final = (100, 33)
#: The same words twice in a row; one private answer to a comment is there.
DUPLICATE: Final = 506
ANSWERED_ALREADY: Final = 10900
_TOKEN_WORDS: Final = {
    458: "the page's app was removed",
    459: "the person who gave it must sign in to Facebook once",
    460: "the person who gave it has a new password",
    463: "it has expired",
    464: "the person who gave it must sign in to Facebook once",
    467: "it was withdrawn",
}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one question of several; `record` is empty when there is none."""

    status: int
    record: Mapping[str, object]

    @property
    def gone(self) -> bool:
        """Whether what was asked about does not exist any more."""
        error = reading.record(self.record.get("error"))
        codes = reading.number(error, "code"), reading.number(error, "error_subcode")
        return codes == _GONE or (self.status == 404 and bool(error))

    @property
    def fine(self) -> bool:
        """Whether it was answered."""
        return self.status == 200 and bool(self.record) and "error" not in self.record


class Graph:
    """One page's line to the Graph API; raises ConnectorTrouble."""

    def __init__(self, settings: FacebookSettings) -> None:
        self._web = web.Web(NAME, settings.graph, settings.timeout)
        self._settings = settings
        proof = signing.digest(settings.app_secret, settings.token.encode()).hex()
        self._signed = {"access_token": settings.token, "appsecret_proof": proof}
        self._rest_until = 0.0
        self._spare_until = 0.0
        #: The network's own time at its last answer.
        self.now: datetime | None = None

    def close(self) -> None:
        """End every connection."""
        self._web.close()

    def there(self, moment: datetime) -> datetime:
        """A moment of our clock on Facebook's, by its last answer."""
        return moment + self._web.ahead

    def batch(self, questions: Sequence[str], *, sparing: bool = True) -> list[Reply]:
        """Ask several things, each a path with its query, in one call for each BATCH of them.

        That it is a POST also keeps the token out of every address.
        With `sparing` it is raised as busy while our share of the limits is nearly used up.
        """
        replies: list[Reply] = []
        for start in range(0, len(questions), BATCH):
            self._listen(sparing=sparing)
            part = questions[start : start + BATCH]
            asked = [{"method": "GET", "relative_url": each} for each in part]
            form = {"batch": json.dumps(asked), "include_headers": "false", **self._signed}
            answer = self._web.ask("POST", "", data=form)
            if not answer.fine:
                self._understood(answer)
            replies += self._replies(answer, len(part))
        return replies

    def post(
        self,
        path: str,
        fields: Mapping[str, str],
        upload: tuple[str, tuple[str, bytes, str]] | None = None,
    ) -> Mapping[str, object]:
        """Write; `upload` is a field with a file's name, content and type."""
        self._listen(sparing=False)
        files = dict([upload]) if upload else None
        form = {**fields, **self._signed}
        return self._understood(self._web.ask("POST", path, data=form, files=files))

    def delete(self, thing: str) -> None:
        """Delete something of the page's; what is gone already is no trouble."""
        self._listen(sparing=False)
        answer = self._web.ask("DELETE", thing, data=self._signed)
        if not Reply(answer.status, answer.record()).gone:
            self._understood(answer)

    def picture(self, address: str) -> bytes:
        """A picture on Facebook's own computers."""
        return self._web.fetch(address, _PICTURES)

    def _replies(self, answer: web.Answer, expected: int) -> list[Reply]:
        """Meta answers null for what it had no time for: that has no record."""
        self._heed(answer)
        try:
            listed = reading.read(answer.body)
        except reading.Unreadable:
            listed = None
        if not isinstance(listed, list) or len(listed) != expected:
            raise ConnectorTrouble("Facebook's answer cannot be understood", retry=True)
        replies = [_reply(reading.record(each)) for each in listed]
        for each in replies:
            error = reading.record(each.record.get("error"))
            if reading.number(error, "code") in _LIMITS | _TOKEN:
                raise self._trouble(answer, error)
        return replies

    def _understood(self, answer: web.Answer) -> Mapping[str, object]:
        """The record of an answer that is none of trouble."""
        self._heed(answer)
        record = answer.record()
        error = reading.record(record.get("error"))
        if answer.fine and not error:
            return record
        raise self._trouble(answer, error)

    def _listen(self, *, sparing: bool) -> None:
        """Raise while Meta does not listen, or should be left alone."""
        until = max(self._rest_until, self._spare_until if sparing else 0.0)
        if (wait := until - time.monotonic()) > 0:
            raise web.busy(NAME, wait)

    def _heed(self, answer: web.Answer) -> None:
        """What Meta's headers say about our share of its limits."""
        self.now = answer.at() or self.now
        share, rest = usage(answer.headers, self._settings.page_id)
        if rest:
            self._rest_until = time.monotonic() + rest
        elif share >= _FULL:
            self._rest_until = time.monotonic() + _REST_SECONDS
        elif share >= _SPARING:
            self._spare_until = time.monotonic() + _SPARING_SECONDS

    def _trouble(self, answer: web.Answer, error: Mapping[str, object]) -> ConnectorTrouble:
        """A refusal, told by its documented code."""
        code, subcode = reading.number(error, "code"), reading.number(error, "error_subcode")
        if code in _LIMITS or answer.status == 429:
            rest = max(self._rest_until - time.monotonic(), 0.0) or _REST_SECONDS
            self._rest_until = time.monotonic() + rest
            return web.busy(NAME, rest)
        said = self._said(error)
        known: dict[str, object] = {"code_there": code, "subcode_there": subcode}
        if code in _TOKEN:
            why = _TOKEN_WORDS.get(subcode or 0, "it does not work any more")
            words = f"Facebook does not accept the page's access token: {why}; enter a new one"
            return ConnectorTrouble(words, retry=False, fate="refused", **known)
        if code == _BLOCKED:
            words = f"Facebook has blocked the page for a while: {said}"
            return ConnectorTrouble(words, retry=False, fate="refused", **known)
        passing = error.get("is_transient") is True or code in _PASSING or answer.status >= 500
        if passing or not error:
            words = f"Facebook is in trouble (it answered {answer.status})"
            # A refusal without words comes from something before Facebook.
            retry = passing or answer.status == 408
            return ConnectorTrouble(words, retry=retry, fate="unknown", **known)
        if code in (3, 10) or (code is not None and 200 <= code < 300):
            words = f"Facebook does not allow it to the page's app: {said}"
        else:
            words = f"Facebook refused it: {said}"
        return ConnectorTrouble(words, retry=False, fate="refused", **known)

    def _said(self, error: Mapping[str, object]) -> str:
        """Facebook's own words, for people where it has such; never our secrets."""
        words = reading.line(error, "error_user_msg") or reading.line(error, "message")
        for secret in (self._settings.token, self._settings.app_secret):
            words = words.replace(secret, "[key]")
        return words[:300] or "it did not say why"


def usage(headers: Mapping[str, str], page_id: str) -> tuple[float, float]:
    """Our share of the limits in per cent, and for how many seconds Meta will not listen."""
    found = [_header(headers, name) for name in ("x-app-usage", "x-page-usage")]
    of_pages = _header(headers, "x-business-use-case-usage")
    found += reading.records(of_pages.get(page_id))
    share = max((_share(each) for each in found), default=0.0)
    minutes = max(
        (reading.number(each, "estimated_time_to_regain_access") or 0 for each in found), default=0
    )
    return share, min(max(0.0, minutes * 60.0), web.LONGEST_WAIT)


def _share(of: Mapping[str, object]) -> float:
    names = ("call_count", "total_time", "total_cputime")
    values = (of.get(name) for name in names)
    return max(
        (float(each) for each in values if isinstance(each, int | float) and 0 <= each < 10**6),
        default=0.0,
    )


def _header(headers: Mapping[str, str], name: str) -> Mapping[str, object]:
    try:
        return reading.record(reading.read(headers.get(name, "").encode("utf-8", "replace")))
    except reading.Unreadable:
        return {}


def _reply(of: Mapping[str, object]) -> Reply:
    """One answer of a batch; its body is JSON in a text."""
    body = of.get("body")
    try:
        read = reading.read(body.encode("utf-8", "replace")) if isinstance(body, str) else None
    except reading.Unreadable:
        read = None
    return Reply(reading.number(of, "code") or 0, reading.record(read))
