"""The back-office lane and its poll: hand-offs go out, and what became of them comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from crm_desktop.backoffice.open311.client import Open311
from crm_desktop.backoffice.open311.settings import Open311Settings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput, NoKeyring
from crm_desktop.gateway.config import SecretSource
from crm_desktop.gateway.jobs import StartJob
from crm_desktop.gateway.statuses import StatusBoard
from crm_desktop.gateway.worker import Worker
from crm_desktop.services import Database, accounts, handoffs
from crm_desktop.services.accounts import Account
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Lane, Work, lease_of
from crm_desktop.store.database import Tx

OPEN311 = "open311"
_LEASE = "poll:open311"
_POLL_SECONDS = 1.0


def lane(secrets: SecretSource, statuses: StatusBoard) -> Lane:
    """The lane that hands cases off."""
    return Lane(
        name=handoffs.LANE,
        perform=partial(_perform, secrets, statuses),
        gave_up=_gave_up,
        subject=_subject,
    )


def jobs(secrets: SecretSource, db: Database, statuses: StatusBoard) -> Mapping[str, StartJob]:
    """The job that asks the back offices where their hand-offs stand."""

    def start(lease: Lease) -> Iterable[Worker]:
        return [StatusPoll(db, secrets, statuses, lease)]

    return {_LEASE: start}


def _perform(
    secrets: SecretSource, statuses: StatusBoard, db: Database, work: Work
) -> Callable[[Tx], None]:
    handoff_id, under = _id(work), lease_of(work)
    account_id, request = handoffs.request_for(db, handoff_id)
    account = next((each for each in accounts.active(db) if each.id == account_id), None)
    if account is None:
        raise ConnectorTrouble("The back office of this service is switched off.", retry=True)
    try:
        with _office(account, secrets) as office:
            receipt = office.request(
                request, tried_at=work.created_at if work.attempts > 1 else None
            )
    except (InvalidInput, NoKeyring) as trouble:
        statuses.trouble(account_id, str(trouble), under)
        raise ConnectorTrouble(str(trouble), retry=True) from trouble
    except ConnectorTrouble as trouble:
        if trouble.params.get("fate") == "refused":
            statuses.ok(account_id, under)
        else:
            statuses.trouble(account_id, str(trouble), under)
        raise
    statuses.ok(account_id, under)
    return partial(handoffs.apply_receipt, handoff_id=handoff_id, receipt=receipt)


def _gave_up(tx: Tx, work: Work, words: str) -> None:
    handoffs.gave_up(tx, _id(work), words)


def _subject(tx: Tx, work: Work) -> int | None:
    return handoffs.subject(tx, _id(work))


def _id(work: Work) -> int:
    assert work.handoff_id is not None
    return work.handoff_id


def _office(account: Account, secrets: SecretSource) -> Open311:
    """The client of one account; raises InvalidInput or NoKeyring."""
    key = ""
    if account.secret_name:
        key = secrets.get(account.secret_name) or ""
        if not key:
            words = f"The gateway's keyring has no key for “{account.name}”."
            raise InvalidInput(words, fields={"key": "Missing"})
    return Open311(Open311Settings.read(account.settings), key)


class StatusPoll(Worker):
    """Asks every Open311 office about the hand-offs whose time has come."""

    def __init__(
        self, db: Database, secrets: SecretSource, statuses: StatusBoard, lease: Lease
    ) -> None:
        super().__init__(_LEASE)
        self._db = db
        self._secrets = secrets
        self._statuses = statuses
        self._lease = lease

    def work(self) -> None:
        """One round over all offices."""
        for account in accounts.active(self._db):
            if account.kind == OPEN311 and not self.stopping.is_set():
                self._ask(account)
        handoffs.mark_overdue(self._db, self._lease)
        self.stopping.wait(_POLL_SECONDS)

    def _ask(self, account: Account) -> None:
        due = handoffs.due_polls(self._db, account.id)
        if not due:
            return
        try:
            with _office(account, self._secrets) as office:
                numbered = tuple(each for each in due if each.external_id)
                answers = office.statuses(tuple(each.external_id for each in numbered))
                found = [
                    (each.id, office.find_id(each.token))
                    for each in due
                    if not each.external_id and each.token
                ]
        except (InvalidInput, NoKeyring, ConnectorTrouble) as trouble:
            self._statuses.trouble(account.id, str(trouble), self._lease)
            handoffs.ask_later(self._db, [each.id for each in due], self._lease)
            return
        self._statuses.ok(account.id, self._lease)
        for each in numbered:
            handoffs.apply_status(self._db, each.id, answers.get(each.external_id), self._lease)
        for handoff_id, external_id in found:
            handoffs.apply_id(self._db, handoff_id, external_id, self._lease)
