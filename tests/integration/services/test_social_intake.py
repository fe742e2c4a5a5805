"""Posts become contacts: one conversation one contact, each post once, and corrected in sight."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from crm_desktop.domain.errors import LeaseLost
from crm_desktop.domain.social import Network, News, Picture
from crm_desktop.domain.states import Channel, ContactState, Resolution
from crm_desktop.domain.views import Disposition
from crm_desktop.services import accounts, contacts, leases, social, social_intake
from crm_desktop.services.leases import Lease
from crm_desktop.store.models import (
    Contact,
    Customer,
    Event,
    Identifier,
    Message,
    SocialPost,
)
from tests.centre import Centre
from tests.integration.services.arrivals import change, contact
from tests.integration.services.posts import (
    answer,
    contact_of,
    message_of,
    network_account,
    post,
    read,
)

PIXEL = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def _complete(centre: Centre, contact_id: int) -> None:
    anna = centre.as_person("anna")
    contacts.take(anna, contact_id)
    contacts.begin_wrap_up(anna, contact_id)
    contacts.complete(anna, contact_id, Disposition(None, Resolution.RESOLVED, False))


def _many(centre: Centre, model: type) -> int:
    with centre.as_owner().read() as tx:
        return tx.session.scalar(select(func.count()).select_from(model)) or 0


def _lease(centre: Centre, account_id: int) -> Lease:
    lease = leases.acquire(centre.as_gateway(), f"social:{account_id}", "test", 60)
    assert lease is not None
    return lease


def test_a_post_is_a_contact_of_whoever_wrote_it(centre: Centre) -> None:
    account = network_account(centre)
    first = post(text="A missed collection of my\nrecycling bin, in Elm Road", pictures=(
        Picture("bin.png", "image/png", PIXEL, "A full bin"),
    ))  # fmt: skip

    received = read(centre, account, first)

    (contact_id,) = received.contact_ids
    row = contact(centre, contact_id)
    assert (row.channel, row.state) == (Channel.SOCIAL, ContactState.QUEUED)
    assert row.subject == "@margaret.example: A missed collection of my recycling bin, in Elm Road"
    assert row.who == "Margaret"
    assert row.queue_id == centre.queue_id("waste"), "the words speak of a service of that queue"
    assert row.due_at is not None
    with centre.as_owner().read() as tx:
        identifier = tx.session.scalars(
            select(Identifier).where(Identifier.customer_id == row.customer_id)
        ).one()
    assert (identifier.kind, identifier.norm) == ("handle", "margaret.example")
    shown = social.thread(centre.as_person("anna"), contact_id)
    (only,) = shown.posts
    assert list(only.alts.values()) == ["A full bin"]
    assert (only.public, only.by_us, only.url) == (True, False, first.url)
    assert shown.network is Network.BLUESKY
    assert shown.handle == "testshire.example"


def test_the_same_post_is_kept_once(centre: Centre) -> None:
    account = network_account(centre)
    first = post()
    read(centre, account, first)

    again = read(centre, account, first, first)

    assert (again.contact_ids, again.known) == ((), 2)
    assert _many(centre, SocialPost) == 1
    assert _many(centre, Contact) == 1


def test_whoever_writes_in_a_conversation_joins_its_open_contact(centre: Centre) -> None:
    account = network_account(centre)
    first = post()
    read(centre, account, first)
    contact_id = contact_of(centre, account, first)
    before = contact(centre, contact_id)
    ted = answer(first, "ted.example", "Mine as well")

    read(centre, account, ted, answer(ted, "margaret.example"))

    assert contact_of(centre, account, ted) == contact_id
    after = contact(centre, contact_id)
    assert after.customer_id == before.customer_id, "nobody else's record is linked"
    with centre.as_owner().read() as tx:
        names = tx.session.scalars(
            select(Message.sender_name).where(Message.contact_id == contact_id).order_by(Message.id)
        ).all()
    assert names == ["Margaret", "Ted", "Margaret"]


def test_after_its_end_the_next_who_writes_is_a_new_contact_of_the_thread(centre: Centre) -> None:
    account = network_account(centre)
    first = post(text="Hello council")
    read(centre, account, first)
    ended = contact_of(centre, account, first)
    _complete(centre, ended)
    later = answer(first, "ted.example")

    read(centre, account, later)

    contact_id = contact_of(centre, account, later)
    assert contact_id != ended
    assert contact(centre, contact_id).thread_id == ended
    assert contact(centre, contact_id).customer_id != contact(centre, ended).customer_id


def test_a_private_conversation_is_one_of_its_own(centre: Centre) -> None:
    account = network_account(centre)
    first = post()
    private = post(text="My address is …", root_id="convo-1", public=False)

    read(centre, account, first, private)

    one, two = (contact(centre, contact_of(centre, account, each)) for each in (first, private))
    assert one.id != two.id
    assert one.customer_id == two.customer_id


def test_a_name_is_of_its_network_and_nobody_elses(sqlite_centre: Centre) -> None:
    centre = sqlite_centre
    x, face = (network_account(centre, each) for each in (Network.X, Network.FACEBOOK))
    tweet = post("margaret", author_id="77")
    page = post("4711", author_id="4711", author_name="Margaret O")
    read(centre, x, tweet)
    read(centre, face, page)

    one, two = (
        contact(centre, contact_of(centre, x, tweet)),
        contact(centre, contact_of(centre, face, page)),
    )
    assert one.customer_id != two.customer_id
    with centre.as_owner().read() as tx:
        norms = set(tx.session.scalars(select(Identifier.norm)))
    assert {"margaret@x.com", "4711@facebook.com"} <= norms
    assert two.subject.startswith("Margaret O: "), "a number is nobody's name"


def test_a_name_that_was_given_away_is_not_its_former_owners_record(sqlite_centre: Centre) -> None:
    centre = sqlite_centre
    account = network_account(centre)
    first = post()
    read(centre, account, first)
    stranger = post(author_id="did:somebody-else")

    read(centre, account, stranger)

    row = contact(centre, contact_of(centre, account, stranger))
    assert row.customer_id is None
    assert row.needs_checking
    assert "another account" in row.check_reason


def test_what_we_said_elsewhere_is_in_the_conversation_and_no_contact(centre: Centre) -> None:
    account = network_account(centre)
    root = post("testshire.example", "Bins are late today", by_us=True)
    first = answer(root, text="Mine too?")
    ours = answer(first, "testshire.example", "Yes, sorry", by_us=True)
    alone = post("testshire.example", "Happy Friday", by_us=True)

    received = read(centre, account, root, first, ours, alone)

    (contact_id,) = received.contact_ids
    assert _many(centre, Contact) == 1
    shown = social.thread(centre.as_person("anna"), contact_id)
    assert [each.by_us for each in shown.posts] == [True, False, True]
    assert shown.answered == message_of(centre, account, first)
    assert shown.posts[1].answers == shown.posts[0].message_id
    row = contact(centre, contact_id)
    assert row.who == "Margaret"


def test_what_is_answered_is_asked_for_when_we_do_not_have_it(centre: Centre) -> None:
    account = network_account(centre)
    root = post("testshire.example", "Bins are late today", by_us=True)
    first = answer(root, text="Mine too?")
    db = centre.as_gateway()
    news = News((first,), {})

    assert social_intake.unknown(db, account, news) == (root.post_id,)
    social_intake.receive(db, account, news, context={root.post_id: root})

    assert social_intake.unknown(db, account, News((answer(first),), {})) == ()
    shown = social.thread(centre.as_person("anna"), contact_of(centre, account, first))
    assert [each.by_us for each in shown.posts] == [True, False]


def test_what_is_read_again_has_the_network_asked_for_nothing_again(
    sqlite_centre: Centre,
) -> None:
    """What others answer may be anybody's, and is then never kept."""
    centre = sqlite_centre
    account, db = network_account(centre), sqlite_centre.as_gateway()
    elsewhere = post("ted.example", "Who else waits?")
    first = answer(elsewhere, text="Me, @council")
    news = News((first, post()), {})
    assert social_intake.unknown(db, account, news) == (elsewhere.post_id,)
    social_intake.receive(db, account, news)

    assert social_intake.unknown(db, account, news) == ()
    second = answer(elsewhere, "sue.example", "Me too, @council")
    both = replace(news, posts=(*news.posts, second))
    assert social_intake.unknown(db, account, both) == (elsewhere.post_id,), "it is new"


def test_an_edited_post_says_what_it_said_before(centre: Centre) -> None:
    account = network_account(centre)
    first = post(text="My bin was mised")
    read(centre, account, first)
    at = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
    second = replace(first, text="My bin was missed", edited_at=at)

    read(centre, account, second)
    read(centre, account, second)
    read(centre, account, replace(first, text="My bins were missed"))

    contact_id = contact_of(centre, account, first)
    (shown,) = social.thread(centre.as_person("anna"), contact_id).posts
    assert [each.text for each in shown.versions] == ["My bin was mised", "My bin was missed"]
    assert shown.versions[0].until == at
    opened = contacts.open_contact(centre.as_person("anna"), contact_id)
    assert opened.messages[0].text == "My bins were missed"
    assert opened.row.subject == "@margaret.example: My bins were missed"
    assert [each.kind for each in opened.timeline].count("post.edited") == 2


def test_a_deleted_post_keeps_its_text_and_says_so(centre: Centre) -> None:
    account = network_account(centre)
    first, other = post(), post()
    read(centre, account, first, other)

    received = read(centre, account, deleted=(first.post_id, "never-seen"))

    contact_id = contact_of(centre, account, first)
    assert contact_id in {each.id for each in received.changes.items}
    (shown,) = social.thread(centre.as_person("anna"), contact_id).posts
    assert shown.deleted_at is not None
    assert not shown.can_be_answered
    assert contacts.open_contact(centre.as_person("anna"), contact_id).messages[0].text


def test_more_of_what_was_set_aside_as_spam_is_no_work(sqlite_centre: Centre) -> None:
    centre = sqlite_centre
    account = network_account(centre)
    first = post("spam.example", "Buy followers")
    read(centre, account, first)
    spam = contact_of(centre, account, first)
    contacts.spam(centre.as_person("anna"), spam)

    read(centre, account, answer(first, "spam.example", "Buy more"))
    read(centre, account, honest := answer(first, "ted.example", "Is this you, council?"))

    assert contact(centre, spam).state == ContactState.SPAM
    assert _many(centre, Contact) == 2
    assert contact_of(centre, account, honest) != spam


def test_spam_of_somebody_unnamed_says_nothing_of_others_without_a_name(
    sqlite_centre: Centre,
) -> None:
    """Facebook does not always say who wrote a comment."""
    centre = sqlite_centre
    account = network_account(centre, Network.FACEBOOK)
    unnamed = {"author_id": "", "author_name": ""}
    root = post("testshire", "Bins are late today", by_us=True)
    read(centre, account, first := answer(root, "", "Buy followers", **unnamed))
    contacts.spam(centre.as_person("anna"), contact_of(centre, account, first))

    read(centre, account, honest := answer(root, "", "Mine as well?", **unnamed))

    assert contact(centre, contact_of(centre, account, honest)).state == ContactState.QUEUED


def test_a_post_without_anything_is_nothing(sqlite_centre: Centre) -> None:
    centre = sqlite_centre
    account = network_account(centre)
    assert read(centre, account, post(text="  ")).contact_ids == ()
    assert _many(centre, Contact) == 0


def test_odd_characters_are_kept_as_far_as_a_database_can(centre: Centre) -> None:
    account = network_account(centre)
    odd = post(text="a\x00b \ud800", author_name="M\x00", reply_ref={"x\x00": ["\x00"]})
    read(centre, account, odd)
    row = contact(centre, contact_of(centre, account, odd))
    assert "\ufffd" in row.subject


def test_the_cursor_goes_with_what_was_read_and_under_the_lease_alone(centre: Centre) -> None:
    account = network_account(centre)
    db, lease = centre.as_gateway(), _lease(centre, account)
    social_intake.receive(db, account, News((post(),), {"at": 1}), under=lease)
    assert accounts.get(db, account).cursor == {"at": 1}

    read(centre, account, post())
    assert accounts.get(db, account).cursor == {"at": 1}, "a door moves no cursor"
    late, stale = post(), Lease(lease.name, lease.fence - 1)
    with pytest.raises(LeaseLost):
        social_intake.receive(db, account, News((late,), {"at": 2}), under=stale)
    assert accounts.get(db, account).cursor == {"at": 1}
    assert read(centre, account, late).contact_ids, "it was not kept"


def test_open_contacts_posts_are_looked_at_again_in_turn(centre: Centre) -> None:
    account = network_account(centre)
    lease, db = _lease(centre, account), centre.as_gateway()
    first, over, old = post(text="Hello"), post(text="Hello"), post(text="Hello")
    read(centre, account, first, over, old)
    _complete(centre, contact_of(centre, account, over))
    long_ago = datetime.now(UTC) - timedelta(days=8)
    change(centre, Message, message_of(centre, account, old), at=long_ago)
    assert social_intake.to_look_at(db, account, lease) == (), "they were looked at when they came"
    with centre.as_owner().write() as tx:
        tx.session.execute(text("UPDATE social_post SET looked_at = '2026-01-01 00:00:00.000000'"))

    assert social_intake.to_look_at(db, account, lease) == (first.post_id,)
    assert social_intake.to_look_at(db, account, lease) == ()

    changed = replace(first, text="Hello there")
    social_intake.correct(db, account, {first.post_id: changed, over.post_id: None}, lease)
    with centre.as_owner().read() as tx:
        kinds = tx.session.scalars(select(Event.kind).where(Event.kind.like("post.%"))).all()
    assert sorted(kinds) == ["post.deleted", "post.edited"]


def test_two_gateways_make_one_contact_and_one_customer(postgres_centre: Centre) -> None:
    """The reader and the door hear of one new person's conversation in the same moment."""
    from concurrent.futures import ThreadPoolExecutor

    account = network_account(postgres_centre)
    first = post()
    replies = [answer(first) for _ in range(6)]
    dbs = [postgres_centre.as_gateway() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(
            pool.map(
                lambda n: social_intake.receive(dbs[n], account, News((first, replies[n]), {})),
                range(6),
            )
        )
    assert _many(postgres_centre, Contact) == 1
    assert _many(postgres_centre, SocialPost) == 7
    with postgres_centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Customer)) == 1
