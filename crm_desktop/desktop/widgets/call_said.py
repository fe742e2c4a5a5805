"""What a call bar says, as plain values: made without a widget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.desktop.core.theme import Tone


@dataclass(frozen=True, slots=True)
class Mark:
    """A pill in the bar."""

    words: str
    tone: Tone
    icon: str


@dataclass(frozen=True, slots=True)
class Said:
    """The bar's words: `since` is from when its clock counts, None for no clock; `verbs` are ids of
    the commands to offer, the one most wanted first: they stand in the bar's own order.
    """

    state: str
    tone: Tone
    icon: str
    who: str
    detail: str
    since: datetime | None
    marks: tuple[Mark, ...] = ()
    verbs: tuple[str, ...] = ()
