"""Whatever a PBX says, twice, late or not at all: every call comes to its end, with one advisor."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from crm_desktop.channels.voice import events, things
from crm_desktop.domain.calls import CallState, LegRole, LegState
from crm_desktop.domain.states import ContactState
from crm_desktop.gateway.calls import naming, step
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.services.calls import Offer, Standing, StandingLeg

_AT = datetime(2026, 11, 27, tzinfo=UTC)
_CONTACT = 7
_CALLER = "1764.1"
_HELD = naming.hold(_CONTACT)


def _channel(id_: str, state: str = "Up", *, here: bool = True) -> things.Channel:
    app = "Stasis" if here else "AppDial2"
    return things.Channel(id_, "", state, "", "", "", "", "", app, "", None)


@dataclass
class Pbx:
    """What is really so, and the events of it that were not brought yet."""

    channels: dict[str, things.Channel] = field(default_factory=dict)
    bridges: dict[str, set[str]] = field(default_factory=dict)
    said: list[events.AriEvent] = field(default_factory=list)
    #: Every two advisors that were ever in one conversation, and everything that was put together.
    talked: list[frozenset[str]] = field(default_factory=list)

    def comes(self) -> None:
        """The caller is there."""
        self.channels[_CALLER] = _channel(_CALLER)
        self.said.append(events.StasisStart(self.channels[_CALLER], ("in", "1", ""), ""))

    def state(self, id_: str, state: str, *, here: bool = False) -> None:
        """A channel rings or is up."""
        if id_ in self.channels and self.channels[id_].state != "Up":
            self.channels[id_] = _channel(id_, state, here=here)
            self.said.append(events.ChannelStateChange(self.channels[id_]))
            if here:
                self.said.append(events.StasisStart(self.channels[id_], ("advisor",), ""))

    def ends(self, id_: str, cause: int) -> None:
        """A channel is gone."""
        channel = self.channels.pop(id_, None)
        if channel is None:
            return
        for name, inside in self.bridges.items():
            if id_ in inside:
                inside.discard(id_)
                self._told(events.ChannelLeftBridge, name, channel)
        self.said.append(events.ChannelHangupRequest(channel, cause))
        if channel.application == "Stasis":
            self.said.append(events.StasisEnd(channel))
        self.said.append(events.ChannelDestroyed(channel, cause, ""))

    def join(self, bridge: str, *ids: str) -> None:
        """Channels are put into a bridge."""
        self.bridges.setdefault(bridge, set())
        for id_ in ids:
            channel = self.channels.get(id_)
            if channel is None or channel.application != "Stasis":
                return
            for name, inside in self.bridges.items():
                if id_ in inside:
                    inside.discard(id_)
                    self._told(events.ChannelLeftBridge, name, channel)
            self.bridges[bridge].add(id_)
            self._told(events.ChannelEnteredBridge, bridge, channel)
        if bridge == naming.talk(_CONTACT):
            self.talked.append(frozenset(self.bridges[bridge]))

    def _told(self, kind: type, name: str, channel: things.Channel) -> None:
        inside = tuple(self.bridges[name])
        self.said.append(kind(channel, things.Bridge(name, "mixing", inside)))


@dataclass
class Centre:
    """The database's side, by the rules of services.calls; None when the call is over."""

    call: Standing | None = None
    ended: ContactState | None = None
    taken: int = 0
    offers: int = 0

    def received(self) -> None:
        """A call came in."""
        if self.call is None and self.ended is None:
            caller = StandingLeg(_CALLER, LegRole.CALLER, LegState.UP, None, "", "", _AT)
            self.call = Standing(
                _CONTACT, 1, ContactState.QUEUED, None, 1, None, CallState.WAITING, _CALLER, "", "",
                None, "", False, None, "off", _AT, _AT, None, None, 0, 0, None, None, (caller,),
            )  # fmt: skip

    def offer(self, staff_id: int) -> None:
        """Routing, or somebody who takes it."""
        if self.call and self.call.contact_state is ContactState.QUEUED:
            self.offers += 1
            offer = Offer(self.offers, staff_id, "101", None, _AT)
            self.call = replace(
                self.call, contact_state=ContactState.OFFERED, offer=offer, owner_id=staff_id
            )

    def back(self) -> None:
        """It was declined, or ran out."""
        if self.call and self.call.contact_state is ContactState.OFFERED:
            self.call = replace(
                self.call, contact_state=ContactState.QUEUED, offer=None, owner_id=None
            )

    def write(self, what: step.Write) -> None:
        """What services.calls makes of it."""
        call = self.call
        assert call is not None
        match what:
            case step.Rang():
                if call.offer:
                    self.call = replace(call, state=CallState.RINGING)
            case step.Answered(offer=offer, channel=channel):
                if call.offer and call.offer.assignment_id == offer.assignment_id:
                    self.taken += 1
                    self.call = replace(
                        call, contact_state=ContactState.ACTIVE, offer=None,
                        state=CallState.TALKING, answered_at=_AT,
                    )  # fmt: skip
                    self._leg(channel, LegState.UP)
            case step.NotAnswered(offer=offer):
                if call.offer and call.offer.assignment_id == offer.assignment_id:
                    self.back()
                    assert self.call is not None
                    self.call = replace(self.call, state=CallState.WAITING)
            case step.LegUp(channel=channel):
                self._leg(channel, LegState.UP)
            case step.LegEnded(channel=channel):
                legs = tuple(each for each in call.legs if each.channel != channel)
                self.call = replace(call, legs=legs)
            case step.Does(state=state):
                self.call = replace(call, state=state)
            case step.Over():
                waits = call.contact_state in (ContactState.QUEUED, ContactState.OFFERED)
                self.ended = ContactState.ABANDONED if waits else ContactState.WRAP_UP
                self.call = None

    def _leg(self, channel: str, state: LegState) -> None:
        assert self.call is not None
        self.call = replace(
            self.call,
            legs=tuple(
                replace(each, state=state) if each.channel == channel else each
                for each in self.call.legs
            ),
        )

    def rings(self, channel: str, staff_id: int) -> None:
        """A channel is about to be called."""
        assert self.call is not None
        leg = StandingLeg(channel, LegRole.ADVISOR, LegState.RINGING, staff_id, "", "", _AT)
        self.call = replace(self.call, legs=(*self.call.legs, leg))


class World:
    """Both, and a switchboard between them that may be killed at any time."""

    def __init__(self) -> None:
        self.pbx, self.centre, self.sight = Pbx(), Centre(), Sight()
        #: What was asked for a moment ago is not asked for again.
        self.asked: set[step.Ask] = set()

    def event(self, event: events.AriEvent) -> None:
        """The switchboard hears one."""
        if isinstance(event, events.StasisStart) and event.args[:1] == ("in",):
            self.centre.received()
            self.sight.came(event.channel.id, _CONTACT)
        self.sight.note(event)
        self.settle()

    def look(self, *, first: bool = False) -> None:
        """It looks at all that there is, some moments later."""
        self.asked.clear()
        call = self.centre.call
        if call is not None:
            self.sight.callers[_CALLER] = _CONTACT
        channels = list(self.pbx.channels.values())
        if _CALLER in self.pbx.channels:
            self.centre.received()
            self.sight.came(_CALLER, _CONTACT)
        call = self.centre.call
        expected = [leg.channel for leg in call.legs] if call else []
        bridges = [
            things.Bridge(name, "", tuple(inside)) for name, inside in self.pbx.bridges.items()
        ]
        self.sight.look(channels, bridges, expected, first=first)
        self.settle()

    def killed(self) -> None:
        """The gateway dies, and another looks at all that there is."""
        self.sight = Sight()
        self.pbx.said.clear()
        self.look(first=True)

    def settle(self) -> None:
        """As the switchboard does it."""
        for _ in range(20):
            if self.centre.call is None:
                asks = step.left_over(_CONTACT, self.sight)
                self._ask(asks)
                if not asks:
                    self.sight.forget(_CONTACT)
                return
            found = step.judge(self.centre.call, self.sight)
            if isinstance(found, tuple):
                self._ask(found)
                return
            self.centre.write(found)
        raise AssertionError("a call that is never settled")

    def _ask(self, asks: tuple[step.Ask, ...]) -> None:
        for each in asks:
            if each in self.asked:
                continue
            self.asked.add(each)
            match each:
                case step.Wait():
                    self.pbx.join(_HELD, _CALLER)
                case step.Connect(channel=channel):
                    self.pbx.join(naming.talk(_CONTACT), _CALLER, channel)
                case step.HangUp(channel=channel):
                    self.pbx.ends(channel, 16)
                case step.TearDown(bridge=bridge):
                    if self.pbx.bridges.pop(bridge, None) is not None:
                        gone = things.Bridge(bridge, "", ())
                        self.pbx.said.append(events.BridgeDestroyed(gone))
                case step.Ring(offer=offer):
                    name = naming.leg(_CONTACT, LegRole.ADVISOR, offer.assignment_id)
                    self.centre.rings(name, offer.staff_id)
                    self.pbx.channels[name] = _channel(name, "Down", here=False)
                    self.pbx.said.append(events.ChannelCreated(self.pbx.channels[name]))

    @property
    def phones(self) -> list[str]:
        """The advisors' channels at the PBX, the newest last."""
        return [each for each in self.pbx.channels if each != _CALLER]


_DOINGS = st.lists(
    st.sampled_from(
        [
            *("hear", "hear", "hear all", "hear all", "hear all", "offer", "offer", "offer"),
            *("answers", "answers", "answers", "rings", "back", "lose", "lose", "twice", "late"),
            *("refuses", "hangs up", "caller leaves", "look", "killed", "junk"),
        ]
    ),
    min_size=5,
    max_size=50,
)


def _do(world: World, what: str, dice: random.Random) -> None:  # noqa: C901, PLR0912 - one each
    pbx = world.pbx
    match what:
        case "hear" if pbx.said:
            world.event(pbx.said.pop(0))
        case "hear all":
            for _ in range(len(pbx.said)):
                world.event(pbx.said.pop(0))
        case "lose" if pbx.said:
            pbx.said.pop(dice.randrange(len(pbx.said)))
        case "twice" if pbx.said:
            pbx.said.insert(dice.randint(0, len(pbx.said)), dice.choice(pbx.said))
        case "late" if pbx.said:
            pbx.said.append(pbx.said.pop(0))
        case "offer":
            world.centre.offer(dice.randint(1, 2))
            world.settle()
        case "back":
            world.centre.back()
            world.settle()
        case "rings" if world.phones:
            pbx.state(world.phones[-1], "Ringing")
        case "answers" if world.phones:
            pbx.state(dice.choice(world.phones), "Up", here=True)
        case "refuses" if world.phones:
            pbx.ends(world.phones[-1], dice.choice([17, 19, 20, 21]))
        case "hangs up" if world.phones:
            pbx.ends(dice.choice(world.phones), 0)
        case "caller leaves":
            pbx.ends(_CALLER, dice.choice([16, 44, 127]))
        case "look":
            world.look()
        case "killed":
            world.killed()
        case "junk":
            stranger = _channel(dice.choice(["x.9", "crm-", "crm-x-1", "crm-talk-"]))
            world.event(events.ChannelStateChange(stranger))


def _quiet(world: World) -> None:
    """Nothing more happens but what the switchboard asks for, and looks."""
    for _ in range(6):
        for _ in range(300):
            if not world.pbx.said:
                break
            world.event(world.pbx.said.pop(0))
        assert not world.pbx.said, "asks without end"
        world.look()


@given(_DOINGS, st.randoms(use_true_random=False))
def test_however_the_events_come_a_call_is_what_the_pbx_has(
    doings: list[str], dice: random.Random
) -> None:
    world = World()
    world.pbx.comes()
    for each in doings:
        _do(world, each, dice)

    _quiet(world)

    pbx, centre = world.pbx, world.centre
    assert centre.taken <= 1
    assert all(len(each - {_CALLER}) <= 1 for each in pbx.talked)
    if _CALLER not in pbx.channels:
        assert centre.call is None
    if centre.call is None:
        assert not world.phones
        assert not pbx.bridges
        assert _CALLER not in pbx.channels
        assert (centre.ended is ContactState.WRAP_UP) == (centre.taken == 1)
    elif centre.call.contact_state is ContactState.ACTIVE:
        assert len(world.phones) == 1
        assert pbx.bridges[naming.talk(_CONTACT)] == {_CALLER, *world.phones}
        assert centre.call.state is CallState.TALKING
    else:
        assert _CALLER in pbx.bridges[_HELD]
        assert len(world.phones) == (centre.call.offer is not None)


@given(_DOINGS, st.randoms(use_true_random=False))
def test_when_the_caller_has_left_nothing_of_the_call_is_left(
    doings: list[str], dice: random.Random
) -> None:
    world = World()
    world.pbx.comes()
    for each in doings:
        _do(world, each, dice)
    world.pbx.ends(_CALLER, 16)

    _quiet(world)

    assert world.centre.call is None
    assert not world.pbx.channels
    assert not world.pbx.bridges
    assert not world.sight.lines
    assert not world.sight.callers
