"""Visitors at real gateways: nothing they say is lost, doubled or out of order."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from crm_desktop.domain.service_notices import NewNotice
from crm_desktop.services import chats, contacts, service_notices
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import Chat, ChatLine, Message
from tests.centre import Centre, build_template
from tests.chats_centre import Visitor, add_site, visitor, writing
from tests.integration.chat.visitor import Page, page, post
from tests.integration.gateway.processes import GatewayProcess, target_of
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import wait_for

ORIGIN = "https://www.testshire.gov.uk"
_EACH, _VISITORS = 20, 10


@dataclass(frozen=True)
class RealDoor:
    """A gateway of its own process, and its port."""

    process: GatewayProcess
    port: int

    @property
    def url(self) -> str:
        """The one chat there is."""
        return f"http://127.0.0.1:{self.port}/chat/testshire"

    @property
    def talk_url(self) -> str:
        """Where pages talk."""
        return f"ws://127.0.0.1:{self.port}/chat/testshire/talk"


class Gateways:
    """Starts gateways of one centre."""

    def __init__(self, centre: Centre, site: int) -> None:
        self._centre = centre
        self.site = site
        self.running: list[GatewayProcess] = []

    def start(self, port: int = 0) -> RealDoor:
        """One more, on a port or any."""
        process = GatewayProcess(target_of(self._centre), http_port=port)
        self.running.append(process)
        return RealDoor(process, process.wait_ready()["http"])


@pytest.fixture
def gateways(centre: Centre) -> Iterator[Gateways]:
    """Of the test's centre; killed when it ends."""
    made = Gateways(centre, add_site(centre))
    yield made
    for process in made.running:
        process.kill()


def _kept(centre: Centre, chat_id: int) -> list[str]:
    """What was said in a chat, as the database has it."""
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(Message.body_text)
                .join(ChatLine, ChatLine.message_id == Message.id)
                .where(ChatLine.chat_id == chat_id)
                .order_by(ChatLine.seq)
            )
        )


def _the_only(centre: Centre) -> tuple[int, int]:
    """The chat that there is, and its contact."""
    with centre.as_owner().read() as tx:
        chat = tx.session.scalars(select(Chat)).one()
        return chat.id, chat.contact_id


def _start(door: RealDoor, name: str) -> str:
    """A visitor's token."""
    answer = post(door, "start", {"name": name}, origin=ORIGIN)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["token"])


def test_a_chat_from_its_start_to_its_rating(centre: Centre, gateways: Gateways) -> None:
    door = gateways.start()
    own = {"Origin": ORIGIN}
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    notice = NewNotice("Bins are a day late.", tomorrow, text_cy="Diwrnod yn hwyr.")
    service_notices.publish(centre.as_person("rose"), notice)
    setup = httpx.get(f"{door.url}/setup?language=cy", headers=own, timeout=60).json()
    assert setup["open"] is True
    assert setup["notices"] == ["Diwrnod yn hwyr."]
    told = {"name": "Margaret Okafor", "email": "m@example.org", "text": "My bin", "language": "cy"}
    answer = post(door, "start", told, origin=ORIGIN)
    token = answer.json()["token"]
    with page(door, token, origin=ORIGIN) as one, page(door, token, origin=ORIGIN) as two:
        for each in (one, two):
            each.until_lines(1)
            assert each.state["place"]["position"] == 1
        one.send(typing="It was out by")
        chat_id, contact_id = _the_only(centre)
        db = centre.as_person("anna")
        contacts.take(db, contact_id)
        wait_for(lambda: chats.visitor_typing(db, chat_id) == "It was out by", "what is typed")
        one.say("a-1", "It was out by 7")
        chats.typing_as_staff(db, contact_id)
        assert one.until("typing") is True
        said = chats.say_as_staff(db, contact_id, "Sorry about that.", writing=writing())
        assert said.line is not None
        for each in (one, two):
            each.until_lines(4)
            assert [line["seq"] for line in each.lines] == [1, 2, 3, 4]
            assert each.lines[-1]["text"] == "Sorry about that."
            assert each.lines[-1]["who"] == "Anna"
        one.send(end={})
        while two.state.get("state") != "ended":
            two.next()
        bearer = {"Authorization": f"Bearer {token}"}
        rated = post(door, "rating", {"stars": 4}, origin=ORIGIN, headers=bearer)
        assert rated.is_success


def test_two_gateways_of_one_centre_tell_a_visitors_pages_the_same(
    centre: Centre, gateways: Gateways
) -> None:
    first, second = gateways.start(), gateways.start()
    token = _start(first, "Margaret")
    chat_id, contact_id = _the_only(centre)
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    with page(first, token, origin=ORIGIN) as one, page(second, token, origin=ORIGIN) as two:
        for number in range(5):
            one.say(f"one-{number}", f"one {number}")
            two.say(f"two-{number}", f"two {number}")
            chats.say_as_staff(anna, contact_id, f"staff {number}", writing=writing())
        for each in (one, two):
            each.until_lines(16)
        assert one.lines == two.lines
        assert [line["seq"] for line in one.lines] == list(range(1, 17))
        assert _kept(centre, chat_id) == one.texts
    with page(second, token, 10, origin=ORIGIN) as elsewhere:
        elsewhere.say("one-4", "one 4")
        elsewhere.until_lines(6)
        assert elsewhere.lines == one.lines[10:]
        # One that ends sends its pages to the other, and ends in good order.
        assert second.process.end() == 0
        with pytest.raises(ConnectionClosed) as closed:
            elsewhere.until("lines")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1012


class _Writer:
    """A visitor's browser that says numbered texts through whatever happens."""

    def __init__(self, door: RealDoor, who: Visitor, said: threading.Semaphore) -> None:
        self._door = door
        self.token = who.token
        self._said = said
        self.chat = who.chat
        self.page_lines: list[tuple[int, str]] = []

    def run(self) -> None:
        """Say all of it."""
        unkept = {f"w-{number}": f"text {number}" for number in range(_EACH)}
        after = 0
        while unkept:
            try:
                with page(self._door, self.token, after, origin=ORIGIN) as one:
                    self._talk(one, unkept)
            except (ConnectionClosed, OSError, InvalidHandshake, EOFError):
                time.sleep(0.05)
            after = self.page_lines[-1][0] if self.page_lines else 0

    def shown(self) -> list[tuple[int, str]]:
        """What the page has shown at the end, all of it."""
        after = self.page_lines[-1][0] if self.page_lines else 0
        with page(self._door, self.token, after, origin=ORIGIN) as one:
            last = one.until("state")["last_seq"]
            one.until_lines(last - after)
        return [*self.page_lines, *((line["seq"], line["text"]) for line in one.lines)]

    def _talk(self, one: Page, unkept: dict[str, str]) -> None:
        waiting = list(unkept.items())
        for name, text in waiting[:3]:
            one.say(name, text)
        ahead = iter(waiting[3:])
        while unkept:
            kind, told = one.next()
            if kind == "lines":
                self.page_lines.extend((line["seq"], line["text"]) for line in told)
            elif kind == "kept":
                unkept.pop(told["id"], None)
                self._said.release()
                if following := next(ahead, None):
                    one.say(*following)


def test_a_gateway_that_is_killed_loses_doubles_and_mixes_nothing(
    centre: Centre, gateways: Gateways
) -> None:
    door = gateways.start(free_port())
    said = threading.Semaphore(0)
    writers = [
        _Writer(door, visitor(centre, gateways.site, "", visitor=f"Visitor {number}"), said)
        for number in range(_VISITORS)
    ]
    with ThreadPoolExecutor(_VISITORS) as threads:
        runs = [threads.submit(each.run) for each in writers]
        for _ in range(_VISITORS * _EACH // 3):
            assert said.acquire(timeout=60)
        door.process.kill()
        gateways.start(door.port)
        for run in runs:
            run.result(120)
    wanted = [f"text {number}" for number in range(_EACH)]
    for each in writers:
        assert _kept(centre, each.chat) == wanted
        assert each.shown() == list(enumerate(wanted, 1))


def test_while_the_database_is_away_pages_know_it_and_afterwards_all_is_kept(
    own_postgres: PostgresCluster,
) -> None:
    own_postgres.create_database("away")
    target = Target(own_postgres.superuser_url("away"))
    with closing(Database(target)) as owner:
        build_template(owner)
    centre = Centre(target, cluster=own_postgres, database="away")
    made = Gateways(centre, add_site(centre))
    try:
        door = made.start()
        with page(door, _start(door, "Margaret"), origin=ORIGIN) as one:
            one.until("state")
            own_postgres.stop()
            one.say("a-1", "one")
            one.say("a-2", "two")
            one.until("away")
            answer = post(door, "start", {"name": "Bo"}, origin=ORIGIN)
            assert (answer.status_code, answer.json()["code"]) == (503, "away")
            own_postgres.start()
            one.until_lines(2)
            assert one.texts == ["one", "two"]
    finally:
        for process in made.running:
            process.kill()
        centre.close()
