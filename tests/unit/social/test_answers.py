"""Answers of Facebook and X with something wrong inside, and what their headers say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.channels.social import reading
from crm_desktop.channels.social.facebook import graph
from crm_desktop.channels.social.facebook import readings as facebook
from crm_desktop.channels.social.x import readings as x
from crm_desktop.domain.social import News
from tests.unit.social import shapes

PAGE, US = "1234567890321", "2244994945"

#: A comment, a post and a message as the Graph API's reference draws them.
COMMENT: dict[str, Any] = {
    "id": "900728623356296_900744590021366",
    "message": "Nobody came",
    "created_time": "2015-11-26T16:35:00+0000",
    "permalink_url": "https://www.facebook.com/1/posts/2?comment_id=3",
    "from": {"id": "8423678347823", "name": "John Doe"},
    "parent": {"id": "900728623356296_900744590021300"},
    "attachment": {
        "media": {"image": {"src": "https://scontent.xx.fbcdn.net/a.jpg", "height": 720}},
        "target": {"id": "77"},
        "type": "photo",
    },
}
POST: dict[str, Any] = COMMENT | {
    "id": f"{PAGE}_900728623356296",
    "updated_time": "2015-11-26T16:35:00+0000",
    "attachments": {
        "data": [
            {
                "media": {"image": {"src": "https://scontent.xx.fbcdn.net/a.jpg"}},
                "type": "album",
                "subattachments": {"data": [{"media": {"image": {"src": "https://b"}}}]},
            }
        ]
    },
}
MESSAGE: dict[str, Any] = {
    "id": "m_AbC-12",
    "message": "hello",
    "created_time": "2016-03-12T06:29:57+0000",
    "from": {"id": "987654321432", "name": "John Doe", "email": "j@facebook.com"},
    "to": {"data": [{"id": PAGE, "name": "Tester"}]},
    "attachments": {"data": [{"mime_type": "image/png", "image_data": {"url": "https://c"}}]},
}
#: A post with what it includes, and a direct message, as "Expansions" and "Integrate" draw them.
ANSWER: dict[str, Any] = {
    "data": [
        {
            "id": "1557445923210514432",
            "text": "@us look https://t.co/a",
            "author_id": "3001969357",
            "conversation_id": "1557433858676740000",
            "edit_history_tweet_ids": ["1557433858676740098", "1557445923210514432"],
            "referenced_tweets": [{"type": "replied_to", "id": "1557433858676740000"}],
            "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "https://a.gov.uk"}]},
            "attachments": {"media_keys": ["3_1"]},
        }
    ],
    "includes": {
        "users": [{"id": "3001969357", "name": "Jordan", "username": "furiouscamper"}],
        "media": [{"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/a.jpg"}],
    },
}
EVENT: dict[str, Any] = {
    "id": "1582838499983564806",
    "event_type": "MessageCreate",
    "text": "Hi everyone.",
    "sender_id": "944480690",
    "dm_conversation_id": "1578398451921985538",
}


def read_x(answer: Any) -> News:
    """Every post of an answer."""
    answer = reading.record(answer)
    included = x.Included.of(answer)
    found = [x.post(each, included, US) for each in reading.records(answer.get("data"))]
    for each in reading.records(answer.get("data")):
        assert all(isinstance(url, str) for url, _ in included.pictures(each))
    return News(tuple(filter(None, found)), {})


def test_samples_are_read_whole() -> None:
    comment = facebook.comment(COMMENT, POST["id"], PAGE)
    assert comment is not None
    assert comment.url == "https://www.facebook.com/1/posts/2?comment_id=3"
    assert comment.reply_ref == {"to": COMMENT["parent"]["id"], "root": POST["id"]}
    assert facebook.pictures(POST) == [
        ("https://b", ""),
        ("https://scontent.xx.fbcdn.net/a.jpg", "77"),
    ]
    message = facebook.message(MESSAGE, PAGE)
    assert message is not None
    assert message.root_id == "messenger:987654321432"
    (post,) = read_x(ANSWER).posts
    assert post.text == "@us look https://a.gov.uk"
    assert post.post_id == "1557433858676740098"
    assert post.root_id == post.parent_id == "1557433858676740000"


def test_link_that_leads_elsewhere_is_not_shown() -> None:
    comment = facebook.comment(
        COMMENT | {"permalink_url": "https://www.facebook.com.evil.example/"}, POST["id"], PAGE
    )

    assert comment is not None
    assert comment.url == f"https://www.facebook.com/{COMMENT['id']}"


@settings(max_examples=150, deadline=None)
@given(
    shapes.wrong(COMMENT).map(lambda of: facebook.comment(reading.record(of), POST["id"], PAGE))
    | shapes.wrong(POST).map(lambda of: facebook.post(reading.record(of), PAGE))
    | shapes.wrong(MESSAGE).map(lambda of: facebook.message(reading.record(of), PAGE))
    | shapes.wrong(EVENT).map(lambda of: x.message(reading.record(of), x.Included({}, {}), US))
)
def test_wrong_kinds_anywhere_never_raise(post: Any) -> None:
    shapes.assert_storable(News((post,) if post else (), {}))


@settings(max_examples=150, deadline=None)
@given(shapes.wrong(ANSWER))
def test_wrong_kinds_anywhere_in_an_answer_of_x_never_raise(answer: object) -> None:
    shapes.assert_storable(read_x(answer))


@settings(max_examples=100, deadline=None)
@given(shapes.wrong(POST))
def test_pictures_of_anything_never_raise(of: object) -> None:
    for address, photo in facebook.pictures(reading.record(of)):
        assert address
        assert photo == "" or photo.isdigit()


#: The sample of "Rate limits".
BUC = {
    PAGE: [
        {
            "type": "pages",
            "call_count": 100,
            "total_cputime": 25,
            "total_time": 25,
            "estimated_time_to_regain_access": 19,
        }
    ]
}


@pytest.mark.parametrize(
    ("headers", "share", "rest"),
    [
        ({}, 0.0, 0.0),
        ({"x-app-usage": '{"call_count":28,"total_time":25,"total_cputime":25}'}, 28.0, 0.0),
        ({"x-page-usage": '{"call_count":1,"total_time":97,"total_cputime":2}'}, 97.0, 0.0),
        ({"x-business-use-case-usage": json.dumps(BUC)}, 100.0, 19 * 60.0),
        ({"x-business-use-case-usage": json.dumps({"another": BUC[PAGE]})}, 0.0, 0.0),
        ({"x-app-usage": "nonsense"}, 0.0, 0.0),
        ({"x-app-usage": '{"call_count":"28","total_time":null}'}, 0.0, 0.0),
        ({"x-app-usage": "[[[["}, 0.0, 0.0),
    ],
)
def test_published_usage_headers(headers: dict[str, str], share: float, rest: float) -> None:
    assert graph.usage(headers, PAGE) == (share, rest)


@settings(max_examples=100, deadline=None)
@given(shapes.wrong(BUC), st.text(max_size=20))
def test_any_usage_header_gives_a_share_and_a_time(buc: object, other: str) -> None:
    headers = {"x-business-use-case-usage": json.dumps(buc), "x-app-usage": other}

    share, rest = graph.usage(headers, PAGE)

    assert 0 <= share < 10**6
    assert 0 <= rest <= 86_400
