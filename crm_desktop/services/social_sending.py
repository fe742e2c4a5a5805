"""The social lane's two ends in the database: what to say where, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.social import OutboundPost, Picture, SentPost
from crm_desktop.services.outbox import Work
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, events, messages, sending, service_notices
from crm_desktop.store.queries import social_sending as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.social_answering import LANE

__all__ = [
    "LANE", "NoAccount", "Outgoing", "TakenBack", "deleted", "gave_up", "load", "sent", "stands",
    "subject",
]  # fmt: skip

_KEY_DIGITS = 32


class NoAccount(Exception):
    """The account that something was to be said through is not in use."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A post to send, and the account to send it through."""

    post: OutboundPost
    account: Account


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What is to be deleted on its network, and the account to do it through."""

    post_id: str
    account: Account


def load(db: Database, work: Work) -> Outgoing | TakenBack | None:
    """The post of a piece of work, None when it stands already or is not to be sent any more.

    Raises NoAccount.
    """
    with db.read() as tx:
        if work.notice_post_id is not None:
            return _notice(tx, work.notice_post_id)
        assert work.message_id is not None
        saying = queries.saying(tx, work.message_id)
        if saying is None:
            return None
        account = _account(tx, saying.account_id)
        files = sending.attachments(tx, saying.message_id)
        numbers = messages.attachments_of(tx, saying.message_id)
        pictures = tuple(
            Picture(each.name, each.content_type, each.content, saying.alts.get(number, ""))
            for number, each in zip(numbers, files, strict=True)
        )
        return Outgoing(
            OutboundPost(
                key=saying.rfc_id.removeprefix("<")[:_KEY_DIGITS],
                text=saying.text,
                public=saying.public,
                reply_to=saying.parent_id or None,
                reply_ref=saying.reply_ref,
                author_id=saying.author_id,
                handle=saying.handle,
                pictures=pictures,
            ),
            account,
        )


def _notice(tx: Tx, notice_post_id: int) -> Outgoing | TakenBack | None:
    if going := service_notices.going_post(tx, notice_post_id):
        account_id, post_id = going
        return TakenBack(post_id, _account(tx, account_id))
    found = service_notices.pending_post(tx, notice_post_id)
    if found is None:
        return None
    account_id, key, text = found
    return Outgoing(OutboundPost(key=key, text=text, public=True), _account(tx, account_id))


def _account(tx: Tx, account_id: int) -> Account:
    account = accounts.get(tx, account_id)
    if account is None or not account.active:
        raise NoAccount
    return account


def sent(tx: Tx, work: Work, account: Account, where: SentPost) -> None:
    """Write that it stands there."""
    if work.notice_post_id is not None:
        service_notices.post_stands(tx, work.notice_post_id, where)
        return
    assert work.message_id is not None
    name = (account.name, str(account.settings.get("handle", "")))
    contact_id = queries.stands(tx, work.message_id, name, where)
    if contact_id is not None:
        events.append(
            tx,
            "message.sent",
            contact_id=contact_id,
            message=work.message_id,
            repeated=work.unknown_fate,
        )
        tx.changed(Topic.CONTACT, contact_id)


def deleted(tx: Tx, work: Work) -> None:
    """Write that it is gone from there."""
    assert work.notice_post_id is not None
    service_notices.post_deleted(tx, work.notice_post_id)


def stands(tx: Tx, work: Work) -> bool:
    """Whether the reader has met it on the network: it was sent, whoever was cut off then."""
    return work.message_id is not None and queries.is_sent(tx, work.message_id)


def gave_up(tx: Tx, work: Work, words: str) -> None:
    """Write that it will not leave by itself any more."""
    if work.notice_post_id is not None:
        service_notices.post_failed(tx, work.notice_post_id, words)
        return
    assert work.message_id is not None
    messages.set_failed(tx, work.message_id, words)
    contact_id = subject(tx, work)
    events.append(tx, "message.failed", contact_id=contact_id, message=work.message_id)


def subject(tx: Tx, work: Work) -> int | None:
    """The contact of what is said, marked as changed; a notice has none."""
    if work.notice_post_id is not None:
        service_notices.told(tx, work.notice_post_id)
        return None
    assert work.message_id is not None
    contact_id = sending.contact_of(tx, work.message_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    return contact_id
