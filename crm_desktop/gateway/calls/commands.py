"""What desktops ask of the PBX, done at once or never: a lane of its own, without a second try."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from crm_desktop.channels.voice.trouble import AriAway, AriNotFound, AriTrouble
from crm_desktop.domain.calls import CommandState, Verb
from crm_desktop.domain.errors import CrmError, DatabaseTrouble
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.calls import dialling, listening, passing, talking
from crm_desktop.gateway.calls.exchange import Exchange, Refused
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import call_commands, calls
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)
#: Without any notice it is looked this often: a notice may have been lost, and time runs out.
_LOOK_SECONDS = 0.5
_RETRY_SECONDS = 0.5
_HALF_DONE = "The gateway stopped while it did this. Look whether it was done."
_UNKNOWN = "The telephone system did not answer. Look whether it was done."
_REFUSED = "The telephone system refused this."
_GONE = "That call or telephone is gone."

_Do = Callable[[Exchange, Standing, Work], None]
_VERBS: Mapping[Verb, _Do] = {
    Verb.ANSWER: talking.answer,
    Verb.HOLD: talking.hold,
    Verb.RESUME: talking.resume,
    Verb.MUTE: talking.mute,
    Verb.UNMUTE: talking.unmute,
    Verb.DTMF: talking.dtmf,
    Verb.HANG_UP: talking.hang_up,
    Verb.PAUSE_RECORDING: talking.pause_recording,
    Verb.RESUME_RECORDING: talking.resume_recording,
    Verb.CONSULT: passing.consult,
    Verb.END_CONSULT: passing.end_consult,
    Verb.CONFERENCE: passing.conference,
    Verb.HAND_OVER: passing.hand_over,
    Verb.TRANSFER: passing.transfer,
    Verb.LISTEN: listening.listen,
    Verb.WHISPER: listening.listen,
    Verb.BARGE: listening.listen,
    Verb.STOP_LISTENING: listening.stop,
}


class CommandWorker(Worker):
    """Does one command after the other, each in the order in which it was asked."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__(f"calls:commands:{exchange.account_id}")
        self._exchange = exchange
        self._awake = threading.Event()
        self._begun = False

    def wake(self) -> None:
        """Something may have been asked; callable from any thread."""
        self._awake.set()

    def stop(self) -> None:
        """End after the command under way."""
        super().stop()
        self._awake.set()

    def work(self) -> None:
        """Do what is asked and still in time, mark what is not, or sleep until somebody asks."""
        self._awake.clear()
        db, lease, account = self._exchange.db, self._exchange.lease, self._exchange.account_id
        if not self._begun:
            call_commands.abandon(db, lease, account, _HALF_DONE)
            self._begun = True
        work = call_commands.claim(db, lease, account)
        if work is not None:
            self._settle(work, *self._done(work))
            return
        call_commands.expire(db, lease, account)
        if not self.stopping.is_set():
            self._awake.wait(_LOOK_SECONDS)

    def _done(self, work: Work) -> tuple[CommandState, str]:
        """What became of it; never raises: whatever went wrong, it is not done again."""
        try:
            self._do(work)
        except Refused as refusal:
            return CommandState.REFUSED, str(refusal)
        except AriAway:
            return CommandState.REFUSED, _UNKNOWN
        except AriNotFound:
            return CommandState.REFUSED, _GONE
        except AriTrouble as trouble:
            _LOG.warning("%s: the PBX refused %s: %s", self.name, work.verb, trouble)
            return CommandState.REFUSED, _REFUSED
        except CrmError as trouble:
            return CommandState.REFUSED, str(trouble)
        except Exception as bug:  # noqa: BLE001 - the next command must not wait for this one
            _LOG.error("%s: %s: %s", self.name, work.verb, trace(bug))
            return CommandState.REFUSED, "The program failed."
        return CommandState.DONE, ""

    def _do(self, work: Work) -> None:
        if work.contact_id is None:
            dialling.dial(self._exchange, work)
            return
        standing = calls.standing_of(self._exchange.db, [work.contact_id])
        if not standing:
            raise Refused("The call has ended.")
        _VERBS[work.verb](self._exchange, standing[0], work)

    def _settle(self, work: Work, state: CommandState, words: str) -> None:
        """Say what became of it, however long the database is away: it did happen."""
        while True:
            try:
                call_commands.settle(self._exchange.db, work, state, words)
            except DatabaseTrouble:
                if self.stopping.wait(_RETRY_SECONDS):
                    raise
            else:
                return
