"""The package as apt installs it on a computer that has nothing but its system."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from PySide6.QtGui import QImage

from tests.e2e.package import bare_root
from tests.e2e.package.conftest import DIST, ROOT
from tests.e2e.package.installed import Installed, in_hand
from tests.servers import processes, xvfb

# Freezing takes a minute of a processor, a system and what apt adds to it another.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_F9 = 0xFFC6


def test_apt_brings_every_library_that_it_is_linked_to(bare: Path) -> None:
    assert bare_root.missing_libraries(bare, "/opt/crm-desktop") == {}
    assert not (bare / ROOT.relative_to("/")).exists()


def test_somebody_signs_in_and_takes_a_contact(installed_by_apt: Installed) -> None:
    installed = installed_by_apt
    version = installed.run("--version").stdout.strip()
    prepared = installed.run("demo", "prepare")
    found = installed.doctor()
    before = in_hand(installed.database)

    with installed.running() as desktop:
        installed.press(desktop.pid, "Sign in")
        xvfb.accessibility_tree(desktop.pid, installed.env, "Next")
        queue = _picture(installed, "queue")
        xvfb.strike(desktop.pid, _F9, "Next", installed.env)
        processes.wait_for(lambda: in_hand(installed.database) != before, "the taking")
        xvfb.accessibility_tree(desktop.pid, installed.env, "Wrap up")
        contact = _picture(installed, "contact")
        (taken,) = in_hand(installed.database) - before

    assert f"_{version}_" in installed.package.name
    assert prepared.returncode == 0, prepared.stderr
    assert {each["state"] for each in found.values()} <= {"ok", "warning"}, found
    assert "xcb" in found["display"]["words"]
    assert found["keyring"]["state"] == "ok"
    assert taken
    # Letters are there, softened at their edges, and another page than before.
    assert min(_shades(queue), _shades(contact)) > 100
    assert _differ(queue, contact) > 0.05


def _picture(installed: Installed, name: str) -> QImage:
    path = DIST / f"{name}.png"
    xvfb.picture(installed.env, path)
    return QImage(str(path))


def _shades(picture: QImage) -> int:
    return len(Counter(_sample(picture)))


def _differ(one: QImage, other: QImage) -> float:
    pairs = list(zip(_sample(one), _sample(other), strict=True))
    return sum(a != b for a, b in pairs) / len(pairs)


def _sample(picture: QImage) -> list[int]:
    """Every third pixel."""
    steps = [range(0, length, 3) for length in (picture.height(), picture.width())]
    return [picture.pixel(x, y) for y in steps[0] for x in steps[1]]
