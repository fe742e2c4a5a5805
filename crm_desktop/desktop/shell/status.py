"""The strip at the foot: accounts in trouble, how safe drafts are, and who is signed in."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from PySide6.QtCore import QObject, Slot

from crm_desktop.desktop.core import words
from crm_desktop.desktop.shell.desk import Desk
from crm_desktop.desktop.widgets.status import StatusStrip
from crm_desktop.domain.call_targets import OwnTelephone
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import AccountStatus
from crm_desktop.services import accounts


class StatusKeeper(QObject):
    """Keeps the strip's texts."""

    def __init__(self, desk: Desk, strip: StatusStrip) -> None:
        super().__init__(strip)
        self._desk, self._strip = desk, strip
        self._tasks = desk.runner.for_owner(self)
        self._saved_at: datetime | None = None
        strip.set_part("draft", "", right=True)
        self.show_person()
        desk.clock.tick.connect(self._tick)

    def show_person(self) -> None:
        """Say who is signed in, and as what."""
        person = self._desk.person
        role = person.role.value.replace("_", " ").capitalize()
        self._strip.set_part("person", f"{person.name} · {role}", right=True)

    def show_telephone(self, telephone: OwnTelephone) -> None:
        """Say that calls cannot come here, where they come to others, or that nobody sees them."""
        said = ""
        if telephone.missing:
            said = "No extension is entered for you: calls cannot come. Ask your administrator."
        elif telephone.unseen_since is not None:
            at = words.clock_time(telephone.unseen_since)
            said = f"{telephone.system}: no gateway since {at}. Calls ring by its own plan."
        self._strip.set_part("telephone", said)

    def start(self) -> None:
        """Read how the accounts are doing."""
        self._read()
        if self._desk.drafts.problem:
            self._strip.set_part("draft", self._desk.drafts.problem, right=True)

    def changed(self, changes: Changes) -> None:
        """Read the accounts again when one reported."""
        if changes.has(Topic.ACCOUNT):
            self._read()

    @Slot()
    def draft_saved(self) -> None:
        """The database has everything that was typed."""
        self._saved_at = self._desk.clock.now()
        self._tick()

    def _read(self) -> None:
        self._tasks.read(
            partial(accounts.statuses, self._desk.db), self._show, failed=_wait, key="accounts"
        )

    def _show(self, statuses: tuple[AccountStatus, ...]) -> None:
        trouble = [each for each in statuses if each.status == "trouble"]
        said = "; ".join(f"{each.name}: {each.words.rstrip('.')}" for each in trouble[:2])
        if len(trouble) > 2:
            said += f" and {len(trouble) - 2} more"
        self._strip.set_part("accounts", said)

    @Slot()
    def _tick(self) -> None:
        if self._saved_at is not None:
            ago = (self._desk.clock.now() - self._saved_at).total_seconds()
            said = "just now" if ago < 1 else f"{words.span(ago)} ago"
            self._strip.set_part("draft", f"Draft saved {said}", right=True)


def _wait(_trouble: CrmError) -> None:
    """The light already says that the database is away."""
