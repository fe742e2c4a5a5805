"""Alarms of this desktop and of others, by the database and beside it by the local network."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol
from uuid import uuid4

from crm_desktop.desktop.core.layout import PLACE, SITE, Settings, number_of
from crm_desktop.desktop.core.presenting import CancelToken, Presenter, Tasks
from crm_desktop.domain.alarms import Acknowledged, Means, OpenAlarm, Raised, Step, Told
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, CrmError, DatabaseTrouble, NotFound
from crm_desktop.domain.people import Person
from crm_desktop.services import Database, alarms

_WAITING, _PLACES = "alarm/waiting", "alarm/places"


class AlarmView(Protocol):
    """What the presenter asks of the desktop."""

    def show_alarms(self, found: tuple[OpenAlarm, ...]) -> None:
        """Others' alarms that go on; shown on top of everything and sounded, unless none."""

    def show_own(self, alarm: OpenAlarm | None) -> None:
        """This person's own, as unobtrusively as can be; None: none goes on."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be done."""


class Ways(Protocol):
    """How this computer tells alarms beside the database."""

    computer: str

    def equip(self, means: Means) -> None:
        """Keep what is needed while the database is away."""

    def tell(self, told: Told) -> None:
        """Tell the other desktops of the building."""


@dataclass
class _Known:
    """What is known of one alarm by the network alone, until the database says more."""

    alarm: OpenAlarm
    site_id: int
    to_answer: bool = False
    to_end: bool = False


class AlarmPresenter(Presenter):
    """Merges what the database and the network say of each alarm, by its key."""

    def __init__(
        self,
        db: Database,
        tasks: Tasks,
        view: AlarmView,
        *,
        ways: Ways | None,
        settings: Settings,
        me: Person,
        now: Callable[[], datetime],
    ) -> None:
        super().__init__(tasks)
        self._db, self._view, self._ways, self._settings = db, view, ways, settings
        self._me, self._now = me.name, now
        self._own_waiting = f"{_WAITING}/{me.login}"
        self._kept: dict[str, OpenAlarm] = {}
        self._told: dict[str, _Known] = {}
        self._over: set[str] = set()
        self._own: set[str] = set()
        self._waiting = {each.key: each for each in _read_waiting(settings.get(self._own_waiting))}
        self._entering: set[str] = set()

    def start(self) -> None:
        """Read what goes on, enter what waits, and get ready for when the database is away."""
        self._enter()
        self._read()
        self._get_ready()

    def changed(self, changes: Changes) -> None:
        """An alarm was raised, acknowledged or ended; or the database is back."""
        if changes.has(Topic.EVERYTHING):
            self.start()
        elif changes.has(Topic.ALARM):
            self._read()
        elif changes.has(Topic.SITE):
            self._get_ready()

    def raise_alarm(self, *, test: bool = False, contact_id: int | None = None) -> None:
        """Tell everybody where this person is.

        While one of theirs goes on, the building is told anew; a test is ended instead.
        """
        own = (each for each in self._merged() if each.mine and each.test is test)
        if (going := next(own, None)) is not None:
            if test:
                self.end(going.key)
            else:
                self._tell(Step.RAISED, going, self._where()[0])
            return
        site_id, place_id, site, place = self._where()
        at = self._now()
        computer = self._ways.computer if self._ways else ""
        said = Raised(
            uuid4().hex,
            site_id or None,
            place_id,
            "" if place or not computer else f"At the computer {computer}",
            computer,
            contact_id,
            at,
            test,
        )
        alarm = OpenAlarm(
            said.key, None, site, place, said.words, self._me, at, test, mine=True, answered=False
        )
        self._own.add(said.key)
        self._told[said.key] = _Known(alarm, site_id)
        self._tell(Step.RAISED, alarm, site_id)
        self._waiting[said.key] = said
        self._keep_waiting()
        self._show()
        # Its time is the database's, unless it has to wait.
        self._write(said, replace(said, raised_at=None))

    def hear(self, told: Told) -> None:
        """Another desktop of the building tells."""
        known = self._told.get(told.key)
        if told.step is Step.ENDED:
            self._over.add(told.key)
            self._told.pop(told.key, None)
        elif told.key in self._over:
            return
        elif known is None and told.step is Step.RAISED and told.key not in self._own:
            alarm = OpenAlarm(
                told.key, None, told.site, told.place, "", told.who, told.at, told.test,
                mine=False, answered=False,
            )  # fmt: skip
            self._told[told.key] = _Known(alarm, told.site_id)
        elif told.step is Step.ANSWERED and (known or told.key in self._kept):
            before = known.alarm if known else self._kept[told.key]
            answered = _answered(before, Acknowledged(told.who, told.at))
            self._told[told.key] = replace(known or _Known(before, told.site_id), alarm=answered)
        self._show()

    def acknowledge(self, key: str) -> None:
        """This person is on the way."""
        alarm = self._find(key)
        if alarm is None or alarm.mine or alarm.answered:
            return
        known = self._told.setdefault(key, _Known(alarm, 0))
        answered = _answered(known.alarm, Acknowledged(self._me, self._now()))
        known.alarm, known.to_answer = replace(answered, answered=True), True
        self._tell(Step.ANSWERED, alarm, known.site_id)
        self._show()
        self._settle(key)

    def end(self, key: str) -> None:
        """It is over, for all."""
        alarm = self._find(key)
        if alarm is None:
            return
        known = self._told.setdefault(key, _Known(alarm, 0))
        known.to_end = True
        self._over.add(key)
        self._tell(Step.ENDED, alarm, known.site_id)
        self._show()
        self._settle(key)

    def alarm(self, key: str) -> OpenAlarm | None:
        """What is known of it now."""
        return self._find(key)

    def _read(self) -> None:
        self._tasks.read(
            partial(alarms.open_alarms, self._db), self._read_all, failed=_later, key="alarms"
        )

    def _read_all(self, found: tuple[OpenAlarm, ...]) -> None:
        fresh = {each.key: each for each in found}
        for key in self._kept.keys() - fresh.keys():
            # The database had it, and has it no more.
            self._over.add(key)
            self._told.pop(key, None)
        self._kept = fresh
        # The database's word counts: only what it does not have yet may be over before.
        self._over -= {key for key in fresh if not self._ends(key)}
        self._show()
        for key in fresh:
            self._settle(key)

    def _ends(self, key: str) -> bool:
        return key in self._told and self._told[key].to_end

    def _settle(self, key: str) -> None:
        """Enter what this person did with an alarm, once the database has it."""
        known, kept = self._told.get(key), self._kept.get(key)
        if known is None or kept is None or kept.id is None:
            return
        if known.to_answer and not kept.answered:
            known.to_answer = False
            self._tasks.write(
                partial(alarms.acknowledge, self._db, kept.id),
                failed=partial(self._not_done, known, "to_answer"),
            )
        if known.to_end:
            known.to_end = False
            self._tasks.write(
                partial(alarms.end, self._db, kept.id),
                failed=partial(self._not_done, known, "to_end"),
            )

    def _not_done(self, known: _Known, what: str, trouble: CrmError) -> None:
        if isinstance(trouble, DatabaseTrouble):
            setattr(known, what, True)
        elif not isinstance(trouble, Conflict | NotFound):
            self._over.discard(known.alarm.key)
            self._view.show_trouble(trouble)
            self._read()

    def _enter(self) -> None:
        for said in list(self._waiting.values()):
            self._write(said, said)

    def _write(self, said: Raised, given: Raised) -> None:
        if said.key in self._entering:
            return
        self._entering.add(said.key)
        self._tasks.write(
            partial(alarms.raise_alarm, self._db, given),
            partial(self._entered, said.key),
            failed=partial(self._not_entered, said.key),
        )

    def _entered(self, key: str, _changes: object) -> None:
        self._entering.discard(key)
        if self._waiting.pop(key, None) is not None:
            self._keep_waiting()
        self._read()

    def _not_entered(self, key: str, trouble: CrmError) -> None:
        self._entering.discard(key)
        if not isinstance(trouble, DatabaseTrouble):
            # It would never be taken; the building was told.
            self._waiting.pop(key, None)
            self._keep_waiting()

    def _keep_waiting(self) -> None:
        said = [
            {
                "key": each.key, "site": each.site_id, "place": each.place_id, "words": each.words,
                "computer": each.computer, "contact": each.contact_id, "test": each.test,
                "at": each.raised_at.isoformat() if each.raised_at else None,
            }
            for each in self._waiting.values()
        ]  # fmt: skip
        self._settings.set(self._own_waiting, json.dumps(said))

    def _get_ready(self) -> None:
        self._tasks.search(
            partial(_equip, self._db, self._ways), self._equipped, failed=_later, key="alarm means"
        )

    def _equipped(self, means: Means) -> None:
        self._settings.set(_PLACES, json.dumps(means.places))

    def _where(self) -> tuple[int, int | None, str, str]:
        """Where this computer stands: site and place, by id and by name, as far as is known."""
        site_id, place_id = (number_of(self._settings, key) for key in (SITE, PLACE))
        try:
            places = json.loads(self._settings.get(_PLACES) or "{}")
            if place_id is not None:
                at, site, place = places[str(place_id)]
                return int(at), place_id, str(site), str(place)
            names = {int(at): str(site) for at, site, _ in places.values()}
        except (ValueError, KeyError, TypeError):
            return site_id or 0, place_id, "", ""
        return site_id or 0, None, names.get(site_id or 0, ""), ""

    def _tell(self, step: Step, alarm: OpenAlarm, site_id: int) -> None:
        if self._ways is None:
            return
        raised = step is Step.RAISED
        self._ways.tell(
            Told(
                step,
                alarm.key,
                site_id,
                self._me,
                alarm.raised_at if raised else self._now(),
                alarm.site,
                alarm.place or alarm.words,
                alarm.test,
            )
        )

    def _find(self, key: str) -> OpenAlarm | None:
        return next((each for each in self._merged() if each.key == key), None)

    def _merged(self) -> list[OpenAlarm]:
        found = {
            key: known.alarm
            for key, known in self._told.items()
            if key not in self._kept and key not in self._over
        }
        for key, kept in self._kept.items():
            if key in self._over:
                continue
            alarm = kept
            if key in self._told:
                by_network = self._told[key].alarm
                for answer in by_network.answers:
                    alarm = _answered(alarm, answer)
                alarm = replace(alarm, answered=alarm.answered or by_network.answered)
            found[key] = alarm
        return sorted(found.values(), key=lambda each: (each.raised_at, each.key))

    def _show(self) -> None:
        merged = self._merged()
        self._view.show_alarms(tuple(each for each in merged if not each.mine))
        self._view.show_own(next((each for each in reversed(merged) if each.mine), None))


def _answered(alarm: OpenAlarm, answer: Acknowledged) -> OpenAlarm:
    if any(each.name == answer.name for each in alarm.answers):
        return alarm
    return replace(alarm, answers=(*alarm.answers, answer))


def _equip(db: Database, ways: Ways | None, _token: CancelToken) -> Means:
    """On a worker: what is needed while the database is away, kept here."""
    means = alarms.means(db)
    if ways is not None:
        ways.equip(means)
    return means


def _later(_trouble: CrmError) -> None:
    """The light says that the database is away; everything is read when it is back."""


def _read_waiting(text: str | None) -> list[Raised]:
    try:
        return [
            Raised(
                each["key"], each["site"], each["place"], each["words"], each["computer"],
                each["contact"], datetime.fromisoformat(each["at"]), each["test"],
            )
            for each in json.loads(text or "[]")
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError):
        return []
