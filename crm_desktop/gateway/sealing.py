"""Seals the audit chain every minute under its lease, and writes its head down once a day."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from crm_desktop.domain.errors import AuditTrouble
from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, sealing
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)


class Sealer(Worker):
    """The one sealer of the centre; `folder` gets the anchor file."""

    def __init__(self, db: Database, key: bytes, folder: Path, lease: Lease) -> None:
        super().__init__(sealing.LEASE_NAME)
        self._db = db
        self._key = key
        self._anchors = folder / sealing.ANCHOR_FILE
        self._lease = lease

    def work(self) -> None:
        """Seal what has committed since, then wait a minute."""
        try:
            sealing.seal(self._db, self._lease, self._key)
        except AuditTrouble as trouble:
            _LOG.error("the audit chain stands still: %s", trouble)
        else:
            self._write_anchor()
        self.stopping.wait(sealing.SEAL_SECONDS)

    def _write_anchor(self) -> None:
        if not sealing.anchor_due(self._anchors):
            return
        try:
            sealing.write_anchor(self._anchors, sealing.head(self._db))
        except OSError as error:
            _LOG.error("the head of the audit chain was not written down: %s", error.strerror)


def jobs(db: Database, key: bytes | None, folder: Path) -> Mapping[str, StartJob]:
    """The sealing; none without a key: another gateway may have it."""
    if key is None:
        _LOG.warning("no key for the audit chain: this gateway does not seal it")
        return {}
    return {sealing.LEASE_NAME: lambda lease: [Sealer(db, key, folder, lease)]}
