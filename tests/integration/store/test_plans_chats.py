"""What desktops and doors ask of chats all day is served by indices, however many there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any, LiteralString

from sqlalchemy import event, text

from crm_desktop.services import chat_sites, chat_sweeping, chat_visits, chats, contacts
from crm_desktop.store.database import Database
from tests.centre import Centre
from tests.chats_centre import Visitor, add_site, visitor

_MANY = 3_000
_LINES = 6
_SQLITE_NUMBERS = (
    "(WITH RECURSIVE counted(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted"
    " WHERE n < {many}) SELECT n FROM counted)"
)
_TABLES = ("contact", "chat", "chat_line", "message")
_CHATS = (
    """INSERT INTO contact (channel, direction, state, queue_id, priority, who, subject, preview,
           folded, due_at, parked_for_reply, needs_checking, check_reason, auto_generated,
           owner_id, thread_id, first_taken_at)
       SELECT 'chat', 'inbound', CASE n % 30 WHEN 0 THEN 'queued' WHEN 1 THEN 'active'
              ELSE 'completed' END, 1 + n % 2, 0, 'Somebody', 'Chat', '', '', {now}, false, false,
              '', false, CASE n % 30 WHEN 0 THEN NULL ELSE 1 + n % 2 END, 100000 + n, {now}
       FROM {numbers}""",
    """INSERT INTO chat (account_id, contact_id, token_hash, state, visitor, last_seq, answers)
       SELECT :site, id, 'h' || id, CASE state WHEN 'completed' THEN 'ended' ELSE 'open' END,
              'Somebody', {lines}, '{{}}' FROM contact WHERE channel = 'chat'""",
    """INSERT INTO message (contact_id, direction, visibility, state, account_id, external_id,
           sender_name, sender_address, recipients, subject, body_text, reply_text, body_html,
           in_reply_to, reference_ids, problems, findings, auto_generated, failure)
       SELECT k.contact_id, 'inbound', 'public', 'received', :site, k.id || '-' || x.n, '', '',
              '{{}}', '', 'Hello', 'Hello', '', '', '[]', '[]', '[]', false, ''
       FROM chat k CROSS JOIN {few}""",
    """INSERT INTO chat_line (chat_id, seq, contact_id, kind, side, message_id)
       SELECT k.id, m.id - (SELECT min(o.id) FROM message o WHERE o.contact_id = k.contact_id) + 1,
              k.contact_id, 'said', 'visitor', m.id
       FROM chat k JOIN message m ON m.contact_id = k.contact_id""",
)


def _numbers(dialect: str, many: int) -> str:
    if dialect == "sqlite":
        return f"{_SQLITE_NUMBERS.format(many=many)} AS x"
    return f"generate_series(1, {many}) AS x(n)"


def _talking(centre: Centre) -> Visitor:
    """A visitor whom Anna has, at a centre with many chats, most of them over."""
    site = add_site(centre)
    now = "now()" if centre.dialect == "postgresql" else "CURRENT_TIMESTAMP || '.000000'"
    with centre.as_owner().write() as tx:
        for each in _CHATS:
            made = each.format(
                now=now,
                lines=_LINES,
                numbers=_numbers(centre.dialect, _MANY),
                few=_numbers(centre.dialect, _LINES),
            )
            tx.session.execute(text(made), {"site": site} if ":site" in made else {})
    with centre.as_owner().write() as tx:
        tx.session.execute(text("ANALYZE"))
    margaret = visitor(centre, site)
    contacts.take(centre.as_person("anna"), margaret.contact)
    return margaret


def _plans(db: Database, work: Callable[[], object]) -> list[str]:
    statements: list[tuple[str, Any]] = []

    def keep(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if re.match(r"SELECT|UPDATE|WITH|DELETE", statement) and "app." not in statement:
            statements.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    work()
    event.remove(db.engine, "before_cursor_execute", keep)
    explain = "EXPLAIN QUERY PLAN " if db.dialect == "sqlite" else "EXPLAIN "
    with db.write() as tx:
        return [
            "\n".join(
                " ".join(map(str, row))
                for row in tx.session.connection().exec_driver_sql(explain + statement, parameters)
            )
            for statement, parameters in statements
        ]


def _scans(plan: str) -> bool:
    """Whether a whole table that grows is read: chats, lines, messages or contacts."""
    names = "|".join(_TABLES)
    return bool(
        re.search(rf"Seq Scan on ({names})\b", plan)
        or re.search(r"SCAN (chat|contact|message|chat_line|[cklm])\b(?! USING)", plan)
    )


def test_a_gateways_statements_read_indices(centre: Centre) -> None:
    talking = _talking(centre)
    gateway = talking.db

    def work() -> None:
        chat_visits.views(gateway, [talking.chat], {talking.chat: 1})
        chat_sites.places(gateway, chat_sites.sites(gateway)[0].id)
        talking.say("Hello?")
        chat_visits.typing(gateway, talking.token, "And")
        chat_visits.present(gateway, [talking.chat])
        talking.sees(2)
        with gateway.read() as tx:
            chat_sweeping.due(tx)

    plans = _plans(gateway, work)

    assert len(plans) > 10
    assert any("ix_chat_open" in each for each in plans)
    assert [each for each in plans if _scans(each)] == []
    if centre.dialect == "sqlite":
        anna = centre.as_person("anna")
        own = _plans(anna, lambda: (chats.in_hand(anna), chats.open_chat(anna, talking.contact)))
        assert any("ix_contact_in_hand" in each for each in own)
        assert [each for each in own if _scans(each)] == []


#: What desktops ask, and the index that it is found in.
_FUNCTIONS: tuple[tuple[LiteralString, str], ...] = (
    ("SELECT app.chats_in_hand()", "ix_contact_in_hand"),
    ("SELECT app.chat_open(%(contact)s, 0)", "pk_chat_line"),
    ("SELECT app.chat_say(%(contact)s, repeat('b', 32), 'x', NULL, '[]', 0)", "ix_chat_contact_id"),
    ("SELECT app.chat_visitor_typing(%(chat)s)", "pk_chat"),
)


def test_the_guarded_functions_read_indices(postgres_centre: Centre) -> None:
    """As auto_explain sees it from within."""
    talking = _talking(postgres_centre)
    assert postgres_centre.cluster is not None
    plans: list[str] = []
    with closing(postgres_centre.cluster.connect(postgres_centre.database)) as connection:
        connection.add_notice_handler(lambda told: plans.append(told.message_primary or ""))
        for setting in (
            "LOAD 'auto_explain'",
            "SET auto_explain.log_min_duration = 0",
            "SET auto_explain.log_nested_statements = on",
            "SET client_min_messages = log",
            "SET SESSION AUTHORIZATION anna",
        ):
            connection.execute(setting)
        for asked, index in _FUNCTIONS:
            plans.clear()
            connection.execute(asked, {"contact": talking.contact, "chat": talking.chat})
            assert any(index in each for each in plans), asked
            assert [each for each in plans if _scans(each)] == []
