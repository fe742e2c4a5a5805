"""What stands beside the contact: who the customer is, and what we know about the matter."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Literal, Protocol

from crm_desktop.desktop.core.answers import Answer, Answers, Hits
from crm_desktop.desktop.core.presenting import CancelToken, Tasks
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ArticleHit, ArticleView, ContactView, FoundCustomer, Moved
from crm_desktop.services import Database, contacts, customers, knowledge

if TYPE_CHECKING:
    from crm_desktop.services.customers import NewCustomer

_LIMIT = 10


class KnowledgeView(Protocol):
    """What knowledge asks of its panel."""

    def show_hits(self, hits: tuple[ArticleHit, ...], *, suggested: bool) -> None:
        """Show what fits; `suggested`: from the contact's own words, not from a search."""

    def show_article(self, article: ArticleView) -> None:
        """Show one article to read."""

    def show_kept(self, at: datetime | None) -> None:
        """What is shown comes from this computer's copy of then; None: from the database."""

    def show_knowledge_trouble(self, trouble: CrmError) -> None:
        """Say why nothing was found."""


class Knowledge:
    """Suggestions and search beside a contact."""

    def __init__(self, db: Database, answers: Answers, tasks: Tasks, view: KnowledgeView) -> None:
        self._db, self._answers = db, answers
        self._tasks = tasks
        self._view = view
        self._contact_id: int | None = None
        self._service_id: int | None = None
        self._subject = self._wanted = ""

    def show(self, contact: ContactView, *, fresh: bool) -> None:
        """The contact was opened: suggest from its own words.

        What is searched for stays when the same contact is about something else now.
        """
        moved = contact.row.service_id != self._service_id
        self._contact_id, self._service_id = contact.row.id, contact.row.service_id
        self._subject = contact.row.subject
        if fresh or moved:
            self.search("" if fresh else self._wanted)

    def search(self, text: str) -> None:
        """Search as the person types; without words, suggest."""
        self._wanted = wanted = text.strip()
        if wanted:
            self._tasks.search(
                partial(self._find, wanted),
                partial(self._show, suggested=False),
                failed=self._view.show_knowledge_trouble,
                key="knowledge",
            )
        elif self._contact_id is not None:
            self._tasks.search(
                partial(self._suggest, self._contact_id),
                partial(self._show, suggested=True),
                failed=self._view.show_knowledge_trouble,
                key="knowledge",
            )

    def read(self, article_id: int) -> None:
        """Open one article."""
        self._tasks.read(partial(self._answers.read, article_id), self._show_article, key="article")

    def used(self, article_id: int, how: Literal["text", "link"]) -> None:
        """The article went into the answer: as "text" or as "link"."""
        if self._contact_id is not None:
            self._tasks.write(
                partial(knowledge.record_use, self._db, article_id, self._contact_id, how),
                failed=_never_mind,
            )

    def _find(self, text: str, _token: CancelToken) -> Answer[Hits]:
        return self._answers.search(text, _LIMIT, self._service_id)

    def _suggest(self, contact_id: int, _token: CancelToken) -> Answer[Hits]:
        return self._answers.suggest(contact_id, self._subject, self._service_id)

    def _show(self, answer: Answer[Hits], *, suggested: bool) -> None:
        self._view.show_kept(answer.kept_at)
        self._view.show_hits(answer.found, suggested=suggested)

    def _show_article(self, answer: Answer[ArticleView]) -> None:
        self._view.show_article(answer.found)


def _never_mind(_trouble: CrmError) -> None:
    """That it was used is for figures; the text is in the answer."""


class CustomerChoiceView(Protocol):
    """What choosing a customer asks of its dialog."""

    def show_found(self, found: tuple[FoundCustomer, ...]) -> None:
        """Offer these customers."""

    def chosen(self) -> None:
        """The contact has its customer."""

    def not_created(self, trouble: CrmError) -> None:
        """Say why there is no new record: something is wrong, or somebody has this number."""


class CustomerChoice:
    """Chooses or creates the customer of a contact."""

    def __init__(
        self, db: Database, tasks: Tasks, view: CustomerChoiceView, contact_id: int
    ) -> None:
        self._db = db
        self._tasks = tasks
        self._view = view
        self._contact_id = contact_id

    def search(self, text: str) -> None:
        """Find customers by name, address, telephone number or reference."""
        if text.strip():
            self._tasks.search(
                partial(self._find, text.strip()), self._view.show_found, key="customers"
            )
        else:
            self._view.show_found(())

    def choose(self, customer_id: int) -> None:
        """This is who it is."""
        self._tasks.write(
            partial(contacts.set_customer, self._db, self._contact_id, customer_id), self._chosen
        )

    def create(self, customer: NewCustomer, *, anyway: bool = False) -> None:
        """Nobody we know: make a record and use it; `anyway` although others share its number."""
        self._tasks.write(
            partial(customers.create, self._db, customer, anyway=anyway),
            self._created,
            failed=self._view.not_created,
        )

    def _find(self, text: str, _token: CancelToken) -> tuple[FoundCustomer, ...]:
        return customers.search(self._db, text)

    def _created(self, answer: tuple[int, Changes]) -> None:
        self.choose(answer[0])

    def _chosen(self, _moved: Moved) -> None:
        self._view.chosen()
