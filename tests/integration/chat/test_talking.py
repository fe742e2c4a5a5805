"""A visitor's page and the door: kept, told in order, resumed."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from tests.servers.chat_door import ChatDoor
from tests.integration.chat.visitor import page, post, started


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
