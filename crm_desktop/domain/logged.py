"""A contact that a person logs by hand: what they say of it, and what of that can be accepted."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.identifiers import Identifier, identify
from crm_desktop.domain.states import Channel, Direction, IdentifierKind, Resolution

#: What comes through a door of the program's own is never entered by hand.
CHANNELS = tuple(each for each in Channel if each is not Channel.WEB_FORM)
#: Further back nobody remembers when it was; a letter is logged on the day it is opened.
OLDEST = timedelta(days=31)
#: So far a workstation's clock may be ahead of the database's.
CLOCKS_DIFFER = timedelta(minutes=1)
LONGEST_NAME = 200
LONGEST_ABOUT = 200
LONGEST_DONE = 20_000


@dataclass(frozen=True, slots=True)
class LoggedContact:
    """What a person enters. `key` is made once by the desktop: the same is entered once.

    `happened_at` is the person's word, UTC. Either `customer_id` says who it was, or `who` with
    perhaps a telephone number or an email address as `reach`. A `resolution` of None: follow-up
    is needed, and the contact stays in the person's hands. `service_name` is for showing only.
    """

    key: str
    channel: Channel
    direction: Direction
    happened_at: datetime
    who: str
    about: str
    service_id: int | None = None
    service_name: str = ""
    done: str = ""
    customer_id: int | None = None
    reach: str = ""
    resolution: Resolution | None = None
    avoidable: bool = False
    while_away: bool = False

    def identifier(self) -> Identifier | None:
        """What was typed to reach them by, in normal form; None when it is nothing usable."""
        kind = IdentifierKind.EMAIL if "@" in self.reach else IdentifierKind.PHONE
        return identify(kind, self.reach) if self.reach.strip() else None

    def wrong(self, now: datetime) -> dict[str, str]:
        """What cannot be accepted, by field, in words; `now` is the database's, or ours if away."""
        said: dict[str, str] = {}
        if self.channel not in CHANNELS:
            said["channel"] = "Choose how they got in touch"
        if self.happened_at > now + CLOCKS_DIFFER:
            said["happened_at"] = "This is in the future. Enter when it happened"
        elif self.happened_at < now - OLDEST:
            said["happened_at"] = f"This is more than {OLDEST.days} days ago"
        if not self.who.strip():
            said["who"] = "Enter a name, or “Unknown” if they gave none"
        elif len(self.who) > LONGEST_NAME:
            said["who"] = f"The name must be {LONGEST_NAME} characters or fewer"
        if self.reach.strip() and self.identifier() is None:
            said["reach"] = "Enter a telephone number or an email address, or leave it empty"
        if self.service_id is None:
            said["service"] = "Choose the service that it was about"
        if not self.about.strip():
            said["about"] = "Say in a few words what it was about"
        elif len(self.about) > LONGEST_ABOUT:
            said["about"] = f"This must be {LONGEST_ABOUT} characters or fewer"
        if len(self.done) > LONGEST_DONE:
            said["done"] = f"This must be {LONGEST_DONE:,} characters or fewer"
        return said

    def to_data(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "happened_at": self.happened_at.isoformat()}

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> LoggedContact:
        """What `to_data` gave; raises InvalidInput when it is anything else."""
        known = {each.name for each in fields(cls)}
        try:
            given = {name: value for name, value in data.items() if name in known}
            resolution = given.get("resolution")
            given |= {
                "channel": Channel(given["channel"]),
                "direction": Direction(given["direction"]),
                "happened_at": datetime.fromisoformat(given["happened_at"]),
                "resolution": Resolution(resolution) if resolution else None,
            }
            return cls(**given)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InvalidInput("no logged contact") from error


@dataclass(frozen=True, slots=True)
class ToEnter:
    """A logged contact that the database may not have yet; `refused` says why it did not take it.

    `logged_at` is when it was logged by this computer's clock: they are entered in that order.
    """

    said: LoggedContact
    logged_at: datetime
    refused: str = ""
