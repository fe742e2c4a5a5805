"""Strangers at the chat's door."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import IPv4Network

import httpx
import pytest
from starlette.requests import HTTPConnection
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from crm_desktop.channels.chat.origins import own_origin
from crm_desktop.channels.chat.port import Limits
from crm_desktop.channels.chat.protocol import LARGEST_FRAME
from crm_desktop.channels.web.limits import Rate
from crm_desktop.domain.views import NewAttachment
from tests.integration.chat.visitor import ORIGIN, Page, page, post, started
from tests.servers.chat_door import ChatDoor, chat_door
from tests.servers.processes import wait_for

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


@pytest.fixture(scope="module")
def shared() -> Iterator[ChatDoor]:
    """A door for tests that leave nothing behind which others would see."""
    with chat_door(limits=Limits(starts=Rate(1_000, 1_000), talks=Rate(1_000, 1_000))) as running:
        yield running


def _code(one: Page) -> int:
    """The code that the connection is closed with."""
    with pytest.raises(ConnectionClosed) as closed:
        one.until("the end")
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def _send_file(
    door: ChatDoor, token: str, name: str, content: bytes, *, text: str = ""
) -> httpx.Response:
    return httpx.post(
        f"{door.url}/files",
        data={"text": text},
        files={"file": (name, content, "image/png")},
        headers={"Origin": ORIGIN, "Authorization": f"Bearer {token}", "X-Client-Id": "f-1"},
        timeout=60,
    )


def _download(door: ChatDoor, token: str, seq: int, file: int) -> httpx.Response:
    headers = {"Origin": ORIGIN} | ({"Authorization": f"Bearer {token}"} if token else {})
    return httpx.get(f"{door.url}/files/{seq}/{file}", headers=headers, timeout=60)


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.norbridge.example.evil.example",
        "https://evil.example",
        "http://www.norbridge.example",
        "https://www.norbridge.example:8443",
        "https://norbridge.example",
        "https://WWW.norbridge.example",
        "null",
        "",
    ],
)
def test_other_websites_may_neither_start_nor_talk(shared: ChatDoor, origin: str) -> None:
    token = started(shared)
    answer = post(shared, "start", {"name": "x"}, origin=origin)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    assert "access-control-allow-origin" not in answer.headers
    with page(shared, token, origin=origin) as one:
        assert _code(one) == 4403
    setup = httpx.get(f"{shared.url}/setup", headers={"Origin": origin} if origin else {})
    assert setup.status_code == (403 if origin else 200)
    assert "access-control-allow-origin" not in setup.headers


def test_its_own_page_and_its_sites_may(shared: ChatDoor) -> None:
    assert post(shared, "start", {"name": "x"}, origin=shared.origin).status_code == 201
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-client-id",
    }
    preflight = httpx.options(f"{shared.url}/start", headers=asked)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert "x-client-id" in preflight.headers["access-control-allow-headers"]
    assert "Origin" in preflight.headers["vary"]
    assert "access-control-allow-credentials" not in preflight.headers


def test_a_strangers_name_that_leads_here_is_no_page_of_ours(shared: ChatDoor) -> None:
    evil = f"evil.example:{shared.port}"
    told = {"Host": evil, "Origin": f"http://{evil}"}
    answer = httpx.post(f"{shared.url}/start", json={"name": "x"}, headers=told)
    assert (answer.status_code, answer.json()["code"]) == (403, "origin")
    hosted = httpx.get(shared.url, headers=told | {"Origin": ""})
    assert evil not in hosted.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("host", "sent_by_proxy", "own"),
    [
        ("gateway.example:443", "https", "https://gateway.example:443"),
        ("gateway.example", "http", ""),
        ("[::1]:8025", "http", "http://[::1]:8025"),
        ("127.0.0.1.evil.example", "http", ""),
        ("[", "http", ""),
        ("", "http", ""),
    ],
)
def test_its_own_page_is_known_by_certificate_or_by_this_computers_name(
    host: str, sent_by_proxy: str, own: str
) -> None:
    headers = [(b"host", host.encode()), (b"x-forwarded-proto", sent_by_proxy.encode())]
    asked = HTTPConnection({
        "type": "http", "scheme": "http", "path": "/", "query_string": b"", "headers": headers,
        "client": ("10.0.0.1", 5000), "server": ("10.0.0.2", 80),
    })  # fmt: skip
    assert own_origin(asked, (IPv4Network("10.0.0.0/24"),)) == own


def test_a_body_that_is_no_json_is_not_read(shared: ChatDoor) -> None:
    simple = httpx.post(
        f"{shared.url}/start",
        content=b'{"name":"x"}',
        headers={"Origin": ORIGIN, "Content-Type": "text/plain"},
    )
    assert simple.status_code == 400
    assert post(shared, "start", ["x"]).status_code == 400
    assert post(shared, "start", {"name": "x", "text": "y" * 70_000}).status_code == 413


@pytest.mark.parametrize(
    "told",
    [
        {"name": 7},
        {"name": "x" * 101},
        {"name": "x", "text": "y" * 4_001},
        {"name": "x", "email": ["a"]},
        {"name": "x", "service": "missed-bin", "answers": {"bin": "another"}},
        {"name": "x", "service": "missed-bin", "answers": "none"},
    ],
)
def test_what_cannot_be_kept_is_said_by_its_field(shared: ChatDoor, told: object) -> None:
    answer = post(shared, "start", told)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_answers_to_what_is_asked_are_kept_and_nothing_else(door: ChatDoor) -> None:
    answers = {"bin": "refuse", "due": "2026-11-20", "out": True, "crew": "ours", "notes": "n"}
    told = {
        "name": "Margaret\u202e\0",
        "service": "missed-bin",
        "answers": answers,
        "page": "https://www.norbridge.example/bins?token=secret#me",
        "language": "fr",
    }
    assert post(door, "start", told).status_code == 201
    new = door.centre.only.new
    assert dict(new.answers) == {"bin": "refuse", "due": "2026-11-20", "out": True}
    assert new.page == "https://www.norbridge.example/bins"
    assert new.language == "en"
    assert "127.0.0.1" not in new.client


def test_whoever_is_kept_out_or_too_late_is_told(door: ChatDoor) -> None:
    token = started(door)
    door.centre.blocked.add(door.centre.only.new.client)
    assert post(door, "start", {"name": "x"}).json()["code"] == "blocked"
    door.centre.blocked.clear()
    door.centre.is_open = False
    assert post(door, "start", {"name": "x"}).status_code == 409
    left = post(door, "message", {"name": "x", "email": "m@example.org", "text": "Call me"})
    assert (left.status_code, left.json()) == (201, {"reference": "C-8F3-T9K-1"})
    for over, code in ((True, 4409), (False, 4403)):
        door.centre.only.over, door.centre.only.blocked = over, not over
        with page(door, token) as one:
            one.say("a", "hello?")
            assert one.until("refused")["id"] == "a"
            assert _code(one) == code


@pytest.mark.parametrize("frame", ["x", '{"say":1}', '{"hello":{"token":"x"}}', b"\x00\x01"])
def test_what_is_no_frame_ends_the_connection(shared: ChatDoor, frame: str | bytes) -> None:
    with page(shared, started(shared)) as one:
        one.connection.send(frame)
        assert _code(one) == 1008


def test_a_frame_beyond_the_limit_is_not_read(shared: ChatDoor) -> None:
    with page(shared, started(shared)) as one:
        one.connection.send('{"typing":"' + "x" * LARGEST_FRAME + '"}')
        assert _code(one) == 1009
    with page(shared, started(shared)) as one:
        one.say("a", "x" * 4_001)
        assert one.until("refused")["code"] == "too_long"
        one.say("b", " \0 ")
        assert one.until("refused")["code"] == "empty"


def test_who_says_nothing_is_not_waited_for() -> None:
    with (
        chat_door(limits=Limits(hello_seconds=0.1)) as door,
        connect(door.talk_url, origin=None, additional_headers={"Origin": ORIGIN}) as silent,
        pytest.raises(ConnectionClosed) as closed,
    ):
        silent.recv(60)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


def test_typing_is_told_at_most_twice_a_second_whatever_a_page_sends() -> None:
    quick = Limits(frames=Rate(1_000, 60_000))
    with chat_door(limits=quick) as door, page(door, started(door)) as one:
        began = time.monotonic()
        for number in range(200):
            one.send(typing=f"My bin {number}")
            time.sleep(0.005)
        wait_for(lambda: door.centre.only.typed == "My bin 199", "the last of what was typed")
        took = time.monotonic() - began
        assert door.centre.typings <= 2 + took * 2


def test_who_talks_too_fast_is_heard_later_and_in_order() -> None:
    with chat_door(limits=Limits(says=Rate(5, 600))) as door, page(door, started(door)) as one:
        began = time.monotonic()
        for number in range(12):
            one.say(f"a-{number}", str(number))
        one.until_lines(12)
        assert one.texts == [str(number) for number in range(12)]
        assert time.monotonic() - began >= 0.6


def test_one_client_cannot_hold_all_connections() -> None:
    with (
        chat_door(limits=Limits(pages_a_client=2), proxied=True) as door,
        page(door, token := started(door), client="192.0.2.1") as one,
        page(door, token, client="192.0.2.1") as two,
    ):
        one.until("state")
        two.until("state")
        with page(door, token, client="192.0.2.1") as third:
            assert _code(third) == 4429
        with page(door, token, client="192.0.2.2") as other:
            other.until("state")


def test_starts_are_limited_by_client_and_a_client_cannot_name_itself() -> None:
    with chat_door(limits=Limits(starts=Rate(2, 1))) as door:
        answers = [
            post(door, "start", {"name": "x"}, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(3)
        ]
        assert [each.status_code for each in answers] == [201, 201, 429]
        assert int(answers[2].headers["retry-after"]) > 0


def test_a_file_is_what_its_bytes_are_and_only_ever_a_download(door: ChatDoor) -> None:
    token = started(door)
    assert _send_file(door, token, "../../<b>evil\u202e.svg", PNG).status_code == 201
    (file,) = door.centre.only.lines[-1].files
    assert (file.name, file.content_type) == ("_b_evil.svg.png", "image/png")
    given = _download(door, token, 1, file.id)
    assert given.content == PNG
    assert given.headers["content-type"] == "image/png"
    assert given.headers["content-disposition"].startswith("attachment;")
    assert given.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in given.headers["content-security-policy"]


def test_words_too_long_beside_a_file_are_refused_and_never_cut(door: ChatDoor) -> None:
    token = started(door)
    answer = _send_file(door, token, "a.png", PNG, text="x" * 4_001)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["text"])
    assert not door.centre.only.lines
    assert _send_file(door, token, "a.png", PNG, text="x" * 4_000).status_code == 201


@pytest.mark.parametrize(("name", "content"), [("a.svg", SVG), ("a.html", HTML)])
def test_an_advisors_page_with_a_script_is_only_bytes(
    door: ChatDoor, name: str, content: bytes
) -> None:
    token = started(door)
    sent = (NewAttachment(f'"\r\nX-Evil: 1;{name}', "text/html", content),)
    (file,) = door.centre.answer(door.centre.only.id, "here", sent).files
    given = _download(door, token, 1, file.id)
    assert given.headers["content-type"] == "application/octet-stream"
    assert given.headers["content-disposition"].startswith("attachment;")
    assert "x-evil" not in given.headers


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"MZ\x90\x00\x03" + b"\0" * 50, "file_kind"),
        (PNG + b"\0" * 2_000, "file_too_large"),
    ],
)
def test_files_that_are_not_taken_are_said_by_code(content: bytes, code: str) -> None:
    with chat_door(limits=Limits(file_bytes=1_000)) as door:
        answer = _send_file(door, started(door), "a.png", content)
        assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_what_one_client_sends_is_weighed_over_all_its_chats() -> None:
    """Twenty megabytes a request, twenty requests a minute, would fill a disk in an afternoon."""
    limits = Limits(megabytes=Rate(2, 0.001))
    content = PNG + b"\0" * 900_000
    with chat_door(limits=limits) as door:
        tokens = [started(door) for _ in range(3)]
        answers = [_send_file(door, token, "a.png", content) for token in tokens]
        assert [each.status_code for each in answers] == [201, 201, 429]
        assert answers[2].json()["code"] == "often"


def test_frames_without_end_are_heard_slowly() -> None:
    with chat_door(limits=Limits(frames=Rate(5, 600))) as door, page(door, started(door)) as one:
        began = time.monotonic()
        for number in range(15):
            one.send(ping=number)
        while one.until("pong") < 14:
            pass
        assert time.monotonic() - began >= 0.8


def test_an_end_said_again_and_again_asks_the_database_no_faster_than_talk() -> None:
    with chat_door(limits=Limits(says=Rate(3, 600))) as paced, page(paced, started(paced)) as one:
        began = time.monotonic()
        for _ in range(10):
            one.send(end={})
        one.send(ping=1)
        one.until("pong")
        assert time.monotonic() - began >= 0.5


def test_an_end_while_the_database_is_away_has_the_page_try_again(
    door: ChatDoor, caplog: pytest.LogCaptureFixture
) -> None:
    token = started(door)
    with page(door, token) as one:
        one.until("state")
        door.centre.away = True
        one.send(end={})
        assert _code(one) == 1013
    assert "chat: the database is away (DatabaseAway)" in caplog.messages
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


def test_a_file_belongs_to_its_chat_alone(door: ChatDoor) -> None:
    mine, other = started(door), started(door)
    assert _send_file(door, mine, "a.png", PNG).status_code == 201
    (file,) = door.centre.chats[1].lines[-1].files
    assert _download(door, other, 1, file.id).status_code == 404
    assert _download(door, "x" * 43, 1, file.id).status_code == 404
    assert _download(door, "", 1, file.id).status_code == 401


def test_a_page_that_does_not_read_is_cut_and_the_others_are_not() -> None:
    """Its connection's buffers are full; nothing is kept for it for ever."""
    limits = Limits(send_seconds=0.3, page_frames=50)
    with chat_door(limits=limits, deaf_seconds=0.5) as door:
        token = started(door)
        chat = door.centre.only
        deaf = _deaf(door, token)
        with deaf, page(door, token) as one:
            one.until("state")
            stop = threading.Event()
            teller = threading.Thread(target=_tell, args=(door, chat.id, stop))
            teller.start()
            try:
                while not _is_cut(deaf):
                    one.next()
            finally:
                stop.set()
                teller.join()
            one.until_lines(len(chat.lines))
            assert [line["seq"] for line in one.lines] == list(range(1, len(chat.lines) + 1))


def _deaf(door: ChatDoor, token: str) -> socket.socket:
    """A connection that said hello and reads nothing; small buffers, so that it is soon full."""
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    deaf.connect(("127.0.0.1", door.port))
    deaf.sendall(
        f"GET /chat/norbridge/talk HTTP/1.1\r\nHost: 127.0.0.1:{door.port}\r\n"
        f"Origin: {ORIGIN}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in deaf.recv(1_000)
    hello = json.dumps({"hello": {"token": token}}).encode()
    deaf.sendall(bytes([0x81, 0x80 | len(hello)]) + b"\0\0\0\0" + hello)
    return deaf


def _tell(door: ChatDoor, chat_id: int, stop: threading.Event) -> None:
    while not stop.is_set():
        for _ in range(20):
            door.centre.answer(chat_id, "x" * 4_000)
        time.sleep(0.02)


def _is_cut(deaf: socket.socket) -> bool:
    """Whether the other side has closed: then what is sent to it is answered by a reset."""
    try:
        deaf.send(b"\x8a\x80\0\0\0\0")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


def test_no_token_text_or_name_is_in_the_log(
    door: ChatDoor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("websockets").setLevel(logging.WARNING)
    token = started(door, "Margaret Okafor", "my secret text")
    with page(door, token) as one:
        one.say("a-1", "another secret")
        one.until("kept")
        door.centre.away = True
        one.say("a-2", "kept later")
        one.until("away")
        door.centre.away = False
        one.until("kept")
        one.connection.send("x")
        _code(one)
    words = "\n".join(record.getMessage() for record in caplog.records)
    for each in (token, "Okafor", "secret", "kept later"):
        assert each not in words
