"""Visitors who left: noticed, told, and their chats closed by what is to be done about them."""

from __future__ import annotations

from datetime import datetime, timedelta

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import (
    AWAY_AFTER,
    GONE_MINUTES,
    PAGE_SILENT,
    TYPING_STALE_SECONDS,
    ChatState,
    EndedBy,
    LineKind,
)
from crm_desktop.services import chat_visits
from crm_desktop.services.chat_sites import gone_minutes
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import accounts, chat_lines, events
from crm_desktop.store.queries import chat_visits as queries
from crm_desktop.store.queries.chat_lines import Standing

_AT_ONCE = 200
_TYPED_KEPT = timedelta(seconds=TYPING_STALE_SECONDS)


def due(tx: Tx) -> tuple[tuple[int, datetime], ...]:
    """(chat, since when a visitor of its site counts as gone) of the chats to look at."""
    found = queries.gone(tx, tx.now - PAGE_SILENT)
    if not found:
        return ()
    minutes = {each.id: gone_minutes(each) for each in accounts.everyone(tx)}
    until = {
        each.id: tx.now - timedelta(minutes=minutes.get(each.account_id, GONE_MINUTES))
        for each in found
    }
    return tuple(
        (each.id, until[each.id])
        for each in found
        if each.gone_since is None
        or (not each.away and each.gone_since <= tx.now - AWAY_AFTER)
        or (each.gone_since <= until[each.id] and not _is_owed_an_answer(each))
    )


def sweep(tx: Tx, chats: tuple[tuple[int, datetime], ...]) -> None:
    """Do what is due of these chats, as they stand now."""
    for chat_id, until in chats[:_AT_ONCE]:
        chat = chat_lines.locked(tx, chat_id)
        if chat is not None and chat.state == ChatState.OPEN:
            _sweep(tx, chat, until)


def any_typed(tx: Tx) -> bool:
    """Whether something stands there that nobody is shown any more."""
    return queries.any_typed_before(tx, tx.now - _TYPED_KEPT)


def forget_typed(tx: Tx) -> None:
    """Remove it."""
    queries.forget_typed(tx, tx.now - _TYPED_KEPT)


def _sweep(tx: Tx, chat: Standing, until: datetime) -> None:
    if chat.gone_since is None:
        if chat.visitor_at <= tx.now - PAGE_SILENT:
            # From now on: while the database was away nobody could say that they were there.
            chat_lines.change(tx, chat.id, gone_since=tx.now)
            tx.changed(Topic.CHAT, chat.id)
    elif chat.gone_since <= until and not _is_owed_an_answer(chat):
        chat_visits.close(tx, chat, EndedBy.GONE)
    elif not chat.away and chat.gone_since <= tx.now - AWAY_AFTER:
        chat_lines.add(
            tx,
            chat.id,
            chat.contact_id,
            chat.last_seq + 1,
            LineKind.AWAY,
            who=chat.visitor,
            away=True,
        )
        events.append(tx, "chat.away", contact_id=chat.contact_id, chat=chat.id)


def _is_owed_an_answer(chat: Standing | queries.Gone) -> bool:
    """Somebody had it, the last words are the visitor's, and they can be answered by mail: it stays
    until a person has.
    """
    return bool(chat.taken and chat.waiting_since and chat.email)
