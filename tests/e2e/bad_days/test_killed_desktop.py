"""A desktop killed while somebody types: the text is there at the next start."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from crm_desktop.store.models import Draft
from tests.centre import MIGRATIONS, Centre
from tests.integration.gateway.looking import watching
from tests.servers import processes
from tests.servers.keyring import secret_service

_PROGRAM = Path(__file__).with_name("desktop_program.py")
_TEXT = "Dear Margaret, we come tomorrow"


def test_with_a_keyring_an_encrypted_file_keeps_what_the_database_never_saw(
    sqlite_centre: Centre, tmp_path: Path
) -> None:
    contact_id = sqlite_centre.add_contact()
    folder = tmp_path / "desktop"
    with secret_service(tmp_path) as env:
        with _desktop(sqlite_centre, folder, contact_id, _TEXT, env=env) as (typed, _):
            assert typed == _TEXT
            drafts = folder / "data" / "drafts"
            processes.wait_for(lambda: any(drafts.glob("*.draft")), "the draft's file")
        with sqlite_centre.as_owner().write() as tx:
            tx.session.query(Draft).delete()

        with _desktop(sqlite_centre, folder, contact_id, env=env) as (shown, _):
            assert shown == _TEXT
    assert not any(b"Margaret" in each.read_bytes() for each in drafts.iterdir())


def test_without_a_keyring_the_database_keeps_what_it_was_given_when_the_field_was_left(
    sqlite_centre: Centre, tmp_path: Path
) -> None:
    contact_id = sqlite_centre.add_contact()
    with (
        watching(sqlite_centre) as watch,
        _desktop(sqlite_centre, tmp_path / "first", contact_id, _TEXT, leave=True),
    ):
        watch.row(Draft, contact_id=contact_id)

    with _desktop(sqlite_centre, tmp_path / "another-computer", contact_id) as (shown, _):
        assert shown == _TEXT


@contextmanager
def _desktop(
    centre: Centre,
    folder: Path,
    contact_id: int,
    text: str = "",
    *,
    leave: bool = False,
    env: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, int]]:
    """(what stands in the reply, process id) of a running desktop, which is killed at the end."""
    orders = {
        "folder": str(folder),
        "url": centre.target.url,
        "login": "anna",
        "contact": contact_id,
        "text": text,
        "leave": leave,
    }
    own = {"CRM_DESKTOP_HTTP_PORT": "0", "CRM_DESKTOP_SMTP_PORT": "0"}
    process = processes.start(
        [sys.executable, str(_PROGRAM), json.dumps(orders)],
        env={**os.environ, **(env or {}), **own, "PYTHONPATH": str(MIGRATIONS.parent)},
        stdout=subprocess.PIPE,
        cwd=MIGRATIONS.parent,
    )
    assert process.stdout is not None
    try:
        said = processes.read_line(process, "the desktop")
        yield json.loads(said), process.pid
    finally:
        process.kill()
        processes.stop(process)
