"""What desktops ask of the PBX, done at once or never: a lane of its own, without a second try."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from crm_desktop.channels.voice.trouble import AriAway, AriNotFound, AriRefused, AriTrouble
from crm_desktop.domain.call_asking import LISTENING
from crm_desktop.domain.calls import CommandState, Verb
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, CrmError, DatabaseTrouble, LeaseLost
from crm_desktop.gateway.bugs import trace
from crm_desktop.gateway.calls import dialling, listening, passing, talking
from crm_desktop.gateway.calls.bridging import Refused
from crm_desktop.gateway.calls.listening import Ears
from crm_desktop.gateway.calls.moving import Moving
from crm_desktop.gateway.calls.passing import Thirds
from crm_desktop.gateway.calls.pbx import Part, Pbx
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.gateway.calls.step import Connect, Step, judge
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import call_commands
from crm_desktop.services.call_commands import Work
from crm_desktop.services.calls import Standing

_LOG = logging.getLogger(__name__)
#: Without any notice it is looked this often: a notice may have been lost, and time runs out.
_LOOK_SECONDS = 0.5
_RETRY_SECONDS = 0.5
_HALF_DONE = "The gateway stopped while it did this. Look whether it was done."

_Do = Callable[[Pbx, Standing, Work], None]
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
#: What takes somebody from one bridge into another.
_MOVES = frozenset(
    {
        *(Verb.HOLD, Verb.RESUME, Verb.CONSULT, Verb.END_CONSULT),
        *(Verb.CONFERENCE, Verb.HAND_OVER, Verb.TRANSFER),
    }
)


class Commands(Part):
    """Does what desktops ask, while the PBX is seen; and joins whoever was called for it."""

    def __init__(self) -> None:
        self._pbx: Pbx | None = None
        self._worker: CommandWorker | None = None
        self._moving = Moving()
        self._ears = Ears()
        self._thirds = Thirds()

    def begin(self, pbx: Pbx) -> None:
        """See `Part`."""
        self._pbx = pbx
        self._thirds.begin(pbx)
        self._worker = CommandWorker(pbx, self._moving)
        self._worker.start()

    def end(self) -> None:
        """See `Part`."""
        if self._worker is not None:
            self._worker.stop()
        self._pbx = self._worker = None

    def heard(self, changes: Changes) -> None:
        """See `Part`."""
        worker = self._worker
        if worker is not None and changes.has(Topic.CALL_COMMAND):
            worker.wake()

    def rule(self, call: Standing, sight: Sight) -> Step | None:
        """Whoever is between two bridges because a command moves them is not brought back.

        Who has gone while a third was there has handed over.
        """
        if self._pbx is not None and passing.advisor_left(self._pbx, call):
            self._pbx.look_at(call.contact_id)
            return ()
        if not self._moving.has(call.contact_id):
            return None
        step = judge(call, sight)
        if isinstance(step, tuple):
            return tuple(each for each in step if not isinstance(each, Connect))
        return step

    def stands(self, call: Standing) -> None:
        """See `Part`."""
        if self._pbx is None:
            return
        for go_on in (dialling.go_on, self._thirds.go_on, self._ears.go_on):
            try:
                go_on(self._pbx, call)
            except (AriNotFound, AriRefused, Conflict) as refusal:
                # Gone, or not yet as it was seen: the next look at it goes on.
                _LOG.info("contact %s: %s", call.contact_id, type(refusal).__name__)


class CommandWorker(Worker):
    """Does one command after the other, each in the order in which it was asked."""

    def __init__(self, pbx: Pbx, moving: Moving) -> None:
        super().__init__(f"calls:commands:{pbx.account_id}")
        self._pbx = pbx
        self._moving = moving
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
        woken = self._awake.is_set()
        self._awake.clear()
        db, lease, account = self._pbx.db, self._pbx.lease, self._pbx.account_id
        if not self._begun:
            call_commands.abandon(db, lease, account, _HALF_DONE)
            self._begun = True
        if woken or call_commands.any_asked(db):
            work = call_commands.claim(db, lease, account)
            if work is not None:
                self._settle(work, *self._done(work))
                self._awake.set()
                return
            call_commands.expire(db, lease, account)
        for each in self._moving.settled():
            self._pbx.look_at(each)
        if not self.stopping.is_set():
            self._awake.wait(_LOOK_SECONDS)

    def _done(self, work: Work) -> tuple[CommandState, str]:
        """What became of it; never raises: whatever went wrong, it is not done again."""
        try:
            self._do(work)
        except (Refused, AriTrouble, CrmError) as trouble:
            _LOG.info("%s: %s was not done: %s", self.name, work.verb, type(trouble).__name__)
            return CommandState.REFUSED, _why(trouble)
        except Exception as bug:  # noqa: BLE001 - the next command must not wait for this one
            _LOG.error("%s: %s: %s", self.name, work.verb, trace(bug))
            return CommandState.REFUSED, "The program failed."
        return CommandState.DONE, ""

    def _do(self, work: Work) -> None:
        if work.contact_id is None:
            dialling.dial(self._pbx, work)
            return
        if work.call is None:
            raise Refused("The call has ended.")
        # It was theirs when they asked: what they asked just before may have passed it on.
        if work.verb not in LISTENING and work.call.owner_id != work.staff_id:
            raise Refused("The call is with somebody else by now.")
        if work.verb in _MOVES:
            with self._moving.of(work.contact_id):
                _VERBS[work.verb](self._pbx, work.call, work)
        else:
            _VERBS[work.verb](self._pbx, work.call, work)
            self._pbx.look_at(work.contact_id)

    def _settle(self, work: Work, state: CommandState, words: str) -> None:
        """Say what became of it, however long the database is away: it did happen."""
        while True:
            try:
                call_commands.settle(self._pbx.db, work, state, words)
            except DatabaseTrouble:
                if self.stopping.wait(_RETRY_SECONDS):
                    raise
            else:
                return


def _why(trouble: Exception) -> str:
    """For the person who asked."""
    match trouble:
        case Refused():
            return str(trouble)
        case AriNotFound():
            return "That call or telephone is gone."
        case AriAway():
            return "The telephone system did not answer. Look whether it was done."
        case AriTrouble():
            return "The telephone system refused this."
        case LeaseLost() | DatabaseTrouble():
            return "The database was away. Look whether this was done."
    words = str(trouble)
    return f"{words[:1].upper()}{words[1:]}."
