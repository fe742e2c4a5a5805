"""Files that people bring: what they really are by their bytes, and a name that is safe to keep."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from io import BytesIO
from pathlib import PurePosixPath

#: content type → the ending that its files get here.
KINDS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/heic": ".heic",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "text/plain": ".txt",
}
#: The same for every kind that is kept at all: pages and chats do not take what scanners make.
ENDINGS = {**KINDS, "image/tiff": ".tif"}
_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SYNONYMS = {".jpeg": ".jpg", ".heif": ".heic", ".text": ".txt", ".log": ".txt", ".tiff": ".tif"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_WINDOWS_NAMES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])\Z", re.IGNORECASE)
#: What begins an entry in the list of a zip's parts, and how many a document may have: all of them
#: are read at once, and a small file can list hundreds of thousands.
_ENTRY, _MOST_PARTS = b"PK\x01\x02", 5_000
_CONTROLS = frozenset(range(32)) - {9, 10, 12, 13} | {127}


def sniff(content: bytes) -> str:
    """The content type by the content's own first bytes, "" for what is not taken."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS:
        return "image/heic"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return _DOCX if _is_docx(content) else ""
    return "text/plain" if _is_text(content) else ""


def safe_name(name: str, content_type: str, number: int) -> str:
    """A file name without folders, tricks or a false ending; `number` names the nameless."""
    last = PurePosixPath(name[-1_000:].replace("\\", "/").replace("\0", "")).name
    kept = "".join(
        c if c.isalnum() or c in " ._-()" else "" if unicodedata.category(c)[0] == "C" else "_"
        for c in unicodedata.normalize("NFC", last)
    )
    ending = ENDINGS[content_type]
    stem, dot, tail = kept.rpartition(".")
    tail = f".{tail.strip().lower()}"
    if not dot or _SYNONYMS.get(tail, tail) != ending:
        stem = kept
    stem = stem.strip(" .")[:80].rstrip(" .")
    if not stem or _WINDOWS_NAMES.match(stem.split(".")[0]):
        stem = f"file-{number}"
    return stem + ending


def _is_docx(content: bytes) -> bool:
    """A word-processor document without macros; only the list of its parts is read."""
    if content.count(_ENTRY) > _MOST_PARTS:
        return False
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            names = {name.lower() for name in parts.namelist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        return False
    macros = any(name.endswith("vbaproject.bin") for name in names)
    return "[content_types].xml" in names and "word/document.xml" in names and not macros


def _is_text(content: bytes) -> bool:
    if any(byte in _CONTROLS for byte in content[:100_000]):
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return bool(content)
