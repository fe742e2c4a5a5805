"""A centre with a real PBX, a real gateway and three desktops, each a process of its own.

The gateway speaks with the PBX by https. All of it stands for a whole module: each test leaves the
telephones quiet and nobody's hands full.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import select, update

from crm_desktop.domain.calls import WrapUp
from crm_desktop.domain.states import Presence
from crm_desktop.services import accounts
from crm_desktop.store.models import (
    Call,
    ChannelAccount,
    Contact,
    Event,
    Lease,
    Queue,
    Recording,
    Staff,
)
from tests.calls_centre import EXTENSIONS, telephones
from tests.centre import Centre
from tests.e2e.bad_days.program import GatewayProgram, address_of, password_of
from tests.e2e.calls.desktops import Desktop
from tests.integration.conftest import _postgres_centre
from tests.integration.gateway.looking import Watch, watching
from tests.routing_centre import change, push
from tests.servers import certificates, processes
from tests.servers.asterisk import APP, LINE, PASSWORD, USER, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phone, Phones
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster

_T = TypeVar("_T")

#: A caller or telephone that sends no sound any more is gone after so many seconds.
_SILENCE = 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here runs whole processes."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@dataclass
class Place:
    """All of it. `phones` by extension; `desks` by login: anna, ben and rose, who leads them."""

    centre: Centre
    pbx: Asterisk
    watch: Watch
    folder: Path
    url: str
    trusted: Path
    phones: dict[str, Phone]
    desks: dict[str, Desktop]
    account_id: int
    gateway: GatewayProgram | None = None
    _gateways: list[GatewayProgram] = field(default_factory=list)

    @property
    def anna(self) -> Desktop:
        """An advisor's desktop."""
        return self.desks["anna"]

    @property
    def ben(self) -> Desktop:
        """Another advisor's."""
        return self.desks["ben"]

    @property
    def rose(self) -> Desktop:
        """Their team leader's."""
        return self.desks["rose"]

    def phone(self, login: str) -> Phone:
        """Somebody's telephone."""
        return self.phones[EXTENSIONS[login]]

    # The gateway

    def start_gateway(self) -> None:
        """Start the program, with one store of recordings, and wait until it sees the PBX."""
        home = self.folder / f"gateway-{len(self._gateways)}"
        self.gateway = GatewayProgram(
            home,
            self.url,
            password=password_of(self.centre.as_gateway(connections=1).target),
            secrets={"pbx": PASSWORD, "recordings-key": "0f" * 32},
            settings={
                "RECORDINGS_DIR": self.folder / "sounds",
                "RECORDING_KEYS_DIR": self.folder / "keys",
            },
            prefix=("env", f"SSL_CERT_FILE={self.trusted}"),
        )
        self._gateways.append(self.gateway)
        self.gateway.wait_ready()
        self.watch.until(lambda _: self.status() == "ok")

    def kill_gateway(self) -> None:
        """As a power cut would; its leases run out at once, where it would take seconds."""
        assert self.gateway is not None
        self.gateway.kill()
        self.gateway = None
        with self.centre.as_owner().write() as tx:
            tx.session.execute(update(Lease).values(expires_at=tx.now))
            tx.session.execute(
                update(ChannelAccount)
                .where(ChannelAccount.id == self.account_id)
                .values(status="unknown")
            )

    def status(self) -> str:
        """What every desktop reads of the PBX."""
        found = accounts.statuses(self.centre.as_person("ben"))
        return next(each.status for each in found if each.kind == "asterisk")

    # People

    def at_work(self, *logins: str) -> None:
        """These are available, the others at lunch; nobody is thought not to respond."""
        for login in EXTENSIONS:
            there = Presence.AVAILABLE if login in logins else Presence.LUNCH
            change(self.centre, login, presence=there, not_responding_since=None)

    def wrap_up(self, rule: WrapUp, seconds: int = 60) -> None:
        """What is asked after a call."""
        with self.centre.as_owner().write() as tx:
            tx.session.execute(
                update(Queue).values(wrap_up=rule.value, wrap_up_seconds=seconds)
            )

    def presence(self, login: str) -> str:
        """Where somebody is."""
        with self.centre.as_owner().read() as tx:
            return str(tx.session.scalars(select(Staff.presence).filter_by(login=login)).one())

    # Calls

    def calls(self, number: str, to: str = LINE, **how: object) -> Caller:
        """Somebody calls."""
        return Caller(self.pbx, to, number, **how)  # type: ignore[arg-type]  # as Caller's

    def rings(self, login: str) -> None:
        """Wait until a call rings at somebody's desk: on their telephone and in their window."""
        self.desks[login].wait_for("Your phone rings")
        phone = self.phone(login)
        processes.wait_for(
            lambda: phone.count("rings") > phone.count("ended"), f"{login}'s telephone to ring"
        )

    def talk(self, login: str) -> Call:
        """The call that rings is answered by the key, and both talk; it."""
        self.rings(login)
        self.desks[login].press("F10")
        self.desks[login].wait_for("On call")
        call = self.row(Call, state="talking")
        self.together(call.contact_id, 2)
        return call

    def together(self, contact_id: int, many: int) -> None:
        """Wait until so many are in a conversation, by the PBX."""
        self.watch.until(lambda _: len(self.among(contact_id)) == many)

    def among(self, contact_id: int, bridge: str = "talk") -> Sequence[str]:
        """Who is in a bridge of a call, by the PBX."""
        with self.pbx.ari() as ari:
            name = f"crm-{bridge}-{contact_id}"
            return next((each.channels for each in ari.bridges() if each.id == name), ())

    def finish(self, login: str) -> None:
        """Wrap up what somebody has in hand, by keys."""
        desk = self.desks[login]
        if "How did it end?" not in desk.says():
            desk.press("F12")
        desk.wait_for("How did it end?")
        desk.press("L")
        desk.wait_for("is wrapped up.")

    # What is kept

    def row(self, model: type[_T], **wanted: object) -> _T:
        """A row, once there is one."""
        found = self.watch.row(model, **wanted)
        assert isinstance(found, model)
        return found

    def contact(self, contact_id: int, **wanted: object) -> Contact:
        """A contact, once it is so."""
        return self.watch.contact(id=contact_id, **wanted)

    def events(self, contact_id: int) -> list[str]:
        """What happened to a contact."""
        with self.centre.as_owner().read() as tx:
            query = select(Event.kind).where(Event.contact_id == contact_id).order_by(Event.id)
            return list(tx.session.scalars(query))

    def recording_of(self, contact_id: int) -> Recording:
        """A recording, once the gateway has it in its store."""

        def kept(_: object) -> Recording | None:
            with self.centre.as_owner().read() as tx:
                query = select(Recording).where(
                    Recording.contact_id == contact_id, Recording.cleared_at.is_not(None)
                )
                return tx.session.scalars(query).first()

        return self.watch.until(kept)

    def close(self) -> None:
        """All gateways end."""
        for each in self._gateways:
            each.kill()


@pytest.fixture(scope="module")
def place(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """It, with everybody signed in and nobody calling."""
    folder = tmp_path_factory.mktemp("calls")
    with ExitStack() as stack:
        for centre in _postgres_centre(postgres_cluster):
            yield from _place(stack, centre, folder)


def _place(stack: ExitStack, centre: Centre, folder: Path) -> Iterator[Place]:
    (folder / "tls").mkdir()
    certificate, key = certificates.make(folder / "tls")
    pbx, secure = _pbx(folder, certificate, key)
    stack.callback(pbx.destroy)
    push(centre, "general", "waste", offer_seconds=20, wrap_up=WrapUp.OPTIONAL.value)
    account_id = telephones(centre, url=secure, user=USER, app=APP, answer_by="header")
    url = address_of(centre.target)
    made = Place(
        *(centre, pbx, stack.enter_context(watching(centre)), folder, url, certificate),
        phones={}, desks={}, account_id=account_id,
    )  # fmt: skip
    stack.callback(made.close)
    for login in EXTENSIONS:
        # A home of their own: one person has one desktop at a computer.
        env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        made.desks[login] = Desktop(folder / login, url, login, env)
        stack.callback(made.desks[login].kill)
    made.start_gateway()
    phones = stack.enter_context(Phones(pbx))
    for login, extension in EXTENSIONS.items():
        made.phones[extension] = phones.add(extension, answers="header")
        made.desks[login].sign_in()
    yield made


def _pbx(folder: Path, certificate: Path, key: Path) -> tuple[Asterisk, str]:
    """A PBX that is reached by https as well, and where."""
    port = free_port()
    tls = (
        f"tlsenable = yes\ntlsbindaddr = 127.0.0.1:{port}\n"
        f"tlscertfile = {certificate}\ntlsprivatekey = {key}\n"
    )
    changes = {
        "enabled = yes\nbindaddr = 127.0.0.1\n": f"enabled = yes\nbindaddr = 127.0.0.1\n{tls}",
        "CRM_AWAY_RINGS = 45": "CRM_AWAY_RINGS = 4",
    }
    pbx = Asterisk.create(folder / "asterisk", silence=_SILENCE, changes=changes)
    return pbx, f"https://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _quiet(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test that failed left going on is not the next one's."""
    yield
    if "place" in request.fixturenames:
        place: Place = request.getfixturevalue("place")
        with place.pbx.ari() as ari:
            processes.wait_for(lambda: not ari.channels(), "the end of every channel")


