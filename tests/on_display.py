"""Tests marked `xvfb` run in a child pytest on a real display, because Qt chooses once."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.servers import xvfb

_CHILD = "CRM_TEST_ON_DISPLAY"
_session = pytest.StashKey[ExitStack]()
_environment = pytest.StashKey[dict[str, str]]()


class FailedOnDisplay(Exception):
    """The test failed in the child; the text is the child's whole report."""


class OnDisplay(pytest.Item):
    """Stands for one test function of which a child pytest runs the body."""

    child_id: str

    def runtest(self) -> None:
        """Run the test alone on this worker's display."""
        environment = {**_display_of(self.config), _CHILD: "1"}
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist"]
        if self.config.getoption("cov_source", None):
            # A name of its own, so that it neither erases nor replaces what the others measured.
            environment["COVERAGE_FILE"] = f".coverage.display-{os.getpid()}-{id(self)}"
            command += ["--cov", "--cov-report="]
        finished = subprocess.run(
            [*command, self.child_id],
            env=environment,
            cwd=self.config.rootpath,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode != 0:
            raise FailedOnDisplay(finished.stdout + finished.stderr)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        """The child's report instead of a traceback into this file."""
        if isinstance(excinfo.value, FailedOnDisplay):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))


def redirect(items: list[pytest.Item]) -> None:
    """Replace the tests marked `xvfb` by ones that run on a display; changes `items`."""
    if _CHILD not in os.environ:
        items[:] = list(_redirected(items))


def is_child() -> bool:
    """Whether this pytest is the child that runs on the display."""
    return _CHILD in os.environ


def close(config: pytest.Config) -> None:
    """Stop this worker's display, where it has one."""
    if session := config.stash.get(_session, None):
        session.close()


def _redirected(items: list[pytest.Item]) -> Iterator[pytest.Item]:
    for item in items:
        if item.get_closest_marker("xvfb") is None or item.parent is None:
            yield item
        else:
            stand_in: OnDisplay = OnDisplay.from_parent(item.parent, name=item.name)
            stand_in.child_id = item.nodeid
            stand_in.own_markers = item.own_markers
            yield stand_in


def _display_of(config: pytest.Config) -> dict[str, str]:
    if _environment not in config.stash:
        session = ExitStack()
        directory = Path(tempfile.mkdtemp(dir=os.environ["CRM_TEST_SHARED"]))
        config.stash[_session] = session
        config.stash[_environment] = session.enter_context(xvfb.display(directory))
    return config.stash[_environment]
