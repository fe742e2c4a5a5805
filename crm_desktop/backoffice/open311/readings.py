"""What an office's records mean in our words: services, questions, receipts and statuses."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crm_desktop.backoffice.open311 import wire
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.handoffs import (
    HandoffReceipt,
    HandoffStatus,
    TargetAttribute,
    TargetService,
)
from crm_desktop.domain.states import HandoffState

#: Longest id and token that are believed; they travel in addresses.
MAX_ID = 200


@dataclass(frozen=True, slots=True)
class ServiceKind:
    """How a service answers: `realtime` with an id, `batch` with a token, `blackbox` with none."""

    service: TargetService
    kind: str


def service_kinds(tree: object) -> tuple[ServiceKind, ...]:
    """The services list; entries without a code are left out."""
    return tuple(
        ServiceKind(_service(record), wire.text(record, "type").lower() or "realtime")
        for record in wire.records(tree)
        if wire.text(record, "service_code", limit=MAX_ID)
    )


def _service(record: wire.Record) -> TargetService:
    code = wire.text(record, "service_code", limit=MAX_ID)
    return TargetService(
        code=code,
        name=wire.text(record, "service_name") or code,
        description=wire.text(record, "description"),
        group=wire.text(record, "group"),
        realtime=(wire.text(record, "type").lower() or "realtime") == "realtime",
        has_metadata=wire.truth(record, "metadata", default=False),
    )


def attributes(tree: object) -> tuple[TargetAttribute, ...]:
    """The questions of one service definition, in the office's order."""
    found = [
        definition
        for record in wire.records(tree)
        for definition in wire.records(record.get("attributes"))
        if wire.text(definition, "code", limit=MAX_ID)
    ]
    return tuple(sorted(map(_attribute, found), key=lambda attribute: attribute.order))


def _attribute(record: wire.Record) -> TargetAttribute:
    values = (
        (wire.text(value, "key"), wire.text(value, "name") or wire.text(value, "key"))
        for value in wire.records(record.get("values"))
    )
    return TargetAttribute(
        code=wire.text(record, "code", limit=MAX_ID),
        datatype=wire.text(record, "datatype").lower() or "string",
        required=wire.truth(record, "required", default=False),
        description=wire.text(record, "description"),
        values=tuple((key, name) for key, name in values if key),
        order=wire.number(record, "order"),
        variable=wire.truth(record, "variable", default=True),
    )


def receipt(record: wire.Record) -> HandoffReceipt:
    """The id, or the token, and the office's notice."""
    return HandoffReceipt(
        external_id=external_id(record),
        token=wire.text(record, "token", limit=MAX_ID),
        notice=wire.text(record, "service_notice"),
    )


def external_id(record: wire.Record) -> str:
    """The office's own id, empty while there is none."""
    return wire.text(record, "service_request_id", limit=MAX_ID)


def status(record: wire.Record, settings: Open311Settings) -> HandoffStatus:
    """Where one request stands, in our states and the office's words."""
    said, notes = wire.text(record, "status"), wire.text(record, "status_notes")
    standard = said.lower() in ("", "open", "closed")
    return HandoffStatus(
        state=state(said, notes, settings),
        words=": ".join(part for part in ("" if standard else said, notes) if part),
        updated_at=wire.moment(record, "updated_datetime"),
        expected_at=wire.moment(record, "expected_datetime"),
        agency=wire.text(record, "agency_responsible"),
    )


def state(said: str, notes: str, settings: Open311Settings) -> HandoffState:
    """Our state for an office's status and notes.

    The standard knows open and closed and puts the rest into the notes; many servers have statuses
    of their own. A closed request whose notes hold a word of `bounced_words` came back to us; an
    unknown status means that the office has it, no more.
    """
    status_words, note_words = _words(said), _words(notes)
    if _has(status_words, settings.bounced_words):
        return HandoffState.BOUNCED
    if _has(status_words, settings.done_words):
        back = _has(note_words, settings.bounced_words)
        return HandoffState.BOUNCED if back else HandoffState.DONE
    if _has(status_words + note_words, settings.progress_words):
        return HandoffState.IN_PROGRESS
    return HandoffState.ACKNOWLEDGED


def _has(words: str, phrases: tuple[str, ...]) -> bool:
    return any(_words(phrase) in words for phrase in phrases if phrase.strip())


def _words(said: str) -> str:
    """Lower case, straight apostrophes, no punctuation; padded, to compare whole words."""
    straight = said.casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").replace("_", " ")
    words = " ".join(re.findall(r"[\w']+", straight))
    return f" {words} "
