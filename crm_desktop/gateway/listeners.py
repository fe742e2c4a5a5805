"""The two doors that every gateway opens itself: mail by SMTP, forms and chats by HTTP.

They need no lease: intake recognises what came twice, and a port has one owner. One that is taken
(by another gateway on this machine) is tried again until it is free.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

from crm_desktop.channels.chat.protocol import LARGEST_FRAME
from crm_desktop.channels.email.listener import MailListener, envelope_id
from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.channels.email.settings import is_loopback
from crm_desktop.channels.web.listening import listen
from crm_desktop.channels.web_form.port import Limits, PublicForm, WebFormSettings
from crm_desktop.channels.web_form.routes import routes
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import ConnectorTrouble, DatabaseTrouble
from crm_desktop.domain.messages import InboundMessage
from crm_desktop.gateway.accounts import SMTP_LISTENER, WEB_FORM
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.naming import council_name
from crm_desktop.gateway.standby import Standby, words_for
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.together import Together
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, intake, public_forms, service_notices
from crm_desktop.services.accounts import Account

if TYPE_CHECKING:
    from crm_desktop.gateway.chats import OpenChats

_LOG = logging.getLogger(__name__)
_TRY_AGAIN_SECONDS = 2.0
#: Mails read at the same time, each of which may be large; and mails in one transaction.
_READ_AT_ONCE = 4
_TAKEN_TOGETHER = 10


class MailDoor(Worker):
    """Takes mail by SMTP; "accepted" is said after the commit."""

    def __init__(self, db: Database, config: GatewayConfig, statuses: StatusBoard) -> None:
        super().__init__("mail-door")
        self._db = db
        self._config = config
        self._statuses = statuses
        self._standby = Standby(db, statuses)
        self._listener: MailListener | None = None
        self._reading = threading.BoundedSemaphore(_READ_AT_ONCE)
        self._taking = Together(partial(intake.receive_together, db), _TAKEN_TOGETHER)
        self.settled = threading.Event()

    @property
    def port(self) -> int | None:
        """The port listened on, None while there is none."""
        return self._listener.port if self._listener else None

    def work(self) -> None:
        """Open the door, then stand by it until the end."""
        account = _account_for(self._db, SMTP_LISTENER)
        if account is None:
            self.settled.set()
            self.stopping.wait(_TRY_AGAIN_SECONDS)
            return
        listener = MailListener(
            self._config.smtp_host,
            self._config.smtp_port,
            self._deliver,
            domains=self._config.mail_domains,
            size_limit=self._config.largest_mail,
            # Open to the world only where it is said for whom mail is taken.
            allow_remote=bool(self._config.mail_domains),
        )
        try:
            listener.start()
        except ConnectorTrouble as trouble:
            cause = trouble.__cause__
            words = str(trouble)
            if isinstance(cause, OSError):
                words = words_for("mail", self._config.smtp_port, cause)
            self._standby.say(account, words)
            self.settled.set()
            self.stopping.wait(_TRY_AGAIN_SECONDS)
            return
        self._listener = listener
        self._statuses.ok(account.id)
        self.settled.set()
        self.stopping.wait()

    def close(self) -> None:
        """Refuse new mail; what is being accepted is finished."""
        if self._listener is not None:
            self._listener.stop()

    def _deliver(self, raw: bytes, sender: str, recipients: tuple[str, ...]) -> None:
        door = intake.Door(SMTP_LISTENER, frozenset(map(str.lower, recipients)))
        with self._reading:
            message = parse_mail(raw, external_id=envelope_id(raw, sender, recipients))
            arrival = intake.stored(self._db, door, message)
        self._taking.do(arrival)


def _account_for(db: Database, kind: str) -> Account | None:
    """The first account of a kind."""
    return next((each for each in accounts.active(db) if each.kind == kind), None)


class WebDoor(Worker):
    """Serves the public's forms and chats, /healthz, and what else is mounted: `more_routes`.

    What serves chats is made when the first page asks for one: a centre without chats pays nothing.
    """

    def __init__(
        self,
        db: Database,
        config: GatewayConfig,
        statuses: StatusBoard,
        form_secret: str,
        *,
        more_routes: Sequence[BaseRoute] = (),
    ) -> None:
        super().__init__("web-door")
        self._more_routes = more_routes
        self._db = db
        self._config = config
        self._statuses = statuses
        self._secret = form_secret
        self._standby = Standby(db, statuses)
        self._server: uvicorn.Server | None = None
        self._chats: OpenChats | None = None
        self.port: int | None = None
        self.settled = threading.Event()

    def heard(self, changes: Changes) -> None:
        """What the feed tells of; called on its thread."""
        chats = self._chats
        if chats is not None:
            chats.hub.heard(changes)

    def presence(self, connected: bool) -> None:
        """Whether the database is there; called on the feed's thread."""
        chats = self._chats
        if chats is not None and not connected:
            chats.close()
            chats.hub.is_away()

    def stop(self) -> None:
        """Refuse new visitors; requests under way are answered, chats go to other gateways."""
        super().stop()
        server = self._server
        if server is not None:
            server.should_exit = True

    def work(self) -> None:
        """Open the door and serve until the end."""
        account = _account_for(self._db, WEB_FORM)
        try:
            listening = listen(self._config.http_host, self._config.http_port)
        except OSError as error:
            self._standby.say(account, words_for("forms", self._config.http_port, error))
            self.settled.set()
            self.stopping.wait(_TRY_AGAIN_SECONDS)
            return
        self._serve(listening, account)

    def _serve(self, listening: socket.socket, account: Account | None) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._application(account),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                lifespan="off",
                ws_max_size=LARGEST_FRAME,
                # Lines are short, and a compressor for each of many pages is not.
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=10,
            )
        )
        self.port = listening.getsockname()[1]
        if account is not None:
            self._statuses.ok(account.id)
        self.settled.set()
        with listening:
            if not self.stopping.is_set():
                self._server.run(sockets=[listening])
        self.port = None
        chats, self._chats = self._chats, None
        if chats is not None:
            # Its tasks ended with the server's loop.
            chats.close()

    def _application(self, account: Account | None) -> Starlette:
        shown: Sequence[BaseRoute] = [
            Route("/healthz", self._health),
            Mount("/chat", self._chat),
            *self._more_routes,
        ]
        if account is not None and not is_loopback(self._config.http_host):
            _LOG.info("web-door: forms are open to other machines")
        settings = WebFormSettings(
            secret=self._secret,
            resources=self._config.web_resources,
            council=council_name(self._db, self._config),
            proxies=self._config.proxies,
            limits=Limits(files_bytes=self._config.largest_form),
        )
        return Starlette(routes=[*shown, *routes(Forms(self._db), settings)])

    async def _chat(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._chats is None:
            from crm_desktop.gateway.chats import OpenChats

            council = await asyncio.to_thread(council_name, self._db, self._config)
            # Two that come at once: the first has made it meanwhile.
            self._chats = self._chats or OpenChats(self._db, self._config, council, self._secret)
        await self._chats.application(scope, receive, send)

    def _health(self, _: Request) -> JSONResponse:
        """Whether what comes in can be kept; for watchdogs and load balancers."""
        try:
            accounts.must_be_writable(self._db)
        except DatabaseTrouble as trouble:
            return JSONResponse({"status": trouble.code}, 503)
        return JSONResponse({"status": "ok"})


class Forms:
    """`FormsPort`: the centre behind the public pages."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def services(self) -> Sequence[tuple[str, str, str]]:
        """(code, name, summary) of every public form."""
        return public_forms.offered(self._db)

    def form(self, code: str) -> PublicForm | None:
        """A service's current form."""
        found = public_forms.current(self._db, code)
        if found is None:
            return None
        return PublicForm(found.code, found.version, found.name, found.summary, found.schema)

    def notices(self) -> Sequence[str]:
        """What everybody should know now."""
        return service_notices.shown(self._db, "web")

    def submit(self, message: InboundMessage) -> str:
        """Keep a submission; its reference."""
        account = _account_for(self._db, WEB_FORM)
        if account is None:
            raise DatabaseTrouble("no account takes forms")
        return intake.receive(self._db, account.id, message).reference
