"""The desk's chapter: checked in by a few keys, called, shown to the public, seen, and counted."""

from __future__ import annotations

import time
from functools import partial

from PySide6.QtCore import Qt

from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop.screens.public_screen.screen import PublicScreen
from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.domain.visits import need_words
from crm_desktop.tour.centre import COUNTER
from crm_desktop.tour.desk import signed_in
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.sides import both
from crm_desktop.tour.story import REFERENCE, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import settle, until
from crm_desktop.tour.windows import in_front, shown

SHOP, DESK = "Guildhall one-stop-shop", "Desk 2"
#: Seconds a key takes whoever types 200 of them a minute, and how long a check-in may take.
_A_KEY, _PROMISED = 0.3, 10.0
#: What the visit is about, by its key; that has a form.
_ABOUT, _SERVICE = "Alt+4", "Blue Badge"
_FOR_WHOM = "Who is the badge for?"
_CALLS = 3
_MOST_ROWS = 40
_SECOND_MONITOR = (1280, 720)


class _Counted(Hands):
    """Hands whose keys are counted."""

    keys = 0

    def press(self, *keys: str) -> None:
        """See `Hands`."""
        self.keys += len(keys)
        super().press(*keys)

    def type(self, text: str) -> None:
        """See `Hands`."""
        self.keys += len(text)
        super().type(text)


def open_desk(tour: Tour) -> None:
    """Somebody of the desk signs in, and says where this computer stands."""
    tour.counter = signed_in(tour.stage.centre.target(COUNTER))
    hands = at_counter(tour)
    hands.press("Ctrl+0")
    _asked_where(hands)
    _choose(hands, "Which site is this?", SHOP)
    hands.wait_for("R. Doyle", part=_desk(tour).line)
    in_front(tour.at_counter.window).press("F9")
    # Nobody is called to no desk: it asks first.
    _choose(hands, "Which desk is this?", DESK)
    hands.wait_for(f"{DESK}, {SHOP}")
    tour.came = came_today(tour)
    if tour.leader is not None:
        # What the team leader has said before is read, once it is here.
        hands.wait_until(lambda: hands.reads("I have read this"), "the huddle")
        hands.press("Ctrl+Alt+H")
        hands.wait_until(lambda: not hands.reads("I have read this"), "no huddle any more")
    tour.picture("desk", hands)


def check_in(tour: Tour) -> None:
    """A customer by name with what their record says, nobody in particular, a quick question."""
    page, known = _desk(tour), tour.stage.centre.visitor
    needs = [need_words(each).lower() for each in known.needs]
    hands = _Counted(at_counter(tour).window)
    until(page.check_in.name.hasFocus, "the keyboard in the name", hands.said)

    hands.type(known.name)
    hands.press("Down", _ABOUT)
    hands.wait_for(known.name, part=page.check_in.matches)
    tour.picture("who-it-is", hands)
    began = time.monotonic()
    hands.press("Return")
    hands.wait_for(known.name, *needs, part=page.line)
    shown_after = time.monotonic() - began
    named = hands.keys
    tour.picture("ticket", hands)
    if named * _A_KEY + shown_after > _PROMISED:
        raise StepFailed(f"a check-in within {_PROMISED:g} s", f"{named} keys, {shown_after:.1f} s")

    waits = len(page.line.list.rows())
    hands.press("Return")
    hands.wait_until(lambda: len(page.line.list.rows()) == waits + 1, "one more in the line")
    hands.press("Ctrl+Return")
    hands.wait_for("A quick question, answered at the counter.", part=page.check_in)
    hands.wait_until(lambda: came_today(tour) == tour.came + 3, "three more who came")
    tour.picture("answered-now", hands)
    tour.step.title += f" ({named} keys, 1 key, 1 key)"


def public_screen(tour: Tour) -> None:
    """The monitor that faces the public: tickets and where to go, and nobody's name."""
    hands = at_counter(tour)
    run_command(hands, "Public screen")
    screen = _screen(hands)
    screen.resize(*_SECOND_MONITOR)
    hands.wait_until(lambda: "Desk 1" in screen.accessibleName(), "who was called before")
    _beside(tour, "desk-and-public-screen")


def call(tour: Tour) -> None:
    """Next is called, and again, and does not come; a particular one is called, and is here."""
    hands, page = at_counter(tour), _desk(tour)
    page.focus()
    hands.press("F9")
    hands.wait_for("Calling ", "R. Doyle", "called once", part=page.line)
    first = _ticket_of(page, "R. Doyle")
    _public_says(tour, first)
    _beside(tour, "called")
    for times in range(2, _CALLS + 1):
        hands.wait_until(lambda: page.line.may_recall, "a moment after the call before")
        hands.press("Shift+F9")
        hands.wait_for(f"called {times} times", part=page.line)
    hands.press("Alt+N")
    hands.wait_until(lambda: not hands.reads(f"Calling {first}"), "a desk that is free")

    visitor = tour.stage.centre.visitor
    tour.ticket = _ticket_of(page, visitor.name)
    call_from_line(tour, visitor.name)
    hands.wait_for(f"Calling {tour.ticket}", part=page.line)
    _public_says(tour, tour.ticket)
    tour.picture("called-from-the-line", hands)
    hands.press("F10")
    hands.wait_for(visitor.name, part=_work(tour).header)


def serve(tour: Tour) -> None:
    """The same panels as any other contact: customer, knowledge, and a case made of the visit."""
    hands, work, visitor = at_counter(tour), _work(tour), tour.stage.centre.visitor
    hands.wait_for(visitor.name, part=work.customer)
    hands.press("F4")
    hands.wait_for(_FOR_WHOM, part=work.case_pane)
    hands.choose(_FOR_WHOM, "Me")
    for field, answer in (
        ("Full name of the badge holder", visitor.name),
        ("Date of birth", "14/03/1958"),
        ("Home address", visitor.home),
    ):
        hands.tab_to(field)
        hands.type(answer)
    hands.choose("Is this a renewal?", "No")
    hands.choose("Do any of these apply?", "PIP: 8 points or more for moving around")
    hands.press("Ctrl+S")
    reference = until(
        lambda: next(iter(REFERENCE.findall(" ".join(Hands(work.case_pane).texts()))), ""),
        "the reference of the saved case",
        Hands(work.case_pane).said,
    )
    tour.picture("case-of-the-visit", hands)
    hands.press("F2")
    hands.wait_for(_SERVICE, part=work.knowledge)
    tour.picture("knowledge-at-the-desk", hands)
    tour.step.title += f" ({reference})"


def wrap_up(tour: Tour) -> None:
    """Wrapped up as any other; the desk is free, and the day's figures have counted it."""
    hands, page = at_counter(tour), _desk(tour)
    hands.press("F12")
    hands.wait_for("How did it end?", part=_work(tour))
    hands.press("1", "N", "Return")
    hands.wait_for("is wrapped up.", part=_work(tour))
    hands.press("Ctrl+0")
    hands.wait_for("F9 calls the next.", part=page.line)
    hands.wait_until(lambda: not Hands(page.line).reads(tour.ticket), "a visitor who has gone")
    # With who has arrived for an appointment.
    if came_today(tour) not in (tour.came + 3, tour.came + 4):
        raise StepFailed(f"three or four more than {tour.came} visitors", Hands(page.side).said())
    tour.picture("the-day", hands)


def at_counter(tour: Tour) -> Hands:
    """The window of the desk, in front."""
    return in_front(tour.at_counter.window)


def run_command(hands: Hands, name: str) -> None:
    """Find a command by its name, and do it."""
    hands.press("Ctrl+K")
    hands.type(name)
    hands.wait_for(name)
    settle()
    hands.press("Return")


def call_from_line(tour: Tour, words: str) -> None:
    """Escape from an empty form leads to the line; Enter calls who is chosen there."""
    hands, page = at_counter(tour), _desk(tour)
    page.focus()
    hands.press("Escape")
    rows = page.line.list
    until(rows.hasFocus, "the keyboard in the line", hands.said)
    hands.press("Home")
    for _ in range(_MOST_ROWS):
        if words in str(rows.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)):
            hands.press("Return")
            return
        hands.press("Down")
    raise StepFailed(f"“{words}” in the line", Hands(rows).said())


def came_today(tour: Tour) -> int:
    """How many came to the shop today, as the page says."""
    said = Hands(_desk(tour).side).texts()
    return int(said[said.index("visitors") - 1].replace(",", ""))


def _asked_where(hands: Hands) -> None:
    """The page asks by itself; the question ends when a window comes to the front meanwhile."""
    try:
        shown(Chooser, hands.said, 5)
    except StepFailed:
        hands.press("F9")


def _choose(hands: Hands, question: str, answer: str) -> None:
    chooser = shown(Chooser, hands.said)
    if chooser.windowTitle() != question:
        raise StepFailed(f"“{question}”", chooser.windowTitle())
    asked = Hands(chooser)
    asked.type(answer)
    asked.wait_for(answer)
    asked.press("Return")


def _ticket_of(page: DeskScreen, who: str) -> str:
    """The ticket of somebody in the line."""
    for row in page.line.list.rows():
        if row.title.endswith(who):
            return row.title.split()[0]
    raise StepFailed(f"{who} in the line", Hands(page.line).said())


def _public_says(tour: Tour, ticket: str) -> None:
    screen = _screen(at_counter(tour))
    said = f"{ticket}, {DESK}"
    until(lambda: said in screen.accessibleName(), f"“{said}”", screen.accessibleName)
    if tour.stage.centre.visitor.name in screen.accessibleName():
        raise StepFailed("a public screen that names nobody", screen.accessibleName())


def _beside(tour: Tour, name: str) -> None:
    hands = at_counter(tour)
    both(tour, name, partial(_photograph, _screen(hands)), hands)


def _screen(hands: Hands) -> PublicScreen:
    return shown(PublicScreen, hands.said)


def _photograph(screen: PublicScreen, path: object) -> None:
    screen.grab().save(str(path))


def _desk(tour: Tour) -> DeskScreen:
    return tour.at_counter.window.pages.desk_screen


def _work(tour: Tour) -> WorkspaceScreen:
    return tour.at_counter.window.workplace.screen
