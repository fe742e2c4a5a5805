"""The sandbox as a process of its own, as the demonstration and the tour start it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.backoffice.open311 import Open311, Open311Settings
from tests.integration.open311.handoffs import PHOTO, missed_bin


@pytest.fixture
def endpoint(tmp_path: Path) -> Iterator[str]:
    port_file = tmp_path / "port"
    command = [sys.executable, "-m", "crm_desktop.demo.open311_sandbox", "--port-file"]
    with subprocess.Popen(
        [*command, str(port_file), "--log", str(tmp_path / "log"), "--api-key", "k-1"]
    ) as process:
        try:
            while not port_file.exists():
                assert process.poll() is None
                time.sleep(0.02)  # a file cannot be awaited
            yield f"http://127.0.0.1:{port_file.read_text()}"
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(10)


def test_another_process_reads_what_the_sandbox_received(endpoint: str, tmp_path: Path) -> None:
    settings = Open311Settings(endpoint, "northmere.example", format="json", photo_upload=True)
    with Open311(settings, "k-1") as client:
        receipt = client.request(missed_bin(photo=PHOTO))

    (line,) = map(json.loads, (tmp_path / "log").read_text("utf-8").splitlines())
    assert receipt.external_id
    assert line["fields"]["service_code"] == ["MISSED_BIN"]
    assert line["photo"] == ["kerb.jpg", "image/jpeg", len(PHOTO[2])]
