"""What was asked while one had the call is not done to it once somebody else has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from crm_desktop.domain.calls import CallState, CommandState, LegRole, LegState, Verb
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.accounts import PbxSettings
from crm_desktop.gateway.calls.commands import CommandWorker
from crm_desktop.gateway.calls.moving import Moving
from crm_desktop.gateway.calls.pbx import Pbx
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing, StandingLeg
from crm_desktop.services.leases import Lease

_AT = datetime(2026, 11, 27, tzinfo=UTC)
_ANNA, _BEN = 1, 2


class _Ari:
    """A PBX that is told things."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: self.told.append(name)


def _call(owner: int | None) -> Standing:
    leg = StandingLeg(
        "crm-7-advisor-3", LegRole.ADVISOR, LegState.UP, owner, "102", "", _AT
    )  # fmt: skip
    return Standing(
        contact_id=7, account_id=1, contact_state=ContactState.ACTIVE, owner_id=owner, queue_id=1,
        customer_id=None, state=CallState.TALKING, channel="1764.1", linked="", number="",
        line_id=None, choice="", callback=False, after_id=None, recording="on", started_at=_AT,
        queued_at=_AT, answered_at=_AT, counted_at=_AT, talk_seconds=0, hold_seconds=0,
        lost_since=None, legs=(leg,),
    )  # fmt: skip


@pytest.mark.parametrize("owner", [_BEN, None])
@pytest.mark.parametrize("verb", [Verb.HANG_UP, Verb.HOLD, Verb.DTMF, Verb.END_CONSULT])
def test_who_has_passed_the_call_on_does_nothing_to_it_any_more(
    verb: Verb, owner: int | None
) -> None:
    ari = _Ari()
    settings = PbxSettings("http://127.0.0.1:8088", "crm", "secret")
    lease = Lease("pbx:1", 1)
    pbx = Pbx(None, ari, 1, lease, settings, Sight(), lambda _: None)  # type: ignore[arg-type]
    args = {"digits": "1"} if verb is Verb.DTMF else {}
    work = Work(5, 7, _ANNA, verb, args, _AT, _call(owner))

    state, words = CommandWorker(pbx, Moving())._done(work)

    assert (state, ari.told) == (CommandState.REFUSED, [])
    assert words == "The call is with somebody else by now."
