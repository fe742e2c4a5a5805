"""One exchange with ARI: whatever answers, it has an end, and nothing of it comes into the log."""

from __future__ import annotations

import http.server
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.channels.voice import wire
from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.trouble import AriAway, AriRefused
from crm_desktop.workstation.crash_log import CrashLog

_MANY = 40 * 1024 * 1024


class _Server(http.server.BaseHTTPRequestHandler):
    """Answers what it is asked to do, and has far too much of every recording."""

    def do_POST(self) -> None:
        self._say(200, b'{"id": "crm-7-caller-1"}')

    def do_GET(self) -> None:
        self.send_response(500 if "broken" in self.path else 200)
        self.send_header("Content-Length", str(_MANY))
        self.end_headers()
        self.server.sent = 0  # type: ignore[attr-defined]
        try:
            for _ in range(_MANY // 65536):
                self.wfile.write(bytes(65536))
                self.server.sent += 65536  # type: ignore[attr-defined]
        except OSError:
            return

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's
        """Quiet."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    made.daemon_threads = True
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def ari(server: http.server.HTTPServer) -> Iterator[Ari]:
    with Ari(f"http://127.0.0.1:{server.server_port}", "crm", "secret-word") as made:
        yield made


@pytest.mark.parametrize("level", ["INFO", "DEBUG"])
def test_no_number_no_digit_and_no_password_comes_into_the_log(
    ari: Ari, tmp_path: Path, level: str
) -> None:
    before = logging.getLogger().level
    log = CrashLog(tmp_path, "gateway")
    log.start(level)
    try:
        ari.originate("PJSIP/07700900123@trunk", app="crm", caller_id="+441632960123")
        ari.dtmf("crm-7-caller-1", "4929123412341234")
    finally:
        log.stop()
        logging.getLogger().setLevel(before)

    kept = (tmp_path / "gateway.log").read_text() if (tmp_path / "gateway.log").exists() else ""
    for said in ("07700900123", "441632960123", "4929123412341234", "uthorization"):
        assert said not in kept


def test_a_recording_without_end_is_not_fetched(
    ari: Ari, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MAX_FILE", 1024 * 1024)

    with pytest.raises(AriAway, match="no end"):
        ari.fetch_recording("crm-1-1", tmp_path / "sound.wav")
    assert (tmp_path / "sound.wav").stat().st_size <= 1024 * 1024


def test_a_refusal_without_end_is_not_read_to_its_end(
    ari: Ari, server: http.server.HTTPServer, tmp_path: Path
) -> None:
    with pytest.raises(AriRefused):
        ari.fetch_recording("broken", tmp_path / "sound.wav")
    assert server.sent < _MANY  # type: ignore[attr-defined]
