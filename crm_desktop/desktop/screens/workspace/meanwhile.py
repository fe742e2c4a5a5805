"""While somebody wrote, a colleague took or answered the contact, or they wrote elsewhere too:
both are shown, and nothing is overwritten or sent unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication

from crm_desktop.desktop.core import accessibility, words
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.banner import UndoToast
from crm_desktop.desktop.widgets.buttons import Kind
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import Direction, MessageState, Visibility
from crm_desktop.domain.views import ContactView, MessageView

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.drafts import Content
    from crm_desktop.desktop.screens.workspace.drafts import Kind as DraftKind
    from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen

_NOT_THERE = (MessageState.WITHDRAWN, MessageState.DRAFT)
_KINDS: dict[DraftKind, str] = {"reply": "reply", "note": "note", "form": "case form"}


class Meanwhile(QObject):
    """Of one workspace. `seen` is the newest message that whoever writes now has seen."""

    def __init__(self, screen: WorkspaceScreen, look: Look, me: Person) -> None:
        super().__init__(screen)
        self._screen, self._look, self._me = screen, look, me
        self.seen = 0
        self._contact: ContactView | None = None
        self._theirs: tuple[MessageView, ...] = ()
        self._twice: tuple[DraftKind, Content, Content] | None = None
        self._thrown: tuple[int, Content] | None = None
        self.toast = UndoToast(look)
        self.toast.undone.connect(self._bring_back)
        screen.notices.both_wanted.connect(self.show_both)
        screen.notices.drafts_wanted.connect(self.show_drafts)

    def begin(self, contact: ContactView, reply: Content | None) -> None:
        """Another contact was opened, with this unsent reply, as it was kept."""
        self._contact, self._twice = contact, None
        seen = reply.get("seen") if reply and reply.get("text") else None
        self.seen = seen if isinstance(seen, int) else _newest(contact)
        self._screen.notices.show_two_drafts(False)
        self._look_at(contact)

    def changed(self, contact: ContactView) -> None:
        """The same contact was read again."""
        self._contact = contact
        if not self._mine():
            self.seen = _newest(contact)
        self._look_at(contact)

    def two_drafts(self, kind: DraftKind, here: Content, elsewhere: Content) -> None:
        """This person wrote here and on another computer; `here` is shown."""
        self._twice = (kind, here, elsewhere)
        self._screen.notices.show_two_drafts(True)

    def stops_sending(self) -> bool:
        """Whether something must be seen before the reply is sent; it is shown then."""
        if self._twice is not None and self._twice[0] == "reply":
            self.show_drafts()
            return True
        if self._theirs:
            self.show_both()
            return True
        return False

    @Slot()
    def show_both(self) -> None:
        """What they did, what I wrote, and what may become of it."""
        from crm_desktop.desktop.screens.workspace.side_by_side import Choice, SideBySide

        contact = self._contact
        if contact is None:
            return
        can = self._screen.presenter.can_write()
        owner = contact.row.owner_name
        why_not = "" if can else f"{owner or 'Nobody'} has this contact: it is theirs to answer."
        if not can and contact.row.owner_id is None:
            why_not = "Take the contact first."
        dialog = SideBySide(
            self._look,
            _what_happened(contact, self._theirs, self._me),
            "Nothing was overwritten, and your text has not been sent.",
            self._screen,
            left=("Theirs", _said(contact, self._theirs)),
            right=("Yours, not sent", self._mine()),
            choices=(
                Choice("send", "Send mine too", Kind.PRIMARY if can else Kind.PLAIN, why_not),
                Choice("note", "Keep mine as a note"),
                Choice("copy", "Copy mine"),
                Choice("discard", "Throw mine away", Kind.DANGER),
                Choice("later", "Go on writing" if can else "Decide later"),
            ),
            stays=frozenset({"copy"}),
        )
        dialog.chosen.connect(self._decided)
        dialog.open()

    @Slot()
    def show_drafts(self) -> None:
        """Both drafts, to choose from."""
        from crm_desktop.desktop.screens.workspace.side_by_side import Choice, SideBySide

        if self._twice is None:
            return
        kind, here, elsewhere = self._twice
        dialog = SideBySide(
            self._look,
            f"You wrote two drafts of this {_KINDS[kind]}",
            "Neither was sent. The one that you do not choose can still be copied from here.",
            self._screen,
            left=("From this computer", _text(here)),
            right=("From another computer", _text(elsewhere)),
            choices=(
                Choice("here", "Use the one from this computer", Kind.PRIMARY),
                Choice("elsewhere", "Use the one from the other"),
                Choice("copy", "Copy both"),
                Choice("later", "Decide later"),
            ),
            stays=frozenset({"copy"}),
        )
        dialog.chosen.connect(self._draft_chosen)
        dialog.open()

    def _look_at(self, contact: ContactView) -> None:
        mine = self._mine()
        # In a chat the lines themselves are what happened.
        in_lines = self._screen.chat.is_chat(contact)
        # One's own reply whose answer was lost: sending it again keeps it once.
        self._theirs = tuple(
            each
            for each in (_answers_after(contact, self.seen) if mine and not in_lines else ())
            if (each.author, each.text.strip()) != (self._me.name, mine)
        )
        taken = mine and contact.row.owner_id not in (None, self._me.id)
        happened = _what_happened(contact, self._theirs, self._me) if self._theirs or taken else ""
        self._screen.notices.show_meanwhile(happened)

    def _mine(self) -> str:
        return self._screen.place.written().reply.text.strip()

    @Slot(str)
    def _decided(self, key: str) -> None:
        contact = self._contact
        if contact is None:
            return
        if key == "copy":
            QGuiApplication.clipboard().setText(self._mine())
            accessibility.announce(self._screen, "Copied")
        elif key == "send":
            self._known(contact)
            self._screen.send()
        elif key == "note":
            self._screen.unsent.keep_as_note()
            self._known(contact)
        elif key == "discard":
            self._throw_away(contact)

    def _known(self, contact: ContactView) -> None:
        self.seen = _newest(contact)
        self._look_at(contact)

    def _throw_away(self, contact: ContactView) -> None:
        self._thrown = (contact.row.id, self._screen.unsent.reply())
        self._screen.unsent.forget_reply()
        self._known(contact)
        self.toast.offer("Your reply was thrown away")

    @Slot()
    def _bring_back(self) -> None:
        if self._thrown is not None:
            contact_id, content = self._thrown
            self._thrown = None
            self._screen.unsent.bring_back(contact_id, content)
            seen = content.get("seen")
            if self._contact is not None and self._contact.row.id == contact_id:
                self.seen = seen if isinstance(seen, int) else self.seen
                self._look_at(self._contact)

    @Slot(str)
    def _draft_chosen(self, key: str) -> None:
        if self._twice is None:
            return
        kind, here, elsewhere = self._twice
        if key == "copy":
            both = f"{_text(here)}\n\n----\n\n{_text(elsewhere)}"
            QGuiApplication.clipboard().setText(both)
            accessibility.announce(self._screen, "Copied")
        elif key in ("here", "elsewhere"):
            self._twice = None
            self._screen.notices.show_two_drafts(False)
            self._screen.unsent.use(kind, here if key == "here" else elsewhere)
            if self._contact is not None:
                self._look_at(self._contact)


def _newest(contact: ContactView) -> int:
    return max((each.id for each in contact.messages), default=0)


def _answers_after(contact: ContactView, seen: int) -> tuple[MessageView, ...]:
    """What went to the customer that whoever writes has not seen."""
    return tuple(
        each
        for each in contact.messages
        if each.id > seen
        and each.direction is Direction.OUTBOUND
        and each.visibility is Visibility.PUBLIC
        and each.state not in _NOT_THERE
    )


def _what_happened(contact: ContactView, theirs: tuple[MessageView, ...], me: Person) -> str:
    row = contact.row
    if theirs:
        at, who = words.clock_time(theirs[-1].at), theirs[-1].author or "Somebody"
        if who == me.name:
            return f"You answered at {at}, at another computer or in another window."
        return f"{who} answered at {at}, while you were writing."
    if row.owner_id not in (None, me.id):
        return f"{row.owner_name} has taken this contact while you were writing."
    return "You have an unsent reply here."


def _said(contact: ContactView, theirs: tuple[MessageView, ...]) -> str:
    if not theirs:
        return f"{contact.row.owner_name} has this contact and has not answered it yet."
    return "\n\n----\n\n".join(
        f"{each.author}, {words.clock_time(each.at)}:\n{each.reply_text or each.text}"
        for each in theirs
    )


def _text(content: Content) -> str:
    answers = content.get("answers")
    if isinstance(answers, dict):
        return "\n".join(f"{name}: {value}" for name, value in answers.items() if value)
    return str(content.get("text", ""))


def differ(here: Content | None, elsewhere: Content | None) -> bool:
    """Whether two drafts of one person come from two computers and say different things."""
    if not here or not elsewhere or _text(here).strip() == _text(elsewhere).strip():
        return False
    return elsewhere.get("desk") != here.get("desk")
