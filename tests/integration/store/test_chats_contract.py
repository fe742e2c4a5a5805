"""What may be done in a chat, and what is told of it, alike on both dialects; on PostgreSQL as the
people and the gateway that do it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from crm_desktop.domain.chats import ChatState, EndedBy, LineKind, Side, transcript
from crm_desktop.domain.errors import (
    Blocked,
    CardNumber,
    ChatOver,
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    Taken,
)
from crm_desktop.domain.messages import Address, InboundMessage
from crm_desktop.domain.states import Channel, Resolution
from crm_desktop.domain.views import Disposition, NewAttachment, QueueFilter, Reply
from crm_desktop.services import chat_visits, chats, contacts, intake, replies
from crm_desktop.store.database import Database
from crm_desktop.store.models import ChannelAccount, ChatTyping, Event, Message, ReadAudit, RowAudit
from crm_desktop.store.queries import customers
from tests.centre import Centre
from tests.chats_centre import (
    Visitor,
    add_site,
    change_chat,
    chat_row,
    keep_typing,
    visitor,
    writing,
)
from tests.integration.services.arrivals import contact, event_kinds


def test_a_chat_begins_is_taken_answered_and_ended(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    assert margaret.sees().place is not None

    contacts.take(anna, margaret.contact)
    said = chats.say_as_staff(anna, margaret.contact, "Hello, which bin is it?", writing=writing())
    margaret.say("The blue one")
    moved = chats.end_as_staff(anna, margaret.contact)

    page = margaret.sees()
    assert [(each.seq, each.kind, each.side, each.who, each.text) for each in page.lines] == [
        (1, LineKind.SAID, Side.VISITOR, "Margaret Okafor", "My bin was not collected."),
        (2, LineKind.JOINED, Side.CENTRE, "Anna", ""),
        (3, LineKind.SAID, Side.STAFF, "Anna", "Hello, which bin is it?"),
        (4, LineKind.SAID, Side.VISITOR, "Margaret Okafor", "The blue one"),
        (5, LineKind.ENDED, Side.CENTRE, "", ""),
    ]
    assert said.line == page.lines[2]
    assert (page.state, page.ended_by, page.last_seq) == (ChatState.ENDED, EndedBy.ADVISOR, 5)
    assert (page.place, page.advisor) == (None, "Anna")
    assert moved.row is not None
    assert moved.row.state == "wrap_up"
    view = chats.open_chat(anna, margaret.contact)
    assert view is not None
    assert view.lines == page.lines
    assert chat_row(centre, margaret.chat).waiting_since is None


def test_who_only_typed_an_address_is_told_nothing_of_its_record_unasked(centre: Centre) -> None:
    """Anybody can type Margaret's address into a chat, and what is said goes to whoever did."""
    site, anna = add_site(centre), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        known = [
            ("email", "m.okafor@example.org", "m.okafor@example.org"),
            ("phone", "01632 960 123", "+441632960123"),
        ]
        customers.add(tx, "Margaret Okafor", "margaret okafor", known)
    stranger = visitor(centre, site, visitor="A Stranger", email="m.okafor@example.org")
    contacts.take(anna, stranger.contact)
    told = "We have 01632 960 123 for you."

    stopped = chats.say_as_staff(anna, stranger.contact, told, writing=writing())
    greeted = chats.say_as_staff(anna, stranger.contact, "Good morning!", writing=writing())
    contacts.checked(anna, stranger.contact)
    said = chats.say_as_staff(anna, stranger.contact, told, writing=writing())

    assert stopped.line is None
    assert "01632 960 123" in " ".join(stopped.findings)
    assert greeted.line is not None
    assert said.findings == ()


def test_the_strip_shows_own_chats_with_what_is_unread(centre: Centre) -> None:
    site = add_site(centre)
    first, second = visitor(centre, site), visitor(centre, site, "Hello?", visitor="Bo Lee")
    anna = centre.as_person("anna")
    for each in (first, second):
        contacts.take(anna, each.contact)
    chats.say_as_staff(anna, first.contact, "Good morning", writing=writing())
    second.say("Anybody there?")

    strip = chats.in_hand(anna)

    assert [(each.contact_id, each.who, each.last_text, each.unread) for each in strip] == [
        (first.contact, "Margaret Okafor", "Good morning", 0),
        (second.contact, "Bo Lee", "Anybody there?", 2),
    ]
    assert [each.waiting_since is not None for each in strip] == [False, True]
    chats.seen_by_staff(anna, second.contact, strip[1].last_seq)
    assert [each.unread for each in chats.in_hand(anna)] == [0, 0]
    assert chats.in_hand(centre.as_person("ben")) == ()


def test_the_same_words_are_kept_once_on_both_sides(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)

    lines = [chat_visits.say(margaret.db, margaret.token, "x-1", "Once") for _ in range(2)]
    said = [chats.say_as_staff(anna, margaret.contact, "Yes", writing=writing(7)) for _ in range(2)]

    assert lines[0] == lines[1]
    assert said[0].line == said[1].line
    assert chat_row(centre, margaret.chat).last_seq == 4


def test_nobody_else_reads_or_says(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna, ben, cora = (centre.as_person(each) for each in ("anna", "ben", "cora"))
    contacts.take(anna, margaret.contact)

    with pytest.raises(Taken) as taken:
        chats.say_as_staff(ben, margaret.contact, "Mine", writing=writing())
    assert taken.value.params["by"] == "Anna Whitlock"
    for ask in (
        lambda: chats.open_chat(cora, margaret.contact),
        lambda: chats.say_as_staff(cora, margaret.contact, "Mine", writing=writing()),
        lambda: chats.visitor_typing(ben, margaret.chat),
        lambda: chats.typing_as_staff(ben, margaret.contact),
    ):
        with pytest.raises(NotFound):
            ask()
    with pytest.raises(NotFound):
        chat_visits.resume(margaret.db, "nobody's token")
    chats.end_as_staff(anna, margaret.contact)
    with pytest.raises(Conflict):
        chats.say_as_staff(anna, margaret.contact, "Too late", writing=writing())


def test_whoever_moves_it_the_visitor_is_told(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    contacts.take(anna, margaret.contact)

    contacts.transfer(anna, margaret.contact, staff_id=centre.person("ben").id, note="Yours")
    contacts.take(ben, margaret.contact)
    contacts.transfer(ben, margaret.contact, queue_id=centre.queue_id("waste"))
    waits = margaret.sees()
    contacts.take_next(anna, QueueFilter())
    contacts.begin_wrap_up(anna, margaret.contact)
    contacts.resume(anna, margaret.contact)
    contacts.complete(anna, margaret.contact, Disposition(None, Resolution.RESOLVED, False))

    assert waits.place is not None
    assert waits.advisor == ""
    assert [(each.kind, each.who) for each in margaret.sees(1).lines] == [
        (LineKind.JOINED, "Anna"),
        (LineKind.MOVED, ""),
        (LineKind.JOINED, "Ben"),
        (LineKind.MOVED, ""),
        (LineKind.JOINED, "Anna"),
        (LineKind.ENDED, ""),
        (LineKind.JOINED, "Anna"),
        (LineKind.ENDED, ""),
    ]
    kinds = event_kinds(centre, margaret.contact)
    assert kinds.count("chat.ended") == 2
    assert kinds.count("chat.resumed") == 1


def test_who_comes_back_goes_on_with_the_same_chat_in_a_contact_of_the_same_thread(
    centre: Centre,
) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    chats.end_as_staff(anna, margaret.contact)
    margaret.say("One more thing")
    again = contact(centre, margaret.contact)
    contacts.complete(anna, margaret.contact, Disposition(None, Resolution.RESOLVED, False))

    margaret.say("And another")

    chat = chat_row(centre, margaret.chat)
    new = contact(centre, chat.contact_id)
    assert (again.state, again.owner_id) == ("active", centre.person("anna").id)
    assert chat.contact_id != margaret.contact
    assert (new.state, new.thread_id, new.channel) == ("queued", again.thread_id, "chat")
    assert (chat.state, chat.ended_by) == ("open", None)
    kinds = [each.kind for each in margaret.sees(2).lines]
    said, returned, ended = LineKind.SAID, LineKind.RETURNED, LineKind.ENDED
    assert kinds == [ended, returned, said, ended, returned, said]
    contacts.take(anna, new.id)
    view = chats.open_chat(anna, new.id)
    assert view is not None
    assert len(view.lines) == 9
    old = chats.open_chat(anna, margaret.contact)
    assert old is not None
    assert old.lines == view.lines

    chats.end_as_staff(anna, new.id)
    contacts.complete(anna, new.id, Disposition(None, Resolution.RESOLVED, False))
    change_chat(centre, margaret.chat, ended_at=datetime.now(UTC) - timedelta(hours=25))
    with pytest.raises(ChatOver):
        margaret.say("Still there?")


def test_a_parked_chat_waits_again_when_its_visitor_speaks(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    contacts.park(anna, margaret.contact, None, for_reply=True)

    margaret.say("I have found the letter")

    row = contact(centre, margaret.contact)
    assert (row.state, row.owner_id) == ("queued", None)
    assert event_kinds(centre, margaret.contact)[-1] == "contact.woken"


def test_what_is_typed_is_seen_by_its_holder_for_six_seconds(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)

    chat_visits.typing(margaret.db, margaret.token, "My card is 4111 1111 1111 1111 and")
    keep_typing(centre)
    chat_visits.typing(margaret.db, margaret.token, "too soon after")
    typed = chats.visitor_typing(anna, margaret.chat)
    chats.typing_as_staff(anna, margaret.contact)
    keep_typing(centre)
    seen = margaret.sees().advisor_typing
    margaret.say("My card is in the post")

    assert typed == "My card is •••• •••• •••• 1111 and"
    assert seen
    assert chats.visitor_typing(anna, margaret.chat) == ""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(ChatTyping).values(at=tx.now - timedelta(seconds=7)))
    assert not margaret.sees().advisor_typing


def test_what_is_typed_leaves_no_trace(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)

    def traces() -> list[int | None]:
        kept = [Event, ReadAudit] + ([RowAudit] if centre.dialect == "postgresql" else [])
        with centre.as_owner().read() as tx:
            return [tx.session.scalar(select(func.count()).select_from(each)) for each in kept]

    before = traces()
    chat_visits.typing(margaret.db, margaret.token, "My neighbour")
    chats.typing_as_staff(anna, margaret.contact)
    assert chats.visitor_typing(anna, margaret.chat) == "My neighbour"
    assert margaret.sees().advisor_typing

    assert traces() == before
    if centre.dialect == "postgresql":
        logged = text("SELECT relpersistence FROM pg_class WHERE relname = 'chat_typing'")
        with centre.as_owner().read() as tx:
            assert tx.session.scalar(logged) == "u", "in no log that is kept or copied"


def test_an_advisors_line_is_looked_at_before_it_leaves(centre: Centre) -> None:
    centre.add_contact(customer="joan.smith@example.org")
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)

    held = chats.say_as_staff(
        anna, margaret.contact, "Write to joan.smith@example.org", writing=writing()
    )
    before = margaret.sees().last_seq
    sent = chats.say_as_staff(
        anna,
        margaret.contact,
        "Write to joan.smith@example.org",
        writing=writing(),
        confirmed=True,
    )
    with pytest.raises(CardNumber):
        chats.say_as_staff(anna, margaret.contact, "4111 1111 1111 1111", writing=writing())

    assert held.line is None
    assert held.findings
    assert before == 2
    assert sent.line is not None
    assert event_kinds(centre, margaret.contact)[-1] == "chat.confirmed"


def test_a_visitors_card_number_is_hidden_and_the_rest_kept(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))

    line = margaret.say("Please charge 4111 1111 1111 1111 for the bin")

    assert line.text == "Please charge •••• •••• •••• 1111 for the bin"
    with centre.as_owner().read() as tx:
        row = tx.session.get_one(Message, line.message_id)
        assert row.problems
        assert "4111" not in row.body_text + row.reply_text


def test_files_go_both_ways_and_nowhere_else(centre: Centre) -> None:
    site = add_site(centre)
    margaret, other = visitor(centre, site), visitor(centre, site, visitor="Bo Lee")
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    photo, map_ = (NewAttachment(f"{n}.png", "image/png", n.encode()) for n in ("bin", "map"))

    sent = margaret.say("", files=(photo,))
    said = chats.say_as_staff(anna, margaret.contact, "Here", writing=writing(), files=(map_,))

    assert said.line is not None
    got = chat_visits.file(margaret.db, margaret.token, said.line.seq, said.line.files[0].id)
    assert (got.name, got.content) == ("map.png", b"map")
    assert chats_files(anna, margaret.contact) == [["bin.png"], ["map.png"]]
    with pytest.raises(NotFound):
        chat_visits.file(other.db, other.token, sent.seq, sent.files[0].id)


def chats_files(db: Database, contact_id: int) -> list[list[str]]:
    """The names of the files of a chat, line by line."""
    view = chats.open_chat(db, contact_id)
    assert view is not None
    return [[file.name for file in each.files] for each in view.lines if each.files]


def test_whoever_is_kept_out_neither_starts_nor_goes_on_until_a_leader_lets_them(
    centre: Centre,
) -> None:
    site = add_site(centre)
    margaret = visitor(centre, site)
    anna, ben, rose = (centre.as_person(each) for each in ("anna", "ben", "rose"))
    contacts.take(anna, margaret.contact)
    with pytest.raises(InvalidInput):
        chats.block(anna, margaret.contact, " ", 24)
    with pytest.raises(Taken):
        chats.block(ben, margaret.contact, "I do not like them", 24)

    chats.block(anna, margaret.contact, "Abuse after two warnings", 24)

    assert margaret.sees().ended_by is EndedBy.BLOCKED
    assert contact(centre, margaret.contact).state == "wrap_up"
    with pytest.raises(Blocked):
        margaret.say("You cannot stop me")
    with pytest.raises(Blocked):
        visitor(centre, site)
    visitor(centre, site, client="somebody else")
    with pytest.raises(NotAllowed):
        chats.blocks(anna)
    (kept_out,) = chats.blocks(rose)
    assert (kept_out.visitor, kept_out.reason, kept_out.by) == (
        "Margaret Okafor",
        "Abuse after two warnings",
        "Anna Whitlock",
    )
    with pytest.raises(NotAllowed):
        chats.unblock(anna, kept_out.id)
    chats.unblock(rose, kept_out.id)
    assert chats.blocks(rose) == ()
    visitor(centre, site)


def test_a_chat_that_goes_on_by_mail_is_answered_as_one(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)

    moved = chats.to_email(anna, margaret.contact, "Margaret@Example.org")
    view = chats.open_chat(anna, margaret.contact)
    assert view is not None
    text = f"Dear Margaret,\n\nYour bin comes on Friday.\n\n{transcript(view.lines)}"
    sent = replies.send(anna, margaret.contact, Reply(text=text, to=view.email))

    assert moved.row is not None
    assert moved.row.state == "active"
    assert (view.email, view.ended_by) == ("margaret@example.org", EndedBy.EMAIL)
    assert "My bin was not collected." in text
    assert sent.stopped == ()
    assert sent.message is not None
    _comes_back_by_mail(centre, margaret, sent.message_id)


def _comes_back_by_mail(centre: Centre, margaret: Visitor, message_id: int) -> None:
    """What they answer by mail belongs to the same contact."""
    with centre.as_owner().write() as tx:
        account = tx.session.scalars(
            select(ChannelAccount.id).where(ChannelAccount.kind == "smtp_listener")
        ).one()
        rfc_id = tx.session.get_one(Message, message_id).rfc_id or ""
    received = intake.receive(
        centre.as_gateway(),
        account,
        InboundMessage(
            channel=Channel.EMAIL,
            external_id="answer",
            sender=Address("Margaret", "margaret@example.org"),
            subject="Re: Chat",
            text="Thank you",
            in_reply_to=rfc_id,
        ),
    )
    assert received.contact_id == margaret.contact
    page = margaret.sees()
    assert page.lines[-1].kind is LineKind.ENDED


def test_both_talk_at_once_and_every_line_has_its_own_number(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre), text="")
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    many = 100

    def ask() -> None:
        for number in range(many):
            for _ in range(1 + number % 10 // 9):  # every tenth is said again
                chat_visits.say(margaret.db, margaret.token, f"v-{number}", f"Question {number}")

    def answer() -> None:
        for number in range(many):
            for _ in range(1 + number % 10 // 9):
                chats.say_as_staff(
                    anna, margaret.contact, f"Answer {number}", writing=writing(number + 1)
                )

    with ThreadPoolExecutor(2) as threads:
        for each in [threads.submit(side) for side in (ask, answer)]:
            each.result()

    lines = margaret.sees().lines
    assert [each.seq for each in lines] == list(range(1, 2 * many + 2))
    for side, words in ((Side.VISITOR, "Question"), (Side.STAFF, "Answer")):
        said = [each.text for each in lines if each.side is side]
        assert said == [f"{words} {number}" for number in range(many)]
    assert [each.client_id for each in lines if each.side is Side.VISITOR] == [
        f"v-{number}" for number in range(many)
    ]
