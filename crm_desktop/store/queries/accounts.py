"""The gateway's accounts to the outside world, and the centre's own facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, false, select, update

from crm_desktop.domain.views import AccountStatus
from crm_desktop.store.database import Tx
from crm_desktop.store.models import ChannelAccount, Setting


@dataclass(frozen=True, slots=True)
class Account:
    """One mailbox, listener, form site, mail relay or back office, as the gateway runs it."""

    id: int
    kind: str
    name: str
    queue_id: int | None
    secret_name: str
    settings: dict[str, Any] = field(default_factory=dict)
    cursor: dict[str, Any] = field(default_factory=dict)
    active: bool = True

    @property
    def address(self) -> str:
        """The centre's own mail address there, lower case; empty without one."""
        return str((self.settings or {}).get("address") or "").lower()


_COLUMNS = (
    ChannelAccount.id,
    ChannelAccount.kind,
    ChannelAccount.name,
    ChannelAccount.queue_id,
    ChannelAccount.secret_name,
    ChannelAccount.settings,
    ChannelAccount.cursor,
    ChannelAccount.active,
)
_ALL = select(*_COLUMNS).order_by(ChannelAccount.id)


def get(tx: Tx, account_id: int) -> Account | None:
    """One account, active or not."""
    row = tx.session.execute(select(*_COLUMNS).where(ChannelAccount.id == account_id)).first()
    return Account(*row) if row else None


def active(tx: Tx) -> tuple[Account, ...]:
    """The accounts in use, oldest first."""
    return tuple(each for each in everyone(tx) if each.active)


def everyone(tx: Tx) -> tuple[Account, ...]:
    """The accounts, in use or not, oldest first."""
    return tuple(Account(*row) for row in tx.core.execute(_ALL))


def statuses(tx: Tx) -> tuple[AccountStatus, ...]:
    """How each account in use is doing."""
    rows = tx.session.execute(
        select(
            ChannelAccount.id,
            ChannelAccount.kind,
            ChannelAccount.name,
            ChannelAccount.status,
            ChannelAccount.status_words,
            ChannelAccount.status_at,
        )
        .where(ChannelAccount.active.is_(True))
        .order_by(ChannelAccount.id)
    )
    return tuple(AccountStatus(*row) for row in rows)


def set_status(tx: Tx, account_id: int, status: str, words: str) -> bool:
    """Write a heartbeat; True when the status or its words are new."""
    told = select(ChannelAccount.status, ChannelAccount.status_words).where(
        ChannelAccount.id == account_id
    )
    before = tx.session.execute(told).first()
    tx.session.execute(
        update(ChannelAccount)
        .where(ChannelAccount.id == account_id)
        .values(status=status, status_words=words, status_at=tx.now)
    )
    return before is not None and tuple(before) != (status, words)


def try_to_write(tx: Tx) -> None:
    """Raise what any write would meet; changes nothing."""
    tx.session.execute(
        update(ChannelAccount).where(false()).values(status=ChannelAccount.status),
        execution_options={"synchronize_session": False},
    )


def set_cursor(tx: Tx, account_id: int, cursor: dict[str, Any]) -> None:
    """Remember how far an account was read."""
    tx.session.execute(
        update(ChannelAccount).where(ChannelAccount.id == account_id).values(cursor=cursor)
    )


_SETTING = select(Setting.value).where(Setting.key == bindparam("key"))


def setting(tx: Tx, key: str) -> dict[str, Any]:
    """One fact about the centre, empty when it was never set."""
    return tx.core.execute(_SETTING, {"key": key}).scalar() or {}


def own_addresses(tx: Tx) -> frozenset[str]:
    """The centre's own mail addresses, lower case."""
    return frozenset(each.address for each in everyone(tx) if each.address)


def put(
    tx: Tx,
    kind: str,
    name: str,
    *,
    settings: dict[str, Any],
    queue_id: int | None,
    secret_name: str,
) -> int:
    """A new account, or the one of that name with other settings."""
    account = tx.session.scalar(select(ChannelAccount).where(ChannelAccount.name == name))
    if account is None:
        account = ChannelAccount(kind=kind, name=name)
        tx.session.add(account)
    account.kind, account.settings, account.queue_id = kind, settings, queue_id
    account.secret_name, account.active = secret_name, True
    tx.session.flush()
    return account.id


def switch_off(tx: Tx, name: str) -> int | None:
    """The id of the account of that name, not in use any more; None when there is none."""
    account = tx.session.scalar(select(ChannelAccount).where(ChannelAccount.name == name))
    if account is None:
        return None
    account.active = False
    return account.id
