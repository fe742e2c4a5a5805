"""Telling the public that something is otherwise than usual, everywhere, until it is over."""

from __future__ import annotations

import uuid
from dataclasses import replace

from crm_desktop.domain import post_length
from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.service_notices import (
    LONGEST_NOTICE,
    LONGEST_TIME,
    NewNotice,
    NoticeView,
    PublicAccount,
)
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import service_notices as queries

__all__ = ["accounts", "again", "delete_posts", "end", "publish", "recent", "shown"]


def publish(db: Database, notice: NewNotice) -> tuple[int, Changes]:
    """Publish a notice; its id. Every network's length is looked at before anything is kept.

    Asked again with the same key, because the answer was lost, it is published once.

    Raises NotAllowed unless a team leader asks, and InvalidInput (fields text, text_cy, ends_at,
    places, and account ids as text for what one network does not take).
    """
    notice = replace(notice, text=notice.text.strip(), text_cy=notice.text_cy.strip())
    refuse_card_numbers(text=notice.text, text_cy=notice.text_cy, **_said_otherwise(notice))
    with db.write() as tx:
        known = {each.id: each for each in queries.accounts(tx)}
        _check(tx, notice)
        posts = {each: (uuid.uuid4().hex, _said(notice, each)) for each in notice.account_ids}
        _fit(known, {each: text for each, (_, text) in posts.items()})
        notice_id = queries.publish(tx, notice, posts)
        tx.changed(Topic.SERVICE_NOTICE, notice_id)
        if posts:
            tx.changed(Topic.OUTBOX, 0)
        return notice_id, tx.changes


def end(db: Database, notice_id: int) -> Changes:
    """Take a notice down before its time; what networks show stays until it is deleted there.

    Raises NotAllowed, and NotFound when it is not shown any more.
    """
    with db.write() as tx:
        queries.end(tx, notice_id)
        tx.changed(Topic.SERVICE_NOTICE, notice_id)
        return tx.changes


def delete_posts(db: Database, notice_id: int) -> Changes:
    """Have deleted what networks show of a notice, also of one that is over.

    Raises NotAllowed, and NotFound when they show nothing of it.
    """
    with db.write() as tx:
        queries.delete_posts(tx, notice_id)
        tx.changed(Topic.SERVICE_NOTICE, notice_id)
        tx.changed(Topic.OUTBOX, 0)
        return tx.changes


def again(db: Database, notice_post_id: int) -> Changes:
    """Try once more what a network did not take; raises NotAllowed, NotFound."""
    with db.write() as tx:
        notice_id = queries.again(tx, notice_post_id)
        tx.changed(Topic.SERVICE_NOTICE, notice_id)
        tx.changed(Topic.OUTBOX, 0)
        return tx.changes


def recent(db: Database) -> tuple[NoticeView, ...]:
    """What is shown or will be, the newest first; then the last ten that are over."""
    with db.read() as tx:
        return queries.recent(tx)


def accounts(db: Database) -> tuple[PublicAccount, ...]:
    """The networks that a notice can go to; raises NotAllowed unless a team leader asks."""
    with db.read() as tx:
        return queries.accounts(tx)


def shown(db: Database, where: str, language: str = "en") -> tuple[str, ...]:
    """What a place ("web", "chat") shows now, the newest first; in English where Welsh is missing.

    One statement: whoever serves many remembers it for a few seconds.
    """
    with db.read_at_once() as tx:
        found = queries.shown(tx, where)
    return tuple((welsh or english) if language == "cy" else english for english, welsh in found)


def _said(notice: NewNotice, account_id: int) -> str:
    return (notice.texts.get(account_id) or notice.text).strip()


def _said_otherwise(notice: NewNotice) -> dict[str, str]:
    return {str(each): _said(notice, each) for each in notice.account_ids}


def _check(tx: Tx, notice: NewNotice) -> None:
    wrong = {}
    if not notice.text:
        wrong["text"] = "Write what everybody should know"
    for name, text in (("text", notice.text), ("text_cy", notice.text_cy)):
        if len(text) > LONGEST_NOTICE:
            wrong[name] = f"At most {LONGEST_NOTICE} characters"
    if notice.ends_at <= max(notice.starts_at or tx.now, tx.now):
        wrong["ends_at"] = "It must end after it starts"
    elif notice.ends_at - tx.now > LONGEST_TIME:
        wrong["ends_at"] = f"At most {LONGEST_TIME.days} days from now"
    if not (notice.on_web or notice.on_chat or notice.account_ids):
        wrong["places"] = "Choose at least one place"
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)


def _fit(known: dict[int, PublicAccount], texts: dict[int, str]) -> None:
    wrong = {}
    for account_id, text in texts.items():
        account = known.get(account_id)
        if account is None:
            raise NotFound("no such network")
        over = post_length.length(account.network, text) - account.limit
        if over > 0:
            wrong[str(account_id)] = (
                f"{over} too long for {account.name}, which takes {account.limit} characters"
            )
    if wrong:
        raise InvalidInput("; ".join(wrong.values()), fields=wrong)
