"""What one commits, the others hear, and nothing that anybody sends breaks the feed."""

from __future__ import annotations

import queue
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from crm_desktop.domain.changes import Change, Changes, Topic
from crm_desktop.domain.errors import CrmError, DatabaseAway
from crm_desktop.services import chat_visits, chats, contacts
from crm_desktop.services.feed import open_feed
from crm_desktop.store.database import Database, Target
from crm_desktop.store.feed import (
    BATCH_SECONDS,
    MOST_CHANGES,
    URGENT_REST_SECONDS,
    Batcher,
    parse,
)
from tests.centre import GATEWAY_LOGIN, Centre
from tests.chats_centre import add_site, visitor, writing
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import PATIENCE


class Listener:
    """A running feed and what it called back, in order: Changes, or (connected, trouble)."""

    def __init__(self, target: Target) -> None:
        self.seen = Changes()
        self.heard: queue.Queue[Changes | tuple[bool, CrmError | None]] = queue.Queue()
        self.feed = open_feed(
            target, self.heard.put, lambda connected, trouble: self.heard.put((connected, trouble))
        )

    def start(self) -> Listener:
        """Start and wait until it listens."""
        self.feed.start()
        self.until(lambda item: item == Changes.everything())
        return self

    def until(
        self, wanted: Callable[[Changes | tuple[bool, CrmError | None]], bool]
    ) -> Changes | tuple[bool, CrmError | None]:
        """The first call back that is wanted."""
        while True:
            item = self.heard.get(timeout=PATIENCE)
            if isinstance(item, Changes):
                self.seen |= item
            if wanted(item):
                return item

    def until_change(self, topic: Topic, number: int) -> None:
        """Wait for one change, which may have come with another already."""
        if number not in self.seen.ids(topic):
            self.until(lambda item: isinstance(item, Changes) and number in item.ids(topic))


@pytest.fixture
def listeners() -> Iterator[Callable[[Target], Listener]]:
    """Starts listeners and stops them."""
    started: list[Listener] = []

    def start(target: Target) -> Listener:
        started.append(Listener(target))
        return started[-1].start()

    yield start
    for each in started:
        each.feed.stop()


def _mark(db: Database, number: int) -> None:
    with db.write() as tx:
        tx.changed(Topic.CASE, number)


def test_two_desktops_and_a_gateway_hear_each_other(
    centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    hearing = [listeners(centre.target_for(login)) for login in ("anna", "ben", GATEWAY_LOGIN)]

    _mark(centre.as_person("anna"), 41)
    _mark(centre.as_gateway(), 42)

    for listener in hearing:
        listener.until_change(Topic.CASE, 41)
        listener.until_change(Topic.CASE, 42)


def test_what_is_rolled_back_is_not_told(
    centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    listener = listeners(centre.target_for("anna"))
    db = centre.as_gateway()

    with pytest.raises(RuntimeError):
        _mark_and_fail(db, 1)
    _mark(db, 2)

    first = listener.until(lambda item: isinstance(item, Changes))
    assert isinstance(first, Changes)
    assert first.ids(Topic.CASE) == {2}


def _mark_and_fail(db: Database, number: int) -> None:
    with db.write() as tx:
        tx.changed(Topic.CASE, number)
        raise RuntimeError("changed my mind")


def test_hostile_payloads_are_passed_over(
    postgres_centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    listener = listeners(postgres_centre.target_for("anna"))
    ben = postgres_centre.as_person("ben")
    hostile = ("", "x", "case:", "case:-1", "case:٣", "everything:0", "case:" + "9" * 30, "a:b:c,,")

    with ben.write() as tx:
        for payload in hostile:
            tx.session.execute(text("SELECT pg_notify('crm', :p)"), {"p": payload})
    _mark(ben, 7)

    first = listener.until(lambda item: isinstance(item, Changes))
    assert first == Changes.of(Topic.CASE, 7)


def test_a_flood_is_answered_with_one_everything(
    centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    listener = listeners(centre.target_for("anna"))

    with centre.as_gateway().write() as tx:
        tx.changed(Topic.CASE, *range(1, 3 * MOST_CHANGES))

    listener.until(lambda item: item == Changes.everything())


def test_a_lost_database_is_told_and_everything_is_read_again(
    own_postgres: PostgresCluster,
) -> None:
    name = "feed"
    own_postgres.create_database(name)
    listener = Listener(Target(own_postgres.superuser_url(name))).start()
    try:
        own_postgres.stop("immediate")
        connected, trouble = listener.until(lambda item: isinstance(item, tuple))  # type: ignore[misc]
        assert not connected
        assert isinstance(trouble, DatabaseAway)

        own_postgres.start()
        assert listener.until(lambda item: isinstance(item, tuple)) == (True, None)
        assert listener.heard.get(timeout=PATIENCE) == Changes.everything()
    finally:
        listener.feed.stop()


def test_a_deleted_database_file_is_told_and_its_return_too(
    sqlite_centre: Centre, listeners: Callable[[Target], Listener], tmp_path: Path
) -> None:
    listener = listeners(sqlite_centre.target)
    assert sqlite_centre.path is not None
    aside = tmp_path / "aside.db"

    sqlite_centre.path.rename(aside)
    connected, trouble = listener.until(lambda item: isinstance(item, tuple))  # type: ignore[misc]
    assert not connected
    assert isinstance(trouble, DatabaseAway)
    assert not sqlite_centre.path.exists()

    aside.rename(sqlite_centre.path)
    listener.until(lambda item: item == (True, None))
    listener.until(lambda item: item == Changes.everything())


def test_a_pruned_and_restarted_notice_table_loses_nothing(
    sqlite_centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    listener = listeners(sqlite_centre.target)
    db = sqlite_centre.as_gateway()
    _mark(db, 1)
    _mark(db, 2)
    listener.until_change(Topic.CASE, 2)
    assert sqlite_centre.path is not None
    connection = sqlite3.connect(sqlite_centre.path)
    connection.execute("DELETE FROM notice")
    connection.execute("INSERT INTO notice (topic, ref_id, at) VALUES ('case', 9, '2026-01-01')")
    connection.commit()
    connection.close()

    listener.until(lambda item: item == Changes.everything())


def test_a_feed_stops_while_the_database_is_away(tmp_path: Path) -> None:
    away = threading.Event()
    feed = open_feed(
        Target(f"sqlite:///{tmp_path / 'missing.db'}"),
        lambda _: None,
        lambda connected, _: None if connected else away.set(),
    )
    feed.start()
    assert away.wait(PATIENCE)

    feed.stop()

    assert not (tmp_path / "missing.db").exists()


def test_batches_keep_their_distance_and_join_what_comes_between() -> None:
    now = [0.0]
    out: list[Changes] = []
    batcher = Batcher(out.append, lambda: now[0])

    batcher.add(parse("case:1"))
    batcher.flush()
    batcher.add(parse("case:2"))
    batcher.flush()
    batcher.add(parse("contact:3"))
    now[0] = 0.011
    batcher.flush()

    assert out == [
        Changes.of(Topic.CASE, 1),
        Changes(frozenset({Change(Topic.CASE, 2), Change(Topic.CONTACT, 3)})),
    ]


def test_while_many_notices_come_they_are_gathered_and_the_first_after_them_is_not() -> None:
    now = [0.0]
    out: list[tuple[float, Changes]] = []
    batcher = Batcher(lambda changes: out.append((now[0], changes)), lambda: now[0])

    for number in range(100):
        now[0] = number * 0.02
        batcher.add(parse(f"contact:{number}"))
        batcher.flush()
    in_the_second_second = [at for at, _ in out if at >= 1]
    now[0] = 5.0
    batcher.flush()
    now[0] = 6.0
    batcher.add(parse("contact:500"))
    batcher.flush()

    assert len(in_the_second_second) <= 4
    assert out[-1] == (6.0, Changes.of(Topic.CONTACT, 500))
    told = frozenset[int]().union(*(changes.ids(Topic.CONTACT) for _, changes in out))
    assert told == {*range(100), 500}


def test_desktops_that_hear_the_same_burst_do_not_read_in_the_same_moments() -> None:
    now = [0.0]
    given: list[set[float]] = [set() for _ in range(20)]
    desktops = [
        Batcher(lambda _, at=at: at.add(now[0]), lambda: now[0])  # type: ignore[misc]
        for at in given
    ]

    for number in range(200):
        now[0] = number * 0.02
        for each in desktops:
            each.add(parse(f"contact:{number}"))
            each.flush()
    later = [{at for at in each if at > 2} for each in given]

    assert max(len(each) for each in later) <= 7
    assert len(set().union(*later)) > 20


def test_what_is_urgent_waits_for_no_burst() -> None:
    now = [0.0]
    out: list[tuple[float, Changes]] = []
    batcher = Batcher(lambda changes: out.append((now[0], changes)), lambda: now[0])

    resting = 0.0
    for number in range(100):
        now[0] = number * 0.02
        batcher.add(parse(f"contact:{number}"))
        batcher.flush()
        resting = max(resting, batcher.seconds_of_rest())
    # A batch may just have gone out, or be due: when is each desktop's own.
    now[0] += BATCH_SECONDS
    batcher.add(parse("chat:7"))
    batcher.flush()

    assert resting > URGENT_REST_SECONDS
    at, changes = out[-1]
    assert at == now[0]
    assert Change(Topic.CHAT, 7) in changes.items
    assert batcher.seconds_of_rest() <= URGENT_REST_SECONDS
    now[0] = 5.0
    batcher.flush()
    told = frozenset[int]().union(*(changes.ids(Topic.CONTACT) for _, changes in out))
    assert told == {*range(100)}


def test_of_a_chat_hears_whoever_has_it_and_the_gateways_and_of_typing_nobody_else(
    centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    margaret = visitor(centre, add_site(centre))
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    contacts.take(anna, margaret.contact)
    hearing = {
        login: listeners(centre.target_for(login)) for login in ("anna", "ben", GATEWAY_LOGIN)
    }

    margaret.say("Hello?")
    chat_visits.typing(margaret.db, margaret.token, "Are you")
    contacts.look(ben, margaret.contact)
    chats.say_as_staff(anna, margaret.contact, "Yes", writing=writing())
    _mark(anna, 99)

    for topic in (Topic.CHAT, Topic.TYPING):
        for login in ("anna", GATEWAY_LOGIN):
            hearing[login].until_change(topic, margaret.chat)
    hearing["ben"].until_change(Topic.CASE, 99)
    hearing["ben"].until_change(Topic.CHAT, margaret.chat)
    if centre.dialect == "postgresql":
        assert not hearing["ben"].seen.ids(Topic.TYPING)
        assert not hearing["anna"].seen.ids(Topic.CONTACT)


def test_a_desktop_hears_everything_that_comes_faster_than_it_is_told(
    centre: Centre, listeners: Callable[[Target], Listener]
) -> None:
    listener = listeners(centre.target_for("anna"))
    owner = centre.as_owner()

    for number in range(1, 61):
        _mark(owner, number)

    heard = frozenset[int]()
    while len(heard) < 60:
        item = listener.heard.get(timeout=PATIENCE)
        if isinstance(item, Changes):
            heard |= item.ids(Topic.CASE)
    assert heard == frozenset(range(1, 61))


def test_a_lasting_flood_says_everything_once_in_two_seconds() -> None:
    now = [0.0]
    out: list[Changes] = []
    batcher = Batcher(out.append, lambda: now[0])

    for step in range(400):
        now[0] = step * 0.01
        batcher.add(frozenset(Change(Topic.CASE, step * 100 + each) for each in range(100)))
        batcher.flush()

    assert out.count(Changes.everything()) == 2
