"""Forms that are too large, forged or nonsense, sent to a running gateway."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from crm_desktop.store.models import Blob, Case, Contact
from tests.centre import Centre
from tests.e2e.bad_days.program import StartGateway
from tests.integration.gateway.looking import rows
from tests.integration.web_form.visitor import open_form, send

FILLED = {
    "bin": "recycling",
    "contact-name": "Margaret Okafor",
    "contact-email": "margaret@example.org",
    "contact-way": "email",
}
_KIND = {"content-type": "multipart/form-data; boundary=edge"}
_FORM = "/forms/missed_bin"


def _hundred_megabytes() -> Iterator[bytes]:
    yield b'--edge\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"\r\n\r\n'
    for _ in range(100):
        yield bytes(1024 * 1024)
    yield b"\r\n--edge--\r\n"


def test_each_is_answered_in_words_and_nothing_is_kept(
    centre: Centre, start_gateway: StartGateway
) -> None:
    gateway = start_gateway(centre).wait_ready()
    with httpx.Client(base_url=gateway.web, timeout=60) as client:
        ticket = open_form(client, "missed_bin")
        pages = {
            "too large": client.post(_FORM, content=_hundred_megabytes(), headers=_KIND),
            "no multipart": client.post(_FORM, content=b"\x00no multipart", headers=_KIND),
            "cut off": client.post(_FORM, content=b"--edge\r\nContent-Disp", headers=_KIND),
            "no form": client.post(_FORM, json={"bin": "recycling"}),
            "forged": send(client, "forged" + ticket[6:], FILLED, code="missed_bin"),
            "not an answer": send(client, ticket, {**FILLED, "bin": "x'--"}, code="missed_bin"),
            "no such form": send(client, ticket, FILLED, code="..%2f..%2fetc"),
        }
        with httpx.Client(base_url=gateway.web) as another:
            pages["stolen"] = send(another, ticket, FILLED, code="missed_bin")

        codes = {name: page.status_code for name, page in pages.items()}
        assert codes == {
            "too large": 413,
            "no multipart": 400,
            "cut off": 403,
            "no form": 400,
            "forged": 403,
            "not an answer": 422,
            "no such form": 404,
            "stolen": 403,
        }
        assert all("<h1" in page.text and "Traceback" not in page.text for page in pages.values())
        assert "margaret@example.org" in pages["forged"].text, "what was typed is on the page again"
        owner = centre.as_owner()
        assert [rows(owner, model) for model in (Contact, Case, Blob)] == [0, 0, 0]
        assert send(client, ticket, FILLED, code="missed_bin").status_code == 303
        assert rows(owner, Contact) == 1
