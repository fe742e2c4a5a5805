"""One line for the advisor about an invitation (text/calendar), without a calendar library."""

from __future__ import annotations

import re

_FOLD = re.compile(r"\n[ \t]")
_LINE = re.compile(
    r"^(METHOD|SUMMARY|DTSTART|LOCATION)(?:;[^:\n]{0,200})?:(.{0,300})",
    re.IGNORECASE | re.MULTILINE,
)
_WHEN = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d))?")
_WORDS = {"CANCEL": "Cancelled invitation", "REPLY": "Answer to an invitation"}


def summary_line(text: str) -> str:
    """`Calendar invitation: Site visit, 2026-11-24 10:30, Town Hall`; empty when there is no event.

    Times are the invitation's own local times.
    """
    found: dict[str, str] = {}
    at = max(text.find("BEGIN:VEVENT"), 0)
    head = text[: min(at, 2000)]
    event = text[at : at + 20_000]
    for part in (_FOLD.sub("", head), _FOLD.sub("", event)):
        for name, value in _LINE.findall(part):
            found.setdefault(name.upper(), _unescaped(value))
    if not found.get("SUMMARY") and not found.get("DTSTART"):
        return ""
    kind = _WORDS.get(found.get("METHOD", "").upper(), "Calendar invitation")
    facts = (found.get("SUMMARY", ""), _when(found.get("DTSTART", "")), found.get("LOCATION", ""))
    return f"{kind}: " + ", ".join(each for each in facts if each)


def _unescaped(value: str) -> str:
    return re.sub(r"\\([,;\\])", r"\1", value.replace("\\n", " ").replace("\\N", " ")).strip()


def _when(value: str) -> str:
    found = _WHEN.match(value)
    if not found:
        return ""
    day = "-".join(found.group(1, 2, 3))
    return f"{day} {found[4]}:{found[5]}" if found[4] else day
