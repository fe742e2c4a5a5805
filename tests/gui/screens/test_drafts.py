"""What is typed is never lost, not even in the moment in which it is sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.workspace.drafts import Content, DraftKeeper
from crm_desktop.services import Database

REPLY: Content = {"text": "We come on Tuesday.", "to": "margaret@example.org"}


class Shelf:
    """The files of this computer."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], Content] = {}

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        self.kept[contact_id, kind] = content

    def discard(self, contact_id: int, kind: str) -> None:
        self.kept.pop((contact_id, kind), None)

    def load(self, contact_id: int, kind: str) -> Content | None:
        return self.kept.get((contact_id, kind))


def _keeper(shelf: Shelf, later: list[Callable[[], None]]) -> DraftKeeper:
    # Nothing here reaches the database: what waits for it is only run when a test says so.
    return DraftKeeper(
        cast("Database", None),
        ImmediateTasks(),
        shelf,
        later=lambda _milliseconds, call: later.append(call),
        saved=lambda: None,
        trouble=lambda _trouble: None,
    )


def test_a_reply_sent_within_half_a_second_of_typing_is_kept_until_it_is_safe() -> None:
    shelf, later = Shelf(), list[Callable[[], None]]()
    keeper = _keeper(shelf, later)

    keeper.typed(1, "reply", REPLY)
    keeper.sending(1, "reply", REPLY)
    under_way = dict(shelf.kept)
    keeper.forget_here(1, "reply")
    for call in later:
        call()

    assert under_way == {(1, "reply"): REPLY}
    assert shelf.kept == {}


def test_what_is_begun_while_a_reply_is_under_way_stays() -> None:
    shelf, later = Shelf(), list[Callable[[], None]]()
    keeper = _keeper(shelf, later)
    keeper.sending(1, "reply", REPLY)

    keeper.typed(1, "reply", {"text": "One more thing"})
    keeper.forget_here(1, "reply")
    later[0]()

    assert shelf.kept == {(1, "reply"): {"text": "One more thing"}}
