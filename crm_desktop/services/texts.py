"""The lane of texts: what to say to whom, that it was said, and whether it arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import ConnectorTrouble
from crm_desktop.domain.states import ContactState
from crm_desktop.domain.texts import ACCOUNT, LANE, MOST_A_DAY, TextFacts, TextKind, mobile, words
from crm_desktop.domain.visits import Ticket
from crm_desktop.services import leases
from crm_desktop.services.leases import Lease
from crm_desktop.services.outbox import Work
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import accounts, events, kiosks, messages, sending, visits
from crm_desktop.store.queries import texts as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.texts import ToAsk, ToSend

__all__ = [
    "ACCOUNT", "LANE", "Dropped", "NoAccount", "Outgoing", "ToAsk", "ask_later", "dropped",
    "gave_up", "heard", "is_set_up", "load", "sent", "subject", "to_ask",
]  # fmt: skip

#: A text that waited so long has nothing to say any more.
_OLD = {
    TextKind.TICKET: timedelta(hours=1),
    TextKind.NEAR: timedelta(minutes=15),
    TextKind.CALLED: timedelta(minutes=5),
    TextKind.REMINDER: timedelta(hours=12),
}
_WANTED = {
    TextKind.TICKET: (ContactState.QUEUED,),
    TextKind.NEAR: (ContactState.QUEUED,),
    TextKind.CALLED: (ContactState.CALLED,),
}
#: What is no older was not tried before.
_FRESH = timedelta(seconds=30)
_NO_MOBILE = "The number is no mobile number of the United Kingdom."
_ENOUGH = f"The number got {MOST_A_DAY} texts within a day; it gets no more."
_AT_ONCE = 50


class NoAccount(Exception):
    """No account for texts is in use."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text to send; `key` is what it is known by, `before` how many are before a ticket.

    `again`: an earlier try may have arrived.
    """

    account: Account
    phone: str
    words: str
    key: str
    before: int | None
    again: bool


@dataclass(frozen=True, slots=True)
class Dropped:
    """A text with nothing to say any more, and why."""

    why: str


def is_set_up(db: Database) -> bool:
    """Whether this centre sends texts."""
    with db.read() as tx:
        return queries.account(tx) is not None


def load(db: Database, work: Work) -> Outgoing | Dropped | None:
    """The text of a piece of work, None when it was settled otherwise meanwhile.

    Raises NoAccount, and ConnectorTrouble for a number that gets none.
    """
    assert work.message_id is not None
    with db.read() as tx:
        found = queries.to_send(tx, work.message_id)
        if found is None:
            return None
        if (why := _over(tx, found, work)) is not None:
            return Dropped(why)
        account = accounts.get(tx, found.account_id or 0)
        if account is None or not account.active:
            raise NoAccount
        phone = mobile(found.phone)
        if phone is None:
            raise ConnectorTrouble(_NO_MOBILE, retry=False)
        if queries.sent_lately(tx, phone, tx.now - timedelta(days=1)) >= MOST_A_DAY:
            raise ConnectorTrouble(_ENOUGH, retry=False)
        facts, before = _facts(tx, found)
        # "Try again" by a person counts the tries anew; what is old was tried.
        again = work.attempts > 1 or work.unknown_fate or tx.now - work.created_at > _FRESH
        return Outgoing(account, phone, words(facts), found.key, before, again)


def _over(tx: Tx, found: ToSend, work: Work) -> str | None:
    wanted = _WANTED.get(found.kind)
    if wanted is not None and found.state not in {each.value for each in wanted}:
        return f"the visit is {found.state}"
    if found.gone:
        return "the visit is over"
    if found.kind is TextKind.CALLED and queries.has_newer(tx, found):
        return "the visitor was called to another desk meanwhile"
    if found.kind is TextKind.REMINDER and (over := _booking_over(found, tx.now)):
        return over
    # Who came while the database was away is entered late: the work is newer than what it tells.
    if tx.now - min(work.created_at, found.since or tx.now) > _OLD[found.kind]:
        return "too late"
    return None


def _booking_over(found: ToSend, now: datetime) -> str | None:
    if found.booking != "booked":
        return f"the appointment is {found.booking}"
    return "the appointment has begun" if found.at is not None and found.at <= now else None


def _facts(tx: Tx, found: ToSend) -> tuple[TextFacts, int | None]:
    welsh = found.language == "cy"
    before, wait = None, None
    if found.kind is TextKind.TICKET and found.visit_id is not None:
        before = kiosks.before(tx, found.visit_id)
        wait = _wait(tx, found, before)
    facts = TextFacts(
        found.kind,
        found.language,
        site=(found.site_cy if welsh else "") or found.site,
        ticket=str(Ticket(*found.ticket)) if found.ticket else "",
        before=before or 0,
        wait_seconds=wait,
        place=(found.place_cy if welsh else "") or found.place,
        at=found.at,
        reference=found.reference,
    )
    return facts, before


def _wait(tx: Tx, found: ToSend, before: int) -> int | None:
    """Of the wait behind everybody, the part that is before this visitor."""
    known = visits.site_services(tx, found.site_id)
    own = next((each for each in known if each.service_id == found.service_id), None)
    if own is None or own.wait_seconds is None or not own.waiting:
        return None
    return round(own.wait_seconds * before / own.waiting)


def sent(tx: Tx, work: Work, outgoing: Outgoing, external_id: str) -> None:
    """Write that the provider has it."""
    assert work.message_id is not None
    contact_id = queries.sent(
        tx,
        work.message_id,
        phone=outgoing.phone,
        words=outgoing.words,
        external_id=external_id,
        before=outgoing.before,
    )
    if contact_id is not None:
        events.append(
            tx,
            "text.sent",
            contact_id=contact_id,
            message=work.message_id,
            repeated=work.unknown_fate,
        )
        tx.changed(Topic.CONTACT, contact_id)


def dropped(tx: Tx, work: Work, why: str) -> None:
    """Write that it leaves no more: what it would say is over."""
    assert work.message_id is not None
    contact_id = queries.drop(tx, work.message_id)
    if contact_id is not None:
        events.append(tx, "text.dropped", contact_id=contact_id, message=work.message_id, words=why)
        tx.changed(Topic.CONTACT, contact_id)


def gave_up(tx: Tx, work: Work, why: str) -> None:
    """Write that it will not leave by itself any more."""
    assert work.message_id is not None
    messages.set_failed(tx, work.message_id, why)
    events.append(tx, "text.failed", contact_id=subject(tx, work), message=work.message_id)


def subject(tx: Tx, work: Work) -> int | None:
    """The contact of a text, marked as changed."""
    assert work.message_id is not None
    contact_id = sending.contact_of(tx, work.message_id)
    if contact_id is not None:
        tx.changed(Topic.CONTACT, contact_id)
    return contact_id


def to_ask(db: Database, account_id: int) -> Sequence[ToAsk]:
    """Texts whose delivery is asked about now."""
    with db.read() as tx:
        return queries.to_ask(tx, account_id, _AT_ONCE)


def ask_later(db: Database, asked: Sequence[ToAsk], under: Lease) -> None:
    """The provider did not answer: these are asked about again in a minute. Raises LeaseLost."""
    with leases.writing(db, under) as tx:
        for each in asked:
            queries.ask_later(tx, each)


def heard(
    db: Database, asked: ToAsk, status: str, defect: str, *, ended: bool, under: Lease
) -> Changes:
    """Write how far a text is; `defect` is why it will not arrive. Raises LeaseLost.

    Somebody must decide about a reminder that did not arrive; a ticket's text is over by then.
    """
    with leases.writing(db, under) as tx:
        told = queries.heard(tx, asked, status, ended=ended)
        if told is None or not ended:
            return tx.changes
        contact_id, kind = told
        if defect:
            messages.set_failed(tx, asked.message_id, defect)
            if kind is TextKind.REMINDER:
                messages.mark_undelivered(tx, asked.message_id, defect)
                tx.changed(Topic.ACCOUNT, 0)
        events.append(
            tx,
            "text.failed" if defect else "text.delivered",
            contact_id=contact_id,
            message=asked.message_id,
        )
        tx.changed(Topic.CONTACT, contact_id)
        return tx.changes
