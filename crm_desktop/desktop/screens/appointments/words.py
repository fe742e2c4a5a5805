"""Appointments in words: troubles, states, and what a cell of the calendar says."""

from __future__ import annotations

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.domain.appointments import Appointment, AppointmentState
from crm_desktop.domain.errors import Conflict, CrmError, InvalidInput

STATES = {
    AppointmentState.BOOKED: ("booked", Tone.ACCENT),
    AppointmentState.ARRIVED: ("arrived", Tone.OK),
    AppointmentState.SERVED: ("seen", Tone.NEUTRAL),
    AppointmentState.NO_SHOW: ("did not come", Tone.WARNING),
    AppointmentState.CANCELLED: ("cancelled", Tone.NEUTRAL),
}
_RULES = {
    "that time is taken": "Somebody else was booked there a moment ago.",
    "that person is taken then": "That person has another appointment then.",
    "the site is closed then": "The site is closed then.",
    "whole slots of five minutes": "Appointments begin every five minutes.",
    "a time to come, within a year": "Choose a time to come, within a year.",
}


def refused(trouble: CrmError) -> tuple[str, str]:
    """What happened and what to do."""
    rule = str(trouble)
    if rule in _RULES:
        free = trouble.params.get("free")
        times = (
            [words.clock_time(each.starts_at) for each in free] if isinstance(free, tuple) else []
        )
        after = f"Next free: {', '.join(times)}." if times else ""
        return _RULES[rule], f"Nothing was booked; what you entered is kept. {after}".strip()
    if isinstance(trouble, Conflict) and rule.startswith("the appointment is "):
        return "That appointment has changed meanwhile.", "The calendar shows how it stands."
    if isinstance(trouble, InvalidInput):
        fields = trouble.params.get("fields")
        if isinstance(fields, dict) and fields:
            return " ".join(str(each) for each in fields.values()), ""
    told = words_for(trouble)
    return told.happened, told.rest()


def cell(row: Appointment) -> str:
    """ "10:00 R. Doyle" over how far it is and what it is about."""
    state = STATES[row.state][0]
    if row.late_until is not None and row.state is AppointmentState.BOOKED:
        state = f"late, {words.clock_time(row.late_until)}"
    return f"{words.clock_time(row.starts_at)} {row.who}\n{state} · {row.service_name}"
