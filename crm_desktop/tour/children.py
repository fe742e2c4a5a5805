"""The processes around the tour's desktop, each started by `crm-desktop tour-part NAME FOLDER`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from crm_desktop.demo.mailbox import Mailbox
from crm_desktop.demo.open311.office import Office, Pace
from crm_desktop.demo.open311.running import run_in_thread
from crm_desktop.demo.outside import JURISDICTION
from crm_desktop.workstation.process import announce_ready, when_parent_ends

MAILBOX, BACK_OFFICE, SECOND_DESKTOP = "mailbox", "back-office", "second-desktop"

#: Where each leaves what it saw, below the tour's folder.
MAIL_FOLDER, OFFICE_LOG = "mailbox", "back-office.jsonl"
#: The office has begun after so many seconds; it is asked every five.
_PACE = Pace(token=None, progress=2.0, close=None)


def main(name: str, folder: Path) -> int:
    """Run one part until the tour ends; its exit code."""
    return _PARTS[name](folder)


def _mailbox(folder: Path) -> int:
    mailbox = Mailbox(folder / MAIL_FOLDER)
    mailbox.start()
    _serve(mailbox.port)
    mailbox.stop()
    return 0


def _back_office(folder: Path) -> int:
    office = Office(
        api_key="", jurisdiction_id=JURISDICTION, pace=_PACE, log_file=folder / OFFICE_LOG
    )
    with run_in_thread(office) as running:
        _serve(int(running.endpoint.rpartition(":")[2]))
    return 0


def _second_desktop(folder: Path) -> int:
    from crm_desktop.tour.colleague import run_second

    return run_second(folder)


def _serve(port: int) -> None:
    stop = threading.Event()
    when_parent_ends(stop.set)
    announce_ready({"port": port})
    stop.wait()


_PARTS: dict[str, Callable[[Path], int]] = {
    MAILBOX: _mailbox,
    BACK_OFFICE: _back_office,
    SECOND_DESKTOP: _second_desktop,
}
