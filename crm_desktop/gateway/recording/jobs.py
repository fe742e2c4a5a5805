"""The jobs of a gateway that has a store of recordings, each under its lease."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.gateway.config import GatewayConfig, SecretSource
from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.recording.fetching import LEASE_NAME, Fetcher
from crm_desktop.gateway.recording.serving import DESTROY_SECONDS, Keeper
from crm_desktop.gateway.recording.vault import Vault
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)
#: The keyring's name for what seals the keys of recordings.
MASTER_SECRET = "recordings-key"  # noqa: S105 - the name, not the secret


class RecordingJobs:
    """Fetching into this gateway's store, and serving it; `heard` wakes whoever has to look."""

    def __init__(
        self,
        db: Database,
        vault: Vault,
        secrets: SecretSource,
        *,
        destroy_seconds: float = DESTROY_SECONDS,
    ) -> None:
        self._destroy_seconds = destroy_seconds
        self._db, self._vault, self._secrets = db, vault, secrets
        self._fetchers: list[Fetcher] = []
        self._keepers: list[Keeper] = []

    def jobs(self) -> Mapping[str, StartJob]:
        """By lease name. A store is served by whoever sees its folder, one at a time."""
        return {
            LEASE_NAME: self._start_fetching,
            f"{LEASE_NAME}:{self._vault.name}": self._start_keeping,
        }

    def heard(self, changes: Changes) -> None:
        """On the feed's thread."""
        if changes.has(Topic.PLAYBACK):
            for keeper in self._keepers:
                keeper.wake()
        if changes.has(Topic.RECORDING, Topic.CALL):
            for fetcher in self._fetchers:
                fetcher.wake()

    def _start_fetching(self, lease: Lease) -> Iterable[Worker]:
        self._fetchers = [Fetcher(self._db, self._vault, self._secrets, lease)]
        return list(self._fetchers)

    def _start_keeping(self, lease: Lease) -> Iterable[Worker]:
        self._keepers = [
            Keeper(self._db, self._vault, lease, destroy_seconds=self._destroy_seconds)
        ]
        return list(self._keepers)


def open_vault(config: GatewayConfig, master: bytes | None) -> Vault | None:
    """This gateway's store; None, with a line in the log, where it can have none."""
    if config.recordings_dir is None or config.recording_keys_dir is None:
        return None
    if master is None:
        _LOG.warning("no key for recordings: this gateway keeps none, they wait at the PBX")
        return None
    try:
        return Vault(config.recordings_dir, config.recording_keys_dir, master)
    except (OSError, InvalidInput) as trouble:
        _LOG.error("no store of recordings, they wait at the PBX: %s", trouble)
        return None
