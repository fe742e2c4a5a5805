"""A chat as the rows that show it: who said what when, and what the centre has to say of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from crm_desktop.desktop.core import words
from crm_desktop.desktop.screens.workspace import chat_state
from crm_desktop.desktop.screens.workspace.chat_state import KnownChat, Saying
from crm_desktop.desktop.widgets.attachments import AttachedFile
from crm_desktop.desktop.widgets.chat_items import ChatItem, Fate, ItemKind
from crm_desktop.domain.chats import ChatLine, EndedBy, LineKind, Side
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form
from crm_desktop.domain.states import Direction, MessageState, Visibility
from crm_desktop.domain.views import AttachmentView, ContactView, MessageView

#: Of a long chat so many lines are shown at first, and so many more each time.
PAGE = 120
#: Who goes on within this time is not named again.
_RUN = timedelta(minutes=3)
_FATES = {
    chat_state.Fate.SENDING: Fate.SENDING,
    chat_state.Fate.STOPPED: Fate.STOPPED,
    chat_state.Fate.FAILED: Fate.FAILED,
}
_MAILS = {
    MessageState.PENDING: "going out",
    MessageState.SENT: "sent",
    MessageState.FAILED: "not delivered",
    MessageState.WITHDRAWN: "taken back",
}
_LANGUAGES = {"cy": "Welsh"}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row before it is known who is named above it."""

    item: ChatItem
    at: datetime


def rows(
    chat: KnownChat,
    contact: ContactView,
    asked: str,
    me: str,
    *,
    now: datetime,
    limit: int = PAGE,
) -> tuple[ChatItem, ...]:
    """The rows of a chat, oldest first, of the last `limit` lines. `asked` is what was asked before
    it, in words; `me` is whose lines go out.
    """
    found = _merged(_said(chat, contact), _others(chat, contact))
    hidden = max(0, len(found) - limit)
    shown = _headed(found[hidden:], now)
    first = _earlier(hidden) if hidden else _asked(asked)
    last = [*(_saying(each, me) for each in chat.sayings), *_typing(chat)]
    return (*first, *shown, *last)


def answers_words(answers: Mapping[str, object], schema: Mapping[str, object]) -> str:
    """What was asked before a chat, a line each, in the words of the form that asked."""
    try:
        asked = Form.from_schema(schema).summary(answers) if schema else []
    except InvalidInput:
        asked = []
    known = asked or [
        (name.replace("_", " ").capitalize(), str(value))
        for name, value in answers.items()
        if value not in (None, "", [], {})
    ]
    return "\n".join(f"{question.rstrip('?:')}: {answer}" for question, answer in known)


def language(code: str) -> str:
    """The language that the visitor reads, where it is not English."""
    return "" if code == "en" else _LANGUAGES.get(code, code)


def visitor(chat: KnownChat, contact: ContactView) -> str:
    """What the visitor is called."""
    return (chat.view.visitor if chat.view else "") or contact.row.who or "The visitor"


def _said(chat: KnownChat, contact: ContactView) -> list[_Row]:
    if chat.view is None:
        # Not read yet: what the contact brought is shown at once, and stays where it is.
        return [
            _Row(_of_message(each, kind=ItemKind.SAID), each.at)
            for each in contact.messages
            if each.visibility is Visibility.PUBLIC
        ]
    seen = _last_seen(chat)
    found: list[_Row] = []
    ends = [seq for seq, each in chat.lines.items() if each.kind is LineKind.ENDED]
    for seq in sorted(chat.lines):
        line = chat.lines[seq]
        if line.kind is not LineKind.SAID:
            words_ = _centre(chat, contact, line, last=not ends or seq == max(ends))
            text = f"{words_} · {words.clock_time(line.at)}"
            found.append(_Row(ChatItem(("line", seq), ItemKind.CENTRE, text), line.at))
            continue
        found += [_Row(each, line.at) for each in _of_line(line, seen)]
    return found


def _of_line(line: ChatLine, seen: Mapping[int, str]) -> Iterator[ChatItem]:
    mine = line.side is not Side.VISITOR
    if line.text or not line.files:
        key = ("message", line.message_id) if line.message_id else ("line", line.seq)
        yield ChatItem(key, ItemKind.SAID, line.text, line.who, mine, foot=seen.get(line.seq, ""))
    last = line.files[-1] if line.files else None
    for file in line.files:
        foot = seen.get(line.seq, "") if not line.text and file is last else ""
        yield _of_file(file, line.who, mine=mine, foot=foot)


def _of_file(file: AttachmentView, who: str, *, mine: bool, foot: str = "") -> ChatItem:
    attached = AttachedFile(file.id, file.name, file.content_type, file.size)
    return ChatItem(
        ("file", file.id), ItemKind.FILE, file.name, who, mine, foot=foot, file=attached
    )


def _last_seen(chat: KnownChat) -> dict[int, str]:
    """The last own line that the visitor has seen says so, and the last of all whether it was."""
    assert chat.view is not None
    own = [
        seq
        for seq, each in chat.lines.items()
        if each.kind is LineKind.SAID and each.side is Side.STAFF
    ]
    read = [seq for seq in own if seq <= chat.view.visitor_seq]
    found = {max(own): "sent"} if own else {}
    return {**found, max(read): "seen"} if read else found


def _centre(chat: KnownChat, contact: ContactView, line: ChatLine, *, last: bool) -> str:
    them = visitor(chat, contact)
    if line.kind is LineKind.JOINED:
        return f"{line.who or 'An advisor'} joined"
    if line.kind is LineKind.MOVED:
        return f"Passed to {line.who}" if line.who else "Passed on to somebody else"
    if line.kind is LineKind.AWAY:
        return f"{them} left the page"
    if line.kind is LineKind.RETURNED:
        return f"{them} came back"
    by = chat.view.ended_by if chat.view and last else None
    return {
        EndedBy.VISITOR: f"{them} ended the chat",
        EndedBy.ADVISOR: f"{line.who or 'The advisor'} ended the chat",
        EndedBy.GONE: f"The chat ended: {them} did not come back",
        EndedBy.EMAIL: "The chat ended and goes on by email",
        EndedBy.BLOCKED: f"The chat ended: {them} was blocked",
        EndedBy.WARNED: "The chat ended after a warning",
        None: "The chat ended",
    }[by]


def _others(chat: KnownChat, contact: ContactView) -> list[_Row]:
    """Notes and mails: what was written about the chat, not in it."""
    lines = {each.message_id for each in chat.lines.values()}
    found = []
    for message in contact.messages:
        if message.id in lines:
            continue
        if message.visibility is Visibility.INTERNAL:
            found.append(_Row(_of_message(message, kind=ItemKind.NOTE), message.at))
        elif chat.view is not None and message.at > chat.view.started_at and chat.by_email:
            found.append(_Row(_of_message(message, kind=ItemKind.MAIL), message.at))
    return found


def _of_message(message: MessageView, *, kind: ItemKind) -> ChatItem:
    mine = message.direction is Direction.OUTBOUND
    stopped = message.state is MessageState.STOPPED
    said = message.reply_text or message.text
    if kind is ItemKind.NOTE and message.subject:
        # A document: its files are in their own tab.
        said = f"{message.subject}\n{said}".strip()
    return ChatItem(
        ("message", message.id),
        kind,
        said,
        message.author or message.sender_name or message.sender_address,
        mine,
        foot=_MAILS.get(message.state, "") if kind is ItemKind.MAIL and mine else "",
        fate=Fate.STOPPED if stopped else Fate.KEPT,
    )


def _merged(lines: list[_Row], others: list[_Row]) -> list[_Row]:
    """Lines keep the order of their numbers; what stands beside them goes in by its time."""
    found: list[_Row] = []
    waiting = sorted(others, key=lambda each: each.at)
    for row in lines:
        while waiting and waiting[0].at < row.at:
            found.append(waiting.pop(0))
        found.append(row)
    return found + waiting


def _headed(found: list[_Row], now: datetime) -> list[ChatItem]:
    made: list[ChatItem] = []
    before: _Row | None = None
    for row in found:
        item = row.item
        day = words.date(row.at)
        if (before is None and day != words.date(now)) or (
            before is not None and words.date(before.at) != day
        ):
            made.append(ChatItem(("day", day), ItemKind.CENTRE, day))
            before = None
        if item.kind is not ItemKind.CENTRE and not _goes_on(before, row):
            item = replace(item, head=f"{item.who} · {words.clock_time(row.at)}")
        made.append(item)
        before = row
    return made


def _goes_on(before: _Row | None, row: _Row) -> bool:
    return (
        before is not None
        and before.item.kind is not ItemKind.CENTRE
        and (before.item.who, before.item.mine) == (row.item.who, row.item.mine)
        and row.at - before.at < _RUN
    )


def _earlier(hidden: int) -> tuple[ChatItem, ...]:
    text = f"Show {words.count(min(hidden, PAGE), 'earlier line')}"
    return (ChatItem(("earlier",), ItemKind.EARLIER, text),)


def _asked(asked: str) -> tuple[ChatItem, ...]:
    return (ChatItem(("asked",), ItemKind.ASKED, asked),) if asked else ()


def _saying(saying: Saying, me: str) -> ChatItem:
    names = "\n".join(each.name for each in saying.files)
    text = "\n".join(part for part in (saying.text, names) if part)
    return ChatItem(
        ("saying", saying.key), ItemKind.SAID, text, me, mine=True, fate=_FATES[saying.fate]
    )


def _typing(chat: KnownChat) -> tuple[ChatItem, ...]:
    if not chat.typing or chat.view is None or not chat.is_open:
        return ()
    who = chat.view.visitor or "The visitor"
    return (ChatItem(("typing",), ItemKind.TYPING, chat.typing, who, head=f"{who} is typing …"),)
