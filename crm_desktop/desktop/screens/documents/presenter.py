"""What adding a document asks of services and of this computer's files, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.desktop.screens.documents import pages
from crm_desktop.desktop.screens.documents.pages import Page
from crm_desktop.domain.documents import MOST_PAGES, NewDocument, Scan, Source, too_many_pages
from crm_desktop.domain.errors import CrmError, DatabaseAway
from crm_desktop.domain.views import NewAttachment, Writing
from crm_desktop.services import Database, documents
from crm_desktop.services.documents import Added

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

Later = Callable[[int, Callable[[], None]], None]
#: How often the scanner's folder is looked at, in milliseconds: a share of a file server does not
#: tell of new files.
LOOK_EVERY_MS = 1_500
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp")


class ScannerFiles(Protocol):
    """This computer's files; on worker threads, raising CrmError."""

    def load(self, path: str) -> NewAttachment:
        """A whole file."""

    def newest(self, folder: str) -> tuple[Scan, ...]:
        """The files of a folder, the newest first."""


@dataclass(frozen=True, slots=True)
class Entered:
    """What was said of the document; `one_pdf`: its pictures become the pages of one."""

    kind: str
    words: str
    case_id: int | None
    one_pdf: bool


class DocumentView(Protocol):
    """What the presenter asks of the dialog."""

    def add_page(self, page: Page) -> None:
        """One more page or file."""

    def replace_page(self, before: Page, page: Page) -> None:
        """A page was turned."""

    def show_scans(self, scans: tuple[Scan, ...], fresh: tuple[Scan, ...]) -> None:
        """What is in the scanner's folder; `fresh` came while somebody looked."""

    def show_small(self, scan: Scan, picture: QImage) -> None:
        """What one of these looks like."""

    def folder_away(self, trouble: CrmError) -> None:
        """The scanner's folder cannot be read."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Something was not added to the pages, and why."""

    def added(self, added: Added) -> None:
        """The document stands in the contact."""

    def not_added(self, trouble: CrmError) -> None:
        """It does not; the pages stay in the window."""


class DocumentPresenter(Presenter):
    """One document for one contact."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        files: ScannerFiles,
        view: DocumentView,
        *,
        contact_id: int,
        later: Later,
    ) -> None:
        super().__init__(tasks)
        self._db, self._files, self._view = db, files, view
        self._contact_id, self._later = contact_id, later
        self._key, self._again, self._busy = "", False, False
        self._asked: tuple[Entered, tuple[Page, ...]] | None = None
        self._folder = ""
        self._known: dict[str, Scan] = {}
        self._growing: dict[str, Scan] = {}
        self._looks = 0

    def take(self, paths: tuple[str, ...], source: Source) -> None:
        """Read these files and add them as they are; so many at once are none."""
        if len(paths) > MOST_PAGES:
            self._view.show_trouble(too_many_pages())
            return
        for path in paths:
            self._tasks.files(
                partial(self._brought, path, source),
                self._view.add_page,
                failed=self._view.show_trouble,
            )

    def draw(self, image: QImage, name: str, source: Source) -> None:
        """Add a picture that is no file: of the camera, or pasted."""
        self._tasks.files(
            partial(pages.drawn, image, name, source),
            self._view.add_page,
            failed=self._view.show_trouble,
        )

    def turn(self, page: Page, degrees: int) -> None:
        """Turn a page clockwise."""
        self._tasks.files(
            partial(pages.turned, page, degrees),
            partial(self._view.replace_page, page),
            failed=self._view.show_trouble,
        )

    def watch(self, folder: str) -> None:
        """Look into the scanner's folder from now on, every so often; empty: no more."""
        self._folder, self._known, self._growing = folder, {}, {}
        self._looks += 1
        if folder:
            self._look(self._looks, first=True)

    def save(self, entered: Entered, held: tuple[Page, ...]) -> None:
        """Add the document; asked again after a lost connection it is the same one.

        With another page or other words it is another: nothing that was added since may get lost.
        """
        if self._busy:
            return
        self._busy = True
        if self._asked != (entered, held):
            self._asked, self._key, self._again = (entered, held), uuid4().hex, False
        put_together = partial(_put_together, entered, held)
        if entered.one_pdf:
            self._tasks.files(put_together, self._keep, failed=self._failed)
        else:
            # Nothing is drawn: it need not wait for a share that is slow.
            self._keep(put_together())

    def _keep(self, new: NewDocument) -> None:
        writing = Writing(self._key, again=self._again)
        self._tasks.write(
            partial(documents.add, self._db, self._contact_id, new, writing=writing),
            self._added,
            failed=self._failed,
        )

    def _added(self, added: Added) -> None:
        self._view.added(added)

    def _failed(self, trouble: CrmError) -> None:
        self._busy = False
        # Whether it was kept is not known then: the next try must not keep it twice.
        self._again = self._again or isinstance(trouble, DatabaseAway)
        self._view.not_added(trouble)

    def _brought(self, path: str, source: Source) -> Page:
        return pages.brought(self._files.load(path), source)

    def _look(self, look: int, *, first: bool = False) -> None:
        if look != self._looks:
            return
        self._tasks.files(
            partial(self._files.newest, self._folder),
            partial(self._looked, look, first),
            failed=partial(self._not_looked, look),
            key="scans",
        )

    def _looked(self, look: int, first: bool, found: tuple[Scan, ...]) -> None:
        if look != self._looks:
            return
        # A scanner writes for a while: what is new is offered when it has stopped growing.
        ready = tuple(
            each
            for each in found
            if first or self._known.get(each.path) == each or self._growing.get(each.path) == each
        )
        fresh = () if first else tuple(e for e in ready if self._known.get(e.path) != e)
        self._growing = {each.path: each for each in found}
        known = {each.path: each for each in ready}
        if first or known != self._known:
            self._known = known
            self._view.show_scans(ready, fresh)
            for each in ready if first else fresh:
                self._show_small(each)
        self._later(LOOK_EVERY_MS, partial(self._look, look))

    def _not_looked(self, look: int, trouble: CrmError) -> None:
        if look == self._looks:
            self._view.folder_away(trouble)
            self._later(2 * LOOK_EVERY_MS, partial(self._look, look, first=True))

    def _show_small(self, scan: Scan) -> None:
        if scan.name.lower().endswith(_PICTURES):
            self._tasks.files(
                partial(self._small, scan), partial(self._shown_small, scan), failed=_never_mind
            )

    def _small(self, scan: Scan) -> QImage | None:
        return pages.small(self._files.load(scan.path).content)

    def _shown_small(self, scan: Scan, picture: QImage | None) -> None:
        if picture is not None:
            self._view.show_small(scan, picture)


def _put_together(entered: Entered, held: tuple[Page, ...]) -> NewDocument:
    files = [each.file for each in held]
    drawn = [each for each in held if each.is_picture]
    if entered.one_pdf and drawn:
        others = [each.file for each in held if not each.is_picture]
        files = [pages.together(drawn, entered.kind), *others]
    source = held[0].source if held else Source.FILE
    return NewDocument(entered.kind, entered.words, source, tuple(files), entered.case_id)


def _never_mind(_trouble: CrmError) -> None:
    """It is shown without a picture."""
