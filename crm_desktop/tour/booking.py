"""An appointment at the desk: booked from the contact, seen in the calendar, and come to."""

from __future__ import annotations

import re
from datetime import datetime

from crm_desktop.desktop.core import words
from crm_desktop.desktop.screens.appointments.book_dialog import BookDialog
from crm_desktop.desktop.screens.appointments.calendar_dialog import CalendarDialog
from crm_desktop.tour.counter import at_counter
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.story import Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.windows import shown

_REFERENCE = re.compile(r"\bA-[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]\b")


def book(tour: Tour) -> None:
    """What is known of them is filled in; the first free time is taken by Enter."""
    hands, who = at_counter(tour), tour.stage.centre.visitor.name
    hands.press("Ctrl+Shift+A")
    form = Hands(shown(BookDialog, hands.said))
    dialog = form.window
    if not isinstance(dialog, BookDialog):
        raise StepFailed("the form of an appointment", form.said())
    form.wait_until(lambda: dialog.times.slot() is not None, "free times")
    form.wait_until(dialog.times.hasFocus, "the keyboard among the times")
    if (dialog.who.text(), bool(dialog.email.text())) != (who, True):
        raise StepFailed(f"the name and address of {who}", form.said())
    tour.picture("free-times", form)
    slot = dialog.times.slot()
    tour.booked_for = slot.starts_at if slot else None
    form.press("Return")
    hands.wait_for("Booked: A-", "Read out as")
    found = _REFERENCE.findall(" ".join(hands.texts()))
    tour.step.title += f" ({found[0]})"
    tour.picture("booked", hands)


def calendar(tour: Tour) -> None:
    """It stands in the calendar, which begins with who comes next; and they are there."""
    hands, who = at_counter(tour), tour.stage.centre.visitor.name
    hands.press("Ctrl+Shift+Y")
    seen = Hands(shown(CalendarDialog, hands.said))
    dialog = seen.window
    if not isinstance(dialog, CalendarDialog):
        raise StepFailed("the calendar", seen.said())
    if _is_today(tour.booked_for):
        seen.wait_until(lambda: dialog.current() is not None, "an appointment to stand on")
        row = dialog.current()
        if row is None or row.who != who:
            raise StepFailed(f"the appointment of {who}", seen.said())
        tour.picture("calendar", seen)
        seen.press("Alt+A")
        seen.wait_for(who, "arrived")
        tour.picture("arrived", seen)
    else:
        # Between the last time of a day and midnight.
        seen.press("Alt+Right")
        seen.wait_for(who)
        tour.picture("calendar", seen)
        tour.step.title += " (no time was left today, so nobody arrives)"
    seen.press("Escape")


def _is_today(moment: datetime | None) -> bool:
    now = datetime.now().astimezone()
    return moment is not None and words.local(moment).date() == words.local(now).date()
