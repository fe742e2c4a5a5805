"""Refusals, bad days and repeats: nothing lost, nothing doubled, in the office's words."""

from __future__ import annotations

import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from crm_desktop.backoffice.open311.settings import Format
from crm_desktop.demo.open311 import Fault, Office
from crm_desktop.demo.open311.catalogue import SandboxService
from crm_desktop.demo.open311.running import HOST
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.handoffs import HandoffRequest, Location
from tests.integration.open311.handoffs import missed_bin, noise


def refused(client: Open311, handoff: HandoffRequest, **how: datetime) -> ConnectorTrouble:
    """The trouble that a hand-off ends in."""
    with pytest.raises(ConnectorTrouble) as caught:
        client.request(handoff, **how)
    return caught.value


@pytest.fixture
def impatient(settings: Open311Settings) -> Open311Settings:
    return replace(settings, timeout=0.3, format="json")


@pytest.mark.parametrize(
    ("handoff", "answer"),
    [
        (missed_bin(service_code="TREES"), (404, "service_code provided was not found.")),
        (missed_bin(service_code=""), (400, "service_code was not provided.")),
        (missed_bin(attributes={}), (400, "bin_type is required.")),
        (missed_bin(attributes={"bin_type": ["skip"]}), (400, "bin_type has no value skip.")),
        (
            missed_bin(attributes={"bin_type": ["food"], "missed_on": "Tuesday"}),
            (400, "missed_on must be a date and time."),
        ),
        (
            missed_bin(service_code="POTHOLE", attributes={"where": "road", "depth_cm": "deep"}),
            (400, "depth_cm must be a number."),
        ),
        (
            missed_bin(location=Location()),
            (400, "A location is required: lat and long, or address_string."),
        ),
        (missed_bin(location=Location(91, 0)), (400, "lat and long are outside the world.")),
    ],
    ids=lambda value: value[1].replace(" ", "-") if isinstance(value, tuple) else "",
)
@pytest.mark.parametrize("kind", ["json", "xml"])
def test_a_refused_request_is_not_tried_again(
    settings: Open311Settings,
    office: Office,
    kind: Format,
    handoff: HandoffRequest,
    answer: tuple[int, str],
) -> None:
    with Open311(replace(settings, format=kind), office.api_key) as client:
        trouble = refused(client, handoff)

    assert not trouble.retry
    assert (trouble.params["status"], trouble.params["words"]) == answer
    assert trouble.params["fate"] == "refused"
    assert office.held == {}


@pytest.mark.parametrize(("key", "words"), [("", "Missing"), ("guess", "Invalid")])
def test_a_wrong_key_is_refused_and_never_repeated_in_the_words(
    settings: Open311Settings, office: Office, key: str, words: str
) -> None:
    with Open311(settings, key) as client:
        trouble = refused(client, missed_bin())

    assert (trouble.retry, trouble.params["status"]) == (False, 403)
    assert str(trouble) == f"The office refused it: {words} api_key."


@pytest.mark.parametrize(("jurisdiction", "status"), [("", 400), ("elsewhere.example", 404)])
@pytest.mark.parametrize("kind", ["json", "xml", "auto"])
def test_a_wrong_jurisdiction_is_refused(
    settings: Open311Settings, office: Office, kind: Format, jurisdiction: str, status: int
) -> None:
    wrong = replace(settings, jurisdiction_id=jurisdiction, format=kind)
    with Open311(wrong, office.api_key) as client:
        posting = refused(client, missed_bin())
        with pytest.raises(ConnectorTrouble, match="jurisdiction_id") as reading:
            client.services()

    assert (posting.retry, posting.params["status"]) == (False, status)
    assert (reading.value.retry, reading.value.params["status"]) == (False, status)


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_repeat_after_a_server_error_makes_one_request(
    client: Open311, office: Office, status: int, processed: bool
) -> None:
    handoff, began = missed_bin(), datetime.now(UTC)
    office.fail_next(Fault(status=status, processed=processed))

    first = refused(client, handoff)
    receipt = client.request(handoff, tried_at=began)

    assert (first.retry, first.params["fate"]) == (True, "unknown")
    assert list(office.held) == [receipt.external_id]
    assert not receipt.doubtful
    assert len(office.posts()) == (1 if processed else 2)
    assert {post.idempotency_key for post in office.posts()} == {handoff.idempotency_key}


@pytest.mark.parametrize("kind", ["drop", "hang"])
@pytest.mark.parametrize("processed", [False, True])
def test_a_repeat_after_a_lost_answer_makes_one_request(
    impatient: Open311Settings, office: Office, kind: str, processed: bool
) -> None:
    handoff, began = missed_bin(), datetime.now(UTC)
    with Open311(impatient, office.api_key) as client:
        office.fail_next(Fault(kind, processed=processed))  # type: ignore[arg-type]  # a parameter

        first = refused(client, handoff)
    office.wait_for(lambda access: access.method == "POST")

    with Open311(replace(impatient, timeout=60), office.api_key) as client:
        receipt = client.request(handoff, tried_at=began)

    assert (first.retry, first.params["fate"]) == (True, "unknown")
    assert list(office.held) == [receipt.external_id]


def test_the_same_case_handed_over_anew_is_a_new_request(client: Open311, office: Office) -> None:
    began = datetime.now(UTC)
    first = client.request(missed_bin())

    second = client.request(missed_bin(), tried_at=began)

    assert first.external_id != second.external_id
    assert not second.doubtful


def test_the_earlier_try_is_found_among_hundreds(client: Open311, office: Office) -> None:
    handoff, began = missed_bin(), datetime.now(UTC)
    service = office.service("MISSED_BIN")
    assert service is not None
    number = client.request(handoff).external_id
    for each in range(250):
        office.accept(service, {"description": [f"another {each}"]}, str(each))

    again = client.request(handoff, tried_at=began)

    assert again.external_id == number
    assert len(office.posts()) == 1


def test_a_repeat_waits_while_nobody_can_be_asked(client: Open311, office: Office) -> None:
    handoff, began = missed_bin(), datetime.now(UTC)
    office.fail_next(Fault("drop", processed=True))
    refused(client, handoff)
    office.fail_next(Fault(status=503, method="GET"))

    second = refused(client, handoff, tried_at=began)

    assert (second.retry, second.params["fate"]) == (True, "unknown")
    assert len(office.posts()) == 1


def test_an_office_that_does_not_list_requests_gets_one_doubtful_repeat(
    client: Open311, office: Office
) -> None:
    handoff, began = missed_bin(), datetime.now(UTC)
    office.fail_next(Fault("drop"))
    refused(client, handoff)
    office.fail_next(Fault(status=404, method="GET"))

    receipt = client.request(handoff, tried_at=began)

    assert receipt.doubtful
    assert list(office.held) == [receipt.external_id]


def test_an_office_that_hides_descriptions_leaves_us_unsure(
    client: Open311, office: Office
) -> None:
    office.shows_descriptions = False
    handoff, began = missed_bin(), datetime.now(UTC)
    office.fail_next(Fault("drop", processed=True))
    refused(client, handoff)

    receipt = client.request(handoff, tried_at=began)

    assert receipt.doubtful
    assert len(office.held) == 2


def test_a_doubtful_repeat_of_unknown_fate_is_the_last(client: Open311, office: Office) -> None:
    handoff, began = noise(), datetime.now(UTC)
    office.fail_next(Fault("drop"), times=2)

    first = refused(client, handoff)
    second = refused(client, handoff, tried_at=began)

    assert (first.retry, second.retry) == (True, False)
    assert second.params["fate"] == "unknown"


def test_a_lost_token_comes_back_where_the_office_honours_keys(
    client: Open311, office: Office
) -> None:
    office.honours_keys = True
    handoff, began = noise(), datetime.now(UTC)
    office.fail_next(Fault("drop", processed=True))
    refused(client, handoff)

    receipt = client.request(handoff, tried_at=began)

    assert receipt.token
    assert len(office.held) == 1


def test_an_office_that_asks_to_wait_says_how_long(client: Open311, office: Office) -> None:
    office.fail_next(Fault(status=429, retry_after="120"))

    trouble = refused(client, missed_bin())

    assert trouble.retry
    assert trouble.params["retry_after"] == 120.0
    assert trouble.params["fate"] == "refused"


def test_a_black_box_gives_no_number_and_that_is_right(client: Open311, office: Office) -> None:
    box = SandboxService("VIEWS", "Your views", "Read, not answered", "", "", "", "blackbox")
    office.services = (*office.services, box)

    receipt = client.request(missed_bin(service_code="VIEWS", attributes={}))

    assert (receipt.external_id, receipt.token) == ("", "")
    assert receipt.notice
    assert len(office.held) == 1


def test_nobody_listening_is_worth_another_try(settings: Open311Settings) -> None:
    with socket.create_server((HOST, 0)) as closed:
        port = closed.getsockname()[1]
    away = replace(settings, endpoint=f"http://{HOST}:{port}")
    with Open311(away, "key") as client:
        posting = refused(client, missed_bin())
        repeat = refused(client, missed_bin(), tried_at=datetime.now(UTC))
        with pytest.raises(ConnectorTrouble) as reading:
            client.statuses(("1",))

    assert (posting.retry, posting.params["fate"]) == (True, "not_sent")
    assert (repeat.retry, repeat.params["fate"]) == (True, "unknown")
    assert reading.value.retry


def test_a_status_question_survives_an_office_that_refuses_lists(
    client: Open311, office: Office
) -> None:
    numbers = tuple(client.request(missed_bin()).external_id for _ in range(3))
    office.fail_next(Fault(status=400, method="GET", path="/requests."))

    assert set(client.statuses(numbers)) == set(numbers)
