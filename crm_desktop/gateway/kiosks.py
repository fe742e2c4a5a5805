"""The kiosks and public screens of the centre's sites behind their door."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send

from crm_desktop.channels.kiosk.port import KioskSettings
from crm_desktop.channels.kiosk.routes import application
from crm_desktop.channels.kiosk.screens import Screens
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.kiosks import Booking, KioskCheckIn, KioskSite, KioskTicket, PublicBoard
from crm_desktop.domain.visits import SiteService
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.naming import council_name
from crm_desktop.services import Database, kiosks

#: Of its own, so that nobody at a kiosk waits for a large mail: one that tells screens, two more.
_CONNECTIONS = 3


class Kiosks:
    """`KioskPort`: the services, as the gateway."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def sites(self) -> tuple[KioskSite, ...]:
        """The sites in use."""
        return kiosks.sites(self._db)

    def services(self, site_id: int) -> tuple[SiteService, ...]:
        """What a visit there can be about."""
        return kiosks.services(self._db, site_id)

    def booking(self, site_id: int, reference: str) -> Booking | None:
        """Today's appointment of that reference."""
        return kiosks.booking(self._db, site_id, reference)

    def check_in(self, site_id: int, said: KioskCheckIn) -> KioskTicket:
        """Put the visitor into the line."""
        given, _ = kiosks.check_in(self._db, site_id, said)
        return given

    def board(self, site_id: int) -> PublicBoard:
        """What the public screens show."""
        return kiosks.board(self._db, site_id)


class KioskDoor:
    """Serves /kiosk; made when the first page asks: a centre without sites pays nothing."""

    def __init__(self, db: Database, config: GatewayConfig, secret: str) -> None:
        self._pool = db
        self._config = config
        self._secret = secret
        self._db: Database | None = None
        self._screens: Screens | None = None
        self._application: Starlette | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def routes(self) -> Sequence[BaseRoute]:
        """What the web door mounts."""
        return [Mount("/kiosk", self._serve)]

    def heard(self, changes: Changes) -> None:
        """What the feed tells of; called on its thread."""
        if self._screens is not None:
            self._screens.heard(changes)

    def presence(self, connected: bool) -> None:
        """Whether the database is there; called on the feed's thread."""
        if self._db is not None and not connected:
            self._db.close()
        self.heard(Changes.everything())

    def close(self) -> None:
        """Let the screens go to another gateway, and give the connections back."""
        if self._screens is not None:
            self._screens.close()
        if self._db is not None:
            self._db.close()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        if self._application is None or self._loop is not loop:
            # The first page of all, or of a door that was opened again.
            council = await asyncio.to_thread(council_name, self._pool, self._config)
            # Two that come at once: the first has made it meanwhile.
            if self._application is None or self._loop is not loop:
                self._application, self._loop = self._open(council), loop
        await self._application(scope, receive, send)

    def _open(self, council: str) -> Starlette:
        if self._db is not None:
            self._db.close()
        self._db = Database(self._pool.target, connections=_CONNECTIONS, create=False)
        settings = KioskSettings(
            secret=self._secret,
            resources=self._config.web_resources,
            council=council,
            proxies=self._config.proxies,
        )
        port = Kiosks(self._db)
        self._screens = Screens(port, settings.limits)
        return application(port, settings, self._screens)
