"""One contact on the screen: read when opened, read again when anything it shows changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import Conflict, CrmError, NotFound
from crm_desktop.domain.states import IN_HAND, Channel, ContactState
from crm_desktop.domain.views import ContactView, Disposition, Moved, QueueRow
from crm_desktop.services import Database, contacts, queue, replies

Later = Callable[[int, Callable[[], None]], None]
#: A look grows stale after 60 s in the database: it is renewed in good time.
_LOOK_EVERY_MS = 25_000


class WorkspaceView(Protocol):
    """What the presenter asks of the screen."""

    def show_contact(self, contact: ContactView, *, fresh: bool) -> None:
        """Show a contact; `fresh`: another than before, else the same read again."""

    def show_images(self, images: dict[str, bytes]) -> None:
        """Serve these pictures to the messages, by content id."""

    def show_looking(self, names: tuple[str, ...]) -> None:
        """Show who else looks at the contact."""

    def show_nothing(self, words: str) -> None:
        """Show that no contact is open, and why."""

    def show_trouble(self, trouble: CrmError | None) -> None:
        """Say why what is shown may be old; None: it is fresh."""

    def show_wrap_up(self) -> None:
        """Ask the three questions of the wrap-up."""

    def wrapped_up(self, *, then_next: bool) -> None:
        """The contact is done: offer what comes next, or take it."""

    def not_wrapped_up(self, trouble: CrmError) -> None:
        """Say why the contact is not done."""

    def leave(self) -> None:
        """Keep what is typed: another contact comes, or the screen goes away."""


class WorkspacePresenter(Presenter):
    """Opens contacts in one workspace, one at a time. `me`: the id of who is signed in."""

    def __init__(
        self, db: Database, tasks: Tasks, view: WorkspaceView, *, me: int, later: Later
    ) -> None:
        super().__init__(tasks)
        self._db = db
        self._view = view
        self._me = me
        self._later = later
        self._contact_id: int | None = None
        self._contact: ContactView | None = None
        self._wrapping: int | None = None
        self._looks = 0
        self._looked_at: int | None = None
        #: Chats in hand as they were shown last: who goes from one to the next does not wait.
        self._chats: dict[int, ContactView] = {}

    @property
    def contact(self) -> ContactView | None:
        """What is shown."""
        return self._contact

    @property
    def contact_id(self) -> int | None:
        """Which contact is open, or being opened."""
        return self._contact_id

    @property
    def is_mine(self) -> bool:
        """Whether the contact shown is in this person's hands."""
        return self._contact is not None and self._contact.row.owner_id == self._me

    def open(self, contact_id: int) -> None:
        """Show a contact instead of the one before; what was typed there is kept."""
        if contact_id == self._contact_id:
            return
        self._leave()
        self._contact_id = contact_id
        kept = self._chats.get(contact_id)
        if kept is not None:
            # What is typed there is kept here; what the database had of it may be sent by now.
            self._contact = replace(kept, drafts=())
            self._view.show_contact(self._contact, fresh=True)
        self._read()

    def close(self) -> None:
        """Show no contact."""
        self._leave()
        self._look_away()

    def _leave(self) -> None:
        if self._contact_id is not None:
            self._view.leave()
        self._contact_id = self._contact = None
        self._looks += 1

    def _look_away(self) -> None:
        if self._looked_at is not None:
            self._tasks.write(
                partial(contacts.look_away, self._db, self._looked_at), failed=_never_mind
            )
            self._looked_at = None

    def stop(self) -> None:
        """The window closes."""
        self.close()

    def changed(self, changes: Changes) -> None:
        """Read the contact again when something that it shows changed."""
        if self._contact_id is None:
            return
        if self._concerns(changes):
            self._read()
        elif self._contact_id in changes.ids(Topic.LOOKING):
            self._tasks.read(
                partial(queue.rows, self._db, [self._contact_id]), self._show_looking, key="looking"
            )

    def moved(self, moved: Moved) -> None:
        """This person moved a contact, and this is how it is now: nobody waits for a reading."""
        if self._contact is not None and moved.row and moved.contact_id == self._contact_id:
            self._contact = replace(self._contact, row=moved.row)
            self._keep_chat(self._contact)
            self._view.show_contact(self._contact, fresh=False)
        elif moved.contact_id in self._chats:
            del self._chats[moved.contact_id]

    def written(self, sent: replies.Sent) -> None:
        """This person's reply was written: it stands in the conversation at once."""
        shown = self._contact
        if shown is not None and sent.message and shown.row.id == sent.contact_id:
            self._contact = replace(shown, messages=(*shown.messages, sent.message))
            self._view.show_contact(self._contact, fresh=False)

    def checked(self) -> None:
        """A person looked at what intake doubted, and found it right."""
        if self._contact_id is not None:
            self._tasks.write(partial(contacts.checked, self._db, self._contact_id))

    def spam(self) -> None:
        """Put the contact out of the queue as spam."""
        if self._contact_id is not None:
            self._tasks.write(partial(contacts.spam, self._db, self._contact_id))

    def release_stopped(self, message_id: int) -> None:
        """Send what the leak check stopped, in this person's name."""
        self._tasks.write(partial(replies.release_stopped, self._db, message_id))

    def begin_wrap_up(self) -> None:
        """Ask the three questions; the clock of the wrap-up starts."""
        if self._contact is None or not self.is_mine:
            return
        self._view.show_wrap_up()
        contact_id, state = self._contact.row.id, self._contact.row.state
        if state is ContactState.PARKED:
            # What waits for a reply that is not needed any more is ended like any other.
            self._tasks.write(partial(contacts.resume, self._db, contact_id))
        self._wrapping = contact_id
        if state is not ContactState.WRAP_UP:
            self._tasks.write(
                partial(contacts.begin_wrap_up, self._db, contact_id), failed=self._not_begun
            )

    def _not_begun(self, trouble: CrmError) -> None:
        """A call that ends wraps up by itself, perhaps before this was asked."""
        if not isinstance(trouble, Conflict):
            self._view.show_trouble(trouble)
        if self._contact_id is not None:
            self._read()

    def leave_wrap_up(self) -> None:
        """There is more to do after all: the contact is in hand again."""
        if self._contact is not None and self._wrapping == self._contact.row.id:
            self._wrapping = None
            self._tasks.write(partial(contacts.resume, self._db, self._contact.row.id))

    def complete(self, disposition: Disposition, *, then_next: bool = False) -> None:
        """Answer the three questions and be done; `then_next`: take another at once."""
        if self._contact is not None:
            self._tasks.write(
                partial(contacts.complete, self._db, self._contact.row.id, disposition),
                partial(self._completed, self._contact.row.id, then_next),
                failed=self._view.not_wrapped_up,
            )

    def can_write(self) -> bool:
        """Whether this person may answer: the contact is theirs and not over."""
        return (
            self._contact is not None
            and self.is_mine
            and self._contact.row.state in (*IN_HAND, ContactState.PARKED)
        )

    def _concerns(self, changes: Changes) -> bool:
        if changes.has(Topic.EVERYTHING):
            return True
        if self._contact_id in changes.ids(Topic.CONTACT):
            return True
        shown = self._contact
        if shown is None:
            return False
        cases = {case.id for case in shown.cases}
        handoffs = {handoff.id for case in shown.cases for handoff in case.handoffs}
        customer = {shown.customer.id} if shown.customer else set()
        return bool(
            cases & changes.ids(Topic.CASE)
            or handoffs & changes.ids(Topic.HANDOFF)
            or customer & changes.ids(Topic.CUSTOMER)
        )

    def _read(self) -> None:
        assert self._contact_id is not None
        self._tasks.read(
            partial(contacts.open_contact, self._db, self._contact_id),
            self._show,
            failed=self._not_read,
            key="contact",
        )

    def _show(self, contact: ContactView) -> None:
        if contact.row.id != self._contact_id:
            return
        fresh = self._contact is None
        self._contact = contact
        self._keep_chat(contact)
        self._view.show_trouble(None)
        self._view.show_contact(contact, fresh=fresh)
        if self._looked_at != contact.row.id:
            # Only now: nobody should wait for a page while a courtesy is written.
            self._look_away()
            self._look()
        if fresh and any(_has_pictures(contact)):
            self._tasks.read(
                partial(replies.inline_images, self._db, contact.row.id),
                self._view.show_images,
                key="images",
            )

    def _keep_chat(self, contact: ContactView) -> None:
        row = contact.row
        if row.channel is Channel.CHAT and row.owner_id == self._me and row.state in IN_HAND:
            self._chats[row.id] = contact
        else:
            self._chats.pop(row.id, None)

    def _show_looking(self, rows: tuple[QueueRow, ...]) -> None:
        if rows and rows[0].id == self._contact_id:
            self._view.show_looking(rows[0].looking)

    def _not_read(self, trouble: CrmError) -> None:
        if isinstance(trouble, NotFound):
            self._chats.pop(self._contact_id or 0, None)
            self._contact_id = self._contact = None
            self._view.show_nothing("This contact is no longer there, or not yours to see.")
        else:
            self._view.show_trouble(trouble)

    def _completed(self, contact_id: int, then_next: bool, _moved: Moved) -> None:
        # Who opened another contact meanwhile must not lose it.
        if contact_id == self._contact_id:
            self._view.wrapped_up(then_next=then_next)

    def _look(self) -> None:
        self._looks += 1
        self._looked_at = self._contact_id
        self._renew_look(self._looks)

    def _renew_look(self, look: int) -> None:
        """Tell others that it is being looked at, as long as it is."""
        if look != self._looks or self._contact_id is None:
            return
        self._tasks.write(partial(contacts.look, self._db, self._contact_id), failed=_never_mind)
        self._later(_LOOK_EVERY_MS, partial(self._renew_look, look))


def _has_pictures(contact: ContactView) -> list[bool]:
    return [
        file.inline or bool(file.content_id)
        for message in (*contact.messages, *contact.thread)
        for file in message.attachments
    ]


def _never_mind(_trouble: CrmError) -> None:
    """Who looks is a courtesy: the person must not be bothered when it cannot be told."""
