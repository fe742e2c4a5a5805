"""Customers' requests for recordings; who may is said in migrations/sql/0019_requests.sql, and
tests/integration/store/test_recordings_contract.py holds both dialects to it.
"""

from __future__ import annotations

import json

from sqlalchemy import func, select, text
from sqlalchemy.orm import aliased

from crm_desktop.domain.errors import Conflict, InvalidInput, NotFound
from crm_desktop.domain.recordings import TRANSCRIPT_LETTERS, RequestRow, Stretches
from crm_desktop.store.database import Tx
from crm_desktop.store.guard_sqlite_reading import trace
from crm_desktop.store.leading import call, me
from crm_desktop.store.models import Contact, Recording, RecordingRequest, Staff
from crm_desktop.store.recordings import check_words, led, log

#: A transcript, its redacted stretches, and the text as it was released.
Written = tuple[str, Stretches, str]

_Opener = aliased(Staff)
_LISTED = 200


def rows(tx: Tx, request_id: int | None = None) -> tuple[RequestRow, ...]:
    """The requests of a leader's queues: open ones first, newest first; or this one alone."""
    over = RecordingRequest.released_at.is_not(None) | RecordingRequest.closed_at.is_not(None)
    query = (
        select(
            RecordingRequest.id,
            RecordingRequest.recording_id,
            Recording.contact_id,
            RecordingRequest.asked_by,
            func.coalesce(_Opener.name, "").label("opened_by"),
            RecordingRequest.opened_at,
            Recording.started_at.label("called_at"),
            Contact.who,
            RecordingRequest.released_at,
            RecordingRequest.closed_at,
        )
        .join(Recording, Recording.id == RecordingRequest.recording_id)
        .join(Contact, Contact.id == Recording.contact_id)
        .outerjoin(_Opener, _Opener.id == RecordingRequest.opened_by_id)
        .order_by(over, RecordingRequest.id.desc())
        .limit(_LISTED)
    )
    if request_id is not None:
        query = query.where(RecordingRequest.id == request_id)
    if tx.dialect == "sqlite":
        person = me(tx)
        if not person.leads:
            return ()
        query = query.where(Contact.queue_id.in_(person.queues))
    return tuple(RequestRow(**row) for row in tx.session.execute(query).mappings())


def open_ids(tx: Tx, recording_ids: list[int]) -> dict[int, int]:
    """The open request about each of these recordings, where there is one."""
    found = tx.session.execute(
        select(RecordingRequest.recording_id, RecordingRequest.id).where(
            RecordingRequest.recording_id.in_(recording_ids),
            RecordingRequest.released_at.is_(None),
            RecordingRequest.closed_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in found}


def version(tx: Tx, request_id: int) -> int:
    """Which version of its transcript a request has."""
    return (
        tx.session.scalar(select(RecordingRequest.version).where(RecordingRequest.id == request_id))
        or 0
    )


def open_(tx: Tx, recording_id: int, asked_by: str) -> int:
    """Open a request, which holds the recording; raises NotAllowed, NotFound, Conflict."""
    if tx.dialect == "postgresql":
        made: int = call(tx, "request_open", recording=recording_id, asked_by=asked_by)
        return made
    found = led(tx, recording_id)
    check_words(asked_by, "who asks, in words")
    if found.destroying_at is not None or found.lost:
        raise Conflict("there is no sound any more")
    if open_ids(tx, [recording_id]):
        raise Conflict("a request for it is open")
    request = RecordingRequest(
        recording_id=recording_id, asked_by=asked_by.strip(), opened_by_id=me(tx).id
    )
    tx.session.add(request)
    tx.session.flush()
    log(tx, "recording.requested", found.contact_id, recording=recording_id, request=request.id)
    return request.id


def read(tx: Tx, request_id: int) -> Written:
    """What was written down; leaves a trace. Raises NotAllowed, NotFound."""
    if tx.dialect == "postgresql":
        row = tx.core.execute(
            text("SELECT transcript, redacted, released FROM app.request_read(:id)"),
            {"id": request_id},
        ).one()
        transcript, redacted, released = row
    else:
        request, _ = _led(tx, request_id)
        trace(tx.session, me(tx), "recording_request", request_id)
        transcript, redacted, released = request.transcript, request.redacted, request.released
    return transcript, tuple((start, end) for start, end in redacted), released


def write(tx: Tx, request_id: int, seen: int, transcript: str, redacted: Stretches) -> int:
    """Keep a transcript; its new version. Raises Conflict when a colleague was faster."""
    listed = [list(each) for each in redacted]
    if tx.dialect == "postgresql":
        row = tx.core.execute(
            text("SELECT app.request_write(:id, :seen, :transcript, CAST(:redacted AS jsonb))"),
            {
                "id": request_id,
                "seen": seen,
                "transcript": transcript,
                "redacted": json.dumps(listed),
            },
        )
        return int(row.scalar_one())
    request, recording = _open(tx, request_id, seen)
    if len(transcript) > TRANSCRIPT_LETTERS:
        raise InvalidInput(f"a transcript of up to {TRANSCRIPT_LETTERS} letters")
    request.transcript, request.redacted, request.version = transcript, listed, seen + 1
    log(tx, "recording.transcribed", recording.contact_id, request=request_id)
    return request.version


def release(tx: Tx, request_id: int, seen: int, released: str) -> None:
    """The customer gets this text; raises Conflict, InvalidInput for nothing to release."""
    if tx.dialect == "postgresql":
        call(tx, "request_release", request=request_id, seen=seen, released=released)
        return
    request, recording = _open(tx, request_id, seen)
    if not released.strip():
        raise InvalidInput("there is nothing to release")
    request.released, request.released_at, request.released_by_id = released, tx.now, me(tx).id
    log(
        tx,
        "recording.released",
        recording.contact_id,
        request=request_id,
        redacted=len(request.redacted),
    )


def close(tx: Tx, request_id: int, why: str) -> None:
    """End a request without releasing anything, for a reason."""
    if tx.dialect == "postgresql":
        call(tx, "request_close", request=request_id, why=why)
        return
    request, recording = _open(tx, request_id, None)
    check_words(why, "a reason")
    request.closed_at, request.closed_why = tx.now, why.strip()
    log(tx, "recording.refused", recording.contact_id, request=request_id, reason=why.strip())


def _open(tx: Tx, request_id: int, seen: int | None) -> tuple[RecordingRequest, Recording]:
    request, recording = _led(tx, request_id)
    if request.released_at is not None or request.closed_at is not None:
        raise Conflict("the request is over")
    if seen is not None and request.version != seen:
        raise Conflict("a colleague changed it meanwhile")
    return request, recording


def _led(tx: Tx, request_id: int) -> tuple[RecordingRequest, Recording]:
    request = tx.session.get(RecordingRequest, request_id, populate_existing=True)
    if request is None:
        raise NotFound("no such request")
    return request, led(tx, request.recording_id)
