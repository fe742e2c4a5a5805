"""The hand-off, what comes back of it, and the end of the contact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_desktop.tour.desk import HEIGHT, WIDTH
from crm_desktop.tour.story import FIRST_NAME, SUBJECT, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import until

_TARGET = "Waste and streets (Open311)"
#: What the sandbox office says of a request that it works on.
_OFFICE_SAYS = "a crew is assigned"
_SMALL = (1280, 720)


def hand_off(tour: Tour) -> None:
    """The case goes to its back office."""
    hands = tour.hands
    hands.press("F4")
    hands.press("F8")
    hands.wait_for("How did it end?", part=tour.workspace)
    hands.press("Esc")
    hands.wait_for(f"Handed off to {_TARGET}", part=tour.workspace.case_pane)
    asked = until(
        tour.stage.back_office.requests,
        "a service request by POST",
        tour.stage.back_office.seen,
    )
    _must_be_the_case(tour, asked)
    hands.wait_for("Their number", part=tour.workspace.case_pane)
    tour.picture("handed-off")


def status(tour: Tour) -> None:
    """The back office's word comes back to both desktops, and the customer is told by mail."""
    tour.hands.wait_for("in progress", _OFFICE_SAYS, part=tour.workspace.case_pane, seconds=30)
    tour.colleague("press", "F4")
    tour.second(lambda: tour.stage.second.says(_OFFICE_SAYS), "the back office's words")
    told = until(
        lambda: tour.stage.mailbox.mails()[1:],
        f"a mail to {tour.customer.email} about the hand-off",
        tour.stage.mailbox.seen,
        30,
    )
    if tour.customer.email not in str(told[0]["To"]) or tour.reference not in told[0]["Subject"]:
        raise StepFailed(f"a mail to the customer about {tour.reference}", str(told[0].items()))
    tour.picture("status-comes-back")


def looks(tour: Tour) -> None:
    """The same in the dark theme, chosen from the palette, and in a small window."""
    hands = tour.hands
    hands.press("Ctrl+K")
    hands.type("dark")
    hands.wait_for("Dark theme", part=tour.desk.window.palette_box)
    tour.picture("palette")
    hands.press("Return")
    hands.wait_until(lambda: tour.desk.look.theme.scheme == "dark", "the dark theme")
    tour.picture("dark-case")
    hands.press("Ctrl+R")
    tour.picture("dark")
    tour.desk.window.resize(*_SMALL)
    tour.picture("dark-small")
    tour.desk.window.registry.run("view.light")
    hands.wait_until(lambda: tour.desk.look.theme.scheme == "light", "the light theme")
    tour.picture("small")
    hands.press("F4")
    tour.picture("small-case")
    tour.desk.window.resize(WIDTH, HEIGHT)


def wrap_up(tour: Tour) -> None:
    """The contact is completed with its disposition."""
    hands = tour.hands
    hands.press("F12")
    hands.wait_for("How did it end?", part=tour.workspace)
    hands.press("2", "N")
    tour.picture("wrap-up")
    hands.press("Return")
    hands.wait_for(f"{tour.customer.name} is wrapped up.", part=tour.workspace)
    tour.second(
        lambda: tour.stage.second.says(f"with {FIRST_NAME} · completed"),
        "the contact's completion",
    )
    tour.second(lambda: not tour.stage.second.lists(SUBJECT), "the contact to be in no list")
    tour.picture("wrapped-up")
    tour.picture_of_second("second-desktop-saw-it-all")


def _must_be_the_case(tour: Tour, asked: list[Mapping[str, Any]]) -> None:
    if len(asked) != 1:
        raise StepFailed("exactly one service request", tour.stage.back_office.seen())
    fields = asked[0]["fields"]
    description = " ".join(fields.get("description", ()))
    checks = {
        "an answer below 300": 200 <= asked[0]["status"] < 300,
        "the service MISSED_BIN": fields.get("service_code") == ["MISSED_BIN"],
        "the bin as an attribute": fields.get("attribute[bin_type][]") == ["recycling"],
        "the assisted collection": fields.get("attribute[assisted]") == ["no"],
        f"our reference {tour.reference}": tour.reference in description,
    }
    wrong = [what for what, right in checks.items() if not right]
    if wrong:
        raise StepFailed(f"a service request with {' and '.join(wrong)}", str(fields))
