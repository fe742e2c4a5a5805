"""The switchboard of one PBX: events and changes in, one step after the other out.

One thread decides, so that nothing of a call happens twice at once; another listens to the PBX.
After every connection, and every few seconds, all that there is at the PBX is looked at: a call
whose events were lost still comes to its end.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from crm_desktop.channels.voice.ari import Ari
from crm_desktop.channels.voice.events import ApplicationReplaced, AriEvent, StasisStart
from crm_desktop.channels.voice.stream import EventStream
from crm_desktop.channels.voice.things import Channel
from crm_desktop.channels.voice.trouble import (
    AriAway,
    AriDenied,
    AriNotFound,
    AriRefused,
    AriTrouble,
    AriUntrusted,
)
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import (
    CrmError,
    DatabaseTrouble,
    InvalidInput,
    LeaseLost,
    NoKeyring,
)
from crm_desktop.gateway.accounts import pbx_settings
from crm_desktop.gateway.calls import naming
from crm_desktop.gateway.calls.doing import Doer
from crm_desktop.gateway.calls.pbx import Part, Pbx
from crm_desktop.gateway.calls.sight import Sight
from crm_desktop.gateway.calls.step import Step, judge, left_over
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, calls
from crm_desktop.services.accounts import Account
from crm_desktop.services.calls import Arrival, Standing
from crm_desktop.services.leases import Lease

_LOG = logging.getLogger(__name__)

#: Between looks at all that there is; the second one comes soon after a connection.
_LOOK_SECONDS, _SECOND_LOOK_SECONDS = 5.0, 1.0
_SOON_SECONDS = 1.0
#: After a refused password.
_SLOWLY_SECONDS = 15.0
#: More writes than a call's whole life has in one go are a bug; the next look goes on.
_MOST_STEPS = 20

#: What takes part in the calls of a PBX; made once for a switchboard.
MakeParts = Callable[[], Sequence[Part]]

_Inbox = queue.SimpleQueue["list[AriEvent] | Changes | AriTrouble | None"]


class Switchboard(Worker):
    """Speaks with one PBX, for as long as the lease lasts."""

    def __init__(
        self,
        db: Database,
        account: Account,
        lease: Lease,
        *,
        secrets: SecretSource,
        statuses: StatusBoard,
        parts: MakeParts = lambda: (),
    ) -> None:
        super().__init__(lease.name)
        self._db = db
        self._account = account
        self._lease = lease
        self._secrets = secrets
        self._statuses = statuses
        self._parts = tuple(parts())
        self._inbox: _Inbox = queue.SimpleQueue()
        #: The calls that have not ended.
        self._open: set[int] = set()

    def heard(self, changes: Changes) -> None:
        """Something changed; callable from any thread."""
        for part in self._parts:
            part.heard(changes)
        if changes.has(Topic.CONTACT, Topic.CALL):
            self._inbox.put(changes)

    def stop(self) -> None:
        """End after what is under way; conversations go on."""
        super().stop()
        self._inbox.put(None)

    def close(self) -> None:
        """Another gateway speaks for the PBX now."""
        self._statuses.forget(self._account.id)

    def work(self) -> None:
        """One connection, from the first look until it is lost."""
        try:
            self._account = accounts.get(self._db, self._account.id)
            settings = pbx_settings(self._account, self._secrets)
        except (InvalidInput, NoKeyring) as trouble:
            self._trouble(str(trouble), _SLOWLY_SECONDS)
            return
        try:
            with (
                EventStream(settings.url, settings.user, settings.password, settings.app) as stream,
                Ari(settings.url, settings.user, settings.password) as ari,
            ):
                look_at = self._look_at
                pbx = Pbx(self._db, ari, self._account.id, self._lease, settings, Sight(), look_at)
                self._connected(pbx, stream)
        except (AriDenied, AriUntrusted) as refusal:
            self._trouble(f"{refusal}.", _SLOWLY_SECONDS)
        except AriAway:
            self._trouble(f"The PBX does not answer at {settings.url}.", _SOON_SECONDS)
        except AriTrouble as trouble:
            self._trouble(f"The PBX answers, but not as it should: {trouble}", _SOON_SECONDS)

    def _trouble(self, words: str, seconds: float) -> None:
        if self.stopping.is_set():
            return
        calls.lost(self._db, self._account.id, self._lease)
        self._statuses.trouble(self._account.id, words, self._lease)
        self.stopping.wait(seconds)

    def _look_at(self, contact_id: int) -> None:
        self._inbox.put(Changes.of(Topic.CALL, contact_id))

    def _connected(self, pbx: Pbx, stream: EventStream) -> None:
        inbox: _Inbox = queue.SimpleQueue()
        self._inbox = inbox
        doer = Doer(pbx)
        listener = threading.Thread(
            target=_listen, args=(stream, inbox), name=f"{self.name} events", daemon=True
        )
        listener.start()
        self._look(pbx, doer, first=True)
        calls.found(self._db, self._account.id, self._lease)
        self._statuses.ok(self._account.id, self._lease)
        for part in self._parts:
            part.begin(pbx)
        try:
            self._go_on(pbx, doer, inbox)
        finally:
            for part in self._parts:
                part.end()

    def _go_on(self, pbx: Pbx, doer: Doer, inbox: _Inbox) -> None:
        look_at = time.monotonic() + _SECOND_LOOK_SECONDS
        while not self.stopping.is_set():
            try:
                came = inbox.get(timeout=max(0.0, look_at - time.monotonic()))
            except queue.Empty:
                if accounts.get(self._db, self._account.id).settings != self._account.settings:
                    return
                self._look(pbx, doer, first=False)
                self._statuses.ok(self._account.id, self._lease)
                look_at = time.monotonic() + _LOOK_SECONDS
                continue
            if isinstance(came, AriTrouble):
                raise came
            if isinstance(came, Changes):
                self._settle(pbx, doer, self._concerned(came))
            elif came:
                self._settle(pbx, doer, self._events(pbx, came))

    def _concerned(self, changes: Changes) -> set[int]:
        if changes.has(Topic.EVERYTHING) and changes.ids(Topic.EVERYTHING):
            return set(self._open)
        return set(changes.ids(Topic.CALL)) | (changes.ids(Topic.CONTACT) & self._open)

    def _look(self, pbx: Pbx, doer: Doer, *, first: bool) -> None:
        standing = calls.standing(self._db, self._account.id)
        if first:
            for each in standing:
                if each.channel:
                    pbx.sight.callers[each.channel] = each.contact_id
                    _hear_of_its_end(pbx, each.channel)
        channels, bridges = pbx.ari.channels(), pbx.ari.bridges()
        expected = [leg.channel for each in standing for leg in each.legs]
        pbx.sight.look(channels, bridges, expected, first=first)
        concerned = {each.contact_id for each in standing} | self._open
        for channel in channels:
            if channel.application == "Stasis" and pbx.sight.contact_of(channel.id) is None:
                app, *args = channel.application_data.split(",")
                if app == pbx.settings.app and args[:1] in ([], ["in"]):
                    concerned |= self._arrived(pbx, channel, args)
        ours = (*(each.id for each in channels), *(each.id for each in bridges))
        strays = {naming.contact_of(each) for each in ours}
        self._settle(pbx, doer, concerned | {each for each in strays if each is not None})

    def _events(self, pbx: Pbx, came: Iterable[AriEvent]) -> set[int]:
        """Note what happened; the contacts that it concerns."""
        concerned: set[int] = set()
        for event in came:
            if isinstance(event, ApplicationReplaced):
                raise AriAway("Another program has taken our place at the PBX")
            if isinstance(event, StasisStart):
                concerned |= self._started(pbx, event)
            contact_id = pbx.sight.note(event)
            for part in self._parts:
                part.saw(event, contact_id)
            if contact_id is not None:
                concerned.add(contact_id)
        return concerned

    def _started(self, pbx: Pbx, event: StasisStart) -> set[int]:
        if pbx.sight.contact_of(event.channel.id) is not None:
            return set()
        if event.args[:1] in ((), ("in",)):
            return self._arrived(pbx, event.channel, event.args)
        if not any(part.takes(event) for part in self._parts):
            self._send_on(pbx, event.channel.id)
        return set()

    def _arrived(self, pbx: Pbx, channel: Channel, args: Sequence[str]) -> set[int]:
        """A call comes in: a contact from now on, once."""
        _, dialled, choice, *_ = (*args, "", "", "")
        _hear_of_its_end(pbx, channel.id)
        try:
            withheld = pbx.ari.channel_variable(channel.id, "CALLERID(num-pres)")
        except AriNotFound:
            withheld = ""  # gone already: given up at once
        arrival = Arrival(
            pbx.account_id,
            channel.id,
            "" if withheld.startswith("prohib") else channel.number,
            dialled or channel.exten,
            choice,
            channel.id,
        )
        try:
            contact_id = calls.received(self._db, arrival, self._lease)
        except (DatabaseTrouble, LeaseLost):
            raise
        except CrmError as trouble:
            _LOG.error("a call could not be taken in: %s", trouble)
            self._send_on(pbx, channel.id)
            return set()
        pbx.sight.came(channel.id, contact_id)
        return {contact_id}

    @staticmethod
    def _send_on(pbx: Pbx, channel: str) -> None:
        """What is not for us goes on in the dialplan."""
        with suppress(AriNotFound):
            pbx.ari.continue_in_dialplan(channel)

    def _settle(self, pbx: Pbx, doer: Doer, concerned: set[int]) -> None:
        """Every call that is concerned becomes, step by step, what it should be."""
        standing = {each.contact_id: each for each in calls.standing_of(self._db, concerned)}
        for contact_id in sorted(concerned):
            call = standing.get(contact_id)
            for _ in range(_MOST_STEPS):
                if call is None or call.account_id != pbx.account_id:
                    self._clear(pbx, doer, contact_id)
                    break
                self._open.add(contact_id)
                step = self._step(call, pbx.sight)
                if isinstance(step, tuple):
                    for each in step:
                        doer.ask(contact_id, call, each)
                    for part in self._parts:
                        part.stands(call)
                    break
                over = doer.write(call, step)
                if over is not None:
                    for part in self._parts:
                        part.ended(over)
                call = next(iter(calls.standing_of(self._db, [contact_id])), None)

    def _step(self, call: Standing, sight: Sight) -> Step:
        for part in self._parts:
            if (step := part.rule(call, sight)) is not None:
                return step
        return judge(call, sight)

    def _clear(self, pbx: Pbx, doer: Doer, contact_id: int) -> None:
        self._open.discard(contact_id)
        asks = left_over(contact_id, pbx.sight)
        for each in asks:
            doer.ask(contact_id, None, each)
        if not asks:
            pbx.sight.forget(contact_id)
            doer.forget(contact_id)


def _hear_of_its_end(pbx: Pbx, channel: str) -> None:
    """Only so is a caller's channel told to be gone, and why; refused when it is gone already."""
    with suppress(AriRefused):
        pbx.ari.subscribe(pbx.settings.app, channel)


def _listen(stream: EventStream, inbox: _Inbox) -> None:
    """On a thread of its own: everything that the PBX says, until it is lost."""
    try:
        while True:
            if events := stream.receive(1.0):
                inbox.put(events)
    except AriTrouble as lost:
        inbox.put(lost)
