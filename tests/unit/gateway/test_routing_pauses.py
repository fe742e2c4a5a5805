"""Between rounds of routing others get to write, however long a round takes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from crm_desktop.domain.changes import Changes
from crm_desktop.gateway import routing as rounds
from crm_desktop.gateway.routing import Router
from crm_desktop.services import routing
from crm_desktop.services.routing import Turn


@pytest.mark.parametrize("took", [0.004, 0.25])
def test_a_pause_is_as_long_as_the_round_before_it(
    monkeypatch: pytest.MonkeyPatch, took: float
) -> None:
    clock, paused = [100.0], list[float]()

    def turn() -> Turn:
        clock[0] += took
        router.wake()  # something changed meanwhile
        return Turn(Changes(), 1.0)

    monkeypatch.setattr(routing, "Rounds", lambda _db: SimpleNamespace(turn=turn))
    monkeypatch.setattr(rounds, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    router = Router(None)  # type: ignore[arg-type]  # its rounds are ours
    monkeypatch.setattr(router.stopping, "wait", paused.append)

    router.work()

    assert paused == [pytest.approx(took)]
