"""What a customer can be found by, each in one normal form; and masks for what is logged."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from crm_desktop.domain.states import IdentifierKind

_EMAIL_LIMIT = 254
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\]+")
_HANDLE = re.compile(r"[\w.-]{1,64}(@[\w.-]{1,190})?")
_ACCOUNT = re.compile(r"[0-9A-Z]{3,32}")
_PUNCTUATION = re.compile(r"[\s/.–—-]+")
_POSTCODE = re.compile(r"(GIR0AA|[A-Z]{1,2}[0-9][0-9A-Z]?)([0-9][ABD-HJLNP-UW-Z]{2})")


@dataclass(frozen=True, slots=True)
class Identifier:
    """One address, number or name; `value` as given, `norm` what equal ones share."""

    kind: IdentifierKind
    value: str
    norm: str


def identify(kind: IdentifierKind, value: str) -> Identifier | None:
    """The identifier in normal form, or None when it is none of its kind."""
    norm = _NORMALISERS[kind](value)
    return None if norm is None else Identifier(kind, value.strip(), norm)


def normal_email(text: str) -> str | None:
    """`Mailto:<A.Name@Example.ORG>` → `a.name@example.org`."""
    address = unicodedata.normalize("NFKC", text).strip().lower()
    address = address.removeprefix("mailto:").strip("<> ").rstrip(".")
    if len(address) > _EMAIL_LIMIT or not _EMAIL.fullmatch(address):
        return None
    return address


def normal_phone(text: str, region: str = "GB") -> str | None:
    """`01632 960 123`, `+44 (0)1632 960123` → `+441632960123` (E.164)."""
    import phonenumbers  # its tables are slow to load, and many processes never ask

    try:
        number = phonenumbers.parse(text[:64], region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normal_handle(text: str) -> str | None:
    """A social media name without its @: `@Name.BSky.social`, `@name@server.example`."""
    handle = unicodedata.normalize("NFKC", text).strip().lower().removeprefix("@")
    return handle if _HANDLE.fullmatch(handle) else None


def normal_account(text: str) -> str | None:
    """An account number (council tax, rent, parking) without spaces and dashes, upper case."""
    account = _PUNCTUATION.sub("", text).upper()
    return account if _ACCOUNT.fullmatch(account) else None


def normal_postcode(text: str) -> str | None:
    """`nr13 6ab`, `NR136AB` → `NR13 6AB`; None when its form is no United Kingdom postcode."""
    match = _POSTCODE.fullmatch(_PUNCTUATION.sub("", text[:16]).upper())
    return f"{match[1]} {match[2]}" if match else None


def masked(text: str) -> str:
    """Enough of an identifier to tell two apart in a log, not enough to know whose it is."""
    local, at, domain = text.strip().partition("@")
    if at and local and domain:
        return f"{local[0]}…@{domain[0]}…"
    return f"…{text.strip()[-2:]}" if len(text.strip()) > 4 else "…"


_NORMALISERS = {
    IdentifierKind.EMAIL: normal_email,
    IdentifierKind.PHONE: normal_phone,
    IdentifierKind.HANDLE: normal_handle,
    IdentifierKind.ACCOUNT: normal_account,
}
