"""The log helps support and tells nobody's address or number."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.workstation.crash_log import CrashLog, mask


@pytest.fixture
def log(tmp_path: Path) -> Iterator[CrashLog]:
    level = logging.getLogger().level
    crash_log = CrashLog(tmp_path / "log", "desktop")
    yield crash_log
    crash_log.stop()
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail from m.brown+bins@example.co.uk refused", "mail from [email] refused"),
        ("to <ann@example.com>, bob@example.org", "to <[email]>, [email]"),
        ("mail sent to Zoë@exämple.uk.", "mail sent to [email]."),
        ("rang 01604 123456 twice", "rang [phone] twice"),
        ("rang +44 7700 900123", "rang [phone]"),
        ("rang (01604) 123-456.", "rang [phone]."),
        ("number=07700900123", "number=[phone]"),
        ("447700900123", "[phone]"),
    ],
)
def test_addresses_and_numbers_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "contact 1234567890 took 15000 ms",
        "listening on 127.0.0.1:8025",
        "2026-11-22T09:04:20.123456+00:00",
        "revision 0001_first",
        "case C-8F3-T9K-4",
        'File "/app/x.py", line 42',
    ],
)
def test_what_support_needs_stays_readable(text: str) -> None:
    assert mask(text) == text


def test_the_log_masks_messages_and_traces(log: CrashLog, tmp_path: Path) -> None:
    log.start()
    try:
        raise KeyError("ann@example.com")
    except KeyError:
        logging.getLogger("crm").exception("could not find %s", "07700 900123")

    text = (tmp_path / "log" / "desktop.log").read_text()
    assert "could not find [phone]" in text
    assert "KeyError: '[email]'" in text
    assert "ann@" not in text


def test_a_noted_bug_is_shown_at_the_next_start(tmp_path: Path, log: CrashLog) -> None:
    died = CrashLog(tmp_path / "log", "desktop")
    died.start()
    died.note(ValueError("bad value of ann@example.com"))
    kept = (tmp_path / "log" / "desktop-crash.txt").read_bytes()
    died.stop()
    (tmp_path / "log" / "desktop-crash.txt").write_bytes(kept)  # as if it had not ended well

    log.start()

    crash = log.last_crash()
    assert crash is not None
    assert "ValueError: bad value of [email]" in crash.text


def test_after_a_good_end_there_is_nothing_to_show(tmp_path: Path, log: CrashLog) -> None:
    earlier = CrashLog(tmp_path / "log", "desktop")
    earlier.start()
    earlier.stop()

    log.start()

    assert log.last_crash() is None


def test_the_log_is_rotated(log: CrashLog, tmp_path: Path) -> None:
    log.start()
    for _ in range(25):
        logging.getLogger("crm").info("x" * 100_000)

    sizes = [path.stat().st_size for path in (tmp_path / "log").glob("desktop.log*")]
    assert len(sizes) == 3
    assert max(sizes) <= 1024 * 1024


def test_a_directory_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("in the way")
    log = CrashLog(tmp_path / "log", "desktop")

    log.start()
    logging.getLogger("crm").error("goes nowhere")
    log.note(ValueError("goes nowhere"))
    log.stop()

    assert log.last_crash() is None
