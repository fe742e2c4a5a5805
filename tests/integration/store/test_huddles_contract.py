"""Huddles, receipts and private notes: who may write, who may read, alike on both dialects."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import InvalidInput, NotAllowed, NotFound
from crm_desktop.domain.huddles import Hearers, Scope
from crm_desktop.services import huddles
from crm_desktop.store import models
from crm_desktop.store.database import Database
from crm_desktop.store.models import Event, HuddleReceipt, StaffNote
from tests.centre import Centre

HOUR = timedelta(hours=1)
ALL = Hearers(Scope.ALL)


def _me(db: Database) -> int:
    assert db.actor is not None
    return db.actor.id


def _words(db: Database) -> list[str]:
    return [each.words for each in huddles.unread(db)]


def test_everybody_is_told_and_the_sender_sees_who_read_it(centre: Centre) -> None:
    rose, anna, ben = (centre.as_person(login) for login in ("rose", "anna", "ben"))

    changes = huddles.send(rose, ALL, " Storm tonight: expect calls ", HOUR)

    (shown,) = huddles.unread(anna)
    assert changes.ids(Topic.HUDDLE) == {shown.id}
    assert (shown.author, shown.to, shown.words) == (
        *("Rose Boateng", "everybody"),
        "Storm tonight: expect calls",
    )
    assert abs(shown.expires_at - shown.sent_at - HOUR) < timedelta(seconds=1)
    assert _words(rose) == [], "nobody is told what they say themselves"
    assert huddles.read(anna, shown.id).ids(Topic.RECEIPT) == {shown.id}
    huddles.read(anna, shown.id)
    assert _words(anna) == []
    assert _words(ben) == ["Storm tonight: expect calls"]
    (sent,) = huddles.sent(rose)
    assert (sent.read, sent.sent_to, sent.to) == (1, 3, "everybody")
    receipts = huddles.receipts(rose, shown.id)
    assert [each.name for each in receipts] == ["Anna Whitlock", "Ben Achebe", "Cora Lindqvist"]
    assert receipts[0].read_at is not None
    assert [each.read_at for each in receipts[1:]] == [None, None]
    with centre.as_owner().read() as tx:
        kinds = tx.session.scalars(
            select(Event.kind).where(Event.kind.like("huddle.%")).order_by(Event.id)
        ).all()
    assert kinds == ["huddle.sent", "huddle.read"], "a huddle is read once"


def test_to_a_queue_and_to_one(centre: Centre) -> None:
    rose, anna, cora = (centre.as_person(login) for login in ("rose", "anna", "cora"))

    huddles.send(rose, Hearers(Scope.QUEUE, centre.queue_id("care")), "Care only", HOUR)
    huddles.send(rose, Hearers(Scope.ONE, _me(anna)), "For you", HOUR)

    assert _words(cora) == ["Care only"]
    assert [(each.words, each.to) for each in huddles.unread(anna)] == [
        ("For you", "Anna Whitlock")
    ]
    assert [each.to for each in huddles.sent(rose)] == ["Anna Whitlock", "Children's services"]


def test_what_expired_or_was_ended_is_shown_no_more(centre: Centre) -> None:
    rose, anna = centre.as_person("rose"), centre.as_person("anna")
    huddles.send(rose, ALL, "Old", HOUR)
    huddles.send(rose, ALL, "Taken back", HOUR)
    huddles.send(rose, ALL, "Stays", HOUR)
    old, taken_back, _ = huddles.unread(anna)
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(models.Huddle).where(models.Huddle.id == old.id).values(expires_at=tx.now)
        )

    assert huddles.end(rose, taken_back.id).ids(Topic.HUDDLE) == {taken_back.id}

    assert _words(anna) == ["Stays"]
    with pytest.raises(NotFound):
        huddles.end(rose, taken_back.id)


def test_who_may_not_send_read_or_end(centre: Centre) -> None:
    rose, anna, cora = (centre.as_person(login) for login in ("rose", "anna", "cora"))
    huddles.send(rose, Hearers(Scope.ONE, _me(anna)), "For you", HOUR)
    (shown,) = huddles.unread(anna)

    general = Hearers(Scope.QUEUE, centre.queue_id("general"))
    for to in (ALL, Hearers(Scope.ONE, _me(cora)), general):
        with pytest.raises(NotAllowed):
            huddles.send(anna, to, "Hello", HOUR)
    with pytest.raises(NotFound):
        huddles.end(anna, shown.id)
    with pytest.raises(NotFound):
        huddles.read(cora, shown.id)
    for words, lasts in (("  ", HOUR), ("x" * 501, HOUR), ("x", timedelta()), ("x", 9 * 24 * HOUR)):
        with pytest.raises(InvalidInput):
            huddles.send(rose, ALL, words, lasts)

    assert huddles.receipts(cora, shown.id) == ()
    assert _words(anna) == ["For you"]


def test_a_private_note_is_between_two(centre: Centre) -> None:
    rose, anna, ben = (centre.as_person(login) for login in ("rose", "anna", "ben"))

    changes = huddles.write_note(rose, _me(anna), " Can you stay till six? ")
    huddles.write_note(anna, _me(rose), "Yes.")

    assert changes.ids(Topic.NOTE) == {_me(rose), _me(anna)}
    (talk,) = huddles.talks(rose)
    assert (talk.name, talk.last, talk.unread) == ("Anna Whitlock", "Yes.", 1)
    said = huddles.notes(anna, _me(rose))
    assert [(each.mine, each.words) for each in said] == [
        (False, "Can you stay till six?"),
        (True, "Yes."),
    ]
    read = huddles.notes_read(rose, _me(anna), said[-1].id)
    assert read.ids(Topic.NOTE) == {_me(rose), _me(anna)}
    assert not huddles.notes_read(rose, _me(anna), said[-1].id)
    assert huddles.talks(rose)[0].unread == 0
    assert huddles.notes(anna, _me(rose))[-1].read_at is not None
    assert huddles.talks(ben) == ()
    assert huddles.notes(ben, _me(rose)) == ()


def test_a_leader_begins_and_somebody_who_was_written_to_answers(centre: Centre) -> None:
    rose, anna, ben, cora = (centre.as_person(n) for n in ("rose", "anna", "ben", "cora"))

    for writer, to in ((anna, rose), (anna, ben), (cora, anna)):
        with pytest.raises(NotAllowed):
            huddles.write_note(writer, _me(to), "Hello")
    huddles.write_note(rose, _me(ben), "Hello")
    with pytest.raises(NotAllowed):
        huddles.write_note(anna, _me(rose), "Me too")
    huddles.write_note(ben, _me(rose), "Hello yourself")
    for words in ("", " ", "x" * 2_001):
        with pytest.raises(InvalidInput):
            huddles.write_note(rose, _me(ben), words)
    with pytest.raises(NotFound):
        huddles.write_note(rose, _me(rose), "To myself")

    with centre.as_owner().read() as tx:
        assert tx.session.scalar(select(func.count()).select_from(StaffNote)) == 2


def test_one_who_is_there_no_more_hears_nothing(centre: Centre) -> None:
    rose, anna = centre.as_person("rose"), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(models.Staff).where(models.Staff.login == "ben").values(active=False)
        )

    huddles.send(rose, ALL, "Hello", HOUR)

    with centre.as_owner().read() as tx:
        heard = tx.session.scalars(select(HuddleReceipt.staff_id)).all()
    assert _me(anna) in heard
    assert len(heard) == 2
