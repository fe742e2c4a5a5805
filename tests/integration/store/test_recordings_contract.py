"""Recordings: who may hear, hold and release one, and what a gateway may do, on both dialects."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from sqlalchemy import select, update

from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import (
    CannotBeHeard,
    Conflict,
    InvalidInput,
    LeaseLost,
    NotAllowed,
    NotFound,
)
from crm_desktop.domain.recordings import MOST_ASKED, RecordingKind, StoredSound, keep_until
from crm_desktop.services import leases, recording_requests, recordings
from crm_desktop.services.sealed_sound import Listener, seal
from crm_desktop.store.database import Database
from crm_desktop.store.models import Call, Event, ReadAudit, Recording
from crm_desktop.store.models import Playback as PlaybackRow
from tests.call_rows import pbx_of
from tests.centre import Centre

NUMBER = "+441632960001"
SOUND = b"OggS and so on"
WHO = "Ms Okafor, by letter of 3 May"


def _stored(name: str) -> StoredSound:
    return StoredSound(name, "north", "0123456789abcdef", 61, 4_000, "aa", "bb", (5, 90, 12))


def _call(centre: Centre, contact_id: int) -> None:
    pbx = pbx_of(centre)
    with centre.as_owner().write() as tx:
        tx.session.add(Call(contact_id=contact_id, account_id=pbx, state="ended", number=NUMBER))


def _kept(centre: Centre, *, queue: str = "general", name: str = "crm-1") -> tuple[int, int]:
    """A contact with a recording in the store called north."""
    contact_id = centre.add_contact(queue=queue)
    _call(centre, contact_id)
    gateway = centre.as_gateway()
    recordings.begun(gateway, contact_id, name)
    recordings.ended(gateway, name)
    return contact_id, recordings.kept(gateway, contact_id, RecordingKind.CALL, _stored(name))


def _over(centre: Centre, recording_id: int) -> None:
    """Its six months are over."""
    with centre.as_owner().write() as tx:
        tx.session.execute(
            update(Recording)
            .where(Recording.id == recording_id)
            .values(keep_until=tx.now - timedelta(seconds=1))
        )


def _kinds(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        query = select(Event.kind).where(
            Event.contact_id == contact_id, Event.kind.like("recording.%")
        )
        return list(tx.session.scalars(query.order_by(Event.id)))


def _answered(centre: Centre, listener: Database, recording_id: int) -> recordings.Playback:
    playback = recordings.listen(listener, recording_id)
    gateway = centre.as_gateway()
    (asked,) = recordings.asked(gateway, "north")
    recordings.answer(gateway, asked.id, seal(asked.public_key, SOUND))
    return playback


def test_a_recording_is_entered_before_it_is_made_and_once(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _call(centre, contact_id)
    gateway, anna = centre.as_gateway(), centre.as_person("anna")

    assert recordings.next_name(gateway, contact_id) == f"crm-{contact_id}-1"
    for _ in range(2):
        recordings.begun(gateway, contact_id, "one")
    assert recordings.going_on(gateway, contact_id) == "one"
    (made,) = recordings.of_contact(anna, contact_id)
    assert not made.can_be_heard
    assert recordings.to_fetch(gateway) == []
    recordings.ended(gateway, "one")

    (waiting,) = recordings.to_fetch(gateway)
    assert (waiting.name, waiting.contact_id, waiting.kept) == ("one", contact_id, False)
    assert waiting.account_id is not None
    id_ = recordings.kept(gateway, contact_id, RecordingKind.CALL, _stored("one"))
    with pytest.raises(InvalidInput):
        recordings.kept(gateway, contact_id, RecordingKind.CALL, _stored("one"))
    (left,) = recordings.to_fetch(gateway)
    assert left.kept, "the PBX's copy is still to be deleted"
    recordings.cleared(gateway, id_)
    assert recordings.to_fetch(gateway) == []
    (kept,) = recordings.of_contact(anna, contact_id)
    assert (kept.can_be_heard, kept.seconds, kept.peaks) == (True, 61, (5, 90, 12))
    assert kept.keep_until == keep_until(kept.started_at)
    assert recordings.stores(gateway) == {"north": 1}


def test_a_recording_that_is_lost_says_why(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _call(centre, contact_id)
    gateway = centre.as_gateway()
    recordings.begun(gateway, contact_id, "one")

    recordings.lost(gateway, "one", "The PBX did not have it any more.")
    recordings.lost(gateway, "one", "again")

    (shown,) = recordings.of_contact(centre.as_person("anna"), contact_id)
    assert shown.lost == "The PBX did not have it any more."
    assert _kinds(centre, contact_id) == ["recording.lost"]
    assert recordings.going_on(gateway, contact_id) is None


def test_what_the_pbx_does_is_told_once_a_change(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _call(centre, contact_id)
    gateway = centre.as_gateway()

    told = [recordings.said(gateway, contact_id, each) for each in ("on", "on", "paused")]

    assert [each.ids(Topic.CALL) for each in told] == [{contact_id}, set(), {contact_id}]
    with centre.as_owner().read() as tx:
        query = select(Event.data).where(Event.kind == "call.recording").order_by(Event.id)
        assert [each["state"] for each in tx.session.scalars(query)] == ["on", "paused"]


def test_a_sound_is_heard_once_by_who_asked_and_that_is_written_down(centre: Centre) -> None:
    contact_id, id_ = _kept(centre)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")

    playback = recordings.listen(anna, id_)
    assert playback.changes.ids(Topic.PLAYBACK) == {playback.id}
    assert recordings.sound(anna, playback) is None
    gateway = centre.as_gateway()
    (asked,) = recordings.asked(gateway, "north")
    assert recordings.asked(gateway, "south") == []
    assert (asked.sound.file, asked.sound.sound_sha256) == ("0123456789abcdef", "bb")
    recordings.answer(gateway, asked.id, seal(asked.public_key, SOUND))

    with centre.as_owner().read() as tx:
        lying = tx.session.scalars(select(PlaybackRow.sound)).one()
    assert lying is not None
    assert SOUND not in lying, "what lies in the database cannot be heard"
    with pytest.raises(NotFound):
        recordings.sound(ben, playback)
    assert recordings.sound(anna, playback) == SOUND
    with pytest.raises(NotFound):
        recordings.sound(anna, playback)

    with centre.as_owner().read() as tx:
        traces = tx.session.execute(
            select(ReadAudit.what, ReadAudit.ref_id, ReadAudit.staff_id).where(
                ReadAudit.what == "recording"
            )
        ).all()
        lying = tx.session.scalars(select(PlaybackRow.sound)).one()
    assert anna.actor is not None
    assert traces == [("recording", id_, anna.actor.id)]
    assert lying is None
    (heard,) = recordings.heard(centre.as_person("rose"), id_)
    assert heard.name == "Anna Whitlock"
    with pytest.raises(NotAllowed):
        recordings.heard(anna, id_)
    assert contact_id


def test_a_sound_opens_for_the_desktop_that_asked_and_no_other() -> None:
    one, other = Listener(), Listener()

    sealed = seal(one.public, SOUND)

    assert one.open(sealed) == SOUND
    with pytest.raises(InvalidTag):
        other.open(sealed)
    with pytest.raises(InvalidTag):
        one.open(sealed[:-1] + bytes([sealed[-1] ^ 1]))


def test_what_cannot_be_heard_says_so_and_what_is_not_fetched_goes(centre: Centre) -> None:
    _, id_ = _kept(centre)
    anna, gateway = centre.as_person("anna"), centre.as_gateway()
    refused = recordings.listen(anna, id_)
    (asked,) = recordings.asked(gateway, "north")
    recordings.refuse(gateway, asked.id, "The file is damaged.")
    with pytest.raises(CannotBeHeard, match="The file is damaged"):
        recordings.sound(anna, refused)

    late = _answered(centre, anna, id_)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(PlaybackRow).values(expires_at=tx.now - timedelta(seconds=1)))
    with pytest.raises(NotFound):
        recordings.sound(anna, late)
    recordings.expire(gateway)

    with centre.as_owner().read() as tx:
        assert tx.session.scalars(select(PlaybackRow.id)).all() == []
        heard = select(ReadAudit.id).where(ReadAudit.what == "recording")
        assert tx.session.scalars(heard).all() == [], "nobody heard anything"


def test_another_queue_s_recording_is_not_there(centre: Centre) -> None:
    contact_id, id_ = _kept(centre, queue="care")
    anna = centre.as_person("anna")

    assert recordings.of_contact(anna, contact_id) == ()
    assert len(recordings.of_contact(centre.as_person("cora"), contact_id)) == 1
    with pytest.raises(NotFound):
        recordings.listen(anna, id_)
    with pytest.raises(NotAllowed):
        recordings.hold(centre.as_person("cora"), id_, "A claim")


def test_what_is_held_outlives_its_time_and_what_is_over_is_destroyed(centre: Centre) -> None:
    contact_id, id_ = _kept(centre)
    rose, gateway = centre.as_person("rose"), centre.as_gateway()
    assert recordings.due(gateway, "north") == [], "its time is not over"
    _over(centre, id_)
    with pytest.raises(InvalidInput):
        recordings.hold(rose, id_, "  ")
    assert recordings.hold(rose, id_, " A claim ").ids(Topic.RECORDING) == {contact_id}

    assert recordings.due(gateway, "north") == []
    assert not recordings.destroying(gateway, id_)
    (held,) = recordings.of_contact(rose, contact_id)
    assert (held.held, held.held_by) == ("A claim", "Rose Boateng")

    recordings.release(rose, id_, "Settled")
    with pytest.raises(Conflict):
        recordings.release(rose, id_, "Settled")
    (due,) = recordings.due(gateway, "north")
    assert recordings.due(gateway, "south") == []
    assert recordings.destroying(gateway, due.id)
    for late in (
        lambda: recordings.hold(rose, id_, "Too late"),
        lambda: recordings.listen(rose, id_),
        lambda: recording_requests.open_request(rose, id_, WHO),
    ):
        with pytest.raises(Conflict):
            late()
    (again,) = recordings.due(gateway, "north")
    assert again.begun, "a job that was killed goes on with it"
    for _ in range(2):
        recordings.destroyed(gateway, again, "the key does not open")

    (gone,) = recordings.of_contact(rose, contact_id)
    assert gone.destroyed_at is not None
    assert not gone.can_be_heard
    assert recordings.due(gateway, "north") == []
    assert _kinds(centre, contact_id) == [
        "recording.kept",
        "recording.held",
        "recording.let_go",
        "recording.destroyed",
    ]


def test_a_customer_s_request_holds_is_written_redacted_and_released(centre: Centre) -> None:
    contact_id, id_ = _kept(centre)
    rose, gateway = centre.as_person("rose"), centre.as_gateway()
    now = datetime.now(UTC)
    day = timedelta(days=1)
    (found,) = recordings.find(rose, "01632 960 001", now - day, now + day)
    assert (found.recording.id, found.number, found.who) == (id_, NUMBER, "Margaret Okafor")
    assert recordings.find(rose, "01632 960 002", now - day, now + day) == ()
    assert recordings.find(rose, NUMBER, now + day, now + 2 * day) == ()

    request = recording_requests.open_request(rose, id_, WHO).id

    _over(centre, id_)
    assert recordings.due(gateway, "north") == [], "it is held at once"
    with pytest.raises(Conflict):
        recording_requests.open_request(rose, id_, WHO)
    (again,) = recordings.find(rose, NUMBER, now - day, now + day)
    assert again.request_id == request
    (row,) = recording_requests.rows(rose)
    assert (row.asked_by, row.opened_by, row.who) == (WHO, "Rose Boateng", "Margaret Okafor")
    said = "My neighbour Joe Bloggs saw it."
    with pytest.raises(InvalidInput):
        recording_requests.write(rose, request, 1, "Card 4111 1111 1111 1111", ())
    written = recording_requests.write(rose, request, 1, said, ((13, 23),))
    with pytest.raises(Conflict):
        recording_requests.write(rose, request, 1, "Older", ())
    view = recording_requests.read(rose, request)
    assert (view.transcript, view.redacted, view.version) == (said, ((13, 23),), 2)
    recording_requests.release(rose, request, written.version, said, ((13, 23),))

    view = recording_requests.read(rose, request)
    assert view.released == "My neighbour [redacted] saw it."
    with pytest.raises(Conflict):
        recording_requests.write(rose, request, view.version, "More", ())
    assert [each.id for each in recordings.due(gateway, "north")] == [id_], "held no more"
    assert _kinds(centre, contact_id) == [
        "recording.kept",
        "recording.requested",
        *("recording.transcribed", "recording.transcribed"),
        "recording.released",
    ]
    with centre.as_owner().read() as tx:
        read = select(ReadAudit.ref_id).where(ReadAudit.what == "recording_request")
        assert tx.session.scalars(read).all() == [request, request]
        searched = select(Event.id).where(Event.kind == "recording.searched")
        assert len(tx.session.scalars(searched).all()) == 4


def test_a_request_is_a_leader_s_of_its_queue_and_may_end_with_a_reason(centre: Centre) -> None:
    _, id_ = _kept(centre)
    anna, rose = centre.as_person("anna"), centre.as_person("rose")
    now = datetime.now(UTC)
    request = recording_requests.open_request(rose, id_, WHO).id

    for refused in (
        lambda: recordings.find(anna, NUMBER, now - timedelta(days=1), now),
        lambda: recording_requests.open_request(anna, id_, WHO),
        lambda: recording_requests.close(anna, request, "No"),
        lambda: recording_requests.write(anna, request, 1, "Words", ()),
    ):
        with pytest.raises(NotAllowed):
            refused()
    with pytest.raises(NotFound):
        recording_requests.read(anna, request)
    assert recording_requests.rows(anna) == ()
    with pytest.raises(InvalidInput):
        recordings.find(rose, "no number", now - timedelta(days=1), now)
    with pytest.raises(InvalidInput):
        recording_requests.release(rose, request, 1, "", ())
    recording_requests.close(rose, request, "Withdrawn by the customer")

    (row,) = recording_requests.rows(rose)
    assert row.closed_at is not None


def test_a_gateway_that_slept_says_nothing_of_recordings(centre: Centre) -> None:
    contact_id = centre.add_contact()
    _call(centre, contact_id)
    gateway = centre.as_gateway()
    mine = leases.acquire(gateway, "pbx:1", "one", 600)
    assert mine is not None
    recordings.begun(gateway, contact_id, "one", under=mine)
    leases.release(gateway, [mine])
    assert leases.acquire(gateway, "pbx:1", "another", 600) is not None

    for write in (
        lambda: recordings.begun(gateway, contact_id, "two", under=mine),
        lambda: recordings.said(gateway, contact_id, "on", under=mine),
        lambda: recordings.ended(gateway, "one", under=mine),
        lambda: recordings.lost(gateway, "one", "no", under=mine),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert recordings.going_on(gateway, contact_id) == "one"


def test_how_long_a_recording_is_over_is_the_database_s_word(centre: Centre) -> None:
    """A gateway whose clock is fast would give up what the PBX is about to have."""
    contact_id = centre.add_contact()
    _call(centre, contact_id)
    gateway = centre.as_gateway()
    recordings.begun(gateway, contact_id, "one")
    recordings.ended(gateway, "one")
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Recording).values(ended_at=tx.now - timedelta(minutes=1)))

    (waiting,) = recordings.to_fetch(gateway)

    assert timedelta(minutes=1) <= waiting.since < timedelta(minutes=3)


def test_nobody_asks_for_more_sounds_than_they_can_hear(centre: Centre) -> None:
    """Each lies in the database until it is fetched."""
    _, recording_id = _kept(centre)
    anna, ben = centre.as_person("anna"), centre.as_person("ben")
    for _ in range(MOST_ASKED):
        recordings.listen(anna, recording_id)

    with pytest.raises(Conflict, match="at once"):
        recordings.listen(anna, recording_id)
    recordings.listen(ben, recording_id)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(PlaybackRow).values(state="read"))
    recordings.listen(anna, recording_id)
