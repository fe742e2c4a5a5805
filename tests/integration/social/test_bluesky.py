"""What only Bluesky has: sessions, limits, claimed times, app passwords, facets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from crm_desktop.channels.social.bluesky import Bluesky, BlueskySettings
from crm_desktop.domain.errors import ConnectorTrouble, InvalidInput
from crm_desktop.domain.social import News, OutboundPost, Picture, Post
from tests.integration.social.bluesky_outside import BlueskyOutside
from tests.servers import bluesky as servers
from tests.servers.processes import wait_for


@pytest.fixture(scope="module")
def network(bluesky: servers.Bluesky) -> BlueskyOutside:
    """An account of ours and a resident's for this module."""
    return BlueskyOutside(bluesky)


@pytest.fixture
def client(network: BlueskyOutside) -> Iterator[Bluesky]:
    with closing(network.open()) as made:
        yield made


def _client(network: BlueskyOutside, password: str, **changed: str) -> Bluesky:
    given = {"service": network.server.service, "handle": network.us.handle} | changed
    return Bluesky(BlueskySettings(app_password=password, chat=network.server.chat, **given))


def _notice(text: str) -> OutboundPost:
    return OutboundPost(key=secrets.token_hex(16), text=text, public=True)


def _until(client: Bluesky, news: News, post_id: str) -> tuple[Post, News]:
    """Read on until one post came."""
    found: dict[str, Post] = {}

    def came() -> bool:
        nonlocal news
        news = client.news(news.cursor)
        found.update({each.post_id: each for each in news.posts})
        return post_id in found

    wait_for(came, post_id)
    return found[post_id], news


def test_a_session_that_is_over_is_renewed(network: BlueskyOutside, client: Bluesky) -> None:
    client.news({})
    session = client._session._client._session_dispatcher.session
    assert session is not None
    session.access_jwt = _expired(session.access_jwt, network.server.secret)
    assert client.send(_notice("after the session's end")).post_id


def test_a_session_that_the_server_forgot_is_made_anew(
    network: BlueskyOutside, client: Bluesky
) -> None:
    client.news({})
    session = client._session._client._session_dispatcher.session
    assert session is not None
    forged = session.access_jwt.rpartition(".")[0] + ".AAAA"
    session.access_jwt = forged
    assert client.send(_notice("after it was forgotten")).post_id


def test_a_wrong_password_says_so_and_is_not_tried_for_ever(network: BlueskyOutside) -> None:
    client = _client(network, "wrong-word")
    with closing(client), pytest.raises(ConnectorTrouble, match="did not accept") as trouble:
        client.send(_notice("nobody reads this"))
    assert not trouble.value.retry
    assert trouble.value.params["fate"] == "not_sent"
    assert "wrong-word" not in str(trouble.value)


def test_a_limit_is_obeyed_for_as_long_as_the_server_says(bluesky: servers.Bluesky) -> None:
    # A handle that nobody has: the limit counts what is asked, right or wrong.
    handle = f"limited-{secrets.token_hex(3)}.test"
    wrong = {"identifier": handle, "password": "wrong"}
    with httpx.Client(base_url=f"{bluesky.service}/xrpc", timeout=60) as http:

        def ask(_: int) -> int:
            # The server takes its time over what is wrong.
            answer = http.post("/com.atproto.server.createSession", json=wrong)
            return answer.status_code

        with ThreadPoolExecutor(10) as pool:
            assert 429 in pool.map(ask, range(40))
    settings = BlueskySettings(bluesky.service, handle, "word", bluesky.chat)
    with closing(Bluesky(settings)) as client:
        with pytest.raises(ConnectorTrouble) as first:
            client.news({})
        with pytest.raises(ConnectorTrouble) as second:
            client.news({})
    assert first.value.retry
    assert 1 <= first.value.params["after_seconds"] <= 300  # type: ignore[operator]
    assert second.value.params["after_seconds"] <= first.value.params["after_seconds"]  # type: ignore[operator]


def test_a_post_that_claims_an_earlier_time_is_not_missed(
    network: BlueskyOutside, client: Bluesky
) -> None:
    news = client.news({})
    _, news = _until(client, news, network.mention("a newer one"))
    claimed = datetime.now(UTC) - timedelta(hours=5)
    record = network.mentioning("written on a train") | {"createdAt": claimed.isoformat()}
    post, news = _until(client, news, network.post(record))
    assert "train" in post.text
    assert client.news(news.cursor).posts == ()


def test_more_than_a_batch_comes_whole_and_in_order(
    network: BlueskyOutside, client: Bluesky
) -> None:
    news = client.news({})
    ids = [network.mention(f"number {each}") for each in range(27)]
    wait_for(lambda: _known(network, ids[-1]), "the last")
    came: list[str] = []
    wait_for(lambda: _collect(client, news, came) >= len(ids), "all of them")
    assert [each for each in came if each in ids][: len(ids)] == ids


def _known(network: BlueskyOutside, uri: str) -> bool:
    return bool(network.resident.ask("app.bsky.feed.getPosts", uris=[uri])["posts"])


def _collect(client: Bluesky, begun: News, came: list[str]) -> int:
    came.clear()
    news = begun
    while True:
        news = client.news(news.cursor)
        came += [each.post_id for each in news.posts]
        if not news.more:
            return len(came)


def test_without_the_right_to_private_messages_public_ones_come(network: BlueskyOutside) -> None:
    with closing(_client(network, network.us.app_password(private=False))) as client:
        news = client.news({})
        _until(client, news, network.mention("in public"))
        private = OutboundPost(
            key=secrets.token_hex(16), text="psst", public=False, author_id=network.author_id
        )
        with pytest.raises(ConnectorTrouble, match="may not send private") as trouble:
            client.send(private)
    assert trouble.value.params["fate"] == "refused"


def test_links_tags_and_people_are_marked_in_what_we_say(
    network: BlueskyOutside, client: Bluesky
) -> None:
    text = f"Siân 👩‍👩‍👧 @{network.handle} see https://www.example.gov.uk/bins, #bins"
    sent = client.send(_notice(text))
    wait_for(lambda: _known(network, sent.post_id), "it outside")
    (view,) = network.resident.ask("app.bsky.feed.getPosts", uris=[sent.post_id])["posts"]
    marked = {
        text.encode()[each["index"]["byteStart"] : each["index"]["byteEnd"]].decode(): each[
            "features"
        ][0]
        for each in view["record"]["facets"]
    }
    assert marked[f"@{network.handle}"]["did"] == network.author_id
    assert marked["https://www.example.gov.uk/bins"]["uri"] == "https://www.example.gov.uk/bins"
    assert marked["#bins"]["tag"] == "bins"


def test_a_link_that_hides_where_it_leads_is_told(network: BlueskyOutside, client: Bluesky) -> None:
    news = client.news({})
    record = network.mentioning("council.example")
    start = len(record["text"].encode()) - len("council.example")
    link = {
        "index": {"byteStart": start, "byteEnd": start + len("council.example")},
        "features": [{"$type": "app.bsky.richtext.facet#link", "uri": "https://evil.example/x"}],
    }
    post, _ = _until(client, news, network.post(record | {"facets": [*record["facets"], link]}))
    assert post.text.endswith("→ https://evil.example/x")


def test_a_picture_that_lies_about_its_kind_is_a_problem_in_words(
    network: BlueskyOutside, client: Bluesky
) -> None:
    news = client.news({})
    liar = Picture("bins.png", "image/png", b"\x89PNG\r\n\x1a\n" + b"<script>" * 40, "three bins")
    post, _ = _until(client, news, network.mention("look", liar))
    assert post.pictures == ()
    words = "Picture 1 could not be fetched; open the post to see it. Its description: three bins"
    assert post.problems == (words,)


def test_who_is_called_like_us_is_not_us(network: BlueskyOutside, client: Bluesky) -> None:
    news = client.news({})
    profile: dict[str, Any] = {"$type": "app.bsky.actor.profile", "displayName": network.us.handle}
    network.resident.call(
        "com.atproto.repo.putRecord",
        {
            "repo": network.author_id,
            "collection": "app.bsky.actor.profile",
            "rkey": "self",
            "record": profile,
        },
    )
    post, _ = _until(client, news, network.mention("I am the council"))
    assert not post.by_us
    assert post.author_id == network.author_id


def test_a_server_that_is_away_got_nothing(network: BlueskyOutside) -> None:
    client = _client(network, "word", service="http://localhost:9")
    with closing(client), pytest.raises(ConnectorTrouble) as trouble:
        client.send(_notice("into the void"))
    assert trouble.value.retry
    assert trouble.value.params["fate"] == "not_sent"


def test_an_unprotected_server_is_refused() -> None:
    with pytest.raises(InvalidInput):
        BlueskySettings("http://bsky.example", "council.example", "word")


def _expired(token: str, secret: str) -> str:
    """The same token as the server made it, but over."""
    head, body, _ = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    # The library renews by itself what says that it is over; the server has another clock.
    claims |= {"iat": int(time.time()) - 7200, "exp": int(time.time()) - 60}
    made = f"{head}.{_packed(json.dumps(claims).encode())}"
    signed = hmac.new(secret.encode(), made.encode(), hashlib.sha256).digest()
    return f"{made}.{_packed(signed)}"


def _packed(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
