"""The case form: its service, its questions, its reference to read out, and the hand-off."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.conflict import ConflictDialog
from crm_desktop.desktop.screens.workspace.handoff_card import (
    HandoffOffer,
    HandoffProgress,
    is_under_way,
)
from crm_desktop.desktop.widgets.attachments import AttachedFile, AttachmentStrip
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.json_form import JsonForm
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import InvalidInput
from crm_desktop.domain.forms import Form
from crm_desktop.domain.states import CaseState, HandoffState
from crm_desktop.domain.views import CaseDocument, CaseView, ContactView, ServiceInfo

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.workspace.casework import Answers, Casework
    from crm_desktop.services.handoffs import HandoffPreview

#: So long typing must rest before the hand-off is worked out anew.
_REST_MS = 400
_NEW_CASE = 0

CASE_STATES: dict[CaseState, tuple[str, Tone]] = {
    CaseState.NEW: ("new", Tone.ACCENT),
    CaseState.OPEN: ("open", Tone.ACCENT),
    CaseState.WAITING_CUSTOMER: ("waits for the customer", Tone.WARNING),
    CaseState.WAITING_BACK_OFFICE: ("with the back office", Tone.INFO),
    CaseState.RESOLVED: ("resolved", Tone.OK),
    CaseState.CLOSED: ("closed", Tone.NEUTRAL),
}


class CasePane(QScrollArea):
    """Implements `CaseViewProtocol`. Signals: `edited` what is typed (a draft), `left`, `kept`
    the reference of a saved case, `hand_off_asked`, `handed_off_now`, `hand_off_fits` why the case
    cannot be handed off, empty when it can. `paying`: a payment is being taken, so nothing must be
    recorded; `page_wanted` the page of the provider; `file_wanted` a document's attachment id.
    """

    edited = Signal(object)
    kept = Signal(str)
    hand_off_asked = Signal()
    handed_off_now = Signal()
    hand_off_fits = Signal(str)
    paying = Signal(bool)
    page_wanted = Signal(str)
    file_wanted = Signal(object)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._casework: Casework | None = None
        self._form: JsonForm | None = None
        self._case: CaseView | None = None
        self._contact_id = 0
        self._writable = False
        self._unmade: tuple[dict[str, object], Answers] | None = None
        self._draft: dict[str, object] | None = None
        self._known: dict[str, object] = {}
        self._schema: dict[str, object] = {}
        self._preview: HandoffPreview | None = None
        self.setAccessibleName("Case")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._cases = ChoiceField(look, "Case")
        self._cases.chosen.connect(self._case_chosen)
        self.service = ChoiceField(look, "Service", "Choose the service…")
        self.service.chosen.connect(self._service_chosen)
        self._reference = Text(look, "", Role.TITLE, selectable=True)
        self._state = Pill(look, "")
        self._copy = IconButton(look, "copy", "Copy the reference")
        self._copy.clicked.connect(self._copy_reference)
        self._aloud = Text(look, "", Role.SMALL, muted=True)
        self._trouble = Banner(look, Tone.DANGER, "circle-alert")
        self._trouble.hide()
        self._script = Text(look, "", muted=True, wrap=True)
        self._no_form = Text(
            look, "This service has no form. The case keeps its title only.", muted=True, wrap=True
        )
        self._save = Button(look, "Save the case")
        self._add_document = Button(look, "Add a document…", icon="upload")
        self.documents = AttachmentStrip(look)
        self.documents.setAccessibleName("Documents of the case")
        self.documents.opened.connect(self.file_wanted)
        self._documents: tuple[CaseDocument, ...] = ()
        self._nowhere = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self.offer = HandoffOffer(look)
        self.offer.asked.connect(self.hand_off_asked)
        send = QShortcut(QKeySequence("Ctrl+Return"), self)
        send.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        send.activated.connect(self.offer.press)
        self._progress: list[HandoffProgress] = []
        self._services: dict[int, ServiceInfo] = {}
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._rested)
        self._lay_out()
        look.changed.connect(self._space)

    def bind(
        self, casework: Casework, save: QAction, hand_off: QAction, add_document: QAction
    ) -> None:
        """Give the pane who answers it, and the commands of its buttons."""
        self._casework = casework
        self._add_document.follow(add_document)
        self._save.follow(save)
        self.offer.follow(hand_off)

    def set_services(self, services: tuple[ServiceInfo, ...]) -> None:
        """What the service field offers, by group."""
        self._services = {each.id: each for each in services}
        self.service.set_rows(
            [
                Row(each.id, each.name, each.group, right=f"LGSL {each.lgsl}" if each.lgsl else "")
                for each in services
            ]
        )

    def show_contact(self, contact: ContactView, *, writable: bool) -> None:
        """Offer the contact's cases; nothing can be changed when it is in other hands."""
        self._writable = writable
        if self._contact_id != contact.row.id:
            self._contact_id, self._draft, self._known = contact.row.id, None, {}
        rows = [Row(each.id, each.reference, right=each.service_name) for each in contact.cases]
        self._cases.set_rows([*rows, Row(_NEW_CASE, "Another case…")])
        self._cases.setVisible(bool(contact.cases))
        self.service.setEnabled(writable)
        self._documents = contact.documents
        self._show_documents()
        if self._form is not None:
            self._form.set_read_only(not writable)

    def typed(self) -> Answers:
        """Everything as it stands, finished or not."""
        form = self._form_made()
        return form.typed() if form else {}

    def answers(self) -> Answers | None:
        """What can be saved; None when something must be mended first, which is then shown."""
        form = self._form_made()
        if form is None:
            return {}
        return dict(form.answers()) if form.check() else None

    def restore(self, content: dict[str, object]) -> None:
        """Put a draft of the form back: now, or when the form of its service has been read."""
        self._draft = content
        self._put_draft()

    def prefill(self, answers: Answers) -> None:
        """What the visitor has answered already: it stands in the form of a new case, until
        somebody types in it.
        """
        if self._known == answers:
            return
        self._known = dict(answers)
        if self._case is not None or self._draft is not None:
            return
        if self._unmade is not None:
            self._unmade = (self._unmade[0], self._unmade[1] or self._fitting(self._unmade[0]))
        elif self._form is not None and not any(self._form.typed().values()):
            self._form.set_answers(self._fitting(self._schema))

    def _fitting(self, schema: dict[str, object]) -> Answers:
        asked = schema.get("properties")
        names = asked if isinstance(asked, dict) else {}
        return {name: value for name, value in self._known.items() if name in names}

    def focus(self) -> None:
        """Put the keyboard into the first question, or the service when none is chosen."""
        form = self._form_made()
        first = next(iter(form.inputs()), None) if form is not None else None
        (first or self.service).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_form(
        self, schema: dict[str, object] | None, answers: Answers, case: CaseView | None
    ) -> None:
        """See `CaseViewProtocol`."""
        self._drop_form()
        self._trouble.hide()
        self._case = case
        chosen = self._casework.service_id if self._casework else None
        self.service.choose(chosen)
        self._cases.choose(case.id if case else _NEW_CASE)
        service = self._services.get(chosen or 0)
        self._script.setText(service.script if service else "")
        self._script.setVisible(bool(self._script.text()))
        self._schema = schema or {}
        if schema and case is None and not answers:
            answers = self._fitting(schema)
        self._unmade = (schema, answers) if schema else None
        if self.isVisible():
            self._form_made()
        self._put_draft()
        self._no_form.setVisible(chosen is not None and not schema)
        self._show_head()
        self._say_offer()

    def show_case(self, case: CaseView) -> None:
        """See `CaseViewProtocol`."""
        self._case = case
        self._show_head()
        self._say_offer()

    def show_preview(self, preview: HandoffPreview | None) -> None:
        """See `CaseViewProtocol`."""
        self._preview = preview
        self._say_offer()

    def show_invalid(self, fields: dict[str, str]) -> None:
        """See `CaseViewProtocol`."""
        if self._form is not None:
            self._form.show_errors(fields)
        general = fields.get("", "")
        self._trouble.set_text("The case was not saved.", general or "Put right what is marked.")
        self._trouble.show()
        announce(self, self._trouble.text())

    def show_conflict(self, mine: Answers, theirs: CaseView) -> None:
        """See `CaseViewProtocol`."""
        dialog = ConflictDialog(self._look, mine, theirs, self)
        dialog.mine_chosen.connect(self._keep_mine)
        dialog.theirs_chosen.connect(self._keep_theirs)
        dialog.open()

    def saved(self, reference: str) -> None:
        """See `CaseViewProtocol`."""
        self._trouble.hide()
        self._draft = None
        announce(self, f"Saved as {words.spoken_reference(reference)}")
        self.kept.emit(reference)

    def handed_off(self) -> None:
        """See `CaseViewProtocol`."""
        announce(self, "Handed off")
        # How far it is stands at the top.
        self.verticalScrollBar().setValue(0)
        self.handed_off_now.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """The form is made when it is first looked at: it is the slowest thing of a contact."""
        self._form_made()
        self._say_offer()
        super().showEvent(event)

    def _form_made(self) -> JsonForm | None:
        if self._unmade is not None:
            unmade, self._unmade = self._unmade, None
            self._make_form(*unmade)
        return self._form

    def _make_form(self, schema: dict[str, object], answers: Answers) -> None:
        try:
            form = Form.from_schema(schema)
        except InvalidInput as broken:
            self._trouble.set_text("The form of this service cannot be shown.", str(broken))
            self._trouble.show()
            return
        self._form = JsonForm(self._look, form)
        self._form.set_answers(answers)
        self._form.set_read_only(not self._writable)
        self._form.changed.connect(self._changed)
        self._form.paying.connect(self.paying)
        self._form.page_wanted.connect(self.page_wanted)
        self._column.insertWidget(self._column.indexOf(self._no_form), self._form)
        # Where a widget stands in a layout says nothing about where Tab finds it.
        for before, after in pairwise((self.service, *self._form.inputs())):
            QWidget.setTabOrder(before, after)

    def _put_draft(self) -> None:
        """A draft belongs into the form of its own service, which may come later than it."""
        draft = self._draft
        answers = draft.get("answers") if draft else None
        of = draft.get("service_id") if draft else None
        if not isinstance(answers, dict) or (of and of != self.service.key()):
            return
        form = self._form_made()
        if form is not None:
            self._draft = None
            form.set_answers(answers)
            if self._casework and draft and "case_id" in draft:
                self._casework.continues(draft["case_id"], draft.get("version"))
            self._say_offer()

    def _say_offer(self) -> None:
        """Where the case would go and what is still to be asked, by the form as it stands."""
        preview, case = self._preview, self._case
        last = case.handoffs[-1] if case and case.handoffs else None
        under_way = last is not None and is_under_way(last)
        done = last is not None and last.state is HandoffState.DONE
        why = ""
        if under_way:
            why = "It is handed off already"
        elif self.service.key() is None:
            why = "Choose the service first"
        elif preview is None:
            why = "No back office takes this service"
        self.hand_off_fits.emit(why)
        nowhere = preview is None and self.service.key() is not None and self._writable
        self._nowhere.setText(f"{why}: answer it here, then wrap up." if nowhere else "")
        if preview is None or under_way or done:
            self.offer.offer("", "", ())
            return
        by = f"By {words.full(preview.due_at)}. " if preview.due_at else ""
        self.offer.offer(
            preview.target, f"{by}The customer is told at each change.", self._unanswered()
        )

    def _unanswered(self) -> tuple[str, ...]:
        """The questions that must be answered or mended first."""
        if self._form is None:
            return ()
        asked = self._form.form
        found = (asked.field(name) for name in self._form.errors())
        return tuple(each.question.rstrip("?") for each in found if each is not None)

    def _drop_form(self) -> None:
        self._rest.stop()
        self._unmade = None
        if self._form is not None:
            self._form.leave()
            self._column.removeWidget(self._form)
            self._form.hide()
            self._form.deleteLater()
            self._form = None

    def _show_head(self) -> None:
        case = self._case
        self._show_documents()
        for each in (self._reference, self._copy, self._state, self._aloud):
            each.setVisible(case is not None)
        if case is not None:
            self._cases.choose(case.id)
            self._reference.setText(case.reference)
            self._reference.setAccessibleName(f"Reference {case.reference}")
            self._state.set_content(*CASE_STATES[case.state])
            self._aloud.setText(f"Read out: {words.spoken_reference(case.reference)}")
        handoffs = case.handoffs if case else ()
        while len(self._progress) > len(handoffs):
            card = self._progress.pop()
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        while len(self._progress) < len(handoffs):
            card = HandoffProgress(self._look, self._clock)
            self._progress.append(card)
            self._column.insertWidget(self._column.indexOf(self._trouble), card)
        for card, handoff in zip(self._progress, handoffs, strict=True):
            card.show_handoff(handoff)

    def _show_documents(self) -> None:
        """What the customer brought for this case, at this contact or another."""
        case_id = self._case.id if self._case else None
        self.documents.set_files(
            [
                AttachedFile(each.id, _document_name(each), each.content_type, each.size)
                for each in self._documents
                if each.case_id == case_id
            ]
        )

    def _lay_out(self) -> None:
        ground = Surface(self._look, sunken=True)
        self._column = QVBoxLayout(ground)
        head = QHBoxLayout()
        for each in (self._reference, self._copy, self._state):
            head.addWidget(each)
        head.addStretch(1)
        head.addWidget(self._cases)
        label = Text(self._look, "Service", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self.service)
        foot = QHBoxLayout()
        foot.addWidget(self._save)
        foot.addWidget(self._add_document)
        foot.addSpacing(self._look.px(10))
        foot.addWidget(self._nowhere, 1)
        self._column.addLayout(head)
        for widget in (
            self._aloud,
            self.documents,
            self._trouble,
            label,
            self.service,
            self._script,
            self._no_form,
        ):
            self._column.addWidget(widget)
        self._column.addWidget(self.offer)
        self._column.addLayout(foot)
        self._column.addStretch(1)
        self.setWidget(ground)
        self._space()
        self._no_form.hide()
        self._script.hide()
        self._show_head()

    @Slot()
    def _space(self) -> None:
        edge = self._look.px(14)
        self._column.setContentsMargins(edge, edge, edge, edge)
        self._column.setSpacing(self._look.px(8))

    @Slot()
    def _changed(self) -> None:
        case = self._casework.case if self._casework else None
        self.edited.emit(
            {
                "service_id": self.service.key(),
                "answers": self.typed(),
                # Upon what it was written: a colleague's change since must not be overwritten.
                "case_id": case.id if case else None,
                "version": self._casework.version if self._casework else None,
            }
        )
        self._say_offer()
        self._rest.start()

    @Slot()
    def _rested(self) -> None:
        if self._casework and self._form:
            self._casework.answers_changed(dict(self._form.answers()))

    @Slot(object)
    def _case_chosen(self, case_id: int) -> None:
        if self._casework:
            self._casework.choose_case(case_id or None)

    @Slot(object)
    def _service_chosen(self, service_id: int) -> None:
        if self._casework:
            self._casework.choose_service(service_id)

    @Slot(object, object)
    def _keep_mine(self, mine: Answers, theirs: CaseView) -> None:
        if self._casework:
            self._casework.keep_mine(mine, theirs)

    @Slot(object)
    def _keep_theirs(self, theirs: CaseView) -> None:
        if self._casework:
            self._casework.keep_theirs(theirs)

    @Slot()
    def _copy_reference(self) -> None:
        QGuiApplication.clipboard().setText(self._reference.text())
        announce(self, "Reference copied")


def _document_name(document: CaseDocument) -> str:
    """What it is, once."""
    if document.name.startswith(document.kind):
        return document.name
    return f"{document.kind}: {document.name}"
