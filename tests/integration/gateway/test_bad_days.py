"""Gateways that die, meet each other, or find the database in no fit state."""

from __future__ import annotations

import asyncio
import email
import smtplib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import text

from crm_desktop.domain.views import Reply
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.gateway_root import EXIT_NEWER, EXIT_OLDER, EXIT_REFUSED
from crm_desktop.services import replies
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import Case, Contact, Lease, Message, OutboxItem
from tests.centre import GATEWAY_LOGIN, PASSWORD, Centre, build_template
from tests.integration.gateway.conftest import use_relay
from tests.integration.gateway.looking import citizens_mail, deliver, rows, watching
from tests.integration.gateway.processes import StartProcess
from tests.integration.services.arrivals import event_kinds, mail, receive
from tests.integration.web_form.visitor import open_form, send
from tests.servers.postgres import PostgresCluster
from tests.servers.smtp_sink import SmtpSink

_ADDRESS = "margaret@example.org"
#: Reports of accounts meet what no driver's error tells from a bug.
_UNWRITABLE = {
    "sqlite": (
        (
            "CREATE TRIGGER broken BEFORE UPDATE ON channel_account"
            " BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ),
    ),
    "postgresql": (
        (
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'broken'; END $$"
        ),
        (
            "CREATE TRIGGER broken BEFORE UPDATE ON channel_account"
            " FOR EACH ROW EXECUTE FUNCTION broken()"
        ),
    ),
}
_SECONDS = 60


class _AnyPort(Controller):
    """The library's own check connects to the port asked for, which here is any free one."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = int(server.sockets[0].getsockname()[1])
        super()._trigger_server()  # type: ignore[no-untyped-call]  # the library has no types


class SilentRelay:
    """Takes the first mail whole and never says so; every later one is accepted."""

    def __init__(self) -> None:
        self.taken: list[bytes] = []
        self.arrived = threading.Semaphore(0)
        self._end = threading.Event()
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep the mail."""
        self.taken.append(bytes(envelope.content))
        self.arrived.release()
        while len(self.taken) == 1 and not self._end.is_set():
            await asyncio.sleep(0.01)
        return "250 OK"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    def __enter__(self) -> SilentRelay:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._controller.stop()


class BreakingRelay:
    """Takes every mail whole and hangs up instead of an answer."""

    def __init__(self) -> None:
        self.taken = 0
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

    async def handle_DATA(self, server: Any, _session: Any, _envelope: Any) -> str:
        """Hang up."""
        self.taken += 1
        server.transport.abort()
        return "250 never heard"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._controller.port)

    def __enter__(self) -> BreakingRelay:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


@pytest.fixture
def silent_relay(centre: Centre) -> Iterator[SilentRelay]:
    """The centre's relay, which says nothing to the first mail."""
    with SilentRelay() as relay:
        use_relay(centre, relay.port)
        yield relay


def answer(centre: Centre) -> tuple[int, int]:
    """(contact, message) of a reply that may leave at once."""
    received = receive(centre, mail())
    anna = centre.as_person("anna")
    with anna.write() as tx:
        tx.guard.claim(received.contact_id)
    sent = replies.send(anna, received.contact_id, Reply("Hello.", _ADDRESS), undo_seconds=0)
    return received.contact_id, sent.message_id


def test_a_gateway_killed_while_sending_is_succeeded_and_the_mail_repeated_once(
    centre: Centre,
    silent_relay: SilentRelay,
    start_gateway: Callable[[], Gateway],
    start_process: StartProcess,
) -> None:
    first = start_process()
    first.wait_ready()
    contact_id, message_id = answer(centre)
    assert silent_relay.arrived.acquire(timeout=_SECONDS)

    first.kill()
    with watching(centre) as watch:
        start_gateway()
        sent = watch.row(Message, id=message_id, state="sent")
        item = watch.row(OutboxItem, message_id=message_id, state="done")

    ids = [email.message_from_bytes(each)["Message-ID"] for each in silent_relay.taken]
    assert ids == [sent.rfc_id, sent.rfc_id]
    assert item.unknown_fate
    assert "outbox.repeated" in event_kinds(centre, contact_id)


def test_a_report_that_cannot_be_written_is_no_trouble_of_the_mail_that_was_sent(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    with centre.as_owner().write() as tx:
        for statement in _UNWRITABLE[centre.dialect]:
            tx.session.execute(text(statement))
    _, message_id = answer(centre)
    with watching(centre) as watch:
        start_gateway()
        item = watch.row(OutboxItem, message_id=message_id, state="done")

    assert (item.attempts, item.unknown_fate) == (1, False)
    assert len(sink.taken) == 1


def test_two_gateways_started_at_once_share_the_work_and_send_everything_once(
    centre: Centre, sink: SmtpSink, start_gateway: Callable[[], Gateway]
) -> None:
    with ThreadPoolExecutor(2) as pool:
        gateways = list(pool.map(lambda _: start_gateway(), range(2)))
        for number, gateway in enumerate(gateways):
            assert gateway.smtp_port is not None
            deliver(gateway.smtp_port, citizens_mail(f"To door {number}"))
        written = [answer(centre)[1] for _ in range(5)]

    with watching(centre) as watch:
        for message_id in written:
            watch.row(Message, id=message_id, state="sent")

    sink.wait_for_mail(5)
    assert len(sink.taken) == 5
    with centre.as_owner().read() as tx:
        assert tx.session.query(Contact).filter(Contact.subject.like("To door%")).count() == 2
        owners = {each.owner for each in tx.session.query(Lease).filter(Lease.name != "")}
    assert len(owners) <= 2


def test_a_gateway_that_ends_gives_its_work_up_at_once(
    centre: Centre,
    sink: SmtpSink,
    start_gateway: Callable[[], Gateway],
    start_process: StartProcess,
) -> None:
    first = start_process()
    first.wait_ready()
    with watching(centre) as watch:
        watch.row(Lease, name="outbox:email")
        assert first.end() == 0

        start_gateway()
        _, message_id = answer(centre)
        watch.row(Message, id=message_id, state="sent")
    sink.wait_for_mail()


def test_a_taken_port_is_no_reason_not_to_work(
    centre: Centre, sink: SmtpSink, start_process: StartProcess
) -> None:
    first = start_process()
    ports = first.wait_ready()

    second = start_process(http_port=ports["http"], smtp_port=ports["smtp"])

    assert second.wait_ready() == {"http": None, "smtp": None}
    assert first.end() == 0
    with watching(centre) as watch:
        _, message_id = answer(centre)
        watch.row(Message, id=message_id, state="sent")
    assert second.end() == 0


def test_while_the_database_is_away_nothing_is_accepted_and_afterwards_everything_is(
    own_postgres: PostgresCluster, start_process: StartProcess
) -> None:
    own_postgres.create_database("away")
    target = Target(own_postgres.superuser_url("away"))
    with closing(Database(target)) as owner:
        build_template(owner)
    login = own_postgres.url("away", GATEWAY_LOGIN, PASSWORD)
    ports = start_process(target=Target(login, GATEWAY_LOGIN, PASSWORD)).wait_ready()
    own_postgres.stop("immediate")

    with pytest.raises(smtplib.SMTPDataError) as refused:
        deliver(ports["smtp"], citizens_mail("Kept by its sender"))
    page = httpx.get(f"http://127.0.0.1:{ports['http']}/forms")
    health = httpx.get(f"http://127.0.0.1:{ports['http']}/healthz")

    assert refused.value.smtp_code == 451
    assert (page.status_code, health.status_code) == (503, 503)

    own_postgres.start()
    _deliver_at_last(ports["smtp"])
    with closing(Database(target)) as owner:
        assert rows(owner, Contact) == 1


def _deliver_at_last(port: int) -> None:
    """Try again as a mail server does."""
    for _ in range(20):
        try:
            deliver(port, citizens_mail("Kept by its sender"))
        except smtplib.SMTPDataError:
            continue
        return
    raise AssertionError("never accepted")


@pytest.mark.parametrize(
    ("revision", "code", "words"),
    [("0000", EXIT_NEWER, "newer"), (None, EXIT_OLDER, "older")],
)
def test_a_database_of_another_version_is_refused_in_words(
    sqlite_centre: Centre, revision: str | None, code: int, words: str, start_process: StartProcess
) -> None:
    with sqlite_centre.as_owner().write() as tx:
        tx.session.execute(text("DELETE FROM alembic_version"))
        if revision:
            tx.session.execute(
                text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": revision}
            )

    process = start_process(centre=sqlite_centre)

    assert process.wait() == code
    assert words in process.words()


def test_a_wrong_database_password_is_refused_in_words(
    postgres_centre: Centre, start_process: StartProcess
) -> None:
    target = postgres_centre.target_for(GATEWAY_LOGIN)

    process = start_process(target=Target(target.url, GATEWAY_LOGIN, "wrong"))

    assert process.wait() == EXIT_REFUSED
    assert "refused" in process.words()


def test_a_gateway_waits_for_a_database_that_is_not_there_yet(
    sqlite_centre: Centre, tmp_path: Path, start_process: StartProcess
) -> None:
    assert sqlite_centre.path is not None
    aside = tmp_path / "not-yet" / "centre.db"
    process = start_process(target=Target(f"sqlite:///{aside}"))
    aside.parent.mkdir()
    sqlite_centre.path.rename(aside)

    assert process.wait_ready()["smtp"]
    assert process.end() == 0


def test_a_form_page_is_served_and_the_gateway_is_healthy(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    address = f"http://127.0.0.1:{gateway.http_port}"

    page = httpx.get(f"{address}/forms/missed_bin")
    health = httpx.get(f"{address}/healthz")

    assert page.status_code == 200
    assert "Which bin was not collected?" in page.text
    assert health.json() == {"status": "ok"}
    assert rows(centre.as_owner(), Contact) == 0


def test_a_relay_that_breaks_off_gets_the_mail_once_more_and_no_oftener(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    relay = BreakingRelay()
    with relay:
        use_relay(centre, relay.port)
        _, message_id = answer(centre)
        with watching(centre) as watch:
            start_gateway()
            item = watch.row(OutboxItem, message_id=message_id, state="dead")

    assert relay.taken == 2
    assert item.unknown_fate
    assert "repeated once already" in item.last_error


def test_a_form_sent_to_the_gateway_is_a_contact_with_a_case(
    centre: Centre, start_gateway: Callable[[], Gateway]
) -> None:
    gateway = start_gateway()
    texts = {
        "bin": "recycling",
        "contact-name": "Margaret Okafor",
        "contact-email": _ADDRESS,
        "contact-way": "email",
    }
    with httpx.Client(base_url=f"http://127.0.0.1:{gateway.http_port}") as client:
        ticket = open_form(client, "missed_bin")
        answers = [send(client, ticket, texts, code="missed_bin") for _ in range(2)]
        pages = [client.get(each.headers["location"]).text for each in answers]

    with centre.as_owner().read() as tx:
        case = tx.session.query(Case).one()
        contact = tx.session.query(Contact).one()
    assert case.reference is not None
    assert all(case.reference in page for page in pages)
    assert contact.channel == "web_form"
    assert case.answers["bin"] == "recycling"


def test_mail_is_put_off_while_the_database_file_is_gone(
    sqlite_centre: Centre, tmp_path: Path, start_process: StartProcess
) -> None:
    assert sqlite_centre.path is not None
    ports = start_process(centre=sqlite_centre).wait_ready()
    aside = tmp_path / "aside.db"
    sqlite_centre.path.rename(aside)

    accepted = _deliveries_until_put_off(ports["smtp"])
    assert not sqlite_centre.path.exists()
    aside.rename(sqlite_centre.path)
    _deliver_at_last(ports["smtp"])

    assert rows(sqlite_centre.as_owner(), Contact) == accepted + 1


def _deliveries_until_put_off(port: int) -> int:
    """How many were accepted before the gateway noticed."""
    for number in range(1_000):
        try:
            deliver(port, citizens_mail(f"Mail {number}"))
        except smtplib.SMTPDataError:
            return number
    raise AssertionError("never put off")
