"""A centre with a real PBX, a real gateway and three desktops, each a process of its own.

The gateway speaks with the PBX by https. All of it stands for all of these tests: each leaves the
telephones quiet and nobody's hands full.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest
from sqlalchemy import func, select, update

from crm_desktop.channels.voice.trouble import AriNotFound, AriRefused
from crm_desktop.domain.calls import CallState, WrapUp
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.states import ContactState, Presence
from crm_desktop.services import accounts
from crm_desktop.store.models import (
    Activity,
    Assignment,
    Call,
    ChannelAccount,
    Contact,
    Event,
    Lease,
    OpeningCalendar,
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
from tests.routing_centre import ALWAYS, push
from tests.servers import certificates, processes
from tests.servers.asterisk import APP, LINE, PASSWORD, USER, Asterisk
from tests.servers.callers import Callee, Caller
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
    _sockets: dict[str, Phones] = field(default_factory=dict)

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

    def plug_in(self, login: str) -> None:
        """Somebody's telephone, which picks up when it is told to, registers."""
        extension = EXTENSIONS[login]
        socket = self._sockets[login] = Phones(self.pbx)
        self.phones[extension] = socket.add(extension, answers="header")

    def unplug(self, login: str) -> None:
        """Without a word, as in a power cut."""
        self._sockets.pop(login).close()

    def ringing(self) -> str | None:
        """Whose telephone rings."""
        waiting = (
            login
            for login, extension in EXTENSIONS.items()
            if self.phones[extension].count("rings") > self.phones[extension].count("ended")
        )
        return next(waiting, None)

    # The gateway

    def start_gateway(self, *, password: str = PASSWORD, trusts: bool = True) -> None:
        """Start the program, with one store of recordings; `gateway_sees` waits for it."""
        self.gateway = GatewayProgram(
            self.folder / f"gateway-{len(self._gateways)}",
            self.url,
            password=password_of(self.centre.as_gateway(connections=1).target),
            secrets={"pbx": password, "recordings-key": "0f" * 32},
            settings={
                "RECORDINGS_DIR": self.folder / "sounds",
                "RECORDING_KEYS_DIR": self.folder / "keys",
            },
            prefix=("env", f"SSL_CERT_FILE={self.trusted}") if trusts else (),
        )
        self._gateways.append(self.gateway)

    def gateway_sees(self) -> None:
        """Wait until the gateway sees the PBX."""
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
        with self.centre.as_owner().write() as tx:
            for person in tx.session.scalars(select(Staff).where(Staff.login.in_(EXTENSIONS))):
                there = Presence.AVAILABLE if person.login in logins else Presence.LUNCH
                person.presence, person.next_presence = there.value, None
                responding = update(Activity).where(Activity.staff_id == person.id)
                tx.session.execute(responding.values(not_responding_since=None))
                tx.changed(Topic.STAFF, person.id)

    def open(self, hours: Mapping[str, object] = ALWAYS) -> None:
        """When every queue is open."""
        with self.centre.as_owner().write() as tx:
            tx.session.execute(update(OpeningCalendar).values(hours=dict(hours)))

    def wrap_up(self, rule: WrapUp, seconds: int = 60) -> None:
        """What is asked after a call."""
        with self.centre.as_owner().write() as tx:
            tx.session.execute(update(Queue).values(wrap_up=rule.value, wrap_up_seconds=seconds))

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
        desk = self.desks[login]
        desk.press("F10")
        # On a busy machine it may be done too late and is said not to be: a person tries again.
        if desk.wait_for_one("On call", "Not answered") != "On call":
            desk.press("F10")
            desk.wait_for("On call")
        call = self.row(Call, state="talking")
        self.together(call.contact_id, 2)
        return call

    def world(self) -> Callee:
        """Whoever is called outside picks up."""
        return Callee(self.pbx)

    def away_message(self) -> int:
        """How large the message is that the PBX takes by itself."""
        found = Path(self.pbx.directory).rglob("crm-away-*.wav")
        return max((each.stat().st_size for each in found), default=0)

    def answers(self, login: str) -> None:
        """Somebody's telephone rings and is picked up by hand."""
        phone = self.phone(login)
        phone.wait("rings", phone.count("ended") + 1)
        phone.answer()

    def presses(self, caller: Caller, digit: str, state: str) -> Call:
        """Who waits presses a key, once the gateway looks after them; the call, then so."""
        waits = self.row(Call, state="waiting")
        caller.wait_answered()
        self.watch.until(lambda _: self.among(waits.contact_id, "hold"))

        def pressed(_: object) -> Call | None:
            caller.press(digit)
            # It looks once a second at who waits: what is pressed before is not for it.
            until = time.monotonic() + 1.5
            while time.monotonic() < until:
                with self.centre.as_owner().read() as tx:
                    found = tx.session.get_one(Call, waits.contact_id)
                if found.state == state:
                    return found
                time.sleep(0.05)
            return None

        return self.watch.until(pressed)

    def begins_message(self, caller: Caller, call: Call) -> None:
        """Who is greeted goes on by a key, and speaks."""
        name = f"crm-voicemail-{call.contact_id}-{call.channel}"
        with self.pbx.ari() as ari:
            self.watch.until(lambda _: not self.among(call.contact_id, "hold"))

            def records() -> bool:
                with suppress(AriNotFound):
                    return ari.live_recording(name).state == "recording"
                return False

            def goes_on(_: object) -> bool:
                # Before the greeting begins nobody hears the key; in a message it is a sound.
                if not records():
                    caller.press("3")
                    time.sleep(0.2)
                return records()

            self.watch.until(goes_on)

    def together(self, contact_id: int, many: int) -> None:
        """Wait until so many are in a conversation, by the PBX."""
        self.watch.until(lambda _: len(self.among(contact_id)) == many)

    def among(self, contact_id: int, bridge: str = "talk") -> Sequence[str]:
        """Who is in a bridge of a call, by the PBX."""
        with self.pbx.ari() as ari:
            name = f"crm-{bridge}-{contact_id}"
            return next((each.channels for each in ari.bridges() if each.id == name), ())

    def finish(self, login: str) -> None:
        """Leave the answers out, by keys."""
        desk = self.desks[login]
        self.asks_how(login)
        desk.wait_for("Leave the answers out")
        desk.press("L")
        desk.wait_for("is wrapped up.")

    def answer_all(self, login: str) -> None:
        """Give the answers that are missing, by keys; the service is known."""
        desk = self.desks[login]
        self.asks_how(login)
        desk.press("1", "N", "Return")
        desk.wait_for("is wrapped up.")

    def asks_how(self, login: str) -> None:
        """Wait until somebody is asked how their call ended: by itself, or by the key it names."""
        desk = self.desks[login]
        if desk.wait_for_one("How did it end?", "F12 asks how") == "F12 asks how":
            desk.press("F12")
            desk.wait_for("How did it end?")

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

    def restore(self) -> None:
        """Nothing is in anybody's hands, nothing waits, and everything runs."""
        for login in EXTENSIONS:
            if login not in self._sockets:
                self.plug_in(login)
        if self.gateway is None:
            self.start_gateway()
            self.gateway_sees()
        self.watch.until(lambda _: not self._going_on())
        with self.centre.as_owner().write() as tx:
            left = Contact.state.not_in(("completed", "abandoned"))
            found = tx.session.scalars(select(Contact.id).where(left)).all()
            for model, column, values in (
                (Contact, Contact.id, {"state": ContactState.COMPLETED.value, "owner_id": None}),
                (Assignment, Assignment.contact_id, {"ended_at": tx.now, "state": "completed"}),
                (Call, Call.contact_id, {"ended_at": tx.now, "state": CallState.ENDED.value}),
            ):
                tx.session.execute(update(model).where(column.in_(found)).values(**values))
            for each in found:
                tx.changed(Topic.CONTACT, each)
                tx.changed(Topic.CALL, each)
            if found:
                for login in EXTENSIONS:
                    tx.changed(Topic.STAFF, self.centre.person(login).id)

    def _going_on(self) -> int:
        """How many calls have somebody at the line, as far as the gateway knows."""
        with self.centre.as_owner().read() as tx:
            open_ = select(func.count()).select_from(Call)
            open_ = open_.where(Call.ended_at.is_(None), Call.state != CallState.CALLBACK.value)
            return tx.session.scalar(open_) or 0

    def close(self) -> None:
        """Everything ends."""
        for desk in self.desks.values():
            desk.kill()
        for gateway in self._gateways:
            gateway.kill()
        for socket in self._sockets.values():
            socket.close()


@pytest.fixture(scope="package")
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
    account_id = telephones(
        centre, url=secure, user=USER, app=APP, answer_by="header", recording_notice="sound:beep"
    )
    url = address_of(centre.target)
    made = Place(
        *(centre, pbx, stack.enter_context(watching(centre)), folder, url, certificate),
        phones={}, desks={}, account_id=account_id,
    )  # fmt: skip
    stack.callback(made.close)
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    for login in EXTENSIONS:
        made.desks[login] = Desktop(folder / login, url, login, env)
    made.start_gateway()
    for login, desk in made.desks.items():
        desk.begin_sign_in()
        made.plug_in(login)
    for desk in made.desks.values():
        desk.signed_in()
        # It knows its telephone.
        desk.wait_for("Call somebody…")
    made.gateway_sees()
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
        "CRM_AWAY_SAYS = vm-nobodyavail&vm-intro": "CRM_AWAY_SAYS = beep",
        "CRM_AWAY_RINGS = 45": "CRM_AWAY_RINGS = 5",
    }
    pbx = Asterisk.create(folder / "asterisk", silence=_SILENCE, changes=changes)
    return pbx, f"https://127.0.0.1:{port}"


@pytest.fixture(autouse=True)
def _quiet(place: Place) -> None:
    """What a test that failed left going on is not the next one's."""
    with place.pbx.ari() as ari:
        for channel in ari.channels():
            with suppress(AriRefused):
                ari.hang_up(channel.id)
        processes.wait_for(lambda: not ari.channels(), "the end of every channel")
    place.restore()
