"""Looking at a database without signing in as anybody or changing anything."""

from __future__ import annotations

from crm_desktop.store.diagnosis import (
    Encryption,
    Follower,
    Holder,
    Look,
    Promise,
    Server,
    Standing,
    each_server,
    looking,
)

__all__ = [
    "Encryption",
    "Follower",
    "Holder",
    "Look",
    "Promise",
    "Server",
    "Standing",
    "each_server",
    "looking",
]
