"""A Facebook Page against a stand-in from Meta's documents: what only Facebook has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.responses import JSONResponse

from crm_desktop.channels.social.facebook import FacebookPage, FacebookSettings, hook
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.social import OutboundPost, Picture, Post
from tests.servers.facebook_stand_in import VERSION, FacebookStandIn
from tests.servers.stand_in import Stage

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def facebook(on_stage: Stage) -> FacebookStandIn:
    network = FacebookStandIn()
    on_stage.put_on(network)
    return network


@pytest.fixture
def settings(facebook: FacebookStandIn) -> FacebookSettings:
    return FacebookSettings(
        facebook.page_id,
        facebook.token,
        facebook.app_secret,
        f"{facebook.address}/{VERSION}",
        timeout=60,
    )


@pytest.fixture
def page(settings: FacebookSettings) -> Iterator[FacebookPage]:
    page = FacebookPage(settings)
    yield page
    page.close()


def answer(to: str, text: str = "Sorry, we are on it", **more: object) -> OutboundPost:
    post = OutboundPost(KEY, text, public=True, reply_to=to, reply_ref={"to": to, "root": to})
    return replace(post, **more)  # type: ignore[arg-type]  # tests name fields of the post


def trouble_of(page: FacebookPage, post: OutboundPost, **more: datetime) -> ConnectorTrouble:
    with pytest.raises(ConnectorTrouble) as raised:
        page.send(post, **more)
    return raised.value


def test_comments_on_old_posts_are_found_by_when_their_post_was_touched(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    old = facebook.write(facebook.page_id, "Bin rounds")
    for at in range(5):
        facebook.write(facebook.page_id, f"Notice {at}")
    facebook.clock.later(days=30)
    cursor = page.news({}).cursor
    asked = len(facebook.asked)
    alice = facebook.person("Alice Smith")
    first = facebook.comment(alice, old, "Nobody came")
    nested = facebook.comment(alice, first, "Still nobody")

    news = page.news(cursor)

    assert [each.post_id for each in news.posts] == sorted([first, nested])
    assert {each.root_id for each in news.posts} == {old}
    assert news.posts[1].reply_ref == {"to": first, "root": old}
    assert len(facebook.asked) - asked == 2, "the quiet posts cost nothing"
    assert page.news(news.cursor).posts == ()


def test_more_comments_than_a_page_holds_are_all_there_once(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice = facebook.person("Alice Smith")
    post = facebook.write(alice, "What about our bins?")
    wanted = [facebook.comment(alice, post, f"Comment {at}") for at in range(230)]

    news = page.news(cursor)

    assert sorted(each.post_id for each in news.posts) == sorted([post, *wanted])
    assert all("next" not in each.path for each in facebook.asked)


def test_more_messages_and_posts_than_a_page_holds_are_all_there_once(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice, bob = facebook.person("Alice Smith"), facebook.person("Bob")
    wanted = [facebook.message(alice, f"Message {at}") for at in range(130)]
    wanted += [facebook.message(bob, "One")]
    wanted += [facebook.write(bob, f"Post {at}") for at in range(120)]

    posts = page.news(cursor).posts

    assert sorted(each.post_id for each in posts) == sorted(wanted)


def test_mentions_elsewhere_and_messages_come_with_their_names(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice = facebook.person("Alice Smith")
    mention = facebook.mention(alice, "@Northmere Council look at this")
    message = facebook.message(alice, "Between us")

    posts = {each.post_id: each for each in page.news(cursor).posts}

    assert posts[mention].public
    assert posts[mention].author_name == posts[message].author_name == "Alice Smith"
    assert not posts[message].public
    assert posts[message].root_id == f"messenger:{alice}"


def test_what_is_delivered_and_what_is_asked_are_the_same_posts(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice = facebook.person("Alice Smith")
    post = facebook.write(alice, "Café “closed”?")
    comment = facebook.comment(alice, post, "And the library?")
    facebook.message(alice, "Between us")
    delivered: dict[str, Post] = {}
    for headers, body in facebook.deliveries():
        assert hook.check(facebook.app_secret, headers, body)
        completed = page.complete(hook.posts(body, facebook.page_id))
        delivered |= {each.post_id: each for each in completed.posts}

    asked = {each.post_id: each for each in page.news(cursor).posts}

    assert set(delivered) == set(asked)
    for post_id, each in delivered.items():
        same = asked[post_id]
        assert (each.root_id, each.parent_id, each.text) == (
            same.root_id,
            same.parent_id,
            same.text,
        )
        assert (each.author_id, each.author_name) == (same.author_id, same.author_name)
        assert (each.reply_ref, each.public) == (same.reply_ref, same.public)
    facebook.edit(comment, "And the library and the pool?")
    facebook.delete(post)
    (edited, gone) = (
        page.complete(hook.posts(body, facebook.page_id)) for _, body in facebook.deliveries()
    )
    assert edited.posts[0].edited_at is not None
    assert edited.posts[0].text == "And the library and the pool?"
    assert gone.deleted == (post,)


def test_a_delivery_that_comes_again_later_tells_how_it_is_now(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    post = facebook.write(alice, "First words")
    ((_, replayed),) = facebook.deliveries()
    facebook.edit(post, "Second words")

    (again,) = page.complete(hook.posts(replayed, facebook.page_id)).posts
    facebook.delete(post)
    gone = page.complete(hook.posts(replayed, facebook.page_id))

    assert again.text == "Second words"
    assert (gone.posts, gone.deleted) == ((), (post,))


def test_private_answer_to_a_comment_begins_a_conversation_once(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    post = facebook.write(facebook.page_id, "Bin rounds")
    comment = facebook.comment(alice, post, "Mine was missed at 12 Kerb Lane")

    sent = page.send(answer(comment, "Your round is tomorrow", public=False, author_id=alice))

    assert sent.root_id == f"messenger:{alice}"
    assert facebook.messages[alice][-1]["message"] == "Your round is tomorrow"
    again = trouble_of(page, answer(comment, "Really", public=False, author_id=alice))
    assert (again.retry, again.params["fate"]) == (False, "refused")


def test_after_a_day_a_person_may_still_answer_and_after_seven_nobody(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    facebook.message(alice, "Hello?")
    private = OutboundPost(KEY, "Hello", public=False, reply_ref={"person": alice})
    facebook.clock.later(days=2)

    assert page.send(private).root_id == f"messenger:{alice}"
    facebook.clock.later(days=6)
    late = trouble_of(page, private)

    assert late.params["fate"] == "refused"
    assert "7 days" in str(late)


def test_private_answer_to_somebody_unknown_is_not_sent_twice_and_said_to_be_there(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    comment = facebook.comment(alice, facebook.write(facebook.page_id, "Bin rounds"), "Missed")
    post = answer(comment, public=False)
    facebook.troubles.lose("POST", "/messages")
    began = datetime.now(UTC)
    trouble_of(page, post)

    again = trouble_of(page, post, tried_at=began)

    assert (again.retry, again.params["fate"]) == (False, "unknown")
    assert "already" in str(again)
    assert len(facebook.messages[alice]) == 1


@pytest.mark.parametrize("public", [True, False])
def test_what_was_sent_when_its_answer_was_lost_is_not_sent_again(
    facebook: FacebookStandIn, page: FacebookPage, *, public: bool
) -> None:
    alice = facebook.person("Alice Smith")
    facebook.message(alice, "Hello?")
    comment = facebook.comment(alice, facebook.write(facebook.page_id, "Bin rounds"), "Missed")
    post = (
        answer(comment) if public else OutboundPost(KEY, "Hi", False, reply_ref={"person": alice})
    )
    facebook.troubles.lose("POST", "/comments" if public else "/messages")
    began = datetime.now(UTC)

    lost = trouble_of(page, post)
    sent = page.send(post, tried_at=began)

    assert (lost.retry, lost.params["fate"]) == (True, "unknown")
    assert facebook.count("POST", "/comments") + facebook.count("POST", "/messages") == 1
    assert sent.post_id in facebook.comments or sent.post_id == facebook.messages[alice][-1]["id"]
    assert sent.root_id == (comment if public else f"messenger:{alice}")


def test_notice_that_was_published_when_its_answer_was_lost_is_not_published_again(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    notice = OutboundPost(KEY, "Bin rounds are a day late", public=True)
    facebook.troubles.lose("POST", "/feed")
    began = datetime.now(UTC)
    trouble_of(page, notice)

    sent = page.send(notice, tried_at=began)

    assert list(facebook.posts) == [sent.post_id]
    assert sent.root_id == sent.post_id


def test_what_was_not_sent_is_sent_and_the_same_words_elsewhere_are_no_sign_of_it(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    post = facebook.write(facebook.page_id, "Bin rounds")
    one, two = facebook.comment(alice, post, "Missed"), facebook.comment(alice, post, "Me too")
    began = datetime.now(UTC)
    page.send(answer(one))
    on_the_post = page.send(answer(post), tried_at=began)
    assert "parent" not in facebook.comments[on_the_post.post_id]
    facebook.troubles.answer("POST", "/comments", JSONResponse({}, 503))

    failed = trouble_of(page, answer(two))
    sent = page.send(answer(two), tried_at=began)

    assert (failed.retry, failed.params["fate"]) == (True, "unknown")
    assert facebook.comments[sent.post_id]["parent"]["id"] == two


def test_the_same_words_some_minutes_ago_are_no_sign_of_it(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    alice = facebook.person("Alice Smith")
    facebook.message(alice, "Hello?")
    thanks = OutboundPost(KEY, "Thank you", public=False, reply_ref={"person": alice})
    first = page.send(thanks)
    facebook.clock.later(minutes=3)

    second = page.send(replace(thanks, key=KEY[::-1]), tried_at=datetime.now(UTC))

    assert second.post_id != first.post_id
    assert len(facebook.messages[alice]) == 3


def test_without_a_way_to_look_nothing_is_sent_again(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    comment = facebook.comment(facebook.page_id, facebook.write(facebook.page_id, "x"), "y")
    refused = JSONResponse({"error": {"message": "no", "code": 10, "type": "OAuthException"}}, 400)
    facebook.troubles.answer("POST", f"/{VERSION}/", refused)
    facebook.troubles.answer("POST", f"/{VERSION}/", JSONResponse({}, 503))

    for_good = trouble_of(page, answer(comment), tried_at=datetime.now(UTC))
    for_now = trouble_of(page, answer(comment), tried_at=datetime.now(UTC))

    assert (for_good.retry, for_good.params["fate"]) == (False, "unknown")
    assert (for_now.retry, for_now.params["fate"]) == (True, "not_sent")
    assert facebook.count("POST", "/comments") == 0


def test_notice_with_pictures_has_their_descriptions(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    picture = Picture("map.png", "image/png", PNG, "A map of the closed road")

    sent = page.send(OutboundPost(KEY, "Road closed", public=True, pictures=(picture,)))

    assert sent.root_id == sent.post_id
    (attached,) = facebook.posts[sent.post_id]["attachments"]["data"]
    shown = facebook.shown[attached["target"]["id"]]
    assert shown["alt_text_custom"] == "A map of the closed road"


def test_limit_is_obeyed_for_as_long_as_it_says(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    facebook.troubles.answer("POST", f"/{VERSION}/", facebook.too_many_calls(minutes=7))

    with pytest.raises(ConnectorTrouble) as first:
        page.news(cursor)
    asked = len(facebook.asked)
    sending = trouble_of(page, OutboundPost(KEY, "x", public=True))

    for trouble in (first.value, sending):
        seconds = trouble.params["after_seconds"]
        assert isinstance(seconds, float)
        assert 400 < seconds <= 420
        assert (trouble.retry, trouble.params["fate"]) == (True, "not_sent")
    assert len(facebook.asked) == asked, "nothing is asked meanwhile"


@pytest.mark.parametrize("header", ["X-App-Usage", "X-Page-Usage"])
def test_nearly_used_up_limit_leaves_the_rest_to_answers(
    facebook: FacebookStandIn, page: FacebookPage, header: str
) -> None:
    cursor = page.news({}).cursor
    used = {"call_count": 28, "total_time": 93, "total_cputime": 25}
    facebook.usage = {header: json.dumps(used)}
    page.news(cursor)

    with pytest.raises(ConnectorTrouble) as raised:
        page.news(cursor)

    assert raised.value.params["after_seconds"] == pytest.approx(120, abs=60)
    assert page.send(OutboundPost(KEY, "Still said", public=True)).post_id in facebook.posts


def test_expired_token_is_said_in_words(facebook: FacebookStandIn, page: FacebookPage) -> None:
    facebook.expired = True

    with pytest.raises(ConnectorTrouble) as raised:
        page.news({})

    assert str(raised.value) == (
        "Facebook does not accept the page's access token: it has expired; enter a new one"
    )
    assert not raised.value.retry
    assert facebook.token not in str(raised.value.params)


def test_wrong_secret_is_refused_by_facebook(
    facebook: FacebookStandIn, settings: FacebookSettings
) -> None:
    page = FacebookPage(replace(settings, app_secret="another"))

    with pytest.raises(ConnectorTrouble, match="appsecret_proof"):
        page.news({})
    page.close()


def test_answers_that_make_no_sense_are_troubles_not_errors(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    unread = [{"code": 200, "body": "{"}] * 3
    wrong: tuple[object, ...] = ([], {}, unread, [None] * 3, "x", [{"body": 7}] * 3)
    for body in wrong:
        facebook.troubles.answer("POST", f"/{VERSION}/", JSONResponse(body))
        with pytest.raises(ConnectorTrouble):
            page.news(cursor)


def test_pictures_of_posts_comments_and_messages_come_with_their_descriptions(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice = facebook.person("Alice Smith")
    post = facebook.write(alice, "Look", PNG, "A full bin")
    facebook.comment(alice, post, "And here", PNG)
    facebook.message(alice, "Between us", PNG)
    ((_, body), *_) = facebook.deliveries()

    posts = page.news(cursor).posts

    assert [each.pictures[0].alt for each in posts] == [
        "A full bin",
        "May be an image of a bin",
        "",
    ]
    assert {each.pictures[0].content for each in posts} == {PNG}
    completed = page.complete(hook.posts(body, facebook.page_id))
    assert completed.posts[0].pictures == posts[0].pictures
    with_keys = [each for each in facebook.asked if "pictures" in each.path and each.query]
    assert with_keys == []


def test_picture_that_is_none_or_too_large_or_sent_on_is_left_out_with_words(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    alice = facebook.person("Alice Smith")
    names = [facebook.write(alice, f"Look {at}", PNG) + ".png" for at in range(4)]
    facebook.pictures[names[0]] = ("image/png", b"<svg onload=alert(1)>")
    facebook.pictures[names[1]] = ("image/png", PNG + bytes(11 * 1024 * 1024))
    facebook.redirected[names[2]] = f"{facebook.address}/pictures/{names[3]}"
    facebook.pictures[names[3]] = ("text/html", b"\xff\xd8\xff" + bytes(50))

    posts = page.news(cursor).posts

    whys = ("is no picture that is known here", "could not be fetched", "could not be fetched")
    for post, why in zip(posts, whys, strict=False):
        assert post.pictures == ()
        (problem,) = post.problems
        assert problem.startswith(f"Picture 1 {why}; open the post to see it. Its description: ")
    assert posts[3].pictures[0].content_type == "image/jpeg", "whatever the server calls it"


def test_pictures_beyond_the_tenth_are_told_of(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    cursor = page.news({}).cursor
    album = facebook.write(facebook.person("Alice Smith"), "Look", PNG, "Three bins")
    facebook.posts[album]["attachments"]["data"] *= 12

    (post,) = page.news(cursor).posts

    assert [each.alt for each in post.pictures] == ["Three bins"] * 10
    assert post.problems == ("Only 10 of 12 pictures are shown.",)


def test_keys_go_to_facebook_alone_whatever_address_is_entered(facebook: FacebookStandIn) -> None:
    home = "graph.facebook.com"
    for graph in (
        f"http://{home}/v25.0",
        f"https://{home}",
        f"https://{home}/v25.0?a=1",
        f"https://{home}:8443/v25.0",
        f"https://{home}@evil.invalid/v25.0",
        f"https://{home}.evil.invalid/v25.0",
        "https://evil.invalid/v25.0",
        "https://[/v25.0",
        "",
    ):
        with pytest.raises(InvalidInput):
            FacebookSettings("1", "token", "secret", graph)
    with pytest.raises(InvalidInput):
        FacebookSettings("page", "", "", "https://graph.facebook.com/v25.0")
    assert facebook.token not in repr(FacebookSettings("1", facebook.token, "secret"))


def test_clock_of_ours_that_is_wrong_loses_nothing(
    facebook: FacebookStandIn, page: FacebookPage
) -> None:
    facebook.clock.later(hours=-3)
    cursor = page.news({}).cursor
    post = facebook.write(facebook.person("Alice Smith"), "Hello")

    assert [each.post_id for each in page.news(cursor).posts] == [post]
    assert cursor["since"] == pytest.approx(
        (datetime.now(UTC) - timedelta(hours=3)).timestamp(), abs=120
    )
