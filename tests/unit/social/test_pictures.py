"""Pictures come only from where strangers may point, and are what they begin with."""

import socket
from contextlib import closing

import pytest

from crm_desktop.channels.social.fetching import with_pictures
from crm_desktop.channels.social.pictures import Fetcher, Found, kind_of
from crm_desktop.channels.social.safety import is_protected, is_public
from tests.integration.services.posts import post

SERVER = "https://social.example"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1", "fd00::1",
     "0.0.0.0", "224.0.0.1", "::ffff:10.0.0.1", "100.64.0.1", "name"],
)  # fmt: skip
def test_addresses_nearby_are_not_of_the_internet(address: str) -> None:
    assert not is_public(address)


def test_addresses_of_the_internet_are() -> None:
    assert is_public("8.8.8.8")
    assert is_public("2606:4700::1111")


@pytest.mark.parametrize(
    "address",
    ["http://far.example/x.png", "file:///etc/passwd", "ftp://x/", "", "https://", "data:,x",
     "https://inside.example/x.png", "http://127.0.0.1:1/x.png"],
)  # fmt: skip
def test_a_picture_that_points_inside_or_nowhere_is_a_problem(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def inside(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.1.2.3", 443))]

    monkeypatch.setattr(socket, "getaddrinfo", inside)
    with closing(Fetcher(SERVER)) as fetcher:
        shown = with_pictures(post(), [Found(address, "bins")], fetcher.content)
    assert shown.pictures == ()
    words = "Picture 1 could not be fetched; open the post to see it. Its description: bins"
    assert shown.problems == (words,)


def test_a_kind_is_what_the_bytes_begin_with() -> None:
    assert kind_of(b"\x89PNG\r\n\x1a\n...") == ("image/png", "png")
    assert kind_of(b"RIFF\0\0\0\0WEBPVP8 ") == ("image/webp", "webp")
    assert kind_of(b"<svg xmlns=") is None
    assert kind_of(b"MZ") is None
    assert kind_of(b"") is None


def test_only_https_or_this_machine_is_protected() -> None:
    assert is_protected("https://x.example/")
    assert is_protected("http://localhost:8000/")
    assert not is_protected("http://localhost.evil.example/")
    assert not is_protected("http://user@evil.example/")
