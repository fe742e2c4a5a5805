"""Chats as whoever has one in hand uses them; the visitor's side is `chat_visits`.

What is said leaves at once and cannot be taken back, so the leak check comes before: with findings
nothing is written, and the same text may be said again, confirmed.
"""

from __future__ import annotations

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.chats import (
    LONGEST_REASON,
    Block,
    ChatInHand,
    ChatView,
    EndedBy,
    Said,
)
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound, Taken, TooLarge
from crm_desktop.domain.identifiers import normal_email
from crm_desktop.domain.states import IN_HAND
from crm_desktop.domain.views import Moved, NewAttachment, Reply, Writing
from crm_desktop.services import chat_texts, leaks
from crm_desktop.services.canned import unfilled
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import chats as queries
from crm_desktop.store.queries import taking
from crm_desktop.store.queries.replying import Answering

__all__ = [
    "block",
    "blocks",
    "end_as_staff",
    "in_hand",
    "open_chat",
    "say_as_staff",
    "seen_by_staff",
    "to_email",
    "typing_as_staff",
    "unblock",
    "visitor_typing",
]

_FILES_LIMIT = 25_000_000


def open_chat(db: Database, contact_id: int, after: int = 0) -> ChatView | None:
    """The chat that a contact is, with the lines after a number; None when it is none.

    It leaves a trace, but not of every further line for whoever has it in hand. Raises NotFound.
    """
    with db.write_at_once() as tx:
        return queries.open_chat(tx, contact_id, after)


def in_hand(db: Database) -> tuple[ChatInHand, ...]:
    """This person's own chats, in the order in which they took them."""
    with db.read_at_once() as tx:
        return queries.in_hand(tx)


def say_as_staff(
    db: Database,
    contact_id: int,
    text: str,
    *,
    writing: Writing,
    template_id: int | None = None,
    confirmed: bool = False,
    files: tuple[NewAttachment, ...] = (),
) -> Said:
    """Say something to the visitor of a chat in one's own hands; a `writing` is kept once.

    Raises InvalidInput (text, files), CardNumber, TooLarge, NotFound, Taken(by), NotAllowed, and
    Conflict when the chat has ended.
    """
    text = chat_texts.words(text, files)
    refuse_card_numbers(text=text)
    if gaps := unfilled(text):
        raise InvalidInput("gaps", fields={"text": f"Fill in {', '.join(gaps)}"})
    size = sum(len(each.content) for each in files)
    if size > _FILES_LIMIT:
        raise TooLarge(limit=_FILES_LIMIT, size=size)
    hashes = tuple(_store(db, each.content) for each in files)
    with db.write() as tx:
        known = _known(tx, contact_id)
        reply = Reply(text=text, to="", attachments=files)
        found = leaks.findings(tx, known, reply, subject="", hashes=hashes)
        if found and not confirmed:
            return Said(None, found, Changes())
        line = queries.say(
            tx,
            contact_id,
            key=writing.key,
            words=text,
            template_id=template_id,
            files=[
                {"sha256": sha, "name": each.name, "content_type": each.content_type}
                for each, sha in zip(files, hashes, strict=True)
            ],
            findings=len(found),
        )
        return Said(line, (), tx.changes)


def _known(tx: Tx, contact_id: int) -> Answering:
    known = queries.answering(tx, contact_id)
    if known is None:
        raise NotFound()
    contact = known.contact
    if contact.owner_id != tx.actor_id:
        if contact.owner_id is not None:
            raise Taken(by=contact.owner_name)
        raise NotAllowed("take the contact first")
    if contact.state not in IN_HAND:
        raise NotAllowed(f"the contact is {contact.state}")
    return known


def _store(db: Database, content: bytes) -> str:
    with db.write() as tx:
        return tx.guard.put_blob(content)


def seen_by_staff(db: Database, contact_id: int, seq: int) -> None:
    """How far this person has read a chat in their hands."""
    with db.write_at_once() as tx:
        queries.seen(tx, contact_id, seq)


def typing_as_staff(db: Database, contact_id: int) -> None:
    """The visitor sees for six seconds that somebody types; raises NotFound."""
    with db.write_at_once() as tx:
        queries.typing(tx, contact_id)


def visitor_typing(db: Database, chat_id: int) -> str:
    """What the visitor of a chat in one's own hands types at this moment; raises NotFound."""
    with db.read_at_once() as tx:
        return queries.visitor_typing(tx, chat_id)


def end_as_staff(db: Database, contact_id: int, by: EndedBy = EndedBy.ADVISOR) -> Moved:
    """End a chat in hand, as ADVISOR or WARNED; its contact is in wrap-up then."""
    with db.write() as tx:
        queries.end(tx, contact_id, by)
        return taking.as_it_is(tx, contact_id)


def to_email(db: Database, contact_id: int, email: str) -> Moved:
    """Let a chat go on by mail: it ends, and its contact, still in hand, is answered by a reply
    that may quote it (`domain.chats.transcript`). Raises InvalidInput (email).
    """
    address = normal_email(email)
    if address is None:
        wrong = "This is no email address"
        raise InvalidInput(wrong, fields={"email": wrong})
    with db.write() as tx:
        queries.to_email(tx, contact_id, address)
        return taking.as_it_is(tx, contact_id)


def block(db: Database, contact_id: int, reason: str, hours: int) -> Moved:
    """End a chat and keep its visitor out for 1 to 720 hours; its holder or a team leader may.

    Raises InvalidInput (reason, hours).
    """
    wrong = {}
    if not reason.strip() or len(reason) > LONGEST_REASON:
        wrong["reason"] = f"Say why, in up to {LONGEST_REASON} letters"
    if not 1 <= hours <= 720:
        wrong["hours"] = "1 hour to 30 days"
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)
    with db.write() as tx:
        queries.block(tx, contact_id, reason, hours)
        return taking.as_it_is(tx, contact_id)


def unblock(db: Database, block_id: int) -> Changes:
    """Let a visitor in again; a team leader of the chat's queue may."""
    with db.write() as tx:
        queries.unblock(tx, block_id)
        return tx.changes


def blocks(db: Database) -> tuple[Block, ...]:
    """Who is kept out now, of a team leader's queues, newest first."""
    with db.read_at_once() as tx:
        return queries.blocks(tx)
