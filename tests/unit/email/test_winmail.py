"""Outlook's winmail.dat: listed, opened where it can be, and never trusted."""

from __future__ import annotations

import struct
from base64 import b64encode

import pytest

from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.domain.messages import InboundMessage

SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)
CODE_PAGE, MESSAGE_CLASS, BODY = 0x9007, 0x8008, 0x800C
ATTACHMENT, TITLE, DATA = 0x9002, 0x8010, 0x800F


def attribute(level: int, name: int, kind: int, data: bytes) -> bytes:
    """One TNEF attribute with its checksum."""
    head = struct.pack("<BHHI", level, name, kind, len(data))
    return head + data + struct.pack("<H", sum(data) & 0xFFFF)


def winmail(*files: tuple[str, bytes], body: str = "") -> bytes:
    """A winmail.dat with files and perhaps a text."""
    out = SIGNATURE + attribute(1, CODE_PAGE, 6, struct.pack("<II", 1252, 0))
    out += attribute(1, MESSAGE_CLASS, 7, b"IPM.Microsoft Mail.Note\0")
    if body:
        out += attribute(1, BODY, 2, body.encode() + b"\0")
    for name, content in files:
        out += attribute(2, ATTACHMENT, 6, bytes(14))
        out += attribute(2, TITLE, 1, name.encode() + b"\0")
        out += attribute(2, DATA, 6, content)
    return out


def received(content: bytes, media_type: str = "application/ms-tnef") -> InboundMessage:
    """A mail that is nothing but a winmail.dat."""
    head = (
        f"From: ann@example.org\r\nContent-Type: {media_type}; name=winmail.dat\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return parse_mail(head.encode() + b64encode(content), external_id="1")


@pytest.mark.parametrize("media_type", ["application/ms-tnef", "application/octet-stream"])
def test_what_is_inside_is_listed_beside_it(media_type: str) -> None:
    raw = winmail(("bill.pdf", b"%PDF"), ("../../plan.txt", b"plan"))
    found = received(raw, media_type)
    assert [(each.name, each.content) for each in found.attachments] == [
        ("winmail.dat", raw),
        ("bill.pdf", b"%PDF"),
        ("plan.txt", b"plan"),
    ]
    assert found.problems == ()


def test_its_text_is_shown_when_there_is_no_other() -> None:
    assert received(winmail(body="My bin was missed.")).text == "My bin was missed."


def test_what_only_claims_to_be_one_is_listed_unopened() -> None:
    found = received(b"MZ\x90 not at all")
    assert [each.name for each in found.attachments] == ["winmail.dat"]
    assert "not what its name says" in found.problems[0]


def test_a_name_in_no_known_letters_loses_only_the_name() -> None:
    raw = winmail(("x\xe9.pdf", b"%PDF")).replace("x\xe9".encode(), b"x\xe9\xe9")
    assert received(raw).attachments[1].content == b"%PDF"


def test_a_damaged_one_is_listed_and_said() -> None:
    whole = winmail(("bill.pdf", b"%PDF" * 100))
    for cut in range(0, len(whole), 7):
        found = received(whole[:cut])
        assert found.attachments[0].name == "winmail.dat"
