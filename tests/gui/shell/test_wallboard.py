"""The wallboard and what stands behind a figure, over a busy centre, with keys and pictures."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import select, update

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.live import FeedState
from crm_desktop.desktop.core.theme import Tone, contrast
from crm_desktop.desktop.screens.figures.dialog import BehindDialog
from crm_desktop.desktop.screens.wallboard.colours import DARK, LIGHT, Colours
from crm_desktop.desktop.screens.wallboard.parts import VALUE, WallLine, wall_font
from crm_desktop.desktop.screens.wallboard.screen import Wallboard
from crm_desktop.desktop.widgets.figure_tile import FigureTile
from crm_desktop.desktop_root import Desktop
from crm_desktop.domain.changes import Topic
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.figures import Figure
from crm_desktop.domain.states import Resolution, StaffRole
from crm_desktop.domain.views import Disposition
from crm_desktop.services import contacts, counting, leases, sweeper
from crm_desktop.store.models import Contact, Customer, Staff
from crm_desktop.store.queries import events
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.conftest import Open, settled
from tests.integration.services.event_histories import Days

SIZES = {"1920x1080": (1920, 1080), "1440x900": (1440, 900)}


@pytest.fixture
def busy(centre: Centre) -> Centre:
    """A centre with some hours of contacts, of which some wait and one was answered just now."""
    with centre.as_owner().read() as tx:
        now = tx.now
    Days(centre, now - timedelta(hours=6), seed=8, contacts=120)
    answered, anna = centre.add_contact(), centre.as_person("anna")
    with centre.as_owner().write() as tx:
        events.append(tx, "contact.received", contact_id=answered)
    contacts.take(anna, answered)
    contacts.complete(anna, answered, Disposition(None, Resolution.RESOLVED, avoidable=False))
    keep(centre)
    return centre


def keep(centre: Centre) -> None:
    db = centre.as_gateway()
    lease = leases.acquire(db, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    sweeper.refresh_stats(db, lease)
    counting.keep(db, lease)
    while counting.catch_up(db, lease):
        pass
    leases.release(db, [lease])


def opened(desktop: Desktop, qtbot: QtBot) -> Wallboard:
    desktop.window.registry.run("view.wallboard")
    wall = desktop.window.figures.wallboard
    assert wall is not None
    settled(qtbot, desktop)
    return wall


def test_the_wallboard_looks_right(
    busy: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)
    for size, (width, height) in SIZES.items():
        wall.resize(width, height)
        for light in (False, True):
            wall.set_light(light)
            grab(wall, f"wallboard-{size}-{'light' if light else 'dark'}")
            wall.turn()
            grab(wall, f"wallboard-{size}-{'light' if light else 'dark'}-2")
    assert accessibility.problems(wall) == []


def is_full(wall: Wallboard) -> bool:
    return wall.is_full


def is_old(wall: Wallboard) -> bool:
    return wall.is_old


def dialogs(desktop: Desktop) -> list[BehindDialog]:
    return [each for each in desktop.window.findChildren(BehindDialog) if each.isVisible()]


def test_keys_fill_the_monitor_turn_the_colours_and_leave(
    busy: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)

    QTest.keyClick(wall, Qt.Key.Key_F11)
    assert is_full(wall)
    QTest.keyClick(wall, Qt.Key.Key_L)
    QTest.keyClick(wall, Qt.Key.Key_Escape)
    assert not is_full(wall)
    assert wall.isVisible()
    QTest.keyClick(wall, Qt.Key.Key_F11)
    desktop.window.figures.close()
    assert desktop.window.figures.wallboard is None

    again = opened(desktop, qtbot)
    assert again.is_full
    assert again.colours == LIGHT
    assert desktop.desk.settings.get("wallboard/screen") == again.screen().name()
    QTest.keyClick(again, Qt.Key.Key_Escape)
    QTest.keyClick(again, Qt.Key.Key_Escape)
    assert desktop.window.figures.wallboard is None


def test_it_is_live_and_names_nobody_and_nothing_restricted(
    busy: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    care = busy.add_contact(queue="care", who="A secret name")
    keep(busy)
    desktop = open_desktop(busy, "rose")
    wall = opened(desktop, qtbot)
    qtbot.waitUntil(lambda: desktop.desk.live.is_live, timeout=10_000)
    before = said(wall)
    waiting = re.search(r"General enquiries: (\d+)", before)
    assert waiting is not None
    assert "Children's services" not in before
    with busy.as_owner().read() as tx:
        named = [*tx.session.scalars(select(Contact.who)), *tx.session.scalars(select(Staff.name)),
                 *tx.session.scalars(select(Customer.name))]  # fmt: skip
    assert care
    assert not [each for each in named if each in before]

    for _ in range(100):
        busy.add_contact()
    gateway = busy.as_gateway()
    lease = leases.acquire(gateway, sweeper.LEASE_NAME, "test", 600)
    assert lease is not None
    sweeper.refresh_stats(gateway, lease)

    more = f"General enquiries: {int(waiting[1]) + 100}"
    qtbot.waitUntil(lambda: more in said(wall), timeout=10_000)


def said(wall: Wallboard) -> str:
    return "\n".join(accessibility.texts(accessibility.tree(wall)))


def test_what_is_old_is_dimmed_and_says_of_when_it_is(
    busy: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)
    desktop.desk.live.state_changed.emit(FeedState(False, desktop.desk.clock.now()))

    assert is_old(wall)
    assert wall.colours == DARK.dimmed()
    grab(wall, "wallboard-away")
    desktop.desk.live.state_changed.emit(FeedState(True, desktop.desk.clock.now()))
    assert not is_old(wall)
    assert wall.colours == DARK
    wall.show_trouble(DatabaseAway())
    assert is_old(wall)


def test_it_stays_while_the_desktop_is_locked_and_shows_nothing_behind_it(
    busy: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)

    desktop.window.lock.lock()
    tile = wall.findChildren(type(wall._tiles[0]))[0]
    QTest.keyClick(tile, Qt.Key.Key_Return)
    settled(qtbot, desktop)

    assert wall.isVisible()
    assert wall.parent() is desktop.window
    assert dialogs(desktop) == []


def test_it_is_taken_down_with_the_right_to_it(
    busy: Centre, open_desktop: Open, qtbot: QtBot
) -> None:
    desktop = open_desktop(busy, "rose")
    opened(desktop, qtbot)
    qtbot.waitUntil(lambda: desktop.desk.live.is_live, timeout=10_000)
    with busy.as_owner().write() as tx:
        tx.session.execute(
            update(Staff).where(Staff.login == "rose").values(role=StaffRole.ADVISOR)
        )
        tx.changed(Topic.STAFF, busy.person("rose").id)

    qtbot.waitUntil(lambda: desktop.window.figures.wallboard is None, timeout=10_000)
    assert not desktop.window.registry.has("view.wallboard")


def test_enter_on_a_figure_shows_the_contacts_behind_it_and_enter_opens_one(
    busy: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)
    tile = next(each for each in wall._tiles if each.shown and each.shown.figure is Figure.WAITING)
    tile.setFocus()
    QTest.keyClick(tile, Qt.Key.Key_Return)
    settled(qtbot, desktop)

    (dialog,) = dialogs(desktop)
    rows = dialog._list.rows()
    assert len(rows) == int(str(tile.shown.value)) if tile.shown else False
    grab(dialog, "behind-waiting")
    assert accessibility.problems(dialog) == []
    first = rows[0].key
    dialog._list.setFocus()
    QTest.keyClick(dialog._list, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    contact = desktop.window.workplace.presenter.contact
    assert contact is not None
    assert (contact.row.id, True) == first


@pytest.mark.parametrize("figure", [Figure.SERVICE_LEVEL, Figure.FIRST_POINT, Figure.HANDLE_TIME])
def test_a_figure_of_the_day_has_its_contacts(
    busy: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab, figure: Figure
) -> None:
    desktop = open_desktop(busy, "rose", live=False)

    desktop.window.figures.open_behind(figure)
    settled(qtbot, desktop)

    (dialog,) = dialogs(desktop)
    assert dialog._list.rows()
    grab(dialog, f"behind-{figure.value}")


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=["dark", "light"])
def test_every_text_stands_out_seven_to_one(colours: Colours) -> None:
    for ink in (colours.text, colours.muted, colours.ok, colours.warning, colours.danger):
        assert contrast(ink, colours.ground) >= 7
    assert contrast(colours.dimmed().text, colours.ground) >= 3
    assert colours.ink(Tone.DANGER) != colours.ink(None)


def test_numbers_are_a_tenth_of_the_height(busy: Centre, open_desktop: Open, qtbot: QtBot) -> None:
    """25 mm at five metres on a 24-inch monitor of 1080 lines, 299 mm high."""
    desktop = open_desktop(busy, "rose", live=False)
    wall = opened(desktop, qtbot)
    wall.resize(1920, 1080)
    font = wall_font(desktop.desk.look, VALUE * wall.wall)

    assert QFontMetricsF(font).capHeight() >= 108
    assert QFontMetricsF(font).capHeight() * 299 / 1080 >= 25
    assert {each.height() for each in wall.findChildren(WallLine)} == {135}


def test_one_site_hangs_there_too_and_comes_back(
    demo: Centre, open_desktop: Open, qtbot: QtBot, grab: Grab
) -> None:
    """S turns from the centre to Eastgate, then the Guildhall; who is behind is one key away."""
    with demo.as_owner().write() as tx:
        tx.session.execute(
            update(Staff).where(Staff.login == "k.imran").values(role=StaffRole.TEAM_LEADER)
        )
    desktop = open_desktop(demo, "k.imran")
    wall = opened(desktop, qtbot)
    for title in ("Eastgate library", "Guildhall one-stop-shop"):
        QTest.keyClick(wall, Qt.Key.Key_S)
        settled(qtbot, desktop)
        assert _whose(wall) == title
    said = " ".join(accessibility.texts(accessibility.tree(wall)))
    assert "Housing: 1 waiting, longest " in said
    assert not any(name in said for name in ("R. Doyle", "A. Nowak"))
    for size, (width, height) in SIZES.items():
        wall.resize(width, height)
        grab(wall, f"wallboard-site-{size}")
    tile = next(each for each in wall.findChildren(FigureTile) if each.shown)
    QTest.keyClick(tile, Qt.Key.Key_Return)
    settled(qtbot, desktop)
    dialog = desktop.window.site_figures.dialog
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.behind is not None)
    settled(qtbot, desktop)
    assert dialog.behind is not None
    assert dialog.behind.rows()
    dialog.behind.reject()
    dialog.reject()
    wall.close()
    assert _whose(opened(desktop, qtbot)) == "Guildhall one-stop-shop"


def _whose(wall: Wallboard) -> str:
    return wall.accessibleName().removeprefix("Wallboard: ")
