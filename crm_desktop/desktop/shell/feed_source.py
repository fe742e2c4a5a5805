"""The database's change feed, as the desktop listens to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from crm_desktop.desktop.core.live import FeedState
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import AccountRefused, CrmError, SignInRefused
from crm_desktop.services import Target
from crm_desktop.services.feed import open_feed


class DatabaseFeed:
    """A `ChangeSource` over `services.feed`: one connection and thread of its own."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def subscribe(
        self, on_changes: Callable[[Changes], None], on_state: Callable[[FeedState], None]
    ) -> Callable[[], None]:
        """See `ChangeSource`."""

        def tell(connected: bool, trouble: CrmError | None) -> None:
            # A ticket that ran out comes again; a sign-in that is refused does not by itself.
            over = isinstance(trouble, SignInRefused) and not isinstance(trouble, AccountRefused)
            on_state(FeedState(connected, datetime.now(UTC), trouble if over else None))

        feed = open_feed(self._target, on_changes, tell)
        feed.start()
        return feed.stop
