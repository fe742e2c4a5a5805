"""The rules of 0021_telephones.sql in Python, for SQLite: both pass the same contract test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, or_, select, update

from crm_desktop.domain import telephones as rules
from crm_desktop.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.telephones import DIGITS, KIND, Line, Pbx
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    ChannelAccount,
    Event,
    LineChoice,
    Queue,
    Service,
    Staff,
    TelephoneLine,
)

_NAME = "Telephones"


def everything(tx: Tx) -> dict[str, Any]:
    """See `telephones.everything`: what `app.telephones` gives."""
    _keeper(tx)
    lines = tx.session.scalars(select(TelephoneLine).order_by(TelephoneLine.number))
    phones = select(Staff.id, Staff.name, Staff.login, Staff.active, Staff.extension)
    phones = phones.where(or_(Staff.active, Staff.extension.is_not(None)))
    people = tx.session.execute(phones.order_by(Staff.name, Staff.id)).mappings()
    account = _pbx(tx)
    return {
        "pbx": account and {
            "id": account.id,
            "settings": dict(account.settings),
            "secret_name": account.secret_name,
            "active": account.active,
            "status": account.status,
            "words": account.status_words,
            "at": account.status_at.isoformat(),
        },
        "lines": [{"id": each.id, "line": _line_data(tx, each.id)} for each in lines],
        "phones": [dict(each) for each in people],
    }  # fmt: skip


def put_pbx(tx: Tx, seen: Mapping[str, Any] | None, wanted: Pbx) -> int:
    """See `telephones.put_pbx`."""
    _keeper(tx)
    rules.check_pbx(wanted)
    account = _pbx(tx)
    before = None if account is None else dict(account.settings)
    if before != (None if seen is None else dict(seen)):
        raise Conflict("somebody else changed the PBX meanwhile")
    if account is None:
        if tx.session.scalar(select(ChannelAccount.id).where(ChannelAccount.name == _NAME)):
            raise Conflict("another account is called Telephones")
        account = ChannelAccount(kind=KIND, name=_NAME)
        tx.session.add(account)
    account.settings, account.secret_name = wanted.to_data(), wanted.secret_name
    _heard_of(tx, account, active=True)
    tx.session.flush()
    _log(tx, "telephones.pbx", account=account.id, before=before, after=wanted.to_data())
    return account.id


def set_pbx_active(tx: Tx, *, active: bool) -> int:
    """See `telephones.set_pbx_active`."""
    _keeper(tx)
    account = _pbx(tx)
    if account is None:
        raise NotFound("there is no PBX")
    if account.active != active:
        _heard_of(tx, account, active=active)
        _log(tx, "telephones.pbx", account=account.id, active=active)
    return account.id


def put_line(tx: Tx, line_id: int | None, seen: Line | None, wanted: Line) -> int:
    """See `telephones.put_line`."""
    _keeper(tx)
    before = None if line_id is None else _line_data(tx, line_id)
    if line_id is not None and before is None:
        raise NotFound("no such telephone line")
    if before != (None if seen is None else seen.to_data()):
        raise Conflict("somebody else changed this line meanwhile")
    rules.check_line(wanted)
    _check_goes_to(tx, wanted.queue_id, wanted.service_id)
    for each in wanted.choices:
        _check_goes_to(tx, each.queue_id, each.service_id)
    same = select(TelephoneLine.id).where(TelephoneLine.number == wanted.number)
    if tx.session.scalar(same) not in (None, line_id):
        raise Conflict("there is a line of that number")
    row = TelephoneLine() if line_id is None else tx.session.get_one(TelephoneLine, line_id)
    data = wanted.to_data()
    choices = data.pop("choices")
    for name, value in data.items():
        setattr(row, name, value)
    row.name = wanted.name.strip()
    tx.session.add(row)
    tx.session.flush()
    tx.session.execute(delete(LineChoice).where(LineChoice.line_id == row.id))
    tx.session.add_all(
        LineChoice(line_id=row.id, **{**each, "name": each["name"].strip()}) for each in choices
    )
    tx.session.flush()
    after = _line_data(tx, row.id)
    _log(tx, "telephones.line", line=row.id, before=before, after=after)
    return row.id


def put_extension(tx: Tx, staff_id: int, seen: str | None, extension: str | None) -> None:
    """See `telephones.put_extension`."""
    _keeper(tx)
    person = tx.session.get(Staff, staff_id, populate_existing=True)
    if person is None:
        raise NotFound("nobody of that number works here")
    if person.extension != seen:
        raise Conflict("somebody else gave them an extension meanwhile")
    rules.check_extension(extension)
    # One of somebody who works here no more is free.
    tx.session.execute(
        update(Staff)
        .where(Staff.extension == extension, Staff.active.is_(False))
        .values(extension=None)
    )
    holder = tx.session.scalar(select(Staff.id).where(Staff.extension == extension))
    if extension is not None and holder not in (None, staff_id):
        raise Conflict("a colleague has that extension")
    person.extension = extension
    _log(tx, "telephones.extension", staff=staff_id, before=seen, after=extension)


def _keeper(tx: Tx) -> None:
    """Nobody in particular is the file's owner, as `crm-desktop admin` opens it."""
    if tx.actor is not None and tx.actor.role is not StaffRole.ADMIN:
        raise NotAllowed("only an administrator may set up telephones")


def _pbx(tx: Tx) -> ChannelAccount | None:
    """The one in use, else the one that was used last."""
    found = select(ChannelAccount).where(ChannelAccount.kind == KIND)
    order = (ChannelAccount.active.desc(), ChannelAccount.id.desc())
    return tx.session.scalar(found.order_by(*order).limit(1))


def _heard_of(tx: Tx, account: ChannelAccount, *, active: bool) -> None:
    """What was said of it was said of other settings."""
    account.active = active
    account.status, account.status_words, account.status_at = "unknown", "", tx.now


def _line_data(tx: Tx, line_id: int) -> dict[str, Any] | None:
    """What `app.line_data` gives."""
    line = tx.session.get(TelephoneLine, line_id, populate_existing=True)
    if line is None:
        return None
    choices = tx.session.scalars(select(LineChoice).where(LineChoice.line_id == line_id))
    return {
        "number": line.number,
        "name": line.name,
        "queue_id": line.queue_id,
        "service_id": line.service_id,
        "active": line.active,
        "announce_seconds": line.announce_seconds,
        "record": line.record,
        "voicemail": line.voicemail,
        "callback": line.callback,
        "most_waiting": line.most_waiting,
        "choices": [
            {
                "digit": each.digit,
                "name": each.name,
                "queue_id": each.queue_id,
                "service_id": each.service_id,
            }
            for each in sorted(choices, key=lambda each: DIGITS.find(each.digit))
        ],
    }


def _check_goes_to(tx: Tx, queue_id: int, service_id: int | None) -> None:
    queue = tx.session.get(Queue, queue_id)
    if queue is None:
        raise NotFound("no such queue")
    if service_id is None:
        return
    service = tx.session.get(Service, service_id)
    if service is None:
        raise NotFound("no such service")
    if service.restricted and not queue.restricted:
        raise InvalidInput("calls about a restricted service go to a restricted queue")


def _log(tx: Tx, kind: str, **data: Any) -> None:
    tx.session.flush()
    tx.session.add(Event(kind=kind, actor_id=tx.actor.id if tx.actor else None, data=data))
    tx.session.flush()
