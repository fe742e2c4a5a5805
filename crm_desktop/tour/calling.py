"""The chapter of calls: a real PBX, callers, two telephones, and the desktop's keys."""

from __future__ import annotations

from crm_desktop.desktop.screens.calls.transfer_dialog import CallTransferDialog
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.tour import queue_keys
from crm_desktop.tour.centre import FIRST_PHONE, LINE, SECOND_PHONE
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.story import SECOND_NAME, Tour
from crm_desktop.tour.telephones import Telephones
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import settle, until
from crm_desktop.tour.windows import shown

_STRANGER = "+441632960188"
_LOOK_MS = 800


def ring(tour: Tour) -> None:
    """The phone rings, and who calls stands on the screen before anybody has answered."""
    tour.front()
    hands, phones = tour.hands, _phones(tour)
    queue_keys.show_all(hands, tour.desk.window.queue)
    phones.ring(tour.stage.centre.caller_number, LINE)
    _take_call(tour)
    hands.wait_for(tour.stage.centre.caller_name)
    _phone(tour, FIRST_PHONE, "rings")
    hands.wait_for(tour.stage.centre.caller_name, part=tour.workspace)
    if "up" in phones.phone_story(FIRST_PHONE):
        raise StepFailed("a telephone that still rings", "it was answered")
    tour.picture("phone-rings")


def talk(tour: Tour) -> None:
    """Answered by F10, held and gone back to by F7; the bar says what the PBX says."""
    hands = tour.hands
    hands.press("F10")
    hands.wait_for("On call")
    _phone(tour, FIRST_PHONE, "up")
    tour.picture("on-call")
    hands.press("F7")
    hands.wait_for("On hold")
    tour.picture("on-hold")
    _wait_for_key(tour)
    hands.press("F7")
    hands.wait_for("On call")


def consult(tour: Tour) -> None:
    """A colleague is asked while the caller hears music, and the caller comes back."""
    hands = tour.hands
    _wait_for_key(tour)
    hands.press("F11")
    dialog = Hands(shown(CallTransferDialog, hands.said))
    dialog.type(SECOND_NAME.split()[1])
    dialog.wait_for(SECOND_NAME)
    tour.picture("whom-to-ask", dialog)
    dialog.press("Return")
    hands.wait_for(f"Calling {SECOND_NAME}")
    _phone(tour, SECOND_PHONE, "rings")
    _phones(tour).phone_answers(SECOND_PHONE)
    hands.wait_for(f"With {SECOND_NAME}", "on hold, hears music")
    tour.picture("colleague-is-asked")
    tour.front()
    _wait_for_key(tour)
    hands.press("Shift+F11")
    hands.wait_for("On call")


def wrap_up(tour: Tour) -> None:
    """The caller hangs up, and the call is wrapped up."""
    hands = tour.hands
    _phones(tour).hang_up(tour.stage.centre.caller_number)
    hands.wait_for("Call ended")
    _finish(tour, "call-wrap-up")


def cut_off(tour: Tour) -> None:
    """A caller whose line breaks in mid-conversation is to be called back, before all others."""
    hands, phones = tour.hands, _phones(tour)
    phones.ring(_STRANGER, LINE)
    _take_call(tour)
    hands.press("F10")
    hands.wait_for("On call")
    phones.vanish(_STRANGER)
    hands.wait_for("Cut off", "The connection broke off", seconds=40)
    tour.picture("cut-off")
    _finish(tour, "cut-off-wrap-up")
    hands.wait_for("Call back: cut off", part=tour.desk.window.queue, seconds=40)
    tour.picture("priority-callback")


def _take_call(tour: Tour) -> None:
    """The call that waits, and one's own phone rings for it."""
    queue = tour.desk.window.queue
    tour.hands.wait_until(lambda: queue_keys.has_channel(queue, "Call"), "a call in the queue")
    queue_keys.show_channel(tour.hands, queue, "Call")
    tour.hands.wait_until(lambda: queue.list.queue_model.rowCount() > 0, "the call alone")
    tour.hands.press("F9")
    tour.hands.wait_for("Your phone rings")


def _finish(tour: Tour, picture: str) -> None:
    hands = tour.hands
    hands.press("F12")
    hands.wait_for("How did it end?", part=tour.workspace)
    wrap = tour.workspace.wrap_up
    service = wrap.findChildren(ChoiceField)[0]
    service.choose(next(e.id for e in tour.desk.window.workplace.services if "Blue" in e.name))
    wrap.setFocus()
    hands.press("1", "N")
    tour.picture(picture)
    hands.press("Return")
    hands.wait_for("is wrapped up.", part=tour.workspace)


def _phones(tour: Tour) -> Telephones:
    phones = tour.stage.telephones
    if phones is None:
        raise StepFailed("telephones", "the tour was started without any")
    return phones


def _phone(tour: Tour, extension: str, happened: str) -> None:
    phones = _phones(tour)
    until(
        lambda: happened in phones.phone_story(extension),
        f"the telephone {extension} to be “{happened}”",
        lambda: str(phones.phone_story(extension)),
    )


def _wait_for_key(tour: Tour) -> None:
    """A key pressed twice in a moment is one press; a person looks before the next."""
    tour.check()
    settle(_LOOK_MS)
