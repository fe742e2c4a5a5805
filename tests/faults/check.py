"""The promises, held against what the database and the relay really have: a pure function."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from crm_desktop.domain.states import IN_HAND, ContactState, OutboxState
from tests.faults import replay
from tests.faults.found import Found, Row
from tests.faults.ledger import Entry
from tests.faults.tokens import tokens

#: A draft that is older than this is kept, wherever the desktop is by now.
DRAFT_SECONDS = 5.0
_ENDED = (OutboxState.DONE, OutboxState.DEAD, OutboxState.HELD, OutboxState.WITHDRAWN)
_OWNED = (*IN_HAND, ContactState.OFFERED, ContactState.PARKED, ContactState.COMPLETED)
_UNDER_WAY = ("pending", "sent", "acknowledged", "in_progress", "overdue")
#: How long a lease may be without its owner while another takes over.
_TAKING_OVER = timedelta(seconds=4)


@dataclass(frozen=True, slots=True)
class Outside:
    """What others know: the ledgers, the relay's mails, the office's requests, the local drafts.

    `deliveries`: Message-ID to the text of each mail. `asked`: a hand-off's idempotency key to how
    often the office has it. `drafts`: contact to the text that the desktop's encrypted files hold;
    `kills`: when the desktop was killed, in seconds since 1970.
    """

    entries: Sequence[Entry] = ()
    deliveries: Mapping[str, Sequence[str]] = field(default_factory=dict)
    asked: Mapping[str, int] = field(default_factory=dict)
    drafts: Mapping[int, str] = field(default_factory=dict)
    kills: Sequence[float] = ()


def violations(found: Found, outside: Outside, *, final: bool = False) -> list[str]:
    """Everything that is not as it was promised; `final`: nothing is under way any more."""
    return [
        *_once(found, outside.entries),
        *_owners(found),
        *_replayed(found),
        *_outgoing(found, outside.deliveries),
        *_handed_off(found, outside),
        *_kept(found, outside),
        *_stuck(found, final=final),
    ]


def _once(found: Found, entries: Sequence[Entry]) -> Iterator[str]:
    """What was accepted exists exactly once, what was not at most once."""
    there = _tokens_of(found.messages)
    references = _references(found)
    accepted: dict[str, Entry] = {}
    tried: set[str] = set()
    for entry in entries:
        if entry["op"] not in ("mail", "form", "reply"):
            continue
        tried.add(entry["token"])
        if entry["what"] == "ok":
            accepted[entry["token"]] = entry
    for token in sorted(tried | there.keys()):
        count = there[token]
        if count > 1:
            yield f"{token} exists {count} times"
        elif token in accepted and count == 0:
            yield f"{token} was accepted and is lost"
        elif token not in tried:
            yield f"{token} exists and nobody sent it"
        wanted = accepted.get(token, {}).get("reference")
        if wanted and references.get(token) != wanted:
            yield f"{token} was given {wanted} and stands under {references.get(token)}"


def _tokens_of(messages: Iterable[Row]) -> Counter[str]:
    """How many messages carry each token that is their own."""
    there: Counter[str] = Counter()
    for message in messages:
        ours = message["direction"] == "outbound"
        for token in tokens(message["body_text"]):
            if token.startswith("reply") is ours:
                there[token] += 1
    return there


def _references(found: Found) -> dict[str, str]:
    """The case's reference of every form."""
    of_contact = {each["id"]: each["reference"] for each in found.cases}
    linked = {each["contact_id"]: of_contact[each["case_id"]] for each in found.case_contacts}
    return {
        token: linked.get(message["contact_id"], "")
        for message in found.messages
        for token in tokens(message["body_text"])
        if token.startswith("form")
    }


def _owners(found: Found) -> Iterator[str]:
    """One owner at most, and the assignment says the same as the contact."""
    open_of: dict[int, list[Row]] = defaultdict(list)
    for each in found.assignments:
        if each["ended_at"] is None:
            open_of[each["contact_id"]].append(each)
    for contact in found.contacts:
        given = open_of[contact["id"]]
        state, owner = contact["state"], contact["owner_id"]
        if len(given) > 1:
            yield f"contact {contact['id']} is given to {len(given)} people at once"
        if (owner is not None) is not (state in _OWNED):
            yield f"contact {contact['id']} is {state} with owner {owner}"
        expected = [owner] if state in (*IN_HAND, ContactState.OFFERED) else []
        if len(given) < 2 and [each["staff_id"] for each in given] != expected:
            yield f"contact {contact['id']} is {state} of {owner} but given to {_to(given)}"


def _to(given: Sequence[Row]) -> str:
    return ", ".join(str(each["staff_id"]) for each in given) or "nobody"


def _replayed(found: Found) -> Iterator[str]:
    """Every state is what its events say."""
    of_contact: dict[int, list[replay.Happened]] = defaultdict(list)
    of_handoff: dict[int, list[replay.Happened]] = defaultdict(list)
    everything = []
    for each in found.events:
        happened = replay.Happened(each["kind"], each["actor_id"], each["data"])
        everything.append(happened)
        if each["contact_id"] is not None:
            of_contact[each["contact_id"]].append(happened)
        if "handoff" in each["data"]:
            of_handoff[each["data"]["handoff"]].append(happened)
    for contact in found.contacts:
        now = replay.contact(of_contact[contact["id"]])
        if now.wrong:
            yield f"contact {contact['id']}: {now.wrong}"
        elif (now.state, now.owner_id) != (contact["state"], contact["owner_id"]):
            yield (
                f"contact {contact['id']} is {contact['state']} of {contact['owner_id']}, its"
                f" events say {now.state} of {now.owner_id}"
            )
    said = replay.messages(everything)
    for message in found.messages:
        if message["visibility"] != "internal" and said.get(message["id"]) != message["state"]:
            events = said.get(message["id"], "nothing")
            yield f"message {message['id']} is {message['state']}, its events say {events}"
    for handoff in found.handoffs:
        may_be = replay.handoff(of_handoff[handoff["id"]])
        if handoff["state"] not in may_be:
            yield f"hand-off {handoff['id']} is {handoff['state']}, its events say {set(may_be)}"


_OF_OUTBOX = {
    OutboxState.PENDING: "pending",
    OutboxState.CLAIMED: "pending",
    OutboxState.DONE: "sent",
    OutboxState.HELD: "stopped",
    OutboxState.DEAD: "failed",
    OutboxState.WITHDRAWN: "withdrawn",
}


def _outgoing(found: Found, deliveries: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Sent once; what may have arrived was repeated once at most, under its id, and is marked."""
    messages = {each["id"]: each for each in found.messages}
    known, marked = set(), _marked(found)
    for item in found.outbox:
        if item["message_id"] is None:
            continue
        message = messages[item["message_id"]]
        known.add(message["rfc_id"])
        times = len(deliveries.get(message["rfc_id"], ()))
        name = f"outgoing message {message['id']} ({item['state']})"
        if message["state"] != _OF_OUTBOX[item["state"]]:
            yield f"{name} has the state {message['state']}"
        if times > 2:
            yield f"{name} was delivered {times} times"
        elif times == 2 and not item["unknown_fate"]:
            yield f"{name} was delivered twice and is not marked"
        elif times == 2 and item["id"] not in marked:
            yield f"{name} was repeated and no event says so"
        elif times == 0 and item["state"] == OutboxState.DONE:
            yield f"{name} is lost: it was never delivered"
        elif times and item["state"] in (OutboxState.HELD, OutboxState.WITHDRAWN):
            yield f"{name} was delivered nevertheless"
        elif times and item["state"] == OutboxState.DEAD and not item["unknown_fate"]:
            yield f"{name} was delivered and is said to have failed"
    for rfc_id in deliveries.keys() - known:
        yield f"the relay has {rfc_id}, which nobody here wrote"
    yield from _changed_id(found, deliveries)


def _marked(found: Found) -> set[int]:
    """The outbox items of which an event says that they were repeated."""
    return {each["data"]["outbox"] for each in found.events if each["kind"] == "outbox.repeated"}


def _changed_id(found: Found, deliveries: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """A repetition has the same Message-ID and the same words."""
    under: dict[str, set[str]] = defaultdict(set)
    for rfc_id, texts in deliveries.items():
        if len(set(texts)) > 1:
            yield f"{rfc_id} was repeated with other words"
        for token in tokens(" ".join(texts)):
            if token.startswith("reply"):
                under[token].add(rfc_id)
    for token, ids in under.items():
        if len(ids) > 1:
            yield f"{token} was delivered under {len(ids)} Message-IDs"


def _handed_off(found: Found, outside: Outside) -> Iterator[str]:
    """A confirmed hand-off exists once, and the office was asked once."""
    of_case = Counter(each["case_id"] for each in found.handoffs)
    for entry in outside.entries:
        if (entry["op"], entry["what"]) == ("handoff", "ok") and not of_case[entry["case"]]:
            yield f"the hand-off of case {entry['case']} was accepted and is lost"
    for case_id, count in of_case.items():
        if count > 1:
            yield f"case {case_id} was handed off {count} times"
    doubtful = {
        each["data"]["handoff"] for each in found.events if each["data"].get("doubtful")
    } | {each["handoff_id"] for each in found.outbox if each["unknown_fate"]}
    states = {each["id"]: each["state"] for each in found.cases}
    for handoff in found.handoffs:
        times = outside.asked.get(handoff["idempotency_key"], 0)
        if times > 1 and handoff["id"] not in doubtful:
            yield f"the office has hand-off {handoff['id']} {times} times, and it is not marked"
        if times == 0 and handoff["external_id"]:
            yield f"the office never got hand-off {handoff['id']}"
        waits = states[handoff["case_id"]] == "waiting_back_office"
        if waits is not (handoff["state"] in _UNDER_WAY):
            state = states[handoff["case_id"]]
            yield f"hand-off {handoff['id']} is {handoff['state']}, its case {state}"


def _kept(found: Found, outside: Outside) -> Iterator[str]:
    """What was typed long enough ago is in a draft somewhere, or was sent."""
    sent = _tokens_of(found.messages)
    drafts: dict[int, str] = dict(outside.drafts)
    for each in found.drafts:
        text = str(each["content"].get("text", ""))
        drafts[each["contact_id"]] = drafts.get(each["contact_id"], "") + text
    ends = [*outside.kills, found.now.timestamp()]
    for entry in outside.entries:
        if entry["op"] != "typed" or sent[entry["token"]]:
            continue
        if any(0 <= end - entry["at"] < DRAFT_SECONDS for end in ends):
            continue  # too young to have been promised
        if entry["token"] not in tokens(drafts.get(entry["contact"], "")):
            yield f"the text {entry['token']} was typed and is lost"


def _stuck(found: Found, *, final: bool) -> Iterator[str]:
    """Nothing waits for somebody who will never come."""
    for contact in found.contacts:
        done = contact["state"] in (ContactState.COMPLETED, ContactState.SPAM)
        until = contact["parked_until"]
        parked = contact["state"] == ContactState.PARKED and until is not None
        if not done and not (parked and not final and until > found.now):
            yield f"contact {contact['id']} is stuck: {contact['state']} of {contact['owner_id']}"
    for item in found.outbox:
        if item["state"] in _ENDED:
            continue
        # A try that failed is repeated after seconds, and the round does not wait for that.
        later = max(item["claimed_until"] or item["not_before"], item["not_before"])
        if final or later < found.now - timedelta(seconds=8):
            yield f"outgoing work {item['id']} is stuck: {item['state']} since {later}"
    for lease in found.leases:
        if lease["expires_at"] < found.now - _TAKING_OVER:
            yield f"nobody holds the lease {lease['name']}"
