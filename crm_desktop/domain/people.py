"""Who is signed in."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.states import Presence, StaffRole


@dataclass(frozen=True, slots=True)
class Person:
    """A member of staff as the program knows them; `queues` are the ids of their queues.

    `sign_outs` is the number of the last time that somebody else closed their desktops, 0 for
    never: when it grows, this session is over.
    """

    id: int
    login: str
    name: str
    role: StaffRole
    queues: frozenset[int] = frozenset()
    presence: Presence = Presence.OFFLINE
    sign_outs: int = 0

    @property
    def leads(self) -> bool:
        """Whether a team leader's gestures are theirs."""
        return self.role in (StaffRole.TEAM_LEADER, StaffRole.ADMIN)
