"""Links and attachments reach other programs only when they cannot run anything."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.domain.errors import InvalidInput, NotAllowed
from crm_desktop.workstation.open_external import (
    AttachmentFolder,
    is_executable,
    open_link,
    safe_link,
    safe_name,
)


@pytest.mark.parametrize(
    "url",
    [
        "https://www.example.gov.uk/bins?day=2#top",
        "http://127.0.0.1:8025/forms/",
        "mailto:ann@example.com?subject=Bins",
    ],
)
def test_web_and_mail_links_are_opened(url: str) -> None:
    assert safe_link(url) == url


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        r"\\server\share\x.exe",
        "javascript:alert(1)",
        "data:text/html,x",
        "smb://server/x",
        "ms-msdt:/id",
        "https://",
        "https://www.example.gov.uk@evil.example/",
        "https://exa mple.com",
        "https://example.com/\u202egnp.exe",
        "https://example.com/\nX",
        "https://[::1",
        "mailto:",
        "--help",
        "",
        "https://example.com/" + "x" * 5000,
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput):
        safe_link(url)


def test_a_link_reaches_the_persons_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def browser(url: str) -> bool:
        seen.append(url)
        return True

    monkeypatch.setattr("webbrowser.open", browser)

    open_link("https://www.example.gov.uk/")

    assert seen == ["https://www.example.gov.uk/"]


def test_a_computer_without_a_browser_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webbrowser.open", lambda _: False)

    with pytest.raises(NotAllowed, match="no program that opens links"):
        open_link("https://www.example.gov.uk/")


def test_a_document_is_shown_by_the_persons_own_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = tmp_path / "shown"
    os.mkfifo(shown)
    opener = tmp_path / "xdg-open"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" > "{shown}"\n')
    opener.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with AttachmentFolder() as folder:
        path = folder.open("letter.pdf", b"%PDF-1.7")

        assert shown.read_text() == str(path)


def test_a_computer_without_a_viewer_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with AttachmentFolder() as folder, pytest.raises(NotAllowed, match="no program that opens"):
        folder.open("letter.pdf", b"%PDF-1.7")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Photo of the bin.jpg", "Photo of the bin.jpg"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (r"C:\Users\ann\x.pdf", "C__Users_ann_x.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("CON.txt", "_CON.txt"),
        ("-rf", "_-rf"),
        ("report.pdf. . ", "report.pdf"),
        ("\x00\x07", "attachment"),
        ("", "attachment"),
        ("a" * 300 + ".pdf", "a" * 96 + ".pdf"),
    ],
)
def test_names_keep_what_a_person_reads_and_lose_what_tricks_a_system(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=300))
def test_any_name_becomes_one_file_name_and_stays_it(name: str) -> None:
    safe = safe_name(name)

    assert Path(safe).name == safe
    assert 0 < len(safe.encode()) <= 104
    assert safe_name(safe) == safe


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("invoice.pdf.exe", b""),
        ("INVOICE.EXE ", b""),
        ("x.desktop", b""),
        ("macro.docm", b"PK"),
        ("invoice.pdf", b"MZ\x90"),
        ("notes.txt", b"\x7fELF"),
        ("notes", b"\xef\xbb\xbf#!/bin/sh"),
        ("notes.txt", b"\n[Desktop Entry]\nExec=x"),
        ("invoice.lnk\u200b", b""),
    ],
)
def test_what_could_run_is_refused(name: str, data: bytes) -> None:
    with AttachmentFolder() as folder, pytest.raises(NotAllowed, match="not opened"):
        folder.save(name, data)


@pytest.mark.parametrize("name", ["letter.pdf", "bin.jpg", "form.docx", "notes.txt", "page.html"])
def test_documents_are_not_taken_for_programs(name: str) -> None:
    assert not is_executable(name, b"%PDF-1.7")


def test_two_attachments_of_one_name_are_kept_privately_and_removed() -> None:
    with AttachmentFolder() as folder:
        first = folder.save("photo.jpg", b"1")
        second = folder.save("photo.jpg", b"2")

        assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")
        assert first.stat().st_mode & 0o177 == 0
        assert folder.path.stat().st_mode & 0o077 == 0
    assert not folder.path.exists()
