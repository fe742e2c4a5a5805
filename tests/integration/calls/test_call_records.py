"""A few dozen calls, and of each the centre says what the PBX wrote down and what its caller did.

The PBX's own record (CDR) says when a call came and went and whose telephone had it, in whole
seconds; its events say when that was picked up. A gateway on a busy computer hears late: what it
says may be later than the PBX by as much as its own events were.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from crm_desktop.domain.calls import Ask, CommandState, Verb
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.states import Channel, ContactState, Presence, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.gateway.supervisor import Gateway
from crm_desktop.services import call_commands, contacts, figures
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, CallCommand, CallLeg, Contact, Event, QueueTarget
from tests.calls_centre import EXTENSIONS
from tests.centre import Centre
from tests.integration.calls.conftest import connect
from tests.integration.gateway.looking import Watch, watching
from tests.routing_centre import at_work, change
from tests.servers import processes
from tests.servers.asterisk import LINE, Asterisk
from tests.servers.callers import Caller
from tests.servers.onlooker import Noted, Onlooker
from tests.servers.phone import Phones

#: Who hangs up within so many seconds gave up at once.
SHORT = 2
_LOGINS = {extension: login for login, extension in EXTENSIONS.items()}


@dataclass
class Story:
    """One call as its caller has it: what was meant to happen, and when it began and was over."""

    number: str
    what: str
    began: float = 0.0
    over: float = 0.0
    said: list[str] = field(default_factory=list)

    @property
    def lasted(self) -> float:
        """Seconds from the first word to the last."""
        return self.over - self.began


class Callers:
    """Calls people at a time, each from a number of their own."""

    def __init__(self, pbx: Asterisk, watch: Watch, noted: Noted) -> None:
        self._pbx, self._watch, self._noted = pbx, watch, noted
        self._numbers = iter(range(100, 1000))
        # Ports are given out to one at a time.
        self._dialling = threading.Lock()
        self.stories: list[Story] = []

    def make(self, what: str, then: Callable[[Story, Caller], None]) -> Callable[[], None]:
        """A call whose caller does `then`, to be made on a thread."""
        story = Story(f"+441632960{next(self._numbers)}", what)
        self.stories.append(story)

        def run() -> None:
            with self._dialling:
                story.began = time.time()
                caller = Caller(self._pbx, LINE, story.number)
            with caller:
                caller.wait_answered()
                then(story, caller)
                caller.wait_ended()
                story.over, story.said = time.time(), caller.story

        return run

    def wait(self, story: Story, state: str) -> Call:
        """The call, once it does this."""
        found = self._watch.row(Call, number=story.number, state=state)
        assert isinstance(found, Call)
        return found

    def talking(self, story: Story, times: int = 1) -> Call:
        """The call, once both hear each other, for the `times`th time."""
        call = self.wait(story, "talking")
        bridge = f"crm-talk-{call.contact_id}"
        processes.wait_for(
            lambda: sum(name == bridge for _, _, name in self._noted.entered) >= 2 * times,
            "a caller and somebody who hear each other",
        )
        return self.wait(story, "talking")


class Desks:
    """What those ask of the PBX who have a call."""

    def __init__(self, centre: Centre, watch: Watch) -> None:
        self._watch = watch
        self._people = {centre.person(each).id: centre.as_person(each) for each in EXTENSIONS}

    def ask(self, call: Call, verb: Verb, **args: object) -> None:
        """Ask it for whoever has this call, and again when a busy computer was too late for it."""
        owner = self._watch.row(Contact, id=call.contact_id, state="active").owner_id
        while True:
            asked = call_commands.ask(self._people[owner], Ask(verb, call.contact_id, args))
            settled = self._watch.until(lambda db: _settled(db, asked.id))  # noqa: B023
            if settled.state != CommandState.LATE:
                assert settled.state == CommandState.DONE, settled.words
                return

    def free(self, call: Call) -> int:
        """Somebody who does not have this call."""
        owner = self._watch.row(Contact, id=call.contact_id).owner_id
        return next(each for each in self._people if each != owner)


def _settled(db: Database, command_id: int) -> CallCommand | None:
    with db.read() as tx:
        row = tx.session.get_one(CallCommand, command_id)
        return row if row.state not in ("asked", "doing") else None


@contextmanager
def wrapping_up(centre: Centre) -> Iterator[None]:
    """Whoever had a call says at once that it is resolved."""
    over, db = threading.Event(), centre.as_owner()
    people = {centre.person(login).id: centre.as_person(login) for login in EXTENSIONS}

    def work() -> None:
        while not over.wait(0.05):
            with db.read() as tx:
                wrapping = tx.session.execute(
                    select(Contact.id, Contact.owner_id).where(
                        Contact.state == ContactState.WRAP_UP.value,
                        Contact.owner_id.is_not(None),
                    )
                ).all()
            for contact_id, owner_id in wrapping:
                answers = Disposition(None, Resolution.RESOLVED, avoidable=False)
                contacts.complete(people[owner_id or 0], contact_id, answers)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def at_once(*calls: Callable[[], None], many: int = 6) -> None:
    """Make these calls side by side; raises what one of them raised."""
    with ThreadPoolExecutor(many) as pool:
        for each in [pool.submit(call) for call in calls]:
            each.result()


@dataclass(frozen=True)
class Ours:
    """A call as the centre has it."""

    row: Call
    contact: Contact
    events: tuple[Event, ...]

    def at(self, kind: str) -> float:
        """When it first happened."""
        return next(each.at.timestamp() for each in self.events if each.kind == kind)

    def says(self, kind: str) -> dict[str, Any]:
        """What the last of a kind says."""
        return [each.data for each in self.events if each.kind == kind][-1]

    def first(self, kind: str) -> dict[str, Any]:
        """What the first of a kind says."""
        return next(each.data for each in self.events if each.kind == kind)

    def count(self, kind: str) -> int:
        """How often it happened."""
        return sum(each.kind == kind for each in self.events)


def ours(db: Database, number: str) -> Ours:
    with db.read() as tx:
        row = tx.session.scalars(select(Call).where(Call.number == number)).one()
        contact = tx.session.get_one(Contact, row.contact_id)
        query = select(Event).where(Event.contact_id == row.contact_id).order_by(Event.id)
        return Ours(row, contact, tuple(tx.session.scalars(query)))


@dataclass(frozen=True)
class Record:
    """A call as the PBX wrote it down, in whole seconds: all the lines of its caller's channel."""

    begun: datetime
    over: datetime
    telephones: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long it was there."""
        return (self.over - self.begun).total_seconds()


def record(pbx: Asterisk, channel: str) -> Record:
    lines = [each for each in pbx.calls() if each["uniqueid"] == channel]
    assert lines, f"the PBX has no record of {channel}"
    had = (each["dstchannel"].partition("-")[0].removeprefix("PJSIP/") for each in lines)
    return Record(
        min(datetime.fromisoformat(each["start"]) for each in lines),
        max(datetime.fromisoformat(each["end"]) for each in lines),
        tuple(dict.fromkeys(each for each in had if each in _LOGINS)),
    )


def compare(story: Story, mine: Ours, theirs: Record, noted: Noted, login: dict[int, str]) -> None:
    """Nothing in the four accounts of one call contradicts the others."""
    row, contact_id = mine.row, mine.contact.id
    came, gone = noted.came[row.channel], noted.gone[row.channel]
    late = max(0.0, mine.at("contact.received") - came, mine.at("call.ended") - gone)
    near = 1.0 + late
    # Both ends are whole seconds in the record.
    assert theirs.seconds == pytest.approx(gone - came, abs=2.0)
    # The caller's own watch has the making and the ending of their telephone in it.
    assert gone - came <= story.lasted + 1
    assert mine.count("contact.received") == mine.count("call.ended") == 1
    ended = mine.says("call.ended")
    assert ("left" in story.said) == (ended["by"] == "caller")
    answered = mine.count("call.answered")
    had = [login[who] for who in map(_begins_to_talk, mine.events) if who is not None]
    assert list(dict.fromkeys(had)) == [_LOGINS[each] for each in theirs.telephones]
    if not answered:
        assert mine.contact.state == ContactState.ABANDONED
        waited = mine.says("contact.abandoned")["waited"]
        assert waited == pytest.approx(gone - came, abs=near)
        assert contact_id not in noted.answered
        return
    assert mine.contact.state == ContactState.COMPLETED
    late = max(late, mine.at("call.answered") - noted.answered[contact_id])
    near = 1.0 + late
    waited = mine.first("call.answered")["waited"]
    assert waited == pytest.approx(noted.answered[contact_id] - came, abs=near)
    talk, hold = spent(row.channel, noted)
    assert ended["talk"] == pytest.approx(talk, abs=near)
    if answered == 1:
        assert ended["hold"] == pytest.approx(hold, abs=near)
        whole = waited + ended["talk"] + ended["hold"]
        assert whole == pytest.approx(theirs.seconds, abs=1 + near)


def _begins_to_talk(event: Event) -> int | None:
    """Who answers, or is given the call whom its holder asked."""
    match event.kind, event.data:
        case "call.answered", {"staff": int(who)}:
            return who
        case "call.transferred", {"how": "warm", "to": {"staff": int(who)}}:
            return who
    return None


def spent(channel: str, noted: Noted) -> tuple[float, float]:
    """How long a caller was where both hear each other, and how long after that on hold, by the
    PBX's events.
    """
    steps = [(at, bridge) for at, name, bridge in noted.entered if name == channel]
    found = {"talk": 0.0, "hold": 0.0}
    talked = False
    for (at, bridge), (until, _) in pairwise([*steps, (noted.gone[channel], "")]):
        kind = bridge.split("-")[1]
        talked = talked or kind == "talk"
        if talked:
            found[kind] += until - at
    return found["talk"], found["hold"]


def test_every_call_is_as_the_pbx_wrote_it_down_and_as_its_caller_had_it(
    postgres_centre: Centre,
    pbx: Asterisk,
    phones: Phones,
    start_gateway: Callable[[Centre], Gateway],
) -> None:
    centre = postgres_centre
    connect(centre, pbx, offer_seconds=30)
    _promise(centre)
    onlooker = Onlooker(pbx)
    start_gateway(centre)
    pbx.wait_for_gateway()
    telephones = {each: phones.add(EXTENSIONS[each]) for each in EXTENSIONS}

    with watching(centre) as watch, wrapping_up(centre):
        callers = Callers(pbx, watch, onlooker.noted)
        # Nobody is there: all of them give up, some at once.
        for login in EXTENSIONS:
            change(centre, login, presence=Presence.LUNCH)
        at_once(*(callers.make("gave up", _after(callers, wait)) for wait in (0, 0, 3, 4)))
        # Anna's telephone rings and she does not pick up: they give up; then she refuses one, and
        # whoever is there next has it.
        _there(centre, "anna")
        at_once(callers.make("gave up", _ringing(callers)))
        telephones["ben"].answers("always")
        at_once(callers.make("answered", _refused(callers, centre, telephones["anna"])))
        # All three pick up at once; who comes while they talk waits.
        for phone in telephones.values():
            phone.answers("always")
        _there(centre, *EXTENSIONS)
        at_once(*(callers.make("answered", _talked(callers, n % 4)) for n in range(16)))
        # What those ask who have a call: hold and on again, its end, another queue.
        desks = Desks(centre, watch)
        at_once(
            *(callers.make("answered", _held(callers, desks)) for _ in range(2)),
            callers.make("answered", _ended_by_us(callers, desks)),
            callers.make("answered", _passed_on(callers, desks, centre.queue_id("waste"))),
        )
        # Alone, so that somebody is free to be asked: a colleague is asked, and given the call.
        at_once(callers.make("handed over", _handed_over(callers, desks, centre)))
        watch.until(_all_over)
    onlooker.close()

    logins = {centre.person(each).id: each for each in EXTENSIONS}
    owner = centre.as_owner()
    for story in callers.stories:
        mine = ours(owner, story.number)
        compare(story, mine, record(pbx, mine.row.channel), onlooker.noted, logins)
    _figures_agree(centre, callers.stories)


def _promise(centre: Centre) -> None:
    with centre.as_owner().write() as tx:
        queue_id = centre.queue_id("general")
        tx.session.merge(
            QueueTarget(
                queue_id=queue_id, channel=Channel.CALL.value, seconds=20, in_opening_hours=False,
                short_seconds=SHORT,
            )
        )  # fmt: skip


def _there(centre: Centre, *logins: str) -> None:
    """They are at their desks, and will be for longer than any computer is busy."""
    at_work(centre, *logins)
    later = datetime.now(UTC) + timedelta(hours=1)
    for login in logins:
        change(centre, login, seen_at=later, not_responding_since=None)


def _after(callers: Callers, seconds: float) -> Callable[[Story, Caller], None]:
    """Waits in the queue for so long and hangs up."""

    def then(story: Story, caller: Caller) -> None:
        callers.wait(story, "waiting")
        time.sleep(seconds)
        caller.hang_up()

    return then


def _ringing(callers: Callers) -> Callable[[Story, Caller], None]:
    """Hangs up while the telephone rings."""

    def then(story: Story, caller: Caller) -> None:
        callers.wait(story, "ringing")
        caller.hang_up()

    return then


def _refused(callers: Callers, centre: Centre, phone: Any) -> Callable[[Story, Caller], None]:
    """Is refused by one, answered by the next."""

    def then(story: Story, caller: Caller) -> None:
        callers.wait(story, "ringing")
        phone.reject()
        callers.wait(story, "waiting")
        _there(centre, "ben")
        callers.talking(story)
        time.sleep(1)
        caller.hang_up()

    return then


def _talked(callers: Callers, seconds: float) -> Callable[[Story, Caller], None]:
    """Talks for so long and hangs up."""

    def then(story: Story, caller: Caller) -> None:
        callers.talking(story)
        time.sleep(seconds)
        caller.hang_up()

    return then


def _held(callers: Callers, desks: Desks) -> Callable[[Story, Caller], None]:
    """Is put on hold, talks again, and hangs up."""

    def then(story: Story, caller: Caller) -> None:
        call = callers.talking(story)
        desks.ask(call, Verb.HOLD)
        callers.wait(story, "held")
        time.sleep(2)
        desks.ask(call, Verb.RESUME)
        callers.wait(story, "talking")
        time.sleep(1)
        caller.hang_up()

    return then


def _ended_by_us(callers: Callers, desks: Desks) -> Callable[[Story, Caller], None]:
    """Hears the other side hang up."""

    def then(story: Story, _caller: Caller) -> None:
        desks.ask(callers.talking(story), Verb.HANG_UP)

    return then


def _passed_on(callers: Callers, desks: Desks, queue_id: int) -> Callable[[Story, Caller], None]:
    """Is put into another queue, and answered there."""

    def then(story: Story, caller: Caller) -> None:
        call = callers.talking(story)
        time.sleep(1)
        desks.ask(call, Verb.TRANSFER, to={"queue": queue_id})
        callers.talking(story, times=2)
        time.sleep(1)
        caller.hang_up()

    return then


def _handed_over(callers: Callers, desks: Desks, centre: Centre) -> Callable[[Story, Caller], None]:
    """Hears music while a colleague is asked, then talks with them, and hangs up."""

    def then(story: Story, caller: Caller) -> None:
        call = callers.talking(story)
        time.sleep(1)
        desks.ask(call, Verb.CONSULT, to={"staff": desks.free(call)})
        callers.wait(story, "consulting")
        processes.wait_for(lambda: _up(centre, call), "whom they asked to answer")
        time.sleep(2)
        desks.ask(call, Verb.HAND_OVER)
        callers.talking(story, times=2)
        time.sleep(1)
        caller.hang_up()

    return then


def _up(centre: Centre, call: Call) -> bool:
    with centre.as_owner().read() as tx:
        asked = select(CallLeg.state).filter_by(contact_id=call.contact_id, role="third")
        return tx.session.scalars(asked).first() == "up"


def _all_over(db: Database) -> bool:
    with db.read() as tx:
        states = set(tx.session.scalars(select(Contact.state)))
    return states <= {ContactState.COMPLETED, ContactState.ABANDONED}


def _figures_agree(centre: Centre, stories: list[Story]) -> None:
    """The day's figures, once the gateway has reckoned them, are the sums of these calls."""
    owner, rose = centre.as_owner(), centre.as_person("rose")
    calls = [ours(owner, each.number) for each in stories]
    answered = [each for each in calls if each.count("call.answered")]
    gave_up = [each for each in calls if not each.count("call.answered")]
    processes.wait_for(
        lambda: figures.today(rose).sums(channel=Channel.CALL).calls >= len(answered),
        "the figures of these calls",
    )
    found = figures.today(rose)
    sums = found.sums(channel=Channel.CALL)
    assert (sums.arrivals, sums.calls, sums.answered, sums.abandoned) == (
        len(calls), len(answered), len(answered), sum(each.what == "gave up" for each in stories)
    )  # fmt: skip
    waits = [each.says("contact.abandoned")["waited"] for each in gave_up]
    assert sums.abandoned_short == sum(wait <= SHORT for wait in waits)
    ended = [each.says("call.ended") for each in answered]
    assert sums.talk_seconds == sum(each["talk"] for each in ended)
    assert sums.hold_seconds == sum(each["hold"] for each in ended)
    assert sums.transferred == 2
    waited = [each.first("call.answered")["waited"] for each in answered]
    assert found.share(Figure.ANSWER_SPEED, channel=Channel.CALL).value == pytest.approx(
        sum(waited) / len(waited), abs=1
    )
