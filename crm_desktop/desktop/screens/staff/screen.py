"""Everybody who works here in one list, and what an administrator does about them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.staff.form import MemberForm, PasswordForm
from crm_desktop.desktop.screens.staff.presenter import queue_words, role_words
from crm_desktop.desktop.widgets.banner import ErrorBar, UndoToast
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader, Surface
from crm_desktop.desktop.widgets.presence import PRESENCE_WORDS
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.text import fold
from crm_desktop.domain.views import QueueInfo, StaffMember

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.staff.presenter import StaffPresenter


class StaffScreen(Surface):
    """Implements `StaffView`. Enter changes the chosen person."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._clock = clock
        self._presenter: StaffPresenter | None = None
        self._members: tuple[StaffMember, ...] = ()
        self._queues: tuple[QueueInfo, ...] = ()
        self._me = 0
        self._disabled: StaffMember | None = None
        self.setAccessibleName("Staff")
        self._error = ErrorBar(look)
        self._head = PanelHeader(look, "Staff")
        self._add = PrimaryButton(look, "Add…", icon="user-plus")
        self._change = Button(look, "Change…")
        self._reset = Button(look, "New password…")
        self._switch = Button(look, "Disable")
        for button, call in (
            (self._change, self._change_chosen),
            (self._reset, self._reset_chosen),
            (self._switch, self._switch_chosen),
            (self._add, self._add_somebody),
        ):
            button.clicked.connect(call)
            self._head.add(button)
        self.field = SearchField(look, "Find staff", hint="Name, login, role or queue")
        self.list = RowList(look, "Staff")
        self.toast = UndoToast(look)
        self.toast.undone.connect(self._take_back)
        self._empty = EmptyState(look, "users", "Nobody found", "Try another name, role or queue.")
        self._empty.hide()
        self.field.textChanged.connect(self._show)
        self.field.moved.connect(self.list.step)
        self.field.returnPressed.connect(self._change_chosen)
        self.list.opened.connect(self._change_chosen)
        self.list.current.connect(self._chosen)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        search = QVBoxLayout()
        edge = look.px(12)
        search.setContentsMargins(edge, look.px(8), edge, look.px(8))
        search.addWidget(self.field)
        column.addWidget(self._error)
        column.addWidget(self._head)
        column.addLayout(search)
        column.addWidget(self.list, 1)
        column.addWidget(self._empty, 1)
        column.addWidget(self.toast)
        self._chosen(None)

    def bind(self, presenter: StaffPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter
        self._reset.setVisible(presenter.has_passwords)

    def focus(self) -> None:
        """Put the keyboard where one begins."""
        self.field.setFocus()

    def show_staff(
        self, members: tuple[StaffMember, ...], queues: tuple[QueueInfo, ...], me: int
    ) -> None:
        """See `StaffView`."""
        self._members, self._queues, self._me = members, queues, me
        active = sum(each.active for each in members)
        self._head.set_text("Staff", f"{active} active, {len(members) - active} disabled")
        self._show()

    def show_done(self, words: str) -> None:
        """See `StaffView`."""
        self._error.hide()
        announce(self, words)

    def show_disabled(self, member: StaffMember) -> None:
        """See `StaffView`."""
        self._error.hide()
        self._disabled = member
        self.toast.offer(f"{member.name} is switched off; their open desktop ends")

    def show_trouble(self, trouble: CrmError) -> None:
        """See `StaffView`."""
        self._error.show_trouble(trouble)

    @Slot()
    def _show(self) -> None:
        parts = fold(self.field.text()).split()
        rows = [self._row(each) for each in self._members]
        fit = [
            row for row in rows if all(part in fold(f"{row.title} {row.detail}") for part in parts)
        ]
        self.list.set_rows(fit)
        self.list.setVisible(bool(fit))
        self._empty.setVisible(not fit and bool(self._members))
        if fit and self.list.current_key() not in {row.key for row in fit}:
            self.list.make_current(fit[0].key)
        self._chosen(self.list.current_key())

    def _row(self, member: StaffMember) -> Row:
        said, _, tone = PRESENCE_WORDS[member.presence]
        seen = words.when(member.seen_at, self._clock.now()) if member.seen_at else ""
        detail = f"{member.login} · {role_words(member.role)} · "
        return Row(
            member.id,
            member.name + (" (you)" if member.id == self._me else ""),
            detail + queue_words(member.queue_codes, self._queues),
            "user" if member.active else "ban",
            Tone.ACCENT if member.active else Tone.NEUTRAL,
            f"seen {seen}" if seen else "",
            (said.lower(), tone) if member.active else ("disabled", Tone.WARNING),
        )

    def _member(self) -> StaffMember | None:
        key = self.list.current_key()
        return next((each for each in self._members if each.id == key), None)

    @Slot(object)
    def _chosen(self, _key: object) -> None:
        member = self._member()
        self._change.setEnabled(member is not None)
        self._reset.setEnabled(member is not None)
        # Nobody switches themselves off.
        self._switch.setEnabled(member is not None and member.id != self._me)
        self._switch.setText("Enable" if member is not None and not member.active else "Disable")

    @Slot()
    def _add_somebody(self) -> None:
        self._open_form(None)

    @Slot()
    def _change_chosen(self) -> None:
        member = self._member()
        if member is not None:
            self._open_form(member)

    def _open_form(self, member: StaffMember | None) -> None:
        presenter = self._presenter
        if presenter is None:
            return
        form = MemberForm(
            self._look,
            self._queues,
            member,
            has_passwords=presenter.has_passwords,
            parent=self,
        )
        form.entered.connect(partial(self._save, form, member))
        form.open()

    def _save(self, form: MemberForm, member: StaffMember | None) -> None:
        if self._presenter is None:
            return
        if member is None:
            self._presenter.add(form.member(), form.password(), form.done_well, form.show_wrong)
        else:
            self._presenter.change(member, form.member(), form.done_well, form.show_wrong)

    @Slot()
    def _reset_chosen(self) -> None:
        member = self._member()
        if member is not None and self._presenter is not None:
            form = PasswordForm(self._look, member, self)
            form.entered.connect(partial(self._set_password, form, member))
            form.open()

    def _set_password(self, form: PasswordForm, member: StaffMember) -> None:
        if self._presenter is not None:
            self._presenter.reset(member, form.password(), form.done_well, form.show_wrong)

    @Slot()
    def _switch_chosen(self) -> None:
        member = self._member()
        if member is None or self._presenter is None:
            return
        if member.active:
            self._presenter.disable(member)
        else:
            self._presenter.enable(member)

    @Slot()
    def _take_back(self) -> None:
        if self._disabled is not None and self._presenter is not None:
            self._presenter.enable(self._disabled)
            self._disabled = None
