"""The services around the first desktop, each a process of its own; any may be left out."""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from crm_desktop.demo.centre import Outside
from crm_desktop.demo.outside import JURISDICTION
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.telephones import Pbx
from crm_desktop.gateway_root import DATABASE_SECRET
from crm_desktop.tour import centre
from crm_desktop.tour.centre import SECOND, Places, TourCentre
from crm_desktop.tour.children import BACK_OFFICE, MAIL_FOLDER, MAILBOX, OFFICE_LOG, SECOND_DESKTOP
from crm_desktop.tour.outside import HOST, BackOfficeLog, CustomersMailbox
from crm_desktop.tour.played import Played
from crm_desktop.tour.residents import Residents
from crm_desktop.tour.second import SecondDesktop
from crm_desktop.tour.telephones import Telephones
from crm_desktop.tour.trouble import NoStage
from crm_desktop.tour.visitors import Visitors
from crm_desktop.workstation.process import ChildProcess

P = TypeVar("P", bound=Played)

GATEWAY = "gateway"
#: What can be left out, to see that the tour notices.
SERVICES = (GATEWAY, MAILBOX, BACK_OFFICE, SECOND_DESKTOP)
_START_SECONDS = 60.0
_NO_BROWSER = (
    "no command was given that plays visitors in a browser. In the source folder `make tour` gives "
    "one; it needs Chromium."
)
_NO_NETWORK = (
    "no command was given that plays a social network. In the source folder `make tour` gives "
    "one; it needs Chromium."
)
_NO_COMMAND = (
    "no command was given that starts a PBX with callers and telephones. In the source folder "
    "`make tour` gives one; it needs Asterisk and sipp."
)


@dataclass(frozen=True, slots=True)
class Players:
    """Commands that play whoever is outside; without one its chapter is left out.

    `calls` plays a PBX, telephones and callers, `chats` visitors of the council's pages in a
    browser, `posts` a social network with a resident.
    """

    calls: str = ""
    chats: str = ""
    posts: str = ""


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
    #: None where there are none.
    telephones: Telephones | None
    visitors: Visitors | None
    residents: Residents | None
    #: Why a chapter is left out.
    lacks: Mapping[str, str]


@contextmanager
def running(url: str, without: str, players: Players) -> Iterator[Stage]:
    """Build the centre and start its services; all of them are stopped on leaving.

    Raises NoStage when the database cannot be used or a service does not start.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_temporary_folder()))
        parts = _Parts(stack, folder, without)
        # Processes take a second or two to begin: they do it side by side.
        parts.start(MAILBOX)
        parts.start(BACK_OFFICE)
        cast = _Cast(stack, folder)
        phones = cast.play(Telephones, "Calls", players.calls, _NO_COMMAND)
        visitors = cast.play(Visitors, "Chats and kiosks", players.chats, _NO_BROWSER)
        residents = cast.play(Residents, "Posts", players.posts, _NO_NETWORK)
        places = Places(
            phones.place if phones is not None else None,
            residents.place if residents is not None else None,
        )
        smtp, office = parts.port(MAILBOX), parts.port(BACK_OFFICE)
        outside = Outside(smtp, f"http://{HOST}:{office}", JURISDICTION)
        built = centre.build(url, folder, outside, places)
        second = SecondDesktop(folder)
        second.give_orders(built.target(SECOND))
        parts.start(GATEWAY, _gateway_env(built, folder, places))
        parts.start(SECOND_DESKTOP)
        parts.ready(SECOND_DESKTOP)
        yield Stage(
            folder,
            built,
            parts.port(GATEWAY, "smtp"),
            parts.port(GATEWAY, "http"),
            CustomersMailbox(folder / MAIL_FOLDER),
            BackOfficeLog(folder / OFFICE_LOG),
            second,
            phones,
            visitors,
            residents,
            cast.lacks,
        )


class _Cast:
    """Who plays the people outside; `lacks` says why somebody plays nobody."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._stack, self._folder = stack, folder
        self.lacks: dict[str, str] = {}

    def play(self, kind: type[P], chapter: str, command: str, no_command: str) -> P | None:
        """Start who plays the people of a chapter."""
        player = kind.start(command, self._folder / chapter.lower()) if command else no_command
        if isinstance(player, str):
            self.lacks[chapter] = player
            return None
        self._stack.callback(player.stop)
        return player


class _Parts:
    """The processes of one tour, but the one that is left out; the stack ends them."""

    def __init__(self, stack: ExitStack, folder: Path, without: str) -> None:
        self._stack, self._folder, self._without = stack, folder, without
        self._children: dict[str, ChildProcess] = {}
        self._said: dict[str, dict[str, Any]] = {}

    def start(self, name: str, env: Mapping[str, str] | None = None) -> None:
        """Start a part, with these settings above the environment."""
        if name == self._without:
            return
        own = ["gateway", "--with-parent"] if name == GATEWAY else None
        child = ChildProcess(
            own or ["tour-part", name, str(self._folder)], {**os.environ, **(env or {})}
        )
        self._stack.callback(child.stop)
        self._children[name] = child

    def ready(self, name: str) -> dict[str, Any]:
        """What a part announces once it is ready; empty for the one that is left out."""
        if name in self._children and name not in self._said:
            try:
                self._said[name] = self._children[name].wait_ready(_START_SECONDS)
            except ConnectorTrouble as trouble:
                output = trouble.params.get("output", "")
                raise NoStage(f"The {name} did not start:\n{output}") from trouble
        return self._said.get(name, {})

    def port(self, name: str, which: str = "port") -> int:
        """Where a part listens; where nobody does, for the one that is left out."""
        port = self.ready(name).get(which) or _closed_port()
        return int(port)


@contextmanager
def _temporary_folder() -> Iterator[str]:
    # A child on Windows may hold a file a moment longer than it lives.
    with tempfile.TemporaryDirectory(prefix="crm-tour-", ignore_cleanup_errors=True) as folder:
        yield folder


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _gateway_env(built: TourCentre, folder: Path, places: Places) -> dict[str, str]:
    """The gateway's settings: the tour's database, any free ports, a secrets file of its own."""
    env = {
        "CRM_DESKTOP_DATABASE_URL": built.url,
        "CRM_DESKTOP_HTTP_PORT": "0",
        "CRM_DESKTOP_SMTP_PORT": "0",
        "CRM_DESKTOP_COUNCIL_NAME": "Harland Vale Council",
    }
    kept = {DATABASE_SECRET: built.password} if built.password else {}
    if (pbx := places.pbx) is not None:
        kept[Pbx(pbx.url, pbx.user).secret_name] = pbx.password
    if (network := places.network) is not None:
        kept[network.account.secret_name] = network.token
    if kept:
        file = folder / "gateway-secrets.toml"
        file.touch(mode=0o600)
        lines = [f"{json.dumps(name)} = {json.dumps(secret)}\n" for name, secret in kept.items()]
        file.write_text("".join(lines))
        env["CRM_DESKTOP_SECRETS_FILE"] = str(file)
    return env
