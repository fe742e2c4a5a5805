"""Strangers who send too much, too often, too slowly, or nonsense."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator

import httpx
import pytest

from crm_desktop.channels.web.limits import Rate
from crm_desktop.channels.web_form.port import Limits
from tests.integration.web_form.visitor import FILLED, open_form, send
from tests.servers.forms_site import FormsSite, forms_site

HEAD = {"content-type": "multipart/form-data; boundary=edge"}


def test_an_upload_over_the_limit_gets_words_not_a_broken_line() -> None:
    def flood() -> Iterator[bytes]:
        yield b'--edge\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
        for _ in range(400):
            yield bytes(100_000)
        yield b"\r\n--edge--\r\n"

    limits = Limits(files_bytes=1_000_000, text_bytes=10_000)
    with forms_site(limits) as site, httpx.Client(base_url=site.url) as client:
        streamed = client.post("/forms/missed-bin", content=flood(), headers=HEAD)
        declared = client.post("/forms/missed-bin", content=bytes(2_000_000), headers=HEAD)

    for page in (streamed, declared):
        assert page.status_code == 413
        assert "Your files are too large" in page.text
    assert site.centre.kept == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no multipart at all",
        b"--edge\r\n",
        b"--edge\r\nContent-Disposition: form-data\r\n\r\nx\r\n--edge--\r\n",
        b'--edge\r\nContent-Disposition: form-data; name="form-ticket"\r\n\r\nx',
        b"--edge\r\n" + b"A" * 50_000 + b": b\r\n\r\nx\r\n--edge--\r\n",
        b'--edge\r\nContent-Disposition: form-data; name="a\0"\r\n\r\n\0\xff\xfe\r\n--edge--\r\n',
        b'--edge\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' * 1_100 + b"--edge--\r\n",
    ],
)
def test_nonsense_is_refused_in_plain_words(
    client: httpx.Client, site: FormsSite, body: bytes
) -> None:
    page = client.post("/forms/missed-bin", content=body, headers=HEAD)

    assert page.status_code in (400, 403)
    assert "<h1" in page.text
    assert site.centre.kept == {}
    assert client.get("/forms/missed-bin").status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["application/json", "multipart/form-data", "text/plain", ""],
)
def test_what_is_no_form_is_refused(client: httpx.Client, kind: str) -> None:
    page = client.post("/forms/missed-bin", content=b"{}", headers={"content-type": kind})

    assert page.status_code == 400


def test_a_charset_of_the_senders_choice_breaks_nothing(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)
    body = (
        f'--edge\r\nContent-Disposition: form-data; name="form-ticket"\r\n\r\n{ticket}\r\n'
        '--edge\r\nContent-Disposition: form-data; name="notes"\r\n\r\n\\ud800\\x00\r\n--edge--\r\n'
    )

    page = client.post(
        "/forms/missed-bin",
        content=body.encode(),
        headers={"content-type": "multipart/form-data; boundary=edge; charset=unicode_escape"},
    )

    assert page.status_code == 422
    assert site.centre.kept == {}


def test_null_bytes_and_controls_reach_nobody(client: httpx.Client, site: FormsSite) -> None:
    texts = {**FILLED, "notes": "one\0two\x1b[31m\r\nthree\u202e", "contact-name": "A\nB"}

    assert send(client, open_form(client), texts).status_code == 303
    assert site.centre.only.answers["notes"] == "onetwo[31m\nthree"
    assert site.centre.only.sender.name == "A B"


def test_too_often_gets_words_and_reading_goes_on() -> None:
    with (
        forms_site(Limits(submissions=Rate(2, 0.001))) as site,
        httpx.Client(base_url=site.url) as client,
    ):
        ticket = open_form(client)
        answers = [send(client, ticket).status_code for _ in range(3)]
        refused = send(client, ticket)

        assert answers == [303, 303, 429]
        assert "Too many requests" in refused.text
        assert refused.headers["retry-after"] == "60"
        assert client.get("/forms/missed-bin").status_code == 200


@pytest.mark.parametrize(("proxied", "expected"), [(False, 429), (True, 303)])
def test_whom_a_proxy_speaks_for_is_believed_only_of_our_own_proxy(
    proxied: bool, expected: int
) -> None:
    limits = Limits(submissions=Rate(1, 0.001))
    with forms_site(limits, proxied=proxied) as site, httpx.Client(base_url=site.url) as client:
        ticket = open_form(client)
        client.headers["x-forwarded-for"] = "198.51.100.1"
        send(client, ticket)
        client.headers["x-forwarded-for"] = "203.0.113.9, 198.51.100.2"

        assert send(client, ticket).status_code == expected


def test_behind_a_tls_proxy_cookie_and_headers_are_strict() -> None:
    with forms_site(proxied=True) as site, httpx.Client(base_url=site.url) as client:
        page = client.get("/forms/missed-bin", headers={"x-forwarded-proto": "https"})

    assert page.headers["set-cookie"].startswith("__Host-crm-form=")
    assert "Secure" in page.headers["set-cookie"]
    assert "HttpOnly" in page.headers["set-cookie"]
    assert page.headers["strict-transport-security"] == "max-age=31536000"


def test_a_sender_who_never_finishes_is_answered_and_let_go() -> None:
    with (
        forms_site(Limits(body_seconds=0.3)) as site,
        socket.create_connection(("127.0.0.1", site.port), 20) as line,
    ):
        line.sendall(
            b"POST /forms/missed-bin HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
        )
        answer = line.recv(100)

    assert b"408" in answer.split(b"\r\n")[0]


def test_a_sender_who_hangs_up_is_no_trouble(client: httpx.Client, site: FormsSite) -> None:
    with socket.create_connection(("127.0.0.1", site.port), 20) as line:
        line.sendall(
            b"POST /forms/missed-bin HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n"
            b"Content-Type: multipart/form-data; boundary=edge\r\n\r\n--edge\r\n"
        )

    assert client.get("/forms").status_code == 200


def test_nothing_personal_is_logged(
    client: httpx.Client, site: FormsSite, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "crm_desktop")
    caplog.set_level(logging.DEBUG, "multipart")
    caplog.set_level(logging.DEBUG, "python_multipart")
    ticket = open_form(client)
    send(client, ticket)
    site.centre.away = True
    send(client, ticket)
    site.centre.away, site.centre.broken = False, True
    client.get("/forms")

    said = " ".join(record.getMessage() for record in caplog.records)
    assert "not saved" in said or "away" in said
    for secret in ("Okafor", "example.org", "Mill Lane", ticket):
        assert secret not in said
