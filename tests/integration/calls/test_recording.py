"""A conversation at a real PBX is recorded, paused, kept, heard and destroyed."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import pytest
from sqlalchemy import select, update

from crm_desktop.channels.voice.trouble import AriNotFound
from crm_desktop.gateway.config import GatewayConfig
from crm_desktop.gateway.recording.jobs import RecordingJobs
from crm_desktop.gateway.recording.starting import RecordingPart
from crm_desktop.gateway.recording.vault import Vault
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import recordings
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, Event, Recording, TelephoneLine
from tests.centre import Centre
from tests.integration.calls.conftest import RESOURCES, Secrets, connect
from tests.integration.gateway.looking import Watch
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.phone import Phone
from tests.servers.processes import PATIENCE
from tests.servers.sounds import seconds_of, write_tones

Start = Callable[[Centre], Gateway]
#: Said before the pause, during it and after it, in Hz.
BEFORE, DURING, AFTER = 500, 1_100, 1_900
ALL = (BEFORE, DURING, AFTER)
_SECONDS = 1.0


@pytest.fixture
def centre(postgres_centre: Centre) -> Centre:
    """As real logins: what the gateway may not, it fails at here."""
    return postgres_centre


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where sounds and keys are, apart."""
    return tmp_path


@pytest.fixture
def start(store: Path, secrets: Secrets) -> Iterator[Start]:
    """Start gateways with one store."""
    running: list[Gateway] = []

    def begin(centre: Centre) -> Gateway:
        db = centre.as_gateway(connections=12)
        vault = Vault(store / "sounds", store / "keys", bytes(range(32)))
        gateway = Gateway(
            db,
            centre.as_gateway(connections=1),
            GatewayConfig(web_resources=RESOURCES, http_port=0, smtp_port=0),
            secrets,
            call_parts=lambda: [RecordingPart()],
            recordings=RecordingJobs(db, vault, secrets, destroy_seconds=0.2),
        )
        running.append(gateway)
        gateway.start()
        return gateway

    yield begin
    for gateway in running:
        gateway.stop()


@dataclass(frozen=True)
class Stage:
    """What a conversation needs."""

    centre: Centre
    pbx: Asterisk
    phone: Phone
    watch: Watch
    start: Start
    store: Path
    silence: Path

    def call(self) -> Caller:
        """Somebody calls who says nothing, and the advisor's telephone is picked up."""
        caller = Caller(self.pbx, LINE, sound=self.silence)
        self.phone.wait("rings")
        self.phone.answer()
        return caller

    def lying(self) -> list[Path]:
        """The sounds and keys that lie in the store."""
        return [each for each in self.store.rglob("*") if each.suffix in (".sound", ".key")]


@pytest.fixture
def stage(request: pytest.FixtureRequest) -> Stage:
    """Telephones, a caller's silence, and a way to start gateways."""
    made = Stage(*(request.getfixturevalue(each.name) for each in fields(Stage)))
    connect(made.centre, made.pbx)
    return made


@pytest.fixture
def silence(tmp_path: Path) -> Path:
    """What a caller says who says nothing."""
    return write_tones(tmp_path / "silence.wav", (0, 5))


def _recorded(watch: Watch, **wanted: object) -> Recording:
    found = watch.row(Recording, **wanted)
    assert isinstance(found, Recording)
    return found


def _is(watch: Watch, contact_id: int, state: str) -> None:
    assert watch.row(Call, contact_id=contact_id, recording=state)


def _kept(watch: Watch) -> Recording:
    def ask(db: Database) -> Recording | None:
        with db.read() as tx:
            query = select(Recording).where(Recording.cleared_at.is_not(None))
            return tx.session.scalars(query).first()

    return watch.until(ask)


def _say(phone: Phone, hertz: int) -> None:
    """Send a tone and let it be heard: a sound takes the time that it takes."""
    phone.say(_SECONDS, hertz)
    time.sleep(_SECONDS + 0.2)


def _heard(person: Database, recording_id: int) -> bytes:
    playback = recordings.listen(person, recording_id)
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        sound = recordings.sound(person, playback)
        if sound is not None:
            return sound
        time.sleep(0.02)
    raise AssertionError("no gateway gave the sound")


def test_what_is_said_in_a_pause_is_not_in_the_recording_and_it_lives_its_whole_life(
    stage: Stage,
) -> None:
    watch, phone = stage.watch, stage.phone
    gateway = stage.start(stage.centre)
    stage.pbx.wait_for_gateway()
    with stage.call() as caller, stage.pbx.ari() as ari:
        made = _recorded(watch)
        _is(watch, made.contact_id, "on")
        _say(phone, BEFORE)
        # The gateway goes; the PBX records on, and is asked by the next how it stands.
        gateway.stop()
        ari.pause_recording(made.name)
        _say(phone, DURING)
        stage.start(stage.centre)
        _is(watch, made.contact_id, "paused")
        ari.resume_recording(made.name)
        _say(phone, AFTER)
        caller.hang_up()

        kept = _kept(watch)
        with pytest.raises(AriNotFound):
            ari.delete_recording(made.name)

    anna, rose = stage.centre.as_person("anna"), stage.centre.as_person("rose")
    sound = _heard(anna, kept.id)
    assert seconds_of(sound, BEFORE, among=ALL) > 0.6
    assert seconds_of(sound, DURING, among=ALL) == 0
    assert seconds_of(sound, AFTER, among=ALL) > 0.6
    assert len(sound) * 8 / kept.seconds <= 24_000
    (view,) = recordings.of_contact(anna, made.contact_id)
    assert max(view.peaks) > 3
    assert [each.name for each in recordings.heard(rose, kept.id)] == ["Anna Whitlock"]
    assert len(stage.lying()) == 2
    assert all(sound[:64] not in each.read_bytes() for each in stage.lying())

    with stage.centre.as_owner().write() as tx:
        tx.session.execute(update(Recording).values(keep_until=tx.now))
    assert "The key of this recording is not there." in str(watch.until(_destroyed))
    assert stage.lying() == []


def _destroyed(db: Database) -> dict[str, object] | None:
    with db.read() as tx:
        return tx.session.scalar(select(Event.data).where(Event.kind == "recording.destroyed"))


def test_a_line_that_is_not_recorded_is_not(stage: Stage) -> None:
    with stage.centre.as_owner().write() as tx:
        tx.session.execute(update(TelephoneLine).values(record=False))
    stage.start(stage.centre)
    stage.pbx.wait_for_gateway()
    with stage.call() as caller:
        call = stage.watch.row(Call, state="talking")
        stage.phone.say(0.5, BEFORE)
        caller.hang_up()
        stage.watch.row(Call, state="ended")

    assert recordings.of_contact(stage.centre.as_person("anna"), call.contact_id) == ()
    with stage.pbx.ari() as ari:
        assert ari.stored_recordings() == ()


def test_a_full_disk_leaves_it_at_the_pbx_until_there_is_room(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[str] = []

    def full(_vault: Vault, name: str, _sound: bytes) -> None:
        tried.append(name)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(Vault, "keep", full)
        gateway = stage.start(stage.centre)
        stage.pbx.wait_for_gateway()
        with stage.call() as caller, stage.pbx.ari() as ari:
            made = _recorded(stage.watch)
            _is(stage.watch, made.contact_id, "on")
            _say(stage.phone, BEFORE)
            caller.hang_up()
            stage.watch.until(lambda _: tried)
            assert [each.name for each in ari.stored_recordings()] == [made.name]
        gateway.stop()
    assert stage.lying() == []

    stage.start(stage.centre)

    kept = _kept(stage.watch)
    assert seconds_of(_heard(stage.centre.as_person("anna"), kept.id), BEFORE, among=ALL) > 0.6
