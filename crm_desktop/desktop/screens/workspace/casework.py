"""Filing the customer's matter: the case form, its saving, and the hand-off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.presenting import Tasks
from crm_desktop.domain.changes import Changes
from crm_desktop.domain.errors import Conflict, CrmError, InvalidInput
from crm_desktop.domain.views import CaseView, ContactView
from crm_desktop.services import Database, cases, contacts, handoffs

Answers = dict[str, object]


#: No case has this version: whoever writes upon it is told of everything.
_BEFORE_ALL = 0


class CaseViewProtocol(Protocol):
    """What casework asks of the case pane."""

    def show_form(
        self, schema: dict[str, object] | None, answers: Answers, case: CaseView | None
    ) -> None:
        """Ask these questions with these answers; None: the service has no form."""

    def show_case(self, case: CaseView) -> None:
        """The same case read again: its state and hand-offs, never its answers."""

    def show_preview(self, preview: handoffs.HandoffPreview | None) -> None:
        """Show where the case would go and by when; None: it goes nowhere."""

    def show_invalid(self, fields: dict[str, str]) -> None:
        """Mark what cannot be accepted."""

    def show_conflict(self, mine: Answers, theirs: CaseView) -> None:
        """Somebody saved meanwhile: show both, overwrite nothing."""

    def saved(self, reference: str) -> None:
        """The case is kept under this reference."""

    def handed_off(self) -> None:
        """The hand-off is on its way."""


class Casework:
    """The cases of the contact in one workspace."""

    def __init__(self, db: Database, tasks: Tasks, view: CaseViewProtocol) -> None:
        self._db = db
        self._tasks = tasks
        self._view = view
        self._contact: ContactView | None = None
        self._case: CaseView | None = None
        self._service_id: int | None = None
        self._written_upon: int | None = None

    @property
    def version(self) -> int | None:
        """Of the case upon which the form's answers are written; None for a new one."""
        if self._written_upon is not None:
            return self._written_upon
        return self._case.version if self._case else None

    def continues(self, case_id: object, version: object) -> None:
        """The form holds a draft that was written upon this case, as it was then.

        What a colleague has saved since is a conflict, also when they opened the case meanwhile.
        """
        if self._case is None:
            return
        same = case_id == self._case.id and isinstance(version, int)
        self._written_upon = version if same and isinstance(version, int) else _BEFORE_ALL

    @property
    def case(self) -> CaseView | None:
        """The case whose form is shown; None for a new one."""
        return self._case

    @property
    def service_id(self) -> int | None:
        """The service whose form is shown."""
        return self._service_id

    def show(self, contact: ContactView, *, fresh: bool, writable: bool = True) -> None:
        """The contact was read: begin with its newest case, or keep the one shown.

        Who only looks on has typed nothing here, and sees the case that somebody else opens.
        """
        self._contact = contact
        if fresh or (not writable and self._case is None and contact.cases):
            self._case = contact.cases[-1] if contact.cases else None
            service = self._case.service_id if self._case else contact.row.service_id
            self._begin(service)
            return
        if self._case is None:
            return
        now = next((case for case in contact.cases if case.id == self._case.id), None)
        if now is not None and now.version == self._case.version:
            self._case = now
        if now is not None:
            self._view.show_case(now)

    def choose_case(self, case_id: int | None) -> None:
        """Show another case of the contact; None begins a new one."""
        if self._contact is None:
            return
        found = [case for case in self._contact.cases if case.id == case_id]
        self._case = found[0] if found else None
        self._begin(self._case.service_id if self._case else self._contact.row.service_id)

    def choose_service(self, service_id: int) -> None:
        """The matter belongs to another service: its form is asked, the contact is told."""
        if self._contact is None or service_id == self._service_id:
            return
        self._case = None
        self._begin(service_id)
        self._tasks.write(partial(contacts.set_service, self._db, self._contact.row.id, service_id))

    def answers_changed(self, answers: Answers) -> None:
        """Say anew where the case would go, once typing rests."""
        if self._service_id is not None:
            self._tasks.read(
                partial(handoffs.preview, self._db, self._service_id, answers),
                self._view.show_preview,
                key="preview",
            )

    def save(
        self,
        answers: Answers,
        title: str = "",
        then: Callable[[int], None] | None = None,
        version: int | None = None,
    ) -> None:
        """Keep the case; `then` gets its id. `version`: overwrite knowingly after a conflict."""
        if self._contact is None or self._service_id is None:
            return
        wanted = cases.CaseInput(
            contact_id=self._contact.row.id,
            case_id=self._case.id if self._case else None,
            version=version or self.version,
            service_id=self._service_id,
            answers=answers,
            title=title,
        )
        self._tasks.write(
            partial(cases.save, self._db, wanted),
            partial(self._saved, then),
            failed=partial(self._not_saved, answers),
        )

    def hand_off(self, answers: Answers) -> None:
        """Save, then pass the case to its back office."""
        self.save(answers, then=self._request)

    def keep_mine(self, answers: Answers, theirs: CaseView) -> None:
        """After a conflict: these answers are right, on top of theirs."""
        self._case, self._written_upon = theirs, None
        self.save(answers, version=theirs.version)

    def keep_theirs(self, theirs: CaseView) -> None:
        """After a conflict: the other's answers are right."""
        self._case, self._written_upon = theirs, None
        self._view.show_form(theirs.schema, theirs.answers, theirs)

    def _begin(self, service_id: int | None) -> None:
        self._written_upon = None
        self._service_id = service_id
        self._view.show_preview(None)
        if self._case is not None:
            self._view.show_form(self._case.schema, self._case.answers, self._case)
            self.answers_changed(self._case.answers)
        elif service_id is None:
            self._view.show_form(None, {}, None)
        else:
            self._tasks.read(
                partial(cases.form, self._db, service_id),
                partial(self._show_form, service_id),
                key="form",
            )

    def _show_form(self, service_id: int, form: cases.FormInfo | None) -> None:
        if service_id != self._service_id or self._case is not None:
            return
        self._view.show_form(form.schema if form else None, {}, None)
        self.answers_changed({})

    def _request(self, case_id: int) -> None:
        contact_id = self._contact.row.id if self._contact else None
        self._tasks.write(
            partial(handoffs.request, self._db, case_id, contact_id),
            self._handed_off,
            failed=self._not_handed_off,
        )

    def _handed_off(self, _changes: Changes) -> None:
        self._view.handed_off()

    def _saved(self, then: Callable[[int], None] | None, saved: cases.Saved) -> None:
        self._written_upon = None
        self._view.saved(saved.reference)
        self._tasks.read(partial(cases.get, self._db, saved.case_id), self._adopt, key="saved case")
        if then is not None:
            then(saved.case_id)

    def _adopt(self, case: CaseView) -> None:
        if self._case is None or self._case.id == case.id:
            self._case = case
            self._view.show_case(case)

    def _not_handed_off(self, trouble: CrmError) -> None:
        self._view.show_invalid(_fields(trouble))

    def _not_saved(self, answers: Answers, trouble: CrmError) -> None:
        if isinstance(trouble, InvalidInput):
            self._view.show_invalid(_fields(trouble))
        elif isinstance(trouble, Conflict) and self._case is not None:
            self._tasks.read(
                partial(cases.get, self._db, self._case.id),
                partial(self._view.show_conflict, answers),
                key="conflict",
            )
        else:
            self._view.show_invalid({"": words_for(trouble).sentence()})


def _fields(trouble: CrmError) -> dict[str, str]:
    fields = trouble.params.get("fields")
    if isinstance(fields, dict):
        return {str(name): str(said) for name, said in fields.items()}
    return {"": words_for(trouble).sentence()}
