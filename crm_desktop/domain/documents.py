"""A customer's documents, scanned or photographed: what they are, and what is taken at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from crm_desktop.domain.errors import InvalidInput, TooLarge
from crm_desktop.domain.file_kinds import sniff
from crm_desktop.domain.views import NewAttachment

#: What people bring most; other words are taken as well.
KINDS = (
    "Proof of identity",
    "Proof of address",
    "Bank statement",
    "Payslip",
    "Benefit letter",
    "Tenancy agreement",
    "Medical letter",
    "Council letter",
    "Photograph",
    "Other document",
)
#: The most bytes that one document's files may have together, and how many files they may be.
MOST_BYTES = 25_000_000
MOST_FILES = 20
#: So many pages, and bytes of them, are put together at a time: all of it is in memory then.
MOST_PAGES = 60
MOST_HELD = 4 * MOST_BYTES
LONGEST_KIND = 80
LONGEST_WORDS = 500
#: The first bytes of a TIFF, which scanners make and web pages do not take.
_TIFF = (b"II*\x00", b"MM\x00*")


class Source(StrEnum):
    """How a document came in."""

    FILE = "file"
    CLIPBOARD = "clipboard"
    SCANNER = "scanner"
    CAMERA = "camera"


@dataclass(frozen=True, slots=True)
class NewDocument:
    """What is to be added to a contact, and to one of its cases when `case_id` names it."""

    kind: str
    words: str
    source: Source
    files: tuple[NewAttachment, ...]
    case_id: int | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """A file in the folder that a scanner fills; `size` in bytes."""

    path: str
    name: str
    size: int
    at: datetime


def kind_of(content: bytes) -> str:
    """The content type by the file's own bytes, "" for what is not taken as a document."""
    if content.startswith(_TIFF):
        return "image/tiff"
    return sniff(content)


def judged(file: NewAttachment) -> NewAttachment:
    """The file with the type that its own bytes say; raises InvalidInput for what is not taken."""
    kind = kind_of(file.content)
    if not kind:
        words = (
            f"{file.name} is not a picture, PDF, Word document or plain text, so it was not added."
        )
        raise InvalidInput(words, fields={"files": words})
    return NewAttachment(file.name, kind, file.content)


def too_many_pages() -> InvalidInput:
    """Why more pages are not held."""
    words = (
        f"A document has at most {MOST_PAGES} pages of {MOST_HELD // 1_000_000} MB together. Add "
        "the rest as another document."
    )
    return InvalidInput(words, fields={"files": words})


def fits(held: Sequence[int], more: int) -> bool:
    """Whether one more page fits beside those held; sizes in bytes."""
    return len(held) < MOST_PAGES and sum(held) + more <= MOST_HELD


def checked(new: NewDocument) -> NewDocument:
    """The document as it may be kept; raises InvalidInput and TooLarge."""
    kind, words = " ".join(new.kind.split()), new.words.strip()
    if not kind or len(kind) > LONGEST_KIND:
        said = f"Say what it is, in up to {LONGEST_KIND} letters."
        raise InvalidInput(said, fields={"kind": said})
    if len(words) > LONGEST_WORDS:
        said = f"At most {LONGEST_WORDS} letters."
        raise InvalidInput(said, fields={"words": said})
    if not 0 < len(new.files) <= MOST_FILES:
        said = f"A document has 1 to {MOST_FILES} files. Make one PDF of several pictures."
        raise InvalidInput(said, fields={"files": said})
    size = sum(len(each.content) for each in new.files)
    if size > MOST_BYTES:
        raise TooLarge(what="The document", limit=MOST_BYTES, size=size)
    files = tuple(judged(each) for each in new.files)
    return NewDocument(kind, words, new.source, files, new.case_id)
