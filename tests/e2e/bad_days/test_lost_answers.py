"""The connection is lost while a commit is under way: nobody knows, and it is kept exactly once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.views import Writing
from crm_desktop.services import replies
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import Case, Contact, Message, OutboxItem
from tests.centre import GATEWAY_LOGIN, PASSWORD, Centre, build_template
from tests.e2e.bad_days.desk import press_send, reply_shown, take, type_reply, wait_said
from tests.e2e.bad_days.program import GatewayProgram, StartGateway, deliver
from tests.gui.shell.conftest import Open, settled
from tests.integration.gateway.looking import citizens_mail, rows
from tests.integration.web_form.visitor import open_form, send
from tests.servers.cutting_proxy import CuttingProxy, Lost
from tests.servers.postgres import PostgresCluster
from tests.servers.processes import wait_for

_LOST: tuple[Lost, ...] = ("answer", "question")
_MESSAGE = b"INSERT INTO message"


@dataclass
class CutCentre(Centre):
    """A centre that people and gateways reach through the proxy, its owner past it."""

    proxy: CuttingProxy | None = None

    def target_for(self, login: str) -> Target:
        """How `login` connects."""
        assert self.proxy is not None
        url = f"postgresql://{login}:{PASSWORD}@127.0.0.1:{self.proxy.port}/{self.database}"
        return Target(f"{url}?sslmode=disable", login, PASSWORD)


@pytest.fixture(scope="module")
def open_cluster(shared_directory: Path) -> Iterator[PostgresCluster]:
    """A server that may be spoken to without TLS, for these tests alone."""
    cluster = PostgresCluster.create(shared_directory / f"cut-{os.getpid()}")
    with Path(cluster.directory, "data", "pg_hba.conf").open("a") as hba:
        hba.write("hostnossl all all 127.0.0.1/32 scram-sha-256\n")
    with cluster.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")
    cluster.template("seeded", build=_build)
    yield cluster
    cluster.destroy()


@pytest.fixture
def cut_centre(open_cluster: PostgresCluster) -> Iterator[CutCentre]:
    """A centre of the test's own behind a proxy that can be told to cut."""
    with open_cluster.database("seeded") as name, CuttingProxy(open_cluster.port) as proxy:
        target = Target(open_cluster.superuser_url(name))
        made = CutCentre(target, cluster=open_cluster, database=name, proxy=proxy)
        yield made
        made.close()


def _build(url: str) -> None:
    owner = Database(Target(url))
    build_template(owner)
    owner.close()


@pytest.mark.parametrize("lost", _LOST)
def test_a_mail_is_one_contact(
    cut_centre: CutCentre, start_gateway: StartGateway, lost: Lost
) -> None:
    gateway, proxy = _gateway(cut_centre, start_gateway)
    mail = citizens_mail("Once")
    proxy.lose(lost, _MESSAGE)

    first = deliver(gateway, mail)
    assert proxy.cut.is_set()
    wait_for(lambda: deliver(gateway, mail) == 250, "the mail's acceptance")

    assert first == 451
    assert rows(cut_centre.as_owner(), Contact) == rows(cut_centre.as_owner(), Message) == 1


@pytest.mark.parametrize("lost", _LOST)
def test_a_form_is_one_case(cut_centre: CutCentre, start_gateway: StartGateway, lost: Lost) -> None:
    gateway, proxy = _gateway(cut_centre, start_gateway)
    texts = {
        "bin": "recycling",
        "contact-name": "Margaret Okafor",
        "contact-email": "margaret@example.org",
        "contact-way": "email",
    }
    with httpx.Client(base_url=gateway.web, timeout=60) as client:
        ticket = open_form(client, "missed_bin")
        proxy.lose(lost, _MESSAGE)
        first = send(client, ticket, texts, code="missed_bin")
        assert proxy.cut.is_set()
        wait_for(lambda: send(client, ticket, texts, code="missed_bin").is_redirect, "acceptance")

    assert first.status_code == 503
    assert rows(cut_centre.as_owner(), Case) == rows(cut_centre.as_owner(), Contact) == 1


@pytest.mark.parametrize("lost", _LOST)
def test_a_reply_that_is_sent_again_leaves_once(
    cut_centre: CutCentre, open_desktop: Open, qtbot: QtBot, lost: Lost
) -> None:
    assert cut_centre.proxy is not None
    contact_id = cut_centre.add_contact()
    desktop = open_desktop(cut_centre, "anna")
    take(qtbot, desktop, contact_id)
    type_reply(desktop, "We come tomorrow.")
    settled(qtbot, desktop)
    cut_centre.proxy.lose(lost, b"app.reply")

    press_send(desktop)
    wait_said(qtbot, desktop.window, "Your text is still here.")
    assert cut_centre.proxy.cut.is_set()
    assert reply_shown(desktop) == "We come tomorrow."
    settled(qtbot, desktop)
    assert _written(cut_centre) == (["We come tomorrow."] if lost == "answer" else [])

    press_send(desktop)
    wait_said(qtbot, desktop.window, "going out")
    settled(qtbot, desktop)

    assert reply_shown(desktop) == ""
    assert _written(cut_centre) == ["We come tomorrow."]
    assert rows(cut_centre.as_owner(), OutboxItem) == 1

    # The same words once more are another reply, when a person wants that.
    type_reply(desktop, "We come tomorrow.")
    press_send(desktop)
    qtbot.waitUntil(lambda: len(_written(cut_centre)) == 2)


@pytest.mark.parametrize("lost", _LOST)
def test_a_note_that_is_kept_again_stands_once(cut_centre: CutCentre, lost: Lost) -> None:
    assert cut_centre.proxy is not None
    contact_id = cut_centre.add_contact()
    anna = cut_centre.as_person("anna")
    cut_centre.proxy.lose(lost, _MESSAGE)
    writing = Writing("0" * 32)

    with pytest.raises(DatabaseAway):
        replies.note(anna, contact_id, "Rang twice.", writing=writing)
    replies.note(anna, contact_id, "Rang twice.", writing=Writing(writing.key, again=True))

    assert _written(cut_centre) == ["Rang twice."]


def _gateway(centre: CutCentre, start_gateway: StartGateway) -> tuple[GatewayProgram, CuttingProxy]:
    assert centre.proxy is not None
    url = centre.target_for(GATEWAY_LOGIN).url.replace(f"{GATEWAY_LOGIN}:{PASSWORD}@", "")
    return start_gateway(url=url, password=PASSWORD).wait_ready(), centre.proxy


def _written(centre: Centre) -> list[str]:
    with centre.as_owner().read() as tx:
        wanted = select(Message.body_text).where(Message.direction == "outbound")
        return list(tx.session.scalars(wanted))
