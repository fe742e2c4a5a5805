"""Brings what the PBX recorded into the store, and removes it there once the register has it."""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack
from datetime import timedelta

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.trouble import AriNotFound, AriTrouble
from crm_desktop.domain.errors import InvalidInput, NoKeyring, NotFound
from crm_desktop.domain.recordings import StoredSound
from crm_desktop.gateway.accounts import pbx_settings
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.recording.opus import SoundUnreadable, encode
from crm_desktop.gateway.recording.vault import Vault
from crm_desktop.gateway.unseen import unseen_file
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, recordings
from crm_desktop.services.leases import Lease
from crm_desktop.services.recordings import ToFetch

_LOG = logging.getLogger(__name__)
LEASE_NAME = "recordings"
_ROUND_SECONDS = 5.0
#: A file that the PBX does not have so long after the end will not come.
_PATIENCE = timedelta(minutes=2)
#: Seconds for each step: a long recording takes a while, and nobody waits for it.
_TIMEOUT = 10.0


class Fetcher(Worker):
    """One of the gateways fetches, into its own store."""

    def __init__(self, db: Database, vault: Vault, secrets: SecretSource, lease: Lease) -> None:
        super().__init__(LEASE_NAME)
        self._db, self._vault, self._secrets, self._lease = db, vault, secrets, lease
        self._woken = threading.Event()

    def wake(self) -> None:
        """A recording ended; callable from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End after the recording under way."""
        super().stop()
        self._woken.set()

    def work(self) -> None:
        """Fetch everything that has ended; what cannot be fetched now waits at the PBX."""
        self._woken.clear()
        with ExitStack() as open_:
            lines: dict[int, Ari | None] = {}
            for each in recordings.to_fetch(self._db):
                if self.stopping.is_set():
                    return
                account = each.account_id or 0
                if account not in lines:
                    ari = self._line(account)
                    lines[account] = open_.enter_context(ari) if ari else None
                ari = lines[account]
                if ari is not None and not self._bring(ari, each):
                    lines[account] = None
        self._woken.wait(_ROUND_SECONDS)

    def _bring(self, ari: Ari, one: ToFetch) -> bool:
        """Fetch one; False when there is no use in asking this PBX for more now."""
        try:
            if not one.kept:
                if _goes_on(ari, one.name):
                    return True
                self._keep(ari, one)
            _remove(ari, one.name)
        except AriNotFound:
            self._missing(one)
            return True
        except AriTrouble as trouble:
            _LOG.warning("recordings wait at the PBX: %s", trouble)
            return False
        except SoundUnreadable as trouble:
            words = "The PBX's file could not be read. It is still there."
            _LOG.error("a recording could not be read: %s", trouble)
            recordings.lost(self._db, one.name, words, under=self._lease)
            return True
        except OSError as trouble:
            _LOG.error("recordings wait at the PBX: the store says %s", trouble.strerror)
            return False
        recordings.cleared(self._db, one.id, under=self._lease)
        return True

    def _keep(self, ari: Ari, one: ToFetch) -> None:
        with unseen_file() as place:
            ari.fetch_recording(one.name, place)
            encoded = encode(place)
        kept = self._vault.keep(one.name, encoded.sound)
        stored = StoredSound(
            name=one.name,
            store=self._vault.name,
            file=kept.file,
            seconds=encoded.seconds,
            size=kept.size,
            sealed_sha256=kept.sealed_sha256,
            sound_sha256=kept.sound_sha256,
            peaks=encoded.peaks,
        )
        recordings.kept(self._db, one.contact_id, one.kind, stored, under=self._lease)

    def _missing(self, one: ToFetch) -> None:
        """Not there: it is about to be, or will not come."""
        if one.since > _PATIENCE:
            words = "The PBX did not have it."
            recordings.lost(self._db, one.name, words, under=self._lease)

    def _line(self, account_id: int) -> Ari | None:
        """The way to a PBX; None while it cannot be gone."""
        try:
            account = accounts.get(self._db, account_id)
            settings = pbx_settings(account, self._secrets)
        except (NotFound, InvalidInput, NoKeyring) as trouble:
            _LOG.warning("recordings wait at the PBX: %s", trouble.code)
            return None
        return Ari(settings.url, settings.user, settings.password, timeout=_TIMEOUT)


def _goes_on(ari: Ari, name: str) -> bool:
    """Whether the PBX still writes it: then its file is there already, and not whole."""
    try:
        ari.live_recording(name)
    except AriNotFound:
        return False
    return True


def _remove(ari: Ari, name: str) -> None:
    try:
        ari.delete_recording(name)
    except AriNotFound:
        return
