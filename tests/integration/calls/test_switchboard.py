"""A caller, a gateway, an advisor's telephone and a real PBX in between: from the call to its end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from crm_desktop.domain.calls import CallState
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.store.models import Call, Contact
from tests.calls_centre import call_row
from tests.centre import Centre
from tests.integration.calls.conftest import connect
from tests.integration.gateway.looking import Watch
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phone

StartGateway = Callable[[Centre], Gateway]


@pytest.fixture
def running(centre: Centre, pbx: Asterisk, start_gateway: StartGateway) -> Gateway:
    """A gateway that has the PBX; Anna is at work."""
    connect(centre, pbx)
    return start_gateway(centre)


def _in_state(watch: Watch, state: ContactState, **wanted: object) -> Contact:
    return watch.contact(channel="call", state=state.value, **wanted)


def _does(watch: Watch, contact_id: int, state: CallState) -> Call:
    found = watch.row(Call, contact_id=contact_id, state=state.value)
    assert isinstance(found, Call)
    return found


@pytest.mark.usefixtures("running")
def test_a_call_is_offered_answered_and_ended_by_the_caller(
    centre: Centre, pbx: Asterisk, phone: Phone, watch: Watch
) -> None:
    with Caller(pbx, LINE) as caller:
        offered = _in_state(watch, ContactState.OFFERED)
        caller.wait_answered()
        phone.wait("rings")
        _does(watch, offered.id, CallState.RINGING)

        phone.answer()

        _in_state(watch, ContactState.ACTIVE)
        assert _does(watch, offered.id, CallState.TALKING).answered_at is not None
        watch.until(lambda _: len(_talking(pbx, offered.id)) == 2)
        caller.hang_up()

        _in_state(watch, ContactState.WRAP_UP)
        phone.wait("ended")
    row = call_row(centre, offered.id)
    assert (row.state, row.ended_by, row.cause, row.cut_off) == ("ended", "caller", 16, False)
    assert offered.who == "01632 960123"
    watch.until(lambda _: not _ours(pbx, offered.id))


def _talking(pbx: Asterisk, contact_id: int) -> tuple[str, ...]:
    with pbx.ari() as ari:
        bridges = [each for each in ari.bridges() if each.id == f"crm-talk-{contact_id}"]
        return bridges[0].channels if bridges else ()


def _ours(pbx: Asterisk, contact_id: int) -> list[str]:
    """What is left at the PBX of a call."""
    with pbx.ari() as ari:
        found = [each.id for each in (*ari.channels(), *ari.bridges())]
    return [each for each in found if f"-{contact_id}" in each]
