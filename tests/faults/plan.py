"""What a seed means: which database, what is broken, when, for how long, and the relay's mood."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from crm_desktop.store.database import Dialect
from tests.faults.relay import Mood


class Kind(StrEnum):
    """One way to break the centre."""

    KILL_GATEWAY = "gateway killed (SIGKILL)"
    KILL_DESKTOP = "desktop killed (SIGKILL)"
    KILL_ADVISOR = "advisor's process killed (SIGKILL)"
    FREEZE_GATEWAY = "gateway stopped and woken (SIGSTOP, SIGCONT)"
    KILL_SERVER = "PostgreSQL killed, all of it (SIGKILL)"
    KILL_BACKEND = "one PostgreSQL backend killed (SIGKILL)"
    STOP_SERVER = "PostgreSQL stopped (pg_ctl -m immediate)"
    CUT = "every connection to PostgreSQL reset"
    SILENCE = "the network to PostgreSQL silent, then cut"
    DISK_FULL = "the database's disk full"
    LOCKED = "the database locked by another program"


class After(StrEnum):
    """What the fault waits for, so that it comes in the middle of something."""

    NOTHING = "time"
    DELIVERY = "a delivery"
    ACCEPTANCE = "an acceptance"


@dataclass(frozen=True, slots=True)
class Fault:
    """`at`: seconds from the round's start; then `after` is awaited, then `delay` seconds pass.

    It lasts for `lasts` seconds, until what it broke is mended. `which` chooses among victims.
    """

    kind: Kind
    at: float
    after: After
    delay: float
    lasts: float
    which: int


@dataclass(frozen=True, slots=True)
class Round:
    """One seed's round: `seconds` of load, in which the faults begin."""

    seed: int
    dialect: Dialect
    seconds: float
    faults: tuple[Fault, ...]
    mood: Mood


_CYCLE = 8
_ON_SQLITE = (2, 5, 7)
_EVERYWHERE = (Kind.KILL_GATEWAY, Kind.KILL_DESKTOP, Kind.KILL_ADVISOR, Kind.FREEZE_GATEWAY)
#: Arranged so that the first two of eight rounds after one another are all of them.
KINDS: dict[Dialect, tuple[Kind, ...]] = {
    "postgresql": (
        Kind.KILL_GATEWAY,
        Kind.KILL_SERVER,
        Kind.KILL_DESKTOP,
        Kind.STOP_SERVER,
        Kind.DISK_FULL,
        Kind.KILL_ADVISOR,
        Kind.CUT,
        Kind.FREEZE_GATEWAY,
        Kind.SILENCE,
        Kind.KILL_BACKEND,
    ),
    "sqlite": (
        Kind.KILL_GATEWAY,
        Kind.DISK_FULL,
        Kind.FREEZE_GATEWAY,
        Kind.KILL_DESKTOP,
        Kind.LOCKED,
        Kind.KILL_ADVISOR,
    ),
}


def plan(seed: int) -> Round:
    """The same for the same seed, whatever was before it."""
    rng = Random(f"round {seed}")
    turn, place = divmod(seed, _CYCLE)
    dialect: Dialect = "sqlite" if place in _ON_SQLITE else "postgresql"
    others = [each for each in range(_CYCLE) if (each in _ON_SQLITE) == (place in _ON_SQLITE)]
    number = turn * len(others) + others.index(place)
    kinds = KINDS[dialect]
    chosen = [kinds[2 * number % len(kinds)], kinds[(2 * number + 1) % len(kinds)]]
    if rng.random() < 0.4:
        chosen.append(rng.choice(kinds))
    rng.shuffle(chosen)
    seconds = rng.uniform(2.0, 3.2)
    faults = sorted((_fault(rng, kind, seconds) for kind in chosen), key=lambda each: each.at)
    mood = Mood(
        silent=rng.choice((0.0, 0.1, 0.25)),
        later=rng.choice((0.0, 0.1)),
        slow=rng.choice((0.0, 0.3, 0.5)),
    )
    return Round(seed, dialect, seconds, tuple(faults), mood)


def _fault(rng: Random, kind: Kind, seconds: float) -> Fault:
    lasts = rng.uniform(0.05, 1.2)
    if kind is Kind.FREEZE_GATEWAY:
        # Every third time until its leases are somebody else's.
        lasts = rng.uniform(9.0, 10.5) if rng.random() < 1 / 3 else rng.uniform(0.2, 2.0)
    return Fault(
        kind=kind,
        at=rng.uniform(0.2, seconds),
        after=rng.choice(list(After)),
        delay=rng.choice((0.0, rng.uniform(0.0, 0.03))),
        lasts=lasts,
        which=rng.randrange(1_000),
    )
