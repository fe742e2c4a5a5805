"""Which parts of a mail are its words and which are its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from crm_desktop.channels.email import calendar, html, tnef
from crm_desktop.channels.email.addresses import parse_addresses
from crm_desktop.channels.email.decoding import decode_text
from crm_desktop.channels.email.filenames import given_name, safe_name
from crm_desktop.channels.email.mime import Part
from crm_desktop.channels.email.problems import Problems
from crm_desktop.domain.messages import InboundAttachment

MAX_TEXT = 500_000
MAX_ATTACHMENTS = 200


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the mail's words; either form may be missing (None)."""

    text: str | None = None
    html: str | None = None


@dataclass(slots=True)
class Content:
    """What was found in one mail."""

    problems: Problems
    blocks: list[Block] = field(default_factory=list)
    attachments: list[InboundAttachment] = field(default_factory=list)
    in_report: bool = False

    def attach(self, name: str, media_type: str, content: bytes, **more: object) -> None:
        """Keep one file, its name made safe."""
        if len(self.attachments) >= MAX_ATTACHMENTS:
            self.problems.left_out(f"More than {MAX_ATTACHMENTS} files came; the rest was left.")
            return
        safe = safe_name(name, media_type, len(self.attachments) + 1)
        self.attachments.append(
            InboundAttachment(
                safe,
                media_type,
                content,
                inline=bool(more.get("inline")),
                content_id=str(more.get("content_id", "")),
            )
        )

    def attach_whole(self, raw: bytes) -> None:
        """Keep the mail itself, as it came, beside what could be read of it."""
        self.attachments.append(InboundAttachment("whole-mail.eml", "message/rfc822", raw))


def read_bodies(root: Part, problems: Problems) -> Content:
    """The words and the files of a parsed mail, in the order in which they stand."""
    content = Content(problems)
    content.blocks = _blocks(root, content)
    shown = frozenset[str]().union(*(html.content_ids(b.html) for b in content.blocks if b.html))
    content.attachments = [
        replace(each, inline=each.inline or each.content_id in shown) if each.content_id else each
        for each in content.attachments
    ]
    return content


def plain_text(blocks: list[Block]) -> str:
    """All the words as plain text."""
    texts = (
        block.text if block.text is not None else html.to_text(block.html or "") for block in blocks
    )
    return "\n\n".join(text.strip("\n") for text in texts if text.strip())[: 2 * MAX_TEXT]


def html_text(blocks: list[Block]) -> str:
    """All the words as sanitised HTML, empty when the mail has none."""
    if not any(block.html for block in blocks):
        return ""
    return "\n".join(
        html.from_text(block.text or "") if block.html is None else block.html for block in blocks
    )


def _blocks(part: Part, content: Content) -> list[Block]:
    """Recursion is bounded by the tree's own greatest depth."""
    if part.children:
        return _container(part, content)
    if part.media_type.startswith("multipart/"):
        return []
    reader = _reader(part, content)
    return reader(part, content)


def _container(part: Part, content: Content) -> list[Block]:
    if part.media_type == "multipart/alternative":
        return _alternative(part, content)
    if part.media_type.startswith("message/"):
        return _forwarded(part, content)
    if part.media_type == "multipart/report":
        content.in_report = True
    return [block for child in part.children for block in _blocks(child, content)]


def _alternative(part: Part, content: Content) -> list[Block]:
    """One text in several forms: the words of the first plain one, the look of the last HTML."""
    text: str | None = None
    look: str | None = None
    extra: list[Block] = []
    for child in part.children:
        if _further_form(child):
            continue
        for block in _blocks(child, content):
            if child.media_type == "text/calendar":
                extra.append(block)
            elif block.html is not None:
                look = (
                    block.html
                    if child.media_type == "text/html" or look is None
                    else look + block.html
                )
                text = text if block.text is None or text else block.text
            elif block.text and (text is None or not text.strip()):
                text = block.text
    if text is not None and not text.strip() and look:
        text = None
    return [*([Block(text, look)] if text is not None or look is not None else []), *extra]


def _further_form(part: Part) -> bool:
    """The same words once more in a form for few readers (AMP, watch, enriched)."""
    known = part.media_type in ("text/plain", "text/html", "text/calendar")
    return part.media_type.startswith("text/") and not known and not given_name(part)


def _reader(part: Part, content: Content) -> Callable[[Part, Content], list[Block]]:
    kind = part.media_type
    name = given_name(part)
    if kind == "application/ms-tnef" or name.lower() == "winmail.dat":
        return _winmail
    if kind == "text/calendar":
        return _invitation
    is_file = part.disposition == "attachment" or bool(name and (content.blocks or part.depth > 1))
    if kind in ("text/plain", "text/html") and not is_file and not (name and content.attachments):
        return _words
    return _file


def _words(part: Part, content: Content) -> list[Block]:
    raw = part.content(content.problems)
    text = decode_text(raw, part.charset, content.problems)
    if len(text) > MAX_TEXT:
        content.problems.add("The mail's text is very long; it is attached whole as a file.")
        content.attach("", part.media_type, raw)
        text = text[:MAX_TEXT]
    if part.media_type == "text/html":
        return [Block(None, html.sanitise(text, content.problems))]
    return [Block(text, None)]


def _file(part: Part, content: Content) -> list[Block]:
    kind = part.media_type
    if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"):
        content.problems.add("The mail is encrypted; it cannot be read here.")
    if kind in ("message/partial", "message/external-body"):
        content.problems.add("A part of the mail lies elsewhere and did not come with it.")
    inline = bool(part.content_id) and part.disposition == "inline"
    content.attach(
        given_name(part),
        kind,
        part.content(content.problems),
        inline=inline,
        content_id=part.content_id,
    )
    return []


def _invitation(part: Part, content: Content) -> list[Block]:
    raw = part.content(content.problems)
    content.attach(given_name(part) or "invitation.ics", part.media_type, raw)
    line = calendar.summary_line(decode_text(raw[:100_000], part.charset, content.problems))
    return [Block(line, None)] if line else []


def _winmail(part: Part, content: Content) -> list[Block]:
    raw = part.content(content.problems)
    content.attach(given_name(part) or "winmail.dat", part.media_type, raw)
    inside = tnef.unpack(raw, content.problems)
    for name, data in inside.files:
        content.attach(name, "application/octet-stream", data)
    look = html.sanitise(decode_text(inside.html, "", Problems()), content.problems)
    text = decode_text(inside.text, "", Problems())
    if not text.strip() and not look:
        return []
    return [Block(text if text.strip() else None, look or None)]


def _forwarded(part: Part, content: Content) -> list[Block]:
    """A mail inside the mail: kept as a file, and its words shown below a short head."""
    inner = part.children[0]
    name = given_name(part) or inner.headers.text("subject")
    name = name if name.lower().endswith(".eml") or not name else f"{name}.eml"
    content.attach(name or "message.eml", "message/rfc822", part.content(content.problems))
    if content.in_report:
        return []  # what bounced is our own mail: its words are no words of the customer
    head = [f"{label}: {value}" for label, value in _head(inner) if value]
    inside = _blocks(inner, content)
    text = "\n".join(("---------- Forwarded message ----------", *head))
    return [Block(text, None), *inside]


def _head(inner: Part) -> list[tuple[str, str]]:
    senders = parse_addresses(inner.headers.raw("from"))
    shown = ", ".join(f"{each.name} <{each.address}>".strip() for each in senders[:3])
    return [
        ("From", shown),
        ("Date", inner.headers.text("date")),
        ("Subject", inner.headers.text("subject")),
    ]
