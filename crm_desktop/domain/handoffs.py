"""What a back office is asked and what it answers, whatever its protocol."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from crm_desktop.domain.states import HandoffState


@dataclass(frozen=True, slots=True)
class Location:
    """Where: WGS 84 degrees when known, and words."""

    latitude: float | None = None
    longitude: float | None = None
    address: str = ""
    uprn: str = ""


@dataclass(frozen=True, slots=True)
class HandoffRequest:
    """One case, as a back office needs it.

    `attributes` answer the target's own questions (code → value or values); `photo` is a picture's
    bytes with its type. `idempotency_key` is the same at every try.
    """

    idempotency_key: str
    reference: str
    service_code: str
    description: str
    attributes: dict[str, str | list[str]]
    location: Location
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    phone: str = ""
    photo: tuple[str, str, bytes] | None = None  # name, content type, content


@dataclass(frozen=True, slots=True)
class HandoffReceipt:
    """What came back at once: the target's id, or a token to ask for it later.

    Neither means a target that never gives a number. `doubtful`: it was handed over a second time
    because nobody could tell whether the first try had arrived, so the target may hold two.
    """

    external_id: str = ""
    token: str = ""
    notice: str = ""
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class HandoffStatus:
    """Where the target says that it stands; `words` are the target's own."""

    state: HandoffState
    words: str = ""
    updated_at: datetime | None = None
    expected_at: datetime | None = None
    agency: str = ""


@dataclass(frozen=True, slots=True)
class TargetAttribute:
    """A question of a target's service: its code, type and permitted values (key, name)."""

    code: str
    datatype: str
    required: bool
    description: str
    values: tuple[tuple[str, str], ...] = ()
    order: int = 0
    variable: bool = True


@dataclass(frozen=True, slots=True)
class TargetService:
    """A service that a target offers."""

    code: str
    name: str
    description: str = ""
    group: str = ""
    realtime: bool = True
    has_metadata: bool = False
    attributes: tuple[TargetAttribute, ...] = ()


class BackOffice(Protocol):
    """A back-office target; every method raises ConnectorTrouble(retry=…) when refused."""

    def services(self) -> tuple[TargetService, ...]:
        """The services on offer, with attributes where there are any."""

    def request(
        self, handoff: HandoffRequest, *, tried_at: datetime | None = None
    ) -> HandoffReceipt:
        """Hand over; `tried_at` is when an earlier try began whose fate is not known.

        With it the target is first asked whether it already holds this hand-off. A ConnectorTrouble
        from here carries `fate` in its params: "not_sent", "refused" (the target holds nothing) or
        "unknown" (it may hold it: pass `tried_at` next time).
        """

    def find_id(self, token: str) -> str:
        """The id that belongs to a token, or empty while there is none yet."""

    def statuses(self, external_ids: tuple[str, ...]) -> dict[str, HandoffStatus]:
        """Where each stands; ids that the target does not know are missing from the answer."""
