"""Kiosks and public screens through a running gateway: calls arrive, and screens are let go."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator

import httpx
from sqlalchemy import select

from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import visits
from crm_desktop.store.models import Site
from tests.centre import Centre
from tests.servers.processes import PATIENCE
from tests.visits_centre import add_site, arriving, places, service_of


def _boards(lines: Iterator[str]) -> Iterator[list[str]]:
    """What a screen shows, board after board."""
    for line in lines:
        if line.startswith("data: {"):
            told = json.loads(line.removeprefix("data: "))
            yield [f"{each['ticket']} {each['place']}" for each in told["calls"]]


def test_a_call_reaches_open_screens_and_a_gateway_that_ends_lets_them_go(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    site = add_site(centre)
    anna, desk = centre.as_person("anna"), places(centre, site)[0]
    with centre.as_owner().read() as tx:
        key = tx.session.scalars(select(Site.kiosk_key)).one()
    visits.at(anna, desk)
    gateway = start_gateway()
    screen = f"http://127.0.0.1:{gateway.http_port}/kiosk/{key}/screen/events"

    with httpx.stream("GET", screen, timeout=PATIENCE) as told:
        boards = _boards(told.iter_lines())
        assert next(boards) == []
        visits.check_in(anna, arriving(site, service_of(centre, site), "R. Doyle"))
        visits.call_next(anna, desk)
        assert next(boards) == ["A001 Desk 1"]

        ending = threading.Thread(target=gateway.stop)
        ending.start()
        # The stream ends; one that the door had to cut would be an error here.
        assert list(boards) == []
        ending.join()
