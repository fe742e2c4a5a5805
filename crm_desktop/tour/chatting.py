"""The chapter of chats: visitors in a real browser, and the desktop's keys, side by side."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QPlainTextEdit

from crm_desktop.desktop.screens.workspace.chat_dialogs import ByEmailDialog
from crm_desktop.desktop.widgets.chat_strip import ChatStrip
from crm_desktop.domain.states import Visibility
from crm_desktop.tour import contact_keys, queue_keys
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.outside import HOST
from crm_desktop.tour.sides import both
from crm_desktop.tour.story import FIRST_NAME, Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.visitors import Asked, Visitors
from crm_desktop.tour.waiting import until
from crm_desktop.tour.windows import shown

_FIRST, _MAIL = "Harriet Lowe", "h.lowe@example.org"
_SECOND = "Owen Griffiths"
_HOME = "9 Weavers Row, Harland HV1 2RT"
_ASKS = "Hello, is the recycling centre open on Sunday, and may I bring an old fridge?"
_ANSWER = "Good morning Harriet. It is open from nine to four, and fridges are free of charge."
_TYPES = "That is good to know. One more thing: "
_LAST = "And can I come with a trailer?"
_BY_MAIL = "Yes, a trailer is fine as long as it has one axle. See you on Sunday."


def begin(tour: Tour) -> None:
    """Somebody begins a chat, and it stands in the queue."""
    tour.front()
    queue = tour.desk.window.queue
    tour.desk.window.go("queue")
    queue_keys.show_all(tour.hands, queue)
    address = f"http://{HOST}:{tour.stage.http_port}/chat/demo"
    _visitors(tour).begin(_FIRST, address, Asked(_ASKS, email=_MAIL))
    tour.hands.wait_until(partial(queue_keys.has_channel, queue, "Chat"), "chats in the queue")
    queue_keys.show_channel(tour.hands, queue, "Chat")
    tour.hands.wait_for(f"Chat from {_FIRST}", part=queue.list)
    _both(tour, "chat-waits", _FIRST)


def talk(tour: Tour) -> None:
    """Taken by its key, answered with Enter; what either types is seen by the other."""
    hands, people = tour.hands, _visitors(tour)
    _take(tour, _FIRST)
    hands.wait_for(_ASKS, part=tour.workspace.chat.pane)
    until(_line_box(tour).hasFocus, "the keyboard in the line", hands.said)
    hands.type(_ANSWER)
    _page_reads(tour, _FIRST, "is typing")
    hands.press("Return")
    _page_reads(tour, _FIRST, _ANSWER)
    people.type(_FIRST, _TYPES)
    hands.wait_for(f"{_FIRST} is typing: {_TYPES.strip()}", part=tour.workspace.chat.pane)
    _both(tour, "each-sees-the-other", _FIRST)


def photo(tour: Tour) -> None:
    """A picture is shown small; a code becomes a canned reply."""
    hands, people = tour.hands, _visitors(tour)
    file = tour.stage.folder / "old fridge.png"
    _fridge().save(str(file))
    people.attach(_FIRST, file)
    hands.wait_for(f"File {file.name}", part=tour.workspace.chat.pane)
    hands.type("/mom")
    tour.picture("canned-replies")
    hands.press("Tab")
    hands.wait_until(lambda: "Give me a moment" in _written(tour), "the canned reply")
    hands.press("Return")
    _page_reads(tour, _FIRST, "Give me a moment")
    _both(tour, "a-photo-and-a-canned-reply", _FIRST)


def second(tour: Tour) -> None:
    """Another visitor is taken; who waits longest is gone to by a key."""
    hands, people = tour.hands, _visitors(tour)
    day = date.today() - timedelta(days=2)  # noqa: DTZ011 - the visitor's own calendar
    asked = Asked(
        "Our blue bin was left out, and the whole row with it.",
        email="owen.griffiths@example.org",
        service="Missed bin collection",
        fields={
            "Address of the bin": _HOME,
            "Day": str(day.day),
            "Month": str(day.month),
            "Year": str(day.year),
        },
        ticks=("Recycling (blue)",),
    )
    address = f"http://{HOST}:{tour.stage.http_port}/chat/demo"
    people.begin(_SECOND, address, asked)
    _take(tour, _SECOND)
    hands.wait_for("Asked before the chat", _HOME, part=tour.workspace.chat.pane)
    until(_line_box(tour).hasFocus, "the keyboard in the line", hands.said)
    hands.type("Good morning Owen, I am sorry about that. One moment, please.")
    hands.press("Return")
    people.say(_FIRST, _LAST)
    hands.wait_for(f"{_FIRST}, ", "1 new line", part=_strip(tour))
    _both(tour, "two-chats-side-by-side", _SECOND)
    hands.press("Ctrl+J")
    hands.wait_for(_LAST, part=tour.workspace.chat.pane)
    tour.picture("who-waits-longest")


def by_email(tour: Tour) -> None:
    """The visitor leaves before the answer; it goes to their address, with what was said."""
    hands = tour.hands
    _visitors(tour).leave(_FIRST)
    hands.wait_for(f"{_FIRST} left before you answered.", part=tour.workspace, seconds=60)
    tour.picture("the-visitor-has-left")
    hands.press("Ctrl+Shift+E")
    dialog = Hands(shown(ByEmailDialog, hands.said))
    tour.picture("by-email", dialog)
    dialog.press("Return")
    hands.wait_for("Goes on by email", part=tour.workspace)
    hands.wait_until(lambda: _ASKS in _written(tour), "what was said, below the reply")
    tour.front()
    until(_line_box(tour).hasFocus, "the keyboard in the reply", hands.said)
    hands.press("Ctrl+Home")
    hands.type(_BY_MAIL)
    tour.picture("what-was-said-stands-below")
    hands.press("Ctrl+Return")
    mail = until(
        lambda: [each for each in tour.stage.mailbox.mails() if _MAIL in str(each["To"])],
        f"a mail to {_MAIL}",
        tour.stage.mailbox.seen,
    )[0]
    text = str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    if _BY_MAIL not in text or _ASKS not in " ".join(text.split()):
        raise StepFailed("the answer with what was said", text)
    _finish(tour)


def case(tour: Tour) -> None:
    """What the visitor answered stands in the case's form; the end asks nothing."""
    hands = tour.hands
    hands.press("Alt+1")
    hands.wait_for(_SECOND, part=tour.workspace.header)
    hands.press("F4")
    hands.wait_for(_HOME, part=tour.workspace.case_pane)
    tour.picture("a-chat-is-a-case")
    hands.press("Ctrl+E")
    hands.wait_for("How did it end?", part=tour.workspace)
    _page_reads(tour, _SECOND, f"{FIRST_NAME.split()[0]} ended the chat", "ended")
    _both(tour, "the-chat-has-ended", _SECOND)
    _finish(tour)


def _take(tour: Tour, who: str) -> None:
    contact_keys.take(tour, f"Chat from {who}")
    tour.hands.wait_for(who, part=tour.workspace.header)


def _finish(tour: Tour) -> None:
    contact_keys.finish(tour, "Bulky", "1", "N")


def _page_reads(tour: Tour, who: str, *any_of: str) -> None:
    people = _visitors(tour)
    until(
        lambda: any(each in people.reads(who) for each in any_of),
        f"“{any_of[0]}” on the page of {who}",
        lambda: people.reads(who),
    )


def _both(tour: Tour, name: str, who: str) -> None:
    """One picture of the advisor's desktop and the visitor's page beside it."""
    both(tour, name, partial(_visitors(tour).picture, who))


def _fridge() -> QImage:
    """A photo of an old fridge, as far as anybody can tell."""
    image = QImage(640, 480, QImage.Format.Format_RGB32)
    image.fill(QColor("#8fa38a"))
    painter = QPainter(image)
    painter.fillRect(0, 380, 640, 100, QColor("#6d6a63"))
    painter.setBrush(QColor("#e9ebe6"))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.drawRoundedRect(230, 60, 190, 340, 14, 14)
    painter.fillRect(230, 180, 190, 4, QColor("#aeb3ad"))
    painter.fillRect(248, 110, 8, 46, QColor("#7d827c"))
    painter.fillRect(248, 206, 8, 60, QColor("#7d827c"))
    painter.end()
    return image


def _written(tour: Tour) -> str:
    return tour.workspace.compose.composer.text(Visibility.PUBLIC)


def _line_box(tour: Tour) -> QPlainTextEdit:
    return tour.workspace.compose.composer.editor


def _strip(tour: Tour) -> ChatStrip:
    found = tour.desk.window.findChild(ChatStrip)
    if not isinstance(found, ChatStrip):
        raise StepFailed("a strip of chats", tour.hands.said())
    return found


def _visitors(tour: Tour) -> Visitors:
    if tour.stage.visitors is None:
        raise StepFailed("visitors", "the tour was started without any")
    return tour.stage.visitors
