"""Visitors who came while the database was away survive a crash, and no number comes twice."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from crm_desktop.domain.away_visits import AwayNumbers, AwayVisit, KnownSite
from crm_desktop.domain.errors import Conflict, InvalidInput
from crm_desktop.domain.states import ContactState, Resolution
from crm_desktop.domain.visits import (
    Called,
    Need,
    PlaceKind,
    PlaceView,
    SiteDay,
    SiteInfo,
    SiteLine,
    SiteService,
    Ticket,
    TicketNumbers,
)
from crm_desktop.this_computer import plain
from crm_desktop.this_computer.visitors import KeptVisitors
from crm_desktop.workstation.sealed import SealedStore

_DAY = date(2026, 11, 27)
_NOW = datetime(2026, 11, 27, 10, 41, tzinfo=UTC)


def _visit(key: str, minutes: int = 0, who: str = "Margaret Okafor") -> AwayVisit:
    came = _NOW + timedelta(minutes=minutes)
    return AwayVisit(key, 1, 2, "Housing", came, "rose", who=who, needs=(Need.SITTING,))


def _known() -> KnownSite:
    place = PlaceView(
        7, 1, PlaceKind.DESK, "Desk 1", "", ("Rose",), None, None, None, None, ""
    )  # fmt: skip
    day = SiteDay(1, _DAY, 9, 1, 5, 2, 1, 0, 411.5, 0.8)
    called = Called(3, Ticket("H", 4), "Desk 1", _NOW, again=True)
    service = SiteService(2, "Housing", "Tai", "H", 1, 3, None)
    line = SiteLine((), (place,), (called,), day)
    return KnownSite(SiteInfo(1, "gh", "Guildhall", "", 2), (service,), line, _NOW)


def test_everything_is_there_again_after_a_crash_and_nothing_can_be_read_in_the_files(
    tmp_path: Path,
) -> None:
    key = Fernet.generate_key()
    kept = KeptVisitors(SealedStore(tmp_path, key), "db/", "rose")
    kept.reserved(1, TicketNumbers(_DAY, 900, 901))
    second = kept.arrive(_visit("b", 5), "H", _DAY)
    first = kept.arrive(_visit("a"), "H", _DAY)
    seen = kept.keep(first.called("rose", 7, "Desk 1", _NOW).seen(_NOW))
    kept.know(_known())

    again = KeptVisitors(SealedStore(tmp_path, key), "db/", "rose")

    assert again.visits() == (seen, second)
    assert again.site == _known()
    assert again.numbers(1) == AwayNumbers(1, _DAY, ((900, 901),), {"H": 2})
    assert again.damaged == 0
    assert KeptVisitors(SealedStore(tmp_path, key), "db/", "anna").site is None
    assert KeptVisitors(SealedStore(tmp_path, key), "other/", "rose").visits() == ()
    assert not any(b"Okafor" in each.read_bytes() for each in tmp_path.iterdir())


def test_numbers_are_given_once_and_then_there_are_none(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    kept = KeptVisitors(SealedStore(tmp_path, key), "db/", "rose")
    kept.reserved(1, TicketNumbers(_DAY, 900, 901))
    kept.reserved(1, TicketNumbers(_DAY, 900, 901))
    tickets = [kept.arrive(_visit(each), "H", _DAY).ticket for each in "abbc"]
    kept.forget("a")
    kept = KeptVisitors(SealedStore(tmp_path, key), "db/", "rose")
    tickets.append(kept.arrive(_visit("d"), "H", _DAY).ticket)
    kept.reserved(1, TicketNumbers(_DAY, 930, 939))
    tickets.append(kept.arrive(_visit("e"), "H", _DAY).ticket)
    tickets.append(kept.arrive(_visit("f"), "B", _DAY).ticket)
    tickets.append(kept.arrive(_visit("g"), "H", _DAY + timedelta(days=1)).ticket)

    assert [str(each) for each in tickets] == [
        "H900", "H901", "H901", "None", "None", "H930", "B900", "None",
    ]  # fmt: skip
    assert kept.reserved(1, TicketNumbers(_DAY + timedelta(days=1), 910, 919)).left("H") == 10


def test_who_was_entered_is_not_brought_back_by_a_late_change(tmp_path: Path) -> None:
    kept = KeptVisitors(SealedStore(tmp_path, Fernet.generate_key()), "db/", "rose")
    visit = kept.arrive(_visit("a"), "H", _DAY)
    kept.forget("a")
    kept.keep(visit.seen(_NOW))

    assert kept.visits() == ()


def test_a_no_show_was_called_as_often_as_the_site_wants() -> None:
    visit = _visit("a").called("rose", 7, "Desk 1", _NOW)
    with pytest.raises(Conflict, match="call them again"):
        visit.gone(ContactState.NO_SHOW, _NOW, after_calls=2)
    again = visit.called("rose", 7, "Desk 1", _NOW)
    assert again.gone(ContactState.NO_SHOW, _NOW, after_calls=2).state is ContactState.NO_SHOW
    assert again.back().place_id is None
    assert again.seen(_NOW).done(Resolution.RESOLVED, _NOW).resolution is Resolution.RESOLVED


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b'{"key": 1}', b'{"ticket": 4}', b"null"])
def test_what_is_no_visitor_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        plain.read(AwayVisit, data)
