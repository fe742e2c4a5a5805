"""Documents shaped like the standard's own examples, and the ways in which offices differ."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crm_desktop.backoffice.open311 import readings, wire
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.handoffs import HandoffReceipt

SETTINGS = Open311Settings("https://office.example/v2")

SERVICES = (
    b"""<?xml version="1.0" encoding="utf-8"?>
<services>
  <service>
    <service_code>001</service_code>
    <service_name>Abandoned bicycles</service_name>
    <description>Bicycles left on a stand for weeks</description>
    <metadata>true</metadata>
    <type>realtime</type>
    <keywords>bike, stand</keywords>
    <group>street</group>
  </service>
  <service>
    <service_code>002</service_code>
    <metadata>false</metadata>
    <type>batch</type>
  </service>
</services>""",
    b"""[
  {"service_code": "001", "service_name": "Abandoned bicycles", "metadata": true,
   "description": "Bicycles left on a stand for weeks", "type": "realtime",
   "keywords": "bike, stand", "group": "street"},
  {"service_code": 2, "metadata": "false", "type": "batch"}
]""",
)

DEFINITION = (
    b"""<?xml version="1.0" encoding="utf-8"?>
<service_definition>
  <service_code>LAMP</service_code>
  <attributes>
    <attribute>
      <variable>false</variable><code>INFO</code><datatype>string</datatype>
      <required>false</required><datatype_description/><order>2</order>
      <description>Look for the plate</description>
    </attribute>
    <attribute>
      <variable>true</variable><code>COLOUR</code><datatype>singlevaluelist</datatype>
      <required>true</required><datatype_description/><order>1</order>
      <description>What colour is it?</description>
      <values>
        <value><key>w</key><name>White</name></value>
        <value><key>o</key><name>Orange</name></value>
      </values>
    </attribute>
  </attributes>
</service_definition>""",
    b"""{"service_code": "LAMP", "attributes": [
  {"variable": false, "code": "INFO", "datatype": "string", "required": false,
   "datatype_description": null, "order": 2, "description": "Look for the plate"},
  {"variable": true, "code": "COLOUR", "datatype": "singlevaluelist", "required": true,
   "order": 1, "description": "What colour is it?",
   "values": [{"key": "w", "name": "White"}, {"key": "o", "name": "Orange"}]}
]}""",
)

REQUESTS = (
    b"""<service_requests>
  <request>
    <service_request_id>638344</service_request_id>
    <status>closed</status>
    <status_notes>Duplicate request.</status_notes>
    <agency_responsible>Highways</agency_responsible>
    <service_notice/>
    <updated_datetime>2026-04-14T06:37:38-08:00</updated_datetime>
    <expected_datetime>2026-04-15T06:37:38Z</expected_datetime>
    <lat>37.7</lat><long>-122.4</long>
  </request>
</service_requests>""",
    b"""[{"service_request_id": 638344, "status": "closed", "status_notes": "Duplicate request.",
  "agency_responsible": "Highways", "service_notice": null,
  "updated_datetime": "2026-04-14T06:37:38-08:00",
  "expected_datetime": "2026-04-15T06:37:38Z", "lat": 37.7, "long": -122.4}]""",
)


@pytest.mark.parametrize("body", SERVICES)
def test_a_services_list(body: bytes) -> None:
    first, second = (each.service for each in readings.service_kinds(wire.read(body)))

    assert (first.code, first.name, first.group) == ("001", "Abandoned bicycles", "street")
    assert (first.realtime, first.has_metadata) == (True, True)
    assert second.code == second.name
    assert (second.realtime, second.has_metadata) == (False, False)


@pytest.mark.parametrize("body", DEFINITION)
def test_a_service_definition_in_the_offices_order(body: bytes) -> None:
    colour, info = readings.attributes(wire.read(body))

    assert (colour.code, colour.datatype, colour.required) == ("COLOUR", "singlevaluelist", True)
    assert colour.values == (("w", "White"), ("o", "Orange"))
    assert (info.code, info.variable, info.required) == ("INFO", False, False)


@pytest.mark.parametrize("body", REQUESTS)
def test_a_request(body: bytes) -> None:
    (record,) = wire.records(wire.read(body))

    status = readings.status(record, SETTINGS)

    assert readings.external_id(record) == "638344"
    assert (status.state, status.words) == ("bounced", "Duplicate request.")
    assert status.agency == "Highways"
    assert status.updated_at == datetime(2026, 4, 14, 14, 37, 38, tzinfo=UTC)
    assert status.expected_at == datetime(2026, 4, 15, 6, 37, 38, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        b"<errors><error><code>403</code><description>No key.</description></error></errors>",
        b'[{"code": 403, "description": "No key."}]',
        b'{"errors": [{"code": "403", "description": "No key."}]}',
        b'{"errors": {"error": {"code": "403", "description": "No key."}}}',
        b'{"code": 403, "description": "No key."}',
        b'{"error": "No key."}',
    ],
)
def test_an_error_document(body: bytes) -> None:
    assert wire.errors(wire.read(body)) == ("No key.",)


@pytest.mark.parametrize("body", [*SERVICES, *DEFINITION, *REQUESTS, b"[]", b"<services/>"])
def test_what_is_no_error_document(body: bytes) -> None:
    assert wire.errors(wire.read(body)) == ()


@pytest.mark.parametrize(
    "body",
    [
        b'[{"service_request_id": 7}]',
        b'[{"service_request_id": "7"}]',
        b'[{"service_request_id": 7.0}]',
        b'{"service_request_id": " 7 "}',
        b'{"service_requests": [{"service_request_id": 7}]}',
        b'{"service_requests": {"request": {"service_request_id": 7}}}',
        b'[{"request": {"service_request_id": 7, "token": null}}]',
        b'[[{"service_request_id": 7}]]',
        b'\xef\xbb\xbf[{"service_request_id": 7}]',
        b"\xef\xbb\xbf <a><request><service_request_id>7</service_request_id></request></a>",
        b"<request><service_request_id>7</service_request_id></request>",
        b'<request xmlns="urn:x"><!-- one --><service_request_id>7</service_request_id></request>',
    ],
)
def test_a_receipt_however_it_is_wrapped(body: bytes) -> None:
    (record,) = wire.records(wire.read(body))

    assert readings.receipt(record) == HandoffReceipt(external_id="7")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"null,",
        b"<services>",
        b"<html><body>Down for maintenance</body></html>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="martian"?><services/>',
        b"[" * 200_000,
        b"<a>" * 200_000 + b"</a>" * 200_000,
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><services/>',
        b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><services>&b;</services>',
    ],
    ids=range(11),
)
def test_what_cannot_be_read(body: bytes) -> None:
    with pytest.raises(wire.Unreadable):
        wire.read(body)


def test_text_is_cleaned_and_bounded() -> None:
    record = {"a": "one\x00two\u202e\ud800 ", "b": "x" * 5000, "c": True, "d": ["no"]}

    assert wire.text(record, "a") == "one two"
    assert len(wire.text(record, "b")) == wire.MAX_WORDS
    assert (wire.text(record, "c"), wire.text(record, "d")) == ("", "")


def test_a_date_without_offset_is_utc_and_nonsense_is_none() -> None:
    record = {"a": "2026-01-02T03:04:05", "b": "soon", "c": "0001-01-01T00:00:00+14:00"}

    assert wire.moment(record, "a") == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert wire.moment(record, "b") is None
    assert wire.moment(record, "c") is None
