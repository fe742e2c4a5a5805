"""Whom a call can be passed to or somebody be asked, and the telephone that one has oneself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from crm_desktop.domain.states import Presence, StaffRole
from crm_desktop.domain.views import QueueInfo


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who may be asked: `has_phone` where the telephone system knows one of theirs,
    `on_call` as far as whoever asks may know of their work.
    """

    id: int
    name: str
    role: StaffRole
    presence: Presence
    has_phone: bool
    on_call: bool


@dataclass(frozen=True, slots=True)
class CallTargets:
    """Queues and colleagues, both by name; without whoever asks."""

    queues: tuple[QueueInfo, ...]
    colleagues: tuple[Colleague, ...]


@dataclass(frozen=True, slots=True)
class OwnTelephone:
    """The `extension` that rings for a person, empty for none; `system` names the centre's
    telephone system, empty where it has none, and `trouble` says what is wrong with that.
    `unseen_since`: from when on no gateway has spoken for it; None while one does.
    """

    extension: str
    system: str
    trouble: str = ""
    unseen_since: datetime | None = None

    @property
    def missing(self) -> bool:
        """Whether calls could come here, but for the telephone that nobody has entered."""
        return bool(self.system) and not self.extension
