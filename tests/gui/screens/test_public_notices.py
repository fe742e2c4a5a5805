"""A notice is written once, counted as each place counts, and says where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QWidget
from pytestqt.qtbot import QtBot

from crm_desktop.desktop.core import accessibility
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.theme import Scheme
from crm_desktop.desktop.screens.public_notices.dialog import NoticesDialog
from crm_desktop.domain.errors import DatabaseAway
from crm_desktop.domain.service_notices import (
    NewNotice,
    NoticePostState,
    NoticePostView,
    NoticeView,
    PublicAccount,
)
from crm_desktop.domain.social import Network
from tests.gui.conftest import Grab

NOW = datetime(2026, 11, 19, 14, 3, tzinfo=UTC)
PLACES = (
    PublicAccount(1, "Norwich City Council", Network.BLUESKY, 300),
    PublicAccount(2, "@norwich@social.example", Network.MASTODON, 500),
)


class Desk:
    """Who answers the dialog: it keeps what it was asked."""

    def __init__(self) -> None:
        self.published: list[NewNotice] = []
        self.ended: list[int] = []
        self.tried: tuple[int, ...] = ()
        self.deleted: list[int] = []

    def publish(self, notice: NewNotice) -> None:
        """As the presenter."""
        self.published.append(notice)

    def end(self, notice_id: int) -> None:
        """As the presenter."""
        self.ended.append(notice_id)

    def delete_posts(self, notice_id: int) -> None:
        """As the presenter."""
        self.deleted.append(notice_id)

    def again(self, post_ids: tuple[int, ...]) -> None:
        """As the presenter."""
        self.tried += post_ids


def notice(id_: int, *, starts: int = -2, ends: int = 20, **more: object) -> NoticeView:
    """One that is shown from and until so many hours from now."""
    made = NoticeView(
        id=id_,
        text="Bin rounds are a day late this week because of the ice.",
        text_cy="Mae’r casgliadau biniau ddiwrnod yn hwyr yr wythnos hon.",
        on_web=True,
        on_chat=True,
        starts_at=NOW + timedelta(hours=starts),
        ends_at=NOW + timedelta(hours=ends),
        service_id=None,
        created_at=NOW - timedelta(hours=50),
        ended_at=None,
        by="Rose Adler",
        posts=(
            NoticePostView(
                *(1, 1, "Norwich", Network.BLUESKY, "", NoticePostState.SENT),
                url="https://bsky.example/1",
                failure="",
            ),
            NoticePostView(
                *(2, 2, "@norwich", Network.MASTODON, "", NoticePostState.FAILED),
                url="",
                failure="The network refused the account's token.",
            ),
        ),
    )
    for name, value in more.items():
        object.__setattr__(made, name, value)
    return made


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def dialog(
    look: Look, qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> Iterator[NoticesDialog]:
    home = QWidget()
    home.resize(1280, 720)
    qtbot.addWidget(home)
    clock = Clock(home)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    made = NoticesDialog(look, clock, home)
    made.bind(desk)  # type: ignore[arg-type]
    with qtbot.waitExposed(made):
        made.show()
    made.show_places(PLACES)
    made.show_notices(())
    yield made
    home.deleteLater()


def said(widget: QWidget) -> str:
    """Everything that a reader could find."""
    return " ".join(accessibility.texts(accessibility.tree(widget)))


def box(dialog: NoticesDialog, words: str) -> QCheckBox:
    """The box that says so."""
    return next(each for each in dialog.findChildren(QCheckBox) if words in each.text())


def test_one_text_goes_to_every_place_that_is_ticked(dialog: NoticesDialog, desk: Desk) -> None:
    QTest.keyClicks(dialog.form.text, "Bin rounds are a day late.")
    box(dialog, "Bluesky").click()

    QTest.keyClick(dialog.form.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    (made,) = desk.published
    assert (made.text, made.on_web, made.on_chat) == ("Bin rounds are a day late.", True, True)
    assert made.account_ids == (1,)
    assert made.starts_at is None
    assert made.ends_at == (NOW + timedelta(days=1)).replace(second=0)


def test_what_is_too_long_for_one_place_is_said_before_it_goes(
    dialog: NoticesDialog, desk: Desk
) -> None:
    dialog.form.text.setPlainText("x" * 350)
    assert "50 too many" in box(dialog, "Bluesky").text()
    box(dialog, "Bluesky").click()

    QTest.keyClick(dialog.form.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert desk.published == []
    assert "The text is too long for Bluesky" in said(dialog)


@pytest.mark.parametrize("until", ["", "1 Nov 2026"])
def test_it_must_end_after_it_begins(dialog: NoticesDialog, desk: Desk, until: str) -> None:
    dialog.form.text.setPlainText("Bin rounds are a day late.")
    dialog.form.ends.day.setText(until)

    QTest.keyClick(dialog.form.text, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    assert desk.published == []
    assert "Nothing was published" in said(dialog)


def test_what_could_not_be_published_stays_written(dialog: NoticesDialog, desk: Desk) -> None:
    dialog.form.text.setPlainText("Bin rounds are a day late.")
    dialog.not_published(DatabaseAway())

    assert dialog.form.text.toPlainText() == "Bin rounds are a day late."
    assert "database" in said(dialog)
    dialog.published()
    assert dialog.form.text.toPlainText() == ""


def test_one_that_is_shown_can_be_taken_down(dialog: NoticesDialog, desk: Desk) -> None:
    dialog.show_notices((notice(7), notice(8, starts=-40, ends=-20)))
    assert "The network refused the account's token." in said(dialog)

    dialog._again.click()
    assert desk.tried == (2,)
    dialog._down.click()
    dialog.list.make_current(8)

    assert desk.ended == [7]
    assert not dialog._down.isVisible()


def test_what_is_asked_again_after_no_answer_is_the_same_notice(
    dialog: NoticesDialog, desk: Desk
) -> None:
    def publish() -> NewNotice:
        dialog.form._go.click()
        return desk.published[-1]

    dialog.form.text.setPlainText("Bin rounds are a day late.")
    first = publish()
    dialog.not_published(DatabaseAway())
    assert publish() == first
    dialog.form.text.setPlainText("Bin rounds are two days late.")
    other = publish()
    assert other.key != first.key
    dialog.published()
    dialog.form.text.setPlainText("Bin rounds are two days late.")
    assert publish().key not in (first.key, other.key)


def test_posts_are_deleted_by_keys_after_a_question_and_only_of_the_notice_asked_about(
    dialog: NoticesDialog, desk: Desk, grab: Grab
) -> None:
    dialog.show_notices((notice(8, ends=-1), notice(9, ends=-1)))
    dialog._delete.click()
    assert "Delete what was posted on Bluesky?" in accessibility.announced(dialog)
    grab(dialog, "public-notices-delete")
    dialog.list.make_current(9)
    assert not dialog._sure.isVisible(), "that question was about another"
    dialog.list.make_current(8)

    dialog._delete.click()
    QTest.keyClick(dialog.focusWidget(), Qt.Key.Key_Space)

    assert desk.deleted == [8]
    gone = notice(8).posts[0]
    object.__setattr__(gone, "state", NoticePostState.DELETED)
    dialog.show_notices((notice(8, ends=-1, posts=(gone,)),))
    assert "deleted there" in said(dialog)
    assert not dialog._delete.isVisible()


@pytest.mark.parametrize("scheme", list(Scheme))
@pytest.mark.parametrize("scale", [100, 200])
def test_it_has_its_picture(
    dialog: NoticesDialog, look: Look, grab: Grab, scale: int, scheme: Scheme
) -> None:
    look.set_scheme(scheme)
    look.set_scale(scale)
    if scale == 200:
        dialog.resize(1280, 720)
    dialog.form.text.setPlainText("Bin rounds are a day late this week because of the ice.")
    dialog.show_notices((notice(7), notice(9, starts=3, ends=30, posts=()), notice(8, ends=-1)))
    grab(dialog, f"public-notices-{scale}-{scheme.value}")

    assert accessibility.problems(dialog) == []
