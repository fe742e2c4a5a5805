"""How much of a conversation is shown at once: a hundred messages would take 200 ms to lay out."""

from __future__ import annotations

from crm_desktop.domain.states import MessageState
from crm_desktop.domain.views import MessageView

#: So many of a contact's own messages are shown, unless an older one waits for a person's look.
NEWEST = 20
#: So many more at each asking for earlier ones.
MORE = 30

_ASKS_FOR_A_LOOK = frozenset({MessageState.PENDING, MessageState.STOPPED, MessageState.FAILED})


class Fold:
    """Where the messages begin that are shown; earlier ones are folded away.

    It stands at a message, so that it stays where it is while new ones come.
    """

    def __init__(self) -> None:
        self._all: tuple[MessageView, ...] = ()
        self._at: int | None = None

    def begin(self, thread: tuple[MessageView, ...], own: tuple[MessageView, ...]) -> None:
        """Another contact: its newest messages, none of its thread's earlier contacts."""
        unsettled = (at for at, each in enumerate(own) if each.state in _ASKS_FOR_A_LOOK)
        first = min(max(0, len(own) - NEWEST), next(unsettled, len(own)))
        self._at = own[first].id if own else None
        self._all = (*thread, *own)

    def go_on(self, thread: tuple[MessageView, ...], own: tuple[MessageView, ...]) -> None:
        """The same contact, as it is now."""
        self._all = (*thread, *own)
        if all(each.id != self._at for each in self._all):
            # There was none of its own yet, or the one it stood at was taken back.
            self.begin(thread, own)

    def more(self) -> None:
        """Unfold some of the earlier ones, the latest of them."""
        if self._all:
            self._at = self._all[max(0, self.hidden - MORE)].id

    @property
    def hidden(self) -> int:
        """How many messages are folded away."""
        if self._at is None:
            return len(self._all)
        return next((at for at, each in enumerate(self._all) if each.id == self._at), 0)

    @property
    def shown(self) -> tuple[MessageView, ...]:
        """The messages to show, oldest first."""
        return self._all[self.hidden :]
