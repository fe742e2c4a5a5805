"""What the steps of the tour share: who is there, what was written, and what has happened."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.shell.team_desk import TeamDesk
from crm_desktop.tour.desk import TourDesk
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.outside import Citizen
from crm_desktop.tour.report import Step
from crm_desktop.tour.services import Stage
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import until

FIRST_NAME, SECOND_NAME, LEADER_NAME = "Sarah Whitlock", "Daniel Achebe", "Rebecca Boateng"
COUNTER_NAME = "Khadija Imran"
CENTRE_ADDRESS = "help@harlandvale.test"
SERVICE_NAME = "Missed bin collection"
SUBJECT = "Recycling not emptied for the third time"
NEIGHBOUR = Citizen("Rosalind Attwater", "r.attwater@example.org", "9 Weavers Row")
REFERENCE = re.compile(r"\bC-[0-9A-Z]{3}-[0-9A-Z]{3}-[0-9A-Z]\b")


@dataclass
class Tour:
    """The tour under way. `message_id` is the customer's mail's, `reference` the case's."""

    stage: Stage
    desk: TourDesk
    out: Path
    step: Step
    message_id: str = ""
    reference: str = ""
    reply: str = ""
    leader: TourDesk | None = None
    counter: TourDesk | None = None
    #: How many had come to the shop before the tour, and the ticket of its visitor.
    came: int = 0
    ticket: str = ""
    #: When the appointment begins that was booked at the counter.
    booked_for: datetime | None = None

    @property
    def hands(self) -> Hands:
        """Keyboard and eyes at the main window."""
        return Hands(self.desk.window)

    @property
    def workspace(self) -> WorkspaceScreen:
        """The workspace of the main window."""
        return self.desk.window.workplace.screen

    @property
    def leader_team(self) -> TeamDesk:
        """The team screen of the leader's desktop."""
        if self.leader is None:
            raise StepFailed("a team leader's desktop", "nobody has opened one")
        return self.leader.window.pages.team

    @property
    def at_counter(self) -> TourDesk:
        """The desktop at the shop's desk."""
        if self.counter is None:
            raise StepFailed("a desktop at the shop's desk", "nobody has opened one")
        return self.counter

    @property
    def customer(self) -> Citizen:
        """Who wrote the mail."""
        return self.stage.centre.customer

    def picture(self, name: str, hands: Hands | None = None) -> None:
        """Leave a picture of the first desktop, named after the step's number and this."""
        (hands or self.hands).picture(self._path(name))

    def picture_of_second(self, name: str) -> None:
        """Leave a picture of the second desktop."""
        self.colleague("picture", str(self._path(name).absolute()))

    def colleague(self, verb: str, words: str) -> None:
        """Have the person at the second desktop do something, and wait until it is done."""
        done = self.stage.second.ask(verb, words)
        until(done, f"the second desktop to do “{verb} {words}”", self.stage.second.seen)

    def second(self, ask: Callable[[], bool], expected: str) -> None:
        """Wait until something holds of the second desktop's window, as it is spoken."""
        until(ask, f"{expected} in the second desktop", self.stage.second.seen)

    def front(self) -> None:
        """Bring the first desktop's window to the front, as a click on it would."""
        window = self.desk.window
        window.activateWindow()
        until(window.isActiveWindow, "the window in front", self.hands.said)

    def check(self) -> None:
        """StepFailed when the desktop reports trouble, or a bug that a person would not see."""
        for desk in (self.desk, self.leader, self.counter):
            if desk is not None and desk.bugs:
                raise StepFailed("no bug in the desktop", desk.bugs[0])
            if desk is not None and desk.signed_in:
                Hands(desk.window).complain()

    def _path(self, name: str) -> Path:
        file = f"{self.step.number:02}-{name}.png"
        self.step.pictures.append(file)
        return self.out / file
