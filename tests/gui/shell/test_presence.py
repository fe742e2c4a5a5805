"""Presence and offers on a real desktop: chosen, seen, offered, answered, missed, and a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from crm_desktop.desktop.core import accessibility, words
from crm_desktop.desktop.core.presenting import ImmediateTasks
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.shell.idle import IdleWatch
from crm_desktop.desktop.shell.leaving import LeavingDialog
from crm_desktop.desktop.shell.my_day import DayDialog
from crm_desktop.desktop.shell.presence import Choice, PresenceKeeper
from crm_desktop.desktop.shell.presence_dialog import PresenceDialog
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Changes, Topic
from crm_desktop.domain.errors import CrmError, SignedOutBy
from crm_desktop.domain.presence import BEAT_SECONDS, Standing
from crm_desktop.domain.states import Channel, ContactState, Presence
from crm_desktop.services import contacts, presence, routing
from crm_desktop.store.models import Activity, Assignment, Contact, PresenceMark, Staff
from crm_desktop.store.queries.presence_sqlite import sign_out
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.conftest import postgres_centre
from tests.routing_centre import holders, push, waiting

__all__ = ["postgres_centre"]

CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class _View:
    """What a keeper showed last."""

    def __init__(self) -> None:
        self.standing: Standing | None = None
        self.clock: tuple[datetime, datetime] | None = None
        self.out_by = ""

    def show_standing(self, standing: Standing, *, busy: bool) -> None:
        self.standing = standing

    def set_clock(self, database_now: datetime, read_at: datetime) -> None:
        self.clock = (database_now, read_at)

    def signed_out_by(self, name: str) -> None:
        self.out_by = name

    def show_trouble(self, trouble: CrmError) -> None:
        raise trouble


@pytest.fixture
def view() -> _View:
    return _View()


@pytest.fixture
def keeper(centre: Centre, view: _View) -> PresenceKeeper:
    """Anna's, signed in."""
    db = centre.as_person("anna")
    made = PresenceKeeper(db, ImmediateTasks(), view, now=lambda: datetime.now(UTC))
    made.start()
    return made


def _staff(centre: Centre, login: str = "anna") -> Staff:
    with centre.as_owner().read() as tx:
        return tx.session.query(Staff).filter(Staff.login == login).one()


def _activity(centre: Centre) -> Activity:
    with centre.as_owner().read() as tx:
        return tx.session.query(Activity).one()


def _change_activity(centre: Centre, **values: object) -> None:
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Activity).values(**values))


def test_the_presence_for_afterwards_begins_when_the_contact_ends(
    keeper: PresenceKeeper, centre: Centre
) -> None:
    keeper.set_busy(True)
    keeper.choose(Choice(Presence.LUNCH, words="Canteen"))
    before = _staff(centre)

    keeper.set_busy(False)

    assert (before.presence, before.next_presence) == (Presence.AVAILABLE, Presence.LUNCH)
    after = _staff(centre)
    assert (after.presence, after.next_presence) == (Presence.LUNCH, None)
    assert after.presence_words == "Canteen"


def test_in_a_contact_somebody_can_go_at_once(keeper: PresenceKeeper, centre: Centre) -> None:
    keeper.set_busy(True)

    keeper.choose(Choice(Presence.BREAK, at_once=True))

    assert (_staff(centre).presence, _staff(centre).next_presence) == (Presence.BREAK, None)


def test_what_a_team_leader_set_for_afterwards_begins_too(
    keeper: PresenceKeeper, centre: Centre, view: _View
) -> None:
    rose = centre.as_person("rose")
    keeper.set_busy(False)
    presence.set_for(rose, _staff(centre).id, Presence.AVAILABLE, afterwards=Presence.MEETING)

    keeper.changed(Changes.everything())

    assert _staff(centre).presence == Presence.MEETING
    assert view.standing is not None
    assert view.standing.presence is Presence.MEETING


def test_a_desktop_says_every_half_minute_that_it_is_there(
    keeper: PresenceKeeper, centre: Centre
) -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=80)
    _change_activity(centre, seen_at=long_ago)
    for _ in range(BEAT_SECONDS - 1):
        keeper.tick()
    assert _activity(centre).seen_at == long_ago

    keeper.tick()

    seen = _activity(centre).seen_at
    assert seen is not None
    assert seen > long_ago


def test_a_lock_is_seen_and_what_was_chosen_stays(keeper: PresenceKeeper, centre: Centre) -> None:
    keeper.set_locked(True)
    assert _activity(centre).locked
    assert _staff(centre).presence == Presence.AVAILABLE

    keeper.set_locked(False)

    assert not _activity(centre).locked


def test_who_was_signed_out_for_silence_is_in_again_and_by_a_leader_is_not(
    keeper: PresenceKeeper, centre: Centre, view: _View
) -> None:
    _change_activity(centre, signed_in_at=None)
    keeper.changed(Changes.everything())
    assert _activity(centre).signed_in_at is not None

    _change_activity(centre, signed_in_at=None)
    with centre.as_owner().write() as tx:
        rose = tx.session.query(Staff.id).filter(Staff.login == "rose").scalar()
        anna = update(Staff).where(Staff.login == "anna")
        tx.session.execute(anna.values(presence=Presence.OFFLINE, presence_by_id=rose))
    keeper.changed(Changes.everything())

    assert view.out_by == "Rose Boateng"
    for _ in range(BEAT_SECONDS):
        keeper.tick()
    assert _activity(centre).signed_in_at is None


def test_others_notices_ask_nothing(centre: Centre, view: _View) -> None:
    asked: list[str] = []

    class Counting(ImmediateTasks):
        def read(self, *args: object, key: str = "", **_: object) -> None:
            asked.append(key)

    db = centre.as_person("anna")
    keeper = PresenceKeeper(db, Counting(), view, now=lambda: datetime.now(UTC))
    keeper.start()
    asked.clear()

    keeper.changed(Changes.of(Topic.STAFF, 9_999) | Changes.of(Topic.CONTACT, 1))
    assert asked == []
    assert db.actor is not None
    keeper.changed(Changes.of(Topic.STAFF, db.actor.id))
    assert asked == ["standing"]


def test_the_clock_is_set_by_what_was_just_read_and_by_nothing_older(
    keeper: PresenceKeeper, view: _View
) -> None:
    keeper.read()
    assert view.clock is not None
    database_now, read_at = view.clock
    assert abs(database_now - read_at) < timedelta(seconds=5)

    view.clock = None
    keeper.set_busy(True)
    assert view.standing is not None, "shown again as it was"
    assert view.clock is None


def test_stillness_is_told_and_ends_with_a_touch(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    watch = IdleWatch(0, window, still_seconds=0.2)
    said: list[bool] = []
    watch.still.connect(said.append)

    qtbot.waitUntil(lambda: said == [True], timeout=10_000)
    watch.touched()

    assert said == [True, False]


# The card


def _offer(centre: Centre, *, seconds: int = 600, who: str = "Margaret Okafor") -> int:
    """Ben passes a contact to Anna, as the routing would: until a time."""
    ben, anna = centre.as_person("ben"), centre.person("anna")
    contact_id = centre.add_contact(who=who)
    contacts.take(ben, contact_id)
    contacts.transfer(ben, contact_id, staff_id=anna.id, note="She asked for you")
    until = datetime.now(UTC) + timedelta(seconds=seconds)
    with centre.as_owner().write() as tx:
        tx.session.execute(update(Assignment).values(expires_at=until))
    return contact_id


def _state(centre: Centre, contact_id: int) -> tuple[str, int | None]:
    with centre.as_owner().read() as tx:
        row = tx.session.get_one(Contact, contact_id)
        return row.state, row.owner_id


@pytest.fixture
def offered(centre: Centre, open_desktop: Open, qtbot: QtBot) -> tuple[Desktop, int]:
    """Anna's desktop with an offer on it; she is in the middle of typing."""
    desktop = open_desktop(centre, "anna")
    desktop.window.go("customers")
    settled(qtbot, desktop)
    contact_id = _offer(centre)
    card = desktop.window.presence.card
    qtbot.waitUntil(card.isVisible, timeout=10_000)
    return desktop, contact_id


def test_an_offer_comes_over_whatever_is_done_and_takes_no_key(
    offered: tuple[Desktop, int], qtbot: QtBot
) -> None:
    desktop, _ = offered
    window, card = desktop.window, desktop.window.presence.card
    focus = window.focusWidget()

    assert focus is not None
    assert not card.isAncestorOf(focus)
    QTest.keyClicks(focus, "bra")
    assert window.pages.customers_screen.field.text().endswith("bra")
    said = " ".join(accessibility.texts(accessibility.tree(card)))
    for each in ("Email offered to you", "Margaret Okafor", "General enquiries", "asked for you"):
        assert each in said
    assert "minutes" in accessibility.announced(card)
    assert "Accept with F10" in accessibility.announced(card)
    assert accessibility.problems(window) == []
    assert window.contentsRect().contains(card.geometry())


def test_f10_accepts_and_opens_it(
    offered: tuple[Desktop, int], centre: Centre, qtbot: QtBot
) -> None:
    desktop, contact_id = offered
    focus = desktop.window.focusWidget()
    assert focus is not None

    QTest.keyClick(focus, Qt.Key.Key_F10)
    settled(qtbot, desktop)

    assert _state(centre, contact_id) == (ContactState.ACTIVE, centre.person("anna").id)
    assert desktop.window.workplace.presenter.contact_id == contact_id
    assert not desktop.window.presence.card.isVisible()
    assert desktop.window.top.presence.text() == "On contact"


def test_declining_has_a_reason_and_the_contact_waits_again(
    offered: tuple[Desktop, int], centre: Centre, qtbot: QtBot
) -> None:
    desktop, contact_id = offered
    focus = desktop.window.focusWidget()
    assert focus is not None

    QTest.keyClick(focus, Qt.Key.Key_F10, CTRL)
    menu = QApplication.activePopupWidget()
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_2)
    settled(qtbot, desktop)

    assert _state(centre, contact_id) == (ContactState.QUEUED, None)
    with centre.as_owner().read() as tx:
        assert tx.session.query(Assignment.reason).order_by(Assignment.id.desc()).first() == (
            "not_my_skill",
        )
    assert not desktop.window.presence.card.isVisible()
    assert desktop.window.top.presence.text() == "Available"


def test_why_me_is_answered_on_the_card(offered: tuple[Desktop, int], qtbot: QtBot) -> None:
    desktop, _ = offered
    card = desktop.window.presence.card

    card.why.click()
    settled(qtbot, desktop)

    assert "A colleague passed it to you." in accessibility.announced(card)


def test_what_was_missed_is_said_until_they_are_back(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")
    window, card = desktop.window, desktop.window.presence.card
    _offer(centre, seconds=1)
    qtbot.waitUntil(card.isVisible, timeout=10_000)
    qtbot.waitUntil(lambda: not card.isVisible(), timeout=10_000)
    _change_activity(centre, not_responding_since=datetime.now(UTC))
    window.presence.keeper.read()
    qtbot.waitUntil(card.isVisible, timeout=10_000)
    assert window.top.presence.text() == "Not responding"
    assert "You did not answer an offer" in accessibility.announced(card)
    assert not card.accept.isVisible()

    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_F10)
    settled(qtbot, desktop)

    assert not card.isVisible()
    assert _activity(centre).not_responding_since is None
    assert window.top.presence.text() == "Available"


def test_a_locked_desktop_shows_no_offer(offered: tuple[Desktop, int], qtbot: QtBot) -> None:
    desktop, _ = offered
    window, card = desktop.window, desktop.window.presence.card
    window.lock.lock()
    settled(qtbot, desktop)

    assert not card.isVisible()
    assert not window.isAncestorOf(card)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_what_one_declines_another_is_offered_and_accepts(
    request: pytest.FixtureRequest, open_desktop: Open, qtbot: QtBot, dialect: str
) -> None:
    """Two desktops and the real routing."""
    name = "centre" if dialect == "sqlite" else "postgres_centre"
    centre: Centre = request.getfixturevalue(name)
    gateway = centre.as_gateway()
    push(centre, "general")
    anna, ben = open_desktop(centre, "anna"), open_desktop(centre, "ben")
    qtbot.waitUntil(lambda: anna.desk.live.is_live and ben.desk.live.is_live, timeout=20_000)
    settled(qtbot, anna, ben)
    contact_id = waiting(centre, for_seconds=171)
    routing.route(gateway)
    first = anna if holders(centre, [contact_id]) == ["anna"] else ben
    second = ben if first is anna else anna
    qtbot.waitUntil(first.window.presence.card.isVisible, timeout=20_000)
    said = first.window.presence.card.offered
    assert said is not None
    assert said.kind == "Call offered to you"
    assert said.detail == "General enquiries · waited 2 min"
    assert not second.window.presence.card.isVisible()
    first.window.presence.card.why.click()
    settled(qtbot, first)
    assert "Not chosen: " in accessibility.announced(first.window.presence.card)

    first.window.registry.run("offer.decline")
    menu = QApplication.activePopupWidget()
    assert menu is not None
    QTest.keyClick(menu, Qt.Key.Key_4)
    settled(qtbot, first)
    routing.route(gateway)
    qtbot.waitUntil(second.window.presence.card.isVisible, timeout=20_000)
    second.window.activateWindow()
    qtbot.waitUntil(second.window.isActiveWindow, timeout=10_000)
    QTest.keyClick(second.window.focusWidget() or second.window, Qt.Key.Key_F10)
    settled(qtbot, second)

    assert _state(centre, contact_id) == (ContactState.ACTIVE, second.desk.person.id)
    assert not first.window.presence.card.isVisible()


# Choosing


def _dialog(kind: type[QDialog]) -> QDialog:
    [found] = [
        each
        for each in QApplication.topLevelWidgets()
        if isinstance(each, kind) and each.isVisible()
    ]
    return found


def test_presence_is_chosen_by_keyboard_with_a_note_and_a_time(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")
    window = desktop.window
    QTest.keyClick(window.focusWidget() or window, Qt.Key.Key_P, CTRL | SHIFT)
    menu = window.top.presence.menu
    qtbot.waitUntil(menu.isVisible)
    QTest.keyClick(menu, Qt.Key.Key_Down)
    QTest.keyClick(menu, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    assert window.top.presence.text() == "Lunch"

    window.registry.run("presence.more")
    dialog = _dialog(PresenceDialog)
    assert accessibility.problems(dialog) == []
    note = dialog.findChild(QLineEdit)
    assert note is not None
    QTest.keyClicks(note, "Canteen")
    back = next(each for each in dialog.findChildren(QWidget) if each.accessibleName() == "Back at")
    QTest.keyClick(back, Qt.Key.Key_Down)
    QTest.keyClick(note, Qt.Key.Key_Return)
    settled(qtbot, desktop)

    assert window.top.presence.text().startswith("Lunch · Canteen · back ")
    row = _staff(centre)
    assert (row.presence, row.presence_words) == (Presence.LUNCH, "Canteen")
    assert row.back_at is not None


def test_a_channel_is_switched_off_in_the_menu(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")
    button = desktop.window.top.presence
    [channels] = [menu for menu in button.menu.findChildren(QMenu) if menu.title() == "Offer me"]
    chat = next(each for each in channels.actions() if each.text() == "Chat")

    chat.trigger()
    settled(qtbot, desktop)

    assert button.text() == "Available · 1 channel off"
    assert button.toolTip() == "Not offered: Chat"
    assert _activity(centre).off_channels == [Channel.CHAT]


# Leaving


def _close_by_hand(window: QWidget) -> bool:
    """As the window's own cross closes it; whether it let go."""
    event = _Spontaneous()
    QApplication.sendEvent(window, event)
    return event.isAccepted()


class _Spontaneous(QCloseEvent):
    """A close event that comes from the window system."""

    def spontaneous(self) -> bool:
        return True


def test_who_signs_out_with_contacts_in_hand_is_asked_first(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    desktop.window.commands.gestures.take(contact_id)
    settled(qtbot, desktop)
    QTest.keyClick(desktop.window.focusWidget() or desktop.window, Qt.Key.Key_Q, CTRL)
    settled(qtbot, desktop)
    dialog = _dialog(LeavingDialog)
    said = " ".join(accessibility.texts(accessibility.tree(dialog)))
    assert "You have 1 contact in hand" in said
    assert "Margaret Okafor" in said
    assert "Your drafts are kept." in said
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert desktop.window.isVisible()
    assert _state(centre, contact_id)[0] == ContactState.ACTIVE

    desktop.window.registry.run("app.quit")
    settled(qtbot, desktop)
    _dialog(LeavingDialog).accept()
    settled(qtbot, desktop)

    assert not desktop.window.isVisible()
    assert _state(centre, contact_id) == (ContactState.QUEUED, None)
    assert _staff(centre).presence == Presence.OFFLINE


def test_with_empty_hands_the_cross_closes_without_a_question(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(centre, "anna")

    assert not _close_by_hand(desktop.window)
    qtbot.waitUntil(lambda: not desktop.window.isVisible(), timeout=10_000)
    settled(qtbot, desktop)

    assert _activity(centre).signed_in_at is None


def test_whom_a_team_leader_signs_out_sees_by_whom_and_nothing_else(
    centre: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    centre.add_contact()
    desktop = open_desktop(centre, "anna")
    window, anna, rose = desktop.window, centre.person("anna").id, centre.person("rose").id
    over: list[object] = []
    window.lock.ended.connect(over.append)

    with centre.as_person("rose").write() as tx:
        sign_out(tx, anna, by=rose, actor=rose, why="gone home")
        tx.changed(Topic.STAFF, anna)

    qtbot.waitUntil(lambda: bool(over), timeout=10_000)
    assert isinstance(over[0], SignedOutBy)
    said = " ".join(accessibility.texts(accessibility.tree(window)))
    assert "Rose Boateng signed you out." in said
    assert "Your unsent text is kept" in said
    assert "Margaret" not in said


# Pictures

CASES = [
    (name, width, height, scale, scheme)
    for name, width, height, scale in (
        ("1440x900", 1440, 900, 100),
        ("1280x720", 1280, 720, 100),
        ("200", 1440, 900, 200),
    )
    for scheme in (Scheme.LIGHT, Scheme.DARK)
]


@pytest.mark.parametrize("case", CASES, ids=[f"{each[0]}-{each[4].value}" for each in CASES])
def test_it_looks_right(
    centre: Centre,
    open_desktop: Open,
    grab: Grab,
    qtbot: QtBot,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    for who in ("Terence Bailey", "Aoife Byrne"):
        centre.add_contact(who=who)
    desktop = open_desktop(centre, "anna", live=False)
    window, keeper = desktop.window, desktop.window.presence.keeper
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    window.resize(width, height)
    _offer(centre, seconds=600)
    keeper.read()
    settled(qtbot, desktop)
    window.presence.card.show_why(
        "You have least in hand of those who could take it. Not chosen: Ben Achebe (away); "
        "Cora Lindqvist (hands full)."
    )
    grab(window, f"offer-{name}-{scheme.value}")
    assert accessibility.problems(window) == []
    window.top.presence.open_menu()
    grab(window.top.presence.menu, f"presence-menu-{name}-{scheme.value}")
    window.top.presence.menu.close()
    _history(centre)
    _picture_dialogs(desktop, qtbot, grab, f"{name}-{scheme.value}")
    window.commands.gestures.take(_offer(centre))
    settled(qtbot, desktop)
    _change_activity(centre, not_responding_since=datetime.now(UTC))
    keeper.read()
    window.registry.run("app.quit")
    settled(qtbot, desktop)
    leaving = _dialog(LeavingDialog)
    grab(leaving, f"leaving-{name}-{scheme.value}")
    leaving.reject()


def _picture_dialogs(desktop: Desktop, qtbot: QtBot, grab: Grab, name: str) -> None:
    dialogs: dict[str, tuple[str, type[QDialog]]] = {
        "more": ("presence.more", PresenceDialog),
        "day": ("presence.day", DayDialog),
    }
    for each, (command, kind) in dialogs.items():
        desktop.window.registry.run(command)
        settled(qtbot, desktop)
        dialog = _dialog(kind)
        grab(dialog, f"presence-{each}-{name}")
        assert accessibility.problems(dialog) == []
        dialog.reject()


def _history(centre: Centre) -> None:
    """A morning of Anna's, whatever time it is."""
    with centre.as_owner().write() as tx:
        tx.session.query(PresenceMark).delete()
        anna = tx.session.query(Staff.id).filter(Staff.login == "anna").scalar()
        rose = tx.session.query(Staff.id).filter(Staff.login == "rose").scalar()
        begin = words.local(datetime.now(UTC)).replace(hour=0, minute=0, second=0, microsecond=0)

        def add(after: float, state: str, seen: str = "there", by: int | None = None) -> None:
            tx.session.add(
                PresenceMark(
                    staff_id=anna,
                    at=begin + timedelta(seconds=after),
                    signed_in=True,
                    presence=state,
                    seen=seen,
                    by_id=by,
                )
            )

        step = (datetime.now(UTC) - begin).total_seconds() / 8
        add(0, "available")
        add(step, "available", "locked")
        add(1.4 * step, "available")
        add(3 * step, "break")
        add(3.5 * step, "available")
        add(5 * step, "lunch")
        add(6 * step, "training", by=rose)
        add(7 * step, "available", "not_responding")
        add(7.1 * step, "available")
        contact_id = tx.session.query(Contact.id).first()
        assert contact_id is not None
        tx.session.add(
            Assignment(
                contact_id=contact_id[0],
                staff_id=anna,
                state="completed",
                accepted_at=begin + timedelta(seconds=1.6 * step),
                ended_at=begin + timedelta(seconds=2.7 * step),
            )
        )
