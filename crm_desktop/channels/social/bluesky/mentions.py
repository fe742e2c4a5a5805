"""Who mentioned, answered or quoted us, oldest first, with nothing missed.

The network lists notifications newest first and by the time that the author's program claims, if
that is earlier than when it came. So a look goes back to the newest that was read and a day
beyond, and what was read in that day is remembered by its mark.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from crm_desktop.channels.social.bluesky.session import Session
from crm_desktop.channels.social.words import identity, items, time

#: How late a post may arrive, by the time it claims for itself.
LATE: Final = timedelta(days=1)
#: Read in one go: each may bring four pictures.
BATCH: Final = 25
_PAGE = 100
_MOST_PAGES = 1_000
#: Pages that are looked through for late ones when much comes.
_LATE_PAGES = 3
_MARKS = 1_000
_NEVER = datetime(1970, 1, 2, tzinfo=UTC)
_REASONS = ("mention", "reply", "quote")


@dataclass(frozen=True, slots=True)
class Mention:
    """One notification: its post, its time in the network's list, and whether it is unread."""

    uri: str
    at: str
    unread: bool

    @property
    def mark(self) -> str:
        """What is remembered of it."""
        return f"{self.at}|{hashlib.sha256(self.uri.encode()).hexdigest()[:12]}"


@dataclass(frozen=True, slots=True)
class Place:
    """How far notifications were read: the newest time, and the marks of the day before it."""

    since: str | None = None
    marks: frozenset[str] = frozenset()

    @classmethod
    def read(cls, tree: Mapping[str, object]) -> Place:
        """From a cursor; a new one when it holds none."""
        since, marks = tree.get("since"), tree.get("marks")
        if not isinstance(since, str):
            return cls()
        listed = marks if isinstance(marks, list) else []
        return cls(since, frozenset(each for each in listed if isinstance(each, str)))

    def tree(self) -> dict[str, object]:
        """For a cursor."""
        return {"since": self.since or "", "marks": sorted(self.marks)}

    def after(self, mentions: list[Mention]) -> Place:
        """When these were read as well."""
        since = max([self.since or "", *(each.at for each in mentions)])
        oldest = _day_before(since)
        marks = self.marks | {each.mark for each in mentions}
        kept = sorted((each for each in marks if each >= oldest), reverse=True)[:_MARKS]
        return Place(since, frozenset(kept))


class Mentions:
    """Reads them batch by batch; what a long walk found is kept until it is read."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[Mention] = []
        self._place: Place | None = None

    def read(self, place: Place) -> tuple[list[Mention], Place, bool]:
        """The next ones after `place`, oldest first; the place after them; whether there are more.

        At the very beginning only what is unread on the newest page counts as new.
        """
        if not self._waiting or self._place != place:
            self._waiting = self._fresh(place)
        batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
        self._place = place.after(batch)
        return batch, self._place, bool(self._waiting)

    def begin(self) -> tuple[list[Mention], Place]:
        """What is unread now, and the place after all that there is."""
        newest = next(self._pages(), [])
        place = Place("").after(newest)
        return sorted((each for each in newest if each.unread), key=_order)[-BATCH:], place

    def _fresh(self, place: Place) -> list[Mention]:
        assert place.since is not None
        oldest = _day_before(place.since)
        found: dict[str, Mention] = {}
        beyond = 0
        for page in self._pages():
            for each in page:
                if each.at >= oldest and each.mark not in place.marks:
                    found.setdefault(each.uri, each)
            if page and page[-1].at < place.since:
                beyond += 1
            if beyond >= _LATE_PAGES or (page and page[-1].at < oldest):
                break
        return sorted(found.values(), key=_order)

    def _pages(self) -> Iterator[list[Mention]]:
        cursor = ""
        for _ in range(_MOST_PAGES):
            params: dict[str, int | str | Sequence[str]] = {"limit": _PAGE, "reasons": _REASONS}
            if cursor:
                params["cursor"] = cursor
            answer = self._session.ask("app.bsky.notification.listNotifications", params)
            yield [
                Mention(identity(each, "uri"), _moment(each), each.get("isRead") is not True)
                for each in items(answer, "notifications")
                if each.get("reason") in _REASONS and identity(each, "uri")
            ]
            following = answer.get("cursor")
            if not isinstance(following, str) or following in ("", cursor):
                return
            cursor = following


def _moment(tree: Mapping[str, object]) -> str:
    """The time as a text that is ordered as times are."""
    return time(tree.get("indexedAt"), _NEVER).isoformat(timespec="milliseconds")


def _day_before(moment: str) -> str:
    """A day before a moment; "" for none."""
    if not moment:
        return ""
    return (time(moment, _NEVER) - LATE).isoformat(timespec="milliseconds")


def _order(mention: Mention) -> tuple[str, str]:
    return mention.at, mention.uri
