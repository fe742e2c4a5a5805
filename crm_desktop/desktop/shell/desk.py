"""What every screen of one desktop is built from; made once, by the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, QTimer

from crm_desktop.desktop.core.answers import Answers, LocalArticles
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.live import LiveFeed
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import TaskRunner
from crm_desktop.desktop.core.visitors import LocalVisitors
from crm_desktop.domain.alarms import Means, Told
from crm_desktop.domain.logged import ToEnter
from crm_desktop.domain.people import Person
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import Database

if TYPE_CHECKING:
    from crm_desktop.domain.documents import Scan

Content = dict[str, object]


class LocalDrafts(Protocol):
    """Unsent texts on this computer, encrypted; keys are (contact, kind)."""

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        """Keep it now; trouble never raises."""

    def discard(self, contact_id: int, kind: str) -> None:
        """Forget it."""

    def load(self, contact_id: int, kind: str) -> Content | None:
        """What was kept, or None."""

    @property
    def problem(self) -> str:
        """Why drafts would not survive a crash, or empty."""


class LocalLog(Protocol):
    """Logged contacts that are to be entered, encrypted, for worker threads."""

    damaged: int

    @property
    def problem(self) -> str:
        """Why what is logged would not survive a crash, or empty."""

    def entries(self) -> tuple[ToEnter, ...]:
        """What is to be entered, in the order in which it was logged."""

    def keep(self, entry: ToEnter) -> ToEnter:
        """Keep it in the place of an earlier one of its key; on the disk when this returns."""

    def forget(self, key: str) -> None:
        """It was entered, or thrown away."""


class Files(Protocol):
    """This computer's files; every method may run on a worker thread and raises CrmError."""

    def load(self, path: str) -> NewAttachment:
        """A file to attach; raises TooLarge and NotFound."""

    def newest(self, folder: str) -> tuple[Scan, ...]:
        """The files of the scanner's folder, the newest first; raises NotFound."""

    def open(self, name: str, content: bytes) -> None:
        """Show an attachment in the person's own program; raises NotAllowed for programs."""

    def open_link(self, url: str) -> None:
        """Show a web or mail address; raises InvalidInput for anything else."""


class AlarmWays(Protocol):
    """How this computer tells and hears alarms beside the database."""

    #: What colleagues call this computer, and the file that sounds when an alarm comes.
    computer: str
    sound: str

    def start(self, heard: Callable[[Told], None], pressed: Callable[[], None]) -> None:
        """Begin; both are called on other threads, when others tell and when the keys are hit."""

    def equip(self, means: Means) -> None:
        """Keep what the database gave, for when it is away; on a worker."""

    def tell(self, told: Told) -> None:
        """Tell the other desktops of the building; waits for nothing."""


@dataclass(frozen=True)
class Desk:
    """One signed-in desktop's means."""

    db: Database
    runner: TaskRunner
    live: LiveFeed
    look: Look
    clock: Clock
    settings: Settings
    drafts: LocalDrafts
    log: LocalLog
    articles: LocalArticles
    files: Files
    visitors: LocalVisitors
    #: How long a reply can be taken back.
    undo_seconds: float = 10.0
    #: Which computer this is, among those at which a person writes drafts.
    name: str = ""
    #: What the settings screen says of this desktop: (name, value).
    facts: tuple[tuple[str, str], ...] = ()
    #: How long it may stand untouched before it locks; 0 means that it never does.
    lock_seconds: float = 600.0
    #: Without one alarms go by the database alone.
    alarms: AlarmWays | None = None

    @property
    def person(self) -> Person:
        """Who is signed in, with the role and queues that they have now."""
        person = self.db.actor
        assert person is not None
        return person

    @property
    def answers(self) -> Answers:
        """Knowledge, from the database or the copy on this computer."""
        return Answers(self.db, self.articles, lambda: self.live.is_away)


def later_for(owner: QObject) -> Callable[[int, Callable[[], None]], None]:
    """`later` of presenters: after milliseconds on the GUI thread, unless `owner` is gone."""

    def later(milliseconds: int, call: Callable[[], None]) -> None:
        QTimer.singleShot(milliseconds, owner, call)

    return later
