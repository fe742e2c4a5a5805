"""Who may ask what of the PBX, and what becomes of it, alike on both dialects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from crm_desktop.domain import call_asking
from crm_desktop.domain.calls import Ask, CallState, CommandState, LegRole, LegState, Verb
from crm_desktop.domain.errors import (
    Conflict,
    CrmError,
    InvalidInput,
    LeaseLost,
    NotAllowed,
    NotFound,
    Taken,
)
from crm_desktop.domain.states import ContactState
from crm_desktop.services import call_commands, leases
from crm_desktop.services.leases import Lease
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, CallCommand, CallLeg, ReadAudit
from tests.call_rows import add_call, add_pbx, give_phones, past_its_time, staff_id
from tests.centre import Centre


def _ask(db: Database, verb: Verb, contact_id: int | None = None, **args: object) -> int:
    return call_commands.ask(db, Ask(verb, contact_id, args)).id


def _lease(db: Database, account_id: int) -> Lease:
    lease = leases.acquire(db, f"pbx:{account_id}", "here")
    assert lease is not None
    return lease


def _row(centre: Centre, command_id: int) -> CallCommand:
    with centre.as_owner().read() as tx:
        return tx.session.get_one(CallCommand, command_id)


def test_it_is_asked_claimed_once_and_settled(centre: Centre) -> None:
    pbx, anna, gateway = add_pbx(centre), centre.as_person("anna"), centre.as_gateway()
    contact = add_call(centre, pbx, owner="anna")

    command = call_commands.ask(anna, Ask(Verb.DTMF, contact, {"digits": "12#"}))

    row = _row(centre, command.id)
    assert (row.staff_id, row.verb, row.args) == (
        staff_id(centre, "anna"),
        "dtmf",
        {"digits": "12#"},
    )
    assert row.expires_at - row.asked_at == timedelta(seconds=2)
    assert command.asked_at == row.asked_at
    lease = _lease(gateway, pbx)
    work = call_commands.claim(gateway, lease, pbx)
    assert work is not None
    assert (work.id, work.contact_id, work.verb) == (command.id, contact, Verb.DTMF)
    assert work.args == {"digits": "12#"}
    assert call_commands.claim(gateway, lease, pbx) is None
    call_commands.settle(gateway, work, CommandState.REFUSED, "The PBX said no")
    call_commands.settle(gateway, work, CommandState.DONE)
    assert call_commands.what_became(anna, command.id) == type(command)(
        command.id, Verb.DTMF, CommandState.REFUSED, "The PBX said no", command.asked_at
    )
    assert call_commands.what_became(centre.as_person("ben"), command.id) is None


def test_what_is_past_its_time_is_never_begun(centre: Centre) -> None:
    pbx, anna, gateway = add_pbx(centre), centre.as_person("anna"), centre.as_gateway()
    contact = add_call(centre, pbx, owner="anna")
    command = _ask(anna, Verb.HOLD, contact)
    lease = _lease(gateway, pbx)

    past_its_time(centre, command)

    known = call_commands.what_became(anna, command)
    assert known is not None
    assert known.state is CommandState.LATE, "also while no gateway is there to say so"
    assert call_commands.claim(gateway, lease, pbx) is None
    call_commands.expire(gateway, lease, pbx)
    assert _row(centre, command).state == CommandState.LATE
    assert _row(centre, command).done_at is not None


def test_what_another_gateway_began_is_not_done_again(centre: Centre) -> None:
    pbx, anna, gateway = add_pbx(centre), centre.as_person("anna"), centre.as_gateway()
    contact = add_call(centre, pbx, owner="anna")
    command = _ask(anna, Verb.HOLD, contact)
    first = _lease(gateway, pbx)
    work = call_commands.claim(gateway, first, pbx)
    assert work is not None
    leases.release(gateway, [first])
    second = leases.acquire(gateway, f"pbx:{pbx}", "there")
    assert second is not None

    call_commands.abandon(gateway, second, pbx, "Nobody knows")

    assert (_row(centre, command).state, _row(centre, command).words) == ("refused", "Nobody knows")
    for late in (call_commands.expire, call_commands.claim):
        with pytest.raises(LeaseLost):
            late(gateway, first, pbx)


def test_each_pbx_has_its_own(centre: Centre) -> None:
    one, other = add_pbx(centre), add_pbx(centre, "Before", active=False)
    anna, gateway = centre.as_person("anna"), centre.as_gateway()
    give_phones(centre, anna="201")
    call = add_call(centre, other, owner="anna")
    held = _ask(anna, Verb.HOLD, call)
    _end(centre, call)
    dialled = _ask(anna, Verb.DIAL, number="+441632960001")

    found = {
        each: call_commands.claim(gateway, _lease(gateway, each), each) for each in (one, other)
    }

    assert {pbx: work and work.id for pbx, work in found.items()} == {one: dialled, other: held}


def test_the_holder_alone_asks(centre: Centre) -> None:
    pbx, ben, cora = add_pbx(centre), centre.as_person("ben"), centre.as_person("cora")
    rose, anna = centre.as_person("rose"), centre.as_person("anna")
    contact = add_call(centre, pbx, owner="anna")
    waiting = add_call(centre, pbx, state=CallState.WAITING, contact=ContactState.QUEUED)
    mail = centre.add_contact()

    for db in (ben, rose):
        with pytest.raises(Taken) as refused:
            _ask(db, Verb.HANG_UP, contact)
        assert refused.value.params["by"] == "Anna Whitlock"
    for of in (contact, 999_999):
        with pytest.raises(NotFound):
            _ask(cora, Verb.HOLD, of)
    with pytest.raises(NotFound):
        _ask(anna, Verb.HOLD, mail)
    with pytest.raises(NotAllowed):
        _ask(anna, Verb.HOLD, waiting)
    with pytest.raises(Conflict):
        _ask(anna, Verb.ANSWER, contact)
    _ask(anna, Verb.MUTE, contact)
    _end(centre, contact)
    with pytest.raises(Conflict):
        _ask(anna, Verb.MUTE, contact)


def test_to_whom_a_call_may_go(centre: Centre) -> None:
    pbx, anna, cora = add_pbx(centre), centre.as_person("anna"), centre.as_person("cora")
    give_phones(centre, anna="201", ben="202", cora="203", rose="204")
    contact = add_call(centre, pbx, owner="anna")
    hidden = add_call(centre, pbx, owner="cora", queue="care")

    _ask(anna, Verb.TRANSFER, contact, to={"staff": staff_id(centre, "ben")}, note="Knows bins")
    _ask(anna, Verb.TRANSFER, contact, to={"queue": centre.queue_id("waste")})
    _ask(anna, Verb.CONSULT, contact, to={"number": "+441632960001"})
    _ask(cora, Verb.CONSULT, hidden, to={"staff": staff_id(centre, "rose")})

    refusals: list[tuple[Database, int, Mapping[str, object], type[CrmError]]] = [
        (anna, contact, {"staff": staff_id(centre, "anna")}, NotFound),
        (anna, contact, {"staff": 999_999}, NotFound),
        (anna, contact, {"queue": 999_999}, NotFound),
        # On the telephone already.
        (anna, contact, {"staff": staff_id(centre, "cora")}, Conflict),
        # Not a member of the restricted queue.
        (cora, hidden, {"staff": staff_id(centre, "ben")}, NotAllowed),
    ]
    for db, of, to, error in refusals:
        with pytest.raises(error):
            _ask(db, Verb.TRANSFER, of, to=to)
    give_phones(centre, ben="")
    with pytest.raises(Conflict):
        _ask(anna, Verb.CONSULT, contact, to={"staff": staff_id(centre, "ben")})


def test_only_a_leader_of_the_queue_listens_and_leaves_a_trace(centre: Centre) -> None:
    pbx = add_pbx(centre)
    give_phones(centre, anna="201", ben="202", rose="204")
    contact = add_call(centre, pbx, owner="anna")
    waiting = add_call(centre, pbx, state=CallState.WAITING, contact=ContactState.QUEUED)
    rose = centre.as_person("rose")

    for verb in (Verb.LISTEN, Verb.WHISPER, Verb.BARGE):
        with pytest.raises(NotAllowed):
            _ask(centre.as_person("ben"), verb, contact)
    with pytest.raises(Conflict):
        _ask(rose, Verb.LISTEN, waiting)
    _ask(rose, Verb.LISTEN, contact)
    _listen(centre, contact, "rose")
    _ask(rose, Verb.BARGE, contact)
    other = add_call(centre, pbx, owner="ben")
    with pytest.raises(Conflict):
        _ask(rose, Verb.LISTEN, other)
    _ask(rose, Verb.STOP_LISTENING, contact)

    with centre.as_owner().read() as tx:
        traces = tx.session.execute(
            select(ReadAudit.staff_id, ReadAudit.ref_id).where(ReadAudit.what == "call")
        ).all()
    assert [tuple(each) for each in traces] == [(staff_id(centre, "rose"), contact)] * 2


def test_dialling(centre: Centre) -> None:
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    with pytest.raises(Conflict, match="no telephone system"):
        _ask(anna, Verb.DIAL, number="01632960001")
    pbx = add_pbx(centre)
    with pytest.raises(Conflict, match="no telephone of yours"):
        _ask(anna, Verb.DIAL, number="01632960001")
    give_phones(centre, anna="201", ben="202")

    command = _ask(anna, Verb.DIAL, number="01632960001", customer=None)

    assert _row(centre, command).args == {
        "number": "01632960001",
        "customer": None,
        "queue": centre.queue_id("general"),
        "account": pbx,
    }
    with pytest.raises(Conflict, match="on the telephone"):
        _ask(anna, Verb.DIAL, number="01632960001")
    add_call(centre, pbx, owner="ben", state=CallState.RINGING, contact=ContactState.OFFERED)
    with pytest.raises(Conflict, match="on the telephone"):
        _ask(ben, Verb.DIAL, number="01632960001")
    past_its_time(centre, command)
    for wrong in ({"customer": 999_999}, {"case": 999_999}):
        with pytest.raises(NotFound):
            _ask(anna, Verb.DIAL, number="01632960001", **wrong)


_WRONG: tuple[tuple[Verb, Mapping[str, object]], ...] = (
    (Verb.DIAL, {}),
    (Verb.DIAL, {"number": ""}),
    (Verb.DIAL, {"number": "+44 1632"}),
    (Verb.DIAL, {"number": "100@trunk"}),
    (Verb.DIAL, {"number": "100&PJSIP/900"}),
    (Verb.DIAL, {"number": "${SHELL(id)}"}),
    (Verb.DIAL, {"number": "0163296\n"}),
    (Verb.DIAL, {"number": "٠١٢٣٤٥"}),
    (Verb.DIAL, {"number": 1632960001}),
    (Verb.DIAL, {"number": "1" * 16}),
    (Verb.DIAL, {"number": "01632960001", "queue": 1}),
    (Verb.DIAL, {"number": "01632960001", "account": 1}),
    (Verb.DIAL, {"number": "01632960001", "customer": "1 OR 1=1"}),
    (Verb.DTMF, {"digits": "1w"}),
    (Verb.DTMF, {"digits": "1" * 33}),
    (Verb.HOLD, {"until": "doomsday"}),
    (Verb.CONSULT, {"to": {"queue": 1}}),
    (Verb.CONSULT, {"to": {"staff": 1, "number": "123"}}),
    (Verb.CONSULT, {"to": ["staff"]}),
    (Verb.CONSULT, {"to": {"staff": True}}),
    (Verb.TRANSFER, {"to": {"staff": -1}}),
    (Verb.TRANSFER, {"to": {"staff": 2**70}}),
    (Verb.TRANSFER, {"to": {"number": "123"}, "note": "x" * 201}),
    (Verb.HANG_UP, {"reason": "warned"}),
    (Verb.HANG_UP, {"reason": "warned", "words": "  "}),
    (Verb.HANG_UP, {"reason": "cut", "words": "Because"}),
)


def test_what_cannot_be_said(centre: Centre, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both by the program and, whatever the program says, by PostgreSQL."""
    pbx, anna = add_pbx(centre), centre.as_person("anna")
    give_phones(centre, anna="201")
    call = add_call(centre, pbx, owner="anna")
    asks = [Ask(verb, None if verb is Verb.DIAL else call, args) for verb, args in _WRONG]
    asks += [Ask(Verb.HOLD, None), Ask(Verb.DIAL, call, {"number": "01632960001"})]

    for each in asks:
        with pytest.raises(InvalidInput):
            call_commands.ask(anna, each)
    monkeypatch.setattr(call_asking, "check", lambda _ask: None)
    for each in asks if centre.dialect == "postgresql" else ():
        with pytest.raises(InvalidInput):
            call_commands.ask(anna, each)


def test_nobody_floods_the_pbx(centre: Centre) -> None:
    pbx, anna, gateway = add_pbx(centre), centre.as_person("anna"), centre.as_gateway()
    contact = add_call(centre, pbx, owner="anna")
    lease = _lease(gateway, pbx)

    for _ in range(10):
        _ask(anna, Verb.DTMF, contact, digits="1")
        # Whatever the machine does meanwhile: they are all still in time.
        _in_time(centre)
    with pytest.raises(Conflict, match="too much"):
        _ask(anna, Verb.DTMF, contact, digits="1")
    while work := call_commands.claim(gateway, lease, pbx):
        call_commands.settle(gateway, work, CommandState.DONE)
    _ask(anna, Verb.DTMF, contact, digits="1")


def _in_time(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(CallCommand).values(expires_at=tx.now + timedelta(minutes=1)))


def _end(centre: Centre, contact_id: int) -> None:
    with centre.as_owner().write() as tx:
        ended = {"ended_at": tx.now, "state": CallState.ENDED}
        tx.session.execute(update(Call).where(Call.contact_id == contact_id).values(**ended))
        tx.session.execute(
            update(CallLeg)
            .where(CallLeg.contact_id == contact_id)
            .values(ended_at=tx.now, state=LegState.ENDED)
        )


def _listen(centre: Centre, contact_id: int, login: str) -> None:
    with centre.as_owner().write() as tx:
        tx.session.add(
            CallLeg(
                contact_id=contact_id,
                channel=f"crm-{contact_id}-listener-1",
                role=LegRole.LISTENER,
                state=LegState.UP,
                staff_id=staff_id(centre, login),
                mode="listen",
            )
        )
