"""An administrator sets up telephones on the Admin page, by keyboard alone."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QCheckBox, QDialog, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.admin.line_form import ChoiceCard, LineForm
from crm_desktop.desktop.screens.admin.pages import CHANNELS, AdminPages
from crm_desktop.desktop.screens.admin.telephone_forms import PbxForm, PhoneForm
from crm_desktop.desktop.screens.admin.telephones_screen import LINES, PHONES, TelephonesScreen
from crm_desktop.desktop.widgets.chooser import ChoiceField, Chooser
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.telephones import Choice, Line, Pbx, Telephones
from crm_desktop.services import accounts, staff, telephones
from crm_desktop.services.staff import NewStaff
from tests.centre import PASSWORD, Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled

SPACE, RETURN = Qt.Key.Key_Space, Qt.Key.Key_Return
PBX = Pbx("http://127.0.0.1:8088", "crm")


def _opened(
    centre: Centre, open_desktop: Open, qtbot: QtBot, tab: str = LINES
) -> tuple[Desktop, TelephonesScreen]:
    owner = centre.as_owner()
    staff.add(owner, NewStaff("ada", "Ada Grant", StaffRole.ADMIN, ("general",)), PASSWORD)
    desktop = open_desktop(centre, "ada")
    desktop.window.registry.run("go.admin")
    pages = desktop.window.pages.widget("admin")
    assert isinstance(pages, AdminPages)
    pages.tabs.choose(tab)
    settled(qtbot, desktop)
    return desktop, pages.telephones


def _known(centre: Centre) -> Telephones:
    return telephones.read(centre.as_owner())


def _press(inside: QWidget, words: str) -> None:
    buttons = inside.findChildren(QAbstractButton)
    button = next(e for e in buttons if e.text() == words and e.isVisible())
    assert button.isEnabled()
    assert button.focusPolicy() & Qt.FocusPolicy.TabFocus
    QTest.keyClick(button, SPACE)


def _form(kind: type[QDialog]) -> QDialog:
    return next(e for e in QApplication.topLevelWidgets() if isinstance(e, kind) and e.isVisible())


def _field(form: QWidget, name: str) -> QLineEdit:
    return next(e for e in form.findChildren(QLineEdit) if e.accessibleName() == name)


def _choose(form: QWidget, name: str, words: str) -> None:
    fields = form.findChildren(ChoiceField)
    field = next(e for e in fields if e.accessibleName().startswith(f"{name}:"))
    QTest.keyClick(field, SPACE)
    chooser = next(e for e in field.findChildren(Chooser) if e.isVisible())
    QTest.keyClicks(chooser.field, words)
    QTest.keyClick(chooser.field, RETURN)


def _titles(screen: TelephonesScreen) -> list[str]:
    return [row.title for row in screen.lines.rows()]


def _set_up(centre: Centre) -> None:
    owner, general = centre.as_owner(), centre.queue_id("general")
    telephones.put_pbx(owner, None, PBX)
    choices = (Choice("1", "Bins and recycling", centre.queue_id("waste")),)
    line = Line("01632 960 100", "Main line", general, choices=choices)
    telephones.add_line(owner, line)
    telephones.add_line(owner, Line("01632 960 200", "Council tax line", general, record=False))
    telephones.set_extension(owner, centre.person("anna").id, None, "101")


def test_only_administrators_have_it(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    desktop = open_desktop(centre, "rose")
    desktop.window.registry.run("go.admin")
    settled(qtbot, desktop)
    pages = desktop.window.pages.widget("admin")
    assert isinstance(pages, AdminPages)
    assert pages.tabs.key() == CHANNELS
    assert not pages.tabs.isVisible()
    assert pages.channels.isVisible()


def test_from_nothing_to_a_line_and_a_telephone(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop, screen = _opened(centre, open_desktop, qtbot)
    said = " ".join(accessibility.texts(accessibility.tree(screen)))
    assert "No telephones yet" in said
    assert "docs/TELEPHONY.md" in said

    _press(screen, "Set up the PBX…")
    form = _form(PbxForm)
    assert accessibility.problems(form) == []
    _field(form, "Address of Asterisk's ARI").setText("http://pbx.example:8088")
    QTest.keyClick(_field(form, "User in ari.conf"), RETURN)
    settled(qtbot, desktop)
    assert "address: https://" in " ".join(accessibility.texts(accessibility.tree(form)))
    _field(form, "Address of Asterisk's ARI").setText("https://pbx.example:8089")
    QTest.keyClick(_field(form, "User in ari.conf"), RETURN)
    settled(qtbot, desktop)
    pbx = _known(centre).pbx
    assert pbx is not None
    assert pbx.pbx == Pbx("https://pbx.example:8089", "crm")
    assert "No number yet" in " ".join(accessibility.texts(accessibility.tree(screen)))

    _press(screen, "Add a number…")
    form = _form(LineForm)
    QTest.keyClicks(_field(form, "Number, as the public dial it"), "01632 960 100")
    QTest.keyClicks(_field(form, "What colleagues call it"), "Main line")
    _choose(form, "Queue where its calls wait", "general")
    recorded = next(e for e in form.findChildren(QCheckBox) if "Record" in e.text())
    QTest.keyClick(recorded, SPACE)
    _press(form, "Add a key")
    card = form.findChild(ChoiceCard)
    assert card is not None
    QTest.keyClicks(card.name, "Bins")
    _choose(card, "Queue of this key", "waste")
    _choose(card, "Service of this key", "missed")
    assert accessibility.problems(form) == []
    QTest.keyClick(_field(form, "What colleagues call it"), RETURN)
    settled(qtbot, desktop)
    (known,) = _known(centre).lines
    assert (known.line.number, known.line.record) == ("+441632960100", False)
    (choice,) = known.line.choices
    assert (choice.digit, choice.queue_id) == ("1", centre.queue_id("waste"))
    assert choice.service_id is not None
    assert _titles(screen) == ["01632 960100  Main line"]

    pages = desktop.window.pages.admin_screen
    pages.tabs.choose(PHONES)
    settled(qtbot, desktop)
    anna = centre.person("anna").id
    screen.phones.make_current(anna)
    QTest.keyClick(screen.phones, RETURN)
    form = _form(PhoneForm)
    QTest.keyClicks(_field(form, "Extension"), "101")
    QTest.keyClick(_field(form, "Extension"), RETURN)
    settled(qtbot, desktop)
    assert {e.login: e.extension for e in _known(centre).phones}["anna"] == "101"
    # Nobody else may have it, and that is said.
    screen.phones.make_current(centre.person("ben").id)
    QTest.keyClick(screen.phones, RETURN)
    form = _form(PhoneForm)
    QTest.keyClicks(_field(form, "Extension"), "101")
    QTest.keyClick(_field(form, "Extension"), RETURN)
    settled(qtbot, desktop)
    words = " ".join(accessibility.texts(accessibility.tree(form)))
    assert "extension: Anna Whitlock has it" in words
    form.reject()


def test_what_is_taken_away_is_taken_back(centre: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    _set_up(centre)
    desktop, screen = _opened(centre, open_desktop, qtbot)
    _press(screen, "Remove")
    settled(qtbot, desktop)
    assert not _known(centre).lines[0].line.active
    assert "Main line is removed" in screen.toast.text()
    assert screen.lines.rows()[0].pill is not None
    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    assert _known(centre).lines[0].line.active

    _press(screen, "Remove")
    settled(qtbot, desktop)
    _press(screen, "Use again")
    settled(qtbot, desktop)
    assert _known(centre).lines[0].line.active

    _press(screen, "Switch off")
    settled(qtbot, desktop)
    pbx = _known(centre).pbx
    assert pbx is not None
    assert not pbx.active
    said = " ".join(accessibility.texts(accessibility.tree(screen)))
    assert "The PBX is switched off here." in said
    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    pbx = _known(centre).pbx
    assert pbx is not None
    assert pbx.active

    desktop.window.pages.admin_screen.tabs.choose(PHONES)
    screen.phones.make_current(centre.person("anna").id)
    _press(screen, "Take away")
    settled(qtbot, desktop)
    assert {e.login: e.extension for e in _known(centre).phones}["anna"] is None
    desktop.window.registry.run("toast.undo")
    settled(qtbot, desktop)
    assert {e.login: e.extension for e in _known(centre).phones}["anna"] == "101"


def test_what_the_gateway_says_of_the_pbx_is_shown_when_it_says_it(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    _set_up(centre)
    _, screen = _opened(centre, open_desktop, qtbot)
    pbx = _known(centre).pbx
    assert pbx is not None

    accounts.set_status(centre.as_gateway(), pbx.id, "trouble", "The PBX refuses the password.")

    def shown() -> bool:
        said = " ".join(accessibility.texts(accessibility.tree(screen)))
        return "The PBX refuses the password." in said

    qtbot.waitUntil(shown)


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
    settled(qtbot, desktop)
    grab(desktop.window, f"telephones-none-{name}-{scheme.value}")
    _set_up(centre)
    qtbot.waitUntil(lambda: len(screen.lines.rows()) == 2)
    _press(screen, "Remove")
    settled(qtbot, desktop)
    grab(desktop.window, f"telephones-lines-{name}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []
    pbx = _known(centre).pbx
    assert pbx is not None
    accounts.set_status(centre.as_gateway(), pbx.id, "trouble", "The PBX refuses the password.")
    desktop.window.pages.admin_screen.tabs.choose(PHONES)
    qtbot.waitUntil(lambda: "refuses" in screen.state.text())
    settled(qtbot, desktop)
    grab(desktop.window, f"telephones-extensions-{name}-{scheme.value}")
    assert accessibility.problems(desktop.window) == []
    assert (desktop.window.width(), desktop.window.height()) == (width, height)
    desktop.window.pages.admin_screen.tabs.choose(LINES)
    QTest.keyClick(screen.lines, RETURN)
    grab(_form(LineForm), f"telephones-line-{name}-{scheme.value}")
    _form(LineForm).reject()
    _press(screen, "Change…")
    grab(_form(PbxForm), f"telephones-pbx-{name}-{scheme.value}")
    _form(PbxForm).reject()
