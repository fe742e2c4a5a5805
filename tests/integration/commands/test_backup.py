"""`crm-desktop admin db backup`, `restore`, `verify` and `after-restore`, as they are typed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select, text
from typer.testing import CliRunner, Result

from crm_desktop.cli import app
from crm_desktop.domain.errors import DatabaseBusy, InvalidInput, LeaseLost
from crm_desktop.domain.states import OutboxState
from crm_desktop.domain.views import Reply
from crm_desktop.services import backups, contacts, handoffs, leases, outbox, replies
from crm_desktop.services.outbox import Lane
from crm_desktop.store.database import Target
from crm_desktop.store.models import Event, Handoff, Message, OutboxItem
from tests.centre import MIGRATIONS, Centre
from tests.integration.services.casework import at_work


def _run(centre: Centre, *words: str) -> Result:
    return CliRunner().invoke(app, ["admin", "db", *words, "--database", centre.target.url])


def _contacts(file: Path) -> int:
    with closing(sqlite3.connect(file)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM contact").fetchone()
    return int(count)


def _quiet(_share: float) -> None:
    """Nobody looks."""


def test_a_backup_is_kept_looked_through_and_put_back(
    sqlite_centre: Centre, tmp_path: Path
) -> None:
    backup = tmp_path / "kept" / "monday.db"
    backup.parent.mkdir()
    sqlite_centre.add_contact(who="Zoë Ødegård 🙂", text="ג'ם - the bins, again")

    kept = _run(sqlite_centre, "backup", str(backup))
    sqlite_centre.add_contact()
    sqlite_centre.close()
    looked = _run(sqlite_centre, "verify", str(backup))
    restored = _run(sqlite_centre, "restore", str(backup), "--yes")

    assert kept.exit_code == looked.exit_code == restored.exit_code == 0, restored.output
    assert "It holds 1 contacts, 1 messages" in kept.output
    assert f"{backup} is whole." in looked.output
    assert sorted(each.name for each in backup.parent.iterdir()) == ["monday.db", "monday.db.json"]
    assert backup.stat().st_mode & 0o077 == 0
    assert sqlite_centre.path is not None
    (aside,) = tmp_path.glob("centre.db.before-restore-*")
    assert (_contacts(sqlite_centre.path), _contacts(aside)) == (1, 2)
    assert _run(sqlite_centre, "verify").exit_code == 0
    contacts.take(sqlite_centre.as_person("anna"), 1)


def test_nothing_is_overwritten(sqlite_centre: Centre, tmp_path: Path) -> None:
    there = tmp_path / "there.db"
    there.write_text("something of somebody's")

    refused = _run(sqlite_centre, "backup", str(there))

    assert isinstance(refused.exception, InvalidInput)
    assert "Nothing was overwritten" in str(refused.exception)
    assert there.read_text() == "something of somebody's"


def test_a_backup_is_of_one_moment_while_others_write(
    sqlite_centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crm_desktop.store.backup._PAGES", 20)
    sqlite_centre.add_contact()
    stop, written = threading.Event(), list[int]()

    def write() -> None:
        while not stop.is_set():
            written.append(sqlite_centre.add_contact())

    writer = threading.Thread(target=write)
    shares: list[float] = []

    def told(share: float) -> None:
        shares.append(share)
        if not writer.is_alive() and not stop.is_set():
            writer.start()
        while len(written) < len(shares) // 2 and writer.is_alive():
            stop.wait(0.01)

    try:
        made = backups.back_up(sqlite_centre.target, tmp_path / "one.db", MIGRATIONS, told)
    finally:
        stop.set()
        writer.join()

    assert len(written) > 3
    assert (made.rows["contact"], made.rows["message"]) == (1, 1)
    assert shares == sorted(shares)
    assert backups.verify_file(tmp_path / "one.db", MIGRATIONS).whole


_FULL = """
import resource, signal, sys
from pathlib import Path
from crm_desktop.domain.errors import DatabaseFull
from crm_desktop.services import Target, backups
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    backups.back_up(Target(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), lambda _: None)
except DatabaseFull:
    print("full")
"""


def test_a_full_disk_leaves_no_half_backup(sqlite_centre: Centre, tmp_path: Path) -> None:
    into = tmp_path / "kept"
    into.mkdir()

    finished = subprocess.run(
        [sys.executable, "-c", _FULL, sqlite_centre.target.url, into / "full.db", MIGRATIONS],
        capture_output=True,
        text=True,
        check=False,
        cwd=MIGRATIONS.parent,
    )

    assert finished.stdout == "full\n", finished.stderr
    assert list(into.iterdir()) == []


@pytest.mark.parametrize("part", ["file", "manifest", "rows", "words"])
def test_a_backup_that_was_changed_is_found_out(
    sqlite_centre: Centre, tmp_path: Path, part: str
) -> None:
    sqlite_centre.add_contact()
    backup = tmp_path / "one.db"
    backups.back_up(sqlite_centre.target, backup, MIGRATIONS, _quiet)
    if part == "manifest":
        (tmp_path / "one.db.json").unlink()
    elif part == "file":
        with backup.open("r+b") as file:
            file.seek(backup.stat().st_size // 2)
            file.write(os.urandom(60_000))
    else:
        with closing(sqlite3.connect(backup)) as connection:
            if part == "rows":
                connection.execute("DELETE FROM message")
            else:
                connection.execute("UPDATE contact SET state = 'active'")
            connection.commit()
    sqlite_centre.close()
    before = sqlite_centre.path.read_bytes() if sqlite_centre.path else b""

    looked = _run(sqlite_centre, "verify", str(backup))
    restored = _run(sqlite_centre, "restore", str(backup), "--yes")

    assert looked.exit_code == 1
    assert "NOT whole" in looked.output
    assert isinstance(restored.exception, InvalidInput)
    assert sqlite_centre.path is not None
    assert sqlite_centre.path.read_bytes() == before


def test_nothing_is_put_back_while_somebody_has_the_database_open(
    sqlite_centre: Centre, tmp_path: Path
) -> None:
    backup = tmp_path / "one.db"
    backups.back_up(sqlite_centre.target, backup, MIGRATIONS, _quiet)
    anna = sqlite_centre.as_person("anna")

    with pytest.raises(DatabaseBusy):
        backups.restore(sqlite_centre.target, backup, MIGRATIONS)

    assert sqlite_centre.path is not None
    assert not list(tmp_path.glob("*.restoring")) + list(tmp_path.glob("*.before-restore-*"))
    with anna.write() as tx:
        tx.session.execute(text("UPDATE staff SET name = 'Anna W' WHERE login = 'anna'"))


def test_a_backup_of_a_newer_program_is_not_put_back(sqlite_centre: Centre, tmp_path: Path) -> None:
    with sqlite_centre.as_owner().write() as tx:
        tx.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    backup = tmp_path / "newer.db"
    backups.back_up(sqlite_centre.target, backup, MIGRATIONS, _quiet)
    sqlite_centre.close()

    looked = _run(sqlite_centre, "verify", str(backup))
    restored = _run(sqlite_centre, "restore", str(backup), "--yes")

    assert looked.exit_code == 0
    assert "of a newer program (revision 9999)" in looked.output
    assert "of a newer program" in str(restored.exception)


def test_a_database_that_is_gone_is_put_back_without_one_to_keep(
    sqlite_centre: Centre, tmp_path: Path
) -> None:
    sqlite_centre.add_contact()
    backup = tmp_path / "one.db"
    backups.back_up(sqlite_centre.target, backup, MIGRATIONS, _quiet)
    sqlite_centre.close()
    assert sqlite_centre.path is not None
    sqlite_centre.path.unlink()

    restored = backups.restore(sqlite_centre.target, backup, MIGRATIONS)

    assert restored.aside is None
    assert _contacts(sqlite_centre.path) == 1


_KILLED = """
import os, signal, sys
from pathlib import Path
from crm_desktop.services import Target, backups
from crm_desktop.store import backup
at = int(sys.argv[4])
calls = 0
def counted(call):
    def run(*given, **named):
        global calls
        calls += 1
        if calls == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **named)
    return run
Path.rename = counted(Path.rename)
Path.unlink = counted(Path.unlink)
os.fsync = counted(os.fsync)
backups.restore(Target(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
"""


@pytest.mark.parametrize("at", range(1, 8))
def test_restoring_may_be_killed_anywhere_and_done_again(
    sqlite_centre: Centre, tmp_path: Path, at: int
) -> None:
    sqlite_centre.add_contact()
    backup = tmp_path / "one.db"
    backups.back_up(sqlite_centre.target, backup, MIGRATIONS, _quiet)
    sqlite_centre.add_contact()
    sqlite_centre.close()
    assert sqlite_centre.path is not None

    ended = subprocess.run(
        [sys.executable, "-c", _KILLED, sqlite_centre.target.url, backup, MIGRATIONS, str(at)],
        capture_output=True,
        check=False,
        cwd=MIGRATIONS.parent,
    )

    whole = [sqlite_centre.path, *tmp_path.glob("centre.db.before-restore-*")]
    counts = {_contacts(each) for each in whole if each.exists()}
    assert ended.returncode in (-signal.SIGKILL, 0), ended.stderr
    assert 2 in counts, "the database before it is lost"
    # Names tell to the second when it was; the next is to find its own free.
    for each in tmp_path.glob("centre.db.before-restore-*"):
        each.rename(tmp_path / "earlier")
    backups.restore(sqlite_centre.target, backup, MIGRATIONS)
    assert _contacts(sqlite_centre.path) == 1


def test_postgresql_has_its_own_tools_for_it(postgres_centre: Centre, tmp_path: Path) -> None:
    refused = _run(postgres_centre, "backup", str(tmp_path / "one.db"))

    assert "docs/OPERATIONS.md" in str(refused.exception)


def _waiting_work(centre: Centre) -> tuple[int, int]:
    """A reply and a hand-off that are about to leave: (message, hand-off)."""
    desk = at_work(centre)
    saved = desk.opens()
    handoffs.request(desk.db, saved.case_id, contact_id=desk.contact_id)
    sent = replies.send(desk.db, desk.contact_id, Reply("We come tomorrow.", "sam.doe@example.org"))
    with centre.as_owner().read() as tx:
        handoff = tx.session.scalars(select(Handoff.id)).one()
    return sent.message_id, handoff


def test_what_was_about_to_leave_is_left_to_a_person_after_going_back(centre: Centre) -> None:
    message_id, handoff_id = _waiting_work(centre)
    gateway = centre.as_gateway()
    lane = Lane("email", lambda *_: lambda _tx: None, lambda *_: None, lambda *_: None)
    held = leases.acquire(gateway, lane.lease_name, "of before")
    assert held is not None

    settled = _run(centre, "after-restore")

    assert settled.exit_code == 0, settled.output
    assert "1 mails and 1 hand-offs" in settled.output
    with centre.as_owner().read() as tx:
        items = tx.session.scalars(select(OutboxItem)).all()
        message = tx.session.get(Message, message_id)
        handoff = tx.session.get(Handoff, handoff_id)
        kinds = tx.session.scalars(select(Event.kind)).all()
    assert {(each.state, each.unknown_fate) for each in items} == {("dead", True)}
    assert message is not None
    assert (message.state, "earlier point" in message.failure) == ("failed", True)
    assert handoff is not None
    assert handoff.state == "failed"
    assert kinds.count("database.restored") == 1
    # A gateway from before that wakes up writes nothing.
    with pytest.raises(LeaseLost):
        outbox.claim(gateway, lane, held)
    fresh = leases.acquire(gateway, lane.lease_name, "of after")
    assert fresh is not None
    assert fresh.fence > held.fence
    assert outbox.claim(gateway, lane, fresh) == ()


def test_a_person_may_send_it_again_all_the_same(centre: Centre) -> None:
    message_id, _ = _waiting_work(centre)
    _run(centre, "after-restore")
    with centre.as_owner().read() as tx:
        of_message = select(OutboxItem.id).where(OutboxItem.message_id == message_id)
        item = tx.session.scalars(of_message).one()

    handoffs.retry(centre.as_person("anna"), item)

    with centre.as_owner().read() as tx:
        kept = tx.session.get(OutboxItem, item)
    assert kept is not None
    assert kept.state == OutboxState.PENDING


def test_going_back_twice_flags_nothing_twice(centre: Centre) -> None:
    _waiting_work(centre)
    _run(centre, "after-restore")

    again = _run(centre, "after-restore")

    assert "Nothing was about to leave" in again.output


_BREAKS = {
    "another state": "UPDATE contact SET state = 'queued', owner_id = NULL",
    "with nobody": "UPDATE contact SET owner_id = NULL",
    "not as long": "UPDATE blob SET size = size + 1",
}


@pytest.mark.parametrize("fault", _BREAKS)
def test_a_database_that_contradicts_itself_is_found_out(centre: Centre, fault: str) -> None:
    contact_id = centre.add_contact()
    contacts.take(centre.as_person("anna"), contact_id)
    with centre.as_owner().write() as tx:
        tx.session.execute(text("INSERT INTO blob (sha256, size, complete) VALUES ('ab', 3, true)"))
        tx.session.execute(
            text("INSERT INTO blob_chunk (sha256, n, data) VALUES ('ab', 0, :data)"),
            {"data": b"abc"},
        )
    sound = _run(centre, "verify")
    with centre.as_owner().write() as tx:
        tx.session.execute(text(_BREAKS[fault]))

    found = _run(centre, "verify")

    assert sound.exit_code == 0, sound.output
    assert "1 files belong to no message" in sound.output
    assert found.exit_code == 1
    assert fault in found.output


def test_a_row_that_speaks_of_nothing_is_found_out(sqlite_centre: Centre) -> None:
    contact_id = sqlite_centre.add_contact()
    assert sqlite_centre.path is not None
    with closing(sqlite3.connect(sqlite_centre.path)) as connection:
        connection.execute("UPDATE message SET contact_id = ?", [contact_id + 7])
        connection.commit()

    found = _run(sqlite_centre, "verify")

    assert "1 row of message speak of a contact that is not there" in found.output


def test_an_absent_database_is_not_made_by_looking(tmp_path: Path) -> None:
    absent = Centre(Target(f"sqlite:///{tmp_path / 'absent.db'}"))

    looked = _run(absent, "verify")

    assert looked.exit_code != 0
    assert list(tmp_path.glob("absent*")) == []
