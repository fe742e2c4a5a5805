"""What is found beyond the screen: the palette's customers, cases, contacts and articles, and the
contact that a case belongs to."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from crm_desktop.desktop.core.palette import Findings, Found
from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.domain import dialling
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.views import Hit
from crm_desktop.services import Database, cases, search

_PARTIAL = "Newest matches only. Add a word to find older ones."
_ICONS = {"customer": "user", "case": "briefcase", "contact": "mail", "article": "book-open"}


class RecordFinder:
    """A palette provider over `services.search`; `open_hit` shows what was chosen."""

    def __init__(self, db: Database, open_hit: Callable[[Hit], None]) -> None:
        self._db = db
        self._open = open_hit

    @property
    def section(self) -> str:
        """What it finds."""
        return "Customers, cases, contacts and knowledge"

    def find(self, text: str, token: CancelToken) -> Findings:
        """The best few, exact references and numbers first."""
        if token.cancelled:
            return Findings()
        found = search.find(self._db, text)
        rows = [
            Found(
                hit.title,
                hit.detail,
                _ICONS.get(hit.kind, "search"),
                partial(self._open, hit),
            )
            for hit in found.hits
        ]
        return Findings(rows, _PARTIAL if found.partial else "")


class NumberFinder:
    """A palette provider: a number that is typed can be called; `call` is told it in E.164."""

    section = "Telephone"

    def __init__(self, call: Callable[[str], None]) -> None:
        self._call = call

    def find(self, text: str, token: CancelToken) -> Findings:
        """The number that the text is, if it is one."""
        number = dialling.dialable(text) if text[:1] in "+0(123456789" else ""
        if not number or token.cancelled:
            return Findings()
        shown = dialling.shown(number)
        return Findings(
            [Found(f"Call {shown}…", "", "phone-outgoing", partial(self._call, number))]
        )


def contact_of_case(db: Database, case_id: int) -> int:
    """The newest contact that a case concerns; for workers. Raises NotFound."""
    case = cases.get(db, case_id)
    for row in cases.list_cases(db, case.reference):
        if row.id == case_id and row.contact_id is not None:
            return row.contact_id
    raise NotFound("no contact of this case may be seen")
