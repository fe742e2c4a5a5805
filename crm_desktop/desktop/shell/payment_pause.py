"""No card is heard in a recording: it pauses while a payment is taken in the call, and goes on."""

from __future__ import annotations

from crm_desktop.desktop.screens.calls import verbs
from crm_desktop.desktop.screens.calls.presenter import CallPresenter
from crm_desktop.domain.calls import Ask, CallView, Verb


class PaymentPause:
    """`go_on` after everything that a call or a command became: what is wanted and what is so are
    compared, so that a pause that is still under way is never overtaken by its end.

    What was paused by hand stays paused: only what was paused here goes on from here.
    """

    def __init__(self, presenter: CallPresenter, me: int) -> None:
        self._presenter, self._me = presenter, me
        self._paying: int | None = None
        self._asked = False
        #: The call whose recording was paused here.
        self._ours: int | None = None

    def begin(self, contact_id: int) -> None:
        """A payment is taken in this contact."""
        self._paying, self._asked = contact_id, False
        self.go_on()

    def end(self, contact_id: int) -> None:
        """It is over, or given up."""
        if self._paying == contact_id:
            self._paying = None
            self.go_on()

    def go_on(self) -> None:
        """Ask for what is wanting: a recording may also begin while somebody pays already."""
        if self._paying is not None and not self._asked:
            self._pause(self._paying)
        if self._ours is not None:
            self._resume(self._ours)

    def _pause(self, contact_id: int) -> None:
        asks, call = self._presenter.is_under_way, self._own(contact_id)
        if call is None or asks(Verb.PAUSE_RECORDING):
            return
        if call.recording == "on" or asks(Verb.RESUME_RECORDING):
            self._asked, self._ours = True, contact_id
            self._presenter.ask(Ask(Verb.PAUSE_RECORDING, contact_id))

    def _resume(self, contact_id: int) -> None:
        asks, call = self._presenter.is_under_way, self._own(contact_id)
        if call is not None and asks(Verb.PAUSE_RECORDING):
            return
        if call is None or call.recording != "paused":
            # Over, refused, or taken up again by hand.
            self._ours = None
        elif self._paying != contact_id and not asks(Verb.RESUME_RECORDING):
            self._ours = None
            self._presenter.ask(Ask(Verb.RESUME_RECORDING, contact_id))

    def _own(self, contact_id: int) -> CallView | None:
        """The call while this person has it and somebody is at its other end."""
        call = self._presenter.calls.get(contact_id)
        own = call is not None and verbs.part_of(call, self._me) is verbs.Part.OWN
        return call if own and self._presenter.is_live(contact_id) else None
