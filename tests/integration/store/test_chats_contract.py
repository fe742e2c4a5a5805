"""What may be done in a chat, and what is told of it, alike on both dialects; on PostgreSQL as the
people and the gateway that do it.
"""

from __future__ import annotations

import pytest

from crm_desktop.domain.chats import ChatState, EndedBy, LineKind, Side
from crm_desktop.domain.errors import Conflict, NotFound, Taken
from crm_desktop.services import chat_visits, chats, contacts
from tests.centre import Centre
from tests.chats_centre import add_site, chat_row, visitor, writing


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
    assert moved.row is not None and moved.row.state == "wrap_up"
    view = chats.open_chat(anna, margaret.contact)
    assert view is not None
    assert view.lines == page.lines
    assert chat_row(centre, margaret.chat).waiting_since is None


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
