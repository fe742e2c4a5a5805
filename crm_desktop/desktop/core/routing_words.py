"""Why a contact was offered to somebody and not to others, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_desktop.desktop.core import words
from crm_desktop.domain.routing import Why

if TYPE_CHECKING:
    from crm_desktop.services.routing import DecisionView, Explanation

#: What each reason says of the people it names.
WHY_WORDS = {
    Why.AWAY: "Not available",
    Why.LEAVING: "About to go away",
    Why.LOCKED: "Their screen is locked",
    Why.IDLE: "Not at their desk",
    Why.CHANNEL_OFF: "Taking nothing of this channel now",
    Why.SILENT: "Their desktop is silent",
    Why.NOT_RESPONDING: "Did not answer an offer",
    Why.CHANGING: "Changing at that moment",
    Why.SKILLS: "Without the skill that is needed",
    Why.DECLINED: "Declined it",
    Why.OFFERED: "Offered something else",
    Why.FULL: "Busy",
    Why.KEPT: "Kept free for a contact that waits longer",
    Why.LAST_FIRST: "Free, but the customer's last advisor comes first",
    Why.NOT_LAST: "Free, but did not help this customer last",
    Why.LESS_SKILL: "Free, with less of the skill",
    Why.BUSIER: "Free, with more in hand",
    Why.SOONER: "Free, and later in turn",
}
_OUTCOMES = {
    "offer": "Offered to {person}",
    "nobody": "Nobody could have it",
    "overflow": "Moved on to {queue}: it had waited too long",
    "returned": "Came back from {person}",
    "timed_out": "{person} did not answer",
}
#: So many names are read; more are counted.
_NAMED = 6


def outcome(decided: DecisionView) -> str:
    """What was decided, in a few words."""
    said = _OUTCOMES[decided.kind]
    return said.format(person=decided.person or "a colleague", queue=decided.queue)


def people(names: tuple[str, ...]) -> str:
    """Who, with the many cut short."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED:,} more"


def summary(told: Explanation) -> str:
    """How the contact stands with the routing, in a sentence or two."""
    if told.state == "queued":
        return _waiting(told)
    last = next((each for each in told.decisions if each.kind == "offer"), None)
    if last is None:
        return "It was not offered: somebody took it, or it came another way."
    return f"{outcome(last)} at {words.clock_time(last.at)}."


def _waiting(told: Explanation) -> str:
    if not told.push:
        return "In this queue people take what waits; nothing is offered."
    if not told.open or told.now is None:
        return "The queue is closed. It is offered when it opens."
    if told.now.person:
        return f"It waits, and goes to {told.now.person} next."
    if not told.now.considered:
        return "It waits: nobody of this queue is signed in."
    return "It waits: nobody can have it now."
