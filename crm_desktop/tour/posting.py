"""The chapter of posts: asked in public and in private on a network, and answered each its way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import httpx
from PySide6.QtWidgets import QApplication, QCheckBox

from crm_desktop.desktop.screens.public_notices.dialog import NoticesDialog
from crm_desktop.desktop.screens.workspace.post_pane import PostMode, PostPane
from crm_desktop.tour import contact_keys, queue_keys
from crm_desktop.tour.centre import SERVICE
from crm_desktop.tour.hands import Hands
from crm_desktop.tour.outside import HOST
from crm_desktop.tour.residents import Residents
from crm_desktop.tour.sides import both
from crm_desktop.tour.story import Tour
from crm_desktop.tour.trouble import StepFailed
from crm_desktop.tour.waiting import until
from crm_desktop.tour.windows import shown

_CHANNEL = "Social media"
_SERVICE = "Missed bin"
_MOST_TABS = 20
_ASKS = "Are the bins of Elm Road emptied today? The lorry has not been here."
_ANSWER = "Yes, the lorry is two hours late today. Please leave your bin out until six."
_WHISPERS = "I live at number four and cannot lift the bin back in. Can the crew help me?"
_TELLS = "Of course. I have asked for help with your bin from today on."
_NOTICE = "Bin lorries are two hours late today. Please leave your bins out until six."


def ask(tour: Tour) -> None:
    """Somebody mentions the council, and it stands in the queue."""
    tour.front()
    queue = tour.desk.window.queue
    tour.desk.window.go("queue")
    queue_keys.show_all(tour.hands, queue)
    _residents(tour).ask(_ASKS)
    tour.hands.wait_until(partial(queue_keys.has_channel, queue, _CHANNEL), "posts in the queue")
    queue_keys.show_channel(tour.hands, queue, _CHANNEL)
    tour.hands.wait_for(_ASKS[:20], part=queue.list)
    tour.picture("post-waits")


def answer(tour: Tour) -> None:
    """Taken by its key; the key of private messages posts nothing, the public one does."""
    hands = tour.hands
    pane = _take(tour, _ASKS)
    hands.wait_for("everybody can read this", part=pane)
    _write(tour, PostMode.PUBLIC, _ANSWER)
    hands.press("Ctrl+Return")
    hands.wait_for("Everybody can read this. Post publicly with", part=pane)
    tour.picture("not-by-mistake")
    hands.press("Ctrl+Shift+Return")
    _network_says(_residents(tour).public, _ANSWER)
    hands.wait_for("Public", _ANSWER, part=tour.workspace.conversation)
    hands.wait_until(lambda: not hands.reads("going out"), "an answer that is out")
    both(tour, "answered-in-public", _residents(tour).picture)
    contact_keys.finish(tour, _SERVICE, "1", "N")


def whisper(tour: Tour) -> None:
    """What was written to the council alone is answered to its writer alone."""
    hands = tour.hands
    tour.desk.window.go("queue")
    _residents(tour).whisper(_WHISPERS)
    pane = _take(tour, _WHISPERS)
    hands.wait_for("only @", "reads this", part=pane)
    _write(tour, PostMode.PRIVATE, _TELLS)
    tour.picture("private-message")
    hands.press("Ctrl+Return")
    _network_says(_residents(tour).private, _TELLS)
    if _TELLS in _residents(tour).public():
        raise StepFailed("a private message that nobody else reads", _residents(tour).public())
    contact_keys.finish(tour, _SERVICE, "1", "N")


def notice(tour: Tour) -> None:
    """A team leader tells everybody at once."""
    if tour.leader is None:
        raise StepFailed("a team leader's desktop", "nobody has opened one")
    window = tour.leader.window
    window.activateWindow()
    until(window.isActiveWindow, "the leader's window in front", Hands(window).said)
    Hands(window).press("Ctrl+Shift+B")
    hands = Hands(shown(NoticesDialog, Hands(window).said))
    hands.wait_for("Mastodon: Harland Vale")
    hands.tab_to("Text")
    hands.type(_NOTICE)
    _tick(hands, "Mastodon: Harland Vale")
    tour.picture("notice-written", hands)
    hands.press("Ctrl+Return")
    _network_says(_residents(tour).public, _NOTICE)
    page = f"http://{HOST}:{tour.stage.http_port}/forms/{SERVICE}"
    until(lambda: _NOTICE in httpx.get(page).text, "the notice on the web form", lambda: page)
    hands.wait_for(_NOTICE, "shown until", "posted")
    both(tour, "notice-shown", _residents(tour).picture, hands)
    hands.press("Escape")


def _take(tour: Tour, words: str) -> PostPane:
    contact_keys.take(tour, words[:20])
    tour.hands.wait_for(words, part=tour.workspace.conversation)
    pane = tour.workspace.posting.pane
    tour.hands.wait_until(lambda: pane.answering is not None, "a post to answer")
    return pane


def _write(tour: Tour, mode: PostMode, text: str) -> None:
    pane = tour.workspace.posting.pane
    if pane.mode is not mode:
        raise StepFailed(f"the paper of a {mode} reply", pane.mode)
    tour.hands.press("Ctrl+R")
    until(pane.composer.editor.hasFocus, "the keyboard in the reply", tour.hands.said)
    tour.hands.type(text)


def _network_says(ask: Callable[[], str], text: str) -> None:
    until(lambda: text in ask(), f"“{text}” on the network", ask, 40)


def _tick(hands: Hands, words: str) -> None:
    """Go to a tick box with Tab, and tick it."""
    for _ in range(_MOST_TABS):
        box = QApplication.focusWidget()
        if isinstance(box, QCheckBox) and box.text().startswith(words):
            hands.press("Space")
            return
        hands.press("Tab")
    raise StepFailed(f"a way to the tick “{words}” with the Tab key", hands.said())


def _residents(tour: Tour) -> Residents:
    if tour.stage.residents is None:
        raise StepFailed("a resident", "the tour was started without any")
    return tour.stage.residents
