"""At the desk: a silent alarm that colleagues see, what is written down of it, and privacy."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QPlainTextEdit

from crm_desktop.desktop.screens.alarms.overlay import DEAF_MS
from crm_desktop.desktop.screens.incidents.dialog import IncidentForm, IncidentsDialog
from crm_desktop.tour.counter import DESK, SHOP, at_counter, run_command
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.sides import both
from crm_desktop.tour.story import COUNTER_NAME, SECOND_NAME, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import settle
from crm_desktop.tour.windows import gone, in_front, shown

_HAPPENED = "Shouted, struck the desk, and would not step back when asked."
_PROPOSES = "Seen by two members of staff, in the secure room."


def alarm(tour: Tour) -> None:
    """Raised by keys: nothing to see here but a dot; elsewhere it is on top, and acknowledged."""
    hands, sign = at_counter(tour), tour.at_counter.window.alarms.sign
    hands.press("Ctrl+Alt+Shift+Space")
    hands.wait_until(lambda: sign.isVisible() and sign.accessibleName() == "Sent", "a dot")
    second = tour.stage.second
    tour.second(lambda: second.says(DESK, SHOP, COUNTER_NAME, "I am coming"), "the alarm")
    overlay = tour.at_counter.window.alarms.overlay
    if overlay is not None and overlay.isVisible():
        raise StepFailed("nothing on the screen of who raised it", Hands(overlay).said())
    _both_desktops(tour, "alarm-on-another-desktop")
    # Whoever reads it first, as people do.
    settle(DEAF_MS + 200)
    tour.colleague("press", "Return")
    tour.second(lambda: second.says(f"Coming: {SECOND_NAME}"), "who is coming")
    hands.wait_until(lambda: SECOND_NAME in sign.accessibleName(), "who has acknowledged it")
    _both_desktops(tour, "alarm-acknowledged")
    tour.colleague("go", "It is over")
    tour.colleague("press", "Space")
    hands.wait_until(lambda: not sign.isVisible(), "no dot any more")
    # Whoever says so is asked at once what it was.
    tour.second(lambda: second.says("What happened", "What was done"), "a form for the incident")
    tour.picture_of_second("what-was-it")
    tour.colleague("press", "Esc")


def incident(tour: Tour) -> None:
    """Written down with the visitor's contact, with a proposal that a team leader decides on."""
    hands, who = at_counter(tour), tour.stage.centre.visitor.name
    run_command(hands, "Write down an incident")
    form = Hands(shown(IncidentForm, hands.said))
    form.type(_HAPPENED)
    field = form.tab_to(f"Proposal for a safety marker on {who}")
    if not isinstance(field, QPlainTextEdit):
        raise StepFailed("room for a proposal", form.said())
    form.type(_PROPOSES)
    tour.picture("incident", form)
    form.press("Ctrl+Return")
    gone(IncidentForm, hands.said)
    if tour.leader is None:
        raise StepFailed("a team leader's desktop", "nobody has opened one")
    leader = in_front(tour.leader.window)
    run_command(leader, "Incidents")
    listed = Hands(shown(IncidentsDialog, leader.said))
    listed.wait_for(_HAPPENED, who, "a safety marker is proposed")
    tour.picture("incidents", listed)
    listed.press("Escape")


def private(tour: Tour) -> None:
    """One key hides everything of the customer, and shows it again."""
    hands, who = at_counter(tour), tour.stage.centre.visitor.name
    hands.wait_for(who)
    hands.press("Ctrl+F4")
    hands.wait_for("Personal data is hidden")
    if hands.reads(who):
        raise StepFailed("nobody's name on the screen", hands.said())
    tour.picture("hidden", hands)
    hands.press("Ctrl+F4")
    hands.wait_for(who)


def _both_desktops(tour: Tour, name: str) -> None:
    """The desk of who raised it, and the desktop of who sees it."""

    def seen_there(path: Path) -> None:
        tour.colleague("picture", str(path.absolute()))

    both(tour, name, seen_there, Hands(tour.at_counter.window))
