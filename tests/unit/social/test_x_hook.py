"""What X's deliveries say: by the samples of its documents, and whatever else may come."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_desktop.channels.social.x import hook
from crm_desktop.domain.social import News
from tests.unit.social import shapes

#: Key and token of the published example of a challenge-response check ("Securing webhooks").
SECRET = "z3ZX4v7mAAUGykl3EcmkqbartmuW8VFOOzCloLx9Q45P0hLrFu"
TOKEN = "9b4507b3-9040-4669-9ca3-6b94edb50553"
US = "4337869213"

#: The sample of a direct message in "Account Activity API: payload examples".
MESSAGE: dict[str, Any] = {
    "for_user_id": US,
    "direct_message_events": [
        {
            "type": "message_create",
            "id": "954491830116155396",
            "created_timestamp": "1516403560557",
            "message_create": {
                "target": {"recipient_id": US},
                "sender_id": "3001969357",
                "source_app_id": "13090192",
                "message_data": {
                    "text": "Hello World!",
                    "entities": {"hashtags": [], "symbols": [], "user_mentions": [], "urls": []},
                },
            },
        }
    ],
    "apps": {"13090192": {"id": "13090192", "name": "FuriousCamperTestApp1"}},
    "users": {
        "3001969357": {"id": "3001969357", "name": "Jordan Brinks", "screen_name": "furiouscamper"},
        US: {"id": US, "name": "Harrison Test", "screen_name": "Harris_0ff"},
    },
}

#: A post in the older form, with the edit metadata that "Edit Tweets" documents for it.
POST: dict[str, Any] = {
    "for_user_id": US,
    "user_has_blocked": "false",
    "tweet_create_events": [
        {
            "created_at": "Tue Aug 16 18:35:42 +0000 2022",
            "id": 1557445923210514432,
            "id_str": "1557445923210514432",
            "text": "@Harris_0ff I wonder if I will ever use the edit button &amp; more",
            "user": {"id_str": "3001969357", "name": "Jordan Brinks", "screen_name": "furious"},
            "in_reply_to_status_id_str": None,
            "entities": {"urls": [], "user_mentions": []},
            "edit_history": {
                "initial_tweet_id": "1557433858676740098",
                "edit_tweet_ids": ["1557433858676740098", "1557445923210514432"],
            },
            "edit_controls": {"editable_until_ms": 1660155761384, "edits_remaining": 4},
            "editable": True,
        }
    ],
}


def body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def test_published_challenge_is_answered() -> None:
    """The digest of the published key and token, worked out with openssl."""
    answer = hook.challenge(SECRET, {"crc_token": TOKEN})

    assert answer is not None
    assert json.loads(answer) == {
        "response_token": "sha256=Cytd4Sq+NvEcV3MMrXxWJGJx5A+y/lXzzU2Maartkx8="
    }
    assert hook.challenge(SECRET, {}) is None
    assert hook.challenge("", {"crc_token": TOKEN}) is None
    assert hook.challenge(SECRET, {"crc_token": "x" * 5_000}) is None


def test_nobody_has_a_delivery_signed_by_asking_for_a_challenge() -> None:
    """Both are signed with the same secret: a token that is a delivery would be its signature."""
    for forged in (
        body(MESSAGE).decode(),
        body(POST).decode(),
        "{}",
        '"',
        "a b",
        "a\n",
        "\N{BELL}",
    ):
        assert hook.challenge(SECRET, {"crc_token": forged}) is None


def test_signature_of_the_raw_body_is_accepted_and_any_other_is_not() -> None:
    sent = body(MESSAGE)
    digest = hmac.new(SECRET.encode(), sent, hashlib.sha256).digest()
    signed = "sha256=" + base64.b64encode(digest).decode()

    assert hook.check(SECRET, {"x-twitter-webhooks-signature": signed}, sent)
    assert hook.check(SECRET, {"X-Twitter-Webhooks-Signature": signed}, sent)
    assert not hook.check(SECRET, {}, sent)
    assert not hook.check(SECRET, {"x-twitter-webhooks-signature": signed}, sent + b" ")
    assert not hook.check(SECRET, {"x-twitter-webhooks-signature": signed[:-1]}, sent)
    assert not hook.check(SECRET, {"x-twitter-webhooks-signature": "sha256=" + digest.hex()}, sent)
    assert not hook.check("other", {"x-twitter-webhooks-signature": signed}, sent)
    assert not hook.check("", {"x-twitter-webhooks-signature": signed}, sent)


def test_published_direct_message_is_private() -> None:
    (post,) = hook.posts(body(MESSAGE), US).posts

    assert post.post_id == "dm:954491830116155396"
    assert post.root_id == "3001969357-4337869213"
    assert (post.handle, post.author_name) == ("furiouscamper", "Jordan Brinks")
    assert post.text == "Hello World!"
    assert post.at == datetime(2018, 1, 19, 23, 12, 40, 557_000, tzinfo=UTC)
    assert not post.public
    assert not post.by_us
    assert post.reply_ref == {"conversation": "3001969357-4337869213"}


def test_edited_post_has_the_id_of_its_first_version() -> None:
    (post,) = hook.posts(body(POST), US).posts

    assert post.post_id == "1557433858676740098"
    assert post.reply_ref == {"to": "1557445923210514432", "root": "1557433858676740098"}
    assert post.at.date() == datetime(2022, 8, 10, tzinfo=UTC).date()
    assert post.edited_at is not None
    assert post.edited_at > post.at
    assert post.text == "@Harris_0ff I wonder if I will ever use the edit button & more"
    assert post.url == "https://x.com/furious/status/1557445923210514432"


def test_long_post_is_whole_and_its_addresses_are_in_full() -> None:
    long = "word " * 100 + "https://t.co/abc"
    tweet = POST["tweet_create_events"][0] | {
        "truncated": True,
        "extended_tweet": {
            "full_text": long,
            "entities": {
                "urls": [
                    {"url": "https://t.co/abc", "expanded_url": "https://a.gov.uk/?x=1&copy=2"}
                ]
            },
        },
    }

    (post,) = hook.posts(body(POST | {"tweet_create_events": [tweet]}), US).posts

    assert post.text == "word " * 100 + "https://a.gov.uk/?x=1&copy=2"


def test_what_is_only_passed_on_is_nothing() -> None:
    tweet = POST["tweet_create_events"][0] | {"retweeted_status": {"id_str": "1"}}

    assert hook.posts(body(POST | {"tweet_create_events": [tweet]}), US) == News((), {})


def test_published_deletion_is_told() -> None:
    """The sample of tweet_delete_events."""
    payload = {
        "for_user_id": "930524282358325248",
        "tweet_delete_events": [
            {
                "status": {"id": "1045405559317569537", "user_id": "930524282358325248"},
                "timestamp_ms": "1432228155593",
            }
        ],
    }

    assert hook.posts(body(payload), "930524282358325248").deleted == ("1045405559317569537",)
    assert hook.posts(body(payload), US) == News((), {})


@pytest.mark.parametrize(
    "payload",
    [
        {"for_user_id": US, "favorite_events": [{"id": "a7ba59eab0bfcba386f7acedac279542"}]},
        {"for_user_id": US, "follow_events": [{"type": "follow"}]},
        {"user_event": {"revoke": {"source": {"user_id": US}}}},
        {"replay_job_status": {"webhook_id": "1", "job_state": "Complete"}},
        [],
        None,
    ],
)
def test_what_nobody_wrote_to_us_is_nothing(payload: object) -> None:
    assert hook.posts(body(payload), US) == News((), {})


@settings(max_examples=120, deadline=None)
@given(shapes.wrong(POST))
def test_wrong_kinds_anywhere_in_a_post_never_raise(payload: object) -> None:
    shapes.assert_storable(hook.posts(body(payload), US))


@settings(max_examples=120, deadline=None)
@given(shapes.wrong(MESSAGE))
def test_wrong_kinds_anywhere_in_a_message_never_raise(payload: object) -> None:
    shapes.assert_storable(hook.posts(body(payload), US))


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_as_nothing(sent: bytes) -> None:
    assert hook.posts(sent, US).posts == ()
