"""Where an arrival belongs: thread, cases, customer, service, queue and clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crm_desktop.domain import matching
from crm_desktop.domain.calendar import Calendar, NeverOpen
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.identifiers import Identifier
from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.references import find_references
from crm_desktop.domain.sla import CHANNEL_TARGETS, Clock, Target
from crm_desktop.domain.states import Channel
from crm_desktop.domain.text import fold
from crm_desktop.services.intake_parts.known import Known, identifiers, places_named
from crm_desktop.store.database import Tx
from crm_desktop.store.queries import customers, messages
from crm_desktop.store.queries import intake as queries
from crm_desktop.store.queries.accounts import Account
from crm_desktop.store.queries.routing import QueueRules, Routing, ServiceRules

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

    service: ServiceRules | None
    rules: QueueRules

    @property
    def priority(self) -> int:
        """The more urgent of the queue's and the service's."""
        return max(self.rules.priority, self.service.priority if self.service else 0)


def place(tx: Tx, message: InboundMessage, known: Known) -> Place:
    """By the Message-IDs it answers, its own (an equal one only links), then a reference.

    The centre's own addresses are everywhere and prove no part in anything.
    """
    own = known.routing.own_addresses
    answered = [known.answered[each] for each in places_named(message) if each in known.answered]
    thread = queries.thread_of_message(tx, max(answered)) if answered else None
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


def sender(tx: Tx, message: InboundMessage, where: Place, known: Known) -> Sender:
    """The customer by address and number; a new one for an unknown person.

    Machines are no customers: a bounce or an automatic mail of an unknown sender makes none.
    """
    given = identifiers(message)
    shown = message.sender.name.strip() or message.sender.address or message.phone
    if message.bounce is not None:
        return Sender(None, shown or "Mail delivery")
    found = _known(given, shown, known)
    if found is not None:
        return found
    if where.thread is not None and where.joins and where.thread.customer_id is not None:
        return Sender(where.thread.customer_id, shown)
    if message.auto_generated or not given:
        return Sender(None, shown or "Unknown sender")
    customer_id = customers.add(
        tx, shown, fold(shown), ((each.kind, each.value, each.norm) for each in given)
    )
    for each in given:
        known.holders[each.kind, each.norm] = {customer_id: shown}
    return Sender(customer_id, shown)


def _known(given: tuple[Identifier, ...], shown: str, known: Known) -> Sender | None:
    """The customer who holds what was given, a doubt whether it is they, or None: nobody does."""
    matches = [known.holders[each.kind, each.norm] for each in given]
    candidates = _agreed([found for found in matches if found])
    if not candidates:
        return None
    if len(candidates) > 1:
        return Sender(None, shown, _SHARED)
    ((customer_id, name),) = candidates.items()
    if not all(matches) and fold(name) != fold(shown):
        return Sender(None, shown, _OTHER_NAME)
    return Sender(customer_id, name)


def _agreed(matches: Sequence[Mapping[int, str]]) -> Mapping[int, str]:
    """Whom address and number agree on; all of them when they do not."""
    everybody = {each: name for found in matches for each, name in found.items()}
    agreed = {
        each: name for each, name in everybody.items() if all(each in found for found in matches)
    }
    return agreed or everybody


def about(message: InboundMessage, where: Place, account: Account, routing: Routing) -> About:
    """The service: a form's own, the thread's, or the one that the words speak of."""
    service = _service(message, where, routing)
    chosen = (service.queue_id if service else None, account.queue_id)
    known = (routing.queues.get(each) for each in chosen if each is not None)
    rules = next((each for each in known if each is not None), routing.general_queue)
    if rules is None:
        raise NotFound("the centre has no queue")
    return About(service, rules)


def _service(message: InboundMessage, where: Place, routing: Routing) -> ServiceRules | None:
    if message.service_code:
        return routing.service_by_code(message.service_code)
    if where.thread is not None and where.joins and where.thread.service_id is not None:
        return routing.services.get(where.thread.service_id)
    words = f"{message.subject}\n{message.reply_text or message.text}"
    proposed = matching.propose(routing.words, words)
    return routing.services.get(proposed) if proposed is not None else None


def due(now: datetime, rules: QueueRules, channel: Channel) -> datetime:
    """When an arrival of now breaches its queue's target."""
    own = rules.targets.get(channel)
    if own is None:
        target = CHANNEL_TARGETS[channel]
    else:
        seconds, in_opening_hours = own
        target = Target(timedelta(seconds=seconds))
        if not in_opening_hours:
            return now + target.time
    calendar = opening_hours(rules.hours)
    if calendar is None:
        return now + (target.time or timedelta(days=max(target.days, 1)))
    started = Clock.start(calendar, now, target).due_at
    assert started is not None
    return started


def case_due(now: datetime, service: ServiceRules, routing: Routing) -> datetime | None:
    """When a case of this service, opened now, is due; None without a target."""
    if service.case_target_seconds is None:
        return None
    rules = routing.queues.get(service.queue_id)
    calendar = opening_hours(rules.hours) if rules else None
    target = timedelta(seconds=service.case_target_seconds)
    if calendar is None:
        return now + target
    return calendar.add_working_time(now, target)


def resumed(tx: Tx, case: messages.WaitingCase) -> datetime | None:
    """When a case is due whose clock runs again from now."""
    calendar = opening_hours(case.hours)
    if calendar is None:
        return case.clock.due_at or (tx.now + case.clock.left if case.clock.left else None)
    return case.clock.resume(calendar, tx.now).due_at


def opening_hours(hours: dict[str, object]) -> Calendar | None:
    """The opening hours, None when they are unusable: no arrival is lost to a typing error."""
    try:
        calendar = Calendar.from_data(hours)
        calendar.working_day  # noqa: B018 - closed for good raises
    except (InvalidInput, NeverOpen):
        return None
    return calendar
