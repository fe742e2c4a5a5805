"""One's own chats: read in one statement, whenever one of them is another, and never otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import ChatInHand, ChatState, Side
from crm_desktop.domain.errors import CrmError


class ChatsPort(Protocol):
    """What the strip needs of the services; for workers."""

    def in_hand(self) -> tuple[ChatInHand, ...]:
        """This person's own chats, in the order in which they took them."""


class ChatsView(Protocol):
    """What the presenter asks of the strip."""

    def show_chats(self, chats: tuple[ChatInHand, ...]) -> None:
        """Show these, in their order."""

    def spoke(self, chat: ChatInHand) -> None:
        """The visitor said something new: tell who cannot see it."""

    def came(self, chat: ChatInHand) -> None:
        """Another chat is in this person's hands."""


class ChatsPresenter(Presenter):
    """Keeps the strip. `shown` says which contact is before the person's eyes, None for none."""

    def __init__(
        self, port: ChatsPort, tasks: Tasks, view: ChatsView, *, shown: Callable[[], int | None]
    ) -> None:
        super().__init__(tasks)
        self._port, self._view, self._shown = port, view, shown
        self._chats: tuple[ChatInHand, ...] = ()
        self._held: frozenset[int] = frozenset()
        #: What was in hand when this desktop began: nobody is told that it came.
        self._began: frozenset[int] | None = None

    @property
    def chats(self) -> tuple[ChatInHand, ...]:
        """This person's chats, as the strip shows them."""
        shown = self._shown()
        return tuple(
            replace(each, unread=0) if each.contact_id == shown else each for each in self._chats
        )

    def held(self, contact_ids: frozenset[int]) -> None:
        """These chats are in this person's hands, as their list says."""
        if self._began is None:
            self._began = contact_ids
        if contact_ids != self._held:
            self._held = contact_ids
            kept = tuple(each for each in self._chats if each.contact_id in contact_ids)
            if kept != self._chats:
                # What is done is gone at once: the first chat is another from now on.
                self._chats = kept
                self._view.show_chats(self.chats)
            if contact_ids != {each.contact_id for each in self._chats}:
                self.read()

    def changed(self, changes: Changes) -> None:
        """Read again when one of them is another; nobody else's chats concern anybody here."""
        if not self._chats and not self._held:
            return
        ours = {each.chat_id for each in self._chats} & changes.ids(Topic.CHAT)
        contacts = {each.contact_id for each in self._chats} & changes.ids(Topic.CONTACT)
        if ours or contacts or changes.has(Topic.EVERYTHING):
            self.read()

    def read(self) -> None:
        """Read them again."""
        self._tasks.read(self._port.in_hand, self._show, failed=_wait, key="chats")

    def refresh(self) -> None:
        """Another contact is before the person's eyes."""
        if self._chats:
            self._view.show_chats(self.chats)

    def of(self, contact_id: int) -> ChatInHand | None:
        """One of them."""
        return next((each for each in self._chats if each.contact_id == contact_id), None)

    def next_waiting(self) -> int | None:
        """The contact to go to: whose visitor waits longest, else the next in the row."""
        shown = self._shown()
        waiting = [
            each
            for each in self._chats
            if each.waiting_since is not None and each.contact_id != shown
        ]
        if waiting:
            return min(waiting, key=lambda each: (each.waiting_since, each.chat_id)).contact_id
        ids = [each.contact_id for each in self._chats]
        if not ids:
            return None
        return ids[(ids.index(shown) + 1) % len(ids)] if shown in ids else ids[0]

    def nth(self, number: int) -> int | None:
        """The contact of the n-th chat, counted from 1; None when there are fewer."""
        return self._chats[number - 1].contact_id if 0 < number <= len(self._chats) else None

    def _show(self, chats: tuple[ChatInHand, ...]) -> None:
        before = {each.contact_id: each for each in self._chats}
        self._chats = chats
        self._view.show_chats(self.chats)
        for each in chats:
            known = before.get(each.contact_id)
            if known is None and each.contact_id not in (self._began or ()):
                self._view.came(each)
            elif known is not None and _has_spoken(known, each):
                self._view.spoke(each)


def _has_spoken(before: ChatInHand, now: ChatInHand) -> bool:
    return (
        now.last_seq > before.last_seq
        and now.last_side is Side.VISITOR
        and now.state is ChatState.OPEN
    )


def _wait(_trouble: CrmError) -> None:
    """The light already says that the database is away."""
