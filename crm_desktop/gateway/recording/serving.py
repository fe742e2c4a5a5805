"""What a store does for people: lets who asked hear a sound, and destroys it when its time is over.

Under a lease of the store's own: two gateways that see one folder never both destroy in it.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time

from crm_desktop.gateway.recording.vault import CannotOpen, NotDestroyed, Vault
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, recordings
from crm_desktop.services.leases import Lease
from crm_desktop.services.recordings import Asked, Due
from crm_desktop.services.sealed_sound import seal

_LOG = logging.getLogger(__name__)
#: Who asks is heard at once; this is for a notice that was missed.
_ROUND_SECONDS = 2.0
#: What has had its time is looked for so often.
DESTROY_SECONDS = 60.0


class Keeper(Worker):
    """Serves one store."""

    def __init__(
        self, db: Database, vault: Vault, lease: Lease, *, destroy_seconds: float = DESTROY_SECONDS
    ) -> None:
        super().__init__(f"recordings:{vault.name}")
        self._db, self._vault, self._lease = db, vault, lease
        self._woken = threading.Event()
        self._next_destroying = 0.0
        self._destroy_seconds = destroy_seconds

    def wake(self) -> None:
        """Somebody asked to hear something; callable from any thread."""
        self._woken.set()

    def stop(self) -> None:
        """End after the round under way."""
        super().stop()
        self._woken.set()

    def work(self) -> None:
        """Answer who asks, then destroy what is due."""
        self._woken.clear()
        for each in recordings.asked(self._db, self._vault.name):
            self._answer(each)
        if time.monotonic() >= self._next_destroying:
            recordings.expire(self._db, under=self._lease)
            self.destroy_due()
            self._next_destroying = time.monotonic() + self._destroy_seconds
        if not self.stopping.is_set():
            self._woken.wait(_ROUND_SECONDS)

    def destroy_due(self) -> None:
        """Destroy what has had its time and is not held, and what was left half destroyed."""
        for each in recordings.due(self._db, self._vault.name):
            if self.stopping.is_set():
                return
            if each.begun or recordings.destroying(self._db, each.id, under=self._lease):
                self._destroy(each)

    def _destroy(self, one: Due) -> None:
        try:
            proof = self._vault.destroy(one.file)
        except (OSError, NotDestroyed) as trouble:
            _LOG.error("recording %d is not destroyed, trying again: %s", one.id, trouble)
            return
        recordings.destroyed(self._db, one, proof, under=self._lease)
        _LOG.info("recording %d is destroyed", one.id)

    def _answer(self, asked: Asked) -> None:
        try:
            sound = self._vault.open(asked.sound.file)
            if hashlib.sha256(sound).hexdigest() != asked.sound.sound_sha256:
                raise CannotOpen("The sound is not the one that was kept.")
            sealed = seal(asked.public_key, sound)
        except (CannotOpen, ValueError) as trouble:
            _LOG.error("a recording cannot be heard: %s", trouble)
            words = f"{trouble} An administrator can look at the gateway's store of recordings."
            recordings.refuse(self._db, asked.id, words, under=self._lease)
            return
        recordings.answer(self._db, asked.id, sealed, under=self._lease)
