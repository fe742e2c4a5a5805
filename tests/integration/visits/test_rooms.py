"""Rooms kept free by desk staff and leaders, for a while and with words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm_desktop.domain.errors import Conflict, NotAllowed, NotFound
from crm_desktop.services import rooms, visits
from tests.centre import Centre
from tests.visits_centre import add_site, places


def test_a_room_is_held_and_let_go(centre: Centre) -> None:
    site = add_site(centre)
    room, rose = places(centre, site)[0], centre.as_person("rose")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)

    rooms.hold(rose, room, until, " police interview ")
    (held,) = (each for each in visits.line(rose, site).places if each.id == room)
    assert (held.held_until, held.held_for) == (until, "police interview")

    rooms.hold(rose, room, None)
    (free,) = (each for each in visits.line(rose, site).places if each.id == room)
    assert (free.held_until, free.held_for) == (None, "")


def test_what_cannot_be_held_is_refused(centre: Centre) -> None:
    site = add_site(centre)
    room, rose = places(centre, site)[0], centre.as_person("rose")
    soon = datetime.now(UTC) + timedelta(hours=1)

    with pytest.raises(NotAllowed):
        rooms.hold(centre.as_person("anna"), room, soon, "mine")
    with pytest.raises(NotFound):
        rooms.hold(rose, 99_999, soon, "a talk")
    for until, why in (
        (soon, ""),
        (soon + timedelta(days=2), "long"),
        (soon - timedelta(hours=2), "past"),
    ):
        with pytest.raises(Conflict):
            rooms.hold(rose, room, until, why)
