"""Notices for the public: on PostgreSQL published by guarded functions (0037_notices.sql),
on SQLite by the same rules here; read by everybody.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select, update

from crm_desktop.domain import post_length
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.domain.service_notices import (
    NewNotice,
    NoticePostState,
    NoticePostView,
    NoticeView,
    PublicAccount,
)
from crm_desktop.domain.social import Network, SentPost
from crm_desktop.domain.states import OutboxState
from crm_desktop.store.database import Tx
from crm_desktop.store.leading import call, me
from crm_desktop.store.models import (
    ChannelAccount,
    NoticePost,
    OutboxItem,
    Service,
    ServiceNotice,
    Staff,
)
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import events, outbox
from crm_desktop.store.queries.from_json import parsed
from crm_desktop.store.queries.social_answering import LANE

_KINDS = tuple(each.value for each in Network)
_SHOWN_AT_ONCE = 5
_OVER_TOLD = 10
#: Of posts: what no network has been told yet, and what one shows.
_NOT_SAID = (NoticePostState.PENDING.value, NoticePostState.FAILED.value)
_SHOW_IT = (NoticePostState.SENT.value, NoticePostState.NOT_DELETED.value)
_CURRENT = (ServiceNotice.ended_at.is_(None), ServiceNotice.ends_at > utcnow())
_SHOWN = {
    where: select(ServiceNotice.text, ServiceNotice.text_cy)
    .where(*_CURRENT, ServiceNotice.starts_at <= utcnow(), column)
    .order_by(ServiceNotice.id.desc())
    .limit(_SHOWN_AT_ONCE)
    for where, column in (("web", ServiceNotice.on_web), ("chat", ServiceNotice.on_chat))
}


def shown(tx: Tx, where: str) -> tuple[tuple[str, str], ...]:
    """(English, Welsh or "") of what a place ("web", "chat") shows now, the newest first."""
    return tuple((row[0], row[1]) for row in tx.core.execute(_SHOWN[where]))


def recent(tx: Tx) -> tuple[NoticeView, ...]:
    """What is shown or will be, the newest first, with its posts; then the last that are over."""
    session = tx.session
    now = and_(*_CURRENT)
    over = select(ServiceNotice.id).where(~now).order_by(ServiceNotice.id.desc()).limit(_OVER_TOLD)
    rows = session.execute(
        select(
            ServiceNotice.id,
            ServiceNotice.text,
            ServiceNotice.text_cy,
            ServiceNotice.on_web,
            ServiceNotice.on_chat,
            ServiceNotice.service_id,
            Staff.name,
            ServiceNotice.created_at,
            ServiceNotice.starts_at,
            ServiceNotice.ends_at,
            ServiceNotice.ended_at,
        )
        .join(Staff, Staff.id == ServiceNotice.created_by_id)
        .where(or_(now, ServiceNotice.id.in_(over)))
        .order_by(case((now, 0), else_=1), ServiceNotice.id.desc())
    ).all()
    posts: dict[int, list[NoticePostView]] = {row[0]: [] for row in rows}
    found = session.execute(
        select(
            NoticePost.notice_id,
            NoticePost.id,
            NoticePost.account_id,
            ChannelAccount.name,
            ChannelAccount.kind,
            NoticePost.text,
            NoticePost.state,
            NoticePost.url,
            NoticePost.failure,
        )
        .join(ChannelAccount, ChannelAccount.id == NoticePost.account_id)
        .where(NoticePost.notice_id.in_(bindparam("notices", expanding=True)))
        .order_by(NoticePost.id),
        {"notices": list(posts)},
    )
    for notice_id, number, account_id, name, kind, text, state, url, failure in found:
        posts[notice_id].append(
            NoticePostView(
                number, account_id, name, Network(kind), text, NoticePostState(state), url, failure
            )
        )
    return tuple(NoticeView(*row, tuple(posts[row[0]])) for row in rows)


def accounts(tx: Tx) -> tuple[PublicAccount, ...]:
    """The networks that a notice can go to, by name; raises NotAllowed."""
    if tx.dialect == "postgresql":
        rows = parsed(call(tx, "notice_accounts")) or ()
    else:
        _leader(tx)
        known = tx.session.execute(
            select(
                ChannelAccount.id, ChannelAccount.name, ChannelAccount.kind, ChannelAccount.cursor
            )
            .where(ChannelAccount.active, ChannelAccount.kind.in_(_KINDS))
            .order_by(ChannelAccount.name)
        )
        rows = [(*row[:3], (row[3] or {}).get("limit")) for row in known]
    return tuple(
        PublicAccount(number, name, Network(kind), post_length.limit(Network(kind), limit))
        for number, name, kind, limit in rows
    )


def publish(tx: Tx, notice: NewNotice, posts: Mapping[int, tuple[str, str]]) -> int:
    """A new notice, or the one that was published with its key; `posts`: (key, text) by account.

    Raises NotAllowed, NotFound and InvalidInput.
    """
    if tx.dialect == "sqlite":
        return _publish(tx, notice, posts)
    said = [{"account": n, "key": key, "text": text} for n, (key, text) in posts.items()]
    made: int = call(
        tx,
        "notice_publish",
        key=notice.key,
        text=notice.text,
        text_cy=notice.text_cy,
        service=notice.service_id,
        on_web=notice.on_web,
        on_chat=notice.on_chat,
        starts=notice.starts_at,
        ends=notice.ends_at,
        posts=json.dumps(said),
    )
    return made


def end(tx: Tx, notice_id: int) -> None:
    """Show it no more; raises NotAllowed, and NotFound when it is not shown any more."""
    if tx.dialect == "postgresql":
        call(tx, "notice_end", notice=notice_id)
        return
    leader, session = _leader(tx), tx.session
    notice = session.get(ServiceNotice, notice_id, populate_existing=True)
    if notice is None or notice.ended_at is not None or notice.ends_at <= tx.now:
        raise NotFound("no such notice")
    notice.ended_at, notice.ended_by_id = tx.now, leader.id
    for post, item in session.execute(
        select(NoticePost, OutboxItem)
        .join(OutboxItem, OutboxItem.notice_post_id == NoticePost.id)
        .where(NoticePost.notice_id == notice_id, NoticePost.state.in_(_NOT_SAID))
    ).all():
        waits = item.state == OutboxState.PENDING and item.attempts == 0
        if waits or item.state == OutboxState.DEAD:
            item.state, item.done_at = OutboxState.WITHDRAWN.value, tx.now
            post.state = NoticePostState.TAKEN_DOWN.value
    session.flush()
    events.append(tx, "notice.ended", notice=notice_id)


def delete_posts(tx: Tx, notice_id: int) -> None:
    """Have deleted what networks show of it; raises NotAllowed, NotFound when they show none."""
    if tx.dialect == "postgresql":
        call(tx, "notice_delete_posts", notice=notice_id)
        return
    _leader(tx)
    posts = tx.session.scalars(
        select(NoticePost).where(NoticePost.notice_id == notice_id, NoticePost.state.in_(_SHOW_IT))
    ).all()
    if not posts:
        raise NotFound("no such posts")
    for post in posts:
        post.state, post.failure = NoticePostState.DELETING.value, ""
        tx.session.execute(
            update(OutboxItem)
            .where(OutboxItem.notice_post_id == post.id, OutboxItem.state == OutboxState.DEAD.value)
            .values(state=OutboxState.WITHDRAWN.value, done_at=tx.now)
        )
        outbox.add(tx, LANE, notice_post_id=post.id)
    tx.session.flush()
    events.append(tx, "notice.deleting", notice=notice_id, networks=len(posts))


def again(tx: Tx, notice_post_id: int) -> int:
    """Try once more what could not be said on a network; its notice.

    Raises NotAllowed, and NotFound unless it failed and its notice is still shown.
    """
    if tx.dialect == "postgresql":
        found: int = call(tx, "notice_again", post=notice_post_id)
        return found
    _leader(tx)
    row = tx.session.execute(
        select(NoticePost, OutboxItem, ServiceNotice)
        .join(ServiceNotice, ServiceNotice.id == NoticePost.notice_id)
        .join(OutboxItem, OutboxItem.notice_post_id == NoticePost.id)
        .where(
            NoticePost.id == notice_post_id,
            NoticePost.state == NoticePostState.FAILED.value,
            OutboxItem.state == OutboxState.DEAD.value,
            *_CURRENT,
        )
    ).first()
    if row is None:
        raise NotFound("no such post that failed")
    post, item, notice = row
    item.state, item.attempts, item.not_before = OutboxState.PENDING.value, 0, tx.now
    post.state, post.failure = NoticePostState.PENDING.value, ""
    tx.session.flush()
    events.append(tx, "outbox.retried", notice_post=notice_post_id)
    return int(notice.id)


def _leader(tx: Tx) -> Person:
    leader = me(tx)
    if not leader.leads:
        raise NotAllowed("a team leader does that")
    return leader


def _publish(tx: Tx, notice: NewNotice, posts: Mapping[int, tuple[str, str]]) -> int:
    leader, session = _leader(tx), tx.session
    known = session.scalar(
        select(ServiceNotice.id).where(
            ServiceNotice.key == notice.key, ServiceNotice.created_by_id == leader.id
        )
    )
    if known is not None:
        return known
    starts: datetime = max(notice.starts_at or tx.now, tx.now)
    if notice.ends_at <= starts:
        raise InvalidInput("until a time within 60 days")
    if notice.service_id is not None and session.get(Service, notice.service_id) is None:
        raise NotFound("no such service")
    networks = select(func.count()).where(
        ChannelAccount.id.in_(posts), ChannelAccount.active, ChannelAccount.kind.in_(_KINDS)
    )
    if session.scalar(networks) != len(posts):
        raise NotFound("no such network")
    row = ServiceNotice(
        key=notice.key,
        text=notice.text,
        text_cy=notice.text_cy,
        service_id=notice.service_id,
        on_web=notice.on_web,
        on_chat=notice.on_chat,
        created_by_id=leader.id,
        starts_at=starts,
        ends_at=notice.ends_at,
    )
    session.add(row)
    session.flush()
    for account_id, (key, text) in posts.items():
        post = NoticePost(notice_id=row.id, account_id=account_id, key=key, text=text)
        session.add(post)
        session.flush()
        outbox.add(tx, LANE, notice_post_id=post.id, not_before=starts)
    events.append(
        tx,
        "notice.published",
        notice=row.id,
        web=notice.on_web,
        chat=notice.on_chat,
        networks=len(posts),
    )
    return row.id


# The lane's two ends.


def going_post(tx: Tx, notice_post_id: int) -> tuple[int, str] | None:
    """(account, id on the network) of what is still to be deleted there."""
    row = tx.session.execute(
        select(NoticePost.account_id, NoticePost.post_id).where(
            NoticePost.id == notice_post_id, NoticePost.state == NoticePostState.DELETING.value
        )
    ).first()
    return (row[0], row[1]) if row else None


def pending_post(tx: Tx, notice_post_id: int) -> tuple[int, str, str] | None:
    """(account, key, text) of a notice that is still to be said on a network."""
    row = tx.session.execute(
        select(NoticePost.account_id, NoticePost.key, NoticePost.text)
        .join(ServiceNotice, ServiceNotice.id == NoticePost.notice_id)
        .where(
            NoticePost.id == notice_post_id,
            NoticePost.state == NoticePostState.PENDING.value,
            *_CURRENT,
        )
    ).first()
    return (row[0], row[1], row[2]) if row else None


def post_stands(tx: Tx, notice_post_id: int, where: SentPost) -> None:
    """The network shows it."""
    _settle(
        tx,
        notice_post_id,
        state=NoticePostState.SENT.value,
        post_id=where.post_id,
        url=where.url,
        failure="",
    )
    events.append(tx, "notice.posted", notice_post=notice_post_id)


def post_deleted(tx: Tx, notice_post_id: int) -> None:
    """The network shows it no more."""
    _settle(tx, notice_post_id, state=NoticePostState.DELETED.value, failure="")
    events.append(tx, "notice.post_deleted", notice_post=notice_post_id)


def post_failed(tx: Tx, notice_post_id: int, words: str) -> None:
    """The network will not show it, or still does, unless a team leader tries again."""
    going = going_post(tx, notice_post_id) is not None
    state = NoticePostState.NOT_DELETED if going else NoticePostState.FAILED
    _settle(tx, notice_post_id, state=state.value, failure=words)
    kind = "notice.not_deleted" if going else "notice.failed"
    events.append(tx, kind, notice_post=notice_post_id)


def told(tx: Tx, notice_post_id: int) -> None:
    """Mark the post's notice as changed."""
    notice_id = tx.session.scalar(
        select(NoticePost.notice_id).where(NoticePost.id == notice_post_id)
    )
    if notice_id is not None:
        tx.changed(Topic.SERVICE_NOTICE, notice_id)


def _settle(tx: Tx, notice_post_id: int, **values: Any) -> None:
    tx.session.execute(update(NoticePost).where(NoticePost.id == notice_post_id).values(**values))
    told(tx, notice_post_id)
