"""Being away in every theme and size, looked at by a person."""

from __future__ import annotations

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot
from sqlalchemy import delete

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.logged.waiting import WaitingDialog
from crm_desktop.desktop.screens.workspace.side_by_side import SideBySide
from crm_desktop.desktop.shell.alone import AloneWindow
from crm_desktop.desktop.shell.article_keeper import ArticleKeeper
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.states import Visibility
from crm_desktop.services import Database
from crm_desktop.store.models import Draft, Message
from tests.centre import Centre
from tests.gui.conftest import Grab
from tests.gui.shell.away import (
    an_entry,
    back,
    cut,
    dialog_of,
    log,
    press,
    submit,
    wait_said,
)
from tests.gui.shell.conftest import Open, busiest, settled, waiting

PICTURES = [
    ("1440", 1440, 900, 100, Scheme.LIGHT),
    ("1440", 1440, 900, 100, Scheme.DARK),
    ("1280", 1280, 720, 100, Scheme.LIGHT),
    ("200", 1440, 900, 200, Scheme.LIGHT),
]


@pytest.mark.parametrize("case", PICTURES, ids=[f"{each[0]}-{each[4].value}" for each in PICTURES])
def test_pictures_of_being_away(
    demo: Centre,
    open_desktop: Open,
    qtbot: QtBot,
    grab: Grab,
    case: tuple[str, int, int, int, Scheme],
) -> None:
    name, width, height, scale, scheme = case
    with demo.as_owner().write() as tx:
        tx.session.execute(delete(Draft))
    desktop = open_desktop(demo, busiest(demo), live=False)
    window = desktop.window
    desktop.desk.look.set_scheme(scheme)
    desktop.desk.look.set_scale(scale)
    window.resize(width, height)
    window.commands.gestures.take(waiting(window)[0])
    settled(qtbot, desktop)
    wire = cut(desktop, qtbot)
    desktop.desk.log.keep(an_entry(desktop))
    desktop.desk.log.keep(an_entry(desktop, who="Bob Lind", resolution=None))
    window.log.start()
    wait_said(qtbot, window, "2 contacts to be entered")
    window.workplace.screen.focus_reply(Visibility.PUBLIC)
    QTest.keyClicks(window.workplace.screen.compose.composer.editor, "We come on Friday.")
    grab(window, f"away-{name}-{scheme.value}")
    form = log(qtbot, desktop)
    grab(form, f"log-{name}-{scheme.value}")
    submit(form)
    wait_said(qtbot, window, "3 contacts to be entered")
    window.registry.run("contact.logged")
    listed = dialog_of(qtbot, window, WaitingDialog)
    grab(listed, f"waiting-{name}-{scheme.value}")
    assert accessibility.problems(listed) == []
    listed.reject()
    contact = window.workplace.presenter.contact
    assert contact is not None
    with demo.as_owner().write() as tx:
        tx.session.add(
            Message(
                contact_id=contact.row.id,
                direction="outbound",
                state="sent",
                author_id=desktop.desk.person.id + 1,
                body_text="It was collected today.",
                reply_text="It was collected today. " * 12,
            )
        )
    back(desktop, wire, qtbot)
    wait_said(qtbot, window, "Entered: ")
    press(window.workplace.screen.notices, "Show both")
    both = dialog_of(qtbot, window, SideBySide)
    grab(both, f"both-{name}-{scheme.value}")
    assert accessibility.problems(both) == []
    both.reject()
    grab(window, f"back-{name}-{scheme.value}")
    assert accessibility.problems(window) == []
    keeper = ArticleKeeper(desktop.desk, window, first_ms=0)
    keeper.begin()
    qtbot.waitUntil(lambda: desktop.desk.articles.at is not None)
    alone = AloneWindow(desktop.desk, window.workplace.services, _away)
    qtbot.addWidget(alone)
    alone.resize(width * 2 // 3, height * 4 // 5)
    alone.start()
    wait_said(qtbot, alone, "All articles · kept copy from")
    alone.knowledge.show_article(desktop.desk.articles.read(desktop.desk.articles.browse(1)[0].id))
    grab(alone, f"alone-{name}-{scheme.value}")
    assert accessibility.problems(alone) == []
    alone.close()


def _away() -> Database:
    raise DatabaseAway
