"""The services around the first desktop, each a process of its own; any may be left out."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm_desktop.demo.centre import Outside
from crm_desktop.demo.outside import JURISDICTION
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.gateway_root import DATABASE_SECRET
from crm_desktop.tour import centre
from crm_desktop.tour.centre import SECOND, TourCentre
from crm_desktop.tour.children import BACK_OFFICE, MAIL_FOLDER, MAILBOX, OFFICE_LOG, SECOND_DESKTOP
from crm_desktop.tour.outside import HOST, BackOfficeLog, CustomersMailbox
from crm_desktop.tour.second import SecondDesktop
from crm_desktop.tour.trouble import NoStage
from crm_desktop.workstation.process import ChildProcess

GATEWAY = "gateway"
#: What can be left out, to see that the tour notices.
SERVICES = (GATEWAY, MAILBOX, BACK_OFFICE, SECOND_DESKTOP)
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that runs, and where to look at it from outside. Ports are loopback's."""

    folder: Path
    centre: TourCentre
    smtp_port: int
    http_port: int
    mailbox: CustomersMailbox
    back_office: BackOfficeLog
    second: SecondDesktop


@contextmanager
def running(url: str, without: str) -> Iterator[Stage]:
    """Build the centre and start its services; all of them are stopped on leaving.

    Raises NoStage when the database cannot be used or a service does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_temporary_folder()))
        outside = {
            name: _start(stack, ["tour-part", name, str(folder)], without)
            for name in (MAILBOX, BACK_OFFICE)
        }
        endpoint = f"http://{HOST}:{outside[BACK_OFFICE]['port']}"
        built = centre.build(url, folder, Outside(outside[MAILBOX]["port"], endpoint, JURISDICTION))
        gateway = _start(stack, ["gateway", "--with-parent"], without, _gateway_env(built, folder))
        second = SecondDesktop(folder)
        second.give_orders(built.target(SECOND))
        _start(stack, ["tour-part", SECOND_DESKTOP, str(folder)], without)
        yield Stage(
            folder,
            built,
            gateway.get("smtp") or gateway["port"],
            gateway.get("http") or gateway["port"],
            CustomersMailbox(folder / MAIL_FOLDER),
            BackOfficeLog(folder / OFFICE_LOG),
            second,
        )


@contextmanager
def _temporary_folder() -> Iterator[str]:
    # A child on Windows may hold a file a moment longer than it lives.
    with tempfile.TemporaryDirectory(prefix="crm-tour-", ignore_cleanup_errors=True) as folder:
        yield folder


def _start(
    stack: ExitStack, arguments: list[str], without: str, env: dict[str, str] | None = None
) -> dict[str, Any]:
    """Start a part and wait until it is ready; what it announced, at least a port.

    A part that is left out has a port too, at which nobody answers.
    """
    name = arguments[1] if arguments[0] == "tour-part" else arguments[0]
    if name == without:
        return {"port": _closed_port()}
    child = ChildProcess(arguments, {**os.environ, **(env or {})})
    stack.callback(child.stop)
    try:
        return child.wait_ready(_START_SECONDS)
    except ConnectorTrouble as trouble:
        raise NoStage(f"The {name} did not start:\n{trouble.params.get('output', '')}") from trouble


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _gateway_env(built: TourCentre, folder: Path) -> dict[str, str]:
    """The gateway's settings: the tour's database, any free ports, a secrets file of its own."""
    env = {
        "CRM_DESKTOP_DATABASE_URL": built.url,
        "CRM_DESKTOP_HTTP_PORT": "0",
        "CRM_DESKTOP_SMTP_PORT": "0",
        "CRM_DESKTOP_COUNCIL_NAME": "Harland Vale Council",
    }
    if built.password:
        file = folder / "gateway-secrets.toml"
        file.touch(mode=0o600)
        file.write_text(f"{json.dumps(DATABASE_SECRET)} = {json.dumps(built.password)}\n")
        env["CRM_DESKTOP_SECRETS_FILE"] = str(file)
    return env
