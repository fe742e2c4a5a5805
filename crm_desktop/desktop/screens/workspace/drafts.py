"""Text is never lost: on this computer within half a second, in the database every five."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Literal, Protocol

from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.domain.card_numbers import has_card_number
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.social import Picture
from crm_desktop.domain.views import NewAttachment
from crm_desktop.services import Database, drafts

Kind = Literal["reply", "note", "form"]
Content = dict[str, object]
#: What goes with a mail or a post; drafts do not keep it.
Files = tuple[NewAttachment | Picture, ...]
Later = Callable[[int, Callable[[], None]], None]

#: Beside the kinds of drafts: what was said in a chat and is not settled.
_SAYINGS = "said"
LOCAL_MS = 500
SHARED_MS = 5_000


class DraftStore(Protocol):
    """The encrypted file on this computer; keys are (contact, kind)."""

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        """Write within half a second of the typing."""

    def discard(self, contact_id: int, kind: str) -> None:
        """Forget: it was sent or thrown away."""

    def load(self, contact_id: int, kind: str) -> Content | None:
        """What was kept, or None."""


class DraftKeeper:
    """Keeps the unsent texts of one workspace. `saved` is told whenever the database has all."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        store: DraftStore,
        *,
        later: Later,
        saved: Callable[[], None],
        trouble: Callable[[CrmError], None],
        desk: str = "",
    ) -> None:
        """`desk` names this computer in each draft: two of one person are told apart by it."""
        self._db = db
        self._tasks = tasks
        self._store = store
        self._later = later
        self._saved = saved
        self._trouble = trouble
        self._local: dict[tuple[int, Kind], Content] = {}
        self._shared: dict[tuple[int, Kind], Content] = {}
        self._local_soon = self._shared_soon = False
        self._away = False
        self._desk = desk
        self._held: set[tuple[int, Kind]] = set()
        #: Of which the database has a draft, as far as this desktop knows.
        self._given: set[tuple[int, Kind]] = set()

    def typed(self, contact_id: int, kind: Kind, content: Content) -> None:
        """Something was typed: `content` is all of it. With a card's number in it none is kept."""
        if _has_card(content):
            return
        if self._desk:
            content = {**content, "desk": self._desk}
        self._local[contact_id, kind] = content
        if (contact_id, kind) not in self._held:
            self._shared[contact_id, kind] = content
        if not self._local_soon:
            self._local_soon = True
            self._later(LOCAL_MS, self._keep_locally)
        if not self._shared_soon:
            self._shared_soon = True
            self._later(SHARED_MS, self.flush)

    def flush(self) -> None:
        """The field or the contact is left: keep everything now."""
        self._keep_locally()
        if self._away:
            return
        self._shared_soon = False
        waiting, self._shared = self._shared, {}
        for (contact_id, kind), content in waiting.items():
            self._given.add((contact_id, kind))
            self._tasks.write(
                partial(drafts.save, self._db, contact_id, kind, content),
                self._done,
                failed=partial(self._failed, contact_id, kind, content),
            )

    def set_away(self, away: bool) -> None:
        """While the database is away it is not asked: all is kept here, and given when it is back.

        Nobody is told of each attempt that fails.
        """
        self._away = away
        if not away:
            self.flush()

    def hold(self, contact_id: int, kind: Kind) -> None:
        """The database has another computer's draft of this person: it stays until they choose."""
        self._held.add((contact_id, kind))
        self._shared.pop((contact_id, kind), None)

    def release(self, contact_id: int, kind: Kind) -> None:
        """They chose: what is typed reaches the database again."""
        self._held.discard((contact_id, kind))

    def sending(self, contact_id: int, kind: Kind, content: Content) -> None:
        """It is on its way to the database: until that has it, all of it is kept here."""
        self._let_go(contact_id, kind)
        if not _has_card(content):
            self._store.save(contact_id, kind, content)

    def forget_here(self, contact_id: int, kind: Kind) -> None:
        """It was sent, and the sending forgot it in the database."""
        self._store.discard(contact_id, kind)

    def discard(self, contact_id: int, kind: Kind) -> None:
        """It was saved or thrown away."""
        self._let_go(contact_id, kind)
        self.forget_here(contact_id, kind)
        self._tasks.write(partial(drafts.discard, self._db, contact_id, kind), failed=self._trouble)

    def has(self, contact_id: int, kind: Kind) -> None:
        """The database gave a draft."""
        self._given.add((contact_id, kind))

    def said(self, contact_id: int) -> None:
        """What was typed is a line of a chat now: nobody waits while the database forgets it."""
        if (contact_id, "reply") in self._given:
            self._given.discard((contact_id, "reply"))
            self.discard(contact_id, "reply")
        else:
            self._let_go(contact_id, "reply")
            self.forget_here(contact_id, "reply")

    def kept_here(self, contact_id: int, kind: Kind) -> Content | None:
        """What this computer kept and the database may not have."""
        return self._local.get((contact_id, kind)) or self._store.load(contact_id, kind)

    def keep_sayings(self, contact_id: int, lines: list[dict[str, str]]) -> None:
        """Lines of a chat that left the box and are not known to have arrived: here alone."""
        if lines:
            self._store.save(contact_id, _SAYINGS, {"lines": lines})
        else:
            self._store.discard(contact_id, _SAYINGS)

    def kept_sayings(self, contact_id: int) -> list[dict[str, str]]:
        """Such lines as this computer kept them: key, text, at."""
        kept = (self._store.load(contact_id, _SAYINGS) or {}).get("lines")
        return [each for each in kept if isinstance(each, dict)] if isinstance(kept, list) else []

    def _let_go(self, contact_id: int, kind: Kind) -> None:
        self._local.pop((contact_id, kind), None)
        self._shared.pop((contact_id, kind), None)

    def _keep_locally(self) -> None:
        self._local_soon = False
        waiting, self._local = self._local, {}
        for (contact_id, kind), content in waiting.items():
            self._store.save(contact_id, kind, content)

    def _done(self, _changes: Changes | None) -> None:
        self._saved()

    def _failed(self, contact_id: int, kind: Kind, content: Content, trouble: CrmError) -> None:
        # Newer typing wins; otherwise this text is tried again with the next.
        self._shared.setdefault((contact_id, kind), content)
        if not self._shared_soon:
            self._shared_soon = True
            self._later(SHARED_MS, self.flush)
        self._trouble(trouble)


def _has_card(content: object) -> bool:
    """Whether there is the number of a payment card in what was typed, however deep."""
    if isinstance(content, str):
        return has_card_number(content)
    if isinstance(content, dict):
        return any(_has_card(each) for each in content.values())
    return isinstance(content, list) and any(_has_card(each) for each in content)
