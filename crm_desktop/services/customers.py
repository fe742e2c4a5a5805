"""Who the customers are: found, read with a trace, and recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.identifiers import Identifier, identify, normal_postcode
from crm_desktop.domain.states import IdentifierKind
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import CustomerView, FoundCustomer, HistoryEntry
from crm_desktop.services.searching import detail, read_terms
from crm_desktop.store.database import Database, Tx
from crm_desktop.store.queries import customers as queries
from crm_desktop.store.queries import events

_LONGEST_NAME = 200
_LONGEST_LINES = 500
_WRONG = {
    IdentifierKind.EMAIL: "Enter an email address, like name@example.com",
    IdentifierKind.PHONE: "Enter a telephone number, like 01632 960 001",
    IdentifierKind.HANDLE: "Enter a name as the network writes it, like @name",
    IdentifierKind.ACCOUNT: "Enter an account number of letters and digits",
}


@dataclass(frozen=True, slots=True)
class NewCustomer:
    """What an advisor enters of a person or organisation; only the name must be there."""

    name: str
    email: str = ""
    phone: str = ""
    lines: str = ""
    postcode: str = ""
    prefers: str = ""


def get(db: Database, customer_id: int) -> CustomerView:
    """A customer with identifiers and history; leaves a trace. Raises NotFound."""
    with db.write() as tx:
        return queries.view(tx, customer_id)


def history(db: Database, customer_id: int) -> tuple[HistoryEntry, ...]:
    """A customer's contacts and cases, newest first; stubs where content is not this person's."""
    with db.read() as tx:
        return tx.guard.history(customer_id, queries.HISTORY)


def search(db: Database, text: str, limit: int = 20) -> tuple[FoundCustomer, ...]:
    """Customers by address, number, case reference, postcode or name; exact ones first.

    Whatever the text holds, this raises nothing but DatabaseTrouble.
    """
    terms = read_terms(text)
    if not (terms.words or terms.norm):
        return ()
    found: list[FoundCustomer] = []
    with db.read() as tx:
        hits = tx.guard.search(terms, limit) or tx.guard.search_meant(terms.words, limit)
        for hit in hits:
            if hit.kind == "customer":
                found.append(FoundCustomer(hit.id, hit.title, detail(hit)))
            elif owner := queries.of_case(tx, hit.id):
                found.append(owner)
        if postcode := normal_postcode(terms.folded):
            found = [*queries.at_postcode(tx, postcode, limit), *found]
    return tuple({each.id: each for each in reversed(found)}.values())[::-1][:limit]


def create(db: Database, entered: NewCustomer, *, anyway: bool = False) -> tuple[int, Changes]:
    """Record a new customer; the id and what changed.

    Raises InvalidInput(fields), and Conflict(names=…) when somebody has this address or number
    already, unless `anyway`: people of one household share them.
    """
    identifiers = _checked(entered)
    with db.write() as tx:
        if not anyway and (names := _holders(tx, identifiers)):
            raise Conflict("somebody has this address or number already", names=names)
        customer_id = queries.add(
            tx,
            entered.name.strip(),
            fold(entered.name.strip()),
            ((each.kind, each.value, each.norm) for each in identifiers),
            entered.prefers.strip(),
        )
        if entered.lines.strip() or entered.postcode.strip():
            postcode = normal_postcode(entered.postcode) or ""
            queries.add_address(tx, customer_id, entered.lines.strip(), postcode)
        events.append(tx, "customer.created", customer_id=customer_id)
        tx.changed(Topic.CUSTOMER, customer_id)
        return customer_id, tx.changes


def add_identifier(db: Database, customer_id: int, kind: IdentifierKind, value: str) -> Changes:
    """A customer can be found by this too; raises InvalidInput(fields) and NotFound."""
    identifier = identify(kind, value)
    if identifier is None:
        raise InvalidInput("identifier", fields={kind.value: _WRONG[kind]})
    with db.write() as tx:
        if not queries.exists(tx, customer_id):
            raise NotFound("no such customer")
        queries.add_identifier(tx, customer_id, kind.value, identifier.value, identifier.norm)
        events.append(tx, "customer.identifier_added", customer_id=customer_id, of=kind.value)
        tx.changed(Topic.CUSTOMER, customer_id)
        return tx.changes


def _checked(entered: NewCustomer) -> tuple[Identifier, ...]:
    """The identifiers in normal form; raises InvalidInput(fields) for all that is wrong at once."""
    wrong: dict[str, str] = {}
    found: list[Identifier] = []
    if not entered.name.strip():
        wrong["name"] = "Enter a name"
    elif len(entered.name) > _LONGEST_NAME:
        wrong["name"] = f"Name must be {_LONGEST_NAME} characters or fewer"
    for kind, value in (
        (IdentifierKind.EMAIL, entered.email),
        (IdentifierKind.PHONE, entered.phone),
    ):
        if not value.strip():
            continue
        identifier = identify(kind, value)
        if identifier is None:
            wrong[kind.value] = _WRONG[kind]
        else:
            found.append(identifier)
    if len(entered.lines) > _LONGEST_LINES:
        wrong["lines"] = f"Address must be {_LONGEST_LINES} characters or fewer"
    if entered.postcode.strip() and normal_postcode(entered.postcode) is None:
        wrong["postcode"] = "Enter a full UK postcode, like NR1 3PX"
    if wrong:
        raise InvalidInput("customer", fields=wrong)
    return tuple(found)


def _holders(tx: Tx, identifiers: Sequence[Identifier]) -> tuple[str, ...]:
    """The names of customers who have any of these already."""
    names: dict[str, None] = {}
    for each in identifiers:
        for owners in tx.guard.owners(each.kind.value, (each.norm,)).values():
            names.update((name, None) for _, name in owners)
    return tuple(names)
