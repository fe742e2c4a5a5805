"""How the wrap-up of a call ends, as its queue has it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.domain.calls import WrapUp

#: So long after its time a timed wrap-up is ended for whoever did not: what a desktop still says
#: at the last moment comes first.
GRACE = timedelta(seconds=3)
#: How a contact ended whose caller was given to somebody outside: they may talk on, while whoever
#: had the call wraps up.
TRANSFERRED_OUT = "transferred out"


@dataclass(frozen=True, slots=True)
class WrapUpRule:
    """What is asked of whoever wraps up a call; a timed one of `seconds` ends by itself at `until`.

    `extended`: it has its time once more already.
    """

    mode: WrapUp
    seconds: int
    extended: bool
    until: datetime | None
