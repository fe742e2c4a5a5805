"""Opening the change feed of whichever database it is."""

from __future__ import annotations

from crm_desktop.store.database import Target
from crm_desktop.store.feed import Feed, OnChanges, OnState

__all__ = ["Feed", "OnChanges", "OnState", "open_feed"]


def open_feed(target: Target, on_changes: OnChanges, on_state: OnState) -> Feed:
    """A feed, not yet started.

    Both callbacks run on the feed's thread and must return quickly. `on_state(connected, trouble)`
    is called when the database is there, when it goes away, and when it refuses the sign-in;
    every time that it is there (again), `Changes.everything()` follows.
    """
    if target.dialect == "sqlite":
        from crm_desktop.store.feed_sqlite import SqliteFeed

        return SqliteFeed(target, on_changes, on_state)
    from crm_desktop.store.feed_postgres import PostgresFeed

    return PostgresFeed(target, on_changes, on_state)
