"""What an administrator with psql cannot do: they say who works here, and no more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.centre import Centre
from tests.integration.store.attacking import (
    ADMIN,
    Attack,
    Connection,
    Ids,
    named,
    refused,
    unseen,
)

ATTACKS = (
    unseen("another queue's contact", "SELECT 1 FROM contact WHERE id = %(care)s"),
    unseen("another queue's case", "SELECT 1 FROM cases WHERE id = %(care_case)s"),
    unseen("assessments", "SELECT 1 FROM assessment"),
    Attack(
        "a queue of one's own",
        "SELECT app.staff_change(app.me(), 'Ada', 'admin', ARRAY[%(care_queue)s::bigint])",
    ),
    Attack("a queue by hand", "INSERT INTO membership VALUES (app.me(), %(care_queue)s)"),
    Attack("a role by hand", "UPDATE staff SET role = 'team_leader'"),
    Attack("a colleague removed", "DELETE FROM staff WHERE id = %(ben_id)s"),
    Attack("one's own end", "SELECT app.staff_disable(app.me())"),
    Attack(
        "a role above administrators",
        "SELECT app.staff_add('mallory', 'M', 'superuser', '{}', %(verifier)s)",
    ),
    Attack(
        "a colleague who is the gateway",
        "SELECT app.staff_add('gateway', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack(
        "a colleague who is a superuser",
        "SELECT app.staff_add('postgres', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack(
        "a colleague who is a group",
        "SELECT app.staff_add('crm_keeper', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack(
        "a colleague whose login is the server's already",
        "SELECT app.staff_add('attack.nora', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack(
        "a login that is SQL",
        "SELECT app.staff_add('x; ALTER ROLE x', 'M', 'advisor', '{}', %(verifier)s)",
    ),
    Attack(
        "a password in place of a verifier",
        "SELECT app.staff_add('mallory', 'M', 'advisor', '{}', 'a password')",
    ),
    Attack(
        "a verifier that is SQL",
        "SELECT app.staff_reset(%(ben_id)s, %(verifier)s || chr(39) || ' SUPERUSER --')",
    ),
    Attack(
        "a queue that is not there",
        "SELECT app.staff_change(%(ben_id)s, 'Ben', 'advisor', ARRAY[9999::bigint])",
    ),
    Attack("what makes logins", "SELECT app.login_set('ben', 'crm_admin', NULL, false)"),
    Attack("becoming who makes logins", "SET ROLE crm_keeper"),
    Attack("becoming a colleague", "SET SESSION AUTHORIZATION ben"),
    Attack("becoming a team leader", "SET ROLE crm_team_leader"),
    Attack("a login by hand", "CREATE ROLE mallory LOGIN"),
    Attack("a login's rights by hand", "ALTER ROLE ben CREATEROLE"),
    Attack("a login's password by hand", "ALTER ROLE ben PASSWORD 'x'"),
    Attack("a group for somebody", "GRANT crm_gateway TO ben"),
    Attack("the server's files for oneself", 'GRANT pg_read_server_files TO "attack.ada"'),
    Attack(
        "ending a colleague's session",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ben'",
    ),
    Attack("a marker's activation", "SELECT app.marker_activate(%(marker)s, current_date + 90)"),
    Attack(
        "assessing somebody",
        "INSERT INTO assessment (contact_id, author_id, staff_id, state, scores, words)"
        " VALUES (%(own)s, app.me(), %(anna_id)s, 'draft', '{}', '')",
    ),
    Attack("content without a trace", "SELECT body_text FROM message"),
    Attack("who read what", "SELECT 1 FROM read_audit"),
    Attack("removing every trace", "TRUNCATE read_audit"),
    Attack("changing what happened", "UPDATE event SET kind = 'x'"),
    Attack(
        "an event of staff by hand",
        "INSERT INTO event (kind, actor_id, data) VALUES ('staff.added', app.me(), '{}')",
    ),
    Attack("a queue's rules by hand", "UPDATE queue SET push = true, overflow_queue_id = 1"),
    Attack("a queue's promise by hand", "UPDATE queue_target SET goal = 1"),
    Attack("the skills that a queue needs by hand", "DELETE FROM queue_skill"),
    Attack(
        "a change of a queue that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('queue.changed', app.me(), '{}')",
    ),
    Attack(
        "what is expected by hand",
        "INSERT INTO arrival_forecast (half_hour, queue_id, channel, planned, expected, made_at)"
        " VALUES (now(), %(general_queue)s, 'call', 1, 1, now())",
    ),
    Attack("the forecast's end", "DELETE FROM arrival_forecast"),
    Attack("a policy's end", "DROP POLICY own_queues ON contact"),
    Attack(
        "a function's words",
        "CREATE OR REPLACE FUNCTION app.me() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    ),
    Attack("the revision", "UPDATE alembic_version SET version_num = '9999'"),
    Attack("a channel's settings", "SELECT settings FROM channel_account"),
)


@pytest.fixture(scope="module")
def session(connected: Callable[[str], Connection]) -> Connection:
    """Their own connection."""
    return connected(ADMIN)


@pytest.mark.parametrize("attack", named(ATTACKS))
def test_the_database_refuses(
    attacked: tuple[Centre, Ids], session: Connection, attack: Attack
) -> None:
    refused(session, attacked[1], attack)
