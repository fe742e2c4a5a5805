"""The demo centre is whole on both dialects, and people can work in it at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_desktop.demo import load, outside
from crm_desktop.domain.references import parse_reference
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import QueueFilter
from crm_desktop.services import Database, Target, cases, contacts, queue, session
from crm_desktop.store import migrate
from tests.centre import MIGRATIONS, PASSWORD
from tests.servers.postgres import PostgresCluster

RESOURCES = MIGRATIONS.parent / "resources"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Target]:
    """An empty database and how its owner signs in."""
    if request.param == "sqlite":
        yield Target(f"sqlite:///{tmp_path}/demo.db")
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as name:
        yield Target(cluster.superuser_url(name))


@pytest.fixture
def demo(empty: Target) -> Iterator[Database]:
    """The demo centre with 400 contacts, as its owner."""
    db = Database(empty)
    migrate.upgrade(db, MIGRATIONS)
    load.load(db, RESOURCES, outside.where(), contacts=400)
    if db.dialect == "postgresql":
        # The suite's own password: logins belong to the whole server, and others use the gateway's.
        load.add_logins(db, PASSWORD)
    yield db
    db.close()


def _sign_in(demo: Database, login: str) -> Database:
    target = demo.target
    if demo.dialect == "postgresql":
        target = Target(target.url, login, PASSWORD)
    return session.sign_in(target, login, MIGRATIONS)


def test_an_advisor_signs_in_and_takes_a_contact_with_its_customer(demo: Database) -> None:
    advisor = next(each for each in session.staff_choices(demo) if each.role == "advisor")
    db = _sign_in(demo, advisor.login)

    page = queue.page(db, QueueFilter())
    taken = contacts.take_next(db, QueueFilter())
    assert taken is not None
    opened = contacts.open_contact(db, taken.contact_id)

    assert len(page.waiting) > 10
    assert {row.channel for row in page.waiting} == {Channel.EMAIL, Channel.WEB_FORM}
    assert [row.due_at for row in page.waiting] == sorted(
        row.due_at for row in page.waiting if row.due_at
    )
    assert opened.messages[0].text
    assert opened.row.owner_name == advisor.name
    db.close()


def test_cases_have_valid_references_and_new_ones_go_on_after_them(demo: Database) -> None:
    advisor = next(each for each in session.staff_choices(demo) if each.role == "team_leader")
    db = _sign_in(demo, advisor.login)

    known = cases.list_cases(db)
    moved = contacts.take_next(db, QueueFilter())
    assert moved is not None
    service = next(each for each in queue.services(db) if not each.has_form)
    saved = cases.save(db, cases.CaseInput(moved.contact_id, service.id, {}))

    assert known
    assert all(parse_reference(case.reference) == case.reference for case in known)
    assert saved.reference not in {case.reference for case in known}
    db.close()


def test_a_centre_with_staff_counts_as_loaded(demo: Database) -> None:
    assert load.is_loaded(demo)
