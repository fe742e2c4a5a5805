"""What the customer wrote this time: the text above the quoted mail and the signature.

Worked out a line at a time, in time proportional to the text. The usual library for this matches
whole-text patterns that 40 kB of blank lines keep busy for half a minute, so a mail could stop
the intake; and it knows no Welsh.
"""

from __future__ import annotations

import re

#: "On … wrote:" as mailers write it in the languages that reach a British council.
_WROTE = re.compile(
    r"^(?:on|ar|am|le|el|il|em|op|den|w dniu|dnia|pe|на|у|в|στις)\b.{4,400}?"
    r"(?:wrote|ysgrifennodd|schrieb\b.{0,120}|a écrit|escribió"
    r"|ha scritto|escreveu|schreef\b.{0,120}"
    r"|skrev\b.{0,120}|napisał(?:\(a\)|a)?|pisze|a scris|написал|έγραψε)\s*:\s*$",
    re.IGNORECASE,
)
_WROTE_SHORT = re.compile(
    r"^[^\n]{1,200}<[^<>\s]+@[^<>\s]+>\s*(?:wrote|ysgrifennodd|schrieb|a écrit)\s*:$", re.IGNORECASE
)
_ORIGINAL = re.compile(
    r"^[>\s*]*-{2,}\s*(?:original message|original appointment|forwarded message|neges wreiddiol"
    r"|ursprüngliche nachricht|message d'origine|message transféré|mensaje original"
    r"|messaggio originale|oorspronkelijk bericht|wiadomość oryginalna|mesaj original)\s*-{2,}\s*$"
    r"|^begin forwarded message:\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^_{20,}\s*$|^-{30,}\s*$")
_FROM = re.compile(
    r"^\*?(?:from|oddi wrth|von|de|da|od|van|от|fra|från)\s?:\*?\s+\S", re.IGNORECASE
)
_FIELD = re.compile(
    r"^\*?(?:sent|date|to|subject|cc|anfonwyd|dyddiad|at|pwnc|gesendet|datum|an|betreff|envoyé|à"
    r"|objet|enviado|para|asunto|inviato|a|oggetto|verzonden|aan|onderwerp|wysłano|do|temat|data"
    r"|trimis|către|subiect|skickat|till|ämne)\s?:\*?\s",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"^(?:sent from (?:my|outlook|mail|yahoo|samsung|proton|the all new)\b.{0,80}"
    r"|sent via .{1,60}|get outlook for .{1,80}|anfonwyd o fy .{1,60}"
    r"|von meinem .{1,60} gesendet|envoyé de(?:puis)? mon .{1,60}|enviado desde mi .{1,60}"
    r"|inviato da .{1,60}|verzonden vanaf mijn .{1,60}|wysłane z .{1,60}|trimis de pe .{1,60})$",
    re.IGNORECASE,
)
MAX_LINES = 5000


def reply_text(text: str) -> str:
    """The part of a mail's text above quotes and signature; all of it when nothing would remain.

    An answer written between or below quoted lines counts: only quotes with nothing of the
    customer's after them are folded.
    """
    lines = text.split("\n")[:MAX_LINES]
    cut = next((at for at in range(len(lines)) if _history_starts(lines, at)), len(lines))
    own = lines[:cut]
    while own and _is_quote_or_blank(own[-1]):
        own.pop()
    own = _without_attribution(own)
    signature = next((at for at in range(len(own)) if _signature_starts(own[at])), len(own))
    own = _below_the_quote(own[:signature])
    return "\n".join(own).strip() or text.strip()


def _history_starts(lines: list[str], at: int) -> bool:
    line = lines[at].strip()
    if not line or len(line) > 1000:
        return False
    if _ORIGINAL.match(line):
        return True
    if _RULE.match(line):
        return any(_header_block(lines, following) for following in range(at + 1, at + 4))
    if _attribution(lines, at):
        return not _answered_below(lines, at)
    return _header_block(lines, at)


def _header_block(lines: list[str], at: int) -> bool:
    """Outlook's "From: … Sent: … To: … Subject: …"."""
    if at >= len(lines) or not _FROM.match(lines[at].strip()[:1000]):
        return False
    fields = [line for line in lines[at + 1 : at + 7] if _FIELD.match(line.strip()[:200] + " ")]
    return len(fields) >= 2


def _attribution(lines: list[str], at: int) -> bool:
    """ "On …, … wrote:", which mailers break over as many as three lines."""
    joined = ""
    for line in lines[at : at + 3]:
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 600:
            return False
        if joined.endswith(":"):
            return bool(_WROTE.match(joined) or _WROTE_SHORT.match(joined))
        if not line.strip():
            return False
    return False


def _answered_below(lines: list[str], at: int) -> bool:
    """Whether unquoted words follow quoted lines below an attribution (an interleaved answer)."""
    quoted = False
    unquoted = 0
    for line in lines[at + 1 :]:
        stripped = line.strip()
        if stripped.startswith(">"):
            quoted = True
        elif quoted and stripped:
            return not (_signature_starts(line) or _attribution([line], 0))
        elif stripped:
            unquoted += 1
            if unquoted > 3:
                return False
    return False


def _below_the_quote(own: list[str]) -> list[str]:
    """The answer of somebody who writes under the whole quoted mail, else `own` unchanged."""
    at = next((at for at, line in enumerate(own) if line.strip()), 0)
    quote = next((at for at in range(at, len(own)) if own[at].lstrip().startswith(">")), None)
    if quote is None or (quote != at and not (quote - at <= 4 and _attribution(own[at:quote], 0))):
        return own
    answer = next((at for at in range(quote, len(own)) if not _is_quote_or_blank(own[at])), None)
    if answer is None or any(line.lstrip().startswith(">") for line in own[answer:]):
        return own
    return own[answer:]


def _is_quote_or_blank(line: str) -> bool:
    stripped = line.strip()
    return not stripped or stripped.startswith(">")


def _without_attribution(own: list[str]) -> list[str]:
    for back in (1, 2, 3):
        at = len(own) - back
        if at >= 0 and _attribution(own[at:], 0):
            return own[:at]
    return own


def _signature_starts(line: str) -> bool:
    return line.rstrip() in ("--", "\u2014") or bool(_DEVICE.match(line.strip()[:200]))
