"""What a person's line says: what they do, for how long, on what, and how much today."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.names import CHANNEL_COUNTS
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.board import BoardRow, Cell, Column
from crm_desktop.desktop.widgets.chips import Chip
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.domain.states import Channel, ContactState, Presence
from crm_desktop.domain.team import Group, InHand, Occupation, PersonNow, occupation

COLUMNS = (
    Column("name", "Person", 118, stretch=2),
    Column("state", "State", 104),
    Column("for", "For", 98),
    Column("on", "On", 110, stretch=3, rank=2),
    Column("today", "Today", 58, rank=1),
    Column("more", "", 34),
)
GROUP_WORDS = {
    Group.ON_CONTACT: "on contact",
    Group.AVAILABLE: "available",
    Group.WRAP_UP: "wrap-up",
    Group.AWAY: "away",
    Group.OFFLINE: "not here",
}
_PLACES = {group: place for place, group in enumerate(Group)}
_LATE_DAYS = 86_400
_ON_CALL = (ContactState.ACTIVE, ContactState.HELD)


@dataclass(frozen=True, slots=True)
class PersonLine:
    """All that a line is made of."""

    person: PersonNow
    doing: Occupation

    @classmethod
    def of(cls, person: PersonNow) -> PersonLine:
        """A person with what they are at."""
        return cls(person, occupation(person))

    @property
    def group(self) -> Group:
        """Under which they are counted."""
        return self.doing.group

    @property
    def call(self) -> int | None:
        """The contact of the call that they are on, of a queue of the leader's; None for none."""
        return next(
            (
                each.contact_id
                for each in self.person.hands
                if each.channel is Channel.CALL and each.state in _ON_CALL
            ),
            None,
        )

    def row(self, now: datetime) -> BoardRow:
        """The line as it reads at a moment."""
        late = self.doing.late(now)
        cells = (
            Cell(self.person.name, strong=True),
            self._state(),
            self._for(now, late=late),
            self._on(now),
            Cell(f"{self.person.handled:,}", spoken=words.count(self.person.handled, "contact")),
            Cell(icon="more-horizontal", muted=True, spoken="Menu"),
        )
        return BoardRow(self.person.id, cells)

    def order(self, column: str) -> tuple[object, ...]:
        """By what rows are sorted in a column."""
        name = self.person.name.casefold()
        if column == "state":
            return (_PLACES[self.group], self.doing.since, name)
        if column == "for":
            return (self.group is Group.OFFLINE, self.doing.since, name)
        if column == "on":
            return (
                not self.doing.lead,
                _about(self.doing.lead[0]) if self.doing.lead else "",
                name,
            )
        if column == "today":
            return (-self.person.handled, name)
        # Whoever is not here is not looked for among those who are.
        return (self.group is Group.OFFLINE, name)

    def _state(self) -> Cell:
        said, tone = self._state_words()
        return Cell(said, tone, pill=True)

    def _state_words(self) -> tuple[str, Tone]:
        lead, group = self.doing.lead, self.group
        if group is Group.ON_CONTACT:
            return _at_work(lead)
        if group is Group.WRAP_UP:
            return "Wrap-up", Tone.WARNING
        if lead:
            if any(each.channel is Channel.CALL for each in lead):
                return "Rings", Tone.INFO
            return ("Offered" if len(lead) == 1 else f"{len(lead)} offered"), Tone.INFO
        if group is Group.OFFLINE:
            return "Not here", Tone.NEUTRAL
        said, _, tone = PRESENCE_WORDS[self.person.presence]
        return self._unseen() or (said, tone)

    def _unseen(self) -> tuple[str, Tone] | None:
        """What the system sees of somebody who is away without having said so."""
        if self.group is not Group.AWAY:
            return None
        if self.person.not_responding_since is not None:
            return "Not responding", Tone.DANGER
        if self.person.presence is Presence.AVAILABLE:
            return ("Screen locked" if self.person.locked else "Not at the desk"), Tone.WARNING
        return None

    def _for(self, now: datetime, *, late: bool) -> Cell:
        seconds = (now - self.doing.since).total_seconds()
        if self.group is Group.OFFLINE:
            return Cell("")
        if seconds >= _LATE_DAYS:
            return Cell(words.span(seconds), spoken=words.spoken_span(seconds))
        said, spoken = words.stopwatch(seconds), words.spoken_span(seconds)
        if late:
            return Cell(f"{said} · long", Tone.DANGER, strong=True, spoken=f"{spoken}, long")
        return Cell(said, spoken=spoken)

    def _on(self, now: datetime) -> Cell:
        if self.doing.lead:
            # The state says how many of that kind there are.
            more = len(self.person.hands) - len(self.doing.lead)
            said = _about(self.doing.lead[0])
            return Cell(f"{said} + {more} more" if more else said)
        if self.group is Group.AWAY:
            return self._away(now)
        if self.person.afterwards not in (None, self.person.presence):
            assert self.person.afterwards is not None
            return Cell(f"then {PRESENCE_WORDS[self.person.afterwards][0].lower()}", muted=True)
        return Cell("")

    def _away(self, now: datetime) -> Cell:
        back = self.person.back_at
        late = back is not None and back < now
        said = []
        if back is not None:
            said.append(f"due back {words.clock_time(back)}{', late' if late else ''}")
        if self.person.words:
            said.append(self.person.words)
        return Cell(" · ".join(said), Tone.WARNING if late else None, muted=not late)


def _at_work(lead: tuple[InHand, ...]) -> tuple[str, Tone]:
    kinds = {each.channel for each in lead}
    held = all(each.state is ContactState.HELD for each in lead)
    if None in kinds:
        return "On contact", Tone.ACCENT
    if Channel.CALL in kinds:
        if any(each.state is ContactState.DIALLING for each in lead):
            return "Calling", Tone.ACCENT
        return ("Call on hold" if held else "On call"), Tone.ACCENT
    if Channel.VISIT in kinds:
        return "With a visitor", Tone.ACCENT
    if len(kinds) > 1:
        return words.count(len(lead), "contact"), Tone.ACCENT
    (kind,) = kinds
    assert kind is not None
    said = words.count(len(lead), *CHANNEL_COUNTS[kind])
    return said, Tone.INFO if kind is Channel.CHAT else Tone.ACCENT


def _about(contact: InHand) -> str:
    if contact.subject or contact.service:
        return contact.service or contact.subject
    return "something restricted" if contact.channel is None else "another team's contact"


def chips(lines: Iterable[PersonLine]) -> list[Chip]:
    """How many do what, to filter by."""
    counted = Counter(each.group for each in lines)
    return [
        Chip(group.value, said, count=counted[group], spoken=f"Show who is {said}")
        for group, said in GROUP_WORDS.items()
    ]
