"""Posts at the desktop: a conversation as its network shows it, and answers to it.

An answer can be taken back for ten seconds and is looked at before it leaves, as mail is; `replies`
takes it back (`withdraw`) and lets go what was stopped (`release_stopped`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from crm_desktop.domain import post_length, public_words
from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound, TooLarge
from crm_desktop.domain.leak_check import Outgoing, OutgoingFile
from crm_desktop.domain.social_thread import (
    LARGEST_PICTURE,
    MOST_PICTURES,
    PICTURE_TYPES,
    PostReply,
    PostView,
    SocialThread,
)
from crm_desktop.domain.states import Direction, MessageState, Visibility
from crm_desktop.domain.views import MessageView, Writing
from crm_desktop.services import leaks
from crm_desktop.services.canned import unfilled
from crm_desktop.services.message_ids import message_id_in
from crm_desktop.services.replies import UNDO_SECONDS, Sent, in_hand, sent_before, stored
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import replying, social_answering, social_record
from crm_desktop.store.queries.social_answering import WrittenPost

__all__ = ["Sent", "reply", "thread"]


def thread(db: Database, contact_id: int) -> SocialThread:
    """What the messages of a contact and its thread are on their network; leaves a trace.

    Raises NotFound.
    """
    with db.read() as tx:
        return social_answering.thread(tx, contact_id)


def reply(
    db: Database,
    contact_id: int,
    given: PostReply,
    *,
    undo_seconds: float = UNDO_SECONDS,
    writing: Writing | None = None,
) -> Sent:
    """Answer a post, when its contact is in one's own hands; a `writing` tried again is kept once.

    With findings it is written and stopped, as a mail is. Raises InvalidInput (fields
    text, pictures, alt, in_reply_to), TooLarge, NotFound, Taken(by), NotAllowed, Conflict.
    """
    text = _checked(given)
    hashes = tuple(stored(db, each.content) for each in given.pictures)
    key = writing.key if writing else ""
    with db.write() as tx:
        if writing and writing.again and (sent := sent_before(tx, contact_id, key)):
            return sent
        known = replying.answering(tx, contact_id, key)
        in_hand(tx, known)
        assert known is not None
        posts = social_answering.thread(tx, contact_id)
        answered = _answered(posts, given)
        _fits(posts, answered, text, public=given.public)
        findings = _findings(tx, known, given, text, hashes)
        written = WrittenPost(
            post=answered.message_id,
            to=(answered.name, answered.handle),
            public=given.public,
            text=text,
            pictures=_pictures(given, hashes),
            template_id=given.template_id,
            rfc_id=message_id_in(str(known.centre.get("mail_domain", "")), key),
            findings=findings,
            undo_seconds=undo_seconds,
        )
        message_id = social_answering.reply(tx, contact_id, written)
        undo_until = tx.now + timedelta(seconds=undo_seconds)
        shown = None
        if not given.pictures:
            shown = _shown(tx, written, message_id)
        return Sent(contact_id, message_id, undo_until, findings, shown, tx.changes)


def _checked(given: PostReply) -> str:
    """The text that may be said; raises InvalidInput or TooLarge."""
    text = given.text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode().strip()
    alts = "\n".join(each.alt for each in given.pictures)
    refuse_card_numbers(text=text, alt=alts)
    wrong: dict[str, str] = {}
    if not text:
        wrong["text"] = "Write something first"
    elif gaps := unfilled(text):
        wrong["text"] = f"Fill in {', '.join(gaps)}"
    if len(given.pictures) > MOST_PICTURES:
        wrong["pictures"] = f"At most {MOST_PICTURES} pictures"
    elif any(each.content_type not in PICTURE_TYPES for each in given.pictures):
        wrong["pictures"] = "Networks take pictures alone: JPEG, PNG, WebP or GIF"
    if given.public and not all(each.alt.strip() for each in given.pictures):
        wrong["alt"] = "Describe every picture for people who do not see it"
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)
    for each in given.pictures:
        if len(each.content) > LARGEST_PICTURE:
            raise TooLarge(limit=LARGEST_PICTURE, size=len(each.content))
    return text


def _answered(posts: SocialThread, given: PostReply) -> PostView:
    """The post that is answered; raises NotFound or Conflict with what to do instead."""
    post = posts.post(given.in_reply_to)
    if post is None or post.by_us:
        raise NotFound("no such post")
    if post.deleted_at is not None:
        raise Conflict("The post was deleted. Answer another one of the conversation.")
    if given.public and not post.public:
        raise Conflict("What was said in private is answered in private.")
    return post


def _fits(posts: SocialThread, answered: PostView, text: str, *, public: bool) -> None:
    """Refuse what the network would cut or refuse; raises InvalidInput."""
    most = posts.limit if public else posts.private_limit
    sent = post_length.addressed(posts.network, text, answered.handle)
    over = post_length.length(posts.network, sent) - most
    if over > 0:
        words = f"{over} too long: {posts.account_name} takes {most} characters"
        raise InvalidInput(words, fields={"text": words})


def _findings(
    tx: Tx,
    known: replying.Answering,
    given: PostReply,
    text: str,
    hashes: tuple[str, ...],
) -> tuple[str, ...]:
    """What must be looked at: others' data always, the customer's own in public."""
    whole = "\n".join((text, *(each.alt for each in given.pictures)))
    files = tuple(
        OutgoingFile(each.name, each.content_type, sha256)
        for each, sha256 in zip(given.pictures, hashes, strict=True)
    )
    found = leaks.found_in(tx, known, Outgoing((), "", whole, files=files))
    if not given.public:
        return found
    shown, said = social_record.public(tx, known.contact.id)
    record = social_record.record(tx, known)
    told = public_words.told(whole, record, shown=shown, said=said)
    return tuple(dict.fromkeys((*found, *told)))


def _pictures(given: PostReply, hashes: tuple[str, ...]) -> list[dict[str, Any]]:
    return [
        {
            "sha256": sha256,
            "name": each.name,
            "content_type": each.content_type,
            "size": len(each.content),
            "alt": each.alt.strip(),
        }
        for each, sha256 in zip(given.pictures, hashes, strict=True)
    ]


def _shown(tx: Tx, written: WrittenPost, message_id: int) -> MessageView:
    """The message as a reading of the conversation would give it."""
    stopped = bool(written.findings)
    undo_until = None if stopped else tx.now + timedelta(seconds=written.undo_seconds)
    return MessageView(
        id=message_id,
        direction=Direction.OUTBOUND,
        visibility=Visibility.PUBLIC,
        state=MessageState.STOPPED if stopped else MessageState.PENDING,
        author=tx.actor.name if tx.actor else "",
        sender_name="",
        sender_address="",
        to=(written.to,),
        cc=(),
        subject="",
        text=written.text,
        reply_text=written.text,
        html="",
        at=tx.now,
        sent_at=None,
        problems=(),
        findings=tuple(written.findings),
        failure="",
        undo_until=undo_until,
        attachments=(),
    )
