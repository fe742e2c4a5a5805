"""However a customer writes an address or a number, it is found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.identifiers import (
    Identifier,
    identify,
    masked,
    normal_account,
    normal_email,
    normal_handle,
    normal_phone,
    normal_postcode,
)
from crm_desktop.domain.states import IdentifierKind


@pytest.mark.parametrize(
    "written",
    [
        "a.name@example.org",
        " A.Name@Example.ORG ",
        "mailto:a.name@example.org",
        "<a.name@example.org>",
    ],
)
def test_mail_addresses_differ_in_case_and_wrapping_only(written: str) -> None:
    assert normal_email(written) == "a.name@example.org"


@pytest.mark.parametrize(
    "written", ["", "nobody", "a@", "@b", "a b@c.org", "a@b@c", "x" * 250 + "@b.org"]
)
def test_what_is_no_mail_address_is_none(written: str) -> None:
    assert normal_email(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "01632 960123",
        "(01632) 960 123",
        "+44 1632 960123",
        "+44 (0)1632-960123",
        "0044 1632 960123",
    ],
)
def test_telephone_numbers_are_e164(written: str) -> None:
    assert normal_phone(written) == "+441632960123"


def test_a_number_from_abroad_keeps_its_country() -> None:
    assert normal_phone("+48 22 123 45 67") == "+48221234567"


@pytest.mark.parametrize("written", ["", "withheld", "12", "0" * 200])
def test_what_is_no_telephone_number_is_none(written: str) -> None:
    assert normal_phone(written) is None


def test_handles_lose_their_at_sign() -> None:
    assert normal_handle("@Someone.BSky.social") == "someone.bsky.social"
    assert normal_handle("@name@server.example") == "name@server.example"
    assert normal_handle("two words") is None


def test_account_numbers_lose_their_punctuation() -> None:
    assert normal_account(" 30-1234 567/x ") == "301234567X"
    assert normal_account("?!") is None


@pytest.mark.parametrize(
    ("written", "norm"),
    [
        ("nr136ab", "NR13 6AB"),
        ("W1A 0AX", "W1A 0AX"),
        ("m1-1ae", "M1 1AE"),
        (" ec1a 1bb", "EC1A 1BB"),
        ("NR13 6A", None),
        ("NR13 6CI", None),
        ("hello", None),
    ],
)
def test_postcodes_have_one_form(written: str, norm: str | None) -> None:
    assert normal_postcode(written) == norm


def test_an_identifier_keeps_what_was_given() -> None:
    assert identify(IdentifierKind.PHONE, " 07700 900123 ") == Identifier(
        IdentifierKind.PHONE, "07700 900123", "+447700900123"
    )
    assert identify(IdentifierKind.EMAIL, "none") is None


@given(st.sampled_from(IdentifierKind), st.text())
def test_no_text_makes_identifying_fail_and_norms_are_stable(
    kind: IdentifierKind, text: str
) -> None:
    found = identify(kind, text)

    if found is not None:
        again = identify(kind, found.norm)
        assert again is not None
        assert again.norm == found.norm


@pytest.mark.parametrize(
    ("value", "mask"),
    [("a.name@example.org", "a…@e…"), ("01632 960123", "…23"), ("abc", "…"), ("", "…")],
)
def test_a_mask_does_not_say_whose_it_is(value: str, mask: str) -> None:
    assert masked(value) == mask
