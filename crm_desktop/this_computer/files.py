"""Files to attach and attachments to show."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING

from crm_desktop.domain.errors import InvalidInput, NotFound, TooLarge
from crm_desktop.domain.views import NewAttachment
from crm_desktop.workstation.open_external import AttachmentFolder, open_link

if TYPE_CHECKING:
    from crm_desktop.domain.documents import Scan

_MEBIBYTE = 1024 * 1024
#: Of a scanner's folder that nobody tidies only the newest are shown.
_MOST_SCANS = 24


class LocalFiles:
    """This computer's files, for workers: `limit` in bytes is the most that may be attached."""

    def __init__(self, limit: int = 25 * _MEBIBYTE) -> None:
        self._limit = limit
        self._folder: AttachmentFolder | None = None

    def load(self, path: str) -> NewAttachment:
        """Read a file to attach; raises TooLarge, NotFound, and InvalidInput for a folder."""
        file = Path(path)
        try:
            about = file.stat()
            if not stat.S_ISREG(about.st_mode):
                words = f"{file.name} is a folder, not a file. Choose the files in it."
                raise InvalidInput("a folder is no file", fields={"files": words}, what=file.name)
            if about.st_size > self._limit:
                raise TooLarge(what=file.name, size=about.st_size, limit=self._limit)
            with file.open("rb") as opened:
                # It may have grown meanwhile.
                content = opened.read(self._limit + 1)
        except OSError as error:
            raise NotFound(what=file.name) from error
        if len(content) > self._limit:
            raise TooLarge(what=file.name, size=len(content), limit=self._limit)
        kind = guess_type(file.name)[0] or "application/octet-stream"
        return NewAttachment(file.name, kind, content)

    def newest(self, folder: str) -> tuple[Scan, ...]:
        """The files of the scanner's folder, the newest first; raises NotFound.

        Links are left out: what a scanner writes is a file.
        """
        from crm_desktop.domain.documents import Scan  # not at the start: most bring no paper

        found: list[Scan] = []
        try:
            with os.scandir(folder) as entries:
                for each in entries:
                    if each.is_file(follow_symlinks=False) and not each.name.startswith("."):
                        about = each.stat(follow_symlinks=False)
                        at = datetime.fromtimestamp(about.st_mtime, UTC)
                        found.append(Scan(each.path, each.name, about.st_size, at))
        except OSError as error:
            raise NotFound(what="The scanner’s folder") from error
        return tuple(sorted(found, key=lambda each: each.at, reverse=True)[:_MOST_SCANS])

    def open(self, name: str, content: bytes) -> None:
        """Show an attachment in the person's own program; raises NotAllowed for programs."""
        if self._folder is None:
            self._folder = AttachmentFolder()
        self._folder.open(name, content)

    def open_link(self, url: str) -> None:
        """Show a web or mail address; raises InvalidInput for anything else."""
        open_link(url)

    def close(self) -> None:
        """Remove what was shown."""
        if self._folder is not None:
            self._folder.close()
            self._folder = None
