"""SLA clocks of cases: the domain's rules on the store's columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.sla import Clock
from crm_desktop.domain.states import CaseState
from crm_desktop.store.models.cases import Case


def due(hours: Mapping[str, Any], start: datetime, seconds: int | None) -> datetime | None:
    """When so much opening time has passed; None without a target."""
    if seconds is None:
        return None
    return Calendar.from_data(hours).add_working_time(start, timedelta(seconds=seconds))


def move(case: Case, state: CaseState, hours: Mapping[str, Any], now: datetime) -> None:
    """Set a case's state; its clock stands while it waits for the customer or has ended."""
    calendar = Calendar.from_data(hours)
    left = None
    if case.remaining_seconds is not None:
        left = timedelta(seconds=case.remaining_seconds)
    clock = Clock(case.due_at, case.paused_at, left)
    stands = state in (CaseState.WAITING_CUSTOMER, CaseState.RESOLVED, CaseState.CLOSED)
    clock = clock.pause(calendar, now) if stands else clock.resume(calendar, now)
    case.state, case.state_since = state, now
    case.due_at, case.paused_at = clock.due_at, clock.paused_at
    case.remaining_seconds = int(clock.left.total_seconds()) if clock.left is not None else None
