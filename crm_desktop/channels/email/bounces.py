"""Delivery reports: whose address failed, and for which of our mails.

RFC 3464 reports are read field by field. Other mailers' notes are believed only where a mail
system says that it wrote them, and only what they state is taken: nothing is invented.
"""

from __future__ import annotations

import re

from crm_desktop.channels.email.addresses import parse_ids, usable_address
from crm_desktop.channels.email.decoding import clean_line
from crm_desktop.channels.email.headers import Headers, split_headers
from crm_desktop.channels.email.mime import Part
from crm_desktop.channels.email.problems import Problems
from crm_desktop.domain.messages import Bounce

MAX_REPORT = 100_000
MAX_RECIPIENTS = 100
_STATUS = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_GIVEN_UP = re.compile(
    r"could not be delivered|couldn't be delivered|wasn't able to deliver|was not delivered"
    r"|undeliverable|delivery (?:has )?failed|delivery failure|permanent (?:fatal )?error"
    r"|permanently failed|returned to sender|giv(?:en|ing) up|returned mail",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"(?:has not yet been delivered|delivery (?:is |has been )?delayed"
    r"|will (?:be retried|keep trying)|delayed mail|still being retried|do not need to resend)",
    re.IGNORECASE,
)
_ADDRESS_LINE = re.compile(
    r"^[ \t]{0,8}(?:RCPT TO:)?<?([^\s<>\"(),;:]{1,128}@[^\s<>\"(),;:]{1,255}?)>?[:.,]?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
_ORIGINAL_ID = re.compile(r"^[> \t]{0,10}Message-ID:\s{0,3}(<[^<>\s]{1,990}>)", re.MULTILINE | re.I)


def find_bounce(
    root: Part, parts: list[Part], sender: str, text: str, problems: Problems
) -> Bounce | None:
    """The delivery report in a mail, or None. Of several recipients the worst off is named."""
    report = next(
        (
            each
            for each in parts
            if each.media_type.startswith("message/")
            and each.media_type.endswith("delivery-status")
        ),
        None,
    )
    original = _original_id(root, parts, text)
    if report is not None:
        return _from_report(report, original, problems)
    return _from_words(root.headers, sender, text, original)


def _from_report(report: Part, original: str, problems: Problems) -> Bounce | None:
    content = report.content(problems)[:MAX_REPORT].replace(b"\r\n", b"\n").strip(b"\n")
    blocks = [block for block in re.split(rb"\n[ \t]*\n+", content) if block.strip()]
    found: list[Bounce] = []
    for block in blocks[: MAX_RECIPIENTS + 1]:
        fields, _ = split_headers(block, 0, len(block), Problems())
        recipient = _recipient(fields)
        if recipient or fields.has("action"):
            found.append(_one(fields, recipient, original))
    if not found:
        problems.add("The mail says that a delivery failed, but not whose.")
        return None
    if len(found) > 1:
        problems.add(f"The delivery report is about {len(found)} addresses; one is shown.")
    rank = {"failed": 0, "delayed": 1}
    return min(found, key=lambda each: rank.get(each.action, 2))


def _one(fields: Headers, recipient: str, original: str) -> Bounce:
    status = _STATUS.search(fields.text("status"))
    diagnostic = fields.text("diagnostic-code").partition(";")
    return Bounce(
        recipient=recipient,
        status=status[1] if status else "",
        action=clean_line(fields.token("action"), 20),
        original_message_id=original,
        diagnostic=clean_line(diagnostic[2] or diagnostic[0], 500),
    )


def _recipient(fields: Headers) -> str:
    """The address as we wrote it, where the report says; forwarding may have led elsewhere."""
    for name in ("original-recipient", "final-recipient"):
        value = fields.text(name)
        address = usable_address(value.partition(";")[2].strip().strip("<>") or value.strip("<>"))
        if address:
            return address
    return ""


def _original_id(root: Part, parts: list[Part], text: str) -> str:
    """The Message-ID of the mail that the report is about; empty when it is not said."""
    for part in parts:
        if part.media_type in ("message/rfc822", "message/global") and part.children:
            ids = parse_ids(part.children[0].headers.raw("message-id"))
        elif part.media_type in ("text/rfc822-headers", "message/rfc822-headers"):
            content = part.content(Problems())[:MAX_REPORT]
            ids = parse_ids(
                split_headers(content, 0, len(content), Problems())[0].raw("message-id")
            )
        else:
            continue
        if ids:
            return ids[0]
    quoted = _ORIGINAL_ID.search(text[:MAX_REPORT])
    if quoted:
        return quoted[1]
    ids = parse_ids(root.headers.raw("in-reply-to"))
    return ids[0] if ids else ""


def _from_words(headers: Headers, sender: str, text: str, original: str) -> Bounce | None:
    """The notes of qmail, Exim and old gateways: only from a mail system, only what they state."""
    text = text[:MAX_REPORT]
    failed = usable_address(headers.text("x-failed-recipients").partition(",")[0])
    null_sender = headers.text("return-path").replace(" ", "") == "<>"
    from_system = sender.startswith(("mailer-daemon@", "postmaster@", "mailer-daemon"))
    if not failed and not (null_sender or from_system):
        return None
    words = f"{headers.text('subject')}\n{text}"
    delayed, given_up = bool(_DELAYED.search(words)), bool(_GIVEN_UP.search(words))
    if not failed and not (delayed or given_up):
        return None
    if not failed:
        own = {sender, usable_address(headers.text("to").strip("<>"))}
        listed = (found.lower() for found in _ADDRESS_LINE.findall(text))
        failed = next((each for each in listed if each not in own), "")
    if not failed:
        return None
    status = _STATUS.search(text)
    action = "delayed" if delayed and not headers.has("x-failed-recipients") else "failed"
    return Bounce(failed, status[1] if status else "", action, original)
