"""From the raw bytes of a mail to what intake needs; never fails, whatever the bytes."""

from __future__ import annotations

from crm_desktop.channels.email import bodies
from crm_desktop.channels.email.addresses import parse_addresses, parse_date, parse_ids
from crm_desktop.channels.email.automatic import is_automatic
from crm_desktop.channels.email.bounces import find_bounce
from crm_desktop.channels.email.headers import Headers
from crm_desktop.channels.email.mime import Part, parse_tree
from crm_desktop.channels.email.problems import Problems
from crm_desktop.channels.email.quoting import reply_text
from crm_desktop.domain.messages import Address, InboundAttachment, InboundMessage
from crm_desktop.domain.states import Channel

#: Said when the reader itself failed on the bytes: a bug to be reported, and still nothing lost.
UNREADABLE = "The mail could not be read; it is attached as it came."


def parse_mail(raw: bytes, *, external_id: str) -> InboundMessage:
    """What a mail says, decoded and sanitised; `problems` tell an advisor what could not be read.

    Every string is valid Unicode without NULs; work and sizes are bounded whatever the bytes.
    """
    try:
        return _parse(raw, external_id)
    except Exception:  # noqa: BLE001  a mail that trips a bug must still reach a person
        whole = InboundAttachment("message.eml", "message/rfc822", raw)
        return InboundMessage(
            Channel.EMAIL,
            external_id,
            Address("", ""),
            attachments=(whole,),
            auto_generated=True,
            problems=(UNREADABLE,),
        )


def _parse(raw: bytes, external_id: str) -> InboundMessage:
    problems = Problems()
    root = parse_tree(raw, problems)
    headers = root.headers
    content = bodies.read_bodies(root, problems)
    text = bodies.plain_text(content.blocks)
    sender = _sender(headers, problems)
    sent_at = parse_date(headers.raw("date"))
    if sent_at is None and headers.has("date"):
        problems.add("The date of the mail cannot be read.")
    if not raw.strip():
        problems.add("The mail is empty.")
    if problems.incomplete:
        content.attach_whole(raw)
    ids = parse_ids(headers.raw("message-id"))
    answered = parse_ids(headers.raw("in-reply-to"))
    return InboundMessage(
        channel=Channel.EMAIL,
        external_id=external_id,
        sender=sender,
        to=_addresses(headers, "to"),
        cc=_addresses(headers, "cc"),
        subject=headers.text("subject")[:500],
        text=text,
        reply_text=reply_text(text),
        html=bodies.html_text(content.blocks),
        attachments=tuple(content.attachments),
        message_id=ids[0] if ids else "",
        in_reply_to=answered[0] if answered else "",
        references=parse_ids(" ".join(headers.all("references"))),
        sent_at=sent_at,
        auto_generated=is_automatic(headers, sender),
        bounce=find_bounce(root, _opened(root), sender.address, text, problems),
        problems=problems.words(),
    )


def _sender(headers: Headers, problems: Problems) -> Address:
    named = Address("", "")
    for name in ("from", "sender", "reply-to", "return-path"):
        for each in _addresses(headers, name):
            if each.address:
                return (
                    each if name == "from" or not named.name else Address(named.name, each.address)
                )
            named = named if named.name else each
    problems.add("The mail does not say who sent it.")
    return named


def _addresses(headers: Headers, name: str) -> tuple[Address, ...]:
    return parse_addresses(", ".join(headers.all(name)))


def _opened(root: Part) -> list[Part]:
    """Every part, outermost first, but not what lies inside a mail inside the mail."""
    found = [root]
    for part in found:
        if not part.media_type.startswith(("message/rfc822", "message/global")):
            found.extend(part.children)
    return found
