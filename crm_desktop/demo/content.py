"""The demo council: loaded from resources, checked, and never changed afterwards."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form
from crm_desktop.domain.states import Channel, StaffRole

PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")
_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n\n(.*)", re.DOTALL)


class ContentError(Exception):
    """A mistake in the demo's files; the message names the file or the thing."""


@dataclass(frozen=True, slots=True)
class Council:
    """The invented council, under reserved names and numbers only."""

    name: str
    centre: str
    email: str
    phone: str
    web: str
    address: str


@dataclass(frozen=True, slots=True)
class DemoCalendar:
    """Opening hours under a name."""

    code: str
    name: str
    hours: Calendar


@dataclass(frozen=True, slots=True)
class DemoQueue:
    """A waiting line; `calendar` is a calendar's code."""

    code: str
    name: str
    priority: int
    calendar: str
    channels: tuple[Channel, ...]
    restricted: bool


@dataclass(frozen=True, slots=True)
class HandoffTarget:
    """Where a service's cases go and how its form's answers become the target's.

    `attributes` maps the target's attribute codes to names of questions; the answers to the
    questions in `description` are written into the description; `address` and `photo` name the
    questions that hold them.
    """

    target: str
    service_code: str
    target_working_days: int
    attributes: Mapping[str, str]
    description: tuple[str, ...]
    address: str
    photo: str | None

    def questions(self) -> tuple[str, ...]:
        """Every question of the form that this needs."""
        named = (*self.attributes.values(), *self.description, self.address)
        return (*named, self.photo) if self.photo else named


@dataclass(frozen=True, slots=True)
class DemoService:
    """An entry of the service catalogue; `volume` says how often people ask, relatively.

    `lgsl` is the number in the Local Government Services List, None where we know none; `schema`
    is the form's JSON Schema.
    """

    code: str
    name: str
    group: str
    lgsl: int | None
    queue: str
    case_target_working_days: int
    restricted: bool
    public: bool
    summary: str
    script: str
    keywords: tuple[tuple[str, float], ...]
    schema: Mapping[str, Any] | None
    handoff: HandoffTarget | None
    volume: float


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """A member of staff and the codes of their queues."""

    login: str
    name: str
    role: StaffRole
    queues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DemoSkill:
    """A skill, from which level up queues need it, and who has it how well (1 to 5)."""

    code: str
    name: str
    queues: Mapping[str, int]
    people: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DemoArticle:
    """A knowledge article, its body in Markdown; `service` is None for a general one."""

    slug: str
    title: str
    summary: str
    body: str
    keywords: tuple[str, ...]
    service: str | None
    review_on: date
    url: str


@dataclass(frozen=True, slots=True)
class DemoTemplate:
    """A canned reply with {{placeholders}}; an empty subject continues the thread's."""

    code: str
    title: str
    shortcut: str
    service: str | None
    subject: str
    body: str


@dataclass(frozen=True, slots=True)
class MailPattern:
    """What somebody writes: `[one|other]` are alternatives, `{street}` and the like are slots."""

    service: str | None
    subjects: tuple[str, ...]
    body: str


@dataclass(frozen=True, slots=True)
class Words:
    """Lists that names, places and texts are made of.

    `notes` and `replies` by service, "" for any; `form_texts` by `service.question`.
    """

    given_names: tuple[str, ...]
    family_names: tuple[str, ...]
    organisations: tuple[str, ...]
    streets: tuple[str, ...]
    villages: tuple[str, ...]
    postcodes: tuple[str, ...]
    landmarks: tuple[str, ...]
    mail_domains: tuple[str, ...]
    bins: tuple[str, ...]
    weekdays: tuple[str, ...]
    months: tuple[str, ...]
    openings: tuple[str, ...]
    closings: tuple[str, ...]
    adjustments: tuple[str, ...]
    safety_markers: tuple[str, ...]
    follow_ups: tuple[str, ...]
    notes: Mapping[str, tuple[str, ...]]
    replies: Mapping[str, tuple[str, ...]]
    form_texts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class DemoCentre:
    """Everything that the demo consists of; `placeholders` are the templates' known names."""

    council: Council
    calendars: tuple[DemoCalendar, ...]
    queues: tuple[DemoQueue, ...]
    services: tuple[DemoService, ...]
    staff: tuple[DemoStaff, ...]
    skills: tuple[DemoSkill, ...]
    articles: tuple[DemoArticle, ...]
    placeholders: Mapping[str, str]
    templates: tuple[DemoTemplate, ...]
    mails: tuple[MailPattern, ...]
    words: Words

    def service(self, code: str) -> DemoService:
        """The service of that code; raises KeyError."""
        return {service.code: service for service in self.services}[code]


def load(directory: Path) -> DemoCentre:
    """The demo centre in a directory (`resources/demo`); raises ContentError."""
    try:
        centre = _read(directory)
        _check(centre)
    except (OSError, ValueError, TypeError, KeyError, InvalidInput) as wrong:
        raise ContentError(f"{type(wrong).__name__}: {wrong}") from wrong
    return centre


def _read(directory: Path) -> DemoCentre:
    centre = _json(directory / "centre.json")
    templates = _json(directory / "templates.json")
    words = _json(directory / "words.json")
    council = Council(**centre["council"])
    keyed: dict[str, Any] = {k: _lists(words.pop(k)) for k in ("notes", "replies", "form_texts")}
    return DemoCentre(
        council=council,
        calendars=tuple(
            DemoCalendar(each["code"], each["name"], Calendar.from_data(each["hours"]))
            for each in centre["calendars"]
        ),
        queues=tuple(_queue(each) for each in centre["queues"]),
        services=tuple(_service(directory, each) for each in _json(directory / "services.json")),
        staff=tuple(_staff(each) for each in centre["staff"]),
        skills=tuple(DemoSkill(**each) for each in centre["skills"]),
        articles=tuple(
            _article(path, council.web) for path in sorted((directory / "articles").glob("*.md"))
        ),
        placeholders=templates["placeholders"],
        templates=tuple(DemoTemplate(**each) for each in templates["templates"]),
        mails=tuple(
            MailPattern(each["service"] or None, tuple(each["subjects"]), each["body"])
            for each in _json(directory / "emails.json")
        ),
        words=Words(**_lists(words), **keyed),
    )


def _lists(data: Mapping[str, list[str]]) -> dict[str, Any]:
    return {key: tuple(values) for key, values in data.items()}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _queue(data: dict[str, Any]) -> DemoQueue:
    channels = tuple(Channel(each) for each in data.pop("channels"))
    return DemoQueue(**data, channels=channels)


def _staff(data: dict[str, Any]) -> DemoStaff:
    return DemoStaff(data["login"], data["name"], StaffRole(data["role"]), tuple(data["queues"]))


def _service(directory: Path, data: dict[str, Any]) -> DemoService:
    form, handoff = data.pop("form"), data.pop("handoff")
    keywords = tuple((word, weight) for word, weight in data.pop("keywords"))
    if handoff:
        handoff = HandoffTarget(**{**handoff, "description": tuple(handoff["description"])})
    schema = _json(directory / "forms" / f"{form}.json") if form else None
    return DemoService(**data, keywords=keywords, schema=schema, handoff=handoff)


def _article(path: Path, web: str) -> DemoArticle:
    match = _FRONT_MATTER.fullmatch(path.read_text(encoding="utf-8"))
    if match is None:
        raise ContentError(f"{path.name} has no front matter")
    lines = (line.partition(":") for line in match[1].splitlines())
    head = {key: value.strip() for key, _, value in lines}
    return DemoArticle(
        slug=path.stem,
        title=head["title"],
        summary=head["summary"],
        body=match[2].strip(),
        keywords=tuple(word.strip() for word in head["keywords"].split(",")),
        service=head["service"] or None,
        review_on=date.fromisoformat(head["review"]),
        url=f"{web}/{path.stem}",
    )


def _check(centre: DemoCentre) -> None:
    calendars = _unique("calendar", (each.code for each in centre.calendars))
    queues = _unique("queue", (each.code for each in centre.queues))
    services = _unique("service", (each.code for each in centre.services))
    staff = _unique("staff", (each.login for each in centre.staff))
    _unique("skill", (each.code for each in centre.skills))
    _unique("template", (each.code for each in centre.templates))
    _known("calendar", calendars, (each.calendar for each in centre.queues))
    _known("queue", queues, (each.queue for each in centre.services))
    _known("queue", queues, (queue for each in centre.staff for queue in each.queues))
    _known("queue", queues, (queue for each in centre.skills for queue in each.queues))
    _known("staff", staff, (login for each in centre.skills for login in each.people))
    _known("service", services, (each.service for each in centre.articles))
    _known("service", services, (each.service for each in centre.templates))
    _known("service", services, (each.service for each in centre.mails))
    _known("service", services, (key or None for key in centre.words.notes))
    _known("service", services, (key or None for key in centre.words.replies))
    _known(
        "placeholder",
        set(centre.placeholders),
        (
            name
            for each in centre.templates
            for name in PLACEHOLDER.findall(each.subject + each.body)
        ),
    )
    restricted = {queue.code for queue in centre.queues if queue.restricted}
    for service in centre.services:
        _check_service(service, service.queue in restricted)


def _check_service(service: DemoService, queue_restricted: bool) -> None:
    if service.restricted != queue_restricted:
        # Who sees a contact follows from its queue: elsewhere the service would show.
        raise ContentError(f"{service.code}: restricted services wait in restricted queues alone")
    form = Form.from_schema(service.schema) if service.schema is not None else None
    if service.public and form is None:
        raise ContentError(f"{service.code}: public without a form")
    if service.handoff is not None:
        asked = {field.name for field in form.fields} if form else set()
        _known(f"question of {service.code}", asked, service.handoff.questions())


def _unique(what: str, codes: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise ContentError(f"{what} {code} stands twice")
        seen.add(code)
    return seen


def _known(what: str, known: set[str], used: Iterable[str | None]) -> None:
    for code in used:
        if code is not None and code not in known:
            raise ContentError(f"unknown {what}: {code}")
