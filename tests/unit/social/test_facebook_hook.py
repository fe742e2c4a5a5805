"""What Meta's deliveries say: by the samples of its documents, and whatever else may come."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.channels.social.facebook import hook
from crm_desktop.domain.social import News
from tests.unit.social import shapes

PAGE = "1234567890321"


def delivered(*entries: object) -> bytes:
    return json.dumps({"object": "page", "entry": entries}).encode()


def change(value: object, field: str = "feed", time: int = 1_448_555_737) -> bytes:
    """A delivery of one change, as Meta's reference "Webhooks: Page" draws it."""
    return delivered({"id": PAGE, "time": time, "changes": [{"field": field, "value": value}]})


def event(**said: object) -> bytes:
    """A delivery of one event of Messenger, as the "Webhook Event Reference" draws it."""
    one = {
        "sender": {"id": "987654321432"},
        "recipient": {"id": PAGE},
        "timestamp": 1_457_764_197_627,
        **said,
    }
    return delivered({"id": PAGE, "time": 1_457_764_198_246, "messaging": [one]})


COMMENT = {
    "item": "comment",
    "verb": "add",
    "comment_id": "900728623356296_900744590021366",
    "post_id": f"{PAGE}_900728623356296",
    "parent_id": f"{PAGE}_900728623356296",
    "from": {"id": "8423678347823", "name": "John Doe"},
    "created_time": 1_448_555_700,
    "message": "Let's see the Webhooks in action :D",
}


def test_published_signature_is_accepted_and_any_other_is_not() -> None:
    """GitHub documents this value for the same header ("Validating webhook deliveries")."""
    secret, body = "It's a Secret to Everybody", b"Hello, World!"
    signed = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"

    assert hook.check(secret, {"X-Hub-Signature-256": signed}, body)
    assert hook.check(secret, {"x-hub-signature-256": signed}, body)
    for headers in ({}, {"X-Hub-Signature-256": signed[7:]}, {"X-Hub-Signature": signed}):
        assert not hook.check(secret, headers, body)
    assert not hook.check(secret, {"X-Hub-Signature-256": signed}, body + b" ")
    assert not hook.check("another", {"X-Hub-Signature-256": signed}, body)
    assert not hook.check("", {"X-Hub-Signature-256": signed}, body)
    assert not hook.check(secret, {"X-Hub-Signature-256": "sha256=ü\ud800"}, body)


def test_signature_is_of_the_bytes_as_they_came() -> None:
    """Meta signs an escaped form of the text; another way to write the same JSON is not signed."""
    body = b'{"message":"caf\\u00e9"}'
    signed = "sha256=" + hmac.new(b"app secret", body, hashlib.sha256).hexdigest()

    assert hook.check("app secret", {"X-Hub-Signature-256": signed}, body)
    again = json.dumps(json.loads(body)).encode()
    assert not hook.check("app secret", {"X-Hub-Signature-256": signed}, again)


def test_delivery_that_is_too_large_is_not_even_hashed() -> None:
    body = b"x" * (1024 * 1024 + 1)
    signed = "sha256=" + hmac.new(b"secret", body, hashlib.sha256).hexdigest()

    assert not hook.check("secret", {"X-Hub-Signature-256": signed}, body)
    assert hook.posts(body, PAGE) == News((), {})


def test_published_verification_request_is_answered() -> None:
    """The sample of "Webhooks: Getting Started"."""
    asked = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": "meatyhamhock",
    }

    assert hook.challenge("meatyhamhock", asked) == "1158201444"
    assert hook.challenge("other", asked) is None
    assert hook.challenge("", asked | {"hub.verify_token": ""}) is None
    assert hook.challenge("meatyhamhock", asked | {"hub.mode": "unsubscribe"}) is None
    assert hook.challenge("meatyhamhock", asked | {"hub.challenge": "<script>"}) is None


def test_comment_is_a_public_post_in_the_conversation_of_its_post() -> None:
    (post,) = hook.posts(change(COMMENT), PAGE).posts

    assert (post.post_id, post.root_id, post.parent_id) == (
        COMMENT["comment_id"],
        COMMENT["post_id"],
        COMMENT["parent_id"],
    )
    assert (post.author_id, post.author_name) == ("8423678347823", "John Doe")
    assert post.text == "Let's see the Webhooks in action :D"
    assert post.at == datetime(2015, 11, 26, 16, 35, tzinfo=UTC)
    assert post.public
    assert not post.by_us
    assert post.edited_at is None
    assert post.url == "https://www.facebook.com/900728623356296_900744590021366"


def test_edited_comment_says_when_and_keeps_its_id() -> None:
    (post,) = hook.posts(change(COMMENT | {"verb": "edited", "message": "Better"}), PAGE).posts

    assert post.post_id == COMMENT["comment_id"]
    assert post.text == "Better"
    assert post.edited_at == datetime(2015, 11, 26, 16, 35, 37, tzinfo=UTC)


def test_removed_comment_is_known_to_be_gone() -> None:
    news = hook.posts(change(COMMENT | {"verb": "remove"}), PAGE)

    assert news.posts == ()
    assert news.deleted == (COMMENT["comment_id"],)


def test_removed_post_is_known_to_be_gone() -> None:
    value = {"item": "post", "verb": "remove", "post_id": f"{PAGE}_901097836652708"}

    assert hook.posts(change(value), PAGE).deleted == (f"{PAGE}_901097836652708",)


def test_what_came_and_went_in_one_delivery_is_gone() -> None:
    entry = {
        "id": PAGE,
        "time": 1_448_555_737,
        "changes": [
            {"field": "feed", "value": COMMENT},
            {"field": "feed", "value": COMMENT | {"verb": "remove"}},
        ],
    }

    news = hook.posts(delivered(entry), PAGE)

    assert (news.posts, news.deleted) == ((), (COMMENT["comment_id"],))


def test_mention_elsewhere_is_a_post_whose_author_is_not_told() -> None:
    value = {
        "message": "A test post message",
        "post_id": "77_98722536423179",
        "created_time": 1_614_340_562,
        "item": "post",
        "verb": "add",
    }

    (post,) = hook.posts(change(value, "mention"), PAGE).posts

    assert (post.post_id, post.root_id, post.author_id) == ("77_98722536423179",) * 2 + ("",)


def test_the_pages_own_post_is_by_us() -> None:
    value = {
        "item": "status",
        "verb": "add",
        "post_id": f"{PAGE}_930145403745849",
        "from": {"name": "Tester", "id": PAGE},
        "created_time": 1_448_633_038,
        "message": "This is just a short test message",
    }

    (post,) = hook.posts(change(value), PAGE).posts

    assert post.by_us
    assert post.root_id == post.post_id


def test_message_is_private_and_its_conversation_is_the_persons() -> None:
    said = {"mid": "mid.1457764197618:41d102a3e1ae206a38", "text": "hello, world!"}

    (post,) = hook.posts(event(message=said), PAGE).posts

    assert not post.public
    assert post.post_id == said["mid"]
    assert post.root_id == "messenger:987654321432"
    assert post.author_id == "987654321432"
    assert post.reply_ref == {"person": "987654321432"}
    assert post.at == datetime(2016, 3, 12, 6, 29, 57, tzinfo=UTC)


def test_echo_of_our_own_message_is_by_us_in_the_same_conversation() -> None:
    said = {"mid": "m_1", "text": "Hello back", "is_echo": True, "app_id": 1_517_776_481_860_111}
    body = event(message=said, sender={"id": PAGE}, recipient={"id": "987654321432"})

    (post,) = hook.posts(body, PAGE).posts

    assert post.by_us
    assert post.root_id == "messenger:987654321432"


def test_edited_and_taken_back_messages_are_told() -> None:
    edit = {"mid": "m_1", "text": "hello, world!", "num_edit": "37"}

    (post,) = hook.posts(event(message_edit=edit), PAGE).posts
    assert (post.post_id, post.text) == ("m_1", "hello, world!")
    assert post.edited_at is not None

    gone = hook.posts(event(message={"mid": "message_id", "is_deleted": True}), PAGE)
    assert (gone.posts, gone.deleted) == ((), ("message_id",))


@pytest.mark.parametrize(
    "body",
    [
        change(COMMENT | {"item": "like"}),
        change(COMMENT | {"item": "reaction", "reaction_type": "love"}),
        change(COMMENT | {"verb": "hide"}),
        change(COMMENT, "leadgen"),
        event(delivery={"mids": ["m_1"], "watermark": 1}),
        event(read={"watermark": 1_458_668_856_253}),
        delivered({"id": "another page", "changes": [{"field": "feed", "value": COMMENT}]}),
        b"",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"object":"user"}',
        b"9" * 10_000,
    ],
)
def test_what_nobody_wrote_to_us_is_nothing(body: bytes) -> None:
    assert hook.posts(body, PAGE) == News((), {})


@settings(max_examples=150, deadline=None)
@given(shapes.wrong(json.loads(change(COMMENT))))
def test_wrong_kinds_anywhere_in_a_change_never_raise(payload: object) -> None:
    shapes.assert_storable(hook.posts(json.dumps(payload).encode(), PAGE))


@settings(max_examples=100, deadline=None)
@given(shapes.wrong(json.loads(event(message={"mid": "m", "text": "t", "reply_to": {"mid": "x"}}))))
def test_wrong_kinds_anywhere_in_a_message_never_raise(payload: object) -> None:
    shapes.assert_storable(hook.posts(json.dumps(payload).encode(), PAGE))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_nothing(body: bytes) -> None:
    assert hook.posts(body, PAGE).posts == ()
