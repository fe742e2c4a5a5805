"""A text that somebody searches for, read every way in which it can be read."""

from __future__ import annotations

from crm_desktop.domain.identifiers import (
    normal_account,
    normal_email,
    normal_handle,
    normal_phone,
)
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.text import fold, indexed_words
from crm_desktop.store.guard import SearchHit, SearchTerms

#: Beyond this nothing is read: nobody types more into a search field on purpose.
LONGEST_TEXT = 200
_MOST_WORDS = 8
_FEWEST_DIGITS = 5
_KINDS = {
    "email": "Email address",
    "phone": "Telephone number",
    "handle": "Social media name",
    "account": "Account number",
}


def read_terms(text: str) -> SearchTerms:
    """What to search for; `words` and `norm` are empty when the text says nothing."""
    line = searchable(text)
    return SearchTerms(
        folded=fold(line),
        words=indexed_words(line)[:_MOST_WORDS],
        reference=parse_reference(line) or "",
        norm=_norm(line) or "",
    )


def searchable(text: str) -> str:
    """The beginning of a text on one line, without what no database stores or finds."""
    # A NUL, or half of a surrogate pair.
    sent = text[:LONGEST_TEXT].replace("\x00", " ").encode("utf-8", "ignore").decode()
    return " ".join(sent.split())


def detail(hit: SearchHit) -> str:
    """Why a record was found, or where it stands, in words."""
    return _KINDS.get(hit.detail, hit.detail.replace("_", " "))


def _norm(line: str) -> str | None:
    """The text as an address, number or name that a customer is found by."""
    if "@" in line:
        return normal_email(line) or normal_handle(line)
    digits = sum(each.isdigit() for each in line)
    phone = normal_phone(line) if digits >= _FEWEST_DIGITS else None
    return phone or (normal_account(line) if digits else None)
