"""A sandbox office on a real socket and clients that speak to it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from crm_desktop.demo.open311 import Office, RunningOffice, run_in_thread


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def running(office: Office) -> Iterator[RunningOffice]:
    with run_in_thread(office) as running:
        yield running


@pytest.fixture
def settings(running: RunningOffice) -> Open311Settings:
    return Open311Settings(running.endpoint, running.office.jurisdiction_id, timeout=60)


@pytest.fixture
def client(settings: Open311Settings, office: Office) -> Iterator[Open311]:
    with Open311(settings, office.api_key) as client:
        yield client
