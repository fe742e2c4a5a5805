"""The last look before anything leaves: is another customer's data in it?

A council once sent one customer's data to another inside a signature picture; so everything that
leaves is looked at, the parts of it that nobody sees as well: HTML attributes, comments, hidden
text, file names, pictures. What is found stops the message until a person has looked.

Three steps, so that the database is asked once and this module stays pure: `candidates` says what
could be somebody's, the caller looks those up, `findings` decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from crm_desktop.domain.identifiers import masked, normal_email, normal_phone
from crm_desktop.domain.leak_text import (
    Candidate,
    FindingKind,
    Page,
    in_text,
    name_key,
    names_in_text,
    plain,
    spaced,
    values_in_text,
)
from crm_desktop.domain.text import tokens

_WORDS = {
    FindingKind.RECIPIENT: "“{found}” is no address of the customer or this conversation",
    FindingKind.EMAIL: "The email address “{found}” belongs to another customer ({where})",
    FindingKind.PHONE: "The telephone number “{found}” belongs to another customer ({where})",
    FindingKind.REFERENCE: "The reference “{found}” is not one of this customer's ({where})",
    FindingKind.NAME: "“{found}” is the name of another customer ({where})",
    FindingKind.IMAGE: "The picture “{found}” is not one of the template's ({where})",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a person must look at. `found` is personal data and never in a repr."""

    kind: FindingKind
    found: str = field(repr=False)
    where: str

    @property
    def words(self) -> str:
        """For the screen of somebody who may see it."""
        return _WORDS[self.kind].format(found=self.found, where=self.where)

    @property
    def masked(self) -> str:
        """For a log: enough to tell two findings apart."""
        return f"{self.kind} {masked(self.found)} in {self.where}"


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file that is about to leave: its name, and the SHA-256 (hex) of its content.

    `inline` files are shown within the HTML by their `content_id`.
    """

    name: str
    content_type: str
    sha256: str
    inline: bool = False
    content_id: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that is about to leave; `recipients` are the addresses of To and Cc."""

    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str = ""
    files: tuple[OutgoingFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """What may stand in the message: the customer's own, the thread's, the centre's.

    `emails` hold the customer's, the thread's participants' and the centre's addresses; `names`
    the customer's, the advisor's and the centre's; `said` everything that this customer sent us
    in the conversation; `images` the SHA-256 of the template's pictures. `customer_ids` are the
    customer, and those whom they may speak for.
    """

    customer_ids: frozenset[int] = frozenset()
    emails: frozenset[str] = frozenset()
    phones: frozenset[str] = frozenset()
    references: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    said: str = ""
    images: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """Whose the candidates are: normal form → customer ids. What nobody owns is missing.

    Names are keyed by `name_key`.
    """

    emails: Mapping[str, frozenset[int]] = field(default_factory=dict)
    phones: Mapping[str, frozenset[int]] = field(default_factory=dict)
    references: Mapping[str, frozenset[int]] = field(default_factory=dict)
    names: Mapping[str, frozenset[int]] = field(default_factory=dict)


def check(
    outgoing: Outgoing, allowed: Allowed, lookup: Callable[[tuple[Candidate, ...]], Known]
) -> tuple[Finding, ...]:
    """Everything that must be looked at before this leaves; empty when it may go."""
    found = candidates(outgoing, allowed)
    return findings(outgoing, found, allowed, lookup(found))


def candidates(outgoing: Outgoing, allowed: Allowed) -> tuple[Candidate, ...]:
    """What in the message could be another customer's and is not allowed anyway, each once."""
    names = frozenset(name_key(each) for each in allowed.names)
    seen: dict[tuple[FindingKind, str], Candidate] = {}
    for where, text, any_case in _pieces(outgoing):
        for each in in_text(text, where, any_case=any_case, names=names):
            seen.setdefault((each.kind, each.value), each)
    own = _own(allowed, names, [value for kind, value in seen if kind is FindingKind.NAME])
    return tuple(each for (kind, value), each in seen.items() if value not in own[kind])


def findings(
    outgoing: Outgoing, found: Iterable[Candidate], allowed: Allowed, known: Known
) -> tuple[Finding, ...]:
    """Which candidates are somebody else's, and which recipients and pictures do not belong."""
    owners = {
        FindingKind.EMAIL: known.emails,
        FindingKind.PHONE: known.phones,
        FindingKind.REFERENCE: known.references,
        FindingKind.NAME: known.names,
    }
    theirs = (
        Finding(each.kind, each.shown, each.where)
        for each in found
        # A case of nobody known (no ids) is not this customer's either.
        if (ids := owners[each.kind].get(each.value)) is not None and not ids & allowed.customer_ids
    )
    return (*_strange_recipients(outgoing, allowed), *theirs, *_strange_images(outgoing, allowed))


def _strange_recipients(outgoing: Outgoing, allowed: Allowed) -> Iterator[Finding]:
    emails = {normal_email(each) for each in allowed.emails}
    for address in dict.fromkeys(outgoing.recipients):
        if normal_email(address) not in emails or normal_email(address) is None:
            yield Finding(FindingKind.RECIPIENT, address, "recipients")


def _strange_images(outgoing: Outgoing, allowed: Allowed) -> Iterator[Finding]:
    page = Page(outgoing.html)
    shown = {unquote(each[4:]) for each in page.images if each.lower().startswith("cid:")}
    for file in outgoing.files:
        inline = file.inline or (file.content_id and file.content_id in shown)
        if inline and file.sha256.lower() not in allowed.images:
            yield Finding(FindingKind.IMAGE, file.name, "pictures")
    for source in page.images:
        if not source.lower().startswith("cid:"):
            yield Finding(FindingKind.IMAGE, source[:60], "formatted text")


def _own(
    allowed: Allowed, names: frozenset[str], asked: Iterable[str]
) -> Mapping[FindingKind, frozenset[str]]:
    """What is allowed, in normal form; of the names that were said, those that are `asked`."""
    text = plain(allowed.said)
    said = list(values_in_text(text, ""))
    # All runs of words in what was said are many, and mostly none of them is asked for.
    words = frozenset(tokens(text))
    met = [parts for each in asked if words.issuperset(parts := each.split())]
    if met:
        begin = frozenset(word for parts in met for word in parts)
        said += names_in_text(text, "", any_case=True, own=frozenset(), begin=begin)

    def of(kind: FindingKind, given: Iterable[str]) -> frozenset[str]:
        return frozenset(given) | {each.value for each in said if each.kind is kind}

    return {
        FindingKind.EMAIL: of(
            FindingKind.EMAIL, (normal_email(each) or "" for each in allowed.emails)
        ),
        FindingKind.PHONE: of(
            FindingKind.PHONE, (normal_phone(each) or "" for each in allowed.phones)
        ),
        FindingKind.REFERENCE: of(FindingKind.REFERENCE, allowed.references),
        FindingKind.NAME: of(FindingKind.NAME, names),
    }


def _pieces(outgoing: Outgoing) -> Iterator[tuple[str, str, bool]]:
    """(where, text, whether a name may be written without capitals)."""
    page = Page(outgoing.html)
    yield "subject", plain(outgoing.subject), False
    yield "text", plain(outgoing.text), False
    # A name's parts may touch across tags, or be parted by nothing but tags.
    yield "formatted text", plain("".join(page.text)), False
    yield "formatted text", plain(" ".join(page.text)), False
    for hidden in page.hidden:
        yield "hidden in the formatted text", plain(hidden), True
        if "%" in hidden:
            yield "hidden in the formatted text", plain(unquote(hidden)), True
    for file in outgoing.files:
        for name in (file.name, file.content_id):
            words = spaced(plain(name))
            yield "file name", words, True
            yield "file name", plain(name).replace("_", "-"), True
