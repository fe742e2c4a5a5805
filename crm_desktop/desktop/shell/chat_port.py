"""Chats as the database has them, for presenters' workers.

The services are loaded by the first reading: they bring much along that no first picture needs.
"""

from __future__ import annotations

from collections.abc import Mapping

from crm_desktop.domain.chats import ChatInHand, ChatView, EndedBy, Said
from crm_desktop.domain.views import Moved, NewAttachment, Writing
from crm_desktop.services import Database


class Chats:
    """Implements `ChatPort` and `ChatsPort` over the services."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def in_hand(self) -> tuple[ChatInHand, ...]:
        """See `ChatsPort`."""
        from crm_desktop.services import chats

        return chats.in_hand(self._db)

    def open_chat(self, contact_id: int, after: int) -> ChatView | None:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.open_chat(self._db, contact_id, after)

    def say(
        self,
        contact_id: int,
        text: str,
        *,
        writing: Writing,
        template_id: int | None,
        confirmed: bool,
        files: tuple[NewAttachment, ...],
    ) -> Said:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.say_as_staff(
            self._db,
            contact_id,
            text,
            writing=writing,
            template_id=template_id,
            confirmed=confirmed,
            files=files,
        )

    def seen(self, contact_id: int, seq: int) -> None:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        chats.seen_by_staff(self._db, contact_id, seq)

    def typing(self, contact_id: int) -> None:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        chats.typing_as_staff(self._db, contact_id)

    def visitor_typing(self, chat_id: int) -> str:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.visitor_typing(self._db, chat_id)

    def end(self, contact_id: int, by: EndedBy) -> Moved:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.end_as_staff(self._db, contact_id, by)

    def to_email(self, contact_id: int, email: str) -> Moved:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.to_email(self._db, contact_id, email)

    def block(self, contact_id: int, reason: str, hours: int) -> Moved:
        """See `ChatPort`."""
        from crm_desktop.services import chats

        return chats.block(self._db, contact_id, reason, hours)

    def schema(self, service_id: int) -> Mapping[str, object]:
        """See `ChatPort`."""
        from crm_desktop.services import cases

        form = cases.form(self._db, service_id)
        return form.schema if form is not None else {}

    def picture(self, attachment_id: int) -> object:
        """See `ChatPort`: a QImage within the size of a thumbnail."""
        from crm_desktop.desktop.widgets.chat_delegate import THUMB
        from crm_desktop.desktop.widgets.thumbs import thumb
        from crm_desktop.services import replies

        return thumb(replies.attachment(self._db, attachment_id).content, THUMB)
