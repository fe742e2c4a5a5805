"""A visitor's way through a chat: hours, places, leaving and coming back, what is sent to them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from crm_desktop.domain.chats import MOST_LINES, EndedBy, LeftMessage, LineKind, NewChat, Place
from crm_desktop.domain.errors import Blocked, Closed, Conflict, InvalidInput, NotFound
from crm_desktop.domain.states import Resolution
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import Disposition
from crm_desktop.services import (
    chat_sites,
    chat_visits,
    chats,
    contacts,
    leases,
    routing,
    sending,
    sweeper,
)
from crm_desktop.services.outbox import Work
from crm_desktop.store.models import (
    Activity,
    ChannelWeight,
    ChatTyping,
    Contact,
    Event,
    HalfHourStat,
    Message,
    Notice,
    OpeningCalendar,
    OutboxItem,
    Staff,
)
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
from tests.routing_centre import at_work, push


def _sweep(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test") or leases.Lease("sweeper", 1)
    sweeper.sweep(db, lease)


def _gone_for(centre: Centre, who: Visitor, **time: float) -> None:
    with centre.as_owner().read() as tx:
        now = tx.now
    change_chat(centre, who.chat, gone_since=now - timedelta(**time))


def test_a_chat_is_a_contact_about_its_service_whose_sender_proved_nothing(centre: Centre) -> None:
    known = centre.add_contact(customer="margaret@example.org")
    site = add_site(centre)

    margaret = visitor(
        centre, site, email="Margaret@example.org", service_code="missed_bin",
        answers={"bin": "recycling"}, page="https://www.testshire.gov.uk/bins", language="cy",
    )  # fmt: skip

    row, chat = contact(centre, margaret.contact), chat_row(centre, margaret.chat)
    assert (row.channel, row.state, row.queue_id) == ("chat", "queued", centre.queue_id("waste"))
    assert row.customer_id == contact(centre, known).customer_id
    assert row.needs_checking
    assert row.preview == "My bin was not collected."
    assert (chat.answers, chat.language, chat.email) == (
        {"bin": "recycling"}, "cy", "margaret@example.org",
    )  # fmt: skip
    assert margaret.token not in (chat.token_hash, chat.answers)
    assert event_kinds(centre, margaret.contact) == ["contact.received"]


def test_a_start_that_is_tried_again_is_the_same_chat(centre: Centre) -> None:
    site, db = add_site(centre), centre.as_gateway()
    new = NewChat("Bo Lee", text="Hello", key="k" * 40)

    first, second = (chat_visits.start(db, site, new) for _ in range(2))

    assert first == second
    assert first.token not in repr(first)
    assert chat_visits.resume(db, first.token).last_seq == 1


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"visitor": " "}, "visitor"),
        ({"email": "nobody"}, "email"),
        ({"text": "x" * 4_001}, "text"),
        ({"answers": {"x": "y" * 30_000}}, "answers"),
        ({"service_code": "no such"}, "service"),
        ({"key": "short"}, "key"),
    ],
)
def test_what_is_no_beginning_is_refused(
    sqlite_centre: Centre, given: dict[str, Any], wrong: str
) -> None:
    site = add_site(sqlite_centre)

    with pytest.raises(InvalidInput) as refused:
        visitor(sqlite_centre, site, **given)

    fields = refused.value.params["fields"]
    assert isinstance(fields, dict)
    assert list(fields) == [wrong]


def test_outside_its_hours_it_takes_a_message_as_a_form_and_gives_its_reference(
    centre: Centre,
) -> None:
    site, db = add_site(centre), centre.as_gateway()
    assert chat_sites.opening(db, site).is_open
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(OpeningCalendar)
            .where(OpeningCalendar.name.like("Always%"))
            .values(hours={"week": {"mon": ["09:00-09:01"]}})
        )
    closed = chat_sites.opening(db, site)
    left = LeftMessage(
        "Bo Lee", "bo@example.org", "My bin. 4111 1111 1111 1111", service_code="missed_bin",
        answers={"bin": "general"}, key="one",
    )  # fmt: skip

    references = {chat_sites.leave_message(db, site, left) for _ in range(2)}

    assert not closed.is_open
    assert closed.opens_at is not None
    assert closed.opens_at.weekday() == 0
    with pytest.raises(Closed):
        visitor(centre, site)
    (reference,) = references
    assert reference.startswith("C-")
    with centre.as_owner().read() as tx:
        row = tx.session.scalars(select(Contact).where(Contact.channel == "web_form")).one()
        text = tx.session.scalars(
            select(Message.body_text).where(Message.contact_id == row.id)
        ).one()
    assert (row.who, row.account_id) == ("Bo Lee", site)
    assert "4111" not in text
    with pytest.raises(NotFound):
        chat_sites.leave_message(db, 999, left)


def test_who_waits_knows_their_place_and_how_long(centre: Centre) -> None:
    site = add_site(centre)
    waiting = [visitor(centre, site, f"Hello {n}") for n in range(3)]
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Contact).where(Contact.id == waiting[2].contact).values(priority=9)
        )
    db = centre.as_gateway()
    nobody_there = chat_sites.places(db, site)
    anna, queue_id = centre.person("anna"), centre.queue_id("general")
    with centre.as_owner().write() as tx:
        tx.session.merge(ChannelWeight(channel="chat", weight=50, interruptible=False))
        tx.session.execute(
            update(Staff).where(Staff.id == anna.id).values(presence="available", capacity=50)
        )
        tx.session.add(Activity(staff_id=anna.id, signed_in_at=tx.now, seen_at=tx.now))
        tx.session.add(
            HalfHourStat(
                half_hour=tx.now - timedelta(days=1), queue_id=queue_id, channel="chat",
                handled=10, handle_seconds=3_000, seconds=60, in_opening_hours=True, goal=80,
                short_seconds=5, variant="default",
            )
        )  # fmt: skip

    places = chat_sites.places(db, site)

    order = [waiting[2].chat, waiting[0].chat, waiting[1].chat]
    assert [nobody_there[each] for each in order] == [Place(n, None) for n in (1, 2, 3)]
    assert [places[each] for each in order] == [Place(1, 0), Place(2, 300), Place(3, 600)]
    assert [each.sees().place for each in waiting] == [Place(n, None) for n in (2, 3, 1)]
    assert chat_sites.opening(db, site).wait_seconds == 900
    contacts.take(centre.as_person("anna"), waiting[2].contact)
    assert chat_sites.places(db, site)[waiting[0].chat] == Place(1, 300)


def test_going_from_page_to_page_tells_nobody_anything_and_staying_away_does(
    centre: Centre,
) -> None:
    margaret = visitor(centre, add_site(centre))
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    chats.say_as_staff(anna, margaret.contact, "Which road?", writing=writing())

    chat_visits.left(margaret.db, margaret.token)
    _sweep(centre)
    there = margaret.sees()
    chat_visits.left(margaret.db, margaret.token)
    _gone_for(centre, margaret, seconds=30)
    _sweep(centre)
    away = chats.open_chat(anna, margaret.contact)
    back = margaret.sees()

    assert there.last_seq == 3
    assert away is not None
    assert away.gone_since is not None
    assert [each.kind for each in back.lines[3:]] == [LineKind.AWAY, LineKind.RETURNED]
    assert chat_row(centre, margaret.chat).gone_since is None


def test_a_page_that_says_nothing_is_closed_from_the_moment_that_it_is_noticed(
    centre: Centre,
) -> None:
    site = add_site(centre)
    silent, there = visitor(centre, site), visitor(centre, site)
    with centre.as_owner().read() as tx:
        an_hour_ago = tx.now - timedelta(hours=1)
    for each in (silent, there):
        change_chat(centre, each.chat, visitor_at=an_hour_ago)

    chat_visits.present(there.db, [there.chat])
    _sweep(centre)
    _sweep(centre)

    gone = chat_row(centre, silent.chat).gone_since
    assert gone is not None
    assert gone > an_hour_ago + timedelta(minutes=59)
    assert chat_row(centre, silent.chat).state == "open"
    assert chat_row(centre, there.chat).gone_since is None


def test_who_never_was_taken_and_is_gone_gave_up_when_they_left(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre), email="m@example.org")
    _gone_for(centre, margaret, minutes=9)
    _sweep(centre)
    waits = contact(centre, margaret.contact).state
    _gone_for(centre, margaret, minutes=11)
    left = chat_row(centre, margaret.chat).gone_since
    assert left is not None
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Contact)
            .where(Contact.id == margaret.contact)
            .values(queued_at=left - timedelta(minutes=1))
        )

    _sweep(centre)

    row = contact(centre, margaret.contact)
    assert waits == "queued"
    assert (row.state, row.end_reason) == ("abandoned", "abandoned")
    assert margaret.sees().ended_by is EndedBy.GONE
    with centre.as_owner().read() as tx:
        data = tx.session.scalars(select(Event.data).where(Event.kind == "contact.abandoned")).one()
    assert data["by"] == "gone"
    assert data["waited"] == 60
    margaret.say("I am back")
    assert chat_row(centre, margaret.chat).contact_id != margaret.contact


def test_who_was_answered_last_and_is_gone_leaves_the_holder_to_wrap_up(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre), email="m@example.org")
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    chats.say_as_staff(anna, margaret.contact, "It comes on Friday", writing=writing())
    _gone_for(centre, margaret, minutes=11)

    _sweep(centre)

    row = contact(centre, margaret.contact)
    assert (row.state, row.owner_id) == ("wrap_up", centre.person("anna").id)
    assert event_kinds(centre, margaret.contact)[-2:] == ["chat.ended", "contact.wrap_up"]


def test_who_is_owed_an_answer_stays_until_somebody_mails_it(centre: Centre) -> None:
    site = add_site(centre)
    with_mail = visitor(centre, site, email="m@example.org")
    without = visitor(centre, site)
    anna = centre.as_person("anna")
    for each in (with_mail, without):
        contacts.take(anna, each.contact)
        _gone_for(centre, each, minutes=11)

    _sweep(centre)
    _sweep(centre)

    assert contact(centre, with_mail.contact).state == "active"
    assert contact(centre, without.contact).state == "wrap_up"
    strip = {each.chat_id: each for each in chats.in_hand(anna)}
    assert strip[with_mail.chat].gone_since is not None
    assert strip[with_mail.chat].waiting_since is not None
    assert chat_row(centre, with_mail.chat).away


def test_a_visitor_ends_it_waiting_or_talking(centre: Centre) -> None:
    site = add_site(centre)
    waiting, talking = visitor(centre, site), visitor(centre, site)
    contacts.take(centre.as_person("anna"), talking.contact)

    for each in (waiting, talking):
        chat_visits.end(each.db, each.token)

    pages = [each.sees() for each in (waiting, talking)]
    assert [each.ended_by for each in pages] == [EndedBy.VISITOR, EndedBy.VISITOR]
    assert [each.lines[-1].kind for each in pages] == [LineKind.ENDED, LineKind.ENDED]
    states = [contact(centre, each.contact).state for each in (waiting, talking)]
    assert states == ["abandoned", "wrap_up"]


def test_the_transcript_is_mailed_once_and_holds_this_chat_alone(centre: Centre) -> None:
    site = add_site(centre)
    margaret, other = visitor(centre, site), visitor(centre, site, "A secret of Bo's")
    anna = centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    with pytest.raises(Conflict):
        chat_visits.transcript(margaret.db, margaret.token, "m@example.org")
    chats.say_as_staff(anna, margaret.contact, "It comes on Friday", writing=writing())
    with pytest.raises(InvalidInput):
        chat_visits.transcript(margaret.db, margaret.token, "nobody")

    chat_visits.transcript(margaret.db, margaret.token, "M@example.org")

    with pytest.raises(Conflict):
        chat_visits.transcript(margaret.db, margaret.token, "somebody@example.com")
    with centre.as_owner().read() as tx:
        (item,) = tx.session.scalars(select(OutboxItem)).all()
    assert item.message_id is not None
    work = Work(item.id, item.lane, item.message_id, None, 1, False, item.not_before)
    outgoing = sending.load(centre.as_gateway(), work)
    assert outgoing is not None
    mail = outgoing.message
    assert [each.address for each in mail.to] == ["m@example.org"]
    assert mail.subject == "Your chat with Testshire"
    assert "My bin was not collected." in mail.text
    assert "Anna (" in mail.text
    assert "Whitlock" not in mail.text
    assert "secret" not in mail.text
    assert outgoing.auto_generated
    assert chat_row(centre, other.chat).transcript_to == ""


def test_a_visitor_rates_a_chat(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    with pytest.raises(InvalidInput):
        chat_visits.rate(margaret.db, margaret.token, 6)

    chat_visits.rate(margaret.db, margaret.token, 4, "Quick\x00 and kind")

    row = chat_row(centre, margaret.chat)
    assert (row.rating, row.rating_words) == (4, "Quick\N{REPLACEMENT CHARACTER} and kind")
    assert margaret.sees().rating == 4

    for _ in range(2):
        chat_visits.rate(margaret.db, margaret.token, 2)
    row = chat_row(centre, margaret.chat)
    assert (row.rating, row.rating_words) == (2, ""), "what they said last"
    with centre.as_owner().read() as tx:
        told = tx.session.scalars(select(Event.data).where(Event.kind == "chat.rated")).all()
    assert [each["stars"] for each in told] == [4, 2], "the same again is no news"


def test_a_line_changes_no_contact_but_the_first_which_fills_its_row(
    sqlite_centre: Centre,
) -> None:
    margaret = visitor(sqlite_centre, add_site(sqlite_centre), text="")

    def told() -> list[str]:
        with sqlite_centre.as_owner().write() as tx:
            topics = list(tx.session.scalars(select(Notice.topic).order_by(Notice.id)))
            tx.session.execute(delete(Notice))
        return topics

    told()
    first = margaret.say("My bin was not collected")
    assert first.seq == 1
    assert sorted(told()) == ["chat", "contact"]
    assert contact(sqlite_centre, margaret.contact).preview == "My bin was not collected"
    margaret.say("And it smells")
    assert told() == ["chat"]
    assert contact(sqlite_centre, margaret.contact).preview == "My bin was not collected"


def test_a_chat_begun_without_words_is_found_by_its_service_too(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre), text="", service_code="missed_bin")
    before = contact(centre, margaret.contact)
    assert before.subject

    margaret.say("Nobody came")

    assert contact(centre, margaret.contact).folded == fold(
        f"Margaret Okafor {before.subject} Nobody came"
    )


def test_many_pages_are_read_in_one_statement_from_where_each_is(centre: Centre) -> None:
    site = add_site(centre)
    first, second = visitor(centre, site), visitor(centre, site)
    second.say("Again")

    found = chat_visits.views(first.db, [first.chat, second.chat, 999], {second.chat: 1})

    assert sorted(found) == [first.chat, second.chat]
    assert [each.seq for each in found[first.chat].lines] == [1]
    assert [each.text for each in found[second.chat].lines] == ["Again"]
    assert [each.id for each in chat_sites.sites(first.db)] == [site]


def test_many_type_and_read_in_one_statement(centre: Centre) -> None:
    site = add_site(centre)
    first, second = visitor(centre, site), visitor(centre, site)
    anna = centre.as_person("anna")
    for each in (first, second):
        contacts.take(anna, each.contact)

    chat_visits.typing_many(first.db, {first.token: "One", second.token: "Two", "nobody's": "x"})
    keep_typing(centre)
    chat_visits.seen_many(first.db, {first.token: 1, second.token: 10**12, "x": -1})

    assert [chats.visitor_typing(anna, each.chat) for each in (first, second)] == ["One", "Two"]
    rows = [chat_row(centre, each.chat) for each in (first, second)]
    assert [each.visitor_seq for each in rows] == [1, 2]
    chats.seen_by_staff(anna, first.contact, 2)
    assert [each.sees().staff_seq for each in (first, second)] == [2, 0]
    chat_visits.typing(first.db, first.token, "")
    assert chats.visitor_typing(anna, first.chat) == ""
    keep_typing(centre)
    with centre.as_owner().write() as tx:
        too_long_ago = tx.now - timedelta(seconds=7)
        second_row = ChatTyping.chat_id == second.chat
        tx.session.execute(update(ChatTyping).where(second_row).values(at=too_long_ago))
    _sweep(centre)
    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(ChatTyping.chat_id)).all() == [first.chat]


def test_a_long_chat_comes_in_pieces_and_its_transcript_whole(sqlite_centre: Centre) -> None:
    margaret = visitor(sqlite_centre, add_site(sqlite_centre), text="")
    anna = sqlite_centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    chats.say_as_staff(anna, margaret.contact, "Go on", writing=writing())
    for number in range(MOST_LINES + 5):
        margaret.say(f"Line {number}")

    page = margaret.sees()
    rest = margaret.sees(page.lines[-1].seq)
    chat_visits.transcript(margaret.db, margaret.token, "m@example.org")

    assert (len(page.lines), page.lines[0].seq, page.last_seq) == (MOST_LINES, 1, MOST_LINES + 7)
    assert [each.seq for each in rest.lines] == list(range(MOST_LINES + 1, MOST_LINES + 8))
    with sqlite_centre.as_owner().read() as tx:
        text = tx.session.scalars(
            select(Message.body_text).where(Message.auto_generated.is_(True))
        ).one()
    assert all(f"Line {number}\n" in f"{text}\n" for number in range(MOST_LINES + 5))


def test_whoever_is_kept_out_leaves_no_message(centre: Centre) -> None:
    site = add_site(centre)
    margaret, anna = visitor(centre, site), centre.as_person("anna")
    contacts.take(anna, margaret.contact)
    chats.block(anna, margaret.contact, "Abuse", 1)

    with pytest.raises(Blocked):
        chat_sites.leave_message(
            margaret.db, site, LeftMessage("M", "m@example.org", "Again", client="a-client")
        )


def test_who_comes_back_is_offered_first_to_whoever_had_them(centre: Centre) -> None:
    margaret = visitor(centre, add_site(centre))
    push(centre, "general")
    at_work(centre, "anna", "ben")
    ben = centre.as_person("ben")
    contacts.take(ben, margaret.contact)
    chats.end_as_staff(ben, margaret.contact)
    contacts.complete(ben, margaret.contact, Disposition(None, Resolution.RESOLVED, False))

    margaret.say("One more thing")
    routing.turn(margaret.db)

    row = contact(centre, chat_row(centre, margaret.chat).contact_id)
    assert row.id != margaret.contact
    assert (row.state, row.owner_id) == ("offered", centre.person("ben").id)
