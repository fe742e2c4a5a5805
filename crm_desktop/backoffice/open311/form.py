"""A hand-off as the fields of the standard's POST, and the mark by which it is found again."""

from __future__ import annotations

import hashlib
import re

from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.handoffs import HandoffRequest, Location

#: The standard's limit for a description, in characters.
MAX_DESCRIPTION = 4000

_UNSENDABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Fields = list[tuple[str, str]]


def mark(handoff: HandoffRequest) -> str:
    """Names this hand-off, not only its case, which may have been handed over before."""
    digest = hashlib.blake2s(handoff.idempotency_key.encode("utf-8", "replace"), digest_size=5)
    return f"hand-off {digest.hexdigest().upper()}"


def fields(handoff: HandoffRequest, settings: Open311Settings, api_key: str) -> Fields:
    """Names and values in order; a name repeats for an attribute with several values."""
    simple = {
        "api_key": api_key,
        "jurisdiction_id": settings.jurisdiction_id,
        "service_code": handoff.service_code,
        "description": description(handoff, settings),
        "first_name": handoff.first_name,
        "last_name": handoff.last_name,
        "email": handoff.email,
        "phone": handoff.phone,
    }
    listed = [(name, value) for name, value in simple.items() if value]
    listed += _where(handoff.location) + _attributes(handoff.attributes)
    return [(_sendable(name), _sendable(value)) for name, value in listed]


def description(handoff: HandoffRequest, settings: Open311Settings) -> str:
    """The advisor's words, our reference and mark at the end, within the standard's length."""
    tail = f"\n\nOur reference {handoff.reference}, {mark(handoff)}"
    if handoff.photo and not settings.photo_upload:
        tail = f"\n\nThere is a photograph with our case.{tail}"
    room = MAX_DESCRIPTION - len(tail)
    words = handoff.description.strip()
    if len(words) > room:
        cut = "… (the whole text is with our case)"
        words = words[: room - len(cut)] + cut
    return words + tail


def _sendable(words: str) -> str:
    """Without what UTF-8 or XML cannot hold, which broken mail brings along."""
    return _UNSENDABLE.sub(" ", words)


def _where(location: Location) -> Fields:
    found: Fields = []
    if location.latitude is not None and location.longitude is not None:
        found += [("lat", f"{location.latitude:.7f}"), ("long", f"{location.longitude:.7f}")]
    if location.address:
        found.append(("address_string", location.address))
    if location.uprn:
        found.append(("address_id", location.uprn))
    return found


def _attributes(answers: dict[str, str | list[str]]) -> Fields:
    found: Fields = []
    for code, answer in answers.items():
        if isinstance(answer, str):
            found.append((f"attribute[{code}]", answer))
        else:
            found += [(f"attribute[{code}][]", each) for each in answer]
    return found
