"""Signed tickets: this visitor was given this form, and may see this reference."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from crm_desktop.channels.web.signed import as_text

#: A form may lie open for a day; a confirmation link is for reloading, not for keeping.
TICKET_SECONDS = 24 * 3600
DONE_SECONDS = 24 * 3600

#: The same words from the same browser within this time are the same submission.
SITTING_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Sitting:
    """One browser's hour at the forms; kept in its cookie, `began` in seconds since 1970."""

    visitor: str
    began: int

    def external_id(self, code: str, content: str) -> str:
        """The submission's id: equal for equal content of one sitting, whatever was pressed.

        So a double click, a reload and "back, then send" are one submission, while a
        corrected second one is a submission of its own: nothing a person typed is dropped.
        """
        parts = "\0".join((self.visitor, str(self.began), code, content))
        return sha256(parts.encode("utf-8", "replace")).hexdigest()


class Tickets:
    """Makes and checks the cookie, the hidden ticket of a form and the confirmation link."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        self._cookie = URLSafeSerializer(secret, salt="crm-form-sitting")
        self._ticket = URLSafeTimedSerializer(secret, salt="crm-form-ticket")
        self._done = URLSafeTimedSerializer(secret, salt="crm-form-done")
        self._now = now

    def sitting(self, cookie: str) -> Sitting:
        """The sitting of a cookie; a new hour for the same visitor, or a new visitor."""
        known = self._read_cookie(cookie)
        now = int(self._now())
        if known is None:
            return Sitting(secrets.token_urlsafe(18), now)
        if 0 <= now - known.began < SITTING_SECONDS:
            return known
        return Sitting(known.visitor, now)

    def cookie(self, sitting: Sitting) -> str:
        """The cookie that keeps a sitting."""
        return as_text(self._cookie.dumps([sitting.visitor, sitting.began]))

    def ticket(self, sitting: Sitting, code: str) -> str:
        """The hidden field that goes into a form given to this visitor."""
        return as_text(self._ticket.dumps([sitting.visitor, sitting.began, code]))

    def check(self, ticket: str, cookie: str, code: str) -> Sitting | None:
        """The sitting a form was given in; None unless ticket, cookie and form belong together."""
        visitor = self._read_cookie(cookie)
        try:
            name, began, given_for = self._ticket.loads(ticket, max_age=TICKET_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        if visitor is None or visitor.visitor != name or given_for != code:
            return None
        return Sitting(name, began)

    def done(self, code: str, reference: str) -> str:
        """The part of a confirmation link that shows this reference and no other."""
        return as_text(self._done.dumps([code, reference]))

    def reference(self, token: str, code: str) -> str | None:
        """The reference of a confirmation link, None when it was not made here or is old."""
        try:
            made_for, reference = self._done.loads(token, max_age=DONE_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return str(reference) if made_for == code else None

    def _read_cookie(self, cookie: str) -> Sitting | None:
        try:
            visitor, began = self._cookie.loads(cookie)
        except (BadData, ValueError, TypeError):
            return None
        return Sitting(str(visitor), int(began))
