"""The gateway: doors, mailboxes, lanes, sweeper and routing, started and stopped together."""

from __future__ import annotations

import secrets as random_secrets
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError, DatabaseNewer, NoKeyring
from crm_desktop.gateway.accounts import ASTERISK, IMAP
from crm_desktop.gateway.config import GatewayConfig, SecretSource
from crm_desktop.gateway.counting import FigureKeeper
from crm_desktop.gateway.email_lane import email_lane
from crm_desktop.gateway.fitting import FitWatch
from crm_desktop.gateway.jobs import JobKeeper, StartJob
from crm_desktop.gateway.kiosks import KioskDoor
from crm_desktop.gateway.lanes import InHand, LaneWorker
from crm_desktop.gateway.listeners import MailDoor, WebDoor
from crm_desktop.gateway.recording.jobs import RecordingJobs
from crm_desktop.gateway.routing import Router
from crm_desktop.gateway.social import SocialReader
from crm_desktop.gateway.social_door import SocialDoor
from crm_desktop.gateway.social_lane import lane as social_lane
from crm_desktop.gateway.social_networks import KINDS as NETWORKS
from crm_desktop.gateway.social_networks import Networks, OpenNetwork
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.sweeping import Sweeper
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, sweeper
from crm_desktop.services.accounts import Account
from crm_desktop.services.feed import open_feed
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane

# A gateway without a PBX or a mailbox to read is not made to carry what speaks to one.
if TYPE_CHECKING:
    from crm_desktop.gateway.calls.switchboard import MakeParts, Switchboard

#: The keyring's name for what signs the forms' tickets.
FORM_SECRET = "web-forms"  # noqa: S105 - the name, not the secret
_THREADS_A_LANE = 3

#: Further leased jobs, by lease name, such as the polling of a back office.
MoreJobs = Callable[[Database, StatusBoard], Mapping[str, StartJob]]


class Gateway:
    """Everything that runs; `start` returns when the doors are open or known to be taken.

    `db` serves the workers, `keeper_db` the leases alone. `more_lanes` and `more_jobs` are what
    other parts add to mail and housekeeping, `call_parts` what takes part in calls, `recordings`
    what keeps their sound; `open_network` opens accounts on social networks. `outgrown` hears, on
    another thread, that the database was upgraded by a newer program.
    """

    def __init__(
        self,
        db: Database,
        keeper_db: Database,
        config: GatewayConfig,
        secrets: SecretSource,
        *,
        more_lanes: Callable[[StatusBoard], Iterable[Lane]] = lambda _: (),
        more_jobs: MoreJobs = lambda _db, _statuses: {},
        outgrown: Callable[[DatabaseNewer], None] = lambda _trouble: None,
        recordings: RecordingJobs | None = None,
        call_parts: MakeParts = lambda: (),
        open_network: OpenNetwork | None = None,
    ) -> None:
        self._db = db
        self._keeper_db = keeper_db
        self._config = config
        self._secrets = secrets
        self.statuses = StatusBoard(db)
        self._lanes = [email_lane(secrets, self.statuses), *more_lanes(self.statuses)]
        self._open_network = open_network
        self._readers: list[SocialReader] = []
        self._networks = Networks(open_network) if open_network else None
        hooks = None
        if self._networks is not None:
            self._lanes.append(social_lane(self._networks))
            hooks = SocialDoor(db, secrets, self._networks, self._read_now, config.proxies)
        self._recordings = recordings
        self._call_parts = call_parts
        self._more_jobs = dict(more_jobs(db, self.statuses))
        if recordings is not None:
            self._more_jobs.update(recordings.jobs())
        self._mail_door = MailDoor(db, config, self.statuses)
        form_secret = _form_secret(secrets)
        self._kiosks = KioskDoor(db, config, form_secret)
        self._web_door = WebDoor(
            db,
            config,
            self.statuses,
            form_secret,
            more_routes=[*self._kiosks.routes(), *(hooks.routes() if hooks else ())],
        )
        self._keeper = JobKeeper(keeper_db, self._jobs, self.statuses)
        self._router = Router(db)
        self._fit = FitWatch(db, outgrown)
        self._feed = open_feed(db.target, self._heard, self._presence, at_once=True)
        self._senders: list[LaneWorker] = []
        self._sweepers: list[Sweeper | FigureKeeper] = []
        self._switchboards: list[Switchboard] = []

    @property
    def http_port(self) -> int | None:
        """Where forms are served, None while the port belongs to somebody else."""
        return self._web_door.port

    @property
    def smtp_port(self) -> int | None:
        """Where mail is taken, None while the port belongs to somebody else."""
        return self._mail_door.port

    def start(self) -> None:
        """Start everything."""
        self._feed.start()
        self._keeper.start()
        self._router.start()
        self._fit.start()
        for door in (self._mail_door, self._web_door):
            door.start()
        for door in (self._mail_door, self._web_door):
            door.settled.wait()

    def stop(self) -> None:
        """Close the doors, finish what is under way, give the leases up."""
        workers: tuple[Worker, ...] = (
            self._web_door,
            self._mail_door,
            self._router,
            self._keeper,
            self._fit,
        )
        for worker in workers:
            worker.stop()
        self._kiosks.close()
        for worker in workers:
            worker.join()
        self._feed.stop()
        if self._networks is not None:
            self._networks.close()

    def _jobs(self) -> Mapping[str, StartJob]:
        found: dict[str, StartJob] = {sweeper.LEASE_NAME: self._start_sweeper}
        for lane in self._lanes:
            found[lane.lease_name] = partial(self._start_lane, lane)
        for account in accounts.active(self._db):
            if account.kind == IMAP:
                found[f"imap:{account.id}"] = partial(self._start_mailbox, account)
            elif account.kind == ASTERISK:
                found[f"pbx:{account.id}"] = partial(self._start_switchboard, account)
            elif account.kind in NETWORKS and self._open_network is not None:
                found[f"social:{account.id}"] = partial(
                    self._start_reader, account, self._open_network
                )
        return found | self._more_jobs

    def _start_reader(
        self, account: Account, open_network: OpenNetwork, lease: Lease
    ) -> list[Worker]:
        reader = SocialReader(
            self._db, account, lease, open_network=open_network, statuses=self.statuses
        )
        self._readers = [each for each in self._readers if not each.stopping.is_set()]
        self._readers.append(reader)
        return [reader]

    def _read_now(self, account_id: int) -> None:
        """On the door's thread: a network said that there is something new."""
        for reader in self._readers:
            if reader.account_id == account_id:
                reader.wake()

    def _start_lane(self, lane: Lane, lease: Lease) -> list[Worker]:
        in_hand = InHand()
        workers = [
            LaneWorker(self._db, lane, lease, in_hand, number)
            for number in range(1, _THREADS_A_LANE + 1)
        ]
        self._senders = [each for each in self._senders if not each.stopping.is_set()]
        self._senders.extend(workers)
        return list(workers)

    def _start_sweeper(self, lease: Lease) -> list[Worker]:
        self._sweepers = [Sweeper(self._db, lease), FigureKeeper(self._db, lease)]
        return [*self._sweepers]

    def _start_mailbox(self, account: Account, lease: Lease) -> list[Worker]:
        from crm_desktop.gateway.mailboxes import MailboxReader

        return [
            MailboxReader(
                self._db,
                account,
                lease,
                secrets=self._secrets,
                statuses=self.statuses,
                largest_mail=self._config.largest_mail,
            )
        ]

    def _start_switchboard(self, account: Account, lease: Lease) -> list[Worker]:
        from crm_desktop.gateway.calls.switchboard import Switchboard

        switchboard = Switchboard(
            self._db,
            account,
            lease,
            secrets=self._secrets,
            statuses=self.statuses,
            parts=self._call_parts,
        )
        self._switchboards = [each for each in self._switchboards if not each.stopping.is_set()]
        self._switchboards.append(switchboard)
        return [switchboard]

    def _presence(self, connected: bool, _trouble: CrmError | None) -> None:
        """On the feed's thread. What is pooled may still be open on a file that was deleted."""
        if not connected:
            self._db.close()
            self._keeper_db.close()
        self._web_door.presence(connected)
        self._kiosks.presence(connected)

    def _heard(self, changes: Changes) -> None:
        """On the feed's thread: wake whoever may have something to do."""
        self._web_door.heard(changes)
        self._kiosks.heard(changes)
        woken: list[LaneWorker | Sweeper | FigureKeeper | Router] = []
        if changes.has(Topic.OUTBOX):
            woken.extend(self._senders)
        if changes.has(Topic.CONTACT):
            woken.extend(self._sweepers)
        if changes.has(Topic.CONTACT, Topic.STAFF):
            woken.append(self._router)
        for worker in woken:
            worker.wake()
        if changes.has(Topic.REVISION):
            self._fit.wake()
        if self._recordings is not None:
            self._recordings.heard(changes)
        for switchboard in self._switchboards:
            switchboard.heard(changes)


def _form_secret(secrets: SecretSource) -> str:
    """The shared secret, or one of this process's own: then open forms end with it."""
    try:
        known = secrets.get(FORM_SECRET)
    except NoKeyring:
        known = None
    return known if known and len(known) >= 16 else random_secrets.token_urlsafe(32)
