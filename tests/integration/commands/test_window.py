"""Starting the desktop where no window can be opened: words, no crash."""

from __future__ import annotations

import pytest

from tests.integration.workstation.programs import run_python

_PROGRAM = "from crm_desktop.cli import main\nmain()"


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"QT_QPA_PLATFORM": ""}, "There is no screen here"),
        ({"DISPLAY": ":9999", "QT_QPA_PLATFORM": "xcb"}, "could not connect to display :9999"),
    ],
)
def test_without_a_way_to_a_screen_it_says_so(env: dict[str, str], words: str) -> None:
    finished = run_python(_PROGRAM, env=env)

    assert finished.returncode == 1
    assert words in finished.stderr
    assert "`crm-desktop doctor`" in finished.stderr
    assert "xcb-cursor" not in finished.stderr
