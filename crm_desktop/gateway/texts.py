"""Texts: the lane that sends them, and the job that asks whether they arrived."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from crm_desktop.channels.texts import Notify, NotifySettings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput, NoKeyring
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, texts
from crm_desktop.services.accounts import Account
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Work, lease_of

_Written = Callable[..., None]
_LEASE = "poll:texts"
_POLL_SECONDS = 2.0
#: So often key and template are tried, when nobody was texted meanwhile.
_CHECK_SECONDS = 300.0
_NOT_IN_USE = "No account for texts is in use."


def lane(secrets: SecretSource, statuses: StatusBoard) -> Lane:
    """The lane that sends texts."""
    return Lane(
        name=texts.LANE,
        perform=partial(_perform, secrets, statuses),
        gave_up=texts.gave_up,
        subject=texts.subject,
    )


def jobs(secrets: SecretSource, db: Database, statuses: StatusBoard) -> Mapping[str, StartJob]:
    """The job that asks whether texts arrived."""

    def start(lease: Lease) -> Iterable[Worker]:
        return [DeliveryPoll(db, secrets, statuses, lease)]

    return {_LEASE: start}


def _perform(secrets: SecretSource, statuses: StatusBoard, db: Database, work: Work) -> _Written:
    try:
        outgoing = texts.load(db, work)
    except texts.NoAccount:
        raise ConnectorTrouble(_NOT_IN_USE, retry=True) from None
    if outgoing is None:
        return _nothing
    if isinstance(outgoing, texts.Dropped):
        return partial(texts.dropped, work=work, why=outgoing.why)
    account_id, under = outgoing.account.id, lease_of(work)
    try:
        with open_notify(outgoing.account, secrets) as notify:
            found = notify.send(outgoing.phone, outgoing.words, outgoing.key, again=outgoing.again)
    except (InvalidInput, NoKeyring) as trouble:
        statuses.trouble(account_id, str(trouble), under)
        raise ConnectorTrouble(str(trouble), retry=True) from trouble
    except ConnectorTrouble as trouble:
        # A refused number is the text's trouble, not the account's.
        if trouble.params.get("account"):
            statuses.trouble(account_id, str(trouble), under)
        raise
    statuses.ok(account_id, under)
    return partial(texts.sent, work=work, outgoing=outgoing, external_id=found.id)


def _nothing(_tx: object) -> None:
    """It was settled otherwise meanwhile."""


def open_notify(account: Account, secrets: SecretSource) -> Notify:
    """The line of an account; raises InvalidInput or NoKeyring with words for people."""
    key = secrets.get(account.secret_name) if account.secret_name else None
    if not key:
        words = f"The gateway's keyring has no API key “{account.secret_name}” for texts."
        raise InvalidInput(words, fields={"key": "Missing"})
    given = {name: str(value) for name, value in account.settings.items()}
    return Notify(NotifySettings.read(given, key))


class DeliveryPoll(Worker):
    """Asks about texts whose time has come, and now and then whether key and template are good."""

    def __init__(
        self, db: Database, secrets: SecretSource, statuses: StatusBoard, lease: Lease
    ) -> None:
        super().__init__(_LEASE)
        self._db, self._secrets, self._statuses, self._lease = db, secrets, statuses, lease
        self._checked: dict[int, tuple[object, float]] = {}

    def work(self) -> None:
        """One round over all accounts."""
        for account in accounts.active(self._db):
            if account.kind == texts.ACCOUNT and not self.stopping.is_set():
                self._look(account)
        self.stopping.wait(_POLL_SECONDS)

    def _look(self, account: Account) -> None:
        due = texts.to_ask(self._db, account.id)
        known = (account.settings, account.secret_name)
        before, at = self._checked.get(account.id, (None, 0.0))
        fresh = before == known and time.monotonic() - at < _CHECK_SECONDS
        if not due and fresh:
            return
        try:
            with open_notify(account, self._secrets) as notify:
                if not fresh:
                    self._checked[account.id] = (known, time.monotonic())
                    notify.check()
                for each in due:
                    said = notify.delivery(each.external_id)
                    texts.heard(
                        self._db,
                        each,
                        said.status,
                        said.defect,
                        ended=said.ended,
                        under=self._lease,
                    )
        except (InvalidInput, NoKeyring, ConnectorTrouble) as trouble:
            self._statuses.trouble(account.id, str(trouble), self._lease)
            texts.ask_later(self._db, due, self._lease)
        else:
            self._statuses.ok(account.id, self._lease)
