"""Forecasts under its lease: once a day anew, and each half hour by what came."""

from __future__ import annotations

from collections.abc import Mapping

from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, forecasting
from crm_desktop.services.forecasting import Done
from crm_desktop.services.leases import Lease

#: How soon after its beginning a half hour is corrected; the figures of the last are then complete.
_LOOK_SECONDS = 15.0


class Forecaster(Worker):
    """The one forecaster of the centre."""

    def __init__(self, db: Database, lease: Lease) -> None:
        super().__init__(forecasting.LEASE_NAME)
        self._db = db
        self._lease = lease
        self._done: Done | None = None

    def work(self) -> None:
        """Do what is due, then wait a little."""
        self._done, _changes = forecasting.keep(self._db, self._lease, self._done)
        self.stopping.wait(_LOOK_SECONDS)


def jobs(db: Database) -> Mapping[str, StartJob]:
    """The forecasting."""
    return {forecasting.LEASE_NAME: lambda lease: [Forecaster(db, lease)]}
