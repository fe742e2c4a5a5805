"""Chats as whoever has one in hand reads and writes them: on PostgreSQL by guarded functions
(migrations/sql/0023_chats_postgresql.sql), on SQLite by the same rules in `chats_sqlite.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.chats import (
    Block,
    ChatInHand,
    ChatLine,
    ChatState,
    ChatView,
    EndedBy,
    Side,
)
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import chats_sqlite
from crm_desktop.store.queries.chat_views import line, lines, one_line
from crm_desktop.store.queries.from_json import maybe_moment, moment, parsed
from crm_desktop.store.queries.replying import Answering, read_answering

_OPEN = text("SELECT app.chat_open(:contact, :after)")
_IN_HAND = text("SELECT app.chats_in_hand()")
_ANSWERING = text("SELECT app.chat_answering(:contact)")
_SAY = text(
    "SELECT app.chat_say(:contact, :key, :text, :template, CAST(:files AS jsonb), :findings)"
)
_SEEN = text("SELECT app.chat_seen(:contact, :seq)")
_TYPING = text("SELECT app.chat_typing(:contact)")
_VISITOR_TYPING = text("SELECT app.chat_visitor_typing(:chat)")
_END = text("SELECT app.chat_end(:contact, :by)")
_EMAIL = text("SELECT app.chat_email(:contact, :email)")
_BLOCK = text("SELECT app.chat_block(:contact, :reason, :hours)")
_UNBLOCK = text("SELECT app.chat_unblock(:block)")
_BLOCKS = text("SELECT app.chat_blocks()")


def open_chat(tx: Tx, contact_id: int, after: int) -> ChatView | None:
    """The chat of a contact that this person may read; None when it is none."""
    if tx.dialect == "postgresql":
        found = tx.core.execute(_OPEN, {"contact": contact_id, "after": after}).scalar()
    else:
        found = chats_sqlite.open_chat(tx, contact_id, after)
    row = parsed(found)
    if row is None:
        return None
    (
        chat_id, of_contact, state, visitor, email, language, page, started_at, waiting_since,
        gone_since, visitor_seq, last_seq, ended_by, rating, rating_words, answers, rows,
    ) = row  # fmt: skip
    return ChatView(
        chat_id,
        of_contact,
        ChatState(state),
        visitor,
        email,
        language,
        page,
        moment(started_at),
        maybe_moment(waiting_since),
        maybe_moment(gone_since),
        visitor_seq,
        last_seq,
        EndedBy(ended_by) if ended_by else None,
        rating,
        rating_words,
        parsed(answers),
        lines(rows),
    )


def in_hand(tx: Tx) -> tuple[ChatInHand, ...]:
    """This person's own chats, in the order in which they came into their hands."""
    statement, given = (_IN_HAND, {}) if tx.dialect == "postgresql" else chats_sqlite.in_hand(tx)
    found = parsed(tx.core.execute(statement, given).scalar())
    return tuple(_in_hand(parsed(each)) for each in found or ())


def _in_hand(row: list[Any]) -> ChatInHand:
    contact_id, chat_id, who, subject, words, side, last_seq, unread, waiting, gone, state = row
    return ChatInHand(
        contact_id,
        chat_id,
        who,
        subject,
        words,
        Side(side),
        last_seq,
        unread,
        maybe_moment(waiting),
        maybe_moment(gone),
        ChatState(state),
    )


def answering(tx: Tx, contact_id: int) -> Answering | None:
    """What must be known before a line is said in a contact that this person may see."""
    if tx.dialect == "sqlite":
        return chats_sqlite.answering(tx, contact_id)
    found = tx.core.execute(_ANSWERING, {"contact": contact_id}).scalar()
    return read_answering(tx, parsed(found))


def say(
    tx: Tx,
    contact_id: int,
    *,
    key: str,
    words: str,
    template_id: int | None,
    files: Sequence[Mapping[str, Any]],
    findings: int,
) -> ChatLine:
    """This person's line in their own chat; the same key is kept once.

    `files`: sha256, name and content_type of each; `findings`: how many were confirmed. Raises
    NotFound, NotAllowed, Taken, Conflict (it ended) and InvalidInput.
    """
    if tx.dialect == "sqlite":
        chat_id, seq = chats_sqlite.say(
            tx, contact_id, key=key, words=words, template_id=template_id, files=files,
            findings=findings,
        )  # fmt: skip
        return one_line(tx, chat_id, seq)
    chat_id, row = parsed(
        tx.core.execute(
            _SAY,
            {
                "contact": contact_id,
                "key": key,
                "text": words,
                "template": template_id,
                "files": json.dumps(list(files)),
                "findings": findings,
            },
        ).scalar_one()
    )
    tx.told(Topic.CHAT, chat_id)
    return line(row)


def seen(tx: Tx, contact_id: int, seq: int) -> None:
    """How far this person has read their own chat."""
    if tx.dialect == "postgresql":
        tx.core.execute(_SEEN, {"contact": contact_id, "seq": seq})
    else:
        chats_sqlite.seen(tx, contact_id, seq)


def typing(tx: Tx, contact_id: int) -> None:
    """This person types in their own chat; raises NotFound."""
    if tx.dialect == "postgresql":
        tx.core.execute(_TYPING, {"contact": contact_id})
    else:
        chats_sqlite.typing(tx, contact_id)


def visitor_typing(tx: Tx, chat_id: int) -> str:
    """What the visitor of this person's own chat types now; raises NotFound."""
    if tx.dialect == "postgresql":
        return str(tx.core.execute(_VISITOR_TYPING, {"chat": chat_id}).scalar_one())
    return chats_sqlite.visitor_typing(tx, chat_id)


def end(tx: Tx, contact_id: int, by: EndedBy) -> None:
    """End a chat; its contact is in wrap-up."""
    if tx.dialect == "postgresql":
        tx.core.execute(_END, {"contact": contact_id, "by": by.value})
    else:
        chats_sqlite.end(tx, contact_id, by)


def to_email(tx: Tx, contact_id: int, email: str) -> None:
    """End a chat that goes on by mail."""
    if tx.dialect == "postgresql":
        tx.core.execute(_EMAIL, {"contact": contact_id, "email": email})
    else:
        chats_sqlite.to_email(tx, contact_id, email)


def block(tx: Tx, contact_id: int, reason: str, hours: int) -> int:
    """Keep a visitor out; the block's id."""
    if tx.dialect == "postgresql":
        given = {"contact": contact_id, "reason": reason, "hours": hours}
        return int(tx.core.execute(_BLOCK, given).scalar_one())
    return chats_sqlite.block(tx, contact_id, reason, hours)


def unblock(tx: Tx, block_id: int) -> None:
    """Let a visitor in again."""
    if tx.dialect == "postgresql":
        tx.told(Topic.CHAT, tx.core.execute(_UNBLOCK, {"block": block_id}).scalar_one())
    else:
        tx.changed(Topic.CHAT, chats_sqlite.unblock(tx, block_id))


def blocks(tx: Tx) -> tuple[Block, ...]:
    """Who is kept out now, of a team leader's queues, newest first."""
    if tx.dialect == "postgresql":
        found = parsed(tx.core.execute(_BLOCKS).scalar()) or ()
        return tuple(
            Block(id_, contact_id, visitor, reason, by, moment(at), moment(until))
            for id_, contact_id, visitor, reason, by, at, until in found
        )
    return chats_sqlite.blocks(tx)
