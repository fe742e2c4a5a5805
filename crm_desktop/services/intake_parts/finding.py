"""Where an arrival belongs: thread, cases, customer, service, queue and clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.domain import matching
from crm_desktop.domain.calendar import Calendar, NeverOpen
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.identifiers import Identifier, identify
from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.references import find_references
from crm_desktop.domain.sla import CHANNEL_TARGETS, Clock, Target
from crm_desktop.domain.states import Channel, IdentifierKind
from crm_desktop.domain.text import fold
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import accounts, customers, messages
from crm_desktop.store.queries import intake as queries
from crm_desktop.store.queries.accounts import Account

_STRANGER_IN_THREAD = "Answers a conversation that this address has no part in"
_STRANGER_ON_CASE = "Names {reference}, but this address is not known on that case"
_OTHER_NAME = "The address or number is that of a customer of another name"
_SHARED = "Several customers share this address or number"


@dataclass(frozen=True, slots=True)
class Place:
    """The thread and cases of an arrival. `joins`: its sender has a part in them.

    `doubt` is why a person must look first, empty when there is no reason.
    """

    thread: queries.Thread | None = None
    case_ids: tuple[int, ...] = ()
    joins: bool = False
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom an arrival is from; no customer when nobody can tell."""

    customer_id: int | None
    who: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """The proposed service and the queue that takes the arrival."""

    service: queries.ServiceRules | None
    rules: queries.QueueRules

    @property
    def priority(self) -> int:
        """The more urgent of the queue's and the service's."""
        return max(self.rules.priority, self.service.priority if self.service else 0)


def place(tx: Tx, message: InboundMessage) -> Place:
    """By the Message-IDs it answers, its own (an equal one only links), then a reference."""
    own = accounts.own_addresses(tx)
    answered = (message.in_reply_to, *message.references, message.message_id)
    thread = queries.thread_of_messages(tx, answered)
    if thread is not None:
        if message.sender.address in queries.thread_participants(tx, thread.thread_id) - own:
            return Place(thread, queries.cases_of_contact(tx, thread.contact_id), joins=True)
        return Place(thread, doubt=_STRANGER_IN_THREAD)
    named = queries.case_of_reference(tx, find_references(message.subject))
    if named is None:
        return Place()
    case_id, reference = named
    if message.sender.address not in queries.case_participants(tx, case_id) - own:
        return Place(doubt=_STRANGER_ON_CASE.format(reference=reference))
    newest = queries.newest_contact_of_case(tx, case_id)
    found = queries.newest_of_thread(tx, newest) if newest is not None else None
    return Place(found, (case_id,), joins=True)


def sender(tx: Tx, message: InboundMessage, where: Place) -> Sender:
    """The customer by address and number; a new one for an unknown person.

    Machines are no customers: a bounce or an automatic mail of an unknown sender makes none.
    """
    given = _identifiers(message)
    shown = message.sender.name.strip() or message.sender.address or message.phone
    if message.bounce is not None:
        return Sender(None, shown or "Mail delivery")
    queries.serialise(tx, *(f"customer:{each.kind}:{each.norm}" for each in given))
    known = _known(tx, given, shown)
    if known is not None:
        return known
    if where.thread is not None and where.joins and where.thread.customer_id is not None:
        return Sender(where.thread.customer_id, shown)
    if message.auto_generated or not given:
        return Sender(None, shown or "Unknown sender")
    customer_id = customers.add(
        tx, shown, fold(shown), ((each.kind, each.value, each.norm) for each in given)
    )
    return Sender(customer_id, shown)


def _known(tx: Tx, given: tuple[Identifier, ...], shown: str) -> Sender | None:
    """The customer who holds what was given, a doubt whether it is they, or None: nobody does."""
    matches = [queries.customers_with(tx, each.kind, each.norm) for each in given]
    candidates = _agreed([found for found in matches if found])
    if not candidates:
        return None
    if len(candidates) > 1:
        return Sender(None, shown, _SHARED)
    ((customer_id, name),) = candidates.items()
    if not all(matches) and fold(name) != fold(shown):
        return Sender(None, shown, _OTHER_NAME)
    return Sender(customer_id, name)


def _identifiers(message: InboundMessage) -> tuple[Identifier, ...]:
    found = (
        identify(IdentifierKind.EMAIL, message.sender.address),
        identify(IdentifierKind.PHONE, message.phone) if message.phone else None,
    )
    return tuple(each for each in found if each is not None)


def _agreed(matches: list[Mapping[int, str]]) -> Mapping[int, str]:
    """Whom address and number agree on; all of them when they do not."""
    everybody = {each: name for found in matches for each, name in found.items()}
    agreed = {
        each: name for each, name in everybody.items() if all(each in found for found in matches)
    }
    return agreed or everybody


def about(tx: Tx, message: InboundMessage, where: Place, account: Account) -> About:
    """The service: a form's own, the thread's, or the one that the words speak of."""
    service = _service(tx, message, where)
    choices = (service.queue_id if service else None, account.queue_id, queries.general_queue(tx))
    for queue_id in choices:
        rules = None if queue_id is None else queries.queue_rules(tx, queue_id, message.channel)
        if rules is not None:
            return About(service, rules)
    raise NotFound("the centre has no queue")


def _service(tx: Tx, message: InboundMessage, where: Place) -> queries.ServiceRules | None:
    if message.service_code:
        return queries.service_by_code(tx, message.service_code)
    if where.thread is not None and where.joins and where.thread.service_id is not None:
        return queries.service(tx, where.thread.service_id)
    words = f"{message.subject}\n{message.reply_text or message.text}"
    proposed = matching.propose(queries.service_words(tx), words)
    return queries.service(tx, proposed) if proposed is not None else None


def due(tx: Tx, rules: queries.QueueRules, channel: Channel) -> datetime:
    """When an arrival of now breaches its queue's target."""
    if rules.target is None:
        target = CHANNEL_TARGETS[channel]
    else:
        seconds, in_opening_hours = rules.target
        target = Target(timedelta(seconds=seconds))
        if not in_opening_hours:
            return tx.now + target.time
    calendar = _calendar(rules.hours)
    if calendar is None:
        return tx.now + (target.time or timedelta(days=max(target.days, 1)))
    started = Clock.start(calendar, tx.now, target).due_at
    assert started is not None
    return started


def due_at(tx: Tx, queue_id: int, channel: Channel) -> datetime | None:
    """The same for a queue by its id, None when it is gone."""
    rules = queries.queue_rules(tx, queue_id, channel)
    return due(tx, rules, channel) if rules else None


def case_due(tx: Tx, service: queries.ServiceRules) -> datetime | None:
    """When a case of this service, opened now, is due; None without a target."""
    if service.case_target_seconds is None:
        return None
    rules = queries.queue_rules(tx, service.queue_id, Channel.WEB_FORM)
    calendar = _calendar(rules.hours) if rules else None
    target = timedelta(seconds=service.case_target_seconds)
    if calendar is None:
        return tx.now + target
    return calendar.add_working_time(tx.now, target)


def resumed(tx: Tx, case: messages.WaitingCase) -> datetime | None:
    """When a case is due whose clock runs again from now."""
    calendar = _calendar(case.hours)
    if calendar is None:
        return case.clock.due_at or (tx.now + case.clock.left if case.clock.left else None)
    return case.clock.resume(calendar, tx.now).due_at


def _calendar(hours: dict[str, object]) -> Calendar | None:
    """The opening hours, None when they are unusable: no arrival is lost to a typing error."""
    try:
        calendar = Calendar.from_data(hours)
        calendar.working_day  # noqa: B018 - closed for good raises
    except (InvalidInput, NeverOpen):
        return None
    return calendar
