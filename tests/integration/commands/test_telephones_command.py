"""`crm-desktop admin telephones …` as an administrator types it, and what a real PBX answers."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from crm_desktop.cli import app
from crm_desktop.domain.errors import InvalidInput, NoKeyring, NotFound
from crm_desktop.services import telephones
from tests.centre import Centre
from tests.servers import certificates
from tests.servers.asterisk import PASSWORD, Asterisk
from tests.servers.phone import Phones

NUMBER = "01632960010"


def _run(centre: Centre, *words: str, given: str = "") -> Result:
    words = ("admin", "telephones", *words, "--database", centre.target.url)
    return CliRunner().invoke(app, words, input=given)


def _said(centre: Centre, *words: str) -> str:
    result = _run(centre, *words)
    assert result.exit_code == 0, (words, result.output, result.exception)
    return result.stdout


def test_from_nothing_to_lines_and_extensions(centre: Centre) -> None:
    assert "Begin with: crm-desktop admin telephones pbx set" in _said(centre, "list")

    kept = _said(centre, "pbx", "set", "--no-keep")
    _said(
        centre, "line", "add", NUMBER, "Main line", "--queue", "general", "--no-record",
        "--choice", "1=Bins:waste:missed_bin", "--choice", "*=Anything else:general",
    )  # fmt: skip
    _said(centre, "extension", "set", "anna", "101")
    listed = _said(centre, "list")

    assert "under the name ari:crm@http://127.0.0.1:8088" in kept
    assert listed.splitlines() == [
        "PBX: crm at http://127.0.0.1:8088: unknown",
        "+441632960010: Main line, queue general",
        "  1: Bins, queue waste, service missed_bin",
        "  *: Anything else, queue general",
        "Extension 101: Anna Whitlock (anna)",
    ]

    # The same number again changes its line; removed, it is kept, and comes back.
    _said(centre, "line", "add", "+44 1632 960010", "Bins", "--queue", "waste", "--announce", "0")
    _said(centre, "line", "remove", NUMBER)
    assert _said(centre, "line", "list") == "+441632960010: Bins, queue waste (off)\n"
    _said(centre, "extension", "remove", "anna")
    _said(centre, "pbx", "off")
    assert "8088: off" in _said(centre, "list")
    assert "Extension" not in _said(centre, "list")
    _said(centre, "pbx", "on")
    assert "8088: unknown" in _said(centre, "list")


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (("pbx", "set", "--no-keep", "--url", "http://pbx.example:8088"), InvalidInput),
        (("line", "add", "nonsense", "Main", "--queue", "general"), InvalidInput),
        (("line", "add", NUMBER, "Main", "--queue", "nowhere"), NotFound),
        (("line", "add", NUMBER, "Main", "--queue", "general", "--service", "none"), NotFound),
        (("line", "add", NUMBER, "Main", "--queue", "general", "--choice", "1"), InvalidInput),
        (("line", "remove", NUMBER), NotFound),
        (("extension", "set", "nobody", "101"), NotFound),
        (("extension", "set", "anna", "1 0 1"), InvalidInput),
        (("pbx", "off"), NotFound),
    ],
)
def test_what_could_not_work_is_refused(
    sqlite_centre: Centre, words: tuple[str, ...], kind: type[Exception]
) -> None:
    refused = _run(sqlite_centre, *words)

    assert isinstance(refused.exception, kind), refused.output
    assert telephones.read(sqlite_centre.as_owner()).lines == ()


def test_the_password_is_asked_for_and_kept_in_no_other_place(sqlite_centre: Centre) -> None:
    """Without a keyring it is kept nowhere; the settings hold, and what to do is said."""
    result = _run(sqlite_centre, "pbx", "set", given="a-secret-of-the-pbx\n")

    assert isinstance(result.exception, NoKeyring)
    assert "a-secret-of-the-pbx" not in result.output
    assert telephones.read(sqlite_centre.as_owner()).pbx is not None
    assert sqlite_centre.path is not None
    for each in sqlite_centre.path.parent.glob("*.db*"):
        assert b"a-secret-of-the-pbx" not in each.read_bytes()


@pytest.fixture
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A gateway's file of secrets."""
    file = tmp_path / "secrets.toml"
    file.touch(mode=0o600)
    monkeypatch.setenv("CRM_DESKTOP_SECRETS_FILE", str(file))
    return file


def _check(centre: Centre, code: int) -> dict[str, tuple[str, str, str]]:
    result = _run(centre, "check", "--json")
    assert result.exit_code == code, (result.output, result.exception)
    assert PASSWORD not in result.output
    found: dict[str, tuple[str, str, str]] = {}
    for each in json.loads(result.stdout):
        # Of several about one thing the first is the worst.
        found.setdefault(each["check"], (each["state"], each["words"], each["to_do"]))
    return found


def test_a_real_pbx_tells_what_is_still_missing_until_calls_work(
    centre: Centre, own_asterisk: Asterisk, secrets_file: Path
) -> None:
    pbx = own_asterisk
    assert _check(centre, 0)["pbx"] == (
        "warning", "No PBX is set up.", "crm-desktop admin telephones pbx set",
    )  # fmt: skip
    told = _said(centre, "pbx", "set", "--url", pbx.url)
    name = f"ari:crm@{pbx.url}"
    assert f'"{name}" = ' in told
    assert "has no password" in _check(centre, 0)["pbx"][1]

    secrets_file.write_text(f'"{name}" = "wrong"\n')
    assert "does not take the password of crm" in _check(centre, 1)["pbx"][1]

    secrets_file.write_text(f'"{name}" = "{PASSWORD}"\n')
    found = _check(centre, 1)
    troubles = {check for check, (state, *_) in found.items() if state == "trouble"}
    assert troubles == {"pbx gateway", "telephones"}
    assert found["lines"][0] == "warning"
    assert found["dialplan"][:2] == ("ok", "The dialplan sends calls to the application crm.")
    assert found["calls out"][0] == found["sounds"][0] == found["pbx clock"][0] == "ok", found
    assert found["pbx"][1].startswith("Asterisk 2")

    _said(centre, "line", "add", NUMBER, "Main line", "--queue", "general")
    _said(centre, "extension", "set", "anna", "101")
    _said(centre, "extension", "set", "ben", "999")
    with pbx.stream(), Phones(pbx) as phones:
        assert "has no telephone 999 (Ben Achebe)" in _check(centre, 1)["telephones"][1]
        _said(centre, "extension", "remove", "ben")
        assert "Not registered with the PBX now: 101" in _check(centre, 0)["telephones"][1]
        phones.add("101")
        assert {state for state, *_ in _check(centre, 0).values()} == {"ok"}
        # The doctor of the gateway's computer says the same.
        doctor = CliRunner().invoke(app, ["doctor", "--json", "--database", centre.target.url])
        words = [each["words"] for each in json.loads(doctor.stdout)]
        assert "All 1 telephones of staff are registered." in words

    _said(
        centre,
        "pbx",
        "set",
        "--url",
        pbx.url,
        "--app",
        "other",
        "--outbound",
        "PJSIP/{number}@nowhere",
    )
    found = _check(centre, 1)
    assert "sends calls to the application crm, the gateway is other" in found["dialplan"][1]
    assert "has no endpoint PJSIP/nowhere" in found["calls out"][1]
    pbx.stop()
    assert _check(centre, 1)["pbx"][1].startswith(f"Nothing answers at {pbx.url}")


@contextmanager
def _by_tls(host: str, certificate: Path, key: Path) -> Iterator[tuple[str, list[str]]]:
    """A server that lets nobody in: its address, and what it was asked."""
    asked: list[str] = []

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(401)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer((host, 0), Door)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"https://{host}:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_pbx_is_sent_nothing_before_its_certificate_is_trusted(
    sqlite_centre: Centre, secrets_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = certificates.make(tmp_path)

    def found(url: str) -> dict[str, tuple[str, str, str]]:
        _said(sqlite_centre, "pbx", "set", "--url", url)
        secrets_file.write_text(f'"ari:crm@{url}" = "{PASSWORD}"\n')
        return _check(sqlite_centre, 1)

    with _by_tls("127.0.0.1", certificate, key) as (url, asked):
        state, words, to_do = found(url)["pbx"]
        assert (state, asked) == ("trouble", [])
        assert words.startswith("The PBX's certificate is not trusted: self-signed")
        assert words.endswith(f"Nothing was sent to {url}.")
        assert "this computer trust who signed it" in to_do
        # The doctor of the gateway's computer says the same.
        url_of = sqlite_centre.target.url
        doctor = CliRunner().invoke(app, ["doctor", "--json", "--database", url_of])
        assert words in [each["words"] for each in json.loads(doctor.stdout)]

        # As the gateway's service is told of an authority of the council's own.
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert "does not take the password of crm" in found(url)["pbx"][1]
        assert asked
    with _by_tls("127.0.0.2", certificate, key) as (url, asked):
        words = found(url)["pbx"][1]
        assert "is not trusted: IP address mismatch" in words
        assert asked == []
