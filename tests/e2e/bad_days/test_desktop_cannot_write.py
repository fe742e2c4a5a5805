"""A reply meets a database that does not take it: told in words, nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from crm_desktop.store.database import Database
from crm_desktop.store.models import Message
from tests.centre import Centre
from tests.e2e.bad_days import troubles
from tests.e2e.bad_days.desk import press_send, reply_shown, take, type_reply, wait_said
from tests.gui.shell.conftest import Open, settled

Trouble = Callable[[Centre, Database], AbstractContextManager[None]]


@pytest.mark.parametrize(
    ("trouble", "happened"),
    [
        (troubles.full, "The disk of the database is full."),
        (troubles.read_only, "The database can be read but not written at present."),
        (troubles.locked, "Another program holds the database."),
    ],
    ids=["full", "read-only", "locked"],
)
def test_the_person_is_told_and_the_reply_leaves_once_afterwards(
    centre: Centre, open_desktop: Open, qtbot: QtBot, trouble: Trouble, happened: str
) -> None:
    contact_id = centre.add_contact()
    desktop = open_desktop(centre, "anna")
    take(qtbot, desktop, contact_id)
    type_reply(desktop, "We come tomorrow.")

    with trouble(centre, desktop.desk.db):
        press_send(desktop)
        wait_said(qtbot, desktop.window, happened)

        wait_said(qtbot, desktop.window, "Your text is still here.")
        assert reply_shown(desktop) == "We come tomorrow."
        assert not _replies(centre, contact_id)

    settled(qtbot, desktop)
    press_send(desktop)
    qtbot.waitUntil(lambda: bool(_replies(centre, contact_id)))
    settled(qtbot, desktop)
    assert _replies(centre, contact_id) == ["We come tomorrow."]
    assert reply_shown(desktop) == ""


def _replies(centre: Centre, contact_id: int) -> list[str]:
    with centre.as_owner().read() as tx:
        return list(
            tx.session.scalars(
                select(Message.body_text).where(
                    Message.contact_id == contact_id, Message.direction == "outbound"
                )
            )
        )
