"""Which numbers are at hand: the customer's, the call's, what is written, and those of before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from crm_desktop.desktop.screens.calls.dial_dialog import Caution, Offer
from crm_desktop.domain import dialling
from crm_desktop.domain.calls import CallView
from crm_desktop.domain.identifiers import normal_phone
from crm_desktop.domain.views import ContactView, CustomerView


@dataclass(frozen=True, slots=True)
class Numbers:
    """What the dialog offers; `theirs` are numbers of the customer `customer_id`."""

    offers: tuple[Offer, ...]
    caution: Caution | None
    customer_id: int | None
    theirs: frozenset[str]


def gather(
    contact: ContactView | None,
    customer: CustomerView | None,
    calls: Mapping[int, CallView],
    recent: Sequence[str],
) -> Numbers:
    """On a worker: looking texts through takes longer than a key press may."""
    customer = customer or (contact.customer if contact else None)
    found: dict[str, Offer] = {}
    for each in (*_of_customer(customer), *_of_contact(contact, calls)):
        found.setdefault(each.number, each)
    theirs = frozenset(found)
    why = dialling.never_phone(customer)
    caution = Caution(customer.name, why, theirs) if customer and why else None
    for number in recent:
        found.setdefault(number, Offer(number, "Called or heard from today", "history"))
    return Numbers(tuple(found.values()), caution, customer.id if customer else None, theirs)


def _of_customer(customer: CustomerView | None) -> Iterator[Offer]:
    for each in customer.identifiers if customer else ():
        norm = normal_phone(each.value) if each.kind == "phone" else None
        if norm and customer:
            flag = f" ({each.flag})" if each.flag else ""
            yield Offer(norm, f"{customer.name}{flag}", "user")


def _of_contact(contact: ContactView | None, calls: Mapping[int, CallView]) -> Iterator[Offer]:
    if contact is None:
        return
    call = calls.get(contact.row.id)
    if call is not None and call.number:
        yield Offer(call.number, f"{contact.row.who}: this call")
    for message in (*reversed(contact.messages), *reversed(contact.thread)):
        for number in dialling.numbers_in(message.reply_text or message.text):
            yield Offer(number.norm, "Written in this conversation", "message-square")
