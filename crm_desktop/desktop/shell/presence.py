"""What a person chose to be, now and after the contact in hand."""

from __future__ import annotations

from collections.abc import Callable

from crm_desktop.domain.states import Presence


class PresenceKeeper:
    """Plain rules: in the middle of a contact a choice is for afterwards.

    `tell` sends (presence, next) to the database, `show` shows presence, activity and next.
    """

    def __init__(
        self,
        presence: Presence,
        tell: Callable[[Presence, Presence | None], None],
        show: Callable[[Presence, str, Presence | None], None],
    ) -> None:
        self._presence = presence
        self._next: Presence | None = None
        self._busy = False
        self._left = False
        self._tell = tell
        self._show = show
        self._refresh()

    def begin(self) -> None:
        """The person signed in: who sits here is there, unless they had said where they are."""
        if self._presence is Presence.OFFLINE:
            self.choose(Presence.AVAILABLE)

    def end(self) -> None:
        """The person signs out."""
        if self._presence is Presence.OFFLINE:
            return
        self._presence, self._next = Presence.OFFLINE, None
        self._tell(self._presence, None)
        self._refresh()

    def choose(self, chosen: Presence) -> None:
        """The person picked something from the menu."""
        if self._busy:
            self._next = None if chosen is self._presence else chosen
        else:
            self._presence, self._next = chosen, None
        self._tell(self._presence, self._next)
        self._refresh()

    def leave(self) -> None:
        """Nobody is at the desk: whoever was available is not, until they are back."""
        if self._presence is Presence.AVAILABLE:
            self._left = True
            self._presence = Presence.OTHER_WORK
            self._tell(self._presence, self._next)
            self._refresh()

    def back(self) -> None:
        """They are at the desk again, as they were."""
        if self._left and self._presence is Presence.OTHER_WORK:
            self._presence = Presence.AVAILABLE
            self._tell(self._presence, self._next)
            self._refresh()
        self._left = False

    def set_busy(self, busy: bool) -> None:
        """Whether a contact is in hand; when the last one ends, what was chosen next begins."""
        ended = self._busy and not busy
        self._busy = busy
        if ended and self._next is not None:
            self._presence, self._next = self._next, None
            self._tell(self._presence, None)
        self._refresh()

    def _refresh(self) -> None:
        self._show(self._presence, "On contact" if self._busy else "", self._next)
