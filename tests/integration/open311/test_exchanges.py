"""The ordinary exchanges with an office, in both formats, over real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import httpx
import pytest

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from crm_desktop.demo.open311 import Office, RunningOffice, run_in_thread
from crm_desktop.demo.open311.office import Pace
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.states import HandoffState
from tests.integration.open311.handoffs import PHOTO, missed_bin, noise


@pytest.fixture(params=["json", "xml"])
def client(
    request: pytest.FixtureRequest, settings: Open311Settings, office: Office
) -> Iterator[Open311]:
    kind: Literal["json", "xml"] = request.param
    with Open311(replace(settings, format=kind), office.api_key) as client:
        yield client


def test_the_services_come_with_their_questions(client: Open311) -> None:
    offered = {service.code: service for service in client.services()}

    assert set(offered) == {
        "MISSED_BIN",
        "FLY_TIPPING",
        "POTHOLE",
        "STREET_LIGHT",
        "GRAFFITI",
        "NOISE",
    }
    bins = offered["MISSED_BIN"]
    assert (bins.name, bins.group, bins.realtime) == ("Missed bin collection", "Waste", True)
    assert [each.code for each in bins.attributes] == ["bin_type", "missed_on", "assisted"]
    which = bins.attributes[0]
    assert (which.datatype, which.required) == ("multivaluelist", True)
    assert which.values[3] == ("food", "Food caddy")
    assert not offered["NOISE"].realtime
    assert offered["GRAFFITI"].attributes == ()


def test_a_request_arrives_whole_and_gets_its_number(client: Open311, office: Office) -> None:
    handoff = missed_bin()

    receipt = client.request(handoff)

    (post,) = office.posts()
    assert receipt.external_id in office.held
    assert receipt.notice == "Waste and Recycling will look at it"
    assert not receipt.doubtful
    assert post.key == "right"
    assert post.idempotency_key == handoff.idempotency_key
    assert post.fields["attribute[bin_type][]"] == ["refuse", "food"]
    assert post.fields["attribute[assisted]"] == ["yes"]
    assert post.fields["lat"] == ["52.6309000"]
    assert post.fields["long"] == ["1.2974000"]
    assert post.fields["address_string"] == ["12 Kerb Lane, Northmere"]
    assert post.fields["address_id"] == ["100090000001"]
    assert post.fields["last_name"] == ["Ngũgĩ"]
    assert post.fields["description"][0].startswith("Both bins were out at 6 am – nobody came")
    assert "Our reference C-8F3-T9K-4, hand-off " in post.fields["description"][0]


def test_a_photo_travels_where_the_office_takes_pictures(
    settings: Open311Settings, office: Office
) -> None:
    with Open311(replace(settings, photo_upload=True), office.api_key) as client:
        receipt = client.request(missed_bin(photo=PHOTO))

    (post,) = office.posts()
    assert receipt.external_id
    assert post.photo == ("kerb.jpg", "image/jpeg", len(PHOTO[2]))
    assert post.fields["attribute[bin_type][]"] == ["refuse", "food"]
    assert post.fields["last_name"] == ["Ngũgĩ"]


def test_a_photo_is_mentioned_where_the_office_takes_none(client: Open311, office: Office) -> None:
    client.request(missed_bin(photo=PHOTO))

    (post,) = office.posts()
    assert post.photo is None
    assert "There is a photograph with our case." in post.fields["description"][0]


def test_a_token_becomes_a_number_later(client: Open311, office: Office) -> None:
    receipt = client.request(noise())
    early = client.find_id(receipt.token)
    number = office.resolve(receipt.token)

    assert (receipt.external_id, early) == ("", "")
    assert client.find_id(receipt.token) == number


def test_an_unknown_token_is_refused_in_the_offices_words(client: Open311) -> None:
    with pytest.raises(ConnectorTrouble, match="token provided was not found") as trouble:
        client.find_id("tok-1")

    assert not trouble.value.retry


def test_statuses_come_in_batches_and_leave_out_strangers(client: Open311, office: Office) -> None:
    numbers = [client.request(missed_bin()).external_id for _ in range(53)]
    expected = datetime(2026, 12, 1, 9, tzinfo=UTC)
    office.set_status(
        numbers[0], "open", "In progress: crew out", agency="Serco", expected=expected
    )
    office.set_status(numbers[51], "closed", "Emptied")
    office.set_status(numbers[52], "closed", "Rejected: the bin was contaminated")

    found = client.statuses((*numbers, "999", numbers[0]))

    assert set(found) == set(numbers)
    first = found[numbers[0]]
    assert first.state is HandoffState.IN_PROGRESS
    assert (first.words, first.agency) == ("In progress: crew out", "Serco")
    assert first.expected_at == expected
    assert first.updated_at is not None
    assert found[numbers[1]].state is HandoffState.ACKNOWLEDGED
    assert found[numbers[51]].state is HandoffState.DONE
    assert found[numbers[52]].state is HandoffState.BOUNCED
    lists = [access for access in office.log if "service_request_id" in access.query]
    assert [len(access.query["service_request_id"].split(",")) for access in lists] == [50, 4]


def test_one_unknown_number_is_just_missing(client: Open311) -> None:
    assert client.statuses(("4711",)) == {}
    assert client.statuses(()) == {}


def test_an_office_without_json_is_spoken_to_in_xml(office: Office) -> None:
    office.formats = ("xml",)
    with run_in_thread(office) as running:
        settings = Open311Settings(running.endpoint, office.jurisdiction_id, timeout=60)
        with Open311(settings, office.api_key) as client:
            receipt = client.request(missed_bin())

    assert receipt.external_id in office.held
    assert office.posts()[0].path == "/requests.xml"


def test_the_office_moves_by_itself_in_the_demonstration(office: Office) -> None:
    now = [0.0]
    office.clock = lambda: now[0]
    office.pace = Pace(token=5, progress=10, close=60)
    with run_in_thread(office) as running:
        settings = Open311Settings(running.endpoint, office.jurisdiction_id, timeout=60)
        with Open311(settings, office.api_key) as client:
            token = client.request(noise()).token
            seen = []
            now[0] = 6
            number = client.find_id(token)
            for moment in (6, 11, 61):
                now[0] = moment
                seen.append(client.statuses((number,))[number].state)

    assert seen == [HandoffState.ACKNOWLEDGED, HandoffState.IN_PROGRESS, HandoffState.DONE]


def test_the_log_file_holds_what_came_and_no_key(office: Office, tmp_path: Path) -> None:
    office.log_file = tmp_path / "office.jsonl"
    with run_in_thread(office) as running:
        settings = Open311Settings(running.endpoint, office.jurisdiction_id, format="json")
        with Open311(settings, office.api_key) as client:
            client.request(missed_bin())

    text = office.log_file.read_text("utf-8")
    (line,) = map(json.loads, text.splitlines())
    assert (line["method"], line["path"], line["status"]) == ("POST", "/requests.json", 200)
    assert office.api_key not in text


def test_discovery_names_the_endpoint_and_formats(running: RunningOffice) -> None:
    found = httpx.get(f"{running.endpoint}/discovery.json", trust_env=False).json()

    assert found["endpoints"][0]["url"] == running.endpoint
    assert found["endpoints"][0]["formats"] == ["application/json", "text/xml"]
