"""The small demo's telephones: what is set up, what was said, and that nothing is pretended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crm_desktop.commands.demo import prepare
from crm_desktop.demo import load, outside
from crm_desktop.services import Database, Target, accounts, telephones
from crm_desktop.store import migrate
from crm_desktop.store.models import Call, Contact, Event, Staff
from crm_desktop.workstation.settings import Settings
from tests.centre import MIGRATIONS
from tests.servers.postgres import PostgresCluster

RESOURCES = MIGRATIONS.parent / "resources"


@pytest.fixture(params=["sqlite", "postgresql"])
def demo(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """The demo centre as `crm-desktop demo` makes it, as its owner."""
    if request.param == "sqlite":
        yield from _loaded(Target(f"sqlite:///{tmp_path}/demo.db"))
        return
    cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
    with cluster.database() as name:
        yield from _loaded(Target(cluster.superuser_url(name)))


def _loaded(target: Target) -> Iterator[Database]:
    db = Database(target)
    migrate.upgrade(db, MIGRATIONS)
    load.load(db, RESOURCES, outside.where())
    yield db
    db.close()


def test_lines_extensions_and_past_calls_are_there_and_the_pbx_is_off(demo: Database) -> None:
    known = telephones.read(demo)

    assert known.pbx is not None
    assert not known.pbx.active
    assert "asterisk" not in {each.kind for each in accounts.active(demo)}
    assert next(len(each.line.choices) for each in known.lines) == 4
    assert len({each.extension for each in known.phones if each.extension}) == 15
    with demo.read() as tx:
        calls = tx.session.execute(
            select(Contact.state, func.count(), func.min(Call.ended_at))
            .join(Call, Call.contact_id == Contact.id)
            .where(Contact.state.in_(["completed", "abandoned"]))
            .group_by(Contact.state)
        ).all()
        counted = {state: count for state, count, _ in calls}
        assert counted == {"abandoned": 6, "completed": 36}
        # Nothing of it goes on, and nobody talked for longer than there was between two moments.
        assert not tx.session.scalars(select(Call.contact_id).where(Call.ended_at.is_(None))).all()
        answered = select(func.count()).where(Event.kind == "call.answered")
        assert tx.session.scalar(answered) == 36
        # Each has been spoken with by somebody of its queue who has a telephone.
        without = (
            select(Contact.id)
            .join(Call, Call.contact_id == Contact.id)
            .join(Staff, Staff.id == Contact.owner_id)
        )
        assert not tx.session.scalars(without.where(Staff.extension.is_(None))).all()


def test_that_there_is_no_pbx_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    prepare(Settings(database_url=f"sqlite:///{tmp_path}/demo.db"), 300, "", said.append)

    assert any("there is no PBX behind them" in each for each in said)
