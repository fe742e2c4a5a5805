"""The telephone in the main window: its bar, its commands in every window, and what pops up."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.presenting import CancelToken
from crm_desktop.desktop.screens.calls.presenter import CallPresenter
from crm_desktop.desktop.screens.calls.verbs import is_live
from crm_desktop.desktop.shell.call_port import Calls
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.desktop.shell.payment_pause import PaymentPause
from crm_desktop.desktop.widgets.buttons import IconButton
from crm_desktop.desktop.widgets.call_said import Said
from crm_desktop.domain import dialling
from crm_desktop.domain.call_targets import CallTargets, OwnTelephone
from crm_desktop.domain.calls import Ask, CallState, CallView, Verb
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.states import Visibility
from crm_desktop.domain.views import ContactView, CustomerView
from crm_desktop.services import call_targets

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.calls.transfer_dialog import CallTransferDialog
    from crm_desktop.desktop.shell.workplace import Workplace
    from crm_desktop.desktop.widgets.call_bar import CallBar

#: Command, verb, and the opposite that the same key asks for.
_VERBS: tuple[tuple[str, Verb, Verb | None], ...] = (
    ("call.hold", Verb.HOLD, Verb.RESUME),
    ("call.mute", Verb.MUTE, Verb.UNMUTE),
    ("call.record", Verb.PAUSE_RECORDING, Verb.RESUME_RECORDING),
    ("call.transfer", Verb.TRANSFER, None),
    ("call.back", Verb.END_CONSULT, None),
    ("call.join", Verb.CONFERENCE, None),
    ("call.hand_over", Verb.HAND_OVER, None),
    ("call.keypad", Verb.DTMF, None),
    ("call.hang_up", Verb.HANG_UP, None),
    ("call.warned", Verb.HANG_UP, None),
    ("call.dial", Verb.DIAL, None),
    ("listen.listen", Verb.LISTEN, None),
    ("listen.whisper", Verb.WHISPER, None),
    ("listen.barge", Verb.BARGE, None),
    ("listen.stop", Verb.STOP_LISTENING, None),
)
#: What the one key says while its opposite would be asked for.
_OPPOSITE = {
    "call.hold": "Resume",
    "call.mute": "Unmute",
    "call.record": "Resume recording",
}
#: In this order from left to right; what ends a call stands last.
_IN_BAR = (
    "offer.accept", "offer.decline", "contact.take", "call.hold", "call.mute", "call.keypad",
    "call.record", "call.transfer", "call.back", "call.join", "call.hand_over", "listen.listen",
    "listen.whisper", "listen.barge", "listen.stop", "call.hang_up", "contact.wrap_up",
)  # fmt: skip
_MORE = (
    "call.hold", "call.mute", "call.keypad", "call.record", "-", "call.transfer", "call.back",
    "call.join", "call.hand_over", "-", "call.hang_up", "call.warned", "-", "call.dial",
)  # fmt: skip
_PRIMARY = ("offer.accept", "call.hand_over", "contact.wrap_up", "contact.take")
_DANGER = ("call.hang_up", "listen.stop")
#: A gateway that was killed tells nobody: it is looked for every so many seconds, more often by
#: whoever is in a call.
_LOOK_SECONDS, _LOOK_IN_CALL_SECONDS = 30, 3
#: The first call must not wait for the bar to be made.
_MAKE_MS = 4_000
_NO_PHONE = "No telephone is known for you. Ask your administrator to enter your extension."
_UNSEEN = "No gateway speaks with the telephone system. Use the phone itself until one does."
_NO_SYSTEM = "This centre has no telephone system set up."


class CallDesk(QObject):
    """Implements `CallsView`. `moved`: a call of this person's is another; `talking` every second
    in which they are on the telephone: whoever talks touches no keys, and is there.
    """

    moved = Signal()
    talking = Signal()

    def __init__(
        self,
        desk: Desk,
        registry: CommandRegistry,
        window: QWidget,
        workplace: Workplace,
        open_contact: Callable[[int], None],
    ) -> None:
        super().__init__(window)
        self._desk, self._registry, self._window = desk, registry, window
        self._workplace, self._open = workplace, open_contact
        self._registries: list[CommandRegistry] = []
        self._bar: CallBar | None = None
        self.slot = QWidget()
        self._column = QVBoxLayout(self.slot)
        self._column.setContentsMargins(0, 0, 0, 0)
        self.slot.hide()
        self.phone = IconButton(desk.look, "phone-outgoing", "Call somebody…")
        self.phone.clicked.connect(registry.action("call.dial").trigger)
        self.phone.hide()
        self.telephone = OwnTelephone("", "")
        self._looked = 0
        self._put_off: int | None = None
        self._note_for: int | None = None
        self._before: int | None = None
        self._tasks = desk.runner.for_owner(self)
        self.presenter = CallPresenter(
            Calls(desk.db),
            self._tasks,
            self,
            me=desk.person.id,
            now=desk.clock.now,
            later=later_for(self),
        )
        self.payment = PaymentPause(self.presenter, desk.person.id)
        self.join(registry)
        desk.clock.tick.connect(self._tick)
        workplace.screen.shown.connect(self._opened)

    def start(self) -> None:
        """Read what is going on, and which telephone is this person's."""
        self.presenter.start()
        self._read_telephone()
        QTimer.singleShot(_MAKE_MS, self, self._make_bar)

    def changed(self, changes: Changes) -> None:
        """Read again what is another."""
        self.presenter.changed(changes)
        if changes.has(Topic.ACCOUNT) or self._desk.person.id in changes.ids(Topic.STAFF):
            self._read_telephone()

    def join(self, registry: CommandRegistry) -> None:
        """Let a call be worked from this window, too."""
        bind = registry.bind
        for command, verb, other in _VERBS:
            if other is not None:
                bind(command, partial(self.presenter.toggle, verb, other))
            else:
                bind(command, partial(self.presenter.press, verb))
        bind("call.transfer", self._transfer)
        bind("call.keypad", self._keypad)
        bind("call.warned", self._warned)
        bind("call.dial", self.ask_number)
        self._registries.append(registry)
        self.fit()

    def part(self, registry: CommandRegistry) -> None:
        """That window closes."""
        self._registries.remove(registry)

    # What others ask.

    def is_live(self, contact_id: int) -> bool:
        """Whether this person is in that call now."""
        return self.presenter.is_live(contact_id)

    def is_talking(self, contact_id: int) -> bool:
        """Whether this person has that call, and somebody is at its other end."""
        call = self.presenter.calls.get(contact_id)
        ringing = call is not None and call.state is CallState.RINGING
        return self.is_live(contact_id) and not ringing

    def offered(self, contact_ids: frozenset[int]) -> None:
        """Which calls are offered to this person."""
        self.presenter.set_offered(contact_ids)

    def offer_words(self, contact_id: int) -> tuple[str, str] | None:
        """What an offer of a call is, and what its button says; None for no call of the PBX's."""
        call = self.presenter.calls.get(contact_id)
        if call is None:
            return None
        if call.state is CallState.CALLBACK:
            return "A callback is offered to you", "Call them"
        return "Your phone rings", "Answer"

    def answer(self, contact_id: int) -> bool:
        """Pick up the phone that rings for an offer; False when it is taken like any other."""
        call = self.presenter.calls.get(contact_id)
        if call is None or call.state is CallState.CALLBACK:
            return False
        self.presenter.ask(Ask(Verb.ANSWER, contact_id))
        return True

    def listen(self, contact_id: int, verb: Verb) -> None:
        """Listen to somebody's call, whisper to them, or join them."""
        call = self.presenter.call
        if (
            call is not None
            and is_live(call, self._desk.person.id)
            and (call.contact_id != contact_id)
        ):
            self.not_done("You are in a call already. Leave it first.")
            return
        self.presenter.ask(Ask(verb, contact_id))

    @Slot()
    def ask_number(self, number: str = "", customer: CustomerView | None = None) -> None:
        """Ask whom to call: numbers of the contact or customer at hand stand first."""
        from crm_desktop.desktop.shell.dialling import gather

        why = self._why_not(Verb.DIAL)
        if why:
            self.not_done(f"Not dialled. {why}")
            return
        contact = None if customer is not None else self._workplace.presenter.contact
        self._tasks.read(
            partial(gather, contact, customer, self.presenter.calls, tuple(self.presenter.recent)),
            partial(self._show_dial, number),
            key="numbers",
        )

    # CallsView

    def show_call(self, shown: Said | None) -> None:
        """See `CallsView`."""
        if shown is not None:
            self._make_bar().show_call(shown, self._desk.clock.now())
            self.slot.show()
        elif self._bar is not None:
            self._bar.show_nothing("")
            self.slot.setVisible(bool(self._bar.trouble))
        self.moved.emit()

    def show_doing(self, words: str) -> None:
        """See `CallsView`."""
        bar = self._make_bar()
        if words and self.presenter.call is None:
            bar.show_nothing("Telephone")
            self.slot.show()
        bar.show_doing(words)
        if not words:
            self._hide_if_idle()

    def not_done(self, words: str) -> None:
        """See `CallsView`."""
        bar = self._make_bar()
        if self.presenter.call is None:
            bar.show_nothing("Telephone")
        self.slot.show()
        bar.not_done(words)

    def say(self, words: str) -> None:
        """See `CallsView`."""
        announce(self._make_bar() if self.slot.isVisible() else self._window, words)

    def fit(self) -> None:
        """See `CallsView`."""
        call = self.presenter.call
        ringing = call is not None and call.state is CallState.RINGING
        self._word("offer.accept", "Answer" if ringing else "")
        self._word("offer.decline", "Decline…" if ringing else "")
        why = self._why_not(Verb.DIAL)
        self.phone.setEnabled(not why)
        self.phone.setToolTip(why or "Call somebody… (Ctrl+Shift+C)")
        for command, verb, other in _VERBS:
            why = self._why_not(verb)
            if other is not None:
                opposite = self._why_not(other)
                turned = bool(why) and not opposite
                self._word(command, _OPPOSITE[command] if turned else "")
                why = "" if turned else why
            for each in self._registries:
                each.set_enabled(command, not why)
                each.set_reason(command, why)
        self.payment.go_on()

    def _word(self, command: str, text: str) -> None:
        """Let the command say that for the moment; empty: its own words."""
        for each in self._registries:
            if each.has(command):
                text = text or each.action(command).command.text
                if each.action(command).text() != text:
                    each.set_text(command, text)

    def pop(self, contact_id: int, *, at_once: bool) -> None:
        """See `CallsView`."""
        shown = self._workplace.presenter.contact_id
        if shown == contact_id:
            self._put_off = None
            return
        if self._is_typing():
            if not at_once:
                self._put_off = contact_id
                return
            # What is typed on goes where it can do no harm: to nobody outside.
            self._note_for = contact_id
        self._put_off = None
        self._before = shown
        focus = self._window.focusWidget()
        self._open(contact_id)
        if self._window.focusWidget() is not focus:
            # What had the keyboard is hidden now: no button must have it by chance.
            self._workplace.screen.tabs.setFocus(Qt.FocusReason.OtherFocusReason)

    def gone(self, contact_id: int) -> None:
        """See `CallsView`."""
        if self._put_off == contact_id:
            self._put_off = None
        if self._workplace.presenter.contact_id == contact_id and self._before is not None:
            before, self._before = self._before, None
            self._open(before)

    def _make_bar(self) -> CallBar:
        if self._bar is None:
            from crm_desktop.desktop.widgets.call_bar import CallBar

            registry = self._registry
            self._bar = CallBar(
                self._desk.look,
                {each: registry.action(each) for each in _IN_BAR if registry.has(each)},
                primary=_PRIMARY,
                danger=_DANGER,
                more=[None if each == "-" else registry.action(each) for each in _MORE],
            )
            self._bar.dismissed.connect(self._hide_if_idle)
            self._column.addWidget(self._bar)
        return self._bar

    def _why_not(self, verb: Verb) -> str:
        if verb is Verb.DIAL and not self.telephone.extension:
            return _NO_PHONE if self.telephone.system else _NO_SYSTEM
        if verb is Verb.DIAL and self.telephone.unseen_since is not None:
            return _UNSEEN
        return self.presenter.why_not(verb)

    def _read_telephone(self) -> None:
        self._looked = 0
        self._tasks.read(
            partial(call_targets.own_telephone, self._desk.db),
            self._show_telephone,
            failed=_wait,
            key="telephone",
        )

    def _show_telephone(self, telephone: OwnTelephone) -> None:
        if telephone == self.telephone:
            return
        self.telephone = telephone
        self.presenter.set_unseen(telephone.unseen_since)
        self.phone.setVisible(bool(telephone.system))
        if telephone.system:
            # The tables of numbers must not be loaded while the first call rings.
            self._tasks.search(_load_numbers, _loaded, key="tables")
        self.fit()
        self.moved.emit()

    @Slot()
    def _hide_if_idle(self) -> None:
        if self.presenter.call is None and self._bar is not None and not self._bar.trouble:
            self.slot.hide()

    @Slot()
    def _tick(self) -> None:
        if self._bar is not None and self.slot.isVisible():
            self._bar.tick(self._desk.clock.now())
        call = self.presenter.call
        if call is not None and self.is_talking(call.contact_id):
            self.talking.emit()
        self._looked += 1
        seconds = _LOOK_SECONDS if call is None else _LOOK_IN_CALL_SECONDS
        if self.telephone.system and self._looked >= seconds:
            self._read_telephone()
        if self._put_off is not None and not self._is_typing():
            self.pop(self._put_off, at_once=False)

    @Slot(object)
    def _opened(self, contact: ContactView | None) -> None:
        """Who was typing when they picked up writes on in the call's own note."""
        its = contact is not None and contact.row.id == self._note_for
        if its and self._workplace.presenter.can_write():
            self._note_for = None
            self._workplace.screen.focus_reply(Visibility.INTERNAL)

    def _is_typing(self) -> bool:
        if QApplication.activeModalWidget() is not None or self._workplace.screen.is_wrapping_up:
            return True
        focus = self._window.focusWidget()
        if isinstance(focus, QLineEdit):
            return bool(focus.text()) and not focus.isReadOnly()
        if isinstance(focus, QPlainTextEdit | QTextEdit) and not focus.isReadOnly():
            return bool(focus.toPlainText())
        return False

    def _transfer(self) -> None:
        if not self.presenter.why_not(Verb.TRANSFER):
            self._tasks.read(
                partial(call_targets.targets, self._desk.db),
                self._show_transfer,
                failed=self._failed,
                key="targets",
            )

    def _show_transfer(self, targets: CallTargets) -> None:
        from crm_desktop.desktop.screens.calls.transfer_dialog import CallTransferDialog

        call = self.presenter.call
        if call is None or self.presenter.why_not(Verb.TRANSFER):
            return
        dialog = CallTransferDialog(self._desk.look, self._who(call), targets, self._window)
        dialog.ask_first.connect(self._ask_first)
        dialog.at_once.connect(self._transfer_now)
        self.moved.connect(partial(self._end_transfer, dialog))
        dialog.open()

    def _end_transfer(self, dialog: CallTransferDialog) -> None:
        import shiboken6

        if shiboken6.isValid(dialog) and self.presenter.why_not(Verb.TRANSFER):
            dialog.call_over()

    @Slot(object, str)
    def _ask_first(self, to: dict[str, object], _name: str) -> None:
        self.presenter.press(Verb.CONSULT, to=to)

    @Slot(object, str, str)
    def _transfer_now(self, to: dict[str, object], _name: str, note: str) -> None:
        more = {"note": note} if note else {}
        self.presenter.press(Verb.TRANSFER, to=to, **more)

    def _keypad(self) -> None:
        from crm_desktop.desktop.screens.calls.small_dialogs import KeypadDialog

        if not self.presenter.why_not(Verb.DTMF):
            dialog = KeypadDialog(self._desk.look, self._window)
            dialog.pressed.connect(self.presenter.digits)
            self.moved.connect(partial(self._end_keypad, dialog))
            dialog.show()

    def _end_keypad(self, dialog: QWidget) -> None:
        """There is nobody to hear keys any more."""
        import shiboken6

        if shiboken6.isValid(dialog) and self.presenter.why_not(Verb.DTMF):
            dialog.close()

    def _warned(self) -> None:
        from crm_desktop.desktop.screens.calls.small_dialogs import WarnedDialog

        call = self.presenter.call
        if call is not None and not self.presenter.why_not(Verb.HANG_UP):
            dialog = WarnedDialog(self._desk.look, self._who(call), self._window)
            dialog.chosen.connect(self._end_warned)
            dialog.open()

    @Slot(str)
    def _end_warned(self, words: str) -> None:
        self.presenter.press(Verb.HANG_UP, reason="warned", words=words)

    def _show_dial(self, number: str, found: object) -> None:
        from crm_desktop.desktop.screens.calls.dial_dialog import DialDialog
        from crm_desktop.desktop.shell.dialling import Numbers

        assert isinstance(found, Numbers)
        dialog = DialDialog(
            self._desk.look, found.offers, found.caution, self._window, number=number
        )
        dialog.dialled.connect(partial(self._dial, found))
        dialog.open()

    def _dial(self, found: object, number: str) -> None:
        from crm_desktop.desktop.shell.dialling import Numbers

        assert isinstance(found, Numbers)
        customer = found.customer_id if number in found.theirs else None
        self.presenter.dialled(number)
        self.presenter.press(Verb.DIAL, number=number, customer=customer)

    def _who(self, call: CallView) -> str:
        return call.who or self.presenter.number(call.contact_id) or "the customer"

    def _failed(self, trouble: CrmError) -> None:
        from crm_desktop.desktop.core.errors import words_for

        self.not_done(words_for(trouble).sentence())


def _load_numbers(_token: CancelToken) -> str:
    return dialling.shown("+441632960000")


def _loaded(_shown: str) -> None:
    """They are there now."""


def _wait(_trouble: CrmError) -> None:
    """The light already says that the database is away."""
