"""Whatever an office, or somebody who took its place, sends: a trouble in words, never a crash."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.backoffice.open311 import Open311, Open311Settings, readings, wire
from crm_desktop.backoffice.open311.line import LONGEST_WAIT, MAX_ANSWER, retry_after
from crm_desktop.backoffice.open311.settings import Format
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.handoffs import HandoffRequest, Location
from tests.unit.open311.raw_office import RawOffice, raw_office

HANDOFF = HandoffRequest("key-1", "C-8F3-T9K-4", "LAMP", "Out", {}, Location(52.0, 1.0))
KEY = "very-secret-key"

CALLS: tuple[Callable[[Open311], object], ...] = (
    lambda client: client.services(),
    lambda client: client.request(HANDOFF),
    lambda client: client.request(HANDOFF, tried_at=datetime.now(UTC)),
    lambda client: client.find_id("t/../1"),
    lambda client: client.statuses(("1", "2", "a,b", "../x")),
)

NAMES = st.sampled_from(
    (
        *("service_request_id", "status", "services", "request", "attributes", "code", "values"),
        *("service_code", "description", "errors", "error", "updated_datetime", "order", "token"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=6),
)
MARKUP = st.lists(
    NAMES.flatmap(lambda name: st.sampled_from([f"<{name}>", f"</{name}>", f"<{name}/>"]))
    | st.sampled_from(["7", "open", "&lt;", "<?x?>", "<!---->", "<![CDATA[ ]]>", "&a;"])
).map(lambda parts: "".join(["<a>", *parts, "</a>"]).encode())


@pytest.fixture(scope="module")
def office() -> Iterator[RawOffice]:
    with raw_office() as office:
        yield office


@pytest.fixture(scope="module", params=["json", "auto"])
def client(request: pytest.FixtureRequest, office: RawOffice) -> Iterator[Open311]:
    kind: Format = request.param
    with Open311(Open311Settings(office.endpoint, "n", kind, timeout=3), KEY) as client:
        yield client


def attempted(call: Callable[[Open311], object], client: Open311) -> ConnectorTrouble | None:
    """The trouble that a call ends in; anything else that is raised fails the test."""
    try:
        call(client)
    except ConnectorTrouble as caught:
        trouble = caught
    else:
        return None
    assert KEY not in f"{trouble} {trouble.params}"
    return trouble


def everything_read_from(body: bytes) -> None:
    """All readings of a document."""
    try:
        tree = wire.read(body)
    except wire.Unreadable:
        return
    wire.errors(tree)
    readings.service_kinds(tree)
    readings.attributes(tree)
    for record in wire.records(tree):
        readings.receipt(record)
        readings.status(record, Open311Settings("https://office.example"))


@given(st.binary(max_size=400) | JSON.map(lambda tree: json.dumps(tree).encode()) | MARKUP)
@settings(max_examples=400)
def test_any_document_is_read_or_unreadable(body: bytes) -> None:
    everything_read_from(body)


@given(body=st.binary(max_size=100) | JSON.map(lambda tree: json.dumps(tree).encode()) | MARKUP)
@settings(max_examples=40)
def test_any_body_is_an_answer_or_a_trouble(
    office: RawOffice, client: Open311, body: bytes
) -> None:
    office.answers(body)
    for call in CALLS:
        attempted(call, client)


@given(reply=st.binary(max_size=200), proper=st.booleans())
@settings(max_examples=40)
def test_any_bytes_on_the_line_are_a_trouble(
    office: RawOffice, client: Open311, reply: bytes, proper: bool
) -> None:
    office.reply = b"HTTP/1.1 200 OK\r\n" + reply if proper else reply
    for call in CALLS:
        attempted(call, client)


BOMB = b"".join(
    [
        b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a0 "lol">',
        *(b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)),
        b"]><services>&a9;</services>",
    ]
)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (BOMB, "Content-Type: text/xml\r\n"),
        (b"[" + b" " * (10 * 1024 * 1024) + b"]", ""),
        (gzip.compress(bytes(50 * MAX_ANSWER)), "Content-Encoding: gzip\r\n"),
        (b"not packed", "Content-Encoding: gzip\r\n"),
        (b"<!doctype html><html><p>Sign in to the wireless network</html>", ""),
    ],
    ids=["entities", "ten megabytes", "unfolding", "lying encoding", "web page"],
)
def test_a_hostile_body_is_a_trouble_for_every_call(
    office: RawOffice, client: Open311, body: bytes, headers: str
) -> None:
    office.answers(body, headers=headers)

    assert all(attempted(call, client) for call in CALLS)


def test_an_answer_that_trickles_for_ever_is_given_up() -> None:
    with raw_office() as office:
        office.answers(b"[" + b" " * 1000)
        office.pause = 0.02
        with Open311(Open311Settings(office.endpoint, timeout=0.1), KEY) as client:
            trouble = attempted(CALLS[0], client)

    assert trouble is not None
    assert (trouble.retry, str(trouble)) == (True, "The office did not answer in time")


def test_a_packed_answer_is_unpacked(office: RawOffice, client: Open311) -> None:
    office.answers(gzip.compress(b'[{"service_code": 1}]'), headers="Content-Encoding: gzip\r\n")

    assert [service.code for service in client.services()] == ["1"]


def test_the_wrong_content_type_does_not_matter(office: RawOffice, client: Open311) -> None:
    office.answers(b"<services><service><service_code>1</service_code></service></services>")

    assert [service.code for service in client.services()] == ["1"]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Again", "308 Moved"])
def test_the_key_does_not_follow_a_redirect(
    client: Open311, office: RawOffice, status: str
) -> None:
    with raw_office() as elsewhere:
        office.answers(b"", status=status, headers=f"Location: {elsewhere.endpoint}/x\r\n")

        troubles = [attempted(call, client) for call in CALLS]

        assert elsewhere.heard == []
    assert all(trouble and not trouble.retry for trouble in troubles)
    assert "has moved" in str(troubles[1])


def test_an_office_that_repeats_the_key_is_not_quoted_with_it(office: RawOffice) -> None:
    office.answers(
        f'[{{"code": 403, "description": "{KEY} is unknown"}}]'.encode(), status="403 Forbidden"
    )
    with Open311(Open311Settings(office.endpoint, format="json"), KEY) as client:
        trouble = attempted(CALLS[1], client)

    assert str(trouble) == "The office refused it: [key] is unknown"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("401 No", "The office does not accept our key"),
        ("404 No", "The office does not know what was asked for"),
        ("418 No", "The office refused it (it answered 418)"),
        ("429 No", "The office asks us to wait"),
        ("502 No", "The office's system is in trouble (it answered 502)"),
    ],
)
def test_a_refusal_without_words_gets_ours(office: RawOffice, status: str, words: str) -> None:
    office.answers(b"<html>no</html>", status=status)
    with Open311(Open311Settings(office.endpoint, format="json"), KEY) as client:
        assert str(attempted(CALLS[1], client)) == words


def test_a_short_plain_refusal_is_quoted(office: RawOffice) -> None:
    headers = "Content-Type: text/plain\r\n"
    office.answers(b"You need an account\n", status="400 No", headers=headers)
    with Open311(Open311Settings(office.endpoint, format="json"), KEY) as client:
        assert str(attempted(CALLS[1], client)) == "The office refused it: You need an account"


def test_an_accepted_request_without_a_number_is_for_a_person(office: RawOffice) -> None:
    office.answers(b"[]")
    with Open311(Open311Settings(office.endpoint, format="json"), KEY) as client:
        trouble = attempted(CALLS[1], client)

    assert trouble is not None
    assert (trouble.retry, trouble.params["fate"]) == (False, "unknown")


def test_how_long_to_wait() -> None:
    later = datetime.now(UTC) + timedelta(seconds=90)

    assert retry_after("30") == 30.0
    assert retry_after("999999") == LONGEST_WAIT
    assert 80 < (retry_after(format_datetime(later, usegmt=True)) or 0) <= 90
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0.0
    assert [retry_after(each) for each in ("", "soon", "-1", "1e3", "٣")] == [None] * 5
