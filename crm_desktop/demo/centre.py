"""Writing the demo council's catalogue and staff into an empty database."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from crm_desktop.demo.content import DemoCentre, DemoQueue, DemoService
from crm_desktop.domain.calendar import Calendar
from crm_desktop.domain.sla import CHANNEL_TARGETS
from crm_desktop.domain.states import Channel
from crm_desktop.domain.text import fold
from crm_desktop.store import people
from crm_desktop.store.database import Tx
from crm_desktop.store.models import (
    Article,
    ChannelAccount,
    FormVersion,
    OpeningCalendar,
    Queue,
    QueueSkill,
    QueueTarget,
    ReplyTemplate,
    Service,
    Setting,
    Skill,
    StaffSkill,
)

#: Names of the demo's accounts to the outside.
INCOMING, OUTGOING, FORMS, BACK_OFFICE = (
    "Incoming mail",
    "Outgoing mail",
    "Web forms",
    "Waste and streets (Open311)",
)
#: So long a contact waits for somebody with the skill before anybody may have it, in seconds.
RELAX_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outside:
    """Where the demo's outside world listens on this machine; its back office asks for no key."""

    smtp_port: int
    open311_endpoint: str
    jurisdiction: str


@dataclass(frozen=True, slots=True)
class Ids:
    """The database's ids by the demo's codes."""

    queues: Mapping[str, int]
    services: Mapping[str, int]
    forms: Mapping[str, int]
    staff: Mapping[str, int]
    accounts: Mapping[str, int]


def write(tx: Tx, centre: DemoCentre, outside: Outside) -> Ids:
    """Everything but customers and contacts; returns the ids that those need."""
    calendars = _calendars(tx, centre)
    queues = _queues(tx, centre, calendars)
    accounts = _accounts(tx, centre, outside, queues["general"])
    hours = {queue.code: calendar_of(centre, queue.calendar) for queue in centre.queues}
    services, forms = _services(tx, centre, queues, accounts[BACK_OFFICE], hours)
    staff = {
        person.login: people.add(
            tx, person.login, person.name, person.role, [queues[code] for code in person.queues]
        )
        for person in centre.staff
    }
    _skills(tx, centre, queues, staff)
    _articles(tx, centre, services)
    _templates(tx, centre, services)
    domain = centre.council.email.partition("@")[2]
    tx.session.add(
        Setting(
            key="centre",
            value={
                "name": centre.council.name,
                "mail_domain": domain,
                "phone": centre.council.phone,
                "web": centre.council.web,
            },
        )
    )
    tx.session.flush()
    return Ids(queues, services, forms, staff, accounts)


def calendar_of(centre: DemoCentre, code: str) -> Calendar:
    """The opening hours of that code."""
    return next(each.hours for each in centre.calendars if each.code == code)


def _calendars(tx: Tx, centre: DemoCentre) -> dict[str, int]:
    rows = {
        each.code: OpeningCalendar(name=each.name, hours=json.loads(each.hours.to_json()))
        for each in centre.calendars
    }
    tx.session.add_all(rows.values())
    tx.session.flush()
    return {code: row.id for code, row in rows.items()}


def _queues(tx: Tx, centre: DemoCentre, calendars: Mapping[str, int]) -> dict[str, int]:
    rows = {
        each.code: Queue(
            code=each.code,
            name=each.name,
            priority=each.priority,
            calendar_id=calendars[each.calendar],
            restricted=each.restricted,
        )
        for each in centre.queues
    }
    tx.session.add_all(rows.values())
    tx.session.flush()
    for queue in centre.queues:
        _targets(tx, queue, rows[queue.code].id, calendar_of(centre, queue.calendar))
    return {code: row.id for code, row in rows.items()}


def _targets(tx: Tx, queue: DemoQueue, queue_id: int, hours: Calendar) -> None:
    for channel in {*queue.channels, Channel.EMAIL, Channel.WEB_FORM}:
        length = CHANNEL_TARGETS[channel].length(hours)
        tx.session.add(
            QueueTarget(queue_id=queue_id, channel=channel, seconds=int(length.total_seconds()))
        )


def _skills(
    tx: Tx, centre: DemoCentre, queues: Mapping[str, int], staff: Mapping[str, int]
) -> None:
    for each in centre.skills:
        skill = Skill(code=each.code, name=each.name)
        tx.session.add(skill)
        tx.session.flush()
        tx.session.add_all(
            QueueSkill(
                queue_id=queues[code], skill_id=skill.id, level=level, relax_seconds=RELAX_SECONDS
            )
            for code, level in each.queues.items()
        )
        tx.session.add_all(
            StaffSkill(staff_id=staff[login], skill_id=skill.id, level=level)
            for login, level in each.people.items()
        )


def _accounts(tx: Tx, centre: DemoCentre, outside: Outside, queue_id: int) -> dict[str, int]:
    council = centre.council
    mail = {"address": council.email, "name": council.centre}
    rows = [
        ChannelAccount(
            kind="smtp_listener",
            name=INCOMING,
            queue_id=queue_id,
            settings={**mail, "acknowledge": False},
        ),
        ChannelAccount(
            kind="smtp",
            name=OUTGOING,
            settings={
                **mail,
                "host": "127.0.0.1",
                "port": outside.smtp_port,
                "security": "plain",
            },
        ),
        ChannelAccount(kind="web_form", name=FORMS, queue_id=queue_id, settings={}),
        ChannelAccount(
            kind="open311",
            name=BACK_OFFICE,
            settings={
                "endpoint": outside.open311_endpoint,
                "jurisdiction_id": outside.jurisdiction,
                "photo_upload": True,
            },
        ),
    ]
    tx.session.add_all(rows)
    tx.session.flush()
    return {row.name: row.id for row in rows}


def _services(
    tx: Tx,
    centre: DemoCentre,
    queues: Mapping[str, int],
    back_office: int,
    hours: Mapping[str, Calendar],
) -> tuple[dict[str, int], dict[str, int]]:
    rows: dict[str, Service] = {}
    for each in centre.services:
        rows[each.code] = _service(each, queues[each.queue], back_office, hours[each.queue])
    tx.session.add_all(rows.values())
    tx.session.flush()
    forms = {
        each.code: FormVersion(service_id=rows[each.code].id, version=1, schema=dict(each.schema))
        for each in centre.services
        if each.schema is not None
    }
    tx.session.add_all(forms.values())
    tx.session.flush()
    return (
        {code: row.id for code, row in rows.items()},
        {code: row.id for code, row in forms.items()},
    )


def _service(each: DemoService, queue_id: int, back_office: int, hours: Calendar) -> Service:
    row = Service(
        code=each.code,
        name=each.name,
        group_name=each.group,
        lgsl=each.lgsl,
        queue_id=queue_id,
        restricted=each.restricted,
        keywords=[[word, weight] for word, weight in each.keywords],
        script=each.script,
        case_target_seconds=_seconds(hours, each.case_target_working_days),
        public=each.public,
        summary=each.summary,
    )
    if each.handoff is not None:
        row.handoff_account_id = back_office
        row.handoff_service_code = each.handoff.service_code
        row.handoff_target_seconds = _seconds(hours, each.handoff.target_working_days)
        row.handoff_mapping = {
            "attributes": dict(each.handoff.attributes),
            "description": list(each.handoff.description),
            "address": each.handoff.address,
            "photo": each.handoff.photo or "",
        }
    return row


def _seconds(hours: Calendar, days: int) -> int:
    return int((days * hours.working_day) / timedelta(seconds=1))


def _articles(tx: Tx, centre: DemoCentre, services: Mapping[str, int]) -> None:
    for each in centre.articles:
        tx.session.add(
            Article(
                slug=each.slug,
                title=each.title,
                summary=each.summary,
                body=each.body,
                keywords=list(each.keywords),
                service_id=services.get(each.service or ""),
                url=each.url,
                review_on=each.review_on,
                folded_title=fold(each.title),
                folded_body=fold(f"{each.summary}\n{each.body}\n{' '.join(each.keywords)}"),
            )
        )


def _templates(tx: Tx, centre: DemoCentre, services: Mapping[str, int]) -> None:
    for each in centre.templates:
        tx.session.add(
            ReplyTemplate(
                code=each.code,
                title=each.title,
                shortcut=each.shortcut,
                service_id=services.get(each.service or ""),
                subject=each.subject,
                body=each.body,
            )
        )
