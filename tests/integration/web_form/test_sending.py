"""What happens to a form that is sent, seen from the browser's side of a real connection."""

from __future__ import annotations

import httpx
import pytest

from crm_desktop.domain.states import Channel
from tests.integration.web_form.visitor import FILLED, open_form, send, ticket_of
from tests.servers.forms_site import FormsSite

JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 2_000


def test_index_links_every_form(client: httpx.Client) -> None:
    page = client.get("/forms")

    assert page.status_code == 200
    assert 'href="/forms/missed-bin"' in page.text
    assert "Tell us within 2 working days." in page.text


def test_a_notice_stands_on_the_pages_as_text(client: httpx.Client, site: FormsSite) -> None:
    site.centre.told = ("Bins are <b>late</b> this week",)

    pages = [client.get(each).text for each in ("/forms", "/forms/missed-bin")]

    assert all("Bins are &lt;b&gt;late&lt;/b&gt; this week" in each for each in pages)
    assert all('class="govuk-notification-banner"' in each for each in pages)
    site.centre.told = ()
    assert "Bins are" in client.get("/forms").text, "it is asked again after some seconds"


def test_a_sent_form_is_kept_and_its_reference_shown(client: httpx.Client, site: FormsSite) -> None:
    answer = send(client, open_form(client))
    done = client.get(answer.headers["location"])

    assert answer.status_code == 303
    assert "C-8F3-T9K-1" in done.text
    message = site.centre.only
    assert message.channel is Channel.WEB_FORM
    assert (message.sender.name, message.sender.address) == (
        "Margaret Okafor",
        "m.okafor@example.org",
    )
    assert (message.service_code, message.form_version) == ("missed-bin", 3)
    assert message.answers == {
        "bin": "recycling",
        "due": "2026-11-19",
        "out": True,
        "address": "14 Mill Lane, Norbridge",
    }
    assert "Which bin was missed?\nRecycling (blue)" in message.text
    assert "How should we contact you?\nBy email" in message.text


def test_the_advisors_questions_are_neither_asked_nor_taken(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)

    send(client, ticket, {**FILLED, "crew": "ha"})

    assert "Crew" not in client.get("/forms/missed-bin").text
    assert "crew" not in site.centre.only.answers


def test_errors_stand_in_order_and_what_was_typed_stays(
    client: httpx.Client, site: FormsSite
) -> None:
    typed = {"due-day": "31", "due-month": "2", "due-year": "2026", "notes": 'a <b> "c" & d'}

    page = send(client, open_form(client), typed)

    assert page.status_code == 422
    assert "<title>Error: Report a missed bin" in page.text
    assert page.text.index("Select which bin was missed") < page.text.index("must be a real date")
    assert 'href="#bin-1"' in page.text
    assert 'href="#due-day"' in page.text
    assert "a &lt;b&gt; &#34;c&#34; &amp; d</textarea>" in page.text
    assert 'value="31"' in page.text
    assert site.centre.kept == {}


def test_mended_errors_are_one_submission(client: httpx.Client, site: FormsSite) -> None:
    first = send(client, open_form(client), {"bin": "refuse"})

    second = send(client, ticket_of(first.text))

    assert second.status_code == 303
    assert len(site.centre.kept) == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"contact-way": ""}, "Select how we should contact you, or that we do not need to"),
        ({"contact-email": ""}, "Enter your email address, so that we can email you"),
        ({"contact-way": "phone"}, "Enter your telephone number, so that we can call you"),
        ({"contact-name": ""}, "Enter your full name"),
        ({"form-website": "http://cheap.example"}, "Leave this box empty"),
    ],
)
def test_what_is_missing_to_answer_is_asked_for(
    client: httpx.Client, site: FormsSite, changed: dict[str, str], words: str
) -> None:
    page = send(client, open_form(client), {**FILLED, **changed})

    assert page.status_code == 422
    assert words in page.text
    assert site.centre.kept == {}


def test_anonymous_where_the_form_allows_it(client: httpx.Client, site: FormsSite) -> None:
    texts = {**FILLED, "contact-name": "", "contact-email": "", "contact-way": "none"}

    assert send(client, open_form(client), texts).status_code == 303
    assert site.centre.only.sender.address == ""


def test_not_anonymous_where_the_form_needs_an_answer(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client, "callback")

    page = send(client, ticket, {"contact-way": "none"}, code="callback")

    assert page.status_code == 422
    assert "You do not need to contact me" not in page.text


def test_double_click_reload_and_back_then_send_are_one_submission(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)
    answers = [send(client, ticket) for _ in range(3)]

    answers.append(send(client, open_form(client)))

    references = {client.get(answer.headers["location"]).text for answer in answers}
    assert len(references) == 1
    assert len(site.centre.kept) == 1
    assert site.centre.calls == 4


def test_a_corrected_second_submission_is_not_swallowed(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)

    send(client, ticket)
    send(client, ticket, {**FILLED, "notes": "I forgot to say: mind the dog"})

    assert len(site.centre.kept) == 2


def test_the_same_words_of_another_person_are_another_submission(
    client: httpx.Client, site: FormsSite
) -> None:
    send(client, open_form(client))
    with httpx.Client(base_url=site.url) as other:
        send(other, open_form(other))

    assert len(site.centre.kept) == 2


@pytest.mark.parametrize("ticket", ["", "forged", "WyJhIiwxLCJtaXNzZWQtYmluIl0.aaaa.bbbb"])
def test_a_missing_or_forged_ticket_sends_nothing_and_loses_nothing(
    client: httpx.Client, site: FormsSite, ticket: str
) -> None:
    open_form(client)

    page = send(client, ticket)

    assert page.status_code == 403
    assert site.centre.kept == {}
    assert 'value="Margaret Okafor"' in page.text
    assert send(client, ticket_of(page.text)).status_code == 303


def test_a_ticket_is_of_no_use_without_its_cookie_or_for_another_form(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)

    with httpx.Client(base_url=site.url) as stranger:
        assert send(stranger, ticket).status_code == 403
        open_form(stranger)
        assert send(stranger, ticket).status_code == 403
    assert send(client, ticket, code="callback").status_code == 403
    assert site.centre.kept == {}


def test_a_confirmation_link_cannot_be_made_up(client: httpx.Client) -> None:
    link = send(client, open_form(client)).headers["location"]

    assert client.get(link[:-2] + "xx").status_code == 404
    assert client.get(link.replace("missed-bin", "callback")).status_code == 404
    assert client.get("/forms/missed-bin/done/C-8F3-T9K-1").status_code == 404


def test_when_the_database_is_away_the_page_keeps_what_was_typed(
    client: httpx.Client, site: FormsSite
) -> None:
    ticket = open_form(client)
    site.centre.away = True

    page = send(client, ticket)
    site.centre.away = False
    again = send(client, ticket_of(page.text))

    assert page.status_code == 503
    assert "Nothing was lost" in page.text
    assert 'value="Margaret Okafor"' in page.text
    assert "retry-after" not in page.text
    assert again.status_code == 303
    assert len(site.centre.kept) == 1


@pytest.mark.parametrize("path", ["/forms", "/forms/missed-bin"])
def test_when_the_database_is_away_reading_says_so(
    client: httpx.Client, site: FormsSite, path: str
) -> None:
    site.centre.away = True

    page = client.get(path)

    assert page.status_code == 503
    assert page.headers["retry-after"] == "60"


def test_a_bug_of_ours_shows_words_and_nothing_else(client: httpx.Client, site: FormsSite) -> None:
    site.centre.broken = True

    page = client.get("/forms/missed-bin")

    assert page.status_code == 500
    assert "there is a problem with the service" in page.text
    assert "Okafor" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "path", ["/forms/nothing", "/forms/broken", "/forms/a/b/c", "/forms/assets/../routes.py"]
)
def test_what_is_not_there_is_a_page_too(client: httpx.Client, path: str) -> None:
    page = client.get(path)

    assert page.status_code == 404
    assert "Page not found" in page.text


def test_photos_arrive_under_safe_names(client: httpx.Client, site: FormsSite) -> None:
    files = [
        ("photos", ("../../etc/passwd", JPEG, "text/html")),
        ("photos", ("C:\\temp\\Bin photo.JPEG", JPEG, "image/jpeg")),
        ("photos", ("run\u202egpj.exe", b"just a note\n", "application/x-msdownload")),
        ("crew", ("x.jpg", JPEG, "image/jpeg")),
    ]

    answer = send(client, open_form(client), files=files)

    assert answer.status_code == 303
    kept = [(one.name, one.content_type) for one in site.centre.only.attachments]
    assert kept == [
        ("passwd.jpg", "image/jpeg"),
        ("Bin photo.jpg", "image/jpeg"),
        ("rungpj.exe.txt", "text/plain"),
    ]
    assert site.centre.only.attachments[0].content == JPEG
    assert site.centre.only.answers["photos"] == [name for name, _ in kept]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ([("a.jpg", b"MZ\x90\0 this is a program")], "must be a JPG, PNG, HEIC"),
        ([("a.jpg", b"")], "The selected file is empty"),
        ([(f"{n}.jpg", JPEG) for n in range(6)], "You can only select up to 5 files"),
        ([("a.jpg", JPEG + bytes(10_000_000))], "must be smaller than 10MB"),
    ],
)
def test_files_that_cannot_be_taken(
    client: httpx.Client, site: FormsSite, files: list[tuple[str, bytes]], words: str
) -> None:
    uploads = [("photos", (name, content, "image/jpeg")) for name, content in files]

    page = send(client, open_form(client), files=uploads)

    assert page.status_code == 422
    assert words in page.text
    assert "Choose your files again" in page.text
    assert site.centre.kept == {}


def test_every_answer_carries_its_guards(client: httpx.Client) -> None:
    sent = send(client, open_form(client))
    pages = [client.get("/forms"), client.get("/forms/nothing"), sent]
    pages.append(client.get(sent.headers["location"]))

    for page in pages:
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert "strict-transport-security" not in page.headers
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert "<script>" not in page.text


def test_assets_are_cached_and_checked_again(client: httpx.Client) -> None:
    first = client.get("/forms/assets/brand.css")

    again = client.get("/forms/assets/brand.css", headers={"if-none-match": first.headers["etag"]})

    assert "#12324a" in first.text
    assert again.status_code == 304
