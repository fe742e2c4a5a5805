"""The sign-in screen: which database, who, and what to do when it does not open."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import KEPT_TEXT, words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.sign_in.presenter import shown
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.card import Card, Surface
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import Busy
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import AccountRefused, CrmError, InvalidInput, NoKeyring
from crm_desktop.domain.views import StaffInfo

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.sign_in.presenter import SignInPresenter

_NO_PROTECTION = (
    "On this one-person database signing in is no protection: whoever can read the file can read "
    "everything in it. It only says who does the work. A shared centre uses PostgreSQL."
)
#: Nothing tries again by itself before anybody has signed in.
_TO_DO = {
    "database_away": (
        "Nothing was changed or created. Check that its address is right and that its server "
        "runs, then try again."
    ),
    "database_busy": "Nothing was changed. Try again in a few seconds.",
    "database_trouble": "Nothing was changed. Check that its address is right.",
}
_UPGRADE = "Upgrading keeps a copy of it as it is now. It may take some minutes."
_WIDTH = 460


class SignInScreen(QScrollArea):
    """Implements `SignInView`."""

    _told = Signal(str)

    def __init__(self, look: Look, product: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._presenter: SignInPresenter | None = None
        self._people: dict[object, StaffInfo] = {}
        self.setWindowTitle("Sign in")
        self.setAccessibleName("Sign in")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self._where = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._trouble = Banner(look, Tone.DANGER, "circle-alert")
        self._again = self._trouble.add_action("Try again")
        self._again.clicked.connect(self._back)
        self._upgrade = self._trouble.add_action("Upgrade now")
        self._upgrade.clicked.connect(self._upgrade_database)
        self._upgrade.hide()
        self._alone = self._trouble.add_action("Work without the database")
        self._alone.setToolTip("Knowledge and logging contacts, until it is back")
        self._alone.clicked.connect(self._work_without)
        self._alone.hide()
        self._trouble.hide()
        self._busy = Busy(look, cancellable=True)
        self._busy.cancelled.connect(self._give_up)
        self._told.connect(self._busy.say)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._people_page())
        self._pages.addWidget(self._login_page())
        self._pages.addWidget(self._database_page())
        self._pages.currentChanged.connect(self._fit_page)
        self._fit_page(0)
        self._change = Button(look, "Use another database…", kind=Kind.QUIET, icon="database")
        self._change.clicked.connect(self._ask_database)
        # Nothing to fill in before it is known which database answers.
        self._pages.hide()
        self._card = Card(look)
        for each in (
            Text(look, product, Role.TITLE, tone=Tone.ACCENT),
            self._where,
            self._trouble,
            self._busy,
            self._pages,
        ):
            self._card.body.addWidget(each)
        self._card.body.addWidget(self._change, 0, Qt.AlignmentFlag.AlignLeft)
        ground = Surface(look, sunken=True)
        column = QVBoxLayout(ground)
        column.addStretch(1)
        # Not aligned in its cell: the card would be given the height of a wider one.
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(self._card)
        middle.addStretch(1)
        column.addLayout(middle)
        column.addStretch(2)
        self.setWidget(ground)
        self.resize(look.px(760), look.px(620))

    def bind(self, presenter: SignInPresenter) -> None:
        """Give the screen who answers it."""
        self._presenter = presenter
        self._remember.setEnabled(not presenter.memory_problem)
        self._no_memory.setText(presenter.memory_problem)
        self._no_memory.setVisible(bool(presenter.memory_problem))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The card is as wide as reads well, and no wider than the window."""
        super().resizeEvent(event)
        self._card.setFixedWidth(min(self._look.px(_WIDTH), max(200, event.size().width() - 24)))

    def show_people(self, where: str, people: tuple[StaffInfo, ...]) -> None:
        """See `SignInView`."""
        self._say_where(where)
        self._people = {each.id: each for each in people}
        self._list.set_rows(
            [
                Row(each.id, each.name, each.role.value.replace("_", " ").capitalize(), "user")
                for each in people
            ]
        )
        self._nobody.setVisible(not people)
        self._go.setEnabled(bool(people))
        self._go_to(0)
        if people:
            self._list.make_current(people[0].id)
            self._list.setFocus()

    def show_login(self, where: str, login: str, password: str, account: str) -> None:
        """See `SignInView`."""
        self._say_where(where)
        self._login.setText(login)
        self._password.setText(password)
        self._remember.setChecked(bool(password))
        self._forget.setVisible(bool(password))
        self._by_account.setVisible(bool(account))
        self._go_to(1)
        self._fit_page(1)
        if account and not password:
            self._account_button.setFocus()
        else:
            (self._password if login else self._login).setFocus()

    def show_trouble(self, trouble: CrmError) -> None:
        """See `SignInView`."""
        said = words_for(trouble)
        kept = "" if said.kept == KEPT_TEXT else said.kept
        if isinstance(trouble, NoKeyring):
            kept = "Your password is not kept."
        mine = self._presenter is not None and self._presenter.may_upgrade(trouble)
        self._upgrade.setVisible(mine)
        self._alone.hide()
        self._trouble.set_tone(Tone.DANGER, "circle-alert")
        if isinstance(trouble, InvalidInput):
            self._trouble.set_text(str(trouble))
        else:
            to_do = _UPGRADE if mine else _TO_DO.get(trouble.code, said.to_do)
            self._trouble.set_text(said.happened, f"{kept} {to_do}".strip())
        if self._presenter is not None and not self._where.text():
            self._say_where(shown(self._presenter.url))
        # Where a password is asked for, signing in is trying again.
        self._again.setVisible(self._pages.currentIndex() == 0 and not self._people)
        self._trouble.show()
        announce(self, self._trouble.text())
        if self._pages.currentIndex() == 1 and not isinstance(trouble, AccountRefused):
            self._password.selectAll()
            self._password.setFocus()

    def offer_without(self) -> None:
        """See `SignInView`."""
        self._alone.show()

    def show_tested(self, trouble: CrmError | None) -> None:
        """See `SignInView`."""
        if trouble is not None:
            self.show_trouble(trouble)
            return
        self._say_good("The database answers.")

    def show_upgraded(self, copy: Path) -> None:
        """See `SignInView`."""
        self._say_good("The database is upgraded.", f"As it was before, it is kept as {copy}")
        announce(self, self._trouble.text())

    def show_busy(self, words: str, *, may_leave: bool = False, may_stop: bool = False) -> None:
        """See `SignInView`."""
        self._pages.setEnabled(not words)
        self._change.setEnabled(may_leave or not words)
        self._busy.may_cancel(may_stop)
        if words:
            self._trouble.hide()
            self._busy.begin(words)
        else:
            self._busy.end()

    def tell_progress(self, words: str) -> None:
        """See `SignInView`."""
        self._told.emit(words)

    def _say_good(self, title: str, text: str = "") -> None:
        self._again.hide()
        self._alone.hide()
        self._upgrade.hide()
        self._trouble.set_tone(Tone.OK, "check-circle")
        self._trouble.set_text(title, text)
        self._trouble.show()

    def _say_where(self, where: str) -> None:
        self._where.setText(f"Database: {where}")
        self._change.show()

    def _people_page(self) -> QWidget:
        look, page = self._look, QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self._list = RowList(look, "Who are you?")
        self._list.setMinimumHeight(look.px(210))
        self._list.opened.connect(self._choose)
        self._nobody = Text(
            look,
            "Nobody works here yet. `crm-desktop demo prepare` makes a demo centre, "
            "`crm-desktop admin staff add` a member of staff.",
            tone=Tone.WARNING,
            wrap=True,
        )
        self._nobody.hide()
        self._go = PrimaryButton(look, "Sign in", key="Return")
        self._go.clicked.connect(self._choose)
        column.addWidget(Text(look, "Who are you?", Role.STRONG))
        column.addWidget(self._nobody)
        column.addWidget(self._list, 1)
        column.addWidget(Text(look, _NO_PROTECTION, Role.SMALL, muted=True, wrap=True))
        column.addWidget(self._go, 0, Qt.AlignmentFlag.AlignRight)
        return page

    def _login_page(self) -> QWidget:
        look, page = self._look, QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._account_part())
        self._login, self._password = QLineEdit(), QLineEdit()
        self._password.setEchoMode(QLineEdit.EchoMode.Password)
        for words, field in (("Name", self._login), ("Password", self._password)):
            label = Text(look, words, Role.SMALL_STRONG, muted=True)
            label.setBuddy(field)
            field.setAccessibleName(words)
            field.returnPressed.connect(self._sign_in)
            column.addWidget(label)
            column.addWidget(field)
        self._remember = QCheckBox("Remember me on this computer")
        self._no_memory = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._no_memory.hide()
        self._forget = Button(look, "Forget me on this computer", kind=Kind.QUIET)
        self._forget.clicked.connect(self._forget_me)
        column.addWidget(self._remember)
        column.addWidget(self._no_memory)
        go = PrimaryButton(look, "Sign in", key="Return")
        go.clicked.connect(self._sign_in)
        row = QHBoxLayout()
        row.addWidget(self._forget)
        row.addStretch(1)
        row.addWidget(go)
        column.addLayout(row)
        column.addStretch(1)
        return page

    def _account_part(self) -> QWidget:
        """The way in without a password, above the other."""
        look, self._by_account = self._look, QWidget()
        column = QVBoxLayout(self._by_account)
        column.setContentsMargins(0, 0, 0, 0)
        self._account_button = PrimaryButton(look, "Sign in with this computer’s account")
        self._account_button.clicked.connect(self._sign_in_by_account)
        self._or = Text(look, "Or with a password of the database:", muted=True)
        column.addWidget(self._account_button)
        column.addWidget(self._or)
        return self._by_account

    def _database_page(self) -> QWidget:
        look, page = self._look, QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        self._url = QLineEdit()
        self._url.setAccessibleName("Address of the database")
        self._url.setPlaceholderText("postgresql://server/crm")
        label = Text(look, "Address of the database", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._url)
        column.addWidget(label)
        column.addWidget(self._url)
        column.addWidget(
            Text(
                look,
                "postgresql://server/name for a shared centre, sqlite:///file for one person. "
                "Never write a password here.",
                Role.SMALL,
                muted=True,
                wrap=True,
            )
        )
        test, use = Button(look, "Test the connection"), PrimaryButton(look, "Use this database")
        back = Button(look, "Back", kind=Kind.QUIET)
        test.clicked.connect(self._test)
        use.clicked.connect(self._use_database)
        back.clicked.connect(self._back)
        row = QHBoxLayout()
        for each in (back, test, use):
            row.addWidget(each)
        column.addLayout(row)
        column.addStretch(1)
        return page

    def _go_to(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        self._pages.show()

    @Slot(int)
    def _fit_page(self, current: int) -> None:
        """The card is as high as the page that is seen, not as the highest."""
        for at in range(self._pages.count()):
            seen = QSizePolicy.Policy.Preferred if at == current else QSizePolicy.Policy.Ignored
            page = self._pages.widget(at)
            if page is not None:
                page.setSizePolicy(QSizePolicy.Policy.Preferred, seen)
        self._pages.adjustSize()

    @Slot()
    def _choose(self) -> None:
        person = self._people.get(self._list.current_key())
        if self._presenter and person is not None:
            self._presenter.choose(person)

    @Slot()
    def _sign_in(self) -> None:
        if self._presenter and self._login.text().strip():
            self._presenter.sign_in(
                self._login.text(), self._password.text(), remember=self._remember.isChecked()
            )

    @Slot()
    def _sign_in_by_account(self) -> None:
        if self._presenter:
            self._presenter.sign_in_by_account(self._login.text())

    @Slot()
    def _forget_me(self) -> None:
        if self._presenter:
            self._presenter.forget()

    @Slot()
    def _work_without(self) -> None:
        if self._presenter:
            self._presenter.work_without()

    @Slot()
    def _upgrade_database(self) -> None:
        if self._presenter:
            self._presenter.upgrade()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nobody waits for an upgrade any more."""
        self._give_up()
        super().closeEvent(event)

    @Slot()
    def _give_up(self) -> None:
        if self._presenter:
            self._presenter.give_up()

    @Slot()
    def _ask_database(self) -> None:
        if self._presenter:
            self._url.setText(self._presenter.url)
            self._presenter.ask_database()
        self._change.hide()
        self._go_to(2)
        self._url.selectAll()
        self._url.setFocus()

    @Slot()
    def _test(self) -> None:
        if self._presenter:
            self._presenter.test(self._url.text())

    @Slot()
    def _use_database(self) -> None:
        self._trouble.hide()
        if self._presenter:
            self._presenter.change_database(self._url.text())

    @Slot()
    def _back(self) -> None:
        self._trouble.hide()
        if self._presenter:
            self._presenter.back()
