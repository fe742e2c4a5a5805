"""A site as this computer knows it while the database is away: who came before, and who since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from crm_desktop.domain.away_visits import AT_DESK, GONE, AwayVisit
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.visits import (
    TARGET_SECONDS,
    Called,
    PlaceView,
    SiteDay,
    SiteLine,
    VisitRow,
)

_MOST_CALLED = 6


def row_of(visit: AwayVisit, row_id: int, *, me: str) -> VisitRow:
    """One who came since, under a number that no contact has; their name is for who heard it, and
    for all when there is no other way to call them.
    """
    known = visit.checked_in_by == me or visit.ticket is None
    return VisitRow(
        contact_id=row_id,
        site_id=visit.site_id,
        ticket=visit.ticket,
        who=visit.who if known else "",
        service_id=visit.service_id,
        service_name=visit.service_name,
        state=visit.state,
        needs=visit.needs,
        note=visit.note,
        arrived_at=visit.arrived_at,
        due_at=visit.arrived_at + timedelta(seconds=TARGET_SECONDS),
        called_at=visit.called_at,
        calls=visit.calls,
        place_id=visit.place_id,
        place_name=visit.place_name,
        staff_name="",
        booked_at=None,
        has_marker=False,
        language=visit.language,
    )


def called_of(visit: AwayVisit, row_id: int) -> Called | None:
    """Their call as the public screen shows it; None without one, or without a number."""
    if visit.ticket is None or visit.called_at is None or not visit.place_name:
        return None
    again = visit.calls > 1
    return Called(row_id, visit.ticket, visit.place_name, visit.called_at, again=again)


def merged(
    known: SiteLine, here: Sequence[AwayVisit], rows: Sequence[VisitRow], called: Sequence[Called]
) -> SiteLine:
    """What was known, and above it who came since."""
    calls = sorted([*called, *known.called], key=lambda each: each.at, reverse=True)
    return SiteLine(
        rows=(*(each for each in rows if each.state not in GONE), *known.rows),
        places=tuple(_place(each, rows) for each in known.places),
        called=tuple(calls[:_MOST_CALLED]),
        day=_day(known.day, here),
    )


def _place(place: PlaceView, rows: Sequence[VisitRow]) -> PlaceView:
    there = next((r for r in rows if r.place_id == place.id and r.state in AT_DESK), None)
    if there is None:
        return place
    return replace(place, visit_id=there.contact_id, ticket=there.ticket, since=there.called_at)


def _day(day: SiteDay, here: Sequence[AwayVisit]) -> SiteDay:
    """The figures with who came since; the averages wait for the database."""

    def count(*states: ContactState) -> int:
        return sum(1 for each in here if each.state in states and not each.quick)

    quick = sum(1 for each in here if each.quick)
    return replace(
        day,
        footfall=day.footfall + len(here),
        waiting=day.waiting + count(ContactState.QUEUED),
        served=day.served + count(ContactState.ACTIVE, ContactState.COMPLETED),
        answered_now=day.answered_now + quick,
        left_unseen=day.left_unseen + count(ContactState.LEFT),
        no_shows=day.no_shows + count(ContactState.NO_SHOW),
    )
