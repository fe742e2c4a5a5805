"""A newer version installed over an older one, which left its database."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.e2e.package.installed import Installed
from tests.servers import xvfb

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_NEXT = "9000"


def test_it_says_that_the_database_is_older_and_upgrades_it_when_asked(
    installed: Installed, shared_directory: Path
) -> None:
    installed.run("demo", "prepare")
    file = Path(str(installed.database.url).removeprefix("sqlite:///"))
    before = _revision(file)
    newer = _newer(installed, shared_directory / "newer", after=before)

    told = newer.doctor()["revision"]
    gateway = newer.run("gateway")
    with newer.running() as desktop:
        newer.press(desktop.pid, "Upgrade now")
        newer.press(desktop.pid, "Sign in")
        xvfb.accessibility_tree(desktop.pid, newer.env, "Next")

    assert told["state"] == "trouble"
    assert f"at revision {before}; this program needs {_NEXT}" in told["words"]
    assert gateway.returncode != 0
    assert "older than this program" in gateway.stderr
    assert newer.doctor()["revision"]["state"] == "ok"
    (copy,) = file.parent.glob("crm.sqlite3.before-upgrade-*")
    assert (_revision(copy), _revision(file)) == (before, _NEXT)


def _newer(installed: Installed, folder: Path, *, after: str) -> Installed:
    """The same program with one revision more."""
    (program,) = installed.start
    shutil.copytree(Path(program).parent, folder, symlinks=True, copy_function=os.link)
    revision = folder / "_internal/crm_desktop/migrations/versions" / f"{_NEXT}_later.py"
    revision.write_text(
        '"""One revision more."""\n\n'
        f'revision = "{_NEXT}"\ndown_revision = "{after}"\n\n\n'
        "def upgrade() -> None:\n"
        '    """Nothing."""\n'
    )
    return replace(installed, start=(str(folder / Path(program).name),))


def _revision(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])
