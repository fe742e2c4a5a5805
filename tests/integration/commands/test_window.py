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


@pytest.mark.parametrize(
    ("said", "starts"),
    [
        ([], ["desktop"]),
        (["gateway"], ["gateway '' False"]),
        (["gateway", "--with-parent"], ["gateway '' True"]),
        (["gateway", "--with-parent", "--database", "sqlite:///x"], ["gateway 'sqlite:///x' True"]),
    ],
)
def test_what_starts_all_day_loads_no_library_of_command_lines(
    said: list[str], starts: list[str]
) -> None:
    """Started by the same words as by the library, and without its weight."""
    program = f"""
import sys
from crm_desktop import cli
cli._desktop = lambda *told: print("desktop") or 0
cli._gateway = lambda url, *, with_parent: print("gateway", repr(url), with_parent) or 0
sys.argv[1:] = {said!r}
for start in (cli.main, cli.app):
    try:
        start()
    except SystemExit as ended:
        assert not ended.code, ended.code
    print("pydantic" in sys.modules)
"""
    finished = run_python(program)

    assert finished.stdout.splitlines() == [*starts, "False", *starts, "True"], finished.stderr
