"""What desktops ask of the PBX, and what the gateway says became of it.

Who may says app.call_ask (0017_call_commands.sql), and on SQLite `call_commands_sqlite`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, case, exists, literal_column, or_, select, text, update

from crm_desktop.domain.calls import Ask, Command, CommandState, Verb
from crm_desktop.domain.changes import Topic
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Call, CallCommand
from crm_desktop.store.models.base import utcnow
from crm_desktop.store.queries import call_commands_sqlite as by_hand
from crm_desktop.store.queries import calls
from crm_desktop.store.queries.calls import Standing

_ASK = text("SELECT app.call_ask(:verb, :contact, CAST(:args AS jsonb))")
_ASKED = text("SELECT app.call_asked(:command)")
# Written out, not bound: a database knows by it that a partial index holds the rows.
_WAITING = CallCommand.state == literal_column("'asked'")
_DOING = CallCommand.state == literal_column("'doing'")


@dataclass(frozen=True, slots=True)
class Work:
    """One command that is to be done now, and not again."""

    id: int
    contact_id: int | None
    staff_id: int
    verb: Verb
    args: Mapping[str, object]
    asked_at: datetime
    #: As it stands when this is begun; None for a new one, and for one that is over.
    call: Standing | None = None


def ask(tx: Tx, wanted: Ask) -> Command:
    """Ask the PBX; raises NotFound, NotAllowed, Taken, Conflict and InvalidInput."""
    if tx.dialect == "sqlite":
        id_, asked_at = by_hand.ask(tx, wanted)
        tx.changed(Topic.CALL_COMMAND, id_)
    else:
        given = {
            "verb": wanted.verb.value,
            "contact": wanted.contact_id,
            "args": json.dumps(dict(wanted.args)),
        }
        id_, at = tx.core.execute(_ASK, given).scalar_one()
        asked_at = datetime.fromisoformat(at)
        tx.told(Topic.CALL_COMMAND, id_)
    return Command(id_, wanted.verb, CommandState.ASKED, "", asked_at)


def asked(tx: Tx, command_id: int) -> Command | None:
    """What this person asked, and what became of it; late when its time is over."""
    if tx.dialect == "sqlite":
        row = tx.core.execute(_OWN, {"me": tx.actor_id, "command": command_id}).one_or_none()
        if row is None:
            return None
        id_, verb, state, words, at = row
    else:
        found = tx.core.execute(_ASKED, {"command": command_id}).scalar()
        if found is None:
            return None
        id_, verb, state, words, at = found
        at = datetime.fromisoformat(at)
    return Command(id_, Verb(verb), CommandState(state), words, at)


_OWN = select(
    CallCommand.id,
    CallCommand.verb,
    case((_WAITING & (CallCommand.expires_at <= utcnow()), "late"), else_=CallCommand.state),
    CallCommand.words,
    CallCommand.asked_at,
).where(CallCommand.staff_id == bindparam("me"), CallCommand.id == bindparam("command"))

#: Of one PBX: those of its calls, and those that make a call there.
_OF_PBX = or_(
    exists().where(
        Call.contact_id == CallCommand.contact_id, Call.account_id == bindparam("account")
    ),
    CallCommand.contact_id.is_(None)
    & (CallCommand.args["account"].as_integer() == bindparam("account")),
)
# One conditional UPDATE decides: what is past its time is not begun, by the database's clock.
_CLAIM = (
    update(CallCommand)
    .where(
        CallCommand.id
        == select(CallCommand.id)
        .where(_WAITING, CallCommand.expires_at > utcnow(), _OF_PBX)
        .order_by(CallCommand.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery(),
        _WAITING,
    )
    .values(state=CommandState.DOING)
    .returning(
        CallCommand.id,
        CallCommand.contact_id,
        CallCommand.staff_id,
        CallCommand.verb,
        CallCommand.args,
        CallCommand.asked_at,
    )
    .execution_options(synchronize_session=False)
)
_SETTLE = (
    update(CallCommand)
    .where(CallCommand.id == bindparam("wanted"), _DOING)
    .values(state=bindparam("new_state"), words=bindparam("new_words"), done_at=utcnow())
    .returning(CallCommand.contact_id)
    .execution_options(synchronize_session=False)
)


_ANY = select(exists().where(_WAITING))


def any_asked(tx: Tx) -> bool:
    """Whether anything is asked of any PBX, in time or not."""
    return bool(tx.core.execute(_ANY).scalar())


def claim(tx: Tx, account_id: int) -> Work | None:
    """The oldest command of a PBX that may still be done; it is this transaction's alone."""
    row = tx.core.execute(_CLAIM, {"account": account_id}).one_or_none()
    if row is None:
        return None
    id_, contact_id, staff_id, verb, args, asked_at = row
    standing = calls.of_contacts(tx, [contact_id]) if contact_id is not None else ()
    call = next(iter(standing), None)
    return Work(id_, contact_id, staff_id, Verb(verb), args, asked_at, call)


def became(tx: Tx, work: Work, contact_id: int) -> None:
    """What was asked for made this contact."""
    tx.core.execute(
        update(CallCommand).where(CallCommand.id == work.id).values(contact_id=contact_id)
    )


def settle(tx: Tx, command_id: int, state: CommandState, words: str = "") -> None:
    """Say what became of a command that is being done; nothing when that was said already."""
    given = {"wanted": command_id, "new_state": state.value, "new_words": words}
    for (contact_id,) in tx.core.execute(_SETTLE, given):
        tx.changed(Topic.CALL, contact_id or 0)


def expire(tx: Tx, account_id: int) -> None:
    """What was not begun in time never will be."""
    _end(tx, account_id, CommandState.LATE, "", _WAITING & (CallCommand.expires_at <= utcnow()))


def abandon(tx: Tx, account_id: int, words: str) -> None:
    """What somebody else was doing and never ended: nobody does it again."""
    _end(tx, account_id, CommandState.REFUSED, words, _DOING)


def _end(tx: Tx, account_id: int, state: CommandState, words: str, where: object) -> None:
    ended = tx.core.execute(
        update(CallCommand)
        .where(where, _OF_PBX)  # type: ignore[arg-type]
        .values(state=state, words=words, done_at=utcnow())
        .returning(CallCommand.contact_id)
        .execution_options(synchronize_session=False),
        {"account": account_id},
    ).all()
    tx.changed(Topic.CALL, *(row[0] or 0 for row in ended))
