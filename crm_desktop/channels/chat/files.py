"""Files of a chat: what a visitor sends, and how one is given out so that it can do no harm."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from crm_desktop.channels.chat.port import Limits
from crm_desktop.channels.web.body import SentFile
from crm_desktop.channels.web.limits import MEGABYTE
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.file_kinds import safe_name, sniff
from crm_desktop.domain.views import NewAttachment

#: What a browser may show as a picture; everything else is only bytes.
_PICTURES = {"image/jpeg", "image/png"}


class UnusableFile(CrmError):
    """A file cannot be taken; `code` of the page's table is in `reason`."""

    code = "file"

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason = reason


def taken(sent: Sequence[SentFile], limits: Limits) -> tuple[NewAttachment, ...]:
    """The files under names that are ours and types that their own bytes say; UnusableFile."""
    if not sent:
        raise UnusableFile("file_empty", "No file was sent.")
    if len(sent) > limits.files:
        raise UnusableFile("too_many_files", f"At most {limits.files} files can be sent together.")
    if sum(file.size for file in sent) > limits.files_bytes:
        raise UnusableFile("files_too_large", "These files are too large together.")
    return tuple(_taken(file, number, limits) for number, file in enumerate(sent, 1))


def _taken(file: SentFile, number: int, limits: Limits) -> NewAttachment:
    if file.size > limits.file_bytes:
        most = limits.file_bytes // MEGABYTE
        raise UnusableFile("file_too_large", f"A file must be smaller than {most} MB.")
    if not file.content:
        raise UnusableFile("file_empty", "The file is empty.")
    kind = sniff(file.content)
    if not kind:
        raise UnusableFile("file_kind", "This kind of file cannot be sent.")
    return NewAttachment(safe_name(file.name, kind, number), kind, file.content)


def download(file: NewAttachment) -> Response:
    """The file as a download, never as a page; a picture's type is what its own bytes say."""
    kind = sniff(file.content)
    response = Response(
        file.content,
        media_type=kind if kind in _PICTURES else "application/octet-stream",
    )
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{_quoted(file.name)}"
    return response


def _quoted(name: str) -> str:
    return quote(name.encode("utf-8", "replace"), safe="")[:600] or "file"
