"""The shop's other doors: a ticket taken at a kiosk, and the public screen as a page."""

from __future__ import annotations

from functools import partial

from crm_desktop.tour.counter import DESK, at_counter, call_from_line
from crm_desktop.tour.outside import HOST
from crm_desktop.tour.sides import both
from crm_desktop.tour.story import Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.visitors import Visitors
from crm_desktop.tour.waiting import until

_KIOSK, _SCREEN = "somebody at the kiosk", "the screen in the library"
_ABOUT, _NEEDS = "Benefits", "Hearing loop"


def ticket(tour: Tour) -> None:
    """Somebody checks themselves in; the desk has them in its line."""
    people, hands = _visitors(tour), at_counter(tour)
    number = people.check_in(_KIOSK, _address(tour), _ABOUT, _NEEDS)
    line = tour.at_counter.window.pages.desk_screen.line
    hands.wait_for(number, _NEEDS.lower(), part=line)
    both(tour, "taken-at-a-kiosk", partial(people.picture, _KIOSK), hands)
    tour.step.title += f" ({number})"


def page(tour: Tour) -> None:
    """Called at the desk, it is on the page at once, with nobody's name."""
    people, hands = _visitors(tour), at_counter(tour)
    people.watch(_SCREEN, f"{_address(tour)}/screen")
    line = tour.at_counter.window.pages.desk_screen.line
    number = next(
        row.title.split()[0]
        for row in line.list.rows()
        if _NEEDS.lower() in row.detail and row.title.endswith("Walk-in")
    )
    call_from_line(tour, number)
    hands.wait_for(f"Calling {number}", part=line)

    def shown() -> bool:
        said = people.reads(_SCREEN)
        return number in said and DESK in said

    until(shown, f"{number} at {DESK} on the page", partial(people.reads, _SCREEN))
    if tour.stage.centre.visitor.name in people.reads(_SCREEN):
        raise StepFailed("a page that names nobody", people.reads(_SCREEN))
    both(tour, "called-on-the-page", partial(people.picture, _SCREEN), hands)


def _address(tour: Tour) -> str:
    return f"http://{HOST}:{tour.stage.http_port}/kiosk/{tour.stage.centre.kiosk_key}"


def _visitors(tour: Tour) -> Visitors:
    if tour.stage.visitors is None:
        raise StepFailed("visitors", "the tour was started without any")
    return tour.stage.visitors
