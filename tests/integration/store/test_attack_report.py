"""What whoever makes reports cannot do: they see numbers, and nobody's name or words."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.centre import Centre
from tests.integration.store.attacking import (
    REPORT,
    Attack,
    Connection,
    Ids,
    named,
    refused,
)

ATTACKS = (
    Attack("contacts", "SELECT 1 FROM contact"),
    Attack("contacts by their full name", "SELECT who FROM public.contact"),
    Attack("customers", "SELECT 1 FROM public.customer"),
    Attack("identifiers", "SELECT 1 FROM public.identifier"),
    Attack("messages", "SELECT 1 FROM public.message"),
    Attack("cases with their answers", "SELECT 1 FROM public.cases"),
    Attack("events with their data", "SELECT data FROM public.event"),
    Attack("who works here", "SELECT name FROM public.staff"),
    Attack("who read what", "SELECT 1 FROM public.read_audit"),
    Attack("assessments", "SELECT 1 FROM public.assessment"),
    Attack("files", "SELECT 1 FROM public.blob_chunk"),
    Attack("a customer's history", "SELECT 1 FROM app.history(%(customer)s, 9)"),
    Attack("search", "SELECT 1 FROM app.search('hidden', '', '', '', 9)"),
    Attack("a figure of one's own", "UPDATE report.contacts SET state = 'completed'"),
    Attack("a contact of one's own", "INSERT INTO report.contacts (channel) VALUES ('email')"),
    Attack("a contact's end", "DELETE FROM report.contacts"),
    Attack("a view of one's own", "CREATE VIEW report.names AS SELECT 1"),
    Attack("a view's words", "CREATE OR REPLACE VIEW report.queues AS SELECT 1"),
    Attack(
        "a view with the reader's rights",
        "ALTER VIEW report.contacts SET (security_invoker = true)",
    ),
    Attack(
        "a temporary function",
        "CREATE FUNCTION pg_temp.tell(text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    ),
    Attack("becoming staff", "SET ROLE crm_staff"),
    Attack("becoming the gateway", "SET ROLE crm_gateway"),
    Attack("a file of the server", "COPY (SELECT * FROM report.contacts) TO '/tmp/contacts'"),
    Attack("intake's lock", "SELECT pg_advisory_lock(1)"),
)


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Their own connection."""
    return connected(REPORT)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, attacked[1], attack)


def test_no_view_has_a_name_or_words_in_it(session: Connection) -> None:
    columns = session.execute(
        "SELECT table_name || '.' || column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'report'"
    ).fetchall()

    plain = ("bigint", "integer", "boolean", "timestamp with time zone")
    assert {name for name, kind in columns if kind not in plain} == {
        *("queues.code", "queues.name", "services.code", "services.name", "services.group_name"),
        *("contacts.channel", "contacts.direction", "contacts.state", "contacts.resolution"),
        *("contacts.end_reason", "cases.state", "handoffs.state", "events.kind"),
    }


def test_every_view_is_a_barrier_and_is_read(session: Connection) -> None:
    views = session.execute(
        "SELECT c.oid::regclass::text, c.reloptions::text FROM pg_class c"
        " WHERE relnamespace = 'report'::regnamespace"
    ).fetchall()

    assert len(views) == 7
    for name, options in views:
        assert options == "{security_barrier=true}", name
        assert session.execute(f"SELECT * FROM {name}").rowcount > 0, name
