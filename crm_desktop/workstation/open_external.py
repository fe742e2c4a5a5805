"""Handing links and attachments to other programs, and refusing those that could run."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unicodedata
import webbrowser
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from crm_desktop.domain.errors import InvalidInput, NotAllowed

_LONGEST_LINK = 4000
_LONGEST_NAME = 100

# What some system starts, installs or interprets when a person opens it.
_EXECUTABLE_SUFFIX = re.compile(
    r"""\.(?:
    ade|adp|apk|app|appimage|application|appref-ms|appx|asp|bas|bash|bat|bin|cgi|
    chm|cmd|com|command|cpl|crt|csh|deb|desktop|dll|dmg|dylib|elf|exe|flatpakref|
    fish|gadget|hlp|hta|inf|ins|iqy|iso|img|isp|jar|jnlp|js|jse|ksh|library-ms|
    lnk|mad|msc|msh|msi|msix|msp|mst|pif|pkg|pl|ps1|ps1xml|psc1|psd1|psm1|py|
    pyc|pyw|pyz|rb|rdp|reg|rpm|run|scf|scr|sct|search-ms|service|settingcontent-ms|
    sh|shb|shs|slk|snap|so|tcsh|theme|url|vb|vbe|vbs|vhd|vhdx|website|ws|wsc|
    wsf|wsh|xbap|xll|xnk|zsh|docm|dotm|xlsm|xltm|xlam|pptm|potm|ppam|ppsm|sldm
    )$""",
    re.VERBOSE,
)
# Windows programs, Linux programs, scripts, Java classes and macOS programs by their first bytes.
_EXECUTABLE_BEGINNINGS = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"[Desktop Entry]",
)
_WINDOWS_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
_UNSAFE_IN_NAMES = re.compile(r'[\\/:*?"<>|]')


def safe_link(url: str) -> str:
    """`url` when it is a web or mail address; InvalidInput for anything that could do more."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise InvalidInput("This link cannot be read, so it was not opened.") from None
    plain = len(url) <= _LONGEST_LINK and url.isprintable() and " " not in url
    web = parts.scheme in {"http", "https"} and host and "@" not in parts.netloc
    mail = parts.scheme == "mailto" and parts.path and not parts.netloc
    if not (plain and (web or mail)):
        raise InvalidInput(
            "Only web and mail addresses are opened. This link is something else, so it was not."
        )
    return url


def open_link(url: str) -> None:
    """Show a web or mail address in the person's own program; InvalidInput for others."""
    if not webbrowser.open(safe_link(url)):
        raise NotAllowed("This computer has no program that opens links.")


def safe_name(name: str) -> str:
    """A file name that keeps what a person reads in `name` and nothing that tricks a system."""
    visible = "".join(
        " " if unicodedata.category(letter) == "Zs" else letter
        for letter in unicodedata.normalize("NFC", name)
        if unicodedata.category(letter)[0] != "C"
    )
    plain = _UNSAFE_IN_NAMES.sub("_", visible).strip(" .")
    if not plain:
        return "attachment"
    if _WINDOWS_DEVICES.match(plain) or plain.startswith("-"):
        plain = f"_{plain}"
    return _shortened(plain)


def is_executable(name: str, data: bytes) -> bool:
    """Whether opening the file could run something, by its name or its first bytes."""
    beginning = data[:256].lstrip(b"\xef\xbb\xbf\r\n\t ")
    by_name = _EXECUTABLE_SUFFIX.search(safe_name(name).lower())
    return by_name is not None or beginning.startswith(_EXECUTABLE_BEGINNINGS)


class AttachmentFolder:
    """A private directory for attachments that a person looks at, removed on closing."""

    def __init__(self) -> None:
        """Make the directory, which only this user can enter."""
        self.path = Path(tempfile.mkdtemp(prefix="crm-desktop-"))

    def save(self, name: str, data: bytes) -> Path:
        """Write an attachment under a safe name of its own; NotAllowed when it could run."""
        if is_executable(name, data):
            raise NotAllowed(
                f"{safe_name(name)} is a program or could start one, so it is not opened.",
                name=safe_name(name),
            )
        path = Path(tempfile.mkdtemp(dir=self.path)) / safe_name(name)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        return path

    def open(self, name: str, data: bytes) -> Path:
        """Save an attachment and show it in the person's own program."""
        path = self.save(name, data)
        _open_with_system(path)
        return path

    def close(self) -> None:
        """Remove everything that was saved; what another program holds open may stay."""
        shutil.rmtree(self.path, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _shortened(name: str) -> str:
    """Keep the ending, which says what the file is."""
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    suffix = Path(name).suffix[:12]
    stem = name.removesuffix(suffix) if suffix else name
    while len((stem + suffix).encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return stem.rstrip(" .") + suffix


def _open_with_system(path: Path) -> None:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606 - a document by its registered program; programs are refused
        return
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None:
        raise NotAllowed("This computer has no program that opens files.")
    viewer = subprocess.Popen(  # noqa: S603 - a path of our own making, no shell
        [opener, str(path)], stdin=subprocess.DEVNULL, start_new_session=True
    )
    # Some openers end at once, others with the document; nobody waits for either.
    threading.Thread(target=viewer.wait, name="viewer", daemon=True).start()
