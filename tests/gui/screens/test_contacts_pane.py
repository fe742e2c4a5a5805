"""The team leader's contacts over a real database of either dialect, by keys, mouse and drag."""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QHBoxLayout, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.tasks import OwnedTasks, TaskRunner
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.team.answer_dialog import AnswerDialog
from crm_desktop.desktop.screens.team.contacts_pane import ContactsPane
from crm_desktop.desktop.screens.team.contacts_presenter import ContactsPresenter
from crm_desktop.desktop.screens.team.dragging import ids_in
from crm_desktop.desktop.screens.team.give_dialog import GiveDialog
from crm_desktop.desktop.screens.team.skipped_dialog import SkippedDialog
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.reassigning import ToPeople
from crm_desktop.services import contacts
from crm_desktop.store.models import Contact, Message
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.integration.conftest import _postgres_centre, _sqlite_centre

DUE = datetime(2030, 1, 1, tzinfo=UTC)
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(params=["sqlite", "postgresql"])
def either_centre(
    request: pytest.FixtureRequest, tmp_path: Path, shared_directory: Path
) -> Iterator[Centre]:
    """The small centre on each dialect."""
    if request.param == "sqlite":
        yield from _sqlite_centre(tmp_path, shared_directory)
    else:
        yield from _postgres_centre(request.getfixturevalue("postgres_cluster"))


@pytest.fixture
def small_centre(tmp_path: Path, shared_directory: Path) -> Iterator[Centre]:
    """The small centre on SQLite."""
    yield from _sqlite_centre(tmp_path, shared_directory)


class Stage:
    """The pane in a window of its own, as the team leader of all queues."""

    def __init__(self, centre: Centre, look: Look, runner: TaskRunner, qtbot: QtBot) -> None:
        self.centre, self.qtbot, self.runner, self.look = centre, qtbot, runner, look
        self.pane = ContactsPane(look, Clock())
        qtbot.addWidget(self.pane)
        self.presenter = ContactsPresenter(
            centre.as_person("rose"),
            OwnedTasks(runner, self.pane),
            self.pane,
            later=lambda ms, call: QTimer.singleShot(ms, self.pane, call),
        )
        self.pane.bind(self.presenter)
        runner.wrote.connect(self._wrote)
        self.pane.resize(look.px(760), 420)
        self.pane.show()
        qtbot.waitExposed(self.pane)

    def _wrote(self, result: object) -> None:
        changes = result if isinstance(result, Changes) else getattr(result, "changes", None)
        if changes:
            self.presenter.changed(changes)

    def begin(self) -> None:
        """Read, and put the keyboard into the list."""
        self.presenter.start()
        self.settle()
        self.pane.focus()

    def settle(self) -> None:
        """Until everything asked for was answered, and what followed from that."""
        for _ in range(4):
            self.qtbot.waitUntil(self.runner.is_idle, timeout=10_000)
            self.qtbot.wait(5)

    def ids(self) -> list[int]:
        """What is shown, in order."""
        return [row.id for row in self.pane.list._model.rows]

    def chosen(self) -> list[int]:
        """What is chosen, in order."""
        return [row.id for row in self.pane.list.chosen()]

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
        """A key into the list."""
        QTest.keyClick(self.pane.list, key, modifiers or Qt.KeyboardModifier.NoModifier)

    def click(self, place: int, modifiers: Qt.KeyboardModifier | None = None) -> None:
        """The mouse onto a row."""
        QTest.mouseClick(
            self.pane.list.viewport(),
            Qt.MouseButton.LeftButton,
            modifiers or Qt.KeyboardModifier.NoModifier,
            self.at(place),
        )

    def at(self, place: int) -> QPoint:
        """The middle of a row."""
        listed = self.pane.list
        return listed.visualRect(listed.model().index(place, 0)).center()

    def dialog(self, kind: type[QDialog]) -> QDialog:
        """The dialog that is open."""
        self.settle()
        shown = [each for each in self.pane.findChildren(kind) if each.isVisible()]
        assert len(shown) == 1
        return shown[0]

    def title(self) -> str:
        """What the head says."""
        return self.pane._title.text()

    def owners(self, ids: Sequence[int]) -> list[tuple[str, int | None]]:
        """(state, owner) of contacts."""
        with self.centre.as_owner().read() as tx:
            query = select(Contact.id, Contact.state, Contact.owner_id)
            found = {row[0]: (row[1], row[2]) for row in tx.session.execute(query)}
        return [found[each] for each in ids]


Make = Callable[[Centre], Stage]


@pytest.fixture
def make(look: Look, runner: TaskRunner, qtbot: QtBot) -> Make:
    return lambda centre: Stage(centre, look, runner, qtbot)


def _add(centre: Centre, number: int, queue: str = "general", **values: object) -> list[int]:
    """So many contacts that are due one after the other."""
    queue_id = centre.queue_id(queue)
    with centre.as_owner().write() as tx:
        added = []
        for n in range(number):
            shown = {
                "channel": "email",
                "state": "queued",
                "queue_id": queue_id,
                "who": f"Customer {n}",
                "subject": f"Matter {n}",
                "due_at": DUE + timedelta(minutes=n),
                **values,
            }
            added.append(Contact(**shown))
        tx.session.add_all(added)
        tx.session.flush()
        return [each.id for each in added]


def test_by_keys_alone_contacts_are_given_and_taken_back(
    either_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(either_centre, 4)
    stage = make(either_centre)
    stage.begin()
    ben = either_centre.person("ben").id

    stage.press(Qt.Key.Key_Home)
    stage.press(Qt.Key.Key_Down, SHIFT)
    stage.press(Qt.Key.Key_Down, CTRL)
    stage.press(Qt.Key.Key_Down, CTRL)
    stage.press(Qt.Key.Key_Space)
    assert stage.chosen() == [ids[0], ids[1], ids[3]]
    assert stage.title() == "Contacts · 3 of 4 selected"
    stage.press(Qt.Key.Key_G)
    dialog = cast("GiveDialog", stage.dialog(GiveDialog))
    QTest.keyClicks(dialog.field, "ben")
    assert dialog.go.text() == "Give to Ben Achebe"
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    stage.settle()

    given = [ids[0], ids[1], ids[3]]
    assert stage.owners(given) == [("offered", ben)] * 3
    assert stage.pane.toast.text() == "3 contacts given to Ben Achebe"
    assert stage.chosen() == given
    stage.press(Qt.Key.Key_U)
    stage.settle()
    assert stage.owners(ids) == [("queued", None)] * 4
    assert accessibility.announced(stage.pane) == "3 contacts put back"


def test_what_changed_under_the_hand_is_left_alone_and_shown(
    either_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(either_centre, 3)
    stage = make(either_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    stage.press(Qt.Key.Key_Q)
    dialog = cast("GiveDialog", stage.dialog(GiveDialog))
    contacts.take(either_centre.as_person("anna"), ids[1])
    stage.presenter.changed(Changes.of(Topic.CONTACT, ids[1]))
    stage.settle()

    QTest.keyClicks(dialog.field, "waste")
    QTest.keyClicks(dialog.note, "Bins, all of them")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    stage.settle()

    anna = either_centre.person("anna").id
    assert stage.owners(ids) == [("queued", None), ("active", anna), ("queued", None)]
    assert stage.pane.toast.text() == "2 contacts moved to Waste and recycling"
    assert stage.pane.left_alone.text() == (
        "1 contact was left alone. Anna Whitlock has changed it meanwhile."
    )
    QTest.mouseClick(stage.pane._show_left, Qt.MouseButton.LeftButton)
    shown = cast("SkippedDialog", stage.dialog(SkippedDialog))
    assert [row.aloud() for row in shown.list.rows()] == [
        "Customer 1 · Matter 1, Anna Whitlock has changed it meanwhile"
    ]


def test_escape_chooses_none(small_centre: Centre, make: Make, qtbot: QtBot) -> None:
    _add(small_centre, 3)
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    assert stage.pane.list.how_many() == 3

    stage.press(Qt.Key.Key_Escape)

    assert stage.pane.list.how_many() == 0


def test_several_who_are_ticked_share_evenly(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(small_centre, 5)
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    stage.press(Qt.Key.Key_G)
    dialog = cast("GiveDialog", stage.dialog(GiveDialog))

    rows = [row.title for row in dialog.list.rows()]
    assert rows.index("NOT IN THESE QUEUES") > max(rows.index("Anna Whitlock"), 2)
    for name in ("Anna Whitlock", "Ben Achebe"):
        found = next(row for row in dialog.list.rows() if row.title == name)
        dialog.list.make_current(found.key)
        QTest.keyClick(dialog.list, Qt.Key.Key_Space)
    assert dialog.go.text() == "Share between 2"
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    stage.settle()

    owners = [owner for _, owner in stage.owners(ids)]
    anna, ben = small_centre.person("anna").id, small_centre.person("ben").id
    assert sorted((owners.count(anna), owners.count(ben))) == [2, 3]
    assert stage.pane.toast.text() == "5 contacts shared between 2 people"


def test_escape_leaves_who_gets_them_and_a_name_that_nobody_has_is_said(
    small_centre: Centre, make: Make
) -> None:
    ids = _add(small_centre, 2)
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    stage.press(Qt.Key.Key_G)
    dialog = cast("GiveDialog", stage.dialog(GiveDialog))

    QTest.keyClicks(dialog.field, "zzz")
    assert [row.title for row in dialog.list.rows()] == ["NOBODY OF THAT NAME"]
    assert not dialog.go.isEnabled()
    QTest.keyClick(dialog.field, Qt.Key.Key_Return)
    QTest.keyClick(dialog.field, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    assert not dialog.field.text()
    QTest.keyClick(dialog.field, Qt.Key.Key_Escape)

    assert not dialog.isVisible()
    assert stage.owners(ids) == [("queued", None)] * 2


def test_the_mouse_chooses_with_ctrl_and_shift(small_centre: Centre, make: Make) -> None:
    ids = _add(small_centre, 6)
    stage = make(small_centre)
    stage.begin()

    stage.click(1)
    stage.click(3, SHIFT)
    stage.click(2, CTRL)
    stage.click(5, CTRL)

    assert stage.chosen() == [ids[1], ids[3], ids[5]]


class Target(QLabel):
    """A person's row, as the people pane has it."""

    contacts_dropped = Signal(str, int)

    def __init__(self, staff_id: int) -> None:
        super().__init__("Ben Achebe")
        self._id = staff_id
        self.carried: tuple[int, ...] = ()
        self.setAcceptDrops(True)
        self.setMinimumWidth(160)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if ids_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.carried = ids_in(event.mimeData())
        event.acceptProposedAction()
        self.contacts_dropped.emit("person", self._id)


class Mouse:
    """The mouse of the display, moved from outside on a thread: a drag has a loop of its own."""

    def __init__(self) -> None:
        self._x, self._test = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self._x.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x.XOpenDisplay(None))

    def move(self, to: QPoint) -> None:
        """Onto a place of the screen."""
        self._test.XTestFakeMotionEvent(self._display, -1, to.x(), to.y(), ctypes.c_ulong(0))
        self._settle()

    def button(self, *, down: bool) -> None:
        """The left one."""
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), ctypes.c_ulong(0))
        self._settle()

    def drag(self, start: QPoint, end: QPoint) -> None:
        """Press at `start`, let go at `end`, in steps as a hand does it."""
        self.move(start)
        self.button(down=True)
        for step in range(1, 11):
            self.move(start + (end - start) * step / 10)
        self.button(down=False)

    def _settle(self) -> None:
        self._x.XFlush(self._display)
        time.sleep(0.05)


@pytest.mark.xvfb
def test_a_drag_gives_what_is_chosen_to_whom_it_falls_on(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(small_centre, 4)
    stage = make(small_centre)
    ben = small_centre.person("ben").id
    window, target = QWidget(), Target(ben)
    row = QHBoxLayout(window)
    row.addWidget(stage.pane)
    row.addWidget(target)
    target.contacts_dropped.connect(stage.pane.dropped)
    qtbot.addWidget(window)
    window.resize(980, 420)
    window.show()
    qtbot.waitActive(window)
    stage.begin()
    stage.click(0)
    stage.click(2, CTRL)
    start = stage.pane.list.viewport().mapToGlobal(stage.at(2))
    end = target.mapToGlobal(target.rect().center())
    hand = threading.Thread(target=Mouse().drag, args=(start, end))

    hand.start()
    qtbot.waitUntil(lambda: bool(target.carried), timeout=15_000)
    hand.join()
    stage.settle()
    stage.pane.setParent(None)

    assert target.carried == (ids[0], ids[2])
    assert stage.owners(ids) == [
        ("offered", ben),
        ("queued", None),
        ("offered", ben),
        ("queued", None),
    ]


def test_the_list_is_live_and_what_is_chosen_stays_chosen(small_centre: Centre, make: Make) -> None:
    ids = _add(small_centre, 5)
    stage = make(small_centre)
    stage.begin()
    stage.click(1)
    stage.click(3, CTRL)
    resets: list[bool] = []
    stage.pane.list.model().modelReset.connect(lambda: resets.append(True))
    with small_centre.as_owner().write() as tx:
        first = update(Contact).where(Contact.id == ids[3])
        tx.session.execute(first.values(due_at=DUE - timedelta(hours=1)))
        gone = update(Contact).where(Contact.id == ids[0])
        tx.session.execute(gone.values(state="completed"))
    fresh = _add(small_centre, 1, due_at=DUE - timedelta(hours=2))

    stage.presenter.changed(Changes.of(Topic.CONTACT, ids[0], ids[3], *fresh))
    stage.settle()

    assert stage.ids() == [*fresh, ids[3], ids[1], ids[2], ids[4]]
    assert stage.chosen() == [ids[3], ids[1]]
    assert stage.pane.list.current_id() == ids[3]
    assert resets == []


def test_everything_that_fits_is_chosen_also_what_was_not_read_yet(
    small_centre: Centre, make: Make
) -> None:
    ids = _add(small_centre, 230)
    stage = make(small_centre)
    stage.begin()
    assert len(stage.ids()) == 100
    assert stage.title() == "Contacts · 230 open"

    stage.press(Qt.Key.Key_End)
    stage.settle()
    assert len(stage.ids()) == 200
    stage.press(Qt.Key.Key_A, CTRL)
    stage.settle()

    assert stage.chosen() == ids
    assert stage.title() == "Contacts · 230 of 230 selected"


def test_filters_queues_and_a_person_narrow_the_list(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    general = _add(small_centre, 2, folded="matter of a tree")
    waste, care = _add(small_centre, 1, queue="waste"), _add(small_centre, 1, queue="care")
    contacts.take(small_centre.as_person("anna"), general[1])
    stage = make(small_centre)
    stage.begin()
    waste_id, care_id = small_centre.queue_id("waste"), small_centre.queue_id("care")

    stage.pane.show_queues(frozenset({waste_id, care_id}))
    stage.settle()
    assert (set(stage.ids()), stage.title()) == (
        {*waste, *care},
        "Children's services and Waste and recycling · 2 open",
    )
    stage.pane.show_person(small_centre.person("anna").id)
    stage.settle()
    assert (stage.ids(), stage.title()) == ([general[1]], "With Anna Whitlock · 1 open")
    stage.pane.show_queues(frozenset())
    QTest.mouseClick(stage.pane.filter_button, Qt.MouseButton.LeftButton)
    QTest.keyClicks(stage.pane.filters.words, "tree")
    stage.settle()
    assert set(stage.ids()) == set(general)
    combo = stage.pane.filters.state
    combo.setFocus()
    QTest.keyClicks(combo, "Waiting")
    stage.settle()
    assert stage.ids() == [general[0]]
    assert accessibility.problems(stage.pane) == []


def _choose(stage: Stage, *keys: str) -> None:
    """Go through the menu of everything else by its letters."""
    stage.press(Qt.Key.Key_M)
    for key in keys:
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        QTest.keyClicks(menu, key)
    stage.settle()


def test_the_menu_changes_many_by_its_letters(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(small_centre, 3)
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)

    _choose(stage, "p", "3")
    assert stage.pane.toast.text() == "3 contacts set to raised priority"
    _choose(stage, "a", "1")
    assert [state for state, _ in stage.owners(ids)] == ["parked"] * 3
    _choose(stage, "c")
    assert stage.pane.toast.text() == "3 contacts closed as spam"
    assert stage.ids() == []


def test_somebody_who_has_gone_home_is_sent_there_by_one_choice(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = _add(small_centre, 2)
    for contact_id in ids:
        contacts.take(small_centre.as_person("anna"), contact_id)
    stage = make(small_centre)
    stage.begin()
    stage.pane.show_person(small_centre.person("anna").id)
    stage.settle()
    stage.pane.focus()

    _choose(stage, "h")

    assert stage.owners(ids) == [("queued", None)] * 2
    assert stage.pane.toast.text() == "2 contacts taken from Anna Whitlock, gone home"
    assert stage.ids() == []
    assert not stage.pane.list.isVisible()
    beside = stage.pane.focusWidget()
    assert beside is not stage.pane.list
    QTest.keyClick(beside, Qt.Key.Key_U)
    stage.settle()
    assert stage.ids() == ids


def test_one_text_answers_many_and_is_taken_back(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = [small_centre.add_contact(subject=str(n)) for n in range(3)]
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    _choose(stage, "t")
    dialog = cast("AnswerDialog", stage.dialog(AnswerDialog))
    QTest.keyClicks(dialog.text, "We come tomorrow.")
    dialog.then.setCurrentIndex(dialog.then.findData("resolved"))

    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(stage.pane.toast.isVisible, timeout=10_000)
    stage.settle()

    assert stage.pane.toast.text() == "3 contacts answered"
    assert [state for state, _ in stage.owners(ids)] == ["completed"] * 3
    QTest.mouseClick(stage.pane.toast._button, Qt.MouseButton.LeftButton)
    stage.settle()
    assert [state for state, _ in stage.owners(ids)] == ["queued"] * 3
    with small_centre.as_owner().read() as tx:
        sent = tx.session.scalars(select(Message.state).where(Message.direction == "outbound"))
        assert list(sent) == ["withdrawn"] * 3


def test_answering_can_be_stopped_in_the_middle(
    small_centre: Centre, make: Make, qtbot: QtBot
) -> None:
    ids = [small_centre.add_contact(subject=str(n)) for n in range(4)]
    stage = make(small_centre)
    stage.begin()
    stage.press(Qt.Key.Key_A, CTRL)
    _choose(stage, "t")
    dialog = cast("AnswerDialog", stage.dialog(AnswerDialog))
    QTest.keyClicks(dialog.text, "We come tomorrow.")
    dialog.then.setCurrentIndex(dialog.then.findData("resolved"))

    dialog.go.click()
    assert stage.pane._stop.isVisible()
    assert not stage.pane.give_button.isEnabled()
    stage.pane._stop.click()
    stage.settle()

    states = [state for state, _ in stage.owners(ids)]
    assert states == ["completed", "queued", "queued", "queued"]
    assert stage.pane.toast.text() == "1 contact answered"
    assert not stage.pane._stop.isVisible()


@pytest.mark.parametrize(
    "case",
    [
        (Scheme.LIGHT, 760, 420, 100),
        (Scheme.DARK, 760, 420, 100),
        (Scheme.CONTRAST, 640, 320, 100),
        (Scheme.LIGHT, 900, 800, 200),
    ],
)
def test_it_looks_right(
    small_centre: Centre, make: Make, grab: Grab, qtbot: QtBot, case: tuple[Scheme, int, int, int]
) -> None:
    _sample(small_centre)
    scheme, width, height, scale = case
    stage = make(small_centre)
    look = stage.look
    look.set_scheme(scheme)
    look.set_scale(scale)
    stage.pane.resize(width, height)
    stage.begin()
    stage.click(0)
    stage.click(2, CTRL)
    stage.click(4, CTRL)
    stage.press(Qt.Key.Key_Down, CTRL)
    name = f"contacts-{scheme.value}-{scale}"
    grab(stage.pane, name)
    stage.press(Qt.Key.Key_G)
    dialog = cast("GiveDialog", stage.dialog(GiveDialog))
    grab(dialog, f"{name}-give")
    assert accessibility.problems(dialog) == []
    dialog.reject()
    taken = next(each for each in stage.chosen() if each == stage.ids()[2])
    contacts.take(small_centre.as_person("ben"), taken)
    stage.presenter.give(stage.pane.list.chosen(), _to(small_centre, "anna"), "Anna Whitlock", "")
    stage.settle()
    QTest.mouseClick(stage.pane.filter_button, Qt.MouseButton.LeftButton)
    stage.settle()
    grab(stage.pane, f"{name}-done")
    assert accessibility.problems(stage.pane) == []
    answers = AnswerDialog(look, 12, stage.pane._templates, stage.pane)
    answers.open()
    grab(answers, f"{name}-answer")
    assert accessibility.problems(answers) == []


def _to(centre: Centre, login: str) -> ToPeople:
    return ToPeople((centre.person(login).id,))


def _sample(centre: Centre) -> None:
    now = datetime.now(UTC)
    rows = (
        ("call", "07700 900 318", "Carer, hospital discharge", "care", -90, "queued", 6),
        ("call", "Thomas Bailey", "Equipment not delivered", "care", 20, "queued", 0),
        ("email", "Ward 4 discharge team", "Care package start", "care", 2_400, "queued", 0),
        ("web_form", "Margaret Okafor", "Missed recycling bin, third time", "waste", 9_000,
         "queued", 3),
        ("chat", "Kim Ray", "Council Tax: moving home", "general", 40, "queued", 0),
        ("letter", "A. N. Other", "Planning notice", "general", 90_000, "queued", 0),
    )  # fmt: skip
    for channel, who, subject, queue, due, state, priority in rows:
        _add(
            centre, 1, queue=queue, channel=channel, who=who, subject=subject, state=state,
            due_at=now + timedelta(seconds=due), priority=priority,
        )  # fmt: skip
    held = _add(centre, 2, who="Priya Sandhu", subject="Blue Badge renewal")
    contacts.take(centre.as_person("anna"), held[0])
    contacts.take(centre.as_person("ben"), held[1])
    contacts.park(centre.as_person("ben"), held[1], now + timedelta(hours=3))
