"""What went wrong, for the next start and for support, without anybody's personal data."""

import faulthandler
import logging
import logging.handlers
import re
import traceback
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

_LOG_BYTES = 1024 * 1024
_LOG_FILES = 5
_FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
#: They write whole addresses at INFO, whom we call and which keys we press among them, and at DEBUG
#: the passwords too: what goes wrong there is told by whoever asked.
_TALKATIVE = ("httpx", "httpcore", "websockets")

# Bounded, so that a long line costs no more than its length.
_EMAIL = re.compile(r"[^\s@<>\"'(),:;=\[\]]{1,64}@[^\s@<>\"'(),:;=\[\]]{1,250}\.\w{2,63}")
# A trunk 0, a + or the country's 44 begins it, so that sizes and ids stay readable.
_PHONE = re.compile(r"(?<![\w.:-])(?:\+|\(?0|44)(?:[ .()/-]{0,2}\d){8,14}(?![\w:])")


def mask(text: str) -> str:
    """`text` with email addresses and telephone numbers replaced."""
    if "@" in text:
        text = _EMAIL.sub("[email]", text)
    return _PHONE.sub("[phone]", text)


@dataclass(frozen=True)
class Crash:
    """How an earlier run of the program ended; `text` holds traces, no personal data."""

    at: datetime
    text: str


def kept_crash(directory: Path, program: str) -> Crash | None:
    """What a program's last run left in `directory`, for somebody who only looks."""
    return _read_crash(_crash_file(directory, program))


class CrashLog:
    """The log file of one program, and the file into which a crash is written.

    Nothing here raises when the disk is full or the directory cannot be written: the program
    then runs without a log.
    """

    def __init__(self, directory: Path, program: str) -> None:
        """Files in `directory` named after `program`: `desktop` or `gateway`."""
        self._log_file = directory / f"{program}.log"
        self._crash_file = _crash_file(directory, program)
        self._handler: logging.Handler | None = None
        self._stream: TextIO | None = None
        self._last: Crash | None = None

    def start(self, level: str = "INFO") -> None:
        """Log from now on, and be ready for a crash of the interpreter itself."""
        with suppress(OSError):
            self._log_file.parent.mkdir(parents=True, exist_ok=True)
        self._last = _read_crash(self._crash_file)
        self._handler = _QuietHandler(
            self._log_file,
            maxBytes=_LOG_BYTES,
            backupCount=_LOG_FILES - 1,
            encoding="utf-8",
            delay=True,
        )
        self._handler.setFormatter(_MaskingFormatter(_FORMAT))
        logging.getLogger().addHandler(self._handler)
        logging.getLogger().setLevel(level)
        for name in _TALKATIVE:
            logging.getLogger(name).setLevel(logging.WARNING)
        with suppress(OSError):
            self._stream = self._crash_file.open("w", encoding="utf-8")
            faulthandler.enable(self._stream)

    def last_crash(self) -> Crash | None:
        """How the run before this one crashed; None when it ended well."""
        return self._last

    def note(self, error: BaseException) -> None:
        """Write a bug's trace into the log and the crash file."""
        text = mask("".join(traceback.format_exception(error)))
        logging.getLogger(__name__).error("a bug was met\n%s", text)
        if self._stream is not None:
            with suppress(OSError, ValueError):
                self._stream.write(text)
                self._stream.flush()

    def stop(self) -> None:
        """End well: what was noted stays in the log, and the next start is told of nothing."""
        faulthandler.disable()
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
            with suppress(OSError):
                self._crash_file.unlink()
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            with suppress(OSError):
                self._handler.close()


class _QuietHandler(logging.handlers.RotatingFileHandler):
    """A log that cannot be written must not stop anybody's work."""

    def handleError(self, _record: logging.LogRecord) -> None:
        """Let the line go; the file is opened anew for the next."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()


class _MaskingFormatter(logging.Formatter):
    """Masks the whole line and its trace, which another handler may have made before."""

    def format(self, record: logging.LogRecord) -> str:
        """The line with nobody's address or number in it."""
        return mask(super().format(record))


def _crash_file(directory: Path, program: str) -> Path:
    return directory / f"{program}-crash.txt"


def _read_crash(path: Path) -> Crash | None:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError:
        return None
    return Crash(at, text) if text.strip() else None
