"""A whole copy of a SQLite database beside it, taken while others may read and write."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path

from crm_desktop.domain.errors import DatabaseFull, DatabaseReadOnly
from crm_desktop.store.database import Target
from crm_desktop.store.errors import translating
from crm_desktop.store.existing import file_of


def copy_beside(target: Target, now: datetime) -> Path:
    """Copy the file to `NAME.before-upgrade-DATE-TIME`, readable by its owner alone.

    Raises DatabaseFull, DatabaseReadOnly or another DatabaseTrouble; then there is no copy.
    """
    source = file_of(target)
    copy = source.with_name(f"{source.name}.before-upgrade-{now:%Y%m%d-%H%M%S}")
    try:
        os.close(os.open(copy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        kind = DatabaseFull if error.errno == errno.ENOSPC else DatabaseReadOnly
        raise kind(f"{copy}: {error.strerror}") from error
    try:
        with (
            translating(),
            closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as read,
            closing(sqlite3.connect(copy)) as written,
        ):
            read.backup(written)
    except BaseException:
        with suppress(OSError):
            copy.unlink()
        raise
    return copy
