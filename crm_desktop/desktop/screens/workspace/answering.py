"""What becomes of an answer, as a workspace shows it: on its way, stopped, taken back, not sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtGui import QTextCursor

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Channel
from crm_desktop.domain.views import ContactView, TemplateInfo
from crm_desktop.services.replies import Sent

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.drafts import Content, Files
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen

CONVERSATION = "conversation"
_APART = (Channel.CHAT, Channel.SOCIAL)


def adds_only_mails(before: ContactView, contact: ContactView) -> bool:
    """Whether it is what it was before with more messages, and they stand as mails do."""
    if contact.row.channel in _APART or len(contact.messages) <= len(before.messages):
        return False
    return replace(contact, messages=before.messages) == before


class Answering:
    """Implements `ReplyView`. `toasted` is the message that can be taken back now."""

    def __init__(self, screen: WorkspaceScreen, clock: Clock) -> None:
        self._screen, self._clock = screen, clock
        self.toasted = 0

    def show_templates(self, templates: tuple[TemplateInfo, ...]) -> None:
        """See `ReplyView`."""
        self._screen.compose.set_templates(templates)

    def insert_text(self, text: str, missing: tuple[str, ...]) -> None:
        """See `ReplyView`."""
        self._screen.place.insert(text, missing)

    def show_written(self, sent: Sent) -> None:
        """See `ReplyView`."""
        self._screen.presenter.written(sent)

    def sent(self, sent: Sent) -> None:
        """See `ReplyView`."""
        self.toasted = sent.message_id
        left = (sent.undo_until - self._clock.now()).total_seconds()
        if left > 0:
            self._screen.toast.offer("The reply goes out", left)
        self._screen.posting.keep_rest()

    def stopped(self, findings: tuple[str, ...]) -> None:
        """See `ReplyView`."""
        self._screen.tabs.choose(CONVERSATION)
        said = "The leak check stopped the reply"
        accessibility.announce(self._screen, f"{said}: {'; '.join(findings)}")

    def put_back(self, contact_id: int, content: Content, files: Files = ()) -> None:
        """See `ReplyView`."""
        if self._screen.is_open(contact_id):
            self._screen.unsent.restore("reply", content)
            place = self._screen.place
            place.set_files(files)
            place.editor.moveCursor(QTextCursor.MoveOperation.End)
            place.editor.setFocus()
        accessibility.announce(self._screen, "The reply was taken back; its text is kept")

    def too_late(self) -> None:
        """See `ReplyView`."""
        self._screen.notices.show_trouble(
            "The reply had already left.", "It could not be taken back."
        )

    def noted(self) -> None:
        """See `ReplyView`."""
        accessibility.announce(self._screen, "The note is kept")

    def not_sent(
        self,
        trouble: CrmError,
        contact_id: int,
        content: Content,
        files: Files = (),
    ) -> None:
        """See `ReplyView`."""
        said = words_for(trouble)
        self._screen.notices.show_trouble(said.happened, f"Your text is still here. {said.to_do}")
        if self._screen.is_open(contact_id):
            self._screen.unsent.restore(
                "note" if content.get("mode") == "note" else "reply", content
            )
            if files:
                self._screen.place.set_files(files)
