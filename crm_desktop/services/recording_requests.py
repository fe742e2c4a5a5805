"""A customer's request for a recording: held at once, written down, redacted, released."""

from __future__ import annotations

from dataclasses import dataclass

from crm_desktop.domain.card_numbers import refuse_card_numbers
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import NotFound
from crm_desktop.domain.recordings import (
    RequestRow,
    RequestView,
    Stretches,
    released_text,
    stretches,
)
from crm_desktop.store import recording_requests as store
from crm_desktop.store import recordings
from crm_desktop.store.database import Database, Tx


@dataclass(frozen=True, slots=True)
class Opened:
    """A request that was opened."""

    id: int
    changes: Changes


@dataclass(frozen=True, slots=True)
class Written:
    """A transcript that was kept, under its new version."""

    version: int
    changes: Changes


def rows(db: Database) -> tuple[RequestRow, ...]:
    """The requests of a leader's queues, open ones first."""
    with db.read() as tx:
        return store.rows(tx)


def open_request(db: Database, recording_id: int, asked_by: str) -> Opened:
    """Somebody asks for a recording: from now on it is held.

    Raises NotAllowed unless a team leader of its queue does it, Conflict when it is being
    destroyed or asked for already, InvalidInput without words about who asks.
    """
    with db.write() as tx:
        made = store.open_(tx, recording_id, asked_by)
        _tell(tx, recording_id)
        return Opened(made, tx.changes)


def read(db: Database, request_id: int) -> RequestView:
    """A request with its transcript, and who listened; reading it is written down."""
    with db.write() as tx:
        found = store.rows(tx, request_id)
        if not found:
            raise NotFound("no such request")
        row = found[0]
        view = recordings.by_ids(tx, [row.recording_id]).get(row.recording_id)
        if view is None:
            raise NotFound("no such request")
        transcript, redacted, released = store.read(tx, request_id)
        return RequestView(
            row,
            view,
            transcript,
            redacted,
            store.version(tx, request_id),
            released,
            recordings.heard(tx, row.recording_id),
        )


def write(
    db: Database, request_id: int, seen: int, transcript: str, redacted: Stretches
) -> Written:
    """Keep the transcript as it stands. `seen`: the version that it was made from.

    Raises Conflict when a colleague changed it meanwhile, InvalidInput for a card number in it.
    """
    refuse_card_numbers(transcript=transcript)
    with db.write() as tx:
        version = store.write(tx, request_id, seen, transcript, stretches(transcript, redacted))
        _tell_of(tx, request_id)
        return Written(version, tx.changes)


def release(
    db: Database, request_id: int, seen: int, transcript: str, redacted: Stretches
) -> Changes:
    """Keep the transcript, and say what of it the customer gets: all but the redacted stretches.

    Raises as `write`, and InvalidInput when that is nothing.
    """
    refuse_card_numbers(transcript=transcript)
    with db.write() as tx:
        kept = stretches(transcript, redacted)
        version = store.write(tx, request_id, seen, transcript, kept)
        store.release(tx, request_id, version, released_text(transcript, kept))
        _tell_of(tx, request_id)
        return tx.changes


def close(db: Database, request_id: int, why: str) -> Changes:
    """End a request without releasing anything; the recording's time counts again."""
    with db.write() as tx:
        store.close(tx, request_id, why)
        _tell_of(tx, request_id)
        return tx.changes


def _tell_of(tx: Tx, request_id: int) -> None:
    (row,) = store.rows(tx, request_id)
    tx.changed(Topic.RECORDING, row.contact_id)


def _tell(tx: Tx, recording_id: int) -> None:
    for view in recordings.by_ids(tx, [recording_id]).values():
        tx.changed(Topic.RECORDING, view.contact_id)
