"""Which conversation a mail belongs to, as far as the mail itself says."""

from __future__ import annotations

import re

from crm_desktop.domain.messages import InboundMessage
from crm_desktop.domain.references import find_references

_ANSWER = re.compile(
    r"^(?:\s*(?:re|ateb|atb|aw|sv|antw|rif|odp|res|fwd?|ymlaen|wg|tr)\s*(?:\[\d+\])?\s*:)+\s*",
    re.IGNORECASE,
)
_TAG = re.compile(r"\[([^\[\]]{1,40})\]")


def subject_reference(subject: str) -> str | None:
    """Our case reference in a subject, canonical; one in square brackets, ours, comes first."""
    subject = subject[:1000]
    for tag in _TAG.findall(subject):
        if found := find_references(tag):
            return found[0]
    return next(iter(find_references(subject)), None)


def answered_ids(mail: InboundMessage) -> tuple[str, ...]:
    """The Message-IDs that a mail answers, nearest first, each once."""
    ids = (mail.in_reply_to, *reversed(mail.references))
    return tuple(dict.fromkeys(each for each in ids if each and each != mail.message_id))


def references_for_reply(mail_id: str, references: tuple[str, ...]) -> tuple[str, ...]:
    """The References of an answer: the answered mail's own, then its Message-ID, 20 at most."""
    ids = tuple(dict.fromkeys(each for each in (*references, mail_id) if each))
    return ids if len(ids) <= 20 else (ids[0], *ids[-19:])


def reply_subject(subject: str, reference: str = "") -> str:
    """`Re: Missed bin [C-8F3-T9K-4]`: one "Re:", and the reference once."""
    bare = _ANSWER.sub("", subject.strip()).strip() or "your message"
    if reference and reference not in find_references(bare):
        bare = f"{bare} [{reference}]"
    return f"Re: {bare}"
