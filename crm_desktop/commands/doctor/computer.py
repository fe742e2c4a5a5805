"""What this computer gives the program: a keyring, room on its disks, ports, and its log."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterable, Iterator
from pathlib import Path

from crm_desktop.commands.doctor.finding import Finding, ok, trouble, warning
from crm_desktop.commands.doctor.patience import ask_keyring
from crm_desktop.domain.errors import CrmError
from crm_desktop.workstation.crash_log import kept_crash
from crm_desktop.workstation.secrets import open_secrets
from crm_desktop.workstation.settings import Settings

_GIBIBYTE = 1024**3
_ENOUGH = _GIBIBYTE
_TOO_LITTLE = _GIBIBYTE // 10
_PORT_SECONDS = 0.3
#: Never kept: reading it shows that the keyring is there and open.
_NOBODYS_SECRET = "doctor"  # noqa: S105 - the name, not a secret


def of_keyring(secrets_file: Path | None) -> Finding:
    """Whether passwords can be kept and read."""
    try:
        ask_keyring(lambda: open_secrets(secrets_file).get(_NOBODYS_SECRET))
    except CrmError as error:
        # Work goes on without: passwords are then asked for each time.
        return warning("keyring", str(error), "Until then passwords are asked for at every start.")
    if secrets_file is not None:
        return ok("keyring", f"Passwords come from {secrets_file}, which only its user can read.")
    return ok("keyring", "This computer's keyring is there and open.")


def of_disks(places: Iterable[Path]) -> Iterator[Finding]:
    """Room and the right to write, once for each disk below these places."""
    seen: set[int] = set()
    for place in places:
        there = _nearest(place)
        try:
            disk, free = there.stat().st_dev, shutil.disk_usage(there).free
        except OSError as error:
            yield trouble("disk", f"{there} cannot be looked at: {error.strerror}.", _ASK_ADMIN)
            continue
        if not os.access(there, os.W_OK):
            yield trouble("disk", f"{there} cannot be written by this person.", _ASK_ADMIN)
        elif disk not in seen:
            yield _of_room(there, free)
        seen.add(disk)


def _of_room(place: Path, free: int) -> Finding:
    words = f"The disk of {place} has {_size(free)} left."
    if free < _TOO_LITTLE:
        return trouble("disk", words, "Make room now: nothing can be kept on a full disk.")
    if free < _ENOUGH:
        return warning("disk", words, "Make room soon.")
    return ok("disk", words)


def of_ports(settings: Settings, *, gateway_runs: bool) -> Iterator[Finding]:
    """Whether the embedded gateway has, or could have, the ports of its doors."""
    doors = {
        "web forms": (settings.http_host, settings.http_port),
        "mail": (settings.smtp_host, settings.smtp_port),
    }
    for what, (host, port) in doors.items():
        if port == 0:
            yield ok("ports", f"The gateway takes any free port for {what}.")
        elif not _answers(host, port):
            yield ok("ports", f"{host}:{port} is free for the gateway's {what}.")
        elif gateway_runs:
            yield ok("ports", f"The gateway answers at {host}:{port} for {what}.")
        else:
            name = "http_port" if what == "web forms" else "smtp_port"
            yield warning(
                "ports",
                f"Another program answers at {host}:{port}, where the gateway takes {what}.",
                f"End that program, or set CRM_DESKTOP_{name.upper()} to another port.",
            )


def of_log(folder: Path) -> Iterator[Finding]:
    """Where the log is, and what crashed."""
    if os.access(_nearest(folder), os.W_OK):
        yield ok("log", f"The log is in {folder}.")
    else:
        yield warning("log", f"The log in {folder} cannot be written.", _ASK_ADMIN)
    crash = kept_crash(folder, "desktop")
    if crash is not None:
        at = crash.at.astimezone().strftime("%d %B %Y, %H:%M")
        yield warning(
            "crash",
            f"The desktop ended unexpectedly on {at}.",
            f"If it happens again, give your administrator {folder}; it holds nobody's data.",
        )


_ASK_ADMIN = "Ask whoever looks after this computer."


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=_PORT_SECONDS):
            return True
    except OSError:
        return False


def _nearest(path: Path) -> Path:
    """The folder itself, or the nearest above it that is there already."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())


def _size(octets: int) -> str:
    if octets >= _GIBIBYTE:
        return f"{octets / _GIBIBYTE:,.0f} GB"
    return f"{octets / 1024**2:,.0f} MB"
