"""Knowledge articles and where each was used; the search index is made by the migrations."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Date, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crm_desktop.store.models.base import Base, BigId, CreatedAt, Id, JsonList, Time, utcnow


class Article(Base):
    """An answer in plain English (Markdown); `folded_*` are what search compares."""

    __tablename__ = "article"

    id: Mapped[Id]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    summary: Mapped[str] = mapped_column(default="")
    body: Mapped[str]
    keywords: Mapped[JsonList] = mapped_column(default=list)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("service.id"))
    url: Mapped[str] = mapped_column(default="")
    review_on: Mapped[date | None] = mapped_column(Date)
    updated_at: Mapped[Time] = mapped_column(server_default=utcnow())
    folded_title: Mapped[str]
    folded_body: Mapped[str]


class ArticleUse(Base):
    """An article was put into an answer; the knowledge editor's evidence."""

    __tablename__ = "article_use"

    id: Mapped[Id]
    article_id: Mapped[int] = mapped_column(ForeignKey("article.id"), index=True)
    contact_id: Mapped[int] = mapped_column(BigId, ForeignKey("contact.id"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    how: Mapped[str]
    at: Mapped[CreatedAt]
