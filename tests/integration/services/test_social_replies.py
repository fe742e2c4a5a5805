"""Answering posts: where the answered post says, in public with care, and once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, update

from crm_desktop.domain.errors import (
    CardNumber,
    Conflict,
    ConnectorTrouble,
    InvalidInput,
    NotAllowed,
    NotFound,
    Taken,
)
from crm_desktop.domain.social import Network, Picture, Post, SentPost
from crm_desktop.domain.social_thread import PostReply
from crm_desktop.domain.states import MessageState, OutboxState, Resolution
from crm_desktop.domain.views import Disposition, Writing
from crm_desktop.services import (
    cases,
    contacts,
    drafts,
    leases,
    outbox,
    replies,
    social,
    social_sending,
)
from crm_desktop.services.cases import CaseInput
from crm_desktop.services.outbox import Lane, Outcome, Work
from crm_desktop.store.database import Database
from crm_desktop.store.models import (
    Address,
    ChannelAccount,
    Contact,
    Customer,
    Draft,
    Lease,
    Message,
    OutboxItem,
    Service,
    SocialPost,
)
from tests.centre import Centre
from tests.integration.services.arrivals import change, contact, message_row
from tests.integration.services.posts import (
    answer,
    contact_of,
    message_of,
    network_account,
    outbox_of,
    post,
    read,
)

PIXEL = b"\x89PNG\r\n\x1a\n" + b"0" * 40
LANE = Lane(social_sending.LANE, lambda *_: None, social_sending.gave_up, social_sending.subject)  # type: ignore[arg-type]


@pytest.fixture
def anna(centre: Centre) -> Database:
    """An advisor."""
    return centre.as_person("anna")


def _in_hand(centre: Centre, anna: Database, first: Post, **network: Any) -> tuple[int, int, int]:
    """(account, contact, message) of a post that Anna has taken."""
    account = network_account(centre, **network)
    read(centre, account, first)
    contact_id = contact_of(centre, account, first)
    contacts.take(anna, contact_id)
    return account, contact_id, message_of(centre, account, first)


def test_an_answer_goes_where_the_post_came_from(centre: Centre, anna: Database) -> None:
    first = post(text="Hello")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    drafts.save(anna, contact_id, "reply", {"text": "We are s"})
    picture = Picture("map.png", "image/png", PIXEL, "A map of the round")

    sent = social.reply(
        anna, contact_id, PostReply("We are sorry", True, message_id, (picture,)),
        undo_seconds=0,
    )  # fmt: skip

    assert sent.stopped == ()
    work = outbox_of(centre, sent.message_id)
    assert (work.lane, work.state) == ("social", OutboxState.PENDING)
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    (claimed,) = outbox.claim(gateway, LANE, lease)
    outgoing = social_sending.load(gateway, claimed)
    assert isinstance(outgoing, social_sending.Outgoing)
    said = outgoing.post
    assert (said.text, said.public, said.reply_to) == ("We are sorry", True, first.post_id)
    assert (said.reply_ref, said.author_id) == (first.reply_ref, first.author_id)
    assert said.pictures == (picture,)
    assert len(said.key) == 32

    where = SentPost("ours-1", first.root_id, "https://network.example/ours-1", {"cid": "c"})
    done = Outcome(lambda tx: social_sending.sent(tx, claimed, outgoing.account, where))
    outbox.settle(gateway, LANE, lease, claimed, done)

    row = message_row(centre, sent.message_id)
    assert (row.state, row.external_id) == (MessageState.SENT, "ours-1")
    shown = social.thread(anna, contact_id).post(sent.message_id)
    assert shown is not None
    assert (shown.by_us, shown.public, shown.url) == (True, True, where.url)
    assert shown.answers == message_id
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Draft)) == 0
    # Read again from the network it is ours already; answers to it are of the conversation.
    mine = answer(first, "testshire.example", "We are sorry", by_us=True)
    later = answer(first)
    read(centre, account, replace(mine, post_id="ours-1"), replace(later, parent_id="ours-1"))
    assert contact_of(centre, account, later) == contact_id
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(SocialPost)) == 3


def test_what_the_network_shows_before_we_heard_that_it_was_sent_is_ours(
    centre: Centre, anna: Database
) -> None:
    """The gateway was killed after sending: its reader meets the post, and nothing is repeated."""
    first = post(text="Hello")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    sent = social.reply(
        anna, contact_id, PostReply("We are sorry", True, message_id), undo_seconds=0
    )
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "killed", 60)
    assert lease is not None
    (claimed,) = outbox.claim(gateway, LANE, lease)

    met = answer(first, "testshire.example", "We are sorry", by_us=True)
    read(centre, account, met)

    assert message_row(centre, sent.message_id).state == MessageState.SENT
    assert message_of(centre, account, met) == sent.message_id
    assert social_sending.load(gateway, claimed) is None, "it is not sent again"


LANE_THAT_LOOKS = replace(LANE, stands=social_sending.stands)


def _taken_over(centre: Centre, owner: str) -> tuple[Work, ...]:
    """What a gateway claims after the one before was killed."""
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Lease).values(expires_at=tx.now))
    db = centre.as_gateway()
    lease = leases.acquire(db, LANE.lease_name, owner, 60)
    assert lease is not None
    return outbox.claim(db, LANE_THAT_LOOKS, lease)


@pytest.mark.parametrize("met_before", [True, False])
def test_what_two_gateways_were_cut_off_from_is_no_dead_letter_once_it_was_met(
    centre: Centre, anna: Database, *, met_before: bool
) -> None:
    private = post(root_id="convo-1", public=False)
    account, contact_id, message_id = _in_hand(centre, anna, private)
    given = PostReply("Which street?", False, message_id)
    sent = social.reply(anna, contact_id, given, undo_seconds=0)
    for owner in ("first", "second"):
        assert len(_taken_over(centre, owner)) == 1
    met = replace(private, post_id="ours", text="Which street?", by_us=True)

    if met_before:
        read(centre, account, met)
    assert _taken_over(centre, "third") == ()
    if not met_before:
        assert outbox_of(centre, sent.message_id).state == OutboxState.DEAD
        read(centre, account, met)

    assert outbox_of(centre, sent.message_id).state == OutboxState.DONE
    shown = message_row(centre, sent.message_id)
    assert (shown.state, shown.failure) == (MessageState.SENT, "")
    assert message_of(centre, account, met) == sent.message_id


def test_what_certainly_never_left_is_not_what_somebody_answered_elsewhere(
    centre: Centre, anna: Database
) -> None:
    first = post(text="Hello")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    given = PostReply("We are sorry", True, message_id)
    sent = social.reply(anna, contact_id, given, undo_seconds=0)
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    (claimed,) = outbox.claim(gateway, LANE, lease)
    away = Outcome(trouble=ConnectorTrouble("It is away.", retry=True, fate="not_sent"))
    outbox.settle(gateway, LANE, lease, claimed, away)

    read(centre, account, answer(first, "testshire.example", "Ring 01632 960000", by_us=True))

    assert message_row(centre, sent.message_id).state == MessageState.PENDING
    assert outbox_of(centre, sent.message_id).state == OutboxState.PENDING


def test_a_post_that_was_met_unrecognised_is_one_with_ours(centre: Centre, anna: Database) -> None:
    first = post(text="Hello")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    sent = social.reply(
        anna, contact_id, PostReply("See http://a.example", True, message_id), undo_seconds=0
    )
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    # Not claimed as far as the reader knows, and with other words.
    met = answer(first, "testshire.example", "See http://t.example/x", by_us=True)
    read(centre, account, met)
    (claimed,) = outbox.claim(gateway, LANE, lease)
    outgoing = social_sending.load(gateway, claimed)
    assert outgoing is not None

    where = SentPost(met.post_id, met.root_id)
    done = Outcome(lambda tx: social_sending.sent(tx, claimed, outgoing.account, where))
    outbox.settle(gateway, LANE, lease, claimed, done)

    assert message_of(centre, account, met) == sent.message_id
    read(centre, account, met)
    shown = social.thread(anna, contact_id).post(sent.message_id)
    assert shown is not None
    assert shown.versions == (), "what the network made of an address is no edit"


@pytest.mark.parametrize(
    "how", [Resolution.ANSWERED_BY_RESIDENT, Resolution.NO_ACTION, Resolution.MOVED_TO_PRIVATE]
)
def test_a_post_ends_in_ways_of_its_own_which_no_mail_has(
    centre: Centre, anna: Database, how: Resolution
) -> None:
    _, contact_id, _ = _in_hand(centre, anna, post(text="Hello"))
    mail = centre.add_contact()
    contacts.take(anna, mail)
    for each in (contact_id, mail):
        contacts.begin_wrap_up(anna, each)

    contacts.complete(anna, contact_id, Disposition(None, how, avoidable=False))

    if how is not Resolution.NO_ACTION:
        with pytest.raises(Conflict):
            contacts.complete(anna, mail, Disposition(None, how, avoidable=False))
    with centre.as_owner().read() as tx:
        assert tx.session.get_one(Contact, contact_id).resolution == how
        assert tx.session.get_one(Contact, mail).state == "wrap_up"


def test_an_answer_can_be_taken_back(centre: Centre, anna: Database) -> None:
    _, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))
    sent = social.reply(anna, contact_id, PostReply("We are sorry", True, message_id))
    assert sent.message is not None
    assert sent.message.undo_until == sent.undo_until
    read_again = contacts.open_contact(anna, contact_id).messages[-1]
    assert read_again == sent.message, "what is shown at once is what is read"

    assert replies.withdraw(anna, sent.message_id)[0]

    assert outbox_of(centre, sent.message_id).state == OutboxState.WITHDRAWN


def test_a_writing_that_is_tried_again_is_kept_once(centre: Centre, anna: Database) -> None:
    _, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))
    given, key = PostReply("We are sorry", True, message_id), "a" * 32

    first = social.reply(anna, contact_id, given, writing=Writing(key))
    second = social.reply(anna, contact_id, given, writing=Writing(key, again=True))

    assert first.message_id == second.message_id


def test_who_has_not_got_the_contact_answers_nothing(centre: Centre, anna: Database) -> None:
    _, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))
    given = PostReply("We are sorry", True, message_id)
    with pytest.raises(Taken):
        social.reply(centre.as_person("ben"), contact_id, given)
    with pytest.raises((NotFound, NotAllowed, Taken)):
        social.reply(centre.as_person("cora"), contact_id, given)
    with pytest.raises(NotFound):
        social.thread(centre.as_person("cora"), contact_id)


def test_only_a_post_of_the_conversation_that_is_still_there_is_answered(
    centre: Centre, anna: Database
) -> None:
    first, other = post(text="Hello"), post("ted.example", text="Other")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    read(centre, account, other)
    with pytest.raises(NotFound):
        social.reply(anna, contact_id, PostReply("x", True, message_of(centre, account, other)))
    read(centre, account, deleted=(first.post_id,))
    with pytest.raises(Conflict, match="deleted"):
        social.reply(anna, contact_id, PostReply("x", True, message_id))


def test_what_was_said_in_private_is_answered_in_private(centre: Centre, anna: Database) -> None:
    private = post(root_id="convo-1", public=False)
    _, contact_id, message_id = _in_hand(centre, anna, private)
    with pytest.raises(Conflict, match="private"):
        social.reply(anna, contact_id, PostReply("x", True, message_id))
    social.reply(anna, contact_id, PostReply("x", False, message_id))


def test_a_private_answer_to_a_public_post_is_gone_on_with_in_its_thread(
    centre: Centre, anna: Database
) -> None:
    first = post(text="Hello")
    account, contact_id, message_id = _in_hand(centre, anna, first)
    social.reply(anna, contact_id, PostReply("Your address?", False, message_id))
    private = post(text="1 Elm Road", root_id="convo-7", public=False)

    read(centre, account, private)

    assert contact_of(centre, account, private) == contact_id


def test_what_the_network_does_not_take_is_refused_at_once(sqlite_centre: Centre) -> None:
    centre, anna = sqlite_centre, sqlite_centre.as_person("anna")
    account, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))

    def refused(kind: type[InvalidInput] = InvalidInput, **given: Any) -> Any:
        answer = replace(PostReply("Sorry", True, message_id), **given)
        with pytest.raises(kind) as trouble:
            social.reply(anna, contact_id, answer)
        return trouble.value.params["fields"]

    assert "300 characters" in refused(text="x" * 301)["text"]
    assert "text" in refused(text=" \n ")
    assert "text" in refused(text="Dear {{customer_name}}")
    assert "text" in refused(CardNumber, text="4111 1111 1111 1111")
    picture = Picture("x.png", "image/png", PIXEL)
    assert "alt" in refused(pictures=(picture,))
    assert "pictures" in refused(pictures=(replace(picture, content_type="text/html", alt="x"),))
    described = replace(picture, alt="x")
    assert "pictures" in refused(pictures=(described,) * 5)
    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(OutboxItem)) == 0
    # A server says how much it takes.
    change(centre, ChannelAccount, account, cursor={"limit": 11_000}, kind=Network.MASTODON.value)
    assert social.thread(anna, contact_id).limit == 11_000
    social.reply(anna, contact_id, PostReply("x" * 10_000, True, message_id))


def test_in_public_nothing_of_the_record_is_said_until_confirmed(
    centre: Centre, anna: Database
) -> None:
    first = post(text="My bin was missed")
    _, contact_id, message_id = _in_hand(centre, anna, first)
    customer_id = contact(centre, contact_id).customer_id
    assert customer_id is not None
    change(centre, Customer, customer_id, name="Margaret Okafor", folded="margaret okafor")
    with centre.as_owner().write() as tx:
        tx.session.add(Address(customer_id=customer_id, lines="12 Elm Road\nNorwich",
                               postcode="NR1 3AB"))  # fmt: skip
        service = tx.session.scalars(select(Service.id).where(Service.code == "missed_bin")).one()
    given = {"bin": "recycling", "notes": "The gate code is 4412 beside the shed"}
    cases.save(anna, CaseInput(contact_id, service, given))

    def stopped(text: str, *, public: bool = True) -> tuple[str, ...]:
        return social.reply(anna, contact_id, PostReply(text, public, message_id)).stopped

    assert stopped("We are sorry, Margaret. Your bin was missed; we come back tomorrow.") == ()
    told = stopped("Dear Ms Okafor, we come to 12 Elm Road, NR13AB")
    assert len(told) == 3
    assert any("Okafor" in each for each in told)
    assert any("12 Elm Road" in each for each in told)
    assert any("NR1 3AB" in each for each in told)
    assert stopped("Is the gate code is 4412 still right?")
    reference = contacts.open_contact(anna, contact_id).cases[0].reference
    assert stopped(f"It is {reference}")
    assert stopped("Dear Ms Okafor, we come to 12 Elm Road", public=False) == ()

    held = social.reply(anna, contact_id, PostReply("Ms Okafor", True, message_id))
    assert held.stopped
    assert message_row(centre, held.message_id).state == MessageState.STOPPED
    replies.release_stopped(anna, held.message_id)
    assert outbox_of(centre, held.message_id).state == OutboxState.PENDING


def test_another_customers_address_stops_it_in_private_too(sqlite_centre: Centre) -> None:
    centre, anna = sqlite_centre, sqlite_centre.as_person("anna")
    centre.add_contact(customer="sam@example.org")
    _, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))
    sent = social.reply(anna, contact_id, PostReply("Ask sam@example.org", False, message_id))
    assert sent.stopped


def test_what_the_lane_gives_up_is_a_dead_letter_like_others(
    centre: Centre, anna: Database
) -> None:
    _, contact_id, message_id = _in_hand(centre, anna, post(text="Hello"))
    sent = social.reply(anna, contact_id, PostReply("Sorry", True, message_id), undo_seconds=0)
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    (claimed,) = outbox.claim(gateway, LANE, lease)
    trouble = ConnectorTrouble("The network refused it.", retry=False, fate="refused")
    outbox.settle(gateway, LANE, lease, claimed, Outcome(trouble=trouble))

    row = message_row(centre, sent.message_id)
    assert (row.state, row.failure) == (MessageState.FAILED, "The network refused it.")
    with anna.write() as tx:
        tx.guard.retry_dead(claimed.id)
    assert message_row(centre, sent.message_id).state == MessageState.PENDING


def test_a_message_without_a_post_is_no_answer_of_the_lane(sqlite_centre: Centre) -> None:
    centre, anna = sqlite_centre, sqlite_centre.as_person("anna")
    """Whoever writes into the outbox by hand sends nothing to a network with it."""
    _, contact_id, _ = _in_hand(centre, anna, post(text="Hello"))
    with centre.as_owner().write() as tx:
        forged = Message(contact_id=contact_id, direction="outbound", state="pending",
                         body_text="Forged")  # fmt: skip
        tx.session.add(forged)
        tx.session.flush()
        tx.session.add(OutboxItem(lane="social", message_id=forged.id))
    gateway = centre.as_gateway()
    lease = leases.acquire(gateway, LANE.lease_name, "test", 60)
    assert lease is not None
    (claimed,) = outbox.claim(gateway, LANE, lease)
    assert social_sending.load(gateway, claimed) is None
