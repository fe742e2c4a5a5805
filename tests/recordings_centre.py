"""A centre with recordings: a store that a gateway serves, without a PBX."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_desktop.domain.recordings import RecordingKind, StoredSound
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.gateway.recording.opus import encode
from crm_desktop.gateway.recording.serving import Keeper
from crm_desktop.gateway.recording.vault import Vault
from crm_desktop.services import leases, recordings
from crm_desktop.store.models import Call
from tests.call_rows import pbx_of
from tests.centre import Centre
from tests.servers.sounds import write_tones

NUMBER = "+441632960001"


def open_vault(folder: Path) -> Vault:
    """The store below a folder of the test's."""
    return Vault(folder / "sounds", folder / "keys", bytes(range(32)))


def add_recording(
    centre: Centre, folder: Path, kind: RecordingKind = RecordingKind.CALL
) -> tuple[int, int]:
    """A call or voicemail that was recorded: its contact, and the recording."""
    channel = Channel.CALL if kind is RecordingKind.CALL else Channel.VOICEMAIL
    contact_id = centre.add_contact(
        channel=channel, state=ContactState.QUEUED, subject="Missed bin", text="(spoken)"
    )
    pbx = pbx_of(centre)
    with centre.as_owner().write() as tx:
        tx.session.add(
            Call(
                contact_id=contact_id,
                account_id=pbx,
                state="ended",
                number=NUMBER,
                ended_at=tx.now,
            )
        )
    made = encode(write_tones(folder / "a.wav", (400, 3), (0, 1), (700, 2), (0, 1), (900, 3)))
    name = f"crm-{contact_id}-1"
    kept = open_vault(folder).keep(name, made.sound)
    stored = StoredSound(
        name=name,
        store=open_vault(folder).name,
        file=kept.file,
        seconds=made.seconds,
        size=kept.size,
        sealed_sha256=kept.sealed_sha256,
        sound_sha256=kept.sound_sha256,
        peaks=made.peaks,
    )
    return contact_id, recordings.kept(centre.as_gateway(), contact_id, kind, stored)


@contextmanager
def served(centre: Centre, folder: Path) -> Iterator[Keeper]:
    """A gateway serves the store."""
    db, vault = centre.as_gateway(), open_vault(folder)
    lease = leases.acquire(db, f"recordings:{vault.name}", "the tests", 600)
    assert lease is not None
    keeper = Keeper(db, vault, lease)
    keeper.start()
    yield keeper
    keeper.stop()
    keeper.join()
