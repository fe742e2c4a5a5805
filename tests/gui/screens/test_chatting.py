"""Chats in a workspace, without a window: what is read, said, settled, asked again, and kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.screens.chats.presenter import ChatsPresenter
from crm_desktop.desktop.screens.workspace import chat_words
from crm_desktop.desktop.screens.workspace.chat_state import Fate, KnownChat
from crm_desktop.desktop.screens.workspace.chatting import Chatting
from crm_desktop.desktop.screens.workspace.drafts import Content, DraftKeeper
from crm_desktop.desktop.widgets.chat_items import ChatItem, ItemKind
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.chats import ChatState, EndedBy, LineKind, Side
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.states import Direction, MessageState, Visibility
from tests.gui.screens import chats, sample
from tests.gui.screens.chats import CHAT, CONTACT, Door
from tests.gui.screens.sample import ME, MINUTE, NOW
from tests.gui.screens.stands import Recorder

TYPING = Changes.of(Topic.TYPING, CHAT)


class Store:
    """The file of drafts on this computer."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], Content] = {}

    def save(self, contact_id: int, kind: str, content: Content) -> None:
        """See `DraftStore`."""
        self.kept[contact_id, kind] = content

    def discard(self, contact_id: int, kind: str) -> None:
        """See `DraftStore`."""
        self.kept.pop((contact_id, kind), None)

    def load(self, contact_id: int, kind: str) -> Content | None:
        """See `DraftStore`."""
        return self.kept.get((contact_id, kind))


class Workspace:
    """A workspace's chats with a port that plays the services."""

    def __init__(self, door: Door | None = None, store: Store | None = None) -> None:
        self.door, self.store = door or Door(), store or Store()
        self.view = Recorder(is_looking=lambda: True)
        self.later: list[tuple[int, Callable[[], None]]] = []
        keeper = DraftKeeper(
            cast("Any", None), ImmediateTasks(), self.store,
            later=lambda *_: None, saved=lambda: None, trouble=lambda _: None,
        )  # fmt: skip
        self.chatting = Chatting(
            self.door,
            ImmediateTasks(),
            cast("Any", self.view),
            keeper,
            me=ME,
            now=lambda: NOW,
            later=lambda ms, call: self.later.append((ms, call)),
        )

    def open(self) -> KnownChat:
        """Open the contact."""
        self.chatting.show(chats.contact(), fresh=True)
        chat = self.chatting.chat
        assert chat is not None
        return chat

    def pass_time(self) -> None:
        """What was put off happens."""
        due, self.later = self.later, []
        for _, call in due:
            call()


def test_only_what_is_new_is_read_and_only_of_the_chat_that_is_shown() -> None:
    work = Workspace()
    chat = work.open()
    assert work.door.said("open_chat") == [(CONTACT, 0)]
    work.chatting.changed(Changes.of(Topic.CHAT, CHAT + 1))
    work.chatting.changed(Changes.of(Topic.TYPING, CHAT + 1))
    work.chatting.changed(Changes.of(Topic.CONTACT, CONTACT))
    assert len(work.door.said("open_chat")) == 1
    work.door.visitor_says("Hello?")
    work.chatting.changed(Changes.of(Topic.CHAT, CHAT))
    assert work.door.said("open_chat")[1:] == [(CONTACT, 9)]
    assert chat.after == 10
    # What was read is told once: how far.
    assert work.door.said("seen") == [(CONTACT, 9), (CONTACT, 10)]


def test_nobody_has_read_what_nobody_looks_at() -> None:
    work = Workspace()
    work.view.__dict__["is_looking"] = lambda: False
    work.open()
    assert work.door.said("seen") == []
    work.view.__dict__["is_looking"] = lambda: True
    work.chatting.looked()
    assert work.door.said("seen") == [(CONTACT, 9)]


def test_a_line_is_tried_again_under_its_own_key_and_kept_once() -> None:
    work = Workspace()
    chat = work.open()
    work.door.trouble = DatabaseAway("")
    work.chatting.say("On Thursday")
    assert [each.fate for each in chat.sayings] == [Fate.FAILED]
    # The program ends: the text is there when it comes back, to be tried or put back.
    again = Workspace(work.door, work.store)
    found = again.open().sayings
    assert [(each.text, each.fate) for each in found] == [("On Thursday", Fate.FAILED)]
    work.door.trouble = None
    for each in (work, again):
        each.chatting.retry(found[0].key)
    tried = [args[2] for args in work.door.said("say")]
    assert {each.key for each in tried} == {found[0].key}
    assert [each.again for each in tried] == [False, True, True]
    assert [each.text for each in work.door.lines].count("On Thursday") == 1
    assert work.store.kept == {}


def test_what_the_check_stops_is_asked_and_lines_after_it_go_on() -> None:
    work = Workspace()
    chat = work.open()
    work.door.findings = ("The number 01632 960123 is another customer's",)
    work.chatting.say("Call 01632 960123")
    stopped = chat.in_trouble()
    assert stopped is not None
    assert (stopped.fate, stopped.why) == (Fate.STOPPED, work.door.findings)
    work.door.findings = ()
    work.chatting.say("One moment")
    assert chat.in_trouble() == stopped
    work.chatting.take_back(stopped.key)
    assert [args[0].text for args in work.view.said("put_back")] == ["Call 01632 960123"]
    assert chat.sayings == []


def test_a_number_of_a_card_is_kept_on_no_disk() -> None:
    work = Workspace()
    work.open()
    work.door.trouble = DatabaseAway("")
    work.chatting.say("4111 1111 1111 1111")
    assert work.store.kept == {}


def test_typing_is_read_twice_a_second_at_most_and_goes_stale() -> None:
    work = Workspace()
    chat = work.open()
    work.door.typed = "it is the"
    for _ in range(5):
        work.chatting.changed(TYPING)
    assert len(work.door.said("visitor_typing")) == 1
    assert chat.typing == "it is the"
    work.pass_time()
    assert len(work.door.said("visitor_typing")) == 2
    work.pass_time()
    work.pass_time()
    assert (len(work.door.said("visitor_typing")), chat.typing) == (2, "")
    # That one types oneself is told, not each letter.
    for _ in range(4):
        work.chatting.typed()
    assert len(work.door.said("typing")) == 1


def test_rows_stand_in_the_order_of_their_numbers_with_what_was_written_beside() -> None:
    work = Workspace(Door(chats.view(lines=(*chats.lines(), chats.photo(10)))))
    chat = work.open()
    work.chatting.say("Thank you")
    found = rows(chat, asked="Address: 14 Mill Lane")
    kinds = [each.kind for each in found]
    assert kinds[0] is ItemKind.ASKED
    assert kinds.count(ItemKind.CENTRE) == 3
    assert [each.text for each in found if each.kind is ItemKind.NOTE] == [
        "Crew 4 says the bridge was closed until noon. Do not promise a date yet."
    ]
    assert [each.text for each in found if each.kind is ItemKind.FILE] == [
        "bin at the kerb.jpg",
        "collection letter.pdf",
    ]
    # Who goes on is not named again; what they have seen of ours is marked once.
    assert [bool(each.head) for each in found if each.kind is ItemKind.SAID] == [
        True, True, True, False, True, True, True,
    ]  # fmt: skip
    assert [each.foot for each in found if each.foot] == ["seen", "sent"]
    texts = [each.text for each in found if each.kind is ItemKind.CENTRE]
    assert [each.rsplit(" · ", 1)[0] for each in texts] == [
        "Sarah joined",
        "Margaret Okafor left the page",
        "Margaret Okafor came back",
    ]


def test_a_picture_that_could_not_be_read_is_asked_for_again_and_then_no_more() -> None:
    work = Workspace()
    work.open()
    work.door.image = object()
    work.door.trouble = DatabaseAway("")
    work.chatting.want_picture(71)
    assert work.view.said("show_picture") == []
    work.door.trouble = None

    for _ in range(2):
        work.chatting.want_picture(71)

    assert work.view.said("show_picture") == [(71, work.door.image)]


def test_a_long_chat_is_shown_by_its_end_and_as_much_more_as_is_asked_for() -> None:
    chat = Workspace(Door(chats.view(lines=chats.lines(60)))).open()
    found = rows(chat)
    assert (found[0].kind, found[0].text) == (ItemKind.EARLIER, "Show 120 earlier lines")
    assert len(found) < 130
    assert len(rows(chat, limit=240)) > 240


def test_who_ended_it_and_mails_afterwards_are_said() -> None:
    door = Door()
    chat = Workspace(door).open()
    line = replace(door.lines[1], seq=10, kind=LineKind.ENDED, side=Side.CENTRE, who="")
    mail = sample.message(
        900, "Here is your answer", direction=Direction.OUTBOUND, author="S. Whitlock",
        state=MessageState.PENDING, at=NOW + MINUTE,
    )  # fmt: skip
    for by, said in (
        (EndedBy.VISITOR, "Margaret Okafor ended the chat"),
        (EndedBy.GONE, "The chat ended: Margaret Okafor did not come back"),
        (EndedBy.EMAIL, "The chat ended and goes on by email"),
    ):
        chat.take(chats.view(state=ChatState.ENDED, ended_by=by, lines=(line,)))
        found = chat_words.rows(chat, chats.contact(messages=(mail,)), "", "S. Whitlock", now=NOW)
        assert said in [each.text.rsplit(" · ", 1)[0] for each in found]
        mails = [(each.text, each.foot) for each in found if each.kind is ItemKind.MAIL]
        assert mails == ([("Here is your answer", "going out")] if by is EndedBy.EMAIL else [])
    assert mail.visibility is Visibility.PUBLIC


def test_the_strip_reads_for_its_own_chats_alone_and_goes_to_who_waits_longest() -> None:
    door, view = Door(), Recorder()
    shown: list[int | None] = [None]
    strip = ChatsPresenter(door, ImmediateTasks(), cast("Any", view), shown=lambda: shown[0])
    # Who has no chat asks nothing, whatever happens to others' chats.
    strip.changed(Changes.of(Topic.CHAT, CHAT) | Changes.everything())
    strip.held(frozenset())
    assert door.said("in_hand") == []

    door.mine = chats.in_hand()
    strip.held(frozenset({each.contact_id for each in door.mine}))
    assert len(door.said("in_hand")) == 1
    assert [args[0].who for args in view.said("came")] == [each.who for each in door.mine]
    strip.changed(Changes.of(Topic.CHAT, CHAT + 77) | Changes.of(Topic.CONTACT, 5))
    strip.changed(Changes.of(Topic.TYPING, CHAT))
    assert len(door.said("in_hand")) == 1

    assert strip.next_waiting() == CONTACT + 1
    shown[0] = CONTACT + 1
    assert strip.next_waiting() == CONTACT + 3
    assert [each.unread for each in strip.chats] == [0, 0, 0, 1]
    assert [strip.nth(each) for each in (1, 4, 5)] == [CONTACT, CONTACT + 3, None]

    spoke = replace(door.mine[0], last_seq=10, last_text="And?", unread=1)
    door.mine = (spoke, *door.mine[1:])
    strip.changed(Changes.of(Topic.CHAT, CHAT))
    assert [args[0].last_text for args in view.said("spoke")] == ["And?"]
    # With nobody waiting it goes round.
    door.mine = tuple(replace(each, waiting_since=None) for each in door.mine)
    strip.changed(Changes.of(Topic.CHAT, CHAT))
    assert strip.next_waiting() == CONTACT + 2
    # What was wrapped up is gone before anything is read: Alt+1 is the next from now on.
    read = len(door.said("in_hand"))
    strip.held(frozenset({CONTACT + 2, CONTACT + 3}))
    assert strip.nth(1) == CONTACT + 2
    assert len(door.said("in_hand")) == read


def rows(chat: KnownChat, asked: str = "", **given: Any) -> tuple[ChatItem, ...]:
    """The rows of a chat, as the workspace shows them."""
    return chat_words.rows(chat, chats.contact(), asked, "S. Whitlock", now=NOW, **given)
