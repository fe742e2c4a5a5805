"""The installed program, on a computer that never saw its sources: what freezing likes to lose."""

from __future__ import annotations

import gzip
import json
import signal
import smtplib
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.package.conftest import ROOT
from tests.e2e.package.installed import Installed, in_hand, says, subjects
from tests.servers import processes

# Freezing takes a minute of a processor, more when others want it too.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

_LOGIN = "d.achebe"


def test_it_tells_its_version_and_lies_where_debian_wants_it(installed: Installed) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    finished = installed.run("--version")
    control = _control(installed.package)
    documents = installed.root / "usr/share/doc/crm-desktop"
    entry = (installed.root / "usr/share/applications/crm-desktop.desktop").read_text()

    assert finished.stdout.strip() == project["version"] == control["Version"]
    assert {"libxcb-cursor0", "libegl1"} <= set(control["Depends"].split(", "))
    assert "GNU Lesser General Public License" in (documents / "copyright").read_text()
    assert "Exec=crm-desktop" in entry
    assert (installed.root / "usr/share/icons/hicolor/scalable/apps/crm-desktop.svg").exists()
    manual = gzip.decompress((installed.root / "usr/share/man/man1/crm-desktop.1.gz").read_bytes())
    assert f"CRM Desktop {project['version']}".encode() in manual


def test_its_doctor_finds_display_keyring_and_database(installed: Installed) -> None:
    prepared = installed.run("demo", "prepare")
    found = installed.doctor()

    assert prepared.returncode == 0, prepared.stderr
    wanted = ("display", "keyring", "database", "revision", "gateway", "ports", "disk", "log")
    assert {name: found[name]["state"] for name in wanted} == dict.fromkeys(wanted, "ok")
    assert "xcb" in found["display"]["words"]


def test_somebody_signs_in_and_takes_a_contact(installed: Installed, tmp_path: Path) -> None:
    installed.run("demo", "prepare")
    log = tmp_path / "tree.json"
    before = in_hand(installed.database)

    with installed.running("--login", _LOGIN, "--accessibility-log", str(log)) as desktop:
        installed.press(desktop.pid, "Next")
        processes.wait_for(lambda: in_hand(installed.database) != before, "the taking")
        ((login, subject),) = in_hand(installed.database) - before
        assert login == _LOGIN
        processes.wait_for(lambda: says(log, subject, "Wrap up"), "the contact's page")

        # The gateway is a child that the frozen program started from itself.
        processes.wait_for(lambda: _answers(installed), "the gateway")
        _send(installed, "A mail for the desktop's own gateway")
        processes.wait_for(
            lambda: "A mail for the desktop's own gateway" in subjects(installed.database),
            "the mail's contact",
        )
        maps = Path(f"/proc/{desktop.pid}/maps").read_text()

    assert str(ROOT) not in maps


def test_its_gateway_announces_itself_and_takes_mail(installed: Installed) -> None:
    installed.run("demo", "prepare")

    with installed.running("gateway", "--with-parent") as gateway:
        assert gateway.stdout is not None
        said = processes.read_line(gateway, "the gateway")
        _send(installed, "A mail for the gateway alone")
        processes.wait_for(
            lambda: "A mail for the gateway alone" in subjects(installed.database),
            "the contact",
        )

    ports = json.loads(said.removeprefix("READY "))
    assert str(ports["smtp"]) == installed.env["CRM_DESKTOP_SMTP_PORT"]


def test_a_crash_is_told_at_the_next_start(installed: Installed, tmp_path: Path) -> None:
    installed.run("demo", "prepare")
    logs = Path(installed.env["XDG_STATE_HOME"], "crm-desktop", "log")
    first, second = tmp_path / "first.json", tmp_path / "second.json"

    with installed.running("--login", _LOGIN, "--accessibility-log", str(first)) as desktop:
        processes.wait_for(lambda: says(first, "Next"), "the window")
        desktop.send_signal(signal.SIGSEGV)
        ended = desktop.wait(60)
    with installed.running("--login", _LOGIN, "--accessibility-log", str(second)):
        processes.wait_for(
            lambda: says(second, "CRM Desktop ended unexpectedly on", str(logs)), "the words"
        )

    assert ended == -signal.SIGSEGV


def _answers(installed: Installed) -> bool:
    try:
        with smtplib.SMTP("127.0.0.1", _smtp_port(installed), timeout=10):
            return True
    except OSError:
        return False


def _send(installed: Installed, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", _smtp_port(installed), timeout=30) as server:
        server.sendmail(
            "m.okafor@example.org",
            ["help@harlandvale.test"],
            f"From: m.okafor@example.org\r\nTo: help@harlandvale.test\r\nSubject: {subject}\r\n"
            f"Message-ID: <{subject.replace(' ', '-')}@example.org>\r\n\r\nHello.\r\n",
        )


def _smtp_port(installed: Installed) -> int:
    return int(installed.env["CRM_DESKTOP_SMTP_PORT"])


def _control(package: Path) -> dict[str, Any]:
    """The package's control file, folded lines joined."""
    text = subprocess.run(
        [processes.find_program("dpkg-deb", "dpkg"), "--field", package],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace("\n ", " ")
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
