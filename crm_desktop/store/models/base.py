"""What every table is made of, the column types among it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import JSON, Identity, MetaData, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from crm_desktop.store.column_types import BigId, UtcDateTime, utcnow

__all__ = [
    "Base",
    "BigId",
    "CreatedAt",
    "Id",
    "JsonList",
    "JsonObject",
    "Long",
    "Time",
    "UtcDateTime",
    "utcnow",
]

Id = Annotated[int, mapped_column(BigId, Identity(), primary_key=True)]
Long = Annotated[int, mapped_column(BigId)]
Time = Annotated[datetime, mapped_column(UtcDateTime)]
CreatedAt = Annotated[datetime, mapped_column(UtcDateTime, server_default=utcnow())]
JsonObject = Annotated[dict[str, Any], mapped_column(JSON().with_variant(JSONB(), "postgresql"))]
JsonList = Annotated[list[Any], mapped_column(JSON().with_variant(JSONB(), "postgresql"))]


class Base(DeclarativeBase):
    """All tables; constraint names are fixed so that migrations can speak of them."""

    type_annotation_map = {str: Text()}  # noqa: RUF012 - SQLAlchemy's own spelling
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
