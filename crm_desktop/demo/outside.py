"""The demo's outside world in one process: the customers' mailbox and a back office."""

from __future__ import annotations

import threading
from pathlib import Path

from crm_desktop.demo.centre import Outside
from crm_desktop.demo.mailbox import Mailbox
from crm_desktop.demo.open311.office import Office, Pace
from crm_desktop.demo.open311.running import run_in_thread

SMTP_PORT = 2526
OPEN311_PORT = 8026
JURISDICTION = "northmere.example"
#: Seconds until the sandbox gives a number, begins, and has done what it was asked.
_PACE = Pace(token=3.0, progress=10.0, close=45.0)


def where() -> Outside:
    """Where the demo's accounts find it."""
    return Outside(SMTP_PORT, f"http://127.0.0.1:{OPEN311_PORT}", JURISDICTION)


def run(folder: Path, stop: threading.Event) -> None:
    """Serve until `stop`; mails are kept in `folder`/mail, what the office heard beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    mailbox = Mailbox(folder / "mail", SMTP_PORT)
    office = Office(
        api_key="", jurisdiction_id=JURISDICTION, pace=_PACE, log_file=folder / "back-office.jsonl"
    )
    mailbox.start()
    try:
        with run_in_thread(office, OPEN311_PORT):
            stop.wait()
    finally:
        mailbox.stop()
