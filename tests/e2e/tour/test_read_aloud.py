"""The real accessibility bus: a running desktop as a screen reader reads and works it."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.demo.centre import Outside
from crm_desktop.tour import centre
from crm_desktop.tour.centre import FIRST
from tests.servers import processes
from tests.servers.xvfb import Accessible, accessibility_tree, press

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

_QUEUE = "Contacts in hand and waiting"
# Any free ports, and no keyring: the session's own would ask somebody for a password.
_ALONE = {
    "CRM_DESKTOP_HTTP_PORT": "0",
    "CRM_DESKTOP_SMTP_PORT": "0",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
}


@pytest.fixture
def desktop(tmp_path: Path) -> Iterator[processes.Program]:
    """A signed-in desktop on a demo centre of its own."""
    outside = Outside(1, "http://127.0.0.1:1", "northmere.example")
    built = centre.build("", tmp_path, outside, centre.Places())
    program = processes.start(
        [sys.executable, "-m", "crm_desktop", "--database", built.url, "--login", FIRST],
        env={**os.environ, **_ALONE},
    )
    yield program
    processes.stop(program)


@pytest.mark.xvfb
def test_a_queue_is_read_aloud_and_next_is_pressed_from_outside(
    desktop: processes.Program,
) -> None:
    env = dict(os.environ)

    rows = _rows(desktop.pid, env)
    press(desktop.pid, "Next", env)
    opened = accessibility_tree(desktop.pid, env, "Reply to customer")

    waiting = [row for row in rows if row.startswith(("Email from ", "Web form from "))]
    assert any(re.search(r"\d+ \w+ (left|overdue)", row) for row in waiting), rows
    assert "Workspace" in opened.names()


def _rows(pid: int, env: dict[str, str]) -> list[str]:
    """The rows of the queue as they are spoken, once there are some."""
    deadline = time.monotonic() + processes.PATIENCE
    while True:
        tree = accessibility_tree(pid, env, _QUEUE)
        rows = [row.name for node in tree.walk() if node.name == _QUEUE for row in _below(node)]
        if len(rows) > 1 or time.monotonic() > deadline:
            return rows


def _below(node: Accessible) -> tuple[Accessible, ...]:
    return node.children
