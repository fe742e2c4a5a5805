"""Settings are refused early, with what is wrong and where."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput


def test_stored_settings_come_back_as_they_were() -> None:
    settings = Open311Settings("https://office.example", "n", bounced_words=("no",), timeout=5)

    assert Open311Settings.read(json.loads(json.dumps(asdict(settings)))) == settings


@pytest.mark.parametrize(
    ("stored", "field"),
    [
        ({}, "endpoint"),
        ({"endpoint": "ftp://office.example"}, "endpoint"),
        ({"endpoint": "office.example"}, "endpoint"),
        ({"endpoint": "http://office.example"}, "endpoint"),
        ({"endpoint": "https://me:secret@office.example"}, "endpoint"),
        ({"endpoint": "https://office.example/?x=1"}, "endpoint"),
        ({"endpoint": "https://[::1"}, "endpoint"),
        ({"endpoint": 7}, "endpoint"),
        ({"endpoint": "https://o.example", "format": "yaml"}, "format"),
        ({"endpoint": "https://o.example", "timeout": 0}, "timeout"),
        ({"endpoint": "https://o.example", "timeout": True}, "timeout"),
        ({"endpoint": "https://o.example", "photo_upload": "yes"}, "photo_upload"),
        ({"endpoint": "https://o.example", "done_words": [1]}, "done_words"),
        ({"endpoint": "https://o.example", "api_key": "secret"}, "api_key"),
    ],
)
def test_settings_that_cannot_be_used_name_the_field(stored: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as trouble:
        Open311Settings.read(stored)

    fields = trouble.value.params["fields"]
    assert isinstance(fields, dict)
    assert list(fields) == [field]


def test_a_missing_certificate_file_is_an_expected_trouble() -> None:
    settings = Open311Settings("https://office.example", ca_file="/nowhere/ca.pem")

    with pytest.raises(ConnectorTrouble, match="trusted certificates") as trouble:
        Open311(settings, "k")

    assert not trouble.value.retry
