"""An account on X against a stand-in from X's documents: what only X has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

from crm_desktop.channels.social.x import OAuthKeys, XAccount, XSettings, hook
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.social import OutboundPost, Picture, Post
from tests.servers.stand_in import Stage
from tests.servers.x_stand_in import XStandIn

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def x(on_stage: Stage) -> XStandIn:
    network = XStandIn()
    on_stage.put_on(network)
    return network


@pytest.fixture
def settings(x: XStandIn) -> XSettings:
    keys = OAuthKeys(x.consumer_key, x.consumer_secret, x.access_token, x.token_secret)
    return XSettings(x.user_id, x.handle, keys, x.address, timeout=60)


@pytest.fixture
def account(settings: XSettings) -> Iterator[XAccount]:
    account = XAccount(settings)
    yield account
    account.close()


def answer(to: Post, text: str = "Sorry, we are on it", **more: object) -> OutboundPost:
    post = OutboundPost(KEY, text, public=True, reply_to=to.post_id, reply_ref=to.reply_ref)
    return replace(post, **more)  # type: ignore[arg-type]  # tests name fields of the post


def one(account: XAccount, cursor: Mapping[str, object]) -> Post:
    (post,) = account.news(cursor).posts
    return post


def trouble_of(account: XAccount, post: OutboundPost, **more: datetime) -> ConnectorTrouble:
    with pytest.raises(ConnectorTrouble) as raised:
        account.send(post, **more)
    return raised.value


def test_mentions_turn_every_page_back_to_where_we_were(x: XStandIn, account: XAccount) -> None:
    alice = x.person("Alice Smith")
    x.write(alice, f"@{x.handle} before we came")
    cursor = account.news({}).cursor
    wanted = [x.write(alice, f"@{x.handle} bins {at}") for at in range(23)]
    x.page = 5

    news = account.news(cursor)

    assert [each.post_id for each in news.posts] == wanted
    assert {each.handle for each in news.posts} == {"AliceSmith"}
    assert account.news(news.cursor).posts == ()


def test_what_is_only_passed_on_is_asked_for_once(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    passed_on = x.write(x.person("Alice Smith"), f"RT @{x.handle}: bins")
    x.tweets[passed_on]["referenced_tweets"] = [{"type": "retweeted", "id": "1"}]

    news = account.news(cursor)

    assert news.posts == ()
    assert news.cursor["mentions"] == passed_on


def test_empty_account_misses_nothing_that_comes_then(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    alice = x.person("Alice Smith")
    public, private = x.write(alice, f"@{x.handle} hello"), x.message(alice, "Between us")

    posts = account.news(cursor).posts

    assert [each.post_id for each in posts] == [public, f"dm:{private}"]
    assert [each.public for each in posts] == [True, False]


def test_text_is_as_it_was_written(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    long = f"@{x.handle} Tom & Jerry <3 https://www.northmere.gov.uk/a?b=1&copy=2 " + "word " * 80
    x.write(x.person("Alice Smith"), long, picture=PNG)

    assert one(account, cursor).text == long.strip()


def test_edited_mention_comes_again_with_the_id_of_its_first_version(
    x: XStandIn, account: XAccount
) -> None:
    cursor = account.news({}).cursor
    first = x.write(x.person("Alice Smith"), f"@{x.handle} my bnis")
    news = account.news(cursor)
    second = x.edit(first, f"@{x.handle} my bins")

    edited = one(account, news.cursor)

    assert edited.post_id == first
    assert edited.text.endswith("my bins")
    assert edited.edited_at is not None
    assert edited.reply_ref == {"to": second, "root": first}
    again = account.look_again([first])[first]
    assert again is not None
    assert again.text == edited.text
    x.delete(second)
    assert account.look_again([first, "1"]) == {first: None, "1": None}


def test_what_is_delivered_becomes_what_is_asked_for(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    alice, bob = x.person("Alice Smith"), x.person("Bob")
    root = x.write(alice, "Look at this street")
    deep = x.write(bob, "And this", to=x.write(alice, f"@{x.handle} please", to=root))
    x.write(alice, f"@{x.handle} what now?", to=deep)
    x.message(alice, "Between us")
    delivered: dict[str, Post] = {}
    for headers, body in x.deliveries():
        assert hook.check(x.consumer_secret, headers, body)
        completed = account.complete(hook.posts(body, x.user_id))
        delivered |= {each.post_id: each for each in completed.posts}

    asked = {each.post_id: each for each in account.news(cursor).posts}

    assert set(asked) < set(delivered)
    assert {each.root_id for each in asked.values() if each.public} == {root}
    for post_id, each in asked.items():
        assert delivered[post_id] == each


def test_answer_hangs_on_the_newest_version_and_belongs_to_the_conversation(
    x: XStandIn, account: XAccount
) -> None:
    cursor = account.news({}).cursor
    alice = x.person("Alice Smith")
    root = x.write(alice, "Look at this street")
    x.write(alice, f"@{x.handle} please", to=root)

    sent = account.send(answer(one(account, cursor)))

    assert sent.root_id == root
    assert sent.url == f"https://x.com/{x.handle}/status/{sent.post_id}"
    assert x.tweets[sent.post_id]["conversation_id"] == root


@pytest.mark.parametrize("public", [True, False])
def test_what_was_sent_when_its_answer_was_lost_is_not_sent_again(
    x: XStandIn, account: XAccount, *, public: bool
) -> None:
    cursor = account.news({}).cursor
    alice = x.person("Alice Smith")
    x.write(alice, f"@{x.handle} hello") if public else x.message(alice, "Hello")
    theirs = one(account, cursor)
    post = answer(theirs, "We <3 bins & https://www.northmere.gov.uk/", public=public)
    x.troubles.lose("POST", "/2/tweets" if public else "/messages")
    began = datetime.now(UTC)

    lost = trouble_of(account, post)
    sent = account.send(post, tried_at=began)

    assert (lost.retry, lost.params["fate"]) == (True, "unknown")
    assert x.count("POST", "/2/tweets") + x.count("POST", "/messages") == 1
    assert sent.post_id.removeprefix("dm:") in {*x.tweets, *(each["id"] for each in x.messages)}
    assert sent.root_id == theirs.root_id


def test_notice_that_was_posted_when_its_answer_was_lost_is_not_posted_again(
    x: XStandIn, account: XAccount
) -> None:
    notice = OutboundPost(KEY, "Bin rounds are a day late", public=True)
    x.troubles.lose("POST", "/2/tweets")
    began = datetime.now(UTC)
    trouble_of(account, notice)

    sent = account.send(notice, tried_at=began)

    assert list(x.tweets) == [sent.post_id]
    assert sent.root_id == sent.post_id


def test_the_same_words_some_minutes_ago_are_no_sign_of_it(x: XStandIn, account: XAccount) -> None:
    alice = x.person("Alice Smith")
    thanks = OutboundPost(KEY, "Thank you", public=False, author_id=alice)
    first = account.send(thanks)
    x.clock.later(minutes=3)

    second = account.send(replace(thanks, key=KEY[::-1]), tried_at=datetime.now(UTC))

    assert second.post_id != first.post_id
    assert len(x.messages) == 2


def test_without_a_way_to_look_nothing_is_sent_again(x: XStandIn, account: XAccount) -> None:
    notice = OutboundPost(KEY, "Bin rounds are a day late", public=True)
    for status, retry, fate in ((403, False, "unknown"), (503, True, "not_sent")):
        x.troubles.answer("GET", "/tweets", JSONResponse({"detail": "no"}, status))

        trouble = trouble_of(account, notice, tried_at=datetime.now(UTC))

        assert (trouble.retry, trouble.params["fate"]) == (retry, fate)
    assert x.tweets == {}


def test_the_same_words_of_ours_elsewhere_or_long_ago_are_no_sign_of_it(
    x: XStandIn, account: XAccount
) -> None:
    cursor = account.news({}).cursor
    alice = x.person("Alice Smith")
    x.write(alice, f"@{x.handle} one")
    x.write(alice, f"@{x.handle} two")
    one_, two = account.news(cursor).posts
    account.send(answer(one_))
    account.send(OutboundPost(KEY, "Sorry, we are on it", public=True))
    x.troubles.answer("POST", "/2/tweets", JSONResponse({}, 503))
    failed = trouble_of(account, answer(two))

    sent = account.send(answer(two), tried_at=datetime.now(UTC))

    assert (failed.retry, failed.params["fate"]) == (True, "unknown")
    assert x.tweets[sent.post_id]["to"] == two.post_id
    x.clock.later(hours=5)
    refused = trouble_of(account, answer(two), tried_at=datetime.now(UTC) + timedelta(hours=5))
    assert "duplicate content" in str(refused)


def test_private_answer_to_a_public_post_begins_a_conversation(
    x: XStandIn, account: XAccount
) -> None:
    cursor = account.news({}).cursor
    alice = x.person("Alice Smith")
    x.write(alice, f"@{x.handle} my number is 01603 000000")
    theirs = one(account, cursor)

    sent = account.send(answer(theirs, public=False, author_id=theirs.author_id))

    assert sent.root_id == f"{x.user_id}-{alice}"
    x.message(alice, "Thanks")
    ours, reply = account.news({"mentions": theirs.post_id, "messages": "1"}).posts
    assert ours.by_us
    assert reply.root_id == sent.root_id
    assert account.send(answer(reply, "Welcome", public=False)).root_id == sent.root_id


def test_pictures_go_with_their_descriptions(x: XStandIn, account: XAccount) -> None:
    picture = Picture("map.png", "image/png", PNG, "A map of the closed road" * 60)

    sent = account.send(OutboundPost(KEY, "Road closed", public=True, pictures=(picture,) * 2))

    keys = x.tweets[sent.post_id]["attachments"]["media_keys"]
    assert len(keys) == 2
    assert x.media[keys[0]]["alt_text"] == picture.alt[:1000]


def test_limit_is_obeyed_until_it_ends(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    x.left["GET mentions"] = 0

    with pytest.raises(ConnectorTrouble) as first:
        account.news(cursor)
    asked = len(x.asked)
    with pytest.raises(ConnectorTrouble) as second:
        account.news(cursor)

    for trouble in (first.value, second.value):
        seconds = trouble.params["after_seconds"]
        assert isinstance(seconds, float)
        assert 500 < seconds <= 601
        assert (trouble.retry, trouble.params["fate"]) == (True, "not_sent")
    assert len(x.asked) == asked, "nothing is asked meanwhile"
    assert account.send(OutboundPost(KEY, "Other limits are others", public=True)).post_id


def test_seldom_allowed_messages_do_not_use_their_limit_up(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    for _ in range(20):
        cursor = account.news(cursor).cursor

    assert x.left["GET messages"] >= 3
    assert x.left["GET mentions"] == 300 - 21
    assert x.count("GET", "/2/dm_events") < 15


def test_wrong_clock_of_ours_is_noticed_and_put_right(x: XStandIn, account: XAccount) -> None:
    x.clock.later(hours=2)

    cursor = account.news({}).cursor
    x.write(x.person("Alice Smith"), f"@{x.handle} hello")

    assert one(account, cursor).text.endswith("hello")
    assert x.count("GET", "/mentions") == 3, "asked twice once, then with the right time"


@pytest.mark.parametrize("wrong", ["consumer_secret", "token_secret", "token"])
def test_wrong_keys_are_said_in_words(settings: XSettings, wrong: str) -> None:
    keys = replace(settings.keys, **{wrong: "another"})
    account = XAccount(replace(settings, keys=keys))

    with pytest.raises(ConnectorTrouble, match="does not accept the account's keys") as raised:
        account.news({})

    assert not raised.value.retry
    account.close()


def test_what_x_cannot_take_is_not_even_tried(x: XStandIn, account: XAccount) -> None:
    for post in (
        OutboundPost(KEY, "x" * 281, public=True),
        OutboundPost(KEY, "x" * 10_001, public=False, author_id="1"),
        OutboundPost(KEY, "x", public=True, pictures=(Picture("a", "image/png", PNG),) * 5),
        OutboundPost(KEY, "x", public=True, pictures=(Picture("a", "image/png", bytes(6 << 20)),)),
        OutboundPost(KEY, "x", public=True, reply_to="../../1"),
        OutboundPost(KEY, "x", public=False, author_id="../1"),
    ):
        trouble = trouble_of(account, post)
        assert (trouble.retry, trouble.params["fate"]) == (False, "refused")
    assert x.asked == []


def test_answers_that_make_no_sense_are_nothing_new(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    wrong: tuple[object, ...] = ([], {}, {"data": 7}, {"data": [{"id": "x", "author_id": []}]})
    for body in wrong:
        x.troubles.answer("GET", "/mentions", JSONResponse(body))

        news = account.news(cursor)

        assert news.posts == ()
        assert news.cursor["mentions"] == cursor["mentions"]


def test_picture_comes_with_its_description(x: XStandIn, account: XAccount) -> None:
    cursor = account.news({}).cursor
    x.write(x.person("Alice Smith"), f"@{x.handle} look", picture=PNG, alt="A full bin")

    (picture,) = one(account, cursor).pictures

    assert (picture.content, picture.content_type, picture.alt) == (PNG, "image/png", "A full bin")


def test_picture_of_a_direct_message_is_asked_for_with_a_signature(
    x: XStandIn, account: XAccount
) -> None:
    cursor = account.news({}).cursor
    x.message(x.person("Alice Smith"), "Only for you", PNG)

    assert one(account, cursor).pictures[0].content == PNG


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1/a.png",
        "http://169.254.169.254/latest/meta-data",
        "https://pbs.twimg.com.evil.invalid/a.png",
        "https://pbs.twimg.com:8443/a.png",
        "https://us@pbs.twimg.com/a.png",
        "file:///etc/passwd",
        "https://evil.invalid/1.1/ton/data/dm/1/2/a.png",
        "https://ton.twitter.com@evil.invalid/1.1/ton/data/dm/1/2/a.png",
        "//pbs.twimg.com/a.png",
        "http://[",
    ],
)
def test_picture_that_stands_elsewhere_is_not_asked_for(
    x: XStandIn, account: XAccount, address: str
) -> None:
    cursor = account.news({}).cursor
    tweet = x.write(x.person("Alice Smith"), f"@{x.handle} look", picture=PNG)
    x.media[x.tweets[tweet]["attachments"]["media_keys"][0]]["url"] = address

    post = one(account, cursor)

    assert post.pictures == ()
    assert post.problems == ("Picture 1 could not be fetched; open the post to see it.",)


def test_settings_are_checked() -> None:
    keys = OAuthKeys.read(
        '{"consumer_key":"a","consumer_secret":"b","token":"c","token_secret":"d"}'
    )
    for api in ("http://api.x.com", "https://api.x.com.evil.invalid", "https://evil.invalid", "x"):
        with pytest.raises(InvalidInput):
            XSettings("1", "us", keys, api)
    with pytest.raises(InvalidInput):
        XSettings("us", "@us", keys)
    for secret in ("", "[]", '{"consumer_key":"a"}', '{"consumer_key":1}'):
        with pytest.raises(InvalidInput):
            OAuthKeys.read(secret)
    assert "'b'" not in repr(keys)
