"""Calls as the desktop shows them: on PostgreSQL one guarded call (0016_calling.sql)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, func, or_, select, text

from crm_desktop.domain.calls import (
    CallState,
    CallView,
    Command,
    CommandState,
    Leg,
    LegRole,
    LegState,
    Verb,
)
from crm_desktop.domain.errors import NotAllowed, NotFound
from crm_desktop.domain.states import ContactState
from crm_desktop.store.database import Tx
from crm_desktop.store.models import Call, CallCommand, CallLeg, Contact, Staff, TelephoneLine
from crm_desktop.store.queries import intake
from crm_desktop.store.queries.from_json import maybe_moment, moment

_MINE = text("SELECT app.my_calls()")
_OF = text("SELECT app.call_of(:contact)")
_CANDIDATES = text("SELECT * FROM app.call_candidates(:contact)")
_HAD = (
    *(ContactState.OFFERED, ContactState.ACTIVE, ContactState.HELD),
    *(ContactState.WRAP_UP, ContactState.DIALLING),
)


def mine(tx: Tx) -> tuple[CallView, ...]:
    """The calls that this person has, is offered or has not wrapped up, or is a leg of."""
    if tx.dialect == "postgresql":
        return tuple(_view(*each) for each in tx.core.execute(_MINE).scalar() or ())
    me = _me(tx)
    own = select(Contact.id).where(Contact.owner_id == me, Contact.state.in_(_HAD))
    legs = select(CallLeg.contact_id).where(CallLeg.staff_id == me, CallLeg.ended_at.is_(None))
    return _shown(tx, or_(Call.contact_id.in_(own), Call.contact_id.in_(legs)))


def of(tx: Tx, contact_id: int) -> CallView | None:
    """A contact's call, None when it has none; raises NotFound for who may not read it."""
    if tx.dialect == "postgresql":
        found = tx.core.execute(_OF, {"contact": contact_id}).scalar()
        return _view(*found) if found else None
    actor, row = tx.actor, tx.session.get(Contact, contact_id, populate_existing=True)
    if actor is None or row is None:
        raise NotFound("no such contact")
    if row.queue_id not in actor.queues and row.owner_id != actor.id:
        raise NotFound("no such contact")
    return next(iter(_shown(tx, Call.contact_id == contact_id)), None)


def candidates(tx: Tx, contact_id: int) -> tuple[tuple[int, str], ...]:
    """Whose number it is, as (customer, name), for who has the call before them."""
    if tx.dialect == "postgresql":
        rows = tx.core.execute(_CANDIDATES, {"contact": contact_id})
        return tuple((row[0], row[1]) for row in rows)
    own = select(Call.number).join(Contact, Contact.id == Call.contact_id)
    number = tx.core.execute(
        own.where(Call.contact_id == contact_id, Contact.owner_id == _me(tx))
    ).scalar()
    if number is None:
        raise NotFound("no such contact")
    if not number:
        return ()
    key = ("phone", number)
    found = intake.holders(tx, [key])[key]
    return tuple(sorted(found.items(), key=lambda each: (each[1], each[0])))


def _me(tx: Tx) -> int:
    if tx.actor is None:
        raise NotAllowed("not signed in as staff")
    return tx.actor.id


def _view(call: list[Any], legs: Iterable[list[Any]] | None, command: list[Any] | None) -> CallView:
    contact_id, state, since, number, said, who, line, choice, callback, after_id, *rest = call
    muted, recording, started, answered, ended, ended_by, cut_off, talk, hold, lost, owner = rest
    return CallView(
        contact_id,
        CallState(state),
        moment(since),
        number,
        said,
        who,
        line,
        choice,
        bool(callback),
        after_id,
        bool(muted),
        recording,
        moment(started),
        maybe_moment(answered),
        maybe_moment(ended),
        ended_by,
        bool(cut_off),
        talk,
        hold,
        maybe_moment(lost),
        owner,
        tuple(
            Leg(id_, LegRole(role), LegState(how), staff, name, digits, mode, maybe_moment(up_at))
            for id_, role, how, staff, name, digits, mode, up_at in legs or ()
        ),
        _command(*command) if command else None,
    )


def _command(id_: int, verb: str, state: str, words: str, asked_at: str) -> Command:
    return Command(id_, Verb(verb), CommandState(state), words, moment(asked_at))


_CALL = (
    select(
        Call.contact_id,
        Call.state,
        Call.state_since,
        Call.number,
        Call.number_said,
        Contact.who,
        func.coalesce(TelephoneLine.name, ""),
        Call.choice,
        Call.callback,
        Call.after_id,
        Call.muted,
        Call.recording,
        Call.started_at,
        Call.answered_at,
        Call.ended_at,
        Call.ended_by,
        Call.cut_off,
        Call.talk_seconds,
        Call.hold_seconds,
        Call.lost_since,
        Contact.owner_id,
    )
    .join(Contact, Contact.id == Call.contact_id)
    .outerjoin(TelephoneLine, TelephoneLine.id == Call.line_id)
    .order_by(Call.contact_id)
)
_LEGS = (
    select(
        CallLeg.contact_id,
        CallLeg.id,
        CallLeg.role,
        CallLeg.state,
        CallLeg.staff_id,
        func.coalesce(func.nullif(CallLeg.name, ""), Staff.name, ""),
        CallLeg.number,
        CallLeg.mode,
        CallLeg.up_at,
    )
    .outerjoin(Staff, Staff.id == CallLeg.staff_id)
    .where(CallLeg.ended_at.is_(None))
    .order_by(CallLeg.id)
)


def _shown(tx: Tx, which: Any) -> tuple[CallView, ...]:
    me, actor = _me(tx), tx.actor
    calls = tx.core.execute(_CALL.where(which)).all()
    ids = [row[0] for row in calls]
    seen = or_(CallLeg.role != LegRole.LISTENER, CallLeg.mode != "listen", CallLeg.staff_id == me)
    legs = _LEGS.where(CallLeg.contact_id.in_(ids))
    if actor is None or not actor.leads:
        legs = legs.where(seen)
    of_call: dict[int, list[list[Any]]] = {each: [] for each in ids}
    for contact_id, *leg in tx.core.execute(legs):
        of_call[contact_id].append([*leg[:-1], _text(leg[-1])])
    newest = (
        select(func.max(CallCommand.id))
        .where(CallCommand.contact_id.in_(ids), CallCommand.staff_id == me)
        .group_by(CallCommand.contact_id)
    )
    asked = select(
        CallCommand.contact_id,
        CallCommand.id,
        CallCommand.verb,
        CallCommand.state,
        CallCommand.words,
        CallCommand.asked_at,
    ).where(and_(CallCommand.id.in_(newest)))
    commands = {row[0]: [*row[1:-1], _text(row[-1])] for row in tx.core.execute(asked)}
    return tuple(
        _view([_text(each) for each in row], of_call[row[0]], commands.get(row[0])) for row in calls
    )


def _text(value: Any) -> Any:
    """A time as the other dialect's JSON has it."""
    return value.isoformat() if hasattr(value, "isoformat") else value
