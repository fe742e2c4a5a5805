"""One centre with everything around it: servers, gateways, a desktop, advisors and citizens."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, Self, TypeVar

from cryptography.fernet import Fernet
from sqlalchemy import select

from crm_desktop.backoffice.open311 import form
from crm_desktop.demo.open311.office import Office, Pace
from crm_desktop.demo.open311.running import run_in_thread
from crm_desktop.domain.errors import DatabaseTrouble
from crm_desktop.domain.handoffs import HandoffRequest, Location
from crm_desktop.domain.states import StaffRole
from crm_desktop.store import people
from crm_desktop.store.database import Database, Dialect, Target
from crm_desktop.store.models import ChannelAccount, Queue, Service, Staff
from crm_desktop.workstation.sealed import sealed_with
from tests.centre import PASSWORD, build_sqlite_template, build_template
from tests.e2e.bad_days.program import GatewayProgram, address_of
from tests.faults import ledger
from tests.faults.bugs import Listener
from tests.faults.check import Outside
from tests.faults.disk import SmallDisk, onto_small_disk
from tests.faults.found import Found, look
from tests.faults.load import Citizens
from tests.faults.programs import Gateway, Worker
from tests.faults.proxy import Proxy
from tests.faults.relay import Relay
from tests.servers.ports import free_port
from tests.servers.postgres import PostgresCluster

T = TypeVar("T")
DESKTOP = "anna"
HANDS = ("ben", "dev", "ella")
_MORE = (("dev", "Dev Raman"), ("ella", "Ella Stone"))
_QUEUES = ("general", "waste")
#: Little WAL, so that a small disk is big enough, and quick recoveries.
_SETTINGS = {"max_wal_size": "64MB", "min_wal_size": "32MB", "checkpoint_timeout": "30s"}


class World:
    """Use it with `with`: everything runs inside, and ends with it.

    `folder` must not exist, and lies directly below the run's shared directory.
    """

    def __init__(self, dialect: Dialect, folder: Path, seed: int) -> None:
        self.dialect, self.folder = dialect, folder
        self._rng = Random(f"world {seed}")
        self._stack = ExitStack()
        self.cluster: PostgresCluster | None = None
        self.disk: SmallDisk | None = None
        self.proxy: Proxy | None = None
        self.path = folder / "data" / "centre.db"
        self._key = Fernet.generate_key()
        #: When the desktop was killed, in seconds since 1970.
        self.kills: list[float] = []
        self._listener = Listener()

    def __enter__(self) -> Self:
        try:
            self._build()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _build(self) -> None:
        self._make_database()
        self.relay = self._stack.enter_context(Relay(free_port(), Random(self._rng.random())))
        self.office = Office(api_key="", pace=Pace(token=0.2, progress=1.0, close=2.5))
        office = self._stack.enter_context(run_in_thread(self.office))
        self._arrange(office.endpoint)
        ports = [{"http": free_port(), "smtp": free_port()} for _ in range(2)]
        self.gateways = tuple(
            Gateway(self._gateway_on(each), self.folder, f"gateway-{at}")
            for at, each in enumerate(ports)
        )
        self.desktop = Worker("tests.faults.desk", self._orders(DESKTOP), self.folder)
        self.hands = tuple(
            Worker("tests.faults.hand", self._orders(login), self.folder) for login in HANDS
        )
        for worker in self.workers:
            self._stack.callback(worker.kill)
        for gateway in self.gateways:
            self._stack.callback(gateway.kill)
            gateway.wait_ready()
        self.citizens = Citizens(
            self.folder,
            Random(self._rng.random()),
            smtp=tuple(each["smtp"] for each in ports),
            http=tuple(each["http"] for each in ports),
            ours=lambda: list(self.relay.taken),
        )
        self.citizens.start()
        self._stack.callback(self.citizens.stop)

    @property
    def workers(self) -> tuple[Worker, ...]:
        """Everybody who takes contacts."""
        return (self.desktop, *self.hands)

    # What is found

    def ask(self, question: Callable[[Database], T]) -> T:
        """Ask the database as its owner, past the proxy; connections may have died meanwhile."""
        try:
            return question(self._owner)
        except DatabaseTrouble:
            return question(self._owner)

    def found(self) -> tuple[Found, Outside]:
        """What the database holds, and what everybody else knows at that moment."""
        while True:
            deliveries = self.relay.deliveries()
            found = self.ask(look)
            outside = Outside(
                entries=ledger.read_all(self.folder),
                deliveries=deliveries,
                asked=self._asked(found),
                drafts=self._local_drafts(),
                kills=tuple(self.kills),
            )
            # A mail that left meanwhile would belong to another moment.
            if self.relay.deliveries() == deliveries and self.ask(look).outbox == found.outbox:
                return found, outside

    def words(self) -> dict[str, str]:
        """What every process said, by name."""
        said = {each.name: each.words() for each in self.gateways}
        names = (DESKTOP, *HANDS)
        said |= {name: each.words() for name, each in zip(names, self.workers, strict=True)}
        return said

    def server_words(self) -> str:
        """What PostgreSQL said, if there is one."""
        return self.cluster.log() if self.cluster else ""

    def new_bugs(self) -> list[str]:
        """What any process said of a bug since the last time."""
        return list(self._listener.new(self.words()))

    def _asked(self, found: Found) -> dict[str, int]:
        """How often the office holds each hand-off, known by its mark."""
        marks = {form.mark(_named(each["idempotency_key"])): each for each in found.handoffs}
        held = [each.first("description") for each in list(self.office.held.values())]
        count = Counter(mark for description in held for mark in marks if mark in description)
        return {marks[mark]["idempotency_key"]: number for mark, number in count.items()}

    def _local_drafts(self) -> dict[int, str]:
        """What the desktop's encrypted files hold, by contact."""
        store = sealed_with(self.folder, self._key, "").drafts
        found: dict[int, str] = {}
        for key, data in store.load_all().entries.items():
            contact = int(key.split("/")[-2])
            found[contact] = found.get(contact, "") + data.decode()
        return found

    # How it is made

    def _make_database(self) -> None:
        if self.dialect == "sqlite":
            self.folder.mkdir()
            self._stack.callback(shutil.rmtree, self.folder)
            self.disk = SmallDisk(self.path.parent)
            self._stack.callback(self.disk.remove)
            build_sqlite_template(self.path)
            self._target = Target(f"sqlite:///{self.path}")
            self._owner = Database(self._target)
        else:
            self._make_server()
        self._stack.callback(self._owner.close)
        with self._owner.write() as tx:
            wanted = select(Queue.id).where(Queue.code.in_(_QUEUES)).order_by(Queue.id)
            self._queues = list(tx.session.scalars(wanted))
            for login, name in _MORE:
                people.add(tx, login, name, StaffRole.ADVISOR, self._queues)
                if self.dialect == "postgresql":
                    people.create_login(tx, login, "crm_advisor", PASSWORD)

    def _make_server(self) -> None:
        cluster = PostgresCluster.create(self.folder, fsync=True, settings=_SETTINGS)
        self._stack.callback(self._remove_server)
        self.cluster = cluster
        self._owner = Database(Target(cluster.create_database("centre")))
        build_template(self._owner)
        self._owner.close()
        self.disk = onto_small_disk(cluster)
        self.proxy = self._stack.enter_context(Proxy(cluster.port))
        self._target = Target(replace(cluster, port=self.proxy.port).superuser_url("centre"))

    def _remove_server(self) -> None:
        if self.cluster is not None:
            self.cluster.stop("immediate")
        if self.disk is not None:
            self.disk.remove()
        if self.cluster is not None:
            self.cluster.destroy()

    def _arrange(self, endpoint: str) -> None:
        relay = {
            "host": "127.0.0.1",
            "port": self.relay.port,
            "security": "plain",
            "address": "contact@crm.test",
            "name": "Testshire",
        }
        office = {
            "endpoint": endpoint,
            "jurisdiction_id": self.office.jurisdiction_id,
            "format": "json",
            "timeout": 5.0,
        }
        with self._owner.write() as tx:
            for kind, settings in (("smtp", relay), ("open311", office)):
                wanted = select(ChannelAccount).where(ChannelAccount.kind == kind)
                tx.session.scalars(wanted).one().settings = settings
            wanted_service = select(Service).where(Service.code == "missed_bin")
            service = tx.session.scalars(wanted_service).one()
            service.handoff_service_code = "GRAFFITI"
            service.handoff_mapping = {"address": "notes"}
            self._service = service.id
            staff = tx.session.execute(select(Staff.login, Staff.id))
            self._staff = {each.login: each.id for each in staff}

    def _gateway_on(self, ports: dict[str, int]) -> Callable[[Path], GatewayProgram]:
        def make(home: Path) -> GatewayProgram:
            return GatewayProgram(
                home,
                address_of(self._target),
                password=None if self.cluster is None else PASSWORD,
                secrets={"web-forms": "a-secret-of-both-gateways"},
                ports=ports,
            )

        return make

    def _orders(self, login: str) -> dict[str, Any]:
        url = self._target.url
        if self.cluster is not None and self.proxy is not None:
            here = replace(self.cluster, port=self.proxy.port)
            url = here.url("centre", login, PASSWORD)
        others = [each for each in (DESKTOP, *HANDS) if each != login]
        return {
            "url": url,
            "login": login,
            "password": PASSWORD,
            "seed": f"{login} {self._rng.random()}",
            "colleagues": [self._staff[each] for each in others],
            "queues": self._queues,
            "service": self._service,
            "kept": str(self.folder),
            "key": self._key.decode(),
        }


def _named(idempotency_key: str) -> HandoffRequest:
    """A hand-off of which only the mark matters."""
    return HandoffRequest(idempotency_key, "", "", "", {}, Location())
