"""Contacts on their way to a person or a queue: what a drag carries."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QMimeData

#: Contact ids in decimal, between commas.
CONTACTS = "application/x-crm-contacts"


def mime_of(ids: Iterable[int]) -> QMimeData:
    """What a drag of these contacts carries."""
    carried = QMimeData()
    carried.setData(CONTACTS, ",".join(map(str, ids)).encode("ascii"))
    return carried


def ids_in(carried: QMimeData) -> tuple[int, ...]:
    """The contacts that are carried; none when it is something else."""
    if not carried.hasFormat(CONTACTS):
        return ()
    parts = bytes(carried.data(CONTACTS).data()).decode("ascii", "replace").split(",")
    return tuple(int(part) for part in parts if part.isdecimal() and part.isascii())
