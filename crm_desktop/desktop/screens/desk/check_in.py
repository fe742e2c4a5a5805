"""Check-in by keyboard alone: a name or nothing, what it is about, what they need, a ticket."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.core.tickets import TicketPrint
from crm_desktop.desktop.screens.desk.presenter import Arrival
from crm_desktop.desktop.screens.desk.words import ANSWERS, NEED_KEYS, expected, refused
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.chips import Chip, FilterChips
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Resolution
from crm_desktop.domain.visits import CheckedIn, Match, Need, SiteService, need_words

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.desk.presenter import DeskPresenter

_LANGUAGES = (("English", "en"), ("Welsh", "cy"), ("Polish", "pl"), ("Urdu", "ur"),
              ("Punjabi", "pa"), ("Romanian", "ro"), ("Arabic", "ar"), ("Ukrainian", "uk"),
              ("British Sign Language", "bfi"))  # fmt: skip
_NO_NAME = "__nobody__"
#: So many letters of a choice are seen at least.
_SHORTEST = 8
#: So long a ticket waits for who may be meant by the name on it.
_SEEK_MS = 2_000
#: So many of those who may be meant are in sight at once.
_MOST_ROWS = 4.5


class CheckInPane(Surface):
    """Alt+1 … chooses what it is about, Alt+H/R/I/S/D what they need, Enter gives the ticket,
    Ctrl+Enter counts a quick question. `left_for_line` when Escape leaves an empty form.
    """

    left_for_line = Signal()
    #: Whether Ctrl was held when Enter was pressed last, and when that was.
    _entered = (False, -inf)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self.setAccessibleName("Check in a visitor")
        self._presenter: DeskPresenter | None = None
        self._services: tuple[SiteService, ...] = ()
        self._chosen: int | None = None
        self._matches: dict[object, Match] = {}
        #: Does what a key of the whole page asks; says whether it was one.
        self.page_key: Callable[[QKeyEvent], bool] = lambda _event: False
        #: Of whom the form says what is known.
        self._filled: Match | None = None
        #: What was chosen by hand stays, whoever it turns out to be.
        self._by_hand: dict[str, bool] = {}
        self._searching = False
        #: Keys that came before the answer: they mean what it offers.
        self._then: list[Callable[[], None]] = []
        self.name = QLineEdit()
        self.name.setAccessibleName("Name, or booking reference")
        self.name.setPlaceholderText("Nothing is needed")
        self.name.textEdited.connect(self._typed)
        self.matches = RowList(look, "Who it may be")
        self.matches.hide()
        self._about = QWidget()
        self._flow = FlowLayout(self._about, look.px(6))
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self._about.setSizePolicy(policy)
        self._buttons: dict[int, Button] = {}
        self.needs = FilterChips(look, "Needs", exclusive=False)
        self.needs.set_chips(
            [
                Chip(need.value, need_words(need), spoken=f"{need_words(need)}, Alt+{key}", cap=key)
                for need, key in NEED_KEYS.items()
            ]
        )
        self.needs.chosen.connect(self._needs_clicked)
        self.language = QComboBox()
        self.language.setAccessibleName("Language")
        for said, code in _LANGUAGES:
            self.language.addItem(said, code)
        self.phone, self.note = QLineEdit(), QLineEdit()
        self.phone.setAccessibleName("Mobile number, for a text when they are next")
        self.phone.setPlaceholderText("For their ticket, and when they are next")
        self._mobile = QWidget()
        self.note.setAccessibleName("Note for the desk")
        self.note.setMaxLength(500)
        self._issue = PrimaryButton(look, "Issue ticket", key="Return")
        self._issue.clicked.connect(self.issue)
        self._quick = Button(look, "Answer now", key="Ctrl+Return")
        self._quick.clicked.connect(self.answer)
        self.outcome = QComboBox()
        self.outcome.setAccessibleName("How a quick question ended")
        for said, answer in ANSWERS:
            self.outcome.addItem(said, answer)
        self._told = Text(look, "", Role.FIGURE, wrap=True)
        self._place = Text(look, "", Role.BODY, muted=True, wrap=True)
        self._wait = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._wrong = Banner(look, Tone.DANGER, "circle-alert")
        self._wrong.hide()
        self._lay_out()
        self._tell("", "")
        for each in (self.name, self.phone, self.note, self.language, self.outcome):
            each.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A field would take the form's own keys for text of its own."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            steps = event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down)
            if steps and watched is not self.name:
                return False
            return self._own_key(event) or self.page_key(event)
        return super().eventFilter(watched, event)

    def bind(self, presenter: DeskPresenter) -> None:
        """Give the form who answers it."""
        self._presenter = presenter

    @property
    def can_issue(self) -> bool:
        """Whether it is known what a visit here can be about."""
        return bool(self._services)

    @property
    def is_begun(self) -> bool:
        """Whether something of a visitor is in the form."""
        return bool(self.name.text() or self.needs.keys() or self.note.text() or self.phone.text())

    def focus(self) -> None:
        """Begin with the name."""
        self.name.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def set_services(self, services: Sequence[SiteService]) -> None:
        """What it can be about; what was chosen stays so."""
        if [each.service_id for each in services] != [each.service_id for each in self._services]:
            for button in self._buttons.values():
                self._flow.removeWidget(button)
                button.deleteLater()
            self._buttons = {}
            for each in services:
                button = Button(self._look, each.name, key=f"Alt+{each.key}")
                button.setCheckable(True)
                button.clicked.connect(self._service_clicked)
                button.setProperty("service", each.service_id)
                self._buttons[each.service_id] = button
                self._flow.addWidget(button)
            self._chosen = None
        self._services = tuple(services)
        if self._chosen is None and services:
            self._choose(services[0].service_id)
        self._say_wait()

    def set_texting(self, on: bool) -> None:
        """Ask for a number, where visitors can be texted."""
        self._mobile.setVisible(on)

    def show_matches(self, text: str, matches: tuple[Match, ...]) -> None:
        """Who may be meant; the first is nobody known, so that Enter alone is never a stranger."""
        if text != self.name.text():
            return
        before, self._matches = self._matches, dict(enumerate(matches))
        rows = [_match_row(number, each) for number, each in self._matches.items()]
        if rows:
            new = Row(_NO_NAME, f"“{text}”, not one of these", "Nobody on record", "user-plus")
            rows.insert(0, new)
        self.matches.set_rows(rows)
        self.matches.setVisible(bool(rows))
        # Half a row says that there are more.
        high = self.matches.content_height() * min(1.0, _MOST_ROWS / max(1, len(rows)))
        self.matches.setFixedHeight(round(high) + 2)
        if rows:
            booked = next((n for n, each in self._matches.items() if each.appointment_id), None)
            self.matches.make_current(_NO_NAME if booked is None else booked)
            self._match_chosen()
            if before != self._matches:
                count = words.count(len(matches), "person", "people")
                announce(self, f"{count} may be meant. {self._said_of_match()}")
        self._searching = False
        then, self._then = self._then, []
        for does in then:
            does()

    def ticket(self, visit: CheckedIn, site: str, moment: str) -> TicketPrint:
        """What stands on the paper of somebody who is checked in."""
        own = next((each for each in self._services if each.service_id == self._chosen), None)
        wait = expected(visit.wait_seconds).capitalize() if visit.wait_seconds else ""
        welsh = self.language.currentData() == "cy"
        return TicketPrint(
            site=site,
            ticket=str(visit.ticket),
            about=((own.name_cy if welsh else "") or own.name) if own else "",
            wait=wait,
            moment=moment,
            footer="Please watch the screen for your number.",
        )

    def issued(self, visit: CheckedIn, who: str) -> None:
        """Say the number; the form is free for the next."""
        wait = f" They wait {expected(visit.wait_seconds)}." if visit.wait_seconds else ""
        said = f"{visit.ticket}: number {visit.position} in the line.{wait}"
        self.clear()
        whose = f"For {who}. " if who else ""
        self._tell(str(visit.ticket), f"{whose}Number {visit.position} in the line.{wait}")
        announce(self, said)

    def without_number(self, who: str) -> None:
        """Say that no number was left; the form is free for the next."""
        whose = f"For {who}. " if who else ""
        why = "No numbers are left on this computer. Call them by name or by hand."
        self.clear()
        self._tell("No number", f"{whose}{why}")
        announce(self, f"No number. {whose}{why}")

    def answered(self) -> None:
        """A quick question was counted."""
        self.clear()
        self._tell("Counted", "A quick question, answered at the counter.")
        announce(self, "The question is counted")

    def not_issued(self, trouble: CrmError) -> None:
        """Say why not; what was entered stays."""
        self._wrong.set_text(*refused(trouble))
        self._wrong.show()
        fields = trouble.params.get("fields")
        if isinstance(fields, dict) and "phone" in fields:
            self.phone.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self, self._wrong.text())

    def clear(self) -> None:
        """Ready for the next."""
        for field in (self.name, self.phone, self.note):
            field.clear()
        self.needs.choose()
        self.language.setCurrentIndex(0)
        self._matches, self._filled, self._by_hand = {}, None, {}
        self._searching, self._then = False, []
        self.matches.hide()
        self._wrong.hide()
        if self._services:
            self._choose(self._services[0].service_id)
        self.focus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys of the whole form, wherever in it the keyboard is."""
        if not self._own_key(event):
            super().keyPressEvent(event)

    def _own_key(self, event: QKeyEvent) -> bool:
        """Whether the form has done what the key asks."""
        if self.alt_key(event):
            return True
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if not event.isAutoRepeat() and not self._is_second(ctrl=ctrl):
                self.answer() if ctrl else self._when_found(self.issue)
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and (
            self._searching or self.matches.isVisible()
        ):
            self._when_found(partial(self._step, 1 if event.key() == Qt.Key.Key_Down else -1))
        elif event.key() == Qt.Key.Key_Escape:
            if self.is_begun:
                self.clear()
            else:
                self.left_for_line.emit()
        else:
            return False
        return True

    def _is_second(self, *, ctrl: bool) -> bool:
        """Whether it is the second press of a double one: the ticket may have been given between
        the two, and nobody else stands there so soon of whom nothing at all is said.
        """
        before, self._entered = self._entered, (ctrl, monotonic())
        soon = self._entered[1] - before[1] < QApplication.doubleClickInterval() / 1_000
        return soon and before[0] == ctrl and not self.is_begun

    def alt_key(self, event: QKeyEvent) -> bool:
        """Whether it was a key with Alt that fills in the form, from wherever on the page."""
        text = chr(event.key()) if 32 < event.key() < 127 else ""
        need = _need_of(text)
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if not alt or not (text.isdigit() or need):
            return False
        if event.isAutoRepeat():
            return True
        wanted = next((each for each in self._services if str(each.key) == text), None)
        if wanted is not None:
            self._choose(wanted.service_id)
            announce(self, wanted.name)
        elif need is not None:
            before = self.needs.keys()
            self._by_hand[need.value] = need.value not in before
            self._show_needs()
            announce(self, f"{need_words(need)} {'off' if need.value in before else 'on'}")
        return True

    @Slot()
    def seek_no_more(self) -> None:
        """Nobody says who it may be: what waits for that goes on without."""
        if self._then:
            self.show_matches(self.name.text(), ())

    @Slot()
    def issue(self) -> None:
        """Give the ticket."""
        if self._presenter is not None and self._chosen is not None:
            self._wrong.hide()
            self._presenter.check_in(
                Arrival(
                    who=self.name.text().strip(),
                    service_id=self._chosen,
                    match=self._match(),
                    needs=tuple(map(Need, self.needs.keys())),
                    language=str(self.language.currentData()),
                    phone=self.phone.text(),
                    note=self.note.text(),
                )
            )

    @Slot()
    def answer(self) -> None:
        """Count a quick question."""
        if self._presenter is not None and self._chosen is not None:
            outcome = Resolution(str(self.outcome.currentData()))
            self._presenter.answer_now(self._chosen, outcome, self.note.text())

    def _lay_out(self) -> None:
        look, px = self._look, self._look.px
        self._shorten()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(PanelHeader(look, "Check in a visitor"))
        inner = QVBoxLayout()
        inner.setContentsMargins(px(14), px(10), px(14), px(10))
        inner.setSpacing(px(5))
        inner.addWidget(self._wrong)
        self._labelled(inner, "Name, or booking reference", self.name)
        inner.addWidget(self.matches)
        inner.addWidget(self._told)
        inner.addWidget(self._place)
        self._labelled(inner, "What is the visit about?", self._about)
        self._labelled(inner, "Needs", self.needs)
        row = QHBoxLayout()
        row.setSpacing(px(8))
        language, mobile = QVBoxLayout(), QVBoxLayout(self._mobile)
        mobile.setContentsMargins(0, 0, 0, 0)
        for each in (language, mobile):
            each.setSpacing(px(5))
        self._labelled(language, "Language", self.language)
        self._labelled(mobile, "Mobile", self.phone)
        row.addLayout(language, 1)
        row.addWidget(self._mobile, 1)
        self._mobile.hide()
        inner.addLayout(row)
        self._labelled(inner, "Note", self.note)
        inner.addSpacing(px(4))
        inner.addWidget(self._issue)
        inner.addWidget(self._wait)
        row = QHBoxLayout()
        row.addWidget(self.outcome, 1)
        row.addWidget(self._quick)
        inner.addSpacing(px(8))
        inner.addWidget(Text(look, "Or a quick question:", Role.SMALL_STRONG, muted=True))
        inner.addLayout(row)
        inner.addStretch(1)
        column.addLayout(inner, 1)

    def _shorten(self) -> None:
        """With large text the longest choice must not make the form wider than its place."""
        shortest = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        for choices in (self.language, self.outcome):
            choices.setSizeAdjustPolicy(shortest)
            choices.setMinimumContentsLength(_SHORTEST)
            choices.view().setMinimumWidth(choices.view().sizeHintForColumn(0))

    def _labelled(self, column: QVBoxLayout, said: str, field: QWidget) -> None:
        label = Text(self._look, said, Role.SMALL_STRONG, muted=True)
        label.setBuddy(field)
        if column.count():
            column.addSpacing(self._look.px(5))
        column.addWidget(label)
        column.addWidget(field)

    def _match(self) -> Match | None:
        return self._matches.get(self.matches.current_key()) if self._matches else None

    @Slot(str)
    def _typed(self, text: str) -> None:
        self._tell("", "")
        self._then = []
        self._searching = self._presenter is not None
        if self._presenter is not None:
            self._presenter.find(text)

    def _tell(self, said: str, more: str) -> None:
        """What was just given, where who it may be stands while a name is typed."""
        for label, text in ((self._told, said.strip()), (self._place, more)):
            label.setText(text)
            label.setVisible(bool(text))

    def _when_found(self, does: Callable[[], None]) -> None:
        """At once, or when it is known whom the name may mean: hands are faster than answers."""
        if self._searching:
            self._then.append(does)
            # What searches may be busy with a printer, and the visitor stands there.
            QTimer.singleShot(_SEEK_MS, self, self.seek_no_more)
        else:
            does()

    def _step(self, by: int) -> None:
        if self.matches.isVisibleTo(self):
            self.matches.step(by)
            self._match_chosen()
            announce(self, self._said_of_match())

    def _said_of_match(self) -> str:
        """Who is chosen, for whoever looks at the visitor."""
        match = self._match()
        if match is None:
            return "Not one of these"
        booked = f"booked {words.clock_time(match.booked_at)}" if match.booked_at else ""
        needs = [need_words(each).lower() for each in match.needs]
        return ", ".join(part for part in (match.who, booked, match.detail, *needs) if part)

    def _match_chosen(self) -> None:
        """What is known of them is in the form at once; what was chosen after that stays."""
        match = self._match()
        if match == self._filled:
            return
        self._filled = match
        self._show_needs()
        if match is not None and match.service_id in self._buttons:
            self._choose(match.service_id)

    def _show_needs(self) -> None:
        """What is known of them, and what was chosen by hand."""
        known = {each.value for each in self._filled.needs} if self._filled else set()
        chosen = {each for each in Need if self._by_hand.get(each.value, each.value in known)}
        self.needs.choose(*(each.value for each in chosen))

    @Slot(object)
    def _needs_clicked(self, keys: tuple[str, ...]) -> None:
        known = {each.value for each in self._filled.needs} if self._filled else set()
        self._by_hand = {
            each.value: each.value in keys
            for each in Need
            if each.value in self._by_hand or (each.value in keys) != (each.value in known)
        }

    @Slot()
    def _service_clicked(self) -> None:
        sender = self.sender()
        wanted = sender.property("service") if sender is not None else None
        if isinstance(wanted, int):
            self._choose(wanted)

    def _choose(self, service_id: int) -> None:
        self._chosen = service_id
        for each, button in self._buttons.items():
            button.setChecked(each == service_id)
            button.set_kind(Kind.PRIMARY if each == service_id else Kind.PLAIN)
        self._say_wait()

    def _say_wait(self) -> None:
        own = next((each for each in self._services if each.service_id == self._chosen), None)
        if own is None:
            return
        wait = "" if own.wait_seconds is None else f", {expected(own.wait_seconds)}"
        waits = f"{own.waiting or 'Nobody'} {'waits' if own.waiting < 2 else 'wait'}"
        self._wait.setText(f"{waits} for {own.name}{wait}.")


def _match_row(number: object, match: Match) -> Row:
    booked = f"booked {words.clock_time(match.booked_at)}" if match.booked_at else ""
    return Row(
        number,
        match.who,
        match.detail,
        "calendar" if match.appointment_id else "user",
        Tone.ACCENT if match.appointment_id else Tone.NEUTRAL,
        pill=(booked, Tone.ACCENT) if booked else None,
    )


def _need_of(key: str) -> Need | None:
    return next((need for need, letter in NEED_KEYS.items() if letter == key.upper()), None)
