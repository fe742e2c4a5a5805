"""The installed program, on a computer that never saw its sources: what freezing likes to lose."""

from __future__ import annotations

import json
import smtplib
import subprocess
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from crm_desktop.services import Database, Target
from crm_desktop.store.models import Assignment, Contact, Staff
from tests.e2e.package.conftest import ROOT, Installed
from tests.servers import processes, xvfb

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


def test_its_doctor_finds_display_keyring_and_database(installed: Installed) -> None:
    prepared = installed.run("demo", "prepare")
    finished = installed.run("doctor", "--json")

    assert prepared.returncode == 0, prepared.stderr
    found = {each["check"]: each for each in json.loads(finished.stdout)}
    wanted = ("display", "keyring", "database", "revision", "gateway", "ports", "disk", "log")
    assert {name: found[name]["state"] for name in wanted} == dict.fromkeys(wanted, "ok")
    assert "xcb" in found["display"]["words"]
    assert finished.returncode == 0


def test_somebody_signs_in_and_takes_a_contact(installed: Installed, tmp_path: Path) -> None:
    installed.run("demo", "prepare")
    log = tmp_path / "tree.json"

    with _started(installed, "--login", _LOGIN, "--accessibility-log", str(log)) as desktop:
        tree = xvfb.accessibility_tree(desktop.pid, dict(installed.env), "Next", seconds=60)
        xvfb.press(desktop.pid, _role_of(tree, "Next"), "Next", dict(installed.env))
        processes.wait_for(lambda: len(_taken(installed)) == 1, 60, "the taking")
        (subject,) = _taken(installed)
        processes.wait_for(lambda: _says(log, subject, "Wrap up"), 60, "the contact's page")

        # The gateway is a child that the frozen program started from itself.
        processes.wait_for(lambda: _answers(installed), 60, "the gateway")
        _send(installed, "A mail for the desktop's own gateway")
        processes.wait_for(
            lambda: "A mail for the desktop's own gateway" in _subjects(installed),
            60,
            "the mail's contact",
        )
        maps = Path(f"/proc/{desktop.pid}/maps").read_text()

    assert str(ROOT) not in maps


def test_its_gateway_announces_itself_and_takes_mail(installed: Installed) -> None:
    installed.run("demo", "prepare")

    with _started(installed, "gateway", "--with-parent") as gateway:
        assert gateway.stdout is not None
        said = processes.read_line(gateway.stdout.fileno(), 60, "the gateway")
        _send(installed, "A mail for the gateway alone")
        processes.wait_for(
            lambda: "A mail for the gateway alone" in _subjects(installed), 30, "the contact"
        )

    ports = json.loads(said.removeprefix("READY "))
    assert str(ports["smtp"]) == installed.env["CRM_DESKTOP_SMTP_PORT"]


def test_an_earlier_crash_is_told_at_the_next_start(installed: Installed, tmp_path: Path) -> None:
    installed.run("demo", "prepare")
    log = tmp_path / "tree.json"
    folder = Path(installed.env["XDG_STATE_HOME"], "crm-desktop", "log")
    folder.mkdir(parents=True)
    (folder / "desktop-crash.txt").write_text("Fatal Python error: Segmentation fault")

    with _started(installed, "--login", _LOGIN, "--accessibility-log", str(log)):
        processes.wait_for(
            lambda: _says(log, "CRM Desktop ended unexpectedly on", str(folder)), 60, "the words"
        )


@contextmanager
def _started(installed: Installed, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = processes.start(
        [str(installed.program), *arguments],
        env=installed.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=installed.home,
    )
    try:
        yield process
    finally:
        processes.stop(process, seconds=30)


def _database(installed: Installed) -> Database:
    file = Path(installed.env["XDG_DATA_HOME"], "crm-desktop", "crm.sqlite3")
    return Database(Target(f"sqlite:///{file}"), create=False)


def _taken(installed: Installed) -> list[str]:
    """The subjects of what the person of this test has in hand."""
    db = _database(installed)
    try:
        with db.read() as tx:
            found = (
                tx.session.query(Contact.subject)
                .join(Assignment, Assignment.contact_id == Contact.id)
                .join(Staff, Staff.id == Assignment.staff_id)
                .where(Staff.login == _LOGIN, Assignment.ended_at.is_(None))
            )
            return [subject for (subject,) in found]
    finally:
        db.close()


def _subjects(installed: Installed) -> set[str]:
    db = _database(installed)
    try:
        with db.read() as tx:
            return {subject for (subject,) in tx.session.query(Contact.subject)}
    finally:
        db.close()


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


def _says(log: Path, *texts: str) -> bool:
    """Whether a screen reader of the window would find all of these."""
    said = json.dumps(json.loads(log.read_bytes()), ensure_ascii=False) if log.exists() else ""
    return all(json.dumps(each, ensure_ascii=False)[1:-1] in said for each in texts)


def _role_of(tree: xvfb.Accessible, name: str) -> str:
    return next(node.role for node in tree.walk() if node.name == name and "button" in node.role)


def _control(package: Path) -> dict[str, Any]:
    """The package's control file, folded lines joined."""
    text = subprocess.run(
        [processes.find_program("dpkg-deb", "dpkg"), "--field", package],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.replace("\n ", " ")
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
