"""A chat as one desktop knows it: its lines by number, and what was said and is not settled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from crm_desktop.domain.chats import ChatLine, ChatState, ChatView, EndedBy, LineKind, Side
from crm_desktop.domain.views import NewAttachment


class Fate(StrEnum):
    """Where an own line stands that the database has not confirmed."""

    SENDING = "sending"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Saying:
    """An own line on its way. `key` is its Writing's; `why` what the leak check found, or what
    went wrong. `again`: an earlier try may have been kept.
    """

    key: str
    text: str
    at: datetime
    files: tuple[NewAttachment, ...] = ()
    template_id: int | None = None
    fate: Fate = Fate.SENDING
    why: tuple[str, ...] = ()
    confirmed: bool = False
    again: bool = False


@dataclass
class KnownChat:
    """What is known of one contact's chat. `view` None: not read yet; `missing`: there is none."""

    contact_id: int
    view: ChatView | None = None
    missing: bool = False
    lines: dict[int, ChatLine] = field(default_factory=dict)
    sayings: list[Saying] = field(default_factory=list)
    typing: str = ""
    #: How far this person has told the database that they have read.
    told_seq: int = 0

    @property
    def after(self) -> int:
        """Up to which number every line is known."""
        number = 0
        while number + 1 in self.lines:
            number += 1
        return number

    @property
    def is_open(self) -> bool:
        """Whether the conversation goes on."""
        return self.view is not None and self.view.state is ChatState.OPEN

    @property
    def by_email(self) -> bool:
        """Whether it is continued by mail."""
        return self.view is not None and self.view.ended_by is EndedBy.EMAIL

    @property
    def newest_of_visitor(self) -> int:
        """The number of the last line that the visitor said; 0 when they have said nothing."""
        return max((seq for seq, each in self.lines.items() if _is_visitors(each)), default=0)

    def take(self, view: ChatView) -> None:
        """The chat was read: what came with it is added to what was known."""
        self.view = replace(view, lines=())
        self.missing = False
        for line in view.lines:
            self.lines[line.seq] = line

    def settle(self, key: str, line: ChatLine) -> None:
        """An own line is kept: it stands in its place now."""
        self.sayings = [each for each in self.sayings if each.key != key]
        self.lines[line.seq] = line

    def change(self, key: str, **values: object) -> Saying | None:
        """An own line stands otherwise; None when it is not on its way any more."""
        for at, each in enumerate(self.sayings):
            if each.key == key:
                self.sayings[at] = replace(each, **values)  # type: ignore[arg-type]
                return self.sayings[at]
        return None

    def drop(self, key: str) -> Saying | None:
        """An own line is not to be said after all."""
        found = next((each for each in self.sayings if each.key == key), None)
        self.sayings = [each for each in self.sayings if each.key != key]
        return found

    def in_trouble(self) -> Saying | None:
        """The first own line that somebody must look at."""
        return next((each for each in self.sayings if each.fate is not Fate.SENDING), None)


def _is_visitors(line: ChatLine) -> bool:
    return line.kind is LineKind.SAID and line.side is Side.VISITOR
