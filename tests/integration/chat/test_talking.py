"""A visitor's page and the door: kept, told in order, resumed."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from crm_desktop.channels.chat.port import Limits
from crm_desktop.domain.changes import Changes
from tests.integration.chat.visitor import ORIGIN, page, post, started
from tests.servers.chat_door import ChatDoor, chat_door
from tests.servers.processes import wait_for


def test_what_is_said_is_acknowledged_with_its_number_and_shown_to_every_page(
    door: ChatDoor,
) -> None:
    token = started(door)
    with page(door, token) as one, page(door, token) as two:
        one.say("a-1", "My bin was missed")
        assert one.until("kept") == {"id": "a-1", "seq": 1}
        for each in (one, two):
            (line,) = each.until_lines(1)
            assert (line["seq"], line["id"], line["text"]) == (1, "a-1", "My bin was missed")
            assert (line["kind"], line["side"], line["who"]) == ("said", "visitor", "Margaret")


def test_what_an_advisor_says_comes_at_once_and_in_order(door: ChatDoor) -> None:
    token = started(door)
    with page(door, token) as one:
        assert one.until("state")["place"] == {"position": 1, "wait_seconds": None}
        door.centre.join(door.centre.only.id, "Aisha")
        for number in range(50):
            door.centre.answer(door.centre.only.id, f"answer {number}")
        one.until_lines(51)
        assert [line["seq"] for line in one.lines] == list(range(1, 52))
        assert one.state["advisor"] == "Aisha"
        assert one.state["place"] is None


def test_a_page_that_comes_back_is_given_exactly_what_it_misses(door: ChatDoor) -> None:
    token = started(door)
    with page(door, token) as one:
        one.say("a-1", "one")
        one.until_lines(1)
    for number in range(3):
        door.centre.answer(door.centre.only.id, f"answer {number}")
    with page(door, token, after=1) as again:
        again.say("a-1", "one")  # it never heard that this was kept
        again.say("a-2", "two")
        again.until_lines(4)
        assert again.texts == ["answer 0", "answer 1", "answer 2", "two"]
        while len(again.kept) < 2:
            again.next()
        assert again.kept == {"a-1": 1, "a-2": 5}


def test_more_lines_than_one_reading_gives_come_all_and_once(door: ChatDoor) -> None:
    token = started(door)
    for number in range(1_203):
        door.centre.answer(door.centre.only.id, str(number))
    with page(door, token) as one:
        one.until_lines(1_203)
        assert [line["seq"] for line in one.lines] == list(range(1, 1_204))


def test_a_start_whose_answer_was_lost_is_the_same_chat(door: ChatDoor) -> None:
    headers = {"X-Client-Id": "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"}
    told = {"name": "Margaret", "language": "en"}
    first = post(door, "start", told, headers=headers)
    second = post(door, "start", told, headers=headers)
    assert first.json() == second.json()
    assert len(door.centre.chats) == 1


def test_an_unknown_token_is_told_so(door: ChatDoor) -> None:
    with page(door, "x" * 43) as one, pytest.raises(ConnectionClosed) as closed:
        one.next()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4401


def test_the_database_away_loses_nothing_and_is_told(door: ChatDoor) -> None:
    token = started(door)
    with page(door, token) as one:
        one.until("state")
        door.centre.away = True
        one.say("a-1", "one")
        one.say("a-2", "two")
        one.until("away")
        assert post(door, "start", {"name": "x"}).json()["code"] == "away"
        door.centre.away = False
        one.state.clear()
        one.until_lines(2)
        assert one.texts == ["one", "two"]
        assert one.state["state"] == "open"
    door.centre.away = True
    with page(door, token, after=2) as again:
        again.until("away")
        door.centre.away = False
        assert again.until("state")["last_seq"] == 2


def test_every_page_hears_that_the_database_is_away_and_back(door: ChatDoor) -> None:
    with page(door, started(door)) as one:
        one.until("state")
        door.hub.is_away()
        one.until("away")
        door.centre.tell(Changes.everything())
        one.until("state")


def test_who_types_is_told_and_when_they_stop(door: ChatDoor) -> None:
    with page(door, started(door)) as one:
        door.centre.join(door.centre.only.id)
        one.until_lines(1)
        door.centre.type(door.centre.only.id, True)
        assert one.until("typing") is True
        door.centre.answer(door.centre.only.id, "Hello")
        assert one.until("typing") is False


def test_places_follow_the_queue(door: ChatDoor) -> None:
    first, second = started(door), started(door)
    with page(door, first) as one, page(door, second) as two:
        assert one.until("state")
        two.until("state")
        while (two.state["place"] or {}).get("position") != 2:
            two.until("state")
        door.centre.join(1)
        while two.state["place"] != {"position": 1, "wait_seconds": 60}:
            two.until("state")


def test_a_chat_that_ended_says_so_and_goes_on_when_the_visitor_comes_back(door: ChatDoor) -> None:
    token = started(door)
    with page(door, token) as one:
        one.send(end={})
        while one.state.get("state") != "ended":
            one.next()
        assert one.state["ended_by"] == "visitor"
        assert post(
            door, "rating", {"stars": 5, "words": "Kind"}, headers=_bearer(token)
        ).is_success
        while one.state.get("rating") != 5:
            one.next()
        one.say("a-1", "One more thing")
        while one.state.get("state") != "open":
            one.next()
        one.until_lines(3)
        assert [line["kind"] for line in one.lines] == ["ended", "returned", "said"]
    sent = post(door, "transcript", {"email": "m@example.org"}, headers=_bearer(token))
    assert sent.is_success
    assert door.centre.only.mailed_to == "m@example.org"
    assert post(door, "rating", {"stars": 6}, headers=_bearer(token)).status_code == 422
    assert post(door, "rating", {"stars": 5}).status_code == 401


def test_a_visitor_has_left_only_when_no_page_came_back() -> None:
    with chat_door(limits=Limits(left_seconds=0.3)) as door:
        token = started(door)
        with page(door, token) as one:
            one.until("state")
        with page(door, token) as next_page:
            next_page.until("state")
            next_page.send(seen=0)
        assert door.centre.only.left == 0
        wait_for(lambda: door.centre.only.left == 1, "the visitor's leaving")


def test_a_gateway_that_stops_sends_its_pages_to_the_next(door: ChatDoor) -> None:
    with chat_door() as other:
        token = started(other)
        with page(other, token) as one:
            one.until("state")
            other.stop()
            with pytest.raises(ConnectionClosed) as closed:
                one.until("lines")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1012
        assert other.centre.only.left == 0


def test_what_pages_load_is_packed_and_for_every_website(door: ChatDoor) -> None:
    widget = httpx.get(f"{door.origin}/chat/widget.js", headers={"Origin": "https://a.example"})
    assert widget.headers["content-encoding"] == "gzip"
    assert widget.headers["access-control-allow-origin"] == "*"
    assert widget.headers["content-type"].startswith("text/javascript")
    again = httpx.get(
        f"{door.origin}/chat/widget.js", headers={"If-None-Match": widget.headers["etag"]}
    )
    assert again.status_code == 304
    assert httpx.get(f"{door.origin}/chat/nothing.js").status_code == 404
    assert httpx.get(f"{door.origin}/chat/../port.py").status_code == 404
    assert httpx.get(f"{door.origin}/chat/nobody/setup").json()["code"] == "missing"


def test_a_page_learns_what_it_asks_before_a_chat(door: ChatDoor) -> None:
    door.centre.notice = "Bins are a day late this week."
    setup = httpx.get(f"{door.url}/setup?language=cy", headers={"Origin": ORIGIN})
    assert setup.headers["access-control-allow-origin"] == ORIGIN
    told = setup.json()
    assert told["greeting"] == "Helo, sut gallwn ni helpu?"
    assert told["notices"] == ["Bins are a day late this week."]
    assert (told["open"], told["wait_seconds"]) == (True, 120)
    (service,) = told["services"]
    assert service["questions"]["x-order"] == ["bin", "due", "out", "why"]
    assert ".png" in told["limits"]["kinds"]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
