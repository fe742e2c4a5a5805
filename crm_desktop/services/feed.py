"""Opening the change feed of whichever database it is."""

from __future__ import annotations

from crm_desktop.store.database import Target
from crm_desktop.store.feed import BATCH_SECONDS, BUSY_SECONDS, Feed, OnChanges, OnState

__all__ = ["Feed", "OnChanges", "OnState", "open_feed"]


def open_feed(
    target: Target, on_changes: OnChanges, on_state: OnState, *, at_once: bool = False
) -> Feed:
    """A feed, not yet started.

    Both callbacks run on the feed's thread and must return quickly. `on_state(connected, trouble)`
    is called when the database is there, when it goes away, and when it refuses the sign-in;
    every time that it is there (again), `Changes.everything()` follows. `at_once` gathers nothing
    while many changes come: for the few programs whom somebody on the telephone waits for.
    """
    busy_seconds = BATCH_SECONDS if at_once else BUSY_SECONDS
    if target.dialect == "sqlite":
        from crm_desktop.store.feed_sqlite import SqliteFeed

        return SqliteFeed(target, on_changes, on_state, busy_seconds)
    from crm_desktop.store.feed_postgres import PostgresFeed

    return PostgresFeed(target, on_changes, on_state, busy_seconds)
