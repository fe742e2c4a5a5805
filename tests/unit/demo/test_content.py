"""The demo council is whole, believable and free of anybody real."""

from __future__ import annotations

import json
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from crm_desktop.demo.content import PLACEHOLDER, ContentError, DemoCentre, DemoService, load
from crm_desktop.demo.open311.catalogue import CATALOGUE
from crm_desktop.domain.forms import Form
from crm_desktop.domain.matching import ServiceWords, key_terms, propose
from crm_desktop.domain.states import Channel, StaffRole

RESOURCES = Path(__file__).parents[3] / "resources" / "demo"
CENTRE = load(RESOURCES)
WITH_FORM = [service for service in CENTRE.services if service.schema is not None]
HANDED_OFF = [service for service in CENTRE.services if service.handoff is not None]


def named(service: DemoService) -> str:
    return service.code


def all_text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in RESOURCES.rglob("*.*"))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RESOURCES, tmp_path / "demo"))


def changed(directory: Path, name: str, change: dict[str, Any]) -> None:
    """Overwrite a part of a file, or of the first entry of a list."""
    path = directory / name
    data = json.loads(path.read_text(encoding="utf-8"))
    (data if isinstance(data, dict) else data[0]).update(change)
    path.write_text(json.dumps(data), encoding="utf-8")


def test_the_centre_is_large_enough_to_look_real() -> None:
    assert len(CENTRE.queues) >= 8
    assert len(CENTRE.services) >= 24
    assert len(CENTRE.staff) == 16
    assert len(CENTRE.articles) >= 40
    assert len(CENTRE.templates) >= 12
    assert len(CENTRE.mails) >= 60
    assert len(WITH_FORM) >= 10


def test_every_role_has_somebody_and_every_queue_somebody_who_answers() -> None:
    assert {person.role for person in CENTRE.staff} == set(StaffRole)
    for queue in CENTRE.queues:
        members = [person for person in CENTRE.staff if queue.code in person.queues]
        assert any(person.role in (StaffRole.ADVISOR, StaffRole.DESK) for person in members)


def test_every_channel_that_is_answered_here_has_a_queue() -> None:
    served = {channel for queue in CENTRE.queues for channel in queue.channels}

    assert served == set(Channel)


def test_every_calendar_opens() -> None:
    for calendar in CENTRE.calendars:
        assert calendar.hours.working_day > timedelta(hours=5)


@pytest.mark.parametrize("service", WITH_FORM, ids=named)
def test_every_form_is_a_valid_schema_that_the_public_can_answer(service: DemoService) -> None:
    assert service.schema is not None
    jsonschema.Draft202012Validator.check_schema(service.schema)
    form = Form.from_schema(service.schema)

    assert list(service.schema["x-order"]) == list(service.schema["properties"])
    assert form.public().fields
    for field in form.fields:
        assert field.question[0].isupper()
        if field.required:
            words = field.required_words
            assert words.startswith(("Enter", "Select")), words


@pytest.mark.parametrize("service", HANDED_OFF, ids=named)
def test_every_hand_off_answers_what_its_target_asks(service: DemoService) -> None:
    assert service.handoff is not None
    assert service.schema is not None
    target = next(each for each in CATALOGUE if each.code == service.handoff.service_code)
    form = Form.from_schema(service.schema)
    questions = {question.code: question for question in target.questions}

    assert set(service.handoff.attributes) == set(questions)
    for code, name in service.handoff.attributes.items():
        field = form.field(name)
        assert field is not None
        offered = {str(choice.value) for choice in field.choices}
        assert offered == {key for key, _ in questions[code].values}
        assert field.required or not questions[code].required


def test_every_hand_off_of_the_sandbox_is_used() -> None:
    used = {service.handoff.service_code for service in HANDED_OFF if service.handoff}

    assert used == {each.code for each in CATALOGUE}


def test_every_article_is_long_enough_to_help_and_short_enough_to_read() -> None:
    for article in CENTRE.articles:
        assert 110 <= len(article.body.split()) <= 350, article.slug
        assert len(article.summary) <= 160, article.slug
        assert len(article.keywords) >= 5, article.slug


def test_most_services_have_an_article() -> None:
    covered = {article.service for article in CENTRE.articles}

    assert len(covered & {service.code for service in CENTRE.services}) >= 24


def test_templates_use_the_placeholders_that_are_declared() -> None:
    used = {
        name
        for template in CENTRE.templates
        for name in PLACEHOLDER.findall(template.subject + template.body)
    }

    assert used == set(CENTRE.placeholders)
    shortcuts = [template.shortcut for template in CENTRE.templates]
    assert len(set(shortcuts)) == len(shortcuts)


def test_only_reserved_addresses_and_telephone_numbers_are_used() -> None:
    text = all_text()

    for domain in re.findall(r"@([\w.-]+\w)", text):
        assert domain.endswith((".test", ".example", "example.org", "example.com", "example.net"))
    for link in re.findall(r"https?://([\w.-]+)", text):
        assert link in ("www.harlandvale.test", "json-schema.org")
    for number in re.findall(r"\b0\d[\d ]{8,12}\d\b", text):
        assert re.fullmatch(r"01632 ?960\d{3}|07700 ?900\d{3}", number), number


def test_mails_are_proposed_to_their_own_service() -> None:
    codes = [service.code for service in CENTRE.services]
    words = [ServiceWords(i, service.keywords) for i, service in enumerate(CENTRE.services)]
    known = [mail for mail in CENTRE.mails if mail.service is not None]

    right = wrong = 0
    for mail in known:
        proposed = propose(words, f"{mail.subjects[0]}\n{mail.body}")
        if proposed is not None:
            right += codes[proposed] == mail.service
            wrong += codes[proposed] != mail.service

    assert right >= 0.75 * len(known)
    assert wrong <= 0.1 * len(known)


def test_key_terms_of_a_mail_are_words_of_an_article_of_its_service() -> None:
    found, known = 0, [mail for mail in CENTRE.mails if mail.service in _articled()]
    for mail in known:
        terms = set(key_terms(f"{mail.subjects[0]} {mail.body}"))
        bodies = " ".join(
            f"{article.title} {article.body}".lower()
            for article in CENTRE.articles
            if article.service == mail.service
        )
        found += any(term in bodies for term in terms)

    assert found >= 0.95 * len(known)


def _articled() -> set[str | None]:
    return {article.service for article in CENTRE.articles}


MISTAKES: list[tuple[str, dict[str, Any], str]] = [
    ("services.json", {"queue": "nowhere"}, "unknown queue: nowhere"),
    ("services.json", {"restricted": True}, "restricted"),
    ("services.json", {"form": None}, "public without a form"),
    ("services.json", {"form": "no-such-form"}, "No such file"),
    ("services.json", {"surprise": 1}, "surprise"),
    ("templates.json", {"placeholders": {}}, "unknown placeholder"),
    ("centre.json", {"calendars": []}, "unknown calendar"),
    ("emails.json", {"service": "nothing"}, "unknown service: nothing"),
]


@pytest.mark.parametrize(("name", "change", "words"), MISTAKES)
def test_a_mistake_in_the_files_is_named(
    copy: Path, name: str, change: dict[str, Any], words: str
) -> None:
    changed(copy, name, change)

    with pytest.raises(ContentError, match=words):
        load(copy)


def test_an_article_without_front_matter_is_named(copy: Path) -> None:
    (copy / "articles" / "broken.md").write_text("# Hello")

    with pytest.raises(ContentError, match=r"broken\.md"):
        load(copy)


def test_a_code_that_stands_twice_is_named(copy: Path) -> None:
    path = copy / "services.json"
    services = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps([*services, services[0]]))

    with pytest.raises(ContentError, match="service missed-bin stands twice"):
        load(copy)


def test_a_service_is_found_by_its_code() -> None:
    centre: DemoCentre = CENTRE

    assert centre.service("missed-bin").lgsl == 524
    with pytest.raises(KeyError):
        centre.service("nothing")
