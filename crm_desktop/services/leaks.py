"""Asking the database whose the things are that a message speaks of, before it may leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from crm_desktop.domain.leak_check import Allowed, Known, Outgoing, OutgoingFile, check
from crm_desktop.domain.leak_text import Candidate, FindingKind, name_key
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import Reply
from crm_desktop.store.database import Tx
from crm_desktop.store.queries.replying import Answering

_LOOKED_UP_AT_ONCE = 500


def findings(
    tx: Tx, known: Answering, reply: Reply, *, subject: str, hashes: tuple[str, ...]
) -> tuple[str, ...]:
    """What a person must look at before the reply leaves, in words; empty when it may go.

    In a chat nobody is written to: it has no address.
    """
    outgoing = Outgoing(
        recipients=tuple(each for each in (reply.to, *reply.cc) if each),
        subject=subject,
        text=reply.text,
        files=tuple(
            OutgoingFile(each.name, each.content_type, sha256)
            for each, sha256 in zip(reply.attachments, hashes, strict=True)
        ),
    )
    return found_in(tx, known, outgoing)


def found_in(tx: Tx, known: Answering, outgoing: Outgoing) -> tuple[str, ...]:
    """The same of anything that is about to leave a contact."""
    advisor = tx.actor.name if tx.actor else ""
    found = check(outgoing, _allowed(known, advisor), lambda candidates: _known(tx, candidates))
    return tuple(each.words for each in found)


def _allowed(known: Answering, advisor: str) -> Allowed:
    """What is the customer's own, or has been said in this contact by them."""
    contact, centre = known.contact, known.centre
    emails = {str(centre.get("email", ""))}
    phones = {str(centre.get("phone", ""))}
    for kind, value in known.identifiers:
        (emails if kind == "email" else phones).add(value)
    for message in known.said:
        emails.add(message.sender_address)
        emails.update(
            str(pair[1]) for kind in ("to", "cc") for pair in message.recipients.get(kind, ())
        )
    return Allowed(
        customer_ids=frozenset({contact.customer_id} - {None}),  # type: ignore[arg-type]
        emails=frozenset(emails - {""}),
        phones=frozenset(phones - {""}),
        references=frozenset(known.references.values()) - {""},
        names=frozenset(
            {contact.customer_name, contact.who, advisor, str(centre.get("name", ""))} - {""}
        ),
        said="\n".join(f"{each.subject}\n{each.body_text}" for each in known.said),
    )


def _known(tx: Tx, candidates: tuple[Candidate, ...]) -> Known:
    values: dict[FindingKind, set[str]] = defaultdict(set)
    for each in candidates:
        values[each.kind].add(each.value)
        if each.kind is FindingKind.NAME:
            # Names are stored folded with their punctuation: O'Brien.
            values[each.kind].add(fold(each.shown))
    names: dict[str, frozenset[int]] = {}
    for folded, ids in _owners(tx, "name", values[FindingKind.NAME]).items():
        key = name_key(folded)
        names[key] = names.get(key, frozenset()) | ids
    return Known(
        emails=_owners(tx, "email", values[FindingKind.EMAIL]),
        phones=_owners(tx, "phone", values[FindingKind.PHONE]),
        references=_owners(tx, "reference", values[FindingKind.REFERENCE]),
        names=names,
    )


def _owners(tx: Tx, kind: str, norms: Iterable[str]) -> dict[str, frozenset[int]]:
    wanted = sorted(norms)
    found: dict[str, frozenset[int]] = {}
    for start in range(0, len(wanted), _LOOKED_UP_AT_ONCE):
        part = tuple(wanted[start : start + _LOOKED_UP_AT_ONCE])
        for norm, owners in tx.guard.owners(kind, part).items():
            found[norm] = frozenset(customer_id for customer_id, _ in owners)
    return found
