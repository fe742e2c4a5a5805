"""No room under the database: nothing is accepted that could not be kept, and nothing half kept."""

from __future__ import annotations

import httpx

from crm_desktop.store.models import Attachment, Case, Contact, Event, Message
from tests.centre import Centre
from tests.e2e.bad_days.program import StartGateway, deliver
from tests.e2e.bad_days.test_hostile_forms import FILLED
from tests.e2e.bad_days.troubles import full_for_gateway
from tests.integration.gateway.looking import citizens_mail, rows
from tests.integration.web_form.visitor import open_form, send


def test_mail_is_put_off_and_a_form_given_back_until_there_is_room(
    centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(centre).wait_ready()
    big = citizens_mail("With a file")
    big.add_attachment(b"x" * 300_000, maintype="image", subtype="jpeg", filename="bin.jpg")
    owner = centre.as_owner()
    with httpx.Client(base_url=gateway.web, timeout=60) as client:
        ticket = open_form(client, "missed_bin")
        with full_for_gateway(centre, gateway):
            assert deliver(gateway, big) == 452
            refused = send(client, ticket, FILLED, code="missed_bin")

            assert refused.status_code == 503
            assert "margaret@example.org" in refused.text
            assert [rows(owner, each) for each in (Contact, Message, Case, Attachment)] == [0] * 4
            assert rows(owner, Event) == 0

        assert deliver(gateway, big) == 250
        assert send(client, ticket, FILLED, code="missed_bin").status_code == 303
    assert [rows(owner, each) for each in (Contact, Message, Case, Attachment)] == [2, 2, 1, 1]
