"""What goes on on this person's phone, and what they ask of it: shown as the PBX says it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.desktop.screens.calls import verbs
from crm_desktop.desktop.screens.calls import words as said
from crm_desktop.desktop.widgets.call_said import Said
from crm_desktop.domain import dialling
from crm_desktop.domain.calls import (
    DEADLINE,
    Ask,
    CallState,
    CallView,
    Command,
    CommandState,
    Leg,
    Verb,
)
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError, Taken

Later = Callable[[int, Callable[[], None]], None]
#: Keys that do one thing and then its opposite must not do both of one nervous press.
_BOUNCE = timedelta(milliseconds=700)
#: After the deadline what became of a command is on its way here for so long at most.
_ON_ITS_WAY_MS = 700
_SETTLED = (CommandState.DONE, CommandState.REFUSED, CommandState.LATE)
_RECENT = 10
#: In this order one of several calls is shown: what rings or speaks before what has ended.
_RANK = {
    CallState.TALKING: 0,
    CallState.CONFERENCE: 0,
    CallState.CONSULTING: 0,
    CallState.HELD: 1,
    CallState.DIALLING: 1,
    CallState.RINGING: 2,
    CallState.WAITING: 3,
    CallState.CALLBACK: 4,
    CallState.ENDED: 5,
}


class CallPort(Protocol):
    """Calls as the database has them, for workers."""

    def mine(self) -> tuple[CallView, ...]:
        """The calls that this person has or is in."""

    def ask(self, ask: Ask) -> Command:
        """Ask something of the PBX, once; raises NotAllowed and InvalidInput."""

    def became(self, command_id: int) -> Command | None:
        """What became of a command of this person; None when it is not known."""


class CallsView(Protocol):
    """What the presenter asks of the window."""

    def show_call(self, shown: Said | None) -> None:
        """Show a call; None: there is none."""

    def show_doing(self, words: str) -> None:
        """Say which command is under way; empty: none."""

    def not_done(self, words: str) -> None:
        """Say what was not done and why, where the eye is, and aloud."""

    def say(self, words: str) -> None:
        """Tell a screen reader what became another."""

    def fit(self) -> None:
        """What can be asked may be another."""

    def pop(self, contact_id: int, *, at_once: bool) -> None:
        """Open the contact of a call; unless `at_once` somebody who types may finish."""

    def gone(self, contact_id: int) -> None:
        """A call that rang here goes elsewhere."""


@dataclass(slots=True)
class _Asked:
    """A command that is under way."""

    ask: Ask
    at: datetime
    #: None until the database has it.
    id: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """The calls and how their numbers are written, worked out off the GUI thread."""

    calls: tuple[CallView, ...] = ()
    numbers: Mapping[int, str] = field(default_factory=dict)


class CallPresenter(Presenter):
    """`me` is the id of who is signed in, `now` the database's time."""

    def __init__(
        self,
        port: CallPort,
        tasks: Tasks,
        view: CallsView,
        *,
        me: int,
        now: Callable[[], datetime],
        later: Later,
    ) -> None:
        super().__init__(tasks)
        self._port, self._view, self._me = port, view, me
        self._now, self._later = now, later
        self._last = self._shown = Answer()
        self._unseen_since: datetime | None = None
        self._offered: frozenset[int] = frozenset()
        self._asked: list[_Asked] = []
        self._toggled: dict[Verb, datetime] = {}
        self._digits = ""
        self._answered: set[int] = set()
        self.recent: list[str] = []

    @property
    def call(self) -> CallView | None:
        """The call that the bar shows."""
        calls = self._shown.calls
        return min(calls, key=self._rank) if calls else None

    @property
    def calls(self) -> Mapping[int, CallView]:
        """Every call of this person by its contact."""
        return {each.contact_id: each for each in self._shown.calls}

    def number(self, contact_id: int) -> str:
        """The other side's number as people write it; empty when withheld."""
        return self._shown.numbers.get(contact_id, "")

    def is_live(self, contact_id: int) -> bool:
        """Whether the contact is a call in which this person is now."""
        call = self.calls.get(contact_id)
        return call is not None and verbs.is_live(call, self._me)

    def is_under_way(self, verb: Verb) -> bool:
        """Whether that is asked for already, and nobody knows yet what becomes of it."""
        return any(each.ask.verb is verb for each in self._asked)

    def start(self) -> None:
        """Read what is going on."""
        self.read()

    def read(self) -> None:
        """Ask the database how it is now."""
        self._tasks.read(self._look, self._is_now, failed=_later, key="calls")

    def changed(self, changes: Changes) -> None:
        """Read again when one of this person's calls, or their own work, is another."""
        known = self._offered | set(self.calls) | {0}
        asked = {each.ask.contact_id or 0 for each in self._asked}
        mine = self._me in changes.ids(Topic.STAFF)
        heard = changes.ids(Topic.CALL)
        away = Topic.EVERYTHING in {change.topic for change in changes.items}
        # A call out has no contact until the PBX has it.
        dialled = 0 in asked and bool(heard)
        # Whoever wraps a call up, or takes it, tells of its contact alone.
        moved = changes.ids(Topic.CONTACT) & known
        if mine or away or dialled or moved or heard & (known | asked):
            self.read()

    def set_unseen(self, since: datetime | None) -> None:
        """From when on nobody has looked at the PBX: what the database says may be old."""
        if since != self._unseen_since:
            self._unseen_since = since
            self._is_now(self._last)

    def set_offered(self, contact_ids: frozenset[int]) -> None:
        """Which calls are offered to this person: theirs to hear of before anything rings."""
        fresh = contact_ids - self._offered
        self._offered = contact_ids
        if fresh - set(self.calls):
            self.read()

    def why_not(self, verb: Verb) -> str:
        """Why that cannot be asked now; empty when it can."""
        return verbs.why_not(verb, self.call, self._me)

    def press(self, verb: Verb, **args: object) -> None:
        """Ask for it, unless it makes no sense or is asked for already."""
        call = self.call
        why = self.why_not(verb)
        if why:
            self._view.say(why)
            return
        contact_id = None if verb is Verb.DIAL or call is None else call.contact_id
        self.ask(Ask(verb, contact_id, args))

    def ask(self, ask: Ask) -> None:
        """Ask something that need not be of the call in the bar; never what is asked already."""
        if self.is_under_way(ask.verb):
            return
        asked = _Asked(ask, self._now())
        self._asked.append(asked)
        self._view.show_doing(said.DOING[ask.verb])
        self._tasks.write(
            lambda: self._port.ask(ask),
            lambda command: self._was_asked(asked, command),
            failed=lambda trouble: self._refused(asked, trouble),
        )
        wait = int(DEADLINE.total_seconds() * 1_000)
        self._later(wait + _ON_ITS_WAY_MS // 2, lambda: self._look_after(asked))
        self._later(wait + _ON_ITS_WAY_MS, lambda: self._too_late(asked))

    def digits(self, typed: str) -> None:
        """Send tones, in order and all of them, however fast they are typed."""
        why = self.why_not(Verb.DTMF)
        if why:
            self._view.say(why)
            return
        self._digits += typed
        self._send_digits()

    def toggle(self, one: Verb, other: Verb) -> None:
        """Ask for whichever of two opposites makes sense: hold or resume, mute or unmute."""
        now = self._now()
        if now - self._toggled.get(one, now - _BOUNCE) < _BOUNCE:
            return
        verb = other if self.why_not(one) and not self.why_not(other) else one
        self._toggled[one] = now
        self.press(verb)

    def dialled(self, number: str) -> None:
        """A number was dialled here: it is offered again."""
        self.recent = [number, *(each for each in self.recent if each != number)][:_RECENT]

    def _look(self) -> Answer:
        """On a worker: read, and write the numbers as people do."""
        # A phone that is just being put down belongs to nobody's call any more, and a message that
        # was left is no call: it is taken as any other contact is.
        none = verbs.Part.NONE
        mine = (x for x in self._port.mine() if verbs.part_of(x, self._me) is not none)
        calls = tuple(replace(x, legs=tuple(map(_as_written, x.legs))) for x in mine)
        return Answer(
            calls, {each.contact_id: dialling.shown(each.number) for each in calls if each.number}
        )

    def _is_now(self, answer: Answer) -> None:
        before, was = self._shown, self.calls
        self._last = answer
        answer = self._shown = self._as_seen(answer)
        self._settle()
        if answer == before:
            return
        for call in answer.calls:
            self._tell(was.get(call.contact_id), call)
        for contact_id in set(was) - set(self.calls):
            self._over(was[contact_id])
        now = self.call
        self._view.show_call(
            None if now is None else said.shown(now, self._me, self.number(now.contact_id))
        )
        self._view.fit()
        self._send_digits()

    def _as_seen(self, answer: Answer) -> Answer:
        """No gateway is there to write that calls are out of sight."""
        since = self._unseen_since
        if since is None:
            return answer
        calls = tuple(
            each
            if each.lost_since is not None or each.state is CallState.ENDED
            else replace(each, lost_since=since)
            for each in answer.calls
        )
        return replace(answer, calls=calls)

    def _tell(self, before: CallView | None, call: CallView) -> None:
        """Open what rings, and say aloud what became another."""
        number = self.number(call.contact_id)
        part = verbs.part_of(call, self._me)
        speaks = part is not verbs.Part.NONE and call.state not in (
            CallState.WAITING,
            CallState.RINGING,
            CallState.CALLBACK,
        )
        own = part is verbs.Part.OWN
        if call.state is CallState.ENDED:
            self._let_go(call.contact_id)
        if before is None and (own or part is verbs.Part.THIRD):
            self._view.pop(call.contact_id, at_once=False)
        if own and speaks and call.contact_id not in self._answered:
            self._answered.add(call.contact_id)
            if call.state is not CallState.ENDED:
                self._view.pop(call.contact_id, at_once=call.state is not CallState.DIALLING)
        if call.number and number:
            self.dialled(call.number)
        now = said.shown(call, self._me, number)
        then = None if before is None else said.shown(before, self._me, number)
        if then is None or then.state != now.state:
            self._view.say(f"{now.state}. {now.who}. {now.detail}")
        fresh = set(now.marks) - set(then.marks if then else ())
        for mark in now.marks if before is not None else ():
            if mark in fresh:
                self._view.say(mark.words)

    def _let_go(self, contact_id: int) -> None:
        """What is still under way for a call that is over does not matter any more."""
        self._digits = ""
        for asked in [each for each in self._asked if each.ask.contact_id == contact_id]:
            self._end(asked)

    def _over(self, call: CallView) -> None:
        self._answered.discard(call.contact_id)
        self._let_go(call.contact_id)
        if call.state in (CallState.RINGING, CallState.WAITING):
            self._view.gone(call.contact_id)

    def _rank(self, call: CallView) -> tuple[int, int]:
        if verbs.part_of(call, self._me) is not verbs.Part.OWN:
            return (0, -call.contact_id)
        return (_RANK.get(call.state, 6), -call.contact_id)

    def _send_digits(self) -> None:
        if self._digits and not self.is_under_way(Verb.DTMF) and not self.why_not(Verb.DTMF):
            typed, self._digits = self._digits, ""
            self.press(Verb.DTMF, digits=typed)

    def _was_asked(self, asked: _Asked, command: Command) -> None:
        asked.id = command.id
        self._judge(asked, command)

    def _refused(self, asked: _Asked, trouble: CrmError) -> None:
        self._end(asked)
        if isinstance(trouble, Taken):
            why = words_for(trouble).happened
        else:
            # A rule of the database's, in words for people; of other trouble the table's.
            why = said.REFUSED.get(str(trouble)) or words_for(trouble).happened
        self._say_not_done(asked.ask.verb, why)

    def _settle(self) -> None:
        """The newest command of each call, and what became of it, came with the calls."""
        newest = {each.contact_id: each.command for each in self._shown.calls if each.command}
        known = {command.id: command for command in newest.values()}
        for asked in list(self._asked):
            # What was asked before there was a contact, to dial, has one now.
            command = known.get(asked.id or 0) or newest.get(asked.ask.contact_id or 0)
            if command is None or asked.id is None or command.id < asked.id:
                continue
            if command.id == asked.id:
                self._judge(asked, command)
            else:
                # Something newer was asked since, and came with the call instead.
                self._ask_what_became(asked)

    def _judge(self, asked: _Asked, command: Command) -> None:
        if command.state not in _SETTLED or asked not in self._asked:
            return
        self._end(asked)
        if command.state is not CommandState.DONE:
            late = command.state is CommandState.LATE
            self._say_not_done(command.verb, command.words or (said.LATE if late else ""))
        elif command.verb is Verb.DTMF:
            self._send_digits()

    def _end(self, asked: _Asked) -> None:
        if asked in self._asked:
            self._asked.remove(asked)
        self._view.show_doing(said.DOING[self._asked[-1].ask.verb] if self._asked else "")
        if not self._asked:
            self._view.fit()

    def _look_after(self, asked: _Asked) -> None:
        """The deadline is over and nothing was heard: notices may have been missed."""
        if asked in self._asked:
            self.read()
            self._ask_what_became(asked)

    def _ask_what_became(self, asked: _Asked) -> None:
        if asked.id is None:
            return
        command_id = asked.id
        self._tasks.read(
            lambda: self._port.became(command_id),
            lambda command: self._judge(asked, command) if command is not None else None,
            failed=_later,
            key=f"command {command_id}",
        )

    def _too_late(self, asked: _Asked) -> None:
        """Whatever becomes of it, the person must not wait longer for an answer."""
        if asked in self._asked:
            self._end(asked)
            self._digits = ""
            self._say_not_done(asked.ask.verb, said.LATE)

    def _say_not_done(self, verb: Verb, why: str) -> None:
        self._view.not_done(f"{said.NOT_DONE[verb]}. {why}".strip())


def _as_written(leg: Leg) -> Leg:
    """Who is called outside is their number."""
    known = leg.name or not leg.number
    return leg if known else replace(leg, name=dialling.shown(leg.number))


def _later(_trouble: CrmError) -> None:
    """The light already says that the database is away; what it tells at its return is read."""
