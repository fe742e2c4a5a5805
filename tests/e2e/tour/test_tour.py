"""The tour: whole processes on PostgreSQL, and proof that it notices what is missing.

On SQLite with everything it is `make tour`, which is a check of its own.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from crm_desktop.tour.children import BACK_OFFICE, MAILBOX, SECOND_DESKTOP
from crm_desktop.tour.run import (
    CALL_TITLES,
    CHAT_TITLES,
    DESK_TITLES,
    KIOSK_TITLES,
    POST_TITLES,
    TITLES,
)
from crm_desktop.tour.services import GATEWAY
from crm_desktop.tour.telephones import Telephones
from tests.servers.postgres import PostgresCluster

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(640)]

_ROOT = Path(__file__).resolve().parents[3]
_HEADER = b"\x89PNG\r\n\x1a\n"
#: A window with nothing in it has fewer bytes than this for each of its pixels.
_BLANK = 20_000 / (1440 * 900)


def test_every_step_happens_on_postgresql_as_its_own_roles(
    tmp_path: Path, own_postgres: PostgresCluster
) -> None:
    url = own_postgres.create_database("tour")

    calls = f"{sys.executable} -m tests.servers.calls_for_tour"
    chats = f"{sys.executable} -m tests.servers.chat_for_tour"
    posts = f"{sys.executable} -m tests.servers.posts_for_tour"
    finished = _tour(
        *(tmp_path, "--database", url),
        *("--calls", calls, "--chats", chats, "--posts", posts),
    )

    assert finished.returncode == 0, finished.stdout + finished.stderr
    played = (*CALL_TITLES, *CHAT_TITLES, *POST_TITLES)
    _look_at(tmp_path, len((*TITLES, *played, *DESK_TITLES, *KIOSK_TITLES)))
    assert "were left out" not in finished.stdout
    assert own_postgres.password not in finished.stdout + finished.stderr


def test_a_database_in_use_is_left_alone(tmp_path: Path, own_postgres: PostgresCluster) -> None:
    url = own_postgres.create_database("centre")
    with own_postgres.connect("centre") as connection:
        connection.execute("CREATE TABLE somebodys (id int)")

    finished = _tour(tmp_path, "--database", url)

    assert finished.returncode == 1
    assert "The tour needs an empty one" in finished.stderr


def test_where_there_is_no_pbx_the_calls_are_left_out_and_why_is_said(tmp_path: Path) -> None:
    lacks = "import json; print(json.dumps({'lacks': 'Install the package asterisk.'}))"
    found = Telephones.start(f'{sys.executable} -c "{lacks}"', tmp_path / "telephones")
    nothing = Telephones.start("no-such-program", tmp_path / "nothing")

    assert found == "Install the package asterisk."
    assert isinstance(nothing, str)
    assert "no-such-program" in nothing


@pytest.mark.parametrize(
    ("left_out", "step", "missed"),
    [
        (GATEWAY, "The queue, live at two desktops", "Email, "),
        (MAILBOX, "The reply goes out and is received", "a mail to "),
        (BACK_OFFICE, "The case is handed off", "a service request by POST"),
        (SECOND_DESKTOP, "The queue, live at two desktops", "in the second desktop"),
    ],
)
def test_a_service_that_is_missing_fails_the_tour_at_its_step(
    left_out: str, step: str, missed: str, tmp_path: Path
) -> None:
    # It waits in vain for what is missing, and for nothing else so long.
    finished = _tour(tmp_path, "--without", left_out, patience=12)

    number = TITLES.index(step) + 1
    assert finished.returncode == 1
    assert f"The tour failed at step {number}, {step}." in finished.stderr
    assert missed in finished.stderr.partition("Expected:")[2].partition("Seen:")[0]
    assert (tmp_path / f"{number:02}-failed.png").exists()


def _tour(out: Path, *options: str, patience: int = 30) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "crm_desktop", "tour", "--out", str(out), *options],
        cwd=_ROOT,
        env={
            **os.environ,
            "QT_QPA_PLATFORM": "offscreen",
            "CRM_TOUR_PATIENCE": str(patience),
        },
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=False,
    )


def _look_at(out: Path, steps: int) -> None:
    pictures = sorted(out.glob("*.png"))
    assert {int(each.name[:2]) for each in pictures} == set(range(1, steps + 1))
    for each in pictures:
        assert each.read_bytes().startswith(_HEADER)
        width, height = struct.unpack(">II", each.read_bytes()[16:24])
        assert each.stat().st_size > _BLANK * width * height, each.name
