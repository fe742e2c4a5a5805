"""The audit reports as CSV files, for whoever must show them to somebody."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.services import audit
from crm_desktop.store.database import Database

_MOST = 50_000
_PORTION = 500
#: What a spreadsheet would take for a formula.
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def who_saw(db: Database, customer_id: int, file: Path) -> int:
    """Write all who have seen a customer; the number of lines. Raises InvalidInput, NotAllowed."""
    found = audit.who_saw(db, customer_id, limit=_PORTION)
    lines: list[Sequence[object]] = []
    while found and len(lines) < _MOST:
        lines += ((_time(s.at), s.name, s.what, s.contact_id or "", s.title) for s in found)
        found = audit.who_saw(db, customer_id, before=found[-1].id, limit=_PORTION)
    return _write(file, ("When", "Who", "What", "Contact", "About"), lines)


def who_did(db: Database, staff_id: int, day: date, file: Path) -> int:
    """Write all that a person did on a day; as `who_saw`."""
    found = audit.who_did(db, staff_id, day, limit=_PORTION)
    lines: list[Sequence[object]] = []
    while found and len(lines) < _MOST:
        lines += ((_time(d.at), d.words, d.about, d.contact_id or "", d.changes) for d in found)
        found = audit.who_did(db, staff_id, day, before=found[-1].cursor, limit=_PORTION)
    return _write(file, ("When", "What", "About", "Contact", "Rows changed"), lines)


def _write(file: Path, head: Sequence[str], lines: Iterable[Sequence[object]]) -> int:
    written = 0
    try:
        # With a mark at the beginning, by which spreadsheets know the letters.
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(head)
            for line in lines:
                writer.writerow([_cell(each) for each in line])
                written += 1
    except OSError as error:
        words = f"{file.name} could not be written: {error.strerror}."
        raise InvalidInput(words, fields={"file": words}) from error
    return written


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_FORMULAS):
        return f"'{value}"
    return value


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(audit.LONDON):%Y-%m-%d %H:%M:%S}"
