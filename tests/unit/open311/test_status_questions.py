"""How statuses are asked for, and what is believed of the answer."""

from __future__ import annotations

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from tests.unit.open311.raw_office import raw_office


def test_only_what_was_asked_for_is_believed() -> None:
    with raw_office() as office:
        office.answers(b'[{"service_request_id": 1}, {"service_request_id": 999}]')
        with Open311(Open311Settings(office.endpoint, format="json"), "k") as client:
            assert set(client.statuses(("1", "2"))) == {"1"}


def test_a_number_with_a_comma_is_asked_for_alone() -> None:
    with raw_office() as office:
        office.answers(b'[{"service_request_id": "a,b"}]')
        with Open311(Open311Settings(office.endpoint, format="json"), "k") as client:
            found = client.statuses(("a,b", "../c"))

    lines = [heard.split(b" ")[1] for heard in office.heard]
    assert set(found) == {"a,b"}
    assert lines == [b"/requests/..%2Fc.json", b"/requests/a%2Cb.json"]
