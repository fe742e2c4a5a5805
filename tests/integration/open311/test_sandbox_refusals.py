"""What the sandbox refuses or filters that our own client never asks for."""

from __future__ import annotations

import httpx
import pytest

from crm_desktop.demo.open311 import Office, RunningOffice

OURS = {"jurisdiction_id": "northmere.example"}


def asked(running: RunningOffice, path: str, **query: str) -> httpx.Response:
    """A plain GET in our jurisdiction."""
    return httpx.get(f"{running.endpoint}/{path}", params=OURS | query, trust_env=False)


def hold(office: Office, code: str) -> str:
    """Put a request into the books; its number."""
    service = office.service(code)
    assert service is not None
    return office.accept(service, {"lat": ["52.6"], "long": ["1.3"]}, "").id


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("services.yaml", {}, 404),
        ("services/NOPE.json", {}, 404),
        ("requests/1.json", {}, 404),
        ("requests.json", {"start_date": "yesterday"}, 400),
        ("requests.json", {"end_date": "2026-01-01T00:00:00"}, 400),
        ("requests.json", {"page": "first"}, 400),
        ("requests.json", {"service_request_id": ",".join(map(str, range(51)))}, 400),
    ],
)
def test_refusals(running: RunningOffice, path: str, query: dict[str, str], status: int) -> None:
    answer = asked(running, path, **query)

    assert answer.status_code == status
    assert answer.json()[0]["code"] == str(status)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"description": "x" * 4001}, "description is longer than 4,000 characters."),
        ({"lat": "52.6"}, "lat and long must both be decimal degrees."),
        ({"lat": "nan", "long": "1"}, "lat and long are outside the world."),
    ],
)
def test_refused_fields(running: RunningOffice, fields: dict[str, str], words: str) -> None:
    form = OURS | {"api_key": "sandbox-key", "service_code": "GRAFFITI"} | fields
    answer = httpx.post(f"{running.endpoint}/requests.json", data=form, trust_env=False)

    assert (answer.status_code, answer.json()[0]["description"]) == (400, words)


def test_requests_are_filtered_and_newest_first(running: RunningOffice, office: Office) -> None:
    graffiti, pothole, newest = (hold(office, each) for each in ("GRAFFITI", "POTHOLE", "GRAFFITI"))
    office.set_status(graffiti, "closed", "Cleaned")

    def found(**query: str) -> list[str]:
        answer = asked(running, "requests.json", **query).json()
        return [str(each["service_request_id"]) for each in answer]

    assert found() == [newest, pothole, graffiti]
    assert found(service_code="GRAFFITI") == [newest, graffiti]
    assert found(status="closed") == [graffiti]
    assert found(end_date="2001-01-01T00:00:00Z") == []
    assert found(page_size="2", page="2") == [graffiti]
