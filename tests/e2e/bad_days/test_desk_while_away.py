"""PostgreSQL stops with people at the counter: the desk goes on, and enters each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sqlalchemy import select

from crm_desktop.services import visits
from crm_desktop.store.models import Contact, Visit
from tests.centre import PASSWORD, Centre
from tests.e2e.bad_days.test_logged_while_away import Ordered, _desktop, _wait_kept
from tests.servers.keyring import secret_service
from tests.visits_centre import add_site, arriving, places, service_of

#: The numbers of the day, and the site as it was known.
_KEPT = 2
#: The desktop's idea of the database's clock is as old as the answer that told it.
_CLOCKS = timedelta(seconds=5)


def _at_work(desktop: Ordered) -> None:
    """Everything that a counter does, by keyboard."""
    for text, key, ctrl, then in (
        ("", "Return", False, "A900"),
        ("Doyle", "Return", False, "A901 For Doyle."),
        ("", "Return", True, "A quick question, answered"),
        ("", "F9", False, "Calling A900"),
        ("", "F10", False, "Serving A900"),
        ("", "F12", False, "This desk Desk 1 Free"),
        ("", "F9", False, "Calling A901"),
    ):
        desktop.do(do="key", text=text, key=key, ctrl=ctrl)
        desktop.wait_said(then)


def test_a_desk_goes_on_without_the_server_and_nobody_is_lost_or_entered_twice(
    own_centre: Centre, tmp_path: Path
) -> None:
    cluster = own_centre.cluster
    assert cluster is not None
    site = add_site(own_centre)
    anna, desk = own_centre.as_person("anna"), places(own_centre, site)[0]
    visits.check_in(anna, arriving(site, service_of(own_centre, site), "before"))
    folder = tmp_path / "desktop"
    kept = folder / "data" / "visitors"

    wait_kept = partial(_wait_kept, kept)

    with secret_service(tmp_path) as env:
        with _desktop(own_centre, folder, env) as desktop:
            desktop.do(do="sign_in", Name="rose", Password=PASSWORD)
            desktop.do(do="stand", place=desk)
            desktop.wait_said("Desk 1, Guildhall")
            wait_kept(_KEPT)
            _wait_kept(folder / "data" / "people", 1)
            own_centre.close()
            cluster.stop("immediate")
            desktop.wait_said("This desk goes on without the database.")
            began = datetime.now(UTC)
            _at_work(desktop)
            desktop.kill()
        wait_kept(_KEPT + 3)
        assert not any(b"Doyle" in each.read_bytes() for each in kept.iterdir())

        with _desktop(own_centre, folder, env) as desktop:
            desktop.do(do="try_in", Name="rose", Password=PASSWORD)
            desktop.wait_said("The database cannot be reached")
            desktop.do(do="press", words="Work without the database")
            desktop.wait_said("Calling A901")
            desktop.do(do="key", key="F10")
            desktop.wait_said("Serving A901")
            desktop.do(do="key", text="late", key="Return")
            desktop.wait_said("A902 For late.")
            ended = datetime.now(UTC)
            cluster.start()
            desktop.wait_said("Queue")
            # While it enters them, or before, or after: it is all the same.
            desktop.kill()
        with _desktop(own_centre, folder, env) as desktop:
            desktop.do(do="sign_in", Name="rose", Password=PASSWORD)
            wait_kept(_KEPT)
            desktop.wait_said("Queue")

    with own_centre.as_owner().read() as tx:
        rows = tx.session.execute(
            select(Visit, Contact)
            .join(Contact, Contact.id == Visit.contact_id)
            .order_by(Visit.letter, Visit.number)
        ).all()
        found = [(f"{v.letter}{v.number:03d}", c.who, c.state) for v, c in rows]
        came = [c.received_at for v, c in rows if v.number >= 900]
    assert found[:2] == [("A001", "before", "queued"), ("A002", "", "completed")]
    assert found[2] == ("A900", "", "completed")
    assert found[3] == ("A901", "Doyle", "active")
    assert found[4:] == [("A902", "late", "queued")]
    assert all(began - _CLOCKS <= each <= ended + _CLOCKS for each in came), (began, came, ended)
    assert came == sorted(came)
    day = visits.line(own_centre.as_person("anna"), site).day
    assert (day.footfall, day.waiting) == (5, 2)
    assert day.waiting + day.served + day.answered_now == day.footfall
    assert day.average_wait is not None
    assert day.average_wait < (ended - began).total_seconds()
