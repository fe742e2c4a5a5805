"""The small parts of the public pages: files, clients, tickets."""

from __future__ import annotations

import zipfile
from io import BytesIO
from ipaddress import ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from crm_desktop.channels.web import clients
from crm_desktop.channels.web.clients import TokenBuckets, client_of
from crm_desktop.channels.web.limits import Rate
from crm_desktop.channels.web_form.port import WebFormSettings
from crm_desktop.channels.web_form.tickets import SITTING_SECONDS, Tickets
from crm_desktop.domain import file_kinds
from crm_desktop.domain.file_kinds import KINDS, safe_name, sniff

SECRET = "a secret of at least sixteen"


class Clock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def _docx(*names: str) -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as parts:
        for name in names:
            parts.writestr(name, "x")
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe1Exif", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\0\0\0\x18ftypheic....", "image/heic"),
        (b"\0\0\0\x18ftypisom....", ""),
        (b"%PDF-1.7\n", "application/pdf"),
        (_docx("[Content_Types].xml", "word/document.xml"), next(k for k in KINDS if "word" in k)),
        (_docx("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), ""),
        (_docx("evil.exe"), ""),
        (b"PK\x03\x04 not really", ""),
        ("Straße\r\n\ttwo".encode(), "text/plain"),
        (b"caf\xe9", ""),
        (b"a\0b", ""),
        (b"MZ\x90\0", ""),
        (b"", ""),
    ],
)
def test_what_a_file_is_is_read_from_itself(content: bytes, kind: str) -> None:
    assert sniff(content) == kind


def test_a_list_of_parts_without_end_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of thousands fit into a small file, and all would be read at once."""
    names = ("[Content_Types].xml", "word/document.xml", "word/styles.xml")
    assert sniff(_docx(*names))

    monkeypatch.setattr(file_kinds, "_MOST_PARTS", 2)

    assert sniff(_docx(*names)) == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bin.jpg", "bin.jpg"),
        ("bin.JPEG", "bin.jpg"),
        ("bin.png", "bin.png.jpg"),
        ("/etc/passwd", "passwd.jpg"),
        ("..\\..\\boot.ini", "boot.ini.jpg"),
        ("a\0b\r\n.jpg", "ab.jpg"),
        ("<b>&\"'.jpg", "_b____.jpg"),
        ("CON.jpg", "file-7.jpg"),
        ("...", "file-7.jpg"),
        ("", "file-7.jpg"),
        ("x" * 500 + ".jpg", "x" * 80 + ".jpg"),
        ("zdjęcie 1.jpg", "zdjęcie 1.jpg"),
    ],
)
def test_names_are_made_safe(name: str, expected: str) -> None:
    assert safe_name(name, "image/jpeg", 7) == expected


@given(st.text())
def test_whatever_the_name_it_stays_a_name(name: str) -> None:
    safe = safe_name(name, "text/plain", 1)

    assert Path(safe).name == safe
    assert safe.endswith(".txt")
    assert len(safe) <= 90


def test_a_bucket_runs_dry_and_fills_again() -> None:
    clock = Clock()
    buckets = TokenBuckets(Rate(2, 6), clock)

    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    assert buckets.take("b")
    clock.seconds += 10
    assert [buckets.take("a") for _ in range(2)] == [True, False]


def test_a_bucket_holds_no_more_than_its_burst_after_a_quiet_night() -> None:
    clock = Clock()
    buckets = TokenBuckets(Rate(2, 6), clock)
    buckets.take("a")

    clock.seconds += 36_000

    assert [buckets.take("a") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("peer", "told", "client"),
    [
        ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "192.0.2.66, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "nonsense", "unknown"),
        ("10.0.0.1", "", "unknown"),
        ("2001:db8:1:2:3::9", "", "2001:db8:1:2::/64"),
    ],
)
def test_the_client_is_who_our_own_proxy_saw(peer: str, told: str, client: str) -> None:
    headers = [(b"x-forwarded-for", told.encode())] if told else []
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})

    assert client_of(request, (ip_network("10.0.0.0/8"),)) == client


def test_buckets_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "MAX_CLIENTS", 3)
    buckets = TokenBuckets(Rate(1, 0.001), Clock())

    for client in "abcd":
        buckets.take(client)

    assert buckets.take("a")
    assert not buckets.take("d")


def test_a_sitting_lasts_an_hour_and_the_visitor_stays() -> None:
    clock = Clock()
    tickets = Tickets(SECRET, clock)
    first = tickets.sitting("")
    cookie = tickets.cookie(first)

    clock.seconds += SITTING_SECONDS - 1
    assert tickets.sitting(cookie) == first
    clock.seconds += 2
    later = tickets.sitting(cookie)

    assert later.visitor == first.visitor
    assert later.external_id("bin", "x") != first.external_id("bin", "x")


def test_cookies_of_somebody_elses_making_are_not_believed() -> None:
    forged = Tickets("another secret, sixteen").cookie(Tickets(SECRET).sitting(""))

    assert Tickets(SECRET).check("x", forged, "bin") is None


@pytest.mark.parametrize("change", [{"secret": "short"}, {"colour": "red;}"}])
def test_settings_that_would_hurt_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="web forms"):
        WebFormSettings(**{"secret": SECRET, "resources": Path(), **change})  # type: ignore[arg-type]
