"""What intake makes of a raw mail, as plain data: for `crm-desktop mail parse --json`."""

from __future__ import annotations

from crm_desktop.channels.email.parse import parse_mail
from crm_desktop.domain.messages import Address, InboundMessage


def mail_as_json(raw: bytes) -> dict[str, object]:
    """The mail as JSON-ready values; the keys are documented in the command's help."""
    return message_as_json(parse_mail(raw, external_id=""))


def message_as_json(mail: InboundMessage) -> dict[str, object]:
    """A parsed mail as JSON-ready values: dates in ISO 8601 UTC, sizes in bytes."""
    bounce = mail.bounce
    return {
        "from": _address(mail.sender),
        "to": [_address(each) for each in mail.to],
        "cc": [_address(each) for each in mail.cc],
        "subject": mail.subject,
        "text": mail.text,
        "reply_text": mail.reply_text,
        "html": mail.html,
        "attachments": [
            {
                "name": each.name,
                "type": each.content_type,
                "size": len(each.content),
                "inline": each.inline,
            }
            for each in mail.attachments
        ],
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "date": mail.sent_at.isoformat() if mail.sent_at else None,
        "auto_generated": mail.auto_generated,
        "bounce": None
        if bounce is None
        else {"recipient": bounce.recipient, "status": bounce.status, "action": bounce.action},
        "problems": list(mail.problems),
    }


def unread_as_json(problem: str) -> dict[str, object]:
    """The same keys for a file that could not even be opened."""
    return mail_as_json(b"") | {"problems": [problem]}


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}
