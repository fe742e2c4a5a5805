"""An administrator adds, changes, disables and enables members of staff, by keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLineEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.staff.form import MemberForm, PasswordForm
from crm_desktop.desktop.screens.staff.screen import StaffScreen
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.errors import SignInRefused, SwitchedOff
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import StaffMember
from crm_desktop.services import Target, session, staff
from crm_desktop.services.staff import NewStaff
from tests.centre import MIGRATIONS, PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre

__all__ = ["postgres_centre"]

SPACE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Return


def _admin(centre: Centre) -> None:
    owner = centre.as_owner()
    if all(each.login != "ada" for each in staff.everybody(owner)):
        entered = NewStaff("ada", "Ada Grant", StaffRole.ADMIN, ("general",))
        staff.add(owner, entered, PASSWORD)


def _opened(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, StaffScreen]:
    _admin(centre)
    desktop = open_desktop(centre, "ada")
    desktop.window.registry.run("go.staff")
    settled(qtbot, desktop)
    screen = desktop.window.pages.widget("staff")
    assert isinstance(screen, StaffScreen)
    return desktop, screen


def _choose(screen: StaffScreen, name: str) -> None:
    screen.field.clear()
    QTest.keyClicks(screen.field, name)


def _press(inside: QWidget, words: str) -> None:
    button = next(e for e in inside.findChildren(QAbstractButton) if e.text() == words)
    assert button.isEnabled()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    QTest.keyClick(button, SPACE)


def _form(kind: type[QDialog]) -> QDialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _field(form: QWidget, name: str) -> QLineEdit:
    return next(e for e in form.findChildren(QLineEdit) if e.accessibleName() == name)


def _titles(screen: StaffScreen) -> list[str]:
    model = screen.list.model()
    return [str(model.index(at, 0).data()) for at in range(model.rowCount())]


def _known(centre: Centre, login: str) -> StaffMember:
    return next(e for e in staff.everybody(centre.as_owner()) if e.login == login)


def test_only_administrators_have_it(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    for login in ("anna", "rose"):
        window = open_desktop(centre, login).window
        assert window.pages.widget("staff") is None
        assert not window.registry.has("go.staff")


def test_somebody_is_found_by_name_login_role_or_queue(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _, screen = _opened(centre, open_desktop, qtbot)
    assert _titles(screen) == [
        *("Ada Grant (you)", "Anna Whitlock", "Ben Achebe", "Cora Lindqvist", "Rose Boateng")
    ]
    for words, found in (
        ("whit", ["Anna Whitlock"]),
        ("cora", ["Cora Lindqvist"]),
        ("team leader", ["Rose Boateng"]),
        ("children", ["Cora Lindqvist", "Rose Boateng"]),
        ("nobody of this name", []),
    ):
        _choose(screen, words)
        assert _titles(screen) == found
    said = " ".join(accessibility.texts(accessibility.tree(screen)))
    assert "Nobody found" in said


def test_on_a_one_person_database_there_are_no_passwords_and_that_is_said(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)
    buttons = {e.text(): e for e in screen.findChildren(QAbstractButton)}
    assert not buttons["New password…"].isVisible()

    _press(screen, "Add…")
    form = _form(MemberForm)
    assert "has no passwords" in " ".join(accessibility.texts(accessibility.tree(form)))
    assert accessibility.problems(form) == []
    QTest.keyClicks(_field(form, "Name"), "Dev Patel")
    QTest.keyClicks(_field(form, "Name to sign in with"), "Dev!")
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)
    assert "small letters" in " ".join(accessibility.texts(accessibility.tree(form)))
    _field(form, "Name to sign in with").setText("dev")
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)

    assert "Dev Patel" in _titles(screen)
    assert _known(centre, "dev").role is StaffRole.ADVISOR


def test_role_and_queues_are_changed_and_disabling_is_taken_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)
    _choose(screen, "ben")
    QTest.keyClick(screen.field, RETURN)
    form = _form(MemberForm)
    role = form.findChild(QComboBox)
    assert role is not None
    QTest.keyClicks(role, "Team")
    boxes = {e.text(): e for e in form.findChildren(QCheckBox)}
    QTest.keyClick(boxes["Children's services"], SPACE)
    QTest.keyClick(boxes["General enquiries"], SPACE)
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)
    ben = _known(centre, "ben")
    assert ben.role is StaffRole.TEAM_LEADER
    assert ben.queue_codes == ("care", "waste")

    _press(screen, "Disable")
    settled(qtbot, desktop)
    assert not _known(centre, "ben").active
    assert "is switched off" in screen.toast.text()
    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    assert _known(centre, "ben").active

    _press(screen, "Disable")
    settled(qtbot, desktop)
    _press(screen, "Enable")
    settled(qtbot, desktop)
    assert _known(centre, "ben").active
    _choose(screen, "ada")
    buttons = {e.text(): e for e in screen.findChildren(QAbstractButton)}
    assert not buttons["Disable"].isEnabled(), "nobody switches themselves off"


def test_on_a_shared_database_the_password_is_made_shown_once_and_works(
    postgres_centre: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    login = f"zed{postgres_centre.database[-9:]}"
    desktop, screen = _opened(postgres_centre, open_desktop, qtbot)
    _press(screen, "Add…")
    form = _form(MemberForm)
    QTest.keyClicks(_field(form, "Name"), "Zed Marsh")
    QTest.keyClicks(_field(form, "Name to sign in with"), login)
    secret = _field(form, "Password")
    made = secret.text()
    grab(form, "staff-form-password")
    _press(form, "Copy")
    assert QApplication.clipboard().text() == made
    secret.setText("short")
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)
    assert "12 characters" in " ".join(accessibility.texts(accessibility.tree(form)))
    secret.setText(made)
    QTest.keyClick(_field(form, "Name"), RETURN)
    settled(qtbot, desktop)
    target = Target(postgres_centre.target_for("anna").url.replace("anna", login, 1))
    _signs_in(target, login, made)

    _choose(screen, login)
    _press(screen, "New password…")
    another = _form(PasswordForm)
    new = _field(another, "Password").text()
    assert new != made
    QTest.keyClick(_field(another, "Password"), RETURN)
    settled(qtbot, desktop)
    with pytest.raises(SignInRefused):
        _signs_in(target, login, made)
    _signs_in(target, login, new)

    _press(screen, "Disable")
    settled(qtbot, desktop)
    with pytest.raises(SwitchedOff):
        _signs_in(target, login, new)


CASES = [
    (name, width, height, scale, scheme)
    for name, width, height, scale in (
        ("1440x900", 1440, 900, 100),
        ("1280x720", 1280, 720, 100),
        ("200", 1280, 720, 200),
    )
    for scheme in (Scheme.LIGHT, Scheme.DARK)
]


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_it_looks_right_and_has_names(
    centre: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    desktop, screen = _opened(centre, open_desktop, qtbot)
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    desktop.window.resize(width, height)
    _choose(screen, "ben")
    _press(screen, "Disable")
    screen.field.clear()
    settled(qtbot, desktop)
    grab(desktop.window, f"staff-{name}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []
    assert (desktop.window.width(), desktop.window.height()) == (width, height)
    _press(screen, "Add…")
    form = _form(MemberForm)
    grab(form, f"staff-form-{name}-{scheme.value}")
    form.reject()


def _signs_in(target: Target, login: str, password: str) -> None:
    session.sign_in(Target(target.url, login, password), login, MIGRATIONS).close()
