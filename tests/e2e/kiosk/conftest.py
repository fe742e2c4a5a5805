"""A one-stop-shop with a real gateway and its database, browsers, and Anna at a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from crm_desktop.domain.states import Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.domain.visits import Called
from crm_desktop.services import contacts, visits
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, Site, SiteService, Visit
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, address_of, password_of
from tests.integration.conftest import _postgres_centre
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import PATIENCE
from tests.visits_centre import add_site, book, places, service_of

PICTURES = Path(__file__).resolve().parents[3] / "build" / "pictures" / "kiosk"
WELSH = ("Tai", "Treth gyngor", "Budd-daliadau", "Sbwriel", "Parcio", "Cofrestru")

OpenPage = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs whole processes."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@dataclass
class Shop:
    """The guildhall with two desks, and a gateway that may be killed and started again."""

    centre: Centre
    site: int
    key: str
    anna: Database
    folder: Path
    port: int
    gateway: GatewayProgram | None = None
    runs: int = 0

    @property
    def url(self) -> str:
        """Where its kiosks begin."""
        return f"http://127.0.0.1:{self.port}/kiosk/{self.key}"

    def start(self) -> None:
        """Start a gateway and wait for it."""
        self.runs += 1
        self.gateway = GatewayProgram(
            self.folder / f"gateway-{self.runs}",
            address_of(self.centre.target),
            password=password_of(self.centre.target),
            ports={"http": self.port},
            settings={"COUNCIL_NAME": "Norbridge Council"},
        )
        self.gateway.wait_ready()

    def kill(self) -> None:
        """As a power cut would."""
        if self.gateway is not None:
            self.gateway.kill()
            self.gateway = None

    def call_next(self, desk: int = 0) -> Called:
        """Anna goes to a desk and calls whoever is next; whoever was there is done."""
        place = places(self.centre, self.site)[desk]
        for row in visits.line(self.anna, self.site).rows:
            if row.state == "called":
                visits.serve(self.anna, row.contact_id)
                contacts.begin_wrap_up(self.anna, row.contact_id)
                done = Disposition(None, Resolution.RESOLVED, avoidable=False)
                contacts.complete(self.anna, row.contact_id, done)
        visits.at(self.anna, place)
        called, _ = visits.call_next(self.anna, place)
        assert called is not None
        return called

    def kept(self, ticket: str) -> Visit:
        """A ticket's visit as it was kept."""
        with self.centre.as_owner().read() as tx:
            found = select(Visit).where(Visit.letter == ticket[0], Visit.number == int(ticket[1:]))
            visit = tx.session.scalars(found).one()
            tx.session.expunge(visit)
            return visit

    def line(self) -> list[str]:
        """The tickets that wait."""
        rows = visits.line(self.anna, self.site).rows
        return [str(row.ticket) for row in rows if row.state == "queued"]


@pytest.fixture(scope="module")
def shop(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shop]:
    """Its kiosks ask for a number, since it can text."""
    for centre in _postgres_centre(postgres_cluster):
        site = add_site(centre)
        with centre.as_owner().write() as tx:
            found = tx.session.get_one(Site, site)
            found.name, found.name_cy = "Guildhall one-stop-shop", "Siop un stop Neuadd y Dref"
            key = found.kiosk_key
            own = tx.session.scalars(select(SiteService).order_by(SiteService.key))
            for each, welsh in zip(own, WELSH, strict=False):
                each.name_cy = welsh
            tx.session.add(ChannelAccount(kind="texting", name="texts"))
        book(centre, site, service_of(centre, site), "A-8F3-T9K-4", who="Margaret Okafor")
        made = Shop(
            centre,
            site,
            key,
            centre.as_person("anna"),
            tmp_path_factory.mktemp("gateways"),
            free_port(),
        )
        try:
            made.start()
            yield made
        finally:
            made.kill()


@pytest.fixture
def open_page(browser: Browser, shop: Shop) -> Iterator[OpenPage]:
    """Opens pages in a profile of its own: `open_page(script=…, width=…, height=…)`."""
    contexts = []

    def open_one(*, script: bool = True, width: int = 1024, height: int = 768) -> Page:
        context = browser.new_context(
            java_script_enabled=script, viewport={"width": width, "height": height}
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE * 1_000)
        return context.new_page()

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Leaves a picture of the page under build/pictures/kiosk."""

    def take(page: Page, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}.png")

    return take
