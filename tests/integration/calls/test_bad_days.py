"""Gateways are killed, the PBX is, the password is wrong: conversations go on, nothing hangs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import func, select, update

from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import accounts, calls
from crm_desktop.store.models import ChannelAccount, Contact, Event, Lease
from tests.calls_centre import Board, call_row, contact, events
from tests.centre import Centre
from tests.integration.calls.conftest import Secrets, connect
from tests.integration.gateway.looking import Watch, watching
from tests.integration.gateway.processes import GatewayProcess, target_of
from tests.servers.asterisk import LINE, PASSWORD, USER, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phones
from tests.servers.ports import free_port

StartGateway = Callable[[Centre], Gateway]
StartProcess = Callable[[], GatewayProcess]


@pytest.fixture
def start_process(postgres_centre: Centre) -> Iterator[StartProcess]:
    """Start gateways of the centre as processes, which a test may kill."""
    running: list[GatewayProcess] = []

    def start() -> GatewayProcess:
        running.append(GatewayProcess(target_of(postgres_centre), secrets={"pbx": PASSWORD}))
        running[-1].wait_ready()
        return running[-1]

    yield start
    for process in running:
        process.kill()


def _leases_run_out(centre: Centre) -> None:
    """As after eight seconds in which nobody renewed them."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Lease).values(expires_at=tx.now))


def _talking(pbx: Asterisk, contact_id: int) -> int:
    with pbx.ari() as ari:
        found = [each for each in ari.bridges() if each.id == f"crm-talk-{contact_id}"]
        return len(found[0].channels) if found else 0


def _status(centre: Centre) -> tuple[str, str]:
    """What every desktop reads of the PBX's account."""
    found = accounts.statuses(centre.as_person("ben"))
    return next((each.status, each.words) for each in found if each.kind == "asterisk")


def _contacts(centre: Centre) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(Contact)) or 0


def _active(watch: Watch, many: int) -> list[int]:
    def ask(_: object) -> list[int] | None:
        with watch.db.read() as tx:
            ids = tx.session.scalars(select(Contact.id).where(Contact.state == "active")).all()
        return sorted(ids) if len(ids) == many else None

    return watch.until(ask)


def test_a_killed_gateway_ends_no_conversation_and_its_successor_reads_what_is(
    postgres_centre: Centre, pbx: Asterisk, phones: Phones, start_process: StartProcess
) -> None:
    centre = postgres_centre
    with watching(centre) as watch:
        _killed(centre, pbx, phones, start_process, watch)


def _killed(
    centre: Centre, pbx: Asterisk, phones: Phones, start_process: StartProcess, watch: Watch
) -> None:
    connect(centre, pbx, "anna", "ben")
    hers, his = phones.add("101", answers="always"), phones.add("102", answers="always")
    gateway = start_process()
    pbx.wait_for_gateway()
    with Caller(pbx, LINE) as first, Caller(pbx, LINE, "+441632960124"):
        ids = _active(watch, 2)
        watch.until(lambda _: [_talking(pbx, each) for each in ids] == [2, 2])
        anna = centre.person("anna").id
        (with_anna,) = [each for each in ids if contact(centre, each).owner_id == anna]
        (with_ben,) = set(ids) - {with_anna}

        gateway.kill()
        his.hang_up()

        assert _talking(pbx, with_anna) == 2
        assert {contact(centre, each).state for each in ids} == {"active"}
        _leases_run_out(centre)
        start_process()
        watch.contact(id=with_ben, state="wrap_up")
        assert call_row(centre, with_ben).ended_by == "advisor"
        assert contact(centre, with_anna).state == "active"
        assert _talking(pbx, with_anna) == 2
        hers.hang_up()
        watch.contact(id=with_anna, state="wrap_up")
        first.wait_ended()
    assert events(centre, with_anna).count("contact.taken") == 1
    assert _contacts(centre) == 2


def test_when_the_pbx_is_killed_its_calls_end_as_cut_off_and_none_hangs(
    postgres_centre: Centre, own_pbx: Asterisk, start_gateway: StartGateway
) -> None:
    centre = postgres_centre
    connect(centre, own_pbx)
    with Phones(own_pbx) as phones, watching(centre) as watch:
        phones.add("101", answers="always")
        start_gateway(centre)
        own_pbx.wait_for_gateway()
        with Caller(own_pbx, LINE), Caller(own_pbx, LINE, "+441632960124"):
            (talks,) = _active(watch, 1)
            watch.until(lambda _: _talking(own_pbx, talks) == 2)
            waits = watch.contact(channel="call", state="queued").id

            own_pbx.kill9()

            watch.until(lambda _: call_row(centre, talks).lost_since)
            watch.until(lambda _: "does not answer" in _status(centre)[1])
            view = calls.of(centre.as_person("ben"), talks)
            assert view is not None
            assert view.lost_since is not None
            assert contact(centre, talks).state == "active"
            own_pbx.start()
            watch.contact(id=talks, state="wrap_up")
            watch.contact(id=waits, state="abandoned")
        row = call_row(centre, talks)
        assert (row.ended_by, row.cut_off, row.lost_since) == ("pbx", True, None)
        assert not call_row(centre, waits).cut_off
        watch.until(lambda _: _status(centre)[0] == "ok")


@pytest.mark.parametrize("trouble", ["password", "address"])
def test_a_pbx_that_cannot_be_had_is_said_on_every_desktop(
    sqlite_centre: Centre,
    pbx: Asterisk,
    start_gateway: StartGateway,
    secrets: Secrets,
    trouble: str,
) -> None:
    centre = sqlite_centre
    board = Board(centre)
    contact_id = board.call()
    url = pbx.url if trouble == "password" else f"http://127.0.0.1:{free_port()}"
    secrets.values["pbx"] = "wrong" if trouble == "password" else PASSWORD
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(ChannelAccount)
            .where(ChannelAccount.kind == "asterisk")
            .values(settings={"url": url, "user": USER})
        )
    _leases_run_out(centre)
    start_gateway(centre)

    with watching(centre) as watch:
        words = "refuses" if trouble == "password" else "does not answer"
        watch.until(lambda _: words in _status(centre)[1])
        assert _status(centre)[0] == "trouble"
        watch.until(lambda _: call_row(centre, contact_id).lost_since)
    # Nothing is invented: nobody knows that it ended.
    assert contact(centre, contact_id).state == "queued"


def test_a_storm_of_events_invents_nothing_and_loses_nothing(
    centre: Centre, pbx: Asterisk, phones: Phones, start_gateway: StartGateway, watch: Watch
) -> None:
    connect(centre, pbx)
    phone = phones.add("101")
    start_gateway(centre)
    watch.until(lambda _: _status(centre)[0] == "ok")
    sent: list[int] = []

    def storm() -> None:
        junk = {"variables": {"channel": "crm-1-advisor-1", "contact": "-1"}}
        with httpx.Client(base_url=pbx.url, auth=(USER, PASSWORD), timeout=60) as ari:
            while len(sent) < 2000:
                name = f"junk{len(sent) % 7}"
                answer = ari.post(
                    f"/ari/events/user/{name}", params={"application": "crm"}, json=junk
                )
                answer.raise_for_status()
                sent.append(1)

    with pbx.ari() as ari:
        for number in range(10):
            # Strangers that come to our application, and leave it.
            ari.originate(f"Local/{101 + number}@nowhere", app="crm", args=("stranger",), seconds=1)
    thread = threading.Thread(target=storm)
    thread.start()
    with Caller(pbx, LINE) as caller:
        phone.wait("rings")
        # What is told among two thousand others is heard after the telephone is.
        watch.row(Event, kind="call.ringing")
        phone.answer()
        (active,) = _active(watch, 1)
        watch.until(lambda _: _talking(pbx, active) == 2)
        phone.hang_up()
        caller.wait_ended()
        watch.contact(id=active, state="wrap_up")
    thread.join()

    assert len(sent) >= 2000
    assert _contacts(centre) == 1
    assert events(centre, active) == [
        *("contact.received", "contact.offered", "call.ringing", "contact.taken"),
        *("call.answered", "call.ended", "contact.wrap_up"),
    ]


def test_of_two_gateways_the_other_takes_over_and_the_conversation_goes_on(
    centre: Centre, pbx: Asterisk, phones: Phones, start_gateway: StartGateway, watch: Watch
) -> None:
    connect(centre, pbx)
    phone = phones.add("101", answers="always")
    first = start_gateway(centre)
    watch.until(lambda _: _status(centre)[0] == "ok")
    start_gateway(centre)
    with Caller(pbx, LINE) as caller:
        (active,) = _active(watch, 1)
        watch.until(lambda _: _talking(pbx, active) == 2)

        first.stop()

        assert _talking(pbx, active) == 2
        phone.hang_up()
        watch.contact(id=active, state="wrap_up")
        caller.wait_ended()
    assert call_row(centre, active).ended_by == "advisor"
    assert _contacts(centre) == 1
