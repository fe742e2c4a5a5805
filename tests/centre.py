"""The small centre that integration and GUI tests work in: four people, three queues."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Channel, ContactState, StaffRole
from crm_desktop.services import staff
from crm_desktop.services.staff import NewStaff
from crm_desktop.store import migrate, people, signed_in
from crm_desktop.store.database import Database, Target
from crm_desktop.store.models import (
    Article,
    ChannelAccount,
    Contact,
    Customer,
    FormVersion,
    Identifier,
    Message,
    OpeningCalendar,
    Queue,
    QueueTarget,
    ReplyTemplate,
    Service,
    Setting,
)
from tests.servers.postgres import PostgresCluster

MIGRATIONS = Path(__file__).parent.parent / "migrations"
PASSWORD = "a-password-for-tests"
GATEWAY_LOGIN = "gateway"
#: Looks and arrangements that go on at the same time, in threads or one within another.
_OWNERS_AT_ONCE = 10
#: login, name, role, queues
STAFF = (
    ("anna", "Anna Whitlock", StaffRole.ADVISOR, ("general", "waste")),
    ("ben", "Ben Achebe", StaffRole.ADVISOR, ("general", "waste")),
    ("cora", "Cora Lindqvist", StaffRole.ADVISOR, ("care",)),
    ("rose", "Rose Boateng", StaffRole.TEAM_LEADER, ("general", "waste", "care")),
)
BIN_FORM = {
    "type": "object",
    "title": "Missed bin collection",
    "x-order": ["bin", "due_on", "notes"],
    "required": ["bin"],
    "properties": {
        "bin": {
            "type": "string",
            "title": "Which bin was not collected?",
            "oneOf": [
                {"const": "recycling", "title": "Recycling (blue)"},
                {"const": "general", "title": "General (black)"},
            ],
            "x-widget": "radios",
        },
        "due_on": {"type": "string", "format": "date", "title": "Due collection day"},
        "notes": {"type": "string", "title": "Notes", "x-widget": "textarea", "maxLength": 2000},
    },
}


@dataclass
class Centre:
    """One database of a test's own, and ways to sign in to it."""

    target: Target
    path: Path | None = None
    cluster: PostgresCluster | None = None
    database: str = ""
    _open: list[Database] = field(default_factory=list)
    _owner: Database | None = None

    @property
    def dialect(self) -> str:
        """Which dialect this centre stands on."""
        return self.target.dialect

    def target_for(self, login: str) -> Target:
        """How `login` connects."""
        if self.cluster is None:
            return Target(self.target.url, login)
        return Target(self.cluster.url(self.database, login, PASSWORD), login, PASSWORD)

    def as_person(self, login: str, *, connections: int = 1) -> Database:
        """The database as one member of staff: on PostgreSQL their own role."""
        db = Database(self.target_for(login), connections=connections, create=False)
        self._open.append(db)
        with db.read() as tx:
            db.actor = signed_in.whoami(tx, login)
        return db

    def as_gateway(self, *, connections: int = 4) -> Database:
        """The database as the gateway."""
        target = self.target_for(GATEWAY_LOGIN) if self.cluster else self.target
        db = Database(target, connections=connections, create=False)
        self._open.append(db)
        return db

    def wait_for_others(self) -> None:
        """Until no transaction of the whole server, in whatever database, is older than what was
        written here: the audit chain seals no further. Other tests have theirs open meanwhile.
        """
        if self.cluster is None:
            return
        with closing(self.cluster.connect(self.database)) as owner:
            written = "SELECT pg_current_xact_id()::text::bigint"
            ours = owner.execute(written).fetchone()
            assert ours is not None
            ended = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s"
            for _ in range(600):
                row = owner.execute(ended, ours).fetchone()
                if row is not None and row[0]:
                    return
                time.sleep(0.05)
        raise AssertionError("a transaction of another test was open for half a minute")

    def as_owner(self) -> Database:
        """The database as its owner, to arrange and to look: the same for the whole test, as
        connecting costs more than most of what is arranged.
        """
        if self._owner is None:
            self._owner = Database(self.target, connections=_OWNERS_AT_ONCE)
            self._open.append(self._owner)
        return self._owner

    def person(self, login: str) -> Person:
        """One member of staff."""
        actor = self.as_person(login).actor
        assert actor is not None
        return actor

    def hire(self, role: StaffRole, *queues: str, name: str = "Lena Marsh") -> str:
        """Somebody more; gives a login that no other test has.

        The four have theirs in every database of the tests' server: to sign one of them out, or
        to switch one off, would end the sessions that other tests have open.
        """
        login = f"{name.partition(' ')[0].lower()}{time.monotonic_ns()}"
        staff.add(self.as_owner(), NewStaff(login, name, role, queues), PASSWORD)
        return login

    def queue_id(self, code: str) -> int:
        """The id of a queue by its code."""
        with self.as_owner().read() as tx:
            return tx.session.scalars(select(Queue.id).where(Queue.code == code)).one()

    def add_contact(
        self,
        *,
        queue: str = "general",
        who: str = "Margaret Okafor",
        subject: str = "Missed bin",
        text: str = "My recycling bin was not collected.",
        state: ContactState = ContactState.QUEUED,
        channel: Channel = Channel.EMAIL,
        due_at: datetime | None = None,
        customer: str | None = None,
    ) -> int:
        """Put one contact with one inbound message into the database, past intake."""
        queue_id = self.queue_id(queue)
        with self.as_owner().write() as tx:
            customer_id = _customer(tx.session, customer) if customer else None
            contact = Contact(
                channel=channel,
                state=state,
                queue_id=queue_id,
                who=who,
                subject=subject,
                preview=text[:100],
                folded=f"{who} {subject} {text}".lower(),
                due_at=due_at or datetime(2030, 1, 1, tzinfo=UTC),
                customer_id=customer_id,
            )
            tx.session.add(contact)
            tx.session.flush()
            contact.thread_id = contact.id
            tx.session.add(
                Message(
                    contact_id=contact.id,
                    direction="inbound",
                    state="received",
                    sender_name=who,
                    sender_address=customer or "margaret@example.org",
                    subject=subject,
                    body_text=text,
                    reply_text=text,
                    rfc_id=f"<in-{contact.id}@example.org>",
                )
            )
            return contact.id

    def close(self) -> None:
        """Give every connection back."""
        for db in self._open:
            db.close()


def _customer(session: Session, email: str) -> int:
    found = session.scalar(select(Identifier.customer_id).where(Identifier.norm == email))
    if found is not None:
        return found
    name = email.partition("@")[0].replace(".", " ").title()
    customer = Customer(name=name, folded=name.lower())
    session.add(customer)
    session.flush()
    session.add(Identifier(customer_id=customer.id, kind="email", value=email, norm=email))
    return customer.id


def build_sqlite_template(path: Path) -> None:
    """A seeded database in one file."""
    draft = path.with_suffix(".draft")
    db = Database(Target(f"sqlite:///{draft}"))
    build_template(db)
    with db.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    db.close()
    draft.rename(path)


def build_template(db: Database) -> None:
    """Migrate and seed an empty database, with logins on PostgreSQL."""
    migrate.upgrade(db, MIGRATIONS)
    with db.write() as tx:
        _seed(tx.session)
    with db.write() as tx:
        ids = {code: id_ for id_, code in tx.session.execute(select(Queue.id, Queue.code))}
        for login, name, role, queues in STAFF:
            people.add(tx, login, name, role, [ids[code] for code in queues])
            if db.dialect == "postgresql":
                people.create_login(tx, login, f"crm_{role}", PASSWORD)
        if db.dialect == "postgresql":
            people.create_login(tx, GATEWAY_LOGIN, "crm_gateway", PASSWORD)


def _seed(session: Session) -> None:
    calendar = OpeningCalendar(
        name="Office hours",
        hours={"week": {day: ["08:00-18:00"] for day in ("mon", "tue", "wed", "thu", "fri")}},
    )
    session.add(calendar)
    session.add(Setting(key="centre", value={"name": "Testshire", "mail_domain": "crm.test"}))
    session.flush()
    queues = {
        code: Queue(
            code=code, name=name, calendar_id=calendar.id, restricted=restricted, priority=0
        )
        for code, name, restricted in (
            ("general", "General enquiries", False),
            ("waste", "Waste and recycling", False),
            ("care", "Children's services", True),
        )
    }
    session.add_all(queues.values())
    session.flush()
    for queue in queues.values():
        for channel in (Channel.EMAIL, Channel.WEB_FORM):
            session.add(QueueTarget(queue_id=queue.id, channel=channel, seconds=36_000))
    accounts = _accounts(queues["general"].id)
    session.add_all(accounts.values())
    session.flush()
    services = _services(queues, accounts["back_office"].id)
    session.add_all(services.values())
    session.flush()
    session.add(FormVersion(service_id=services["missed_bin"].id, version=1, schema=BIN_FORM))
    session.add(
        ReplyTemplate(
            code="thanks",
            title="Thank you",
            subject="",
            body="Dear {{customer_name}},\n\nThank you for telling us.\n\n{{advisor_name}}",
        )
    )
    session.add_all(_articles(services))


def _accounts(queue_id: int) -> dict[str, ChannelAccount]:
    kinds = {
        "mail_in": ("smtp_listener", "Incoming mail"),
        "mail_out": ("smtp", "Outgoing mail"),
        "forms": ("web_form", "Web forms"),
        "back_office": ("open311", "Waste (Open311)"),
    }
    return {
        code: ChannelAccount(
            kind=kind,
            name=name,
            queue_id=queue_id,
            settings={"address": "contact@crm.test"} if kind.startswith("smtp") else {},
        )
        for code, (kind, name) in kinds.items()
    }


def _services(queues: dict[str, Queue], back_office: int) -> dict[str, Service]:
    return {
        "missed_bin": Service(
            code="missed_bin",
            name="Missed bin collection",
            group_name="Waste and recycling",
            lgsl=524,
            queue_id=queues["waste"].id,
            keywords=["bin", "missed collection", "recycling", "rubbish"],
            public=True,
            summary="Tell us that a bin was not collected",
            case_target_seconds=72_000,
            handoff_account_id=back_office,
            handoff_service_code="MISSED_BIN",
            handoff_mapping={
                "attributes": {"bin_type": "bin"},
                "description": ["due_on", "notes"],
            },
            handoff_target_seconds=72_000,
        ),
        "council_tax": Service(
            code="council_tax",
            name="Council Tax change of address",
            group_name="Council Tax",
            lgsl=57,
            queue_id=queues["general"].id,
            keywords=["council tax", "moving", "change of address"],
        ),
        "concern": Service(
            code="concern",
            name="Report a concern about a child",
            group_name="Children's services",
            queue_id=queues["care"].id,
            restricted=True,
            keywords=["child", "safeguarding"],
        ),
    }


def _articles(services: dict[str, Service]) -> list[Article]:
    texts = (
        (
            "missed-bins",
            "Missed bins: what we re-collect, and when",
            "missed_bin",
            "Report a missed recycling or rubbish bin within 2 working days. We come back for it.",
        ),
        (
            "council-tax-moving",
            "Moving home: tell us for Council Tax",
            "council_tax",
            "Tell us your new address and the day you move. We send a new bill.",
        ),
    )
    return [
        Article(
            slug=slug,
            title=title,
            summary=body,
            body=body,
            keywords=[],
            service_id=services[service].id,
            folded_title=title.lower(),
            folded_body=body.lower(),
        )
        for slug, title, service, body in texts
    ]
