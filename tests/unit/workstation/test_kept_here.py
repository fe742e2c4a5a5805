"""Contacts to be entered and articles are kept encrypted on this computer, and damage is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import pytest
from cryptography.fernet import Fernet

from crm_desktop.domain.article_search import KeptArticle
from crm_desktop.domain.errors import InvalidInput, NotFound
from crm_desktop.domain.logged import LoggedContact, ToEnter
from crm_desktop.domain.states import Channel, Direction, Resolution
from crm_desktop.services import Database, knowledge
from crm_desktop.this_computer.articles import KeptArticles
from crm_desktop.this_computer.log import KeptLog
from crm_desktop.workstation.sealed import SealedStore

NOW = datetime(2026, 11, 27, 11, 20, tzinfo=UTC)


def an_entry(who: str = "Margaret Okafor", at: datetime = NOW) -> ToEnter:
    return ToEnter(
        LoggedContact(
            key=str(uuid4()),
            channel=Channel.VISIT,
            direction=Direction.INBOUND,
            happened_at=NOW - timedelta(minutes=30),
            who=who,
            about="Blue badge",
            service_id=3,
            reach="01632 960 123",
            resolution=Resolution.CALLBACK,
            while_away=True,
        ),
        at,
    )


def test_what_is_logged_is_there_after_a_crash_in_its_order_and_unreadable_on_the_disk(
    tmp_path: Path,
) -> None:
    key = Fernet.generate_key()
    first, second = an_entry(), an_entry("Bob Lind", NOW + timedelta(minutes=1))
    log = KeptLog(SealedStore(tmp_path, key), "db/anna/")
    log.keep(second)
    log.keep(first)

    again = KeptLog(SealedStore(tmp_path, key), "db/anna/")

    assert again.entries() == (first, second)
    assert KeptLog(SealedStore(tmp_path, key), "db/ben/").entries() == ()
    assert not any(b"Okafor" in each.read_bytes() for each in tmp_path.iterdir())


def test_what_is_mended_keeps_its_place_and_what_is_entered_is_gone(tmp_path: Path) -> None:
    key = Fernet.generate_key()
    log = KeptLog(SealedStore(tmp_path, key), "db/anna/")
    first, second = an_entry(), an_entry("Bob Lind", NOW + timedelta(minutes=1))
    log.keep(first)
    log.keep(second)

    log.keep(ToEnter(first.said, NOW + timedelta(hours=1), "That service is gone"))

    assert [each.refused for each in log.entries()] == ["That service is gone", ""]
    log.forget(first.said.key)
    assert KeptLog(SealedStore(tmp_path, key), "db/anna/").entries() == (second,)


@pytest.mark.parametrize("damage", ["another key", "cut", "no entry"])
def test_what_cannot_be_read_is_kept_aside_and_counted(tmp_path: Path, damage: str) -> None:
    key = Fernet.generate_key()
    store = SealedStore(tmp_path, key)
    KeptLog(store, "db/anna/").keep(an_entry())
    (file,) = tmp_path.iterdir()
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:40])
    elif damage == "no entry":
        store.save("db/anna/other", b'{"said": 1}')

    log = KeptLog(
        SealedStore(tmp_path, Fernet.generate_key() if damage == "another key" else key),
        "db/anna/",
    )

    assert log.damaged == 1
    assert len(log.entries()) == (1 if damage == "no entry" else 0)
    assert any(tmp_path.iterdir())


@pytest.mark.parametrize("data", [{}, {"channel": "smoke"}, {"happened_at": 3}, {"key": None}])
def test_nothing_else_is_taken_for_a_logged_contact(data: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        LoggedContact.from_data(data)


def test_a_logged_contact_comes_back_from_its_file_as_it_was() -> None:
    said = an_entry().said

    assert LoggedContact.from_data(said.to_data()) == said


def an_article(
    number: int, title: str, body: str = "", service_id: int | None = None
) -> KeptArticle:
    return KeptArticle(
        number, "1", title, "", body, ("rubbish",), service_id, "Waste", "", date(2027, 1, 1), NOW
    )


def put(kept: KeptArticles, *articles: KeptArticle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill a copy without a database: what the database says is given here."""
    monkeypatch.setattr(knowledge, "whole", lambda _db, _ids: articles)
    kept.fetch(cast("Database", None), [each.id for each in articles])
    kept.is_complete()


def test_articles_are_found_as_they_are_misspelt_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = Fernet.generate_key()
    put(
        KeptArticles(SealedStore(tmp_path, key), "db/"),
        an_article(1, "Missed bins", "We collect **recycling** again within two days."),
        an_article(2, "Council tax", "Tell us that you move."),
        monkeypatch=monkeypatch,
    )

    kept = KeptArticles(SealedStore(tmp_path, key), "db/")

    assert [each.id for each in kept.search("recyling", 9)] == [1]
    assert [each.id for each in kept.search("counc", 9)] == [2]
    assert [each.title for each in kept.browse(9)] == ["Council tax", "Missed bins"]
    assert kept.read(2).body == "Tell us that you move."
    assert kept.at is not None
    with pytest.raises(NotFound):
        kept.read(3)
    assert not any(b"recycling" in each.read_bytes() for each in tmp_path.iterdir())


def test_without_a_keyring_no_copy_is_kept_and_it_says_so() -> None:
    kept = KeptArticles(SealedStore(Path(), None, "Articles", "There is no keyring"), "db/")

    assert kept.problem == "There is no keyring"
    assert kept.at is None
