"""Another program holds the database locked: mail is put off, and all goes on when it lets go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx

from crm_desktop.store.models import Contact
from tests.centre import Centre
from tests.e2e.bad_days.program import StartGateway, deliver
from tests.e2e.bad_days.test_hostile_forms import FILLED
from tests.e2e.bad_days.troubles import locked
from tests.integration.gateway.looking import citizens_mail, rows
from tests.integration.web_form.visitor import open_form, send


def test_mail_and_forms_are_put_off_while_it_lasts_and_taken_afterwards(
    centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(centre).wait_ready()
    mail = citizens_mail()
    with (
        httpx.Client(base_url=gateway.web, timeout=60) as client,
        ThreadPoolExecutor(1) as beside,
    ):
        ticket = open_form(client, "missed_bin")
        with locked(centre):
            form = beside.submit(send, client, ticket, FILLED, code="missed_bin")

            assert deliver(gateway, mail) == 451
            assert form.result().status_code == 503
            assert "margaret@example.org" in form.result().text
        assert rows(centre.as_owner(), Contact) == 0

        assert deliver(gateway, mail) == 250
        assert send(client, ticket, FILLED, code="missed_bin").status_code == 303
    assert rows(centre.as_owner(), Contact) == 2
