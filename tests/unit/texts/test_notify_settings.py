"""The key of Notify goes to Notify, and what is entered is read before anybody waits for a text."""

from __future__ import annotations

import pytest

from crm_desktop.channels.texts.settings import HOME, NotifySettings
from crm_desktop.domain.errors import InvalidInput

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
KEY = f"my-test-key-{SERVICE}-{SECRET}"


def test_the_key_is_read_from_its_end() -> None:
    read = NotifySettings.read({"template": TEMPLATE}, f" {KEY}\n")

    assert (read.service_id, read.secret, read.template) == (SERVICE, SECRET, TEMPLATE)
    assert read.url == f"https://{HOME}"
    assert SECRET not in repr(read)


@pytest.mark.parametrize(
    ("given", "key", "field"),
    [
        ({"template": TEMPLATE}, SECRET, "key"),
        ({"template": TEMPLATE}, "", "key"),
        ({}, KEY, "template"),
        ({"template": "welcome"}, KEY, "template"),
        ({"template": TEMPLATE, "sender": "COUNCIL"}, KEY, "sender"),
    ],
)
def test_what_cannot_be_right_is_named(given: dict[str, str], key: str, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        NotifySettings.read(given, key)
    fields = refused.value.params["fields"]
    assert isinstance(fields, dict)
    assert set(fields) == {field}


@pytest.mark.parametrize(
    "address",
    [
        f"http://{HOME}",
        "https://notify.example",
        f"https://{HOME}.example",
        f"https://{HOME}:8443",
        f"https://user@{HOME}",
        f"https://{HOME}/?to=elsewhere",
        "https://[",
        "file:///etc/passwd",
    ],
)
def test_the_key_goes_nowhere_else(address: str) -> None:
    with pytest.raises(InvalidInput):
        NotifySettings.read({"template": TEMPLATE, "url": address}, KEY)
