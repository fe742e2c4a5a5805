"""A council's website, a real gateway and its database, a browser, an advisor by the services."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext
from sqlalchemy import delete, func, select

from crm_desktop.domain.chats import ChatView, EndedBy
from crm_desktop.domain.service_notices import NewNotice
from crm_desktop.domain.views import NewAttachment, Writing
from crm_desktop.services import chats, contacts, service_notices
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, Chat, ChatBlock, OpeningCalendar, Queue
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, address_of, password_of
from tests.e2e.chat.visitor import Visitor
from tests.integration.conftest import _postgres_centre
from tests.servers.council_site import CouncilSite, council_site
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import PATIENCE, wait_for

KEY, CLOSED = "norbridge", "norbridge-nights"
NOTICE = {
    "en": "Bin rounds are a day late this week.",
    "cy": "Mae’r biniau ddiwrnod yn hwyr yr wythnos hon.",
}
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs whole processes."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="module")
def site() -> Iterator[CouncilSite]:
    """The council's own pages."""
    with council_site() as running:
        yield running


@pytest.fixture(scope="module")
def chat_centre(postgres_cluster: PostgresCluster, site: CouncilSite) -> Iterator[Centre]:
    """A centre with two chats: one that is open whenever the suite runs, and one that is not."""
    for centre in _postgres_centre(postgres_cluster):
        _add_chats(centre, site.origin)
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        notice = NewNotice(NOTICE["en"], ends_at=tomorrow, text_cy=NOTICE["cy"])
        service_notices.publish(centre.as_person("rose"), notice)
        yield centre


def _add_chats(centre: Centre, origin: str) -> None:
    with centre.as_owner().write() as tx:
        session = tx.session
        queues = {each.code: each for each in session.scalars(select(Queue))}
        now = datetime.now(UTC)
        always = {"week": {each: ["00:00-24:00"] for each in _WEEKDAYS}, "holidays": "none"}
        nights = {"week": {_WEEKDAYS[(now.weekday() + 3) % 7]: ["09:00-17:00"]}}
        for code, hours in (("general", always), ("waste", nights)):
            calendar = OpeningCalendar(name=code, hours=hours)
            session.add(calendar)
            session.flush()
            queues[code].calendar_id = calendar.id
        for key, queue in ((KEY, "general"), (CLOSED, "waste")):
            settings = {
                "key": key,
                "origins": [origin],
                "services": ["missed_bin"] if key == KEY else [],
                "questions": {"missed_bin": ["bin", "due_on"]},
                "greeting": {"en": "Hello. How can we help?", "cy": "Helo. Sut gallwn ni helpu?"},
                "colour": "#12324a",
            }
            session.add(
                ChannelAccount(kind="chat", name=key, queue_id=queues[queue].id, settings=settings)
            )


class Gateways:
    """One gateway after the other on the same address, as a service manager starts them."""

    def __init__(self, centre: Centre, folder: Path) -> None:
        self._centre = centre
        self._folder = folder
        self._ports = {"http": free_port()}
        self._count = 0
        self._now: GatewayProgram | None = None

    @property
    def url(self) -> str:
        """Where the chat comes from."""
        return f"http://127.0.0.1:{self._ports['http']}"

    def start(self) -> None:
        """Start one and wait for it."""
        self._count += 1
        self._now = GatewayProgram(
            self._folder / f"gateway-{self._count}",
            address_of(self._centre.target),
            password=password_of(self._centre.target),
            ports=self._ports,
            settings={"COUNCIL_NAME": "Norbridge Council"},
        )
        self._now.wait_ready()

    def kill(self) -> None:
        """As a power cut would."""
        if self._now is not None:
            self._now.kill()
            self._now = None


@pytest.fixture(scope="module")
def gateways(
    chat_centre: Centre, site: CouncilSite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateways]:
    """A running gateway that a test may kill, if it starts another."""
    made = Gateways(chat_centre, tmp_path_factory.mktemp("gateways"))
    site.gateway = made.url
    try:
        made.start()
        yield made
    finally:
        made.kill()


@dataclass
class Advisor:
    """Anna, by the same services as her desktop."""

    db: Database
    owner: Database

    def take(self) -> int:
        """Take the newest chat; its contact."""
        with self.owner.read() as tx:
            newest = select(Chat.contact_id).order_by(Chat.id.desc()).limit(1)
            contact_id = tx.session.scalars(newest).one()
        contacts.take(self.db, contact_id)
        return contact_id

    def say(self, contact_id: int, text: str, *files: NewAttachment) -> None:
        """Say something, whatever the leak check finds."""
        writing = Writing(secrets.token_hex(16))
        chats.say_as_staff(
            self.db, contact_id, text, writing=writing, confirmed=True, files=tuple(files)
        )

    def look(self, contact_id: int) -> ChatView:
        """The chat as she sees it."""
        view = chats.open_chat(self.db, contact_id)
        assert view is not None
        return view

    def texts(self, contact_id: int) -> list[str]:
        """What was said, in its order."""
        return [line.text for line in self.look(contact_id).lines if line.kind == "said"]

    def hears(self, contact_id: int, *texts: str) -> None:
        """Wait until exactly these are the last that were said."""
        wait_for(lambda: self.texts(contact_id)[-len(texts) :] == list(texts), "what was said")

    def sees_typed(self, contact_id: int, text: str) -> None:
        """Wait until the visitor is seen typing this."""
        chat_id = self.look(contact_id).chat_id
        wait_for(lambda: chats.visitor_typing(self.db, chat_id) == text, "what is typed")

    def end(self, contact_id: int) -> None:
        """End it."""
        chats.end_as_staff(self.db, contact_id, EndedBy.ADVISOR)

    def ended_earlier(self, contact_id: int, earlier: timedelta) -> None:
        """Let a chat have ended so much earlier."""
        with self.owner.write() as tx:
            chat = tx.session.scalars(select(Chat).where(Chat.contact_id == contact_id)).one()
            assert chat.ended_at is not None
            chat.ended_at -= earlier

    def count(self) -> int:
        """How many chats there have been."""
        with self.owner.read() as tx:
            return tx.session.scalar(select(func.count()).select_from(Chat)) or 0

    def opens(self, queue: str, as_queue: str) -> None:
        """Give a queue the opening hours that were made for another."""
        with self.owner.write() as tx:
            session = tx.session
            hours = session.scalars(select(OpeningCalendar).filter_by(name=as_queue)).one()
            session.scalars(select(Queue).filter_by(code=queue)).one().calendar_id = hours.id

    def unblock(self) -> None:
        """Let everybody in again."""
        with self.owner.write() as tx:
            tx.session.execute(delete(ChatBlock))


@pytest.fixture(scope="module")
def advisor(chat_centre: Centre) -> Advisor:
    """At her desk."""
    return Advisor(chat_centre.as_person("anna"), chat_centre.as_owner())


@pytest.fixture
def profile(browser: Browser, gateways: Gateways) -> Iterator[BrowserContext]:
    """One person's browser; without motion, so that nothing is looked at half faded in."""
    context = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce")
    context.set_default_timeout(PATIENCE * 1_000)
    yield context
    context.close()


@pytest.fixture
def visitor(profile: BrowserContext, site: CouncilSite) -> Iterator[Visitor]:
    """Somebody on the council's first page; the site is as usual again afterwards."""
    yield Visitor(profile.new_page())
    site.key, site.language, site.unkind, site.variables = KEY, "en", False, ""
