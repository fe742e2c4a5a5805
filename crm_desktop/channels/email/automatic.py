"""Whether a machine wrote a mail, so that nothing answers it by itself and no loop begins."""

from __future__ import annotations

import re

from crm_desktop.channels.email.headers import Headers
from crm_desktop.domain.messages import Address

#: Our own mark; a mail that carries it came from a centre like this one.
LOOP_HEADER = "X-CRM-Desktop"
_PRECEDENCE = {"bulk", "list", "junk", "auto_reply", "auto-reply"}
_TELLTALES = (
    LOOP_HEADER.lower(), "x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-reply-from",
    "x-mail-autoreply", "list-id", "list-unsubscribe", "list-post", "x-loop", "x-failed-recipients",
    "delivered-by-autoreply", "x-mailer-autoreply", "feedback-id",
)  # fmt: skip
_ROBOTS = re.compile(r"^(mailer-daemon|postmaster|listserv|majordomo|mdaemon|bounces?)([+@=-]|$)")
_SUBJECT = re.compile(
    r"^(automatic reply|auto[- ]?reply|auto response|out of (the )?office|ateb awtomatig"
    r"|abwesenheitsnotiz|automatische antwort|réponse automatique|respuesta automática"
    r"|risposta automatica|automatisch antwoord|odpowiedź automatyczna)\b",
    re.IGNORECASE,
)


def is_automatic(headers: Headers, sender: Address) -> bool:
    """Whether headers, sender or subject say that no person wrote this mail by hand."""
    submitted = headers.token("auto-submitted")
    if submitted and submitted != "no":
        return True
    if headers.token("precedence") in _PRECEDENCE or any(map(headers.has, _TELLTALES)):
        return True
    suppress = headers.text("x-auto-response-suppress").lower()
    if suppress and suppress != "none":
        return True
    if headers.has("return-path") and headers.text("return-path").replace(" ", "") == "<>":
        return True
    return (
        headers.token("content-type") == "multipart/report"
        or bool(_ROBOTS.match(sender.address))
        or bool(_SUBJECT.match(headers.text("subject")))
    )
