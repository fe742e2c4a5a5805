"""What a kiosk answers: hostile, hurried and unlucky visitors, and a centre that is away."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime

import httpx
import pytest

from crm_desktop.channels.kiosk.answers import Answers, Step
from crm_desktop.channels.kiosk.port import Limits
from crm_desktop.channels.kiosk.words import WORDS, wait_on_ticket, wait_on_tile
from crm_desktop.channels.web.limits import Rate
from crm_desktop.domain.visits import Need
from tests.unit.kiosk.centre import (
    KEY,
    LIBRARY,
    RESOURCES,
    Centre,
    send,
    to_the_end,
    token_of,
    visiting,
)

_MISSING = (
    f"/{KEY[:-1]}0", "/", f"/{KEY}/ticket/x", f"/{KEY}/other", "/assets/../kiosk.js", "/assets/x",
)  # fmt: skip


@pytest.mark.parametrize("path", _MISSING)
def test_a_wrong_address_tells_nothing(path: str) -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "Guildhall" not in answer.text

    visiting(Centre(), visit)


def test_guessing_keys_reads_the_sites_once() -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        for number in range(40):
            assert (await client.get(f"/{number:032x}")).status_code == 404

    visiting(centre, visit)
    assert centre.sites_read == 1


def test_the_same_page_sent_again_is_one_ticket() -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client, need=["step_free", "nonsense"], lang="cy")
        first, again = await send(client, last), await send(client, last)
        assert first.status_code == again.status_code == 303
        shown = await client.get(first.headers["location"].removeprefix("/kiosk"))
        assert "H001" in shown.text
        assert "Tai" in shown.text
        assert 'lang="cy"' in shown.text

    visiting(centre, visit)
    (kept,) = centre.kept.values()
    assert (kept.needs, kept.language, kept.phone) == ((Need.STEP_FREE,), "cy", "")


def test_every_visitor_begins_with_a_key_of_their_own() -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        for _ in range(2):
            await send(client, await to_the_end(client))

    visiting(centre, visit)
    assert len(centre.kept) == 2


@pytest.mark.parametrize("token", ["", "x", "x.y.z", None])
def test_what_was_not_begun_here_begins_again(token: str | None) -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client)
        if token is None:
            elsewhere = await send(client, {"step": "about", "service": "8"}, LIBRARY)
            last["token"] = token_of(elsewhere)
        else:
            last["token"] = token
        answer = await send(client, last)
        assert answer.status_code == 422
        assert "Please start again" in answer.text

    visiting(centre, visit)
    assert not centre.kept


@pytest.mark.parametrize("service", ["", "8", "0", "-1", "9" * 40, "7; DROP TABLE visit", "٧"])
def test_only_what_the_site_is_for_can_be_chosen(service: str) -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        answer = await send(client, {"step": "about", "service": service})
        assert answer.status_code == 422
        assert "Choose what your visit is about" in answer.text

    visiting(Centre(), visit)


def test_a_booking_brings_its_service_and_needs() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        page = await send(client, {"step": "booking", "service": "7", "reference": "V-1"})
        assert "Do you need any of these?" in page.text
        assert re.search(r'value="hearing_loop" checked', page.text)

    visiting(Centre(), visit)


def test_whoever_comes_too_late_for_a_booking_is_told_so() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        page = await send(client, {"step": "booking", "service": "7", "reference": "V-9"})
        assert page.status_code == 422
        assert "The time of this appointment has passed." in page.text

    visiting(Centre(), visit)


def test_guessing_references_is_slowed_down() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        said = {"step": "booking", "service": "7", "reference": "V-2"}
        answers = [(await send(client, dict(said))).text for _ in range(3)]
        assert "There is no appointment with this reference" in answers[1]
        assert "too many tries" in answers[2]

    visiting(Centre(), visit, Limits(bookings=Rate(2, 0.001)))


def test_a_site_is_not_flooded_with_tickets() -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        given = [await send(client, await to_the_end(client)) for _ in range(3)]
        assert [each.status_code for each in given] == [303, 303, 429]
        assert "Try again" in given[2].text

    visiting(centre, visit, Limits(tickets=Rate(2, 0.001)))
    assert len(centre.kept) == 2


def test_whoever_asks_too_often_waits() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        answers = [(await client.get(f"/{KEY}")).status_code for _ in range(3)]
        assert answers == [200, 200, 429]

    visiting(Centre(), visit, Limits(pages=Rate(2, 0.001)))


def test_what_is_too_large_or_no_form_is_refused() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        assert (await send(client, {"step": "a" * 30_000})).status_code == 400
        assert (await client.post(f"/{KEY}", content=b"step=about")).status_code == 400

    visiting(Centre(), visit)


def test_while_the_database_is_away_nothing_is_lost(caplog: pytest.LogCaptureFixture) -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client, phone="07700 900 982", go="next")
        centre.away = True
        away = await send(client, last)
        assert away.status_code == 503
        assert "Please go to the counter" in away.text
        assert (await client.get(f"/{KEY}")).status_code == 503
        again = dict(re.findall(r'name="([a-z]+)" value="([^"]*)"', away.text))
        centre.away = False
        given = await send(client, again)
        assert given.status_code == 303
        assert (await send(client, again)).status_code == 303

    visiting(centre, visit)
    (kept,) = centre.kept.values()
    assert kept.phone == "07700 900 982"
    assert "900" not in caplog.text


def test_a_bug_costs_no_answers_and_tells_the_log_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client, phone="07700 900 982", go="next")
        centre.broken = True
        answer = await send(client, last)
        assert answer.status_code == 500
        assert "Try again" in answer.text

    with caplog.at_level(logging.DEBUG, "crm_desktop"):
        visiting(centre, visit)
    assert "ValueError" in caplog.text
    assert "900" not in caplog.text
    assert "Okafor" not in caplog.text


def test_what_cannot_be_given_sends_people_to_the_counter() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        answer = await send(client, await to_the_end(client))
        assert answer.status_code == 409
        assert "Please go to the counter" in answer.text
        assert "Ewch at y cownter" in answer.text

    visiting(Centre(full=True), visit)


def test_no_number_is_asked_for_where_nobody_can_text() -> None:
    centre = Centre(texts=False)

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client, step="needs", go="next")
        assert (await send(client, last)).status_code == 303

    visiting(centre, visit)
    assert len(centre.kept) == 1


def test_nothing_is_framed_inlined_or_kept() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        headers = (await client.get(f"/{KEY}")).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "set-cookie" not in headers

    visiting(Centre(), visit)
    for template in (RESOURCES / "kiosk").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", text), template


def test_what_was_typed_is_shown_as_text() -> None:
    async def visit(client: httpx.AsyncClient) -> None:
        said = {"step": "booking", "service": "7", "reference": '"><script>x'}
        page = await send(client, dict(said))
        assert "<script>x" not in page.text
        assert "&lt;script&gt;x" in page.text

    visiting(Centre(), visit)


def test_both_languages_say_the_same_things() -> None:
    english, welsh = WORDS["en"], WORDS["cy"]
    assert english.keys() == welsh.keys()
    fields = re.compile(r"\{[a-z]+\}")
    for name in english:
        assert fields.findall(english[name]) == fields.findall(welsh[name]), name


@pytest.mark.parametrize(
    ("seconds", "tile", "ticket"),
    [
        (None, "Wait not known yet", "We cannot say yet how long it will take."),
        (0, "No wait", ""),
        (30, "Wait: about 1 minute", "Expected wait: about 1 minute."),
        (181, "Wait: about 4 minutes", "Expected wait: about 4 minutes."),
        (660, "Wait: about 15 minutes", "Expected wait: about 15 minutes."),
        (3_700, "Wait: more than an hour", "Expected wait: more than an hour."),
    ],
)
def test_waits_are_said_roughly(seconds: int | None, tile: str, ticket: str) -> None:
    assert wait_on_tile("en", seconds) == tile
    assert wait_on_ticket("en", seconds) == ticket


def test_the_questions_depend_on_the_answers() -> None:
    plain, spoken = Answers(), Answers(needs=(Need.INTERPRETER,))
    assert plain.after(Step.NEEDS, texts=False) is None
    assert plain.after(Step.NEEDS, texts=True) is Step.PHONE
    assert spoken.after(Step.NEEDS, texts=False) is Step.LANGUAGE
    assert spoken.before(Step.PHONE, texts=True) is Step.LANGUAGE
    assert plain.before(Step.ABOUT, texts=True) is Step.ABOUT


#: A Monday after the clock change.
_OPENS = datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_outside_opening_hours_the_kiosk_says_when_it_opens_in_both_languages() -> None:
    centre = Centre(closed=True, opens_at=_OPENS)

    async def visit(client: httpx.AsyncClient) -> None:
        page = await client.get(f"/{KEY}")
        assert page.status_code == 200
        assert "We are closed now" in page.text
        assert "We open again on Monday 30 March 2026 at 09:00." in page.text
        assert "Byddwn ar agor eto: dydd Llun 30 Mawrth 2026 am 09:00." in page.text
        assert '<form method="post"' not in page.text
        welsh = await client.get(f"/{KEY}?lang=cy")
        assert 'lang="cy" class' in welsh.text
        assert '<h1 class="govuk-heading-xl">Rydym ar gau nawr</h1>' in welsh.text
        sent = await send(client, {"step": "about", "service": "7"})
        assert sent.status_code == 409
        assert "We are closed now" in sent.text
        assert (await client.get(f"/{LIBRARY}")).text.count("Books")

    visiting(centre, visit)
    assert not centre.kept


def test_who_answers_while_it_closes_gets_no_ticket() -> None:
    centre = Centre()

    async def visit(client: httpx.AsyncClient) -> None:
        last = await to_the_end(client)
        centre.closes_meanwhile = True
        answer = await send(client, last)
        assert answer.status_code == 409
        assert "Our opening hours are on the council’s website." in answer.text

    visiting(centre, visit)
    assert not centre.kept
