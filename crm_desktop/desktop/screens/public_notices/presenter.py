"""Reads the notices and where they can go, publishes and takes down."""

from __future__ import annotations

from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.presenting import Presenter, Tasks
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.service_notices import NewNotice, NoticeView, PublicAccount
from crm_desktop.services import Database, service_notices


class NoticesView(Protocol):
    """What the presenter asks of the dialog."""

    def show_places(self, places: tuple[PublicAccount, ...]) -> None:
        """Offer these networks."""

    def show_notices(self, notices: tuple[NoticeView, ...]) -> None:
        """Show these: what is shown or will be, then what is over."""

    def published(self) -> None:
        """It is on its way; the form is free for another."""

    def not_published(self, trouble: CrmError) -> None:
        """Say why not; what was written stays."""

    def show_trouble(self, trouble: CrmError) -> None:
        """Say what could not be read or done."""


class NoticesPresenter(Presenter):
    """The notices of the centre, for whoever leads."""

    def __init__(self, db: Database, tasks: Tasks, view: NoticesView) -> None:
        super().__init__(tasks)
        self._db, self._view = db, view
        self._publishing = False

    def start(self) -> None:
        """Read both."""
        self._tasks.read(
            partial(service_notices.accounts, self._db),
            self._view.show_places,
            failed=self._view.show_trouble,
            key="places",
        )
        self._ask()

    def changed(self, changes: Changes) -> None:
        """Read again when one was published, sent, or taken down."""
        if changes.has(Topic.SERVICE_NOTICE):
            self._ask()

    def publish(self, notice: NewNotice) -> None:
        """Tell everybody; asked twice it is one."""
        if self._publishing:
            return
        self._publishing = True
        self._tasks.write(
            partial(service_notices.publish, self._db, notice),
            self._published,
            failed=self._not_published,
        )

    def delete_posts(self, notice_id: int) -> None:
        """Have deleted what networks show of it."""
        self._tasks.write(
            partial(service_notices.delete_posts, self._db, notice_id),
            failed=self._view.show_trouble,
        )

    def end(self, notice_id: int) -> None:
        """Show it no more; what networks have stays there."""
        self._tasks.write(
            partial(service_notices.end, self._db, notice_id), failed=self._view.show_trouble
        )

    def _ask(self) -> None:
        self._tasks.read(
            partial(service_notices.recent, self._db),
            self._view.show_notices,
            failed=self._view.show_trouble,
            key="notices",
        )

    def again(self, post_ids: tuple[int, ...]) -> None:
        """Try once more what networks did not take."""
        for each in post_ids:
            self._tasks.write(
                partial(service_notices.again, self._db, each), failed=self._view.show_trouble
            )

    def _published(self, _made: tuple[int, Changes]) -> None:
        self._publishing = False
        self._view.published()

    def _not_published(self, trouble: CrmError) -> None:
        self._publishing = False
        self._view.not_published(trouble)
