"""Signed tokens: this check-in began here, and this ticket was given here."""

from __future__ import annotations

import secrets
from datetime import datetime

from itsdangerous import BadData, URLSafeTimedSerializer

from crm_desktop.channels.web.signed import as_text
from crm_desktop.domain.kiosks import KioskTicket
from crm_desktop.domain.visits import Ticket

#: A check-in may lie open for an hour; a ticket's page is looked at, not kept.
BEGUN_SECONDS = 3600
GIVEN_SECONDS = 3600


class Tokens:
    """Each belongs to one site."""

    def __init__(self, secret: str) -> None:
        self._begun = URLSafeTimedSerializer(secret, salt="crm-kiosk-begun")
        self._given = URLSafeTimedSerializer(secret, salt="crm-kiosk-given")

    def begin(self, site_key: str) -> str:
        """For the pages of one visitor: whatever of them is sent twice makes one ticket."""
        return as_text(self._begun.dumps([site_key, secrets.token_hex(16)]))

    def key(self, token: str, site_key: str) -> str | None:
        """The check-in's key; None for what was not begun here, or long ago."""
        try:
            made_for, key = self._begun.loads(token, max_age=BEGUN_SECONDS)
        except (BadData, ValueError, TypeError):
            return None
        return str(key) if made_for == site_key else None

    def given(self, site_key: str, it: KioskTicket) -> str:
        """The part of an address that shows this ticket."""
        booked = it.booked_at.isoformat() if it.booked_at else ""
        return as_text(
            self._given.dumps(
                [
                    site_key, it.ticket.letter, it.ticket.number, it.before, it.wait_seconds,
                    booked, it.service, it.service_cy,
                ]
            )
        )  # fmt: skip

    def ticket(self, token: str, site_key: str) -> KioskTicket | None:
        """The ticket of such an address; None when it was not made here or is old."""
        try:
            made_for, letter, number, before, wait, booked, name, name_cy = self._given.loads(
                token, max_age=GIVEN_SECONDS
            )
        except (BadData, ValueError, TypeError):
            return None
        if made_for != site_key:
            return None
        at = datetime.fromisoformat(booked) if booked else None
        return KioskTicket(Ticket(letter, number), before, wait, at, name, name_cy)
