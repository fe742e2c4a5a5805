"""What nobody can do with psql to the centre's telephones, and what an administrator cannot say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import LiteralString

import pytest
from sqlalchemy import update

from crm_desktop.domain.telephones import Line, Pbx
from crm_desktop.services import telephones
from crm_desktop.store.models import Staff
from tests.centre import GATEWAY_LOGIN, Centre
from tests.integration.store.attacking import (
    ADMIN,
    DESK,
    LEADER,
    Attack,
    Connection,
    Ids,
    named_by_login,
    refused,
)

PBX = Pbx("http://127.0.0.1:8088", "crm")
_ELSEWHERE: LiteralString = (
    'SELECT app.pbx_put(%(pbx)s::jsonb, %(pbx)s::jsonb || \'{"url": "https://evil.example"}\')'
)
_OFF: LiteralString = (
    "SELECT app.line_put(%(line)s, %(line_seen)s::jsonb,"
    " %(line_seen)s::jsonb || '{\"active\": false}')"
)
_OWN_PHONE: LiteralString = "SELECT app.extension_put(%(ben_id)s, '191', NULL)"

ADVISOR_ATTACKS = (
    Attack("how the PBX is reached", "SELECT app.telephones()"),
    Attack("the PBX elsewhere", _ELSEWHERE),
    Attack("the PBX's end", "SELECT app.pbx_active(false)"),
    Attack("a line's end", _OFF),
    Attack("a line by hand", "UPDATE telephone_line SET queue_id = %(care_queue)s"),
    Attack(
        "a line of one's own",
        "INSERT INTO telephone_line (number, name, queue_id) VALUES ('999', 'x', 1)",
    ),
    Attack("the end of all lines by hand", "DELETE FROM telephone_line"),
    Attack(
        "a menu by hand",
        "INSERT INTO line_choice (line_id, digit, name, queue_id) VALUES (%(line)s, '1', 'x', 1)",
    ),
    Attack("a colleague's telephone", _OWN_PHONE),
    Attack("a telephone by hand", "UPDATE staff SET extension = '999' WHERE id = app.me()"),
    Attack("a line's inside", "SELECT app.line_data(%(line)s)"),
    Attack(
        "a change of telephones that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('telephones.pbx', app.me(), '{}')",
    ),
)
DESK_ATTACKS = (
    Attack("the PBX's end", "SELECT app.pbx_active(false)"),
    Attack("a colleague's telephone", _OWN_PHONE),
)
LEADER_ATTACKS = (
    Attack("how the PBX is reached", "SELECT app.telephones()"),
    Attack("the PBX elsewhere", _ELSEWHERE),
    Attack("a line's end", _OFF),
    Attack("a colleague's telephone", _OWN_PHONE),
)
ADMIN_ATTACKS = (
    Attack(
        "another secret for the PBX",
        "UPDATE channel_account SET secret_name = 'database:gateway' WHERE kind = 'asterisk'",
    ),
    Attack(
        "a secret among the PBX's settings",
        "SELECT app.pbx_put(%(pbx)s::jsonb,"
        ' %(pbx)s::jsonb || \'{"secret_name": "database:gateway"}\')',
    ),
    Attack(
        "the PBX's password in the clear",
        'SELECT app.pbx_put(%(pbx)s::jsonb, %(pbx)s::jsonb || \'{"url": "http://10.0.0.9:80"}\')',
    ),
    Attack(
        "an address that hides another",
        "SELECT app.pbx_put(%(pbx)s::jsonb,"
        ' %(pbx)s::jsonb || \'{"url": "http://127.0.0.1:80@evil.example"}\')',
    ),
    Attack(
        "an endpoint that rings elsewhere too",
        "SELECT app.pbx_put(%(pbx)s::jsonb,"
        ' %(pbx)s::jsonb || \'{"advisor": "PJSIP/{extension}&PJSIP/spy"}\')',
    ),
    Attack(
        "an extension that is an address",
        "SELECT app.extension_put(%(anna_id)s, NULL, 'spy@evil.example')",
    ),
    Attack("a colleague's extension", "SELECT app.extension_put(%(anna_id)s, NULL, '191')"),
    Attack(
        "a restricted service before everybody by telephone",
        "SELECT app.line_put(%(line)s, %(line_seen)s::jsonb, %(line_seen)s::jsonb"
        " || jsonb_build_object('service_id', %(concern)s::bigint))",
    ),
    Attack(
        "a line to nowhere",
        "SELECT app.line_put(%(line)s, %(line_seen)s::jsonb,"
        " %(line_seen)s::jsonb || '{\"queue_id\": 9999}')",
    ),
    Attack(
        "a change of a line that was not seen",
        "SELECT app.line_put(%(line)s, '{}', %(line_seen)s::jsonb)",
    ),
    Attack(
        "a change of telephones that never was",
        "INSERT INTO event (kind, actor_id, data) VALUES ('telephones.line', app.me(), '{}')",
    ),
    Attack("the end of all lines by hand", "DELETE FROM telephone_line"),
)
GATEWAY_ATTACKS = (
    Attack("the PBX elsewhere", _ELSEWHERE),
    Attack("a line's end", _OFF),
    Attack("a line by hand", "UPDATE telephone_line SET record = false"),
    Attack("a colleague's telephone", _OWN_PHONE),
)


@pytest.fixture(scope="module")
def telephoned(attacked: tuple[Centre, Ids]) -> Ids:
    """The ids of what is attacked, with a PBX, a line, and a telephone of Ben's."""
    centre, ids = attacked
    owner = centre.as_owner()
    # Other attacks on the same centre may need a PBX too.
    there = telephones.read(owner).pbx
    telephones.put_pbx(owner, there.seen if there else None, PBX)
    telephones.add_line(owner, Line("01632 960 177", "Main line", centre.queue_id("general")))
    found = telephones.read(owner)
    (ben,) = [each for each in found.phones if each.staff_id == ids["ben_id"]]
    telephones.set_extension(owner, ben.staff_id, ben.extension, "191")
    (known,) = [each for each in found.lines if each.line.number == "+441632960177"]
    with owner.read() as tx:
        seen = tx.core.exec_driver_sql(f"SELECT app.line_data({known.id})::text").scalar()
        pbx = tx.core.exec_driver_sql("SELECT settings::text FROM channel_account"
                                      " WHERE kind = 'asterisk'").scalar()  # fmt: skip
    return {**ids, "pbx": pbx, "line": known.id, "line_seen": seen}


@pytest.mark.parametrize(
    ("login", "attack"),
    named_by_login(
        {
            "anna": ADVISOR_ATTACKS,
            DESK: DESK_ATTACKS,
            LEADER: LEADER_ATTACKS,
            ADMIN: ADMIN_ATTACKS,
            GATEWAY_LOGIN: GATEWAY_ATTACKS,
        }
    ),
)
def test_they_are_refused(
    telephoned: Ids, connected: Callable[[str], Connection], login: str, attack: Attack
) -> None:
    refused(connected(login), telephoned, attack)


def test_an_administrator_who_was_switched_off_by_hand_is_refused(
    attacked: tuple[Centre, Ids], telephoned: Ids, connected: Callable[[str], Connection]
) -> None:
    centre, _ = attacked
    connection = connected(ADMIN)
    for active in (False, True):
        with centre.as_owner().write() as tx:
            tx.session.execute(update(Staff).where(Staff.login == ADMIN).values(active=active))
        if not active:
            refused(connection, telephoned, Attack("telephones", "SELECT app.telephones()"))
            refused(connection, telephoned, Attack("the PBX elsewhere", _ELSEWHERE))


def test_an_administrator_may_what_is_theirs(
    attacked: tuple[Centre, Ids], telephoned: Ids, connected: Callable[[str], Connection]
) -> None:
    """The attacks fail for lack of rights, not for lack of what they are after."""
    ada = connected(ADMIN)
    for statement in (_ELSEWHERE, _OFF, _OWN_PHONE, "SELECT app.pbx_active(false)"):
        with ada.transaction(force_rollback=True):
            ada.execute(statement, telephoned)
    with ada.transaction(force_rollback=True):
        ada.execute(_ELSEWHERE, telephoned)
        (found,) = ada.execute("SELECT app.telephones() -> 'pbx' ->> 'secret_name'").fetchall()
    # The password stays at home: the new address has a secret of its own.
    assert found == ("ari:crm@https://evil.example",)
    assert replace(PBX, url="https://evil.example").secret_name == found[0]
    gateway = connected(GATEWAY_LOGIN)
    with gateway.transaction(force_rollback=True):
        assert gateway.execute("SELECT app.telephones()").fetchone() is not None
