"""Times, counts and names in plain British English, for eyes and for ears. Qt-free."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
#: Written out, not by strftime: that asks for a module each time, and a screen says sixty times.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip


def local(moment: datetime) -> datetime:
    """The moment on a London clock; `moment` must know its zone."""
    return moment.astimezone(LONDON)


def clock_time(moment: datetime) -> str:
    """As "09:41"."""
    return _clock(local(moment))


def _clock(here: datetime) -> str:
    return f"{here.hour:02}:{here.minute:02}"


def full(moment: datetime) -> str:
    """As "Tue 24 Nov 2026 17:00"."""
    here = local(moment)
    return f"{_DAYS[here.weekday()]} {here.day} {_MONTHS[here.month]} {here.year} {_clock(here)}"


def date(moment: datetime) -> str:
    """As "12 Mar 2026"."""
    here = local(moment)
    return f"{here.day} {_MONTHS[here.month]} {here.year}"


def when(moment: datetime, now: datetime) -> str:
    """As short as it stays clear: "now", "09:41", "yesterday 09:41", "12 Mar", "12 Mar 2025"."""
    here, today = local(moment), local(now)
    if abs((now - moment).total_seconds()) < _MINUTE:
        return "now"
    days = today.toordinal() - here.toordinal()
    if days == 0:
        return _clock(here)
    if days == 1:
        return f"yesterday {_clock(here)}"
    shown = f"{here.day} {_MONTHS[here.month]}"
    return shown if here.year == today.year else f"{shown} {here.year}"


def span(seconds: float) -> str:
    """A length of time in one unit: "40 s", "6 min", "3 h", "2 d"."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h"
    return f"{whole // _DAY} d"


def stopwatch(seconds: float) -> str:
    """A running clock: "0:20", "12:05", "1:02:30"."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, _HOUR)
    minutes, left = divmod(rest, _MINUTE)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def remaining(seconds: float) -> str:
    """Until a clock runs out: "41 min left", "1 d left", or past it "6 min over"."""
    return f"{span(seconds)} left" if seconds >= 0 else f"{span(-seconds)} over"


def waited_of(waited: float, target: float) -> str:
    """A short wait against its target, both in seconds: "2:51 / 0:20"."""
    return f"{stopwatch(waited)} / {stopwatch(target)}"


def spoken_span(seconds: float) -> str:
    """A length of time to be heard: "2 minutes 51 seconds", "1 day", "3 hours 10 minutes"."""
    whole = max(0, int(seconds))
    parts = [
        (whole // _DAY, "day"),
        (whole % _DAY // _HOUR, "hour"),
        (whole % _HOUR // _MINUTE, "minute"),
        (whole % _MINUTE, "second"),
    ]
    said = [count(number, unit) for number, unit in parts if number]
    return " ".join(said[:2]) or "0 seconds"


def spoken_remaining(seconds: float) -> str:
    """Until a clock runs out, to be heard: "41 minutes left", "6 minutes overdue"."""
    return f"{spoken_span(abs(seconds))} {'left' if seconds >= 0 else 'overdue'}"


def spoken_reference(reference: str) -> str:
    """A reference letter by letter, as it is read out: "C, 8 F 3, T 9 K, 4"."""
    return ", ".join(" ".join(part) for part in reference.split("-"))


def count(number: int, one: str, many: str = "") -> str:
    """As "1 contact", "1,204 contacts"; `many` where adding an s is wrong."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """As "once", "2 times"."""
    return "once" if number == 1 else count(number, "time")


def size(octets: int) -> str:
    """A file's size: "640 bytes", "12 KB", "3.4 MB"."""
    if octets < 1_000:
        return count(octets, "byte")
    if octets < 1_000_000:
        return f"{octets / 1_000:.0f} KB"
    return f"{octets / 1_000_000:.1f} MB"


def initials(name: str) -> str:
    """At most two letters that stand for a person; "?" when there is no letter."""
    parts = [part for part in name.replace("@", " ").split() if part[0].isalnum()]
    if not parts:
        return "?"
    letters = parts[0][0] + (parts[-1][0] if len(parts) > 1 else "")
    return letters.upper()
