"""What a person did, in plain words: events, reads, and changed rows without an event."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from crm_desktop.store.guard import EventRow
from crm_desktop.store.timeline import entry

_READS: Mapping[str, str] = {
    "contact": "Opened a contact",
    "customer": "Opened a customer's record",
    "attachment": "Opened a file",
    "recording": "Listened to a recording",
    "recording_request": "Read a transcript for a customer's request",
    "call": "Asked to listen to a call",
    "report.customer": "Asked who has seen a customer",
    "report.person": "Asked what a colleague did",
}
_TABLES: Mapping[str, str] = {
    "customer": "a customer's record",
    "identifier": "a customer's address or number",
    "address": "a customer's postal address",
    "adjustment": "a reasonable adjustment",
    "safety_marker": "a safety marker",
    "contact": "a contact",
    "assignment": "the holder of a contact",
    "message": "a message",
    "attachment": "a file",
    "document": "a customer's document",
    "cases": "a case",
    "case_contact": "a case's contacts",
    "handoff": "a hand-off",
    "outbox": "outgoing work",
    "staff": "a member of staff",
    "membership": "who belongs to a queue",
    "skill": "a skill",
    "staff_skill": "what a colleague can do",
    "sign_out": "a colleague's signing out",
    "alarm": "an alarm",
    "incident": "an incident record",
    "huddle": "a huddle",
    "huddle_receipt": "who has read a huddle",
    "staff_note": "a private note",
    "queue": "a queue",
    "queue_target": "a queue's targets",
    "queue_skill": "the skills that a queue needs",
    "channel_weight": "what a channel takes of a person",
    "opening_calendar": "opening hours",
    "service": "a service",
    "form_version": "a form",
    "reply_template": "a canned reply",
    "setting": "a setting of the centre",
    "channel_account": "an account to the outside",
    "telephone_line": "a telephone line",
    "line_choice": "a telephone line's menu",
    "service_notice": "a notice for the public",
    "notice_post": "a notice on a network",
    "article": "an article",
    "recording": "a recording",
    "recording_request": "a customer's request for a recording",
}
_DONE: Mapping[str, str] = {
    "I": "Added",
    "U": "Changed",
    "D": "Removed",
    "T": "Emptied the table of",
    "R": "Removed from the audit the values of",
}


def words_of(source: str, kind: str, data: Mapping[str, object], at: datetime) -> str:
    """One line; `kind` is the event's, what was read, or "table.op"."""
    if source == "event":
        return entry(EventRow(at, kind, "", dict(data))).words
    if source == "read":
        return _READS.get(kind, f"Opened {kind.replace('_', ' ')}")
    table, _, op = kind.partition(".")
    return done_to(table, op)


def done_to(table: str, op: str) -> str:
    """What was done to a row, as "Changed a contact"."""
    return f"{_DONE.get(op, 'Changed')} {_TABLES.get(table, table.replace('_', ' '))}"
