"""The register of recordings, sounds on their way to a listener, and customers' requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, false, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import (
    Base,
    BigId,
    CreatedAt,
    Id,
    JsonList,
    Time,
    UtcDateTime,
)

_NOT_CLEARED = text("cleared_at IS NULL AND lost = ''")
_NOT_DESTROYED = text("destroyed_at IS NULL AND keep_until IS NOT NULL")


class Recording(Base):
    """A recording from its beginning at the PBX to its destruction; never the sound itself.

    `name` is the PBX's, `store` and `file` say where the encrypted sound is; its key is nowhere in
    the database. `cleared_at`: the PBX's own copy is gone. `lost` says why there is no sound. From
    `destroying_at` on it is being destroyed, whatever happens; `destroyed_at` when that was proved.
    Under `legal_hold` it outlives `keep_until`.
    """

    __tablename__ = "recording"
    __table_args__ = (
        Index(
            "ix_recording_to_fetch",
            "id",
            postgresql_where=_NOT_CLEARED,
            sqlite_where=_NOT_CLEARED,
        ),
        Index(
            "ix_recording_due",
            "store",
            "keep_until",
            postgresql_where=_NOT_DESTROYED,
            sqlite_where=_NOT_DESTROYED,
        ),
    )

    id: Mapped[Id]
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"), index=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("channel_account.id"))
    kind: Mapped[str]
    name: Mapped[str] = mapped_column(unique=True)
    started_at: Mapped[CreatedAt]
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    store: Mapped[str] = mapped_column(default="", server_default="")
    file: Mapped[str] = mapped_column(default="", server_default="")
    content_type: Mapped[str] = mapped_column(default="", server_default="")
    seconds: Mapped[int] = mapped_column(default=0, server_default="0")
    size: Mapped[int] = mapped_column(BigId, default=0, server_default="0")
    peaks: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    sealed_sha256: Mapped[str] = mapped_column(default="", server_default="")
    sound_sha256: Mapped[str] = mapped_column(default="", server_default="")
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lost: Mapped[str] = mapped_column(default="", server_default="")
    keep_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destroying_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    destroyed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    legal_hold: Mapped[bool] = mapped_column(default=False, server_default=false())
    hold_reason: Mapped[str] = mapped_column(default="", server_default="")
    hold_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Playback(Base):
    """A sound on its way to one person: read once, gone after `expires_at`.

    `public_key` is their desktop's for this once (X25519); `sound` is encrypted to it, so that
    neither the database nor a backup of it ever has what can be heard. `state` is
    domain.recordings.PlaybackState.
    """

    __tablename__ = "playback"

    id: Mapped[Id]
    recording_id: Mapped[int] = mapped_column(BigId, ForeignKey("recording.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    state: Mapped[str] = mapped_column(default="asked", server_default="asked")
    words: Mapped[str] = mapped_column(default="", server_default="")
    sound: Mapped[bytes | None] = mapped_column(LargeBinary)
    asked_at: Mapped[CreatedAt]
    expires_at: Mapped[Time]


class RecordingRequest(Base):
    """A customer asks for a recording: while this is open, the recording is held.

    `redacted` are stretches of the transcript, [from, to) in letters; `released` is the text as
    the customer got it.
    """

    __tablename__ = "recording_request"

    id: Mapped[Id]
    recording_id: Mapped[int] = mapped_column(BigId, ForeignKey("recording.id"), index=True)
    asked_by: Mapped[str]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[CreatedAt]
    transcript: Mapped[str] = mapped_column(default="", server_default="")
    redacted: Mapped[JsonList] = mapped_column(default=list, server_default="[]")
    version: Mapped[int] = mapped_column(default=1, server_default="1")
    released: Mapped[str] = mapped_column(default="", server_default="")
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str] = mapped_column(default="", server_default="")
