"""Who is signed in to this computer: the name that a directory knows them by."""

from __future__ import annotations

import getpass


def own_account() -> str:
    """The account's name in small letters, as logins are; empty when the system knows none."""
    try:
        return getpass.getuser().lower()
    except (KeyError, OSError, ImportError):
        return ""
