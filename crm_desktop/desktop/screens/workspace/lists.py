"""What is plainly said of a contact: what happened, every file, its case, what was forgotten."""

from __future__ import annotations

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.compose import Written
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.domain.states import ContactState, MessageState, Visibility
from crm_desktop.domain.views import ContactView

_ICONS = {
    "received": "mail",
    "taken": "hand",
    "offered": "bell",
    "returned": "corner-down-left",
    "parked": "pause",
    "resumed": "play",
    "transferred": "arrow-left-right",
    "note": "sticky-note",
    "replied": "reply",
    "sent": "send",
    "withdrawn": "undo-2",
    "case": "briefcase",
    "handoff": "forward",
    "completed": "check",
}


def case_title(contact: ContactView) -> str:
    """What stands on the tab of the case."""
    if not contact.cases:
        return "Case"
    return f"Case: {contact.cases[-1].service_name.lower()}"


def forgotten_words(contact: ContactView, written: Written) -> str:
    """What has not been sent though it was written; empty when nothing was."""
    if any(each.state is MessageState.STOPPED for each in contact.messages):
        return "The leak check stopped a reply; it has not been sent."
    if written.reply.text.strip():
        return "A reply is written but not sent. Esc goes back to it."
    return "A note is written but not kept. Esc goes back to it." if written.note.strip() else ""


def whose_words(contact: ContactView, *, mine: bool) -> tuple[str, str]:
    """Why whoever looks cannot write: whose contact it is, and what to do about that."""
    row = contact.row
    if contact.completed_at is not None:
        return "This contact is completed.", "It can be read, not answered."
    if mine and row.state is ContactState.OFFERED:
        return "It is offered to you.", "You can read it before you take it."
    if mine and row.state is ContactState.DIALLING:
        return "You are calling them.", "You can write once they answer."
    if row.owner_name and not mine:
        return f"{row.owner_name} has this contact.", "You are looking; they see that."
    return "You are looking.", "Take the contact (T) to answer it."


def timeline_rows(contact: ContactView, clock: Clock) -> list[Row]:
    """What happened to the contact, newest first as services give it."""
    now = clock.now()
    return [
        Row(
            (at, entry.at, entry.kind),
            entry.words,
            entry.who or "by the system",
            _icon(entry.kind),
            Tone.WARNING if entry.kind == "note" else Tone.ACCENT,
            words.when(entry.at, now),
        )
        for at, entry in enumerate(contact.timeline)
    ]


def file_rows(contact: ContactView, clock: Clock) -> list[Row]:
    """Every file of the contact and its thread; keys are attachment ids."""
    now = clock.now()
    return [
        Row(
            file.id,
            file.name,
            " · ".join(
                (
                    words.size(file.size),
                    # What a document is; a mail's subject says nothing of its files.
                    *([message.subject] if message.visibility is Visibility.INTERNAL else ()),
                    message.sender_name or message.sender_address,
                )
            ),
            "image" if file.content_type.startswith("image/") else "paperclip",
            right=words.when(message.at, now),
        )
        for message in (*contact.thread, *contact.messages)
        for file in message.attachments
        if not file.inline
    ]


def _icon(kind: str) -> str:
    for part in reversed(kind.replace("_", ".").split(".")):
        if part in _ICONS:
            return _ICONS[part]
    return "circle-dot"
