"""What is written in a workspace and not sent: kept as it is typed, put back or given up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_desktop.desktop.screens.workspace.meanwhile import differ
from crm_desktop.domain.states import Visibility
from crm_desktop.domain.views import ContactView

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.drafts import Content, DraftKeeper, Kind
    from crm_desktop.desktop.screens.workspace.replying import Replying
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen

_KINDS: tuple[Kind, ...] = ("reply", "note", "form")


class Unsent:
    """The drafts of one workspace, between its panes and their keeper."""

    def __init__(self, screen: WorkspaceScreen, me: int) -> None:
        self._screen, self._me = screen, me
        self._contact_id: int | None = None

    def bind(self, keeper: DraftKeeper, replying: Replying) -> None:
        """Give it who keeps drafts, and who keeps notes."""
        self._keeper, self._replying = keeper, replying

    def begin(self, contact: ContactView) -> None:
        """Another contact was opened: what was written there stands there again."""
        self._contact_id = number = contact.row.id
        own = {each.kind: each.content for each in contact.drafts if each.author_id == self._me}
        kept = {each: self._keeper.kept_here(number, each) for each in _KINDS}
        for kind in _KINDS:
            if kind in own:
                self._keeper.has(number, kind)
            content = kept[kind] or own.get(kind)
            if content:
                self.restore(kind, content)
        meanwhile = self._screen.meanwhile
        meanwhile.begin(contact, kept["reply"] or own.get("reply"))
        for kind in _KINDS:
            here, elsewhere = kept[kind], own.get(kind)
            if here and elsewhere and differ(here, elsewhere):
                self._keeper.hold(number, kind)
                meanwhile.two_drafts(kind, here, elsewhere)
                break

    def restore(self, kind: str, content: Content) -> None:
        """Put unsent text back where it was written."""
        if kind == "form":
            self._screen.case_pane.restore(content)
            return
        mode = Visibility.PUBLIC if kind == "reply" else Visibility.INTERNAL
        self._screen.place.restore(mode, content)

    def reply(self) -> Content:
        """The reply as a draft keeps it, with what its author had seen of the contact."""
        seen = self._screen.meanwhile.seen
        return {**self._screen.place.draft(Visibility.PUBLIC), "seen": seen}

    def of(self, mode: Visibility) -> Content:
        """The reply or the note, as a draft keeps it."""
        return self.reply() if mode is Visibility.PUBLIC else self._screen.place.draft(mode)

    def keep(self, mode: Visibility = Visibility.PUBLIC) -> None:
        """The reply or the note is another."""
        if self._contact_id is not None:
            kind: Kind = "reply" if mode is Visibility.PUBLIC else "note"
            self._keeper.typed(self._contact_id, kind, self.of(mode))

    def keep_form(self, content: Content) -> None:
        """The form's answers are others."""
        if self._contact_id is not None:
            self._keeper.typed(self._contact_id, "form", content)

    def saved_form(self) -> None:
        """The form's answers are a case now."""
        if self._contact_id is not None:
            self._keeper.discard(self._contact_id, "form")

    def said(self) -> None:
        """What stood in the box is a line of the chat now."""
        if self._contact_id is not None:
            self._keeper.said(self._contact_id)

    def keep_as_note(self) -> None:
        """The reply is of use to colleagues, not to the customer any more."""
        if self._contact_id is not None:
            self._replying.note(self._contact_id, self._screen.place.written().reply.text)
            self.forget_reply()

    def keep_note(self) -> None:
        """What was written for colleagues is kept, as by its own button."""
        note = self._screen.place.written().note
        if self._contact_id is not None and note.strip():
            self._screen.place.clear(Visibility.INTERNAL)
            self._replying.note(self._contact_id, note)

    def forget_reply(self) -> None:
        """The reply is not wanted any more."""
        if self._contact_id is not None:
            self._screen.place.clear(Visibility.PUBLIC)
            self._keeper.discard(self._contact_id, "reply")

    def bring_back(self, contact_id: int, content: Content) -> None:
        """The reply is wanted after all."""
        self._keeper.typed(contact_id, "reply", content)
        if self._screen.is_open(contact_id):
            self.restore("reply", content)

    def use(self, kind: Kind, content: Content) -> None:
        """Of two drafts this is the one."""
        if self._contact_id is not None:
            self._keeper.release(self._contact_id, kind)
            self.restore(kind, content)
            self._keeper.typed(self._contact_id, kind, content)
