"""What Mastodon has and the small real server lacks, against its published documentation."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from crm_desktop.channels.social.mastodon import Mastodon, MastodonSettings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.social import OutboundPost
from tests.integration.social.outside import picture
from tests.servers.mastodon_answers import TOKEN, Answers, mastodon_answers


@pytest.fixture
def server() -> Iterator[Answers]:
    with mastodon_answers() as made:
        yield made


@pytest.fixture
def client(server: Answers) -> Iterator[Mastodon]:
    with closing(Mastodon(MastodonSettings(server.url, "council@near.example", TOKEN))) as made:
        yield made


def _say(text: str = "We come today", **given: object) -> OutboundPost:
    return OutboundPost(key=secrets.token_hex(16), text=text, public=True, **given)  # type: ignore[arg-type]


def test_a_limit_is_obeyed_for_as_long_as_the_server_says(
    server: Answers, client: Mastodon
) -> None:
    server.limited_for = 240
    with pytest.raises(ConnectorTrouble) as first:
        client.news({})
    asked = len(server.asked)
    with pytest.raises(ConnectorTrouble):
        client.news({})
    assert first.value.retry
    assert 200 < first.value.params["after_seconds"] <= 242  # type: ignore[operator]
    assert len(server.asked) == asked
    assert str(first.value) == "Mastodon asks us to wait 4 minutes"


def test_a_token_that_is_over_says_so(server: Answers) -> None:
    settings = MastodonSettings(server.url, "council", "another-token")
    with closing(Mastodon(settings)) as client, pytest.raises(ConnectorTrouble) as trouble:
        client.send(_say())
    assert not trouble.value.retry
    assert trouble.value.params["fate"] == "not_sent"
    assert "another-token" not in str(trouble.value)


def test_a_lost_answer_is_an_unknown_fate_and_repeated_the_same_post(
    server: Answers, client: Mastodon
) -> None:
    server.lose_answers = 1
    post = _say()
    with pytest.raises(ConnectorTrouble) as trouble:
        client.send(post)
    sent = client.send(post, tried_at=datetime.now(UTC))
    assert trouble.value.params["fate"] == "unknown"
    assert list(server.statuses) == [sent.post_id]


def test_what_the_server_forgot_as_a_key_is_found_among_what_we_said(
    server: Answers, client: Mastodon
) -> None:
    post = _say()
    first = client.send(post)
    server.keys.clear()
    assert client.send(post, tried_at=datetime.now(UTC)).post_id == first.post_id


def test_a_picture_is_waited_for(server: Answers, client: Mastodon) -> None:
    server.processing = 2
    sent = client.send(_say(pictures=(picture("A lorry"),)))
    assert server.statuses[sent.post_id]["media"] == "100"
    assert "A lorry" in server.media["100"]


def test_a_private_message_that_is_kept_apart_is_read(server: Answers, client: Mastodon) -> None:
    cursor = client.news({}).cursor
    server.mention("11", visibility="direct", content="<p>My address is</p>")
    server.notifications[-1]["filtered"] = True
    (post,) = client.news(cursor).posts
    assert not post.public
    assert post.root_id == "private:11"


def test_many_come_whole_and_in_order(server: Answers, client: Mastodon) -> None:
    cursor = client.news({}).cursor
    ids = [str(number) for number in range(10, 85)]
    for number in ids:
        server.mention(number)
    came: list[str] = []
    more = True
    while more:
        news = client.news(cursor)
        cursor, more = news.cursor, news.more
        came += [each.post_id for each in news.posts]
    assert came == ids
    assert cursor["limit"] == 600


def test_what_is_said_in_private_below_a_public_post_is_a_conversation_of_its_own(
    server: Answers, client: Mastodon
) -> None:
    cursor = client.news({}).cursor
    server.status("10")
    server.mention("11", in_reply_to_id="10")
    server.status("12", in_reply_to_id="11", visibility="direct")
    server.mention("13", in_reply_to_id="12", visibility="direct")
    public, private = client.news(cursor).posts
    assert public.root_id == "10"
    assert private.root_id == "private:12"


def test_words_warnings_edits_and_who_are_told(server: Answers, client: Mastodon) -> None:
    cursor = client.news({}).cursor
    server.mention(
        "11",
        spoiler_text="rats",
        content='<p>@council <a href="https://evil.example/">council.example</a>'
        "<script>x()</script><br>two</p>",
        edited_at="2026-11-27T10:05:00.000Z",
        account={"id": "3", "acct": "council", "display_name": "The council \u202e✓"},
    )
    (post,) = client.news(cursor).posts
    assert post.text == (
        "[Content warning: rats]\n\n@council council.example\ntwo\n→ https://evil.example/"
    )
    assert post.edited_at == datetime(2026, 11, 27, 10, 5, tzinfo=UTC)
    assert post.handle == "council@near.example"
    assert not post.by_us


def test_deleted_and_changed_posts_are_told_apart(server: Answers, client: Mastodon) -> None:
    server.mention("11")
    server.mention("12", content="<p>Changed</p>")
    del server.statuses["11"]
    looked = client.look_again(["11", "12"])
    assert looked["11"] is None
    assert looked["12"] is not None
    assert looked["12"].text == "Changed"


def test_the_servers_own_limit_holds(server: Answers, client: Mastodon) -> None:
    with pytest.raises(ConnectorTrouble, match="600 characters") as trouble:
        client.send(_say("x" * 601))
    assert trouble.value.params["fate"] == "refused"
    assert client.send(_say("x" * 560 + " https://www.example.gov.uk/" + "y" * 300)).post_id


def test_an_unprotected_server_is_refused() -> None:
    with pytest.raises(InvalidInput):
        MastodonSettings("http://social.example", "council", TOKEN)
