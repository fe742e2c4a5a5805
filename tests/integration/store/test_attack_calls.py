"""What nobody can do with psql about calls, and about what is asked of the PBX."""

from __future__ import annotations

from collections.abc import Callable
from typing import LiteralString

import pytest

from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import LEADER, Attack, Connection, Ids, named, refused

_HOLD: LiteralString = "SELECT app.call_ask('hold', %(own_call)s, '{}')"

ADVISOR_ATTACKS = (
    Attack("what is asked of the PBX", "SELECT 1 FROM call_command"),
    Attack("a colleague's call put down", "SELECT app.call_ask('hang_up', %(ben_call)s, '{}')"),
    Attack(
        "a colleague's call passed to oneself",
        "SELECT app.call_ask('transfer', %(ben_call)s, '{\"to\": {\"number\": \"201\"}}')",
    ),
    Attack("another queue's call put down", "SELECT app.call_ask('hang_up', %(care_call)s, '{}')"),
    Attack("listening to a colleague", "SELECT app.call_ask('listen', %(ben_call)s, '{}')"),
    Attack("a colleague's ear", "SELECT app.call_ask('whisper', %(ben_call)s, '{}')"),
    Attack("into a colleague's call", "SELECT app.call_ask('barge', %(ben_call)s, '{}')"),
    Attack(
        "the end of a leader's listening",
        "SELECT app.call_ask('stop_listening', %(ben_call)s, '{}')",
    ),
    Attack(
        "a number that names another endpoint",
        "SELECT app.call_ask('dial', NULL, '{\"number\": \"1&PJSIP/900\"}')",
    ),
    Attack(
        "a number that the dial plan would run",
        "SELECT app.call_ask('dial', NULL, '{\"number\": \"${SHELL(id)}\"}')",
    ),
    Attack(
        "a number on two lines",
        "SELECT app.call_ask('dial', NULL, '{\"number\": \"0163296\\nApplication: System\"}')",
    ),
    Attack(
        "a number of one's own trunk",
        "SELECT app.call_ask('consult', %(own_call)s, '{\"to\": {\"number\": \"1@evil\"}}')",
    ),
    Attack(
        "a queue of one's choosing for a call out",
        "SELECT app.call_ask('dial', NULL,"
        " ('{\"number\": \"01632960001\", \"queue\": ' || %(care_queue)s || '}')::jsonb)",
    ),
    Attack("a verb of one's own", "SELECT app.call_ask('originate', %(own_call)s, '{}')"),
    Attack("no verb", "SELECT app.call_ask(NULL, %(own_call)s, '{}')"),
    Attack("no words at all", "SELECT app.call_ask('hold', %(own_call)s, NULL)"),
    Attack(
        "words of a warning without end",
        "SELECT app.call_ask('hang_up', %(own_call)s,"
        " jsonb_build_object('reason', 'warned', 'words', repeat('x', 100000)))",
    ),
    Attack(
        "a flood of commands",
        _HOLD,
        before=(
            "SELECT app.call_ask('mute', %(own_call)s, '{}') FROM generate_series(1, 10)",
        ),
    ),
    Attack(
        "a command by hand",
        "INSERT INTO call_command (contact_id, staff_id, verb, args, expires_at)"
        " VALUES (%(ben_call)s, %(ben_id)s, 'hang_up', '{}', now() + interval '1 day')",
    ),
    Attack("a command that is done", "UPDATE call_command SET state = 'done'", before=(_HOLD,)),
    Attack(
        "more time for a command",
        "UPDATE call_command SET expires_at = now() + interval '1 day'",
        before=(_HOLD,),
    ),
    Attack("a command's end", "DELETE FROM call_command", before=(_HOLD,)),
    Attack("whether somebody is on the telephone", "SELECT app.call_busy(%(ben_id)s)"),
    Attack("a call's state by hand", "UPDATE call SET state = 'ended'"),
    Attack("a leg of one's own", "INSERT INTO call_leg (contact_id, channel, role, state)"
           " VALUES (%(ben_call)s, 'x', 'listener', 'up')"),
    Attack("a call's end that never was", "INSERT INTO event (kind, actor_id, contact_id, data)"
           " VALUES ('call.ended', app.me(), %(own_call)s, '{}')"),
    Attack("a recording's end that never was", "INSERT INTO event (kind, actor_id, contact_id,"
           " data) VALUES ('recording.destroyed', app.me(), %(own_call)s, '{}')"),
    Attack("another telephone", "UPDATE staff SET extension = '900' WHERE id = app.me()"),
)  # fmt: skip

LEADER_ATTACKS = (
    Attack("listening to another queue", "SELECT app.call_ask('listen', %(care_call)s, '{}')"),
    Attack("another queue's ear", "SELECT app.call_ask('whisper', %(care_call)s, '{}')"),
    Attack("a call put down for its holder", "SELECT app.call_ask('hang_up', %(ben_call)s, '{}')"),
    Attack("a call passed on by hand", "SELECT app.call_ask('transfer', %(ben_call)s,"
           " '{\"to\": {\"number\": \"201\"}}')"),
    Attack("listening that nobody knows of", "SELECT app.call_ear('listen', c, 'talking')"
           " FROM contact c WHERE id = %(ben_call)s"),
    Attack("the trace of listening", "DELETE FROM read_audit WHERE what = 'call'",
           before=("SELECT app.call_ask('listen', %(ben_call)s, '{}')",)),
)  # fmt: skip

GATEWAY_ATTACKS = (
    Attack("a command in somebody's name", "INSERT INTO call_command (contact_id, staff_id, verb,"
           " args, expires_at) VALUES (%(ben_call)s, %(ben_id)s, 'hang_up', '{}', now())"),
    Attack("a command by the function", "SELECT app.call_ask('hang_up', %(ben_call)s, '{}')"),
    Attack("more time for what is asked", "UPDATE call_command SET expires_at = now()"),
    Attack("another verb than was asked", "UPDATE call_command SET verb = 'hang_up'"),
    Attack("what was asked", "DELETE FROM call_command"),
)  # fmt: skip


@pytest.mark.parametrize("attack", named(ADVISOR_ATTACKS))
def test_an_advisor_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected("anna"), attacked[1], attack)


@pytest.mark.parametrize("attack", named(LEADER_ATTACKS))
def test_a_team_leader_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(LEADER), attacked[1], attack)


@pytest.mark.parametrize("attack", named(GATEWAY_ATTACKS))
def test_the_gateway_is_refused(
    attacked: tuple[Centre, Ids], connected: Callable[[str], Connection], attack: Attack
) -> None:
    refused(connected(GATEWAY_LOGIN), attacked[1], attack)
