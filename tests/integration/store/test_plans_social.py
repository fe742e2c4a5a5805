"""A hundred thousand posts cost the readers of networks no more than a hundred."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text

from crm_desktop.domain.social import News
from crm_desktop.services import leases, social, social_intake
from crm_desktop.store.database import Database
from tests.centre import Centre
from tests.integration.services.posts import network_account, post

POSTS, A_ROOT = 100_000, 2_000
_SQLITE_NUMBERS = """(WITH RECURSIVE counted(n) AS (
    SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < :many) SELECT n FROM counted)"""
_CONTACTS = """
    INSERT INTO contact (channel, direction, state, queue_id, priority, who, subject, preview,
                         folded, parked_for_reply, needs_checking, check_reason, auto_generated,
                         thread_id, account_id)
    SELECT 'social', 'inbound', 'completed', 1, 0, 'Somebody', 'Something', '', '', false, false,
           '', false, n, :account FROM {numbers}
"""
_MESSAGES = """
    INSERT INTO message (contact_id, direction, visibility, state, account_id, external_id,
                         sender_name, sender_address, recipients, subject, body_text, reply_text,
                         body_html, in_reply_to, reference_ids, problems, findings, auto_generated,
                         failure)
    SELECT 1 + n % 1000, 'inbound', 'public', 'received', :account, 'old-' || n, '', '', '{{}}', '',
           'Something', 'Something', '', '', '[]', '[]', '[]', false, '' FROM {numbers}
"""
_POSTS = """
    INSERT INTO social_post (message_id, account_id, network, post_id, root_id, author_id, handle,
                             public, watched, looked_at)
    SELECT id, :account, 'bluesky', external_id,
           CASE WHEN id <= :root THEN 'viral' ELSE external_id END, 'a-' || (id % 5000),
           'h-' || (id % 5000), true, id > 99000, :long_ago FROM message
"""


@pytest.fixture
def crowded(centre: Centre) -> tuple[Centre, int]:
    """A centre with a hundred thousand posts, a thousand of which were still watched."""
    account = network_account(centre)
    sqlite = centre.dialect == "sqlite"
    numbers = _SQLITE_NUMBERS if sqlite else "generate_series(1, :many) AS numbers(n)"
    long_ago = "2026-01-01 00:00:00.000000"
    given = {"account": account, "root": A_ROOT, "long_ago": long_ago}
    posts = _POSTS if sqlite else _POSTS.replace(":long_ago", "CAST(:long_ago AS timestamptz)")
    with centre.as_owner().write() as tx:
        if not sqlite:  # what is linked to what is right by itself
            tx.session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement, many in ((_CONTACTS, 1_000), (_MESSAGES, POSTS), (posts, POSTS)):
            made = text(statement.format(numbers=numbers))
            known = {each: given[each] for each in given if f":{each}" in statement}
            count = {"many": many} if "{numbers}" in statement else {}
            tx.session.execute(made, known | count)
        tx.session.execute(text("ANALYZE"))
    return centre, account


def _plans(db: Database, work: Callable[[], object]) -> dict[str, str]:
    """How the database does each statement over posts of some work, by the statement."""
    statements: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if "social_post" in statement and statement.lstrip().startswith(("SELECT", "WITH")):
            statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    work()
    event.remove(db.engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    with db.read() as tx:
        connection = tx.session.connection()
        return {
            statement: "\n".join(
                " ".join(map(str, row))
                for row in connection.exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in statements
        }


def test_no_reading_of_a_network_looks_through_all_posts(crowded: tuple[Centre, int]) -> None:
    centre, account = crowded
    db = centre.as_gateway()
    lease = leases.acquire(db, f"social:{account}", "test", 60)
    assert lease is not None
    news = News(
        (
            post(root_id="viral", parent_id="old-7"),
            post("h-1", author_id="a-2"),
            post(root_id="convo", public=False),
            post(by_us=True, parent_id="old-7", root_id="viral"),
            post(post_id="old-5", text="Edited", at=datetime.now(UTC) + timedelta(hours=1)),
        ),
        {},
        deleted=("old-9",),
    )

    def work() -> None:
        social_intake.unknown(db, account, news)
        social_intake.receive(db, account, news, under=lease)
        social_intake.to_look_at(db, account, lease)

    plans = _plans(db, work)

    assert len(plans) >= 8
    scan = r"SCAN (social_post|p|message|m)\b(?! USING)|Seq Scan on (social_post|message)"
    assert {each: plan for each, plan in plans.items() if re.search(scan, plan)} == {}
    newest = next(plan for each, plan in plans.items() if "ORDER BY social_post.message_id DESC"
                  in each and "root_id" in each)  # fmt: skip
    assert "ix_social_post_root" in newest
    assert "Sort" not in newest, "of a conversation of thousands one post is read"
    assert "TEMP B-TREE" not in newest
    watched = next(plan for each, plan in plans.items() if "ORDER BY social_post.looked_at" in each)
    assert "ix_social_post_watched" in watched
    if centre.dialect == "sqlite":  # on PostgreSQL it is a function, which is not seen from outside
        anna = centre.as_person("anna")
        (plan,) = _plans(anna, lambda: social.thread(anna, 5)).values()
        assert not re.search(r"SCAN (social_post|p|message|m|contact)\b(?! USING)", plan)
