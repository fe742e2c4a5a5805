"""The team leader's chapter: a queue in trouble, put right and taken back; wallboard and huddle."""

from __future__ import annotations

from crm_desktop.desktop.core import words
from crm_desktop.desktop.screens.huddles.dialogs import HuddleDialog
from crm_desktop.desktop.screens.team.board_pane import BoardPane
from crm_desktop.desktop.screens.team.give_dialog import GiveDialog
from crm_desktop.desktop.screens.wallboard.screen import Wallboard
from crm_desktop.tour.centre import LEADER
from crm_desktop.tour.desk import signed_in
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.story import FIRST_NAME, LEADER_NAME, SECOND_NAME, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.windows import in_front, shown

_TROUBLE = "in trouble"
_GIVEN = 3
_HUDDLE = "Severe weather tonight: expect calls about fallen trees. Log each as urgent."


def team(tour: Tour) -> None:
    """A leader signs in and sees which queue is in trouble."""
    tour.leader = signed_in(tour.stage.centre.target(LEADER))
    hands = _leader(tour)
    hands.press("Ctrl+8")
    hands.wait_for(_TROUBLE, FIRST_NAME, SECOND_NAME)
    hands.wait_until(lambda: bool(_contacts(tour)), "open contacts")
    tour.picture("team", hands)


def reassign(tour: Tour) -> None:
    """What waits there is given to a colleague, and taken back."""
    hands = _leader(tour)
    queue = _go_to_trouble(tour, hands)
    hands.press("Return")
    hands.wait_for(f"{queue} ·")
    hands.tab_to("Open contacts")
    hands.press("Home", *["Shift+Down"] * (_GIVEN - 1))
    hands.press("G")
    give = Hands(shown(GiveDialog, hands.said))
    # Where fewer wait than three, all of them are given.
    chosen = tour.leader_team.contacts.list.how_many()
    give.type(FIRST_NAME.split()[1])
    give.wait_for(FIRST_NAME)
    tour.picture("give", give)
    people = tour.leader_team.screen.people
    before = _cells(people, FIRST_NAME)
    give.press("Return")
    hands.wait_for(words.count(chosen, "contact"), "Undo")
    offered = "Offered" if chosen == 1 else f"{chosen} offered"
    hands.wait_until(
        lambda: offered in _cells(people, FIRST_NAME),
        f"“{offered}” at {FIRST_NAME}, who had “{before}”",
    )
    tour.picture("given", hands)
    _leader(tour).press("Ctrl+Alt+Z")
    hands.wait_until(lambda: offered not in _cells(people, FIRST_NAME), "what was taken back")
    tour.picture("taken-back", hands)


def wallboard(tour: Tour) -> None:
    """The centre's figures in a window of their own."""
    _leader(tour).press("Ctrl+Shift+W")
    wall = shown(Wallboard, _leader(tour).said)
    wall.showNormal()
    wall.resize(1920, 1080)
    hands = Hands(wall)
    hands.wait_for("Service level", "Waiting")
    tour.picture("wallboard", hands)
    wall.close()


def huddle(tour: Tour) -> None:
    """A huddle reaches two desktops at once, and its sender sees who has read it."""
    hands = _leader(tour)
    hands.press("Ctrl+Shift+H")
    written = Hands(shown(HuddleDialog, hands.said))
    written.type(_HUDDLE)
    tour.picture("huddle-written", written)
    written.press("Ctrl+Return")
    tour.hands.wait_for(_HUDDLE, LEADER_NAME)
    tour.second(lambda: tour.stage.second.says(_HUDDLE), "the huddle")
    tour.picture("huddle-arrives")
    in_front(tour.desk.window).press("Ctrl+Alt+H")
    tour.hands.wait_until(lambda: not tour.hands.reads(_HUDDLE), "no huddle any more")
    hands.wait_for("1 of", "have read")
    tour.colleague("press", "Ctrl+Alt+H")
    tour.second(lambda: not tour.stage.second.says(_HUDDLE), "no huddle any more")
    hands.wait_for("2 of", "have read")
    tour.picture("huddle-read-by-two", _leader(tour))


def _leader(tour: Tour) -> Hands:
    """The leader's window, in front."""
    if tour.leader is None:
        raise StepFailed("a team leader's desktop", "nobody has opened one")
    return in_front(tour.leader.window)


def _contacts(tour: Tour) -> int:
    return tour.leader_team.contacts.list.model().rowCount()


def _go_to_trouble(tour: Tour, hands: Hands) -> str:
    """Arrow down the queues to one that is in trouble and has enough; its name."""
    queues = tour.leader_team.screen.queues
    hands.press("Ctrl+8", "Home")
    for _ in queues.table.board.rows:
        row = queues.table.board.rows[queues.table.currentIndex().row()]
        if any(_TROUBLE in cell.aloud() for cell in row.cells):
            return row.cells[0].text
        hands.press("Down")
    raise StepFailed("a queue in trouble", hands.said())


def _cells(pane: BoardPane, name: str) -> list[str]:
    rows = pane.table.board.rows
    return [cell.text for row in rows if row.cells[0].text == name for cell in row.cells]
