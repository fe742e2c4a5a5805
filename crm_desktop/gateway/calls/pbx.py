"""What the parts of a switchboard share, and how others join in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import AriEvent, StasisStart
from crm_desktop.domain.changes import Changes
from crm_desktop.gateway.accounts import PbxSettings
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.gateway.calls.step import Step
from crm_desktop.services import Database
from crm_desktop.services.calls import Ended, Standing
from crm_desktop.services.leases import Lease


@dataclass(frozen=True, slots=True)
class Pbx:
    """One connection to a PBX under its lease. `sight` belongs to the switchboard's thread.

    `look_at` lets the switchboard look at a call again; callable from any thread.
    """

    db: Database
    ari: Ari
    account_id: int
    lease: Lease
    settings: PbxSettings
    sight: Sight
    look_at: Callable[[int], None]


class Part:
    """Something that takes part in calls, called on the switchboard's thread but for `heard`.

    So it returns at once: what takes longer than a request or two it does on a thread of its own.
    `ari` and `db` of the Pbx may be used on any thread.
    """

    def begin(self, pbx: Pbx) -> None:
        """The PBX is seen, and every call was looked at."""

    def end(self) -> None:
        """It is seen no more, or another gateway has it."""

    def saw(self, event: AriEvent, contact_id: int | None) -> None:
        """An event, after it was noted, before its call is looked at; of any channel or bridge."""

    def heard(self, changes: Changes) -> None:
        """Something changed in the database; on the feed's thread, whether begun or not."""

    def takes(self, event: StasisStart) -> bool:  # noqa: ARG002 - for those who do
        """Whether a channel is this part's that neither calls in nor is one of ours."""
        return False

    def rule(self, call: Standing, sight: Sight) -> Step | None:  # noqa: ARG002 - for those who do
        """What comes before the switchboard's own `judge`; None to leave it to that."""
        return None

    def stands(self, call: Standing) -> None:
        """How a call stands after it was looked at."""

    def ended(self, over: Ended) -> None:
        """A call is over."""
