"""A PostgreSQL centre is put back from its backups, both ways, and people work in it again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from crm_desktop.cli import app
from crm_desktop.commands.doctor import database as doctor
from crm_desktop.commands.doctor.finding import State
from crm_desktop.domain.views import Reply
from crm_desktop.services import Target, contacts, replies, session
from crm_desktop.store.database import Database
from crm_desktop.store.models import Contact, Message, OutboxItem
from tests.centre import MIGRATIONS, PASSWORD, Centre, build_template
from tests.servers import going_back
from tests.servers.postgres import PostgresCluster, find_bin_dir

_NUMBERS = count()
_NAME = "centre"


@pytest.fixture
def folder(shared_directory: Path) -> Iterator[Path]:
    """Where a server, its archive and what is made of them lie; all of them ended afterwards."""
    path = shared_directory / f"back-{os.getpid()}-{next(_NUMBERS)}"
    yield path
    for each in path.glob("*/data/postmaster.pid"):
        PostgresCluster(str(each.parents[1]), str(find_bin_dir()), 0, "").stop("immediate")
    shutil.rmtree(path, ignore_errors=True)


def _centre(cluster: PostgresCluster) -> Centre:
    return Centre(Target(cluster.superuser_url(_NAME)), cluster=cluster, database=_NAME)


def _at_work(cluster: PostgresCluster) -> tuple[Centre, int, int]:
    """A centre with a reply under way and a contact that waits: both contacts' ids."""
    cluster.create_database(_NAME)
    centre = _centre(cluster)
    owner = Database(centre.target)
    build_template(owner)
    owner.close()
    answered = centre.add_contact(customer="margaret@example.org")
    waiting = centre.add_contact(who="Zoë Ødegård")
    anna = centre.as_person("anna")
    contacts.take(anna, answered)
    replies.send(anna, answered, Reply("We come tomorrow. 🙂", "margaret@example.org"))
    return centre, answered, waiting


def _works_again(cluster: PostgresCluster, waiting: int) -> Centre:
    """The program finds nothing wrong, and a person signs in and takes what waits."""
    centre = _centre(cluster)
    said = CliRunner().invoke(app, ["admin", "db", "verify", "--database", centre.target.url])
    assert said.exit_code == 0, said.output
    target = centre.target_for("ben")
    found = doctor.examine(target, "crm", MIGRATIONS).findings
    wrong = {each.check for each in found if each.state is State.TROUBLE}
    # No gateway has been started yet.
    assert wrong <= {"gateway"}, found
    ben = session.sign_in(Target(target.url, "ben", PASSWORD), "ben", MIGRATIONS)
    moved = contacts.take(ben, waiting)
    ben.close()
    assert moved.row is not None
    return centre


def test_a_dump_with_its_roles_is_a_centre_on_another_server(
    own_postgres: PostgresCluster, folder: Path
) -> None:
    first, _, waiting = _at_work(own_postgres)
    going_back.open_folder(folder)
    going_back.dumped(own_postgres, _NAME, folder)
    first.close()
    other = PostgresCluster.create(folder / "other")

    going_back.loaded(other, _NAME, folder)
    other = PostgresCluster(other.directory, other.bin_dir, other.port, own_postgres.password)

    centre = _works_again(other, waiting)
    with centre.as_gateway().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(Contact)) == 2
    centre.close()


def test_a_centre_goes_back_to_the_moment_before_a_mistake(folder: Path) -> None:
    first = going_back.archiving(folder)
    centre, answered, waiting = _at_work(first)
    going_back.base_backup(first, folder / "base")
    late = centre.add_contact(who="After the base backup")
    with centre.as_owner().write() as tx:
        moment = str(tx.session.scalar(text("SELECT clock_timestamp()")))
    with centre.as_owner().write() as tx:
        # Meanwhile the mail left, and then somebody forgot a WHERE.
        tx.session.execute(text("UPDATE outbox SET state = 'done'"))
    with centre.as_owner().write() as tx:
        tx.session.execute(text("UPDATE contact SET subject = 'oh'"))
    going_back.everything_archived(first)
    centre.close()

    second = going_back.recovered(first, folder / "base", folder / "second", moment)
    settled = CliRunner().invoke(
        app, ["admin", "db", "after-restore", "--database", _centre(second).target.url]
    )

    assert "1 mails and 0 hand-offs" in settled.output
    centre = _works_again(second, waiting)
    with centre.as_owner().read() as tx:
        rows = tx.session.execute(select(Contact.id, Contact.subject)).all()
        item = tx.session.scalars(select(OutboxItem)).one()
        reply = tx.session.scalars(select(Message).where(Message.direction == "outbound")).one()
    assert {tuple(row) for row in rows} == {
        (each, "Missed bin") for each in (answered, waiting, late)
    }
    assert (item.state, item.unknown_fate, reply.state) == ("dead", True, "failed")
    centre.close()
