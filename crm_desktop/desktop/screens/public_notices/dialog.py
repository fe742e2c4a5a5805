"""Notices for the public: a form for a new one beside those that are shown, will be, or were."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import NETWORK_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.public_notices.form import NoticeForm
from crm_desktop.desktop.widgets.banner import Banner, ErrorBar
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.row_list import RowList
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.service_notices import (
    NewNotice,
    NoticePostState,
    NoticeView,
    PublicAccount,
)

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.public_notices.presenter import NoticesPresenter

_SHOWN, _COMING, _OVER = "shown", "coming", "over"


class NoticesDialog(QDialog):
    """Implements `NoticesView`."""

    def __init__(self, look: Look, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Notices for the public")
        self._look, self._clock = look, clock
        self._presenter: NoticesPresenter | None = None
        self._notices: dict[object, NoticeView] = {}
        self._sure_of = 0
        self._error = ErrorBar(look)
        self.form = NoticeForm(look, clock)
        self.form.publish_asked.connect(self._publish)
        self.list = RowList(look, "Notices")
        self.list.current.connect(self._chosen)
        self.posts = RowList(look, "Where it is")
        self.posts.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._whole = Text(look, "", wrap=True)
        self._down = Button(look, "Take it down", icon="x")
        self._down.setAutoDefault(False)
        self._down.clicked.connect(self._take_down)
        self._again = Button(look, "Try again", icon="refresh-cw")
        self._again.setAutoDefault(False)
        self._again.clicked.connect(self._try_again)
        self._delete = Button(look, "Delete posts…", icon="trash-2")
        self._delete.setAutoDefault(False)
        self._delete.clicked.connect(self._ask_to_delete)
        self._sure = Banner(look, Tone.DANGER, "trash-2")
        self._sure.add_action("Keep").clicked.connect(self._keep_posts)
        self._surely = self._sure.add_action("Delete", Kind.DANGER)
        self._surely.clicked.connect(self._delete_posts)
        self._sure.hide()
        self._foot = QWidget()
        self._empty = EmptyState(look, "megaphone", "No notices yet", "Nothing is shown.")
        self._lay_out()

    def bind(self, presenter: NoticesPresenter) -> None:
        """Give the dialog who answers it."""
        self._presenter = presenter

    def show_places(self, places: tuple[PublicAccount, ...]) -> None:
        """See `NoticesView`."""
        self.form.set_places(places)

    def show_notices(self, notices: tuple[NoticeView, ...]) -> None:
        """See `NoticesView`."""
        self._notices = {each.id: each for each in notices}
        self.list.set_rows([self._row(each) for each in notices])
        self._both.setVisible(bool(notices))
        self._empty.setVisible(not notices)
        if notices and self.list.current_key() not in self._notices:
            self.list.make_current(notices[0].id)
        self._chosen(self.list.current_key())

    def published(self) -> None:
        """See `NoticesView`."""
        self.form.clear()
        announce(self, "The notice is published")

    def not_published(self, trouble: CrmError) -> None:
        """See `NoticesView`."""
        self.form.show_wrong(trouble)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `NoticesView`."""
        self._error.show_trouble(trouble)

    def _lay_out(self) -> None:
        px = self._look.px
        detail = QWidget()
        below = QVBoxLayout(detail)
        below.setContentsMargins(0, px(8), 0, 0)
        below.addWidget(self._whole)
        below.addWidget(self.posts, 1)
        foot = FlowLayout(self._foot, px(8))
        for each in (self._down, self._delete, self._again):
            foot.addWidget(each)
        below.addWidget(self._sure)
        below.addWidget(self._foot)
        self._both = QSplitter(Qt.Orientation.Vertical)
        self._both.addWidget(self.list)
        self._both.addWidget(detail)
        self._both.setChildrenCollapsible(False)
        right = QWidget()
        side = QVBoxLayout(right)
        side.setContentsMargins(px(12), 0, 0, 0)
        side.addWidget(Text(self._look, "Published", Role.HEADING))
        side.addWidget(self._both, 1)
        side.addWidget(self._empty, 1)
        self._both.hide()
        whole = QSplitter()
        whole.addWidget(self.form)
        whole.addWidget(right)
        whole.setSizes([px(466), px(474)])
        whole.setChildrenCollapsible(False)
        close = Button(self._look, "Close")
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        end = QHBoxLayout()
        end.addStretch(1)
        end.addWidget(close)
        column = QVBoxLayout(self)
        column.addWidget(self._error)
        column.addWidget(whole, 1)
        column.addLayout(end)
        resize_within(self, self._look, px(940), px(660))

    def _row(self, notice: NoticeView) -> Row:
        now = self._clock.now()
        state = _state(notice, now)
        said = {
            _SHOWN: f"shown until {words.when(notice.ends_at, now)}",
            _COMING: f"from {words.when(notice.starts_at, now)}",
            _OVER: f"over since {words.when(notice.ended_at or notice.ends_at, now)}",
        }[state]
        pill = ("not everywhere", Tone.DANGER) if _failed(notice) else (state, _TONES[state])
        return Row(
            notice.id,
            notice.text.replace("\n", " "),
            f"{said} · {notice.by}",
            "megaphone",
            _TONES[state],
            pill=pill,
        )

    @Slot(object)
    def _chosen(self, key: object) -> None:
        notice = self._notices.get(key)
        if notice is None:
            return
        welsh = f"\n{notice.text_cy}" if notice.text_cy else ""
        self._whole.setText(f"{notice.text}{welsh}")
        self.posts.set_rows(_places_of(notice, _state(notice, self._clock.now())))
        is_over = _state(notice, self._clock.now()) == _OVER
        self._down.setVisible(not is_over)
        self._again.setVisible(not is_over and bool(_failed(notice)))
        shows = bool(_standing(notice))
        self._delete.setVisible(shows)
        if not shows or self._sure_of != notice.id:
            self._ask_no_more()

    @Slot(object)
    def _publish(self, notice: NewNotice) -> None:
        if self._presenter is not None:
            self._presenter.publish(notice)

    @Slot()
    def _take_down(self) -> None:
        key = self.list.current_key()
        if isinstance(key, int) and self._presenter is not None:
            self._presenter.end(key)

    @Slot()
    def _ask_to_delete(self) -> None:
        notice = self._notices.get(self.list.current_key())
        if notice is None:
            return
        self._sure_of = notice.id
        where = " and ".join(_standing(notice))
        self._sure.set_text(
            f"Delete what was posted on {where}?",
            "Answers may go with it. This cannot be undone.",
        )
        self._sure.show()
        self._foot.hide()
        self._surely.setFocus(Qt.FocusReason.OtherFocusReason)
        announce(self, self._sure.text())

    @Slot()
    def _keep_posts(self) -> None:
        self._ask_no_more()
        self._delete.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot()
    def _ask_no_more(self) -> None:
        self._sure.hide()
        self._foot.show()

    @Slot()
    def _delete_posts(self) -> None:
        self._ask_no_more()
        self.posts.setFocus(Qt.FocusReason.OtherFocusReason)
        if self._presenter is not None:
            self._presenter.delete_posts(self._sure_of)

    @Slot()
    def _try_again(self) -> None:
        notice = self._notices.get(self.list.current_key())
        if notice is not None and self._presenter is not None:
            self._presenter.again(_failed(notice))


_TONES = {_SHOWN: Tone.OK, _COMING: Tone.ACCENT, _OVER: Tone.NEUTRAL}
_POSTED = {
    NoticePostState.PENDING: ("on its way", Tone.ACCENT),
    NoticePostState.SENT: ("posted", Tone.OK),
    NoticePostState.TAKEN_DOWN: ("taken down", Tone.NEUTRAL),
    NoticePostState.FAILED: ("not posted", Tone.DANGER),
    NoticePostState.DELETING: ("being deleted", Tone.ACCENT),
    NoticePostState.DELETED: ("deleted there", Tone.NEUTRAL),
    NoticePostState.NOT_DELETED: ("not deleted", Tone.DANGER),
}


def _state(notice: NoticeView, now: datetime) -> str:
    if notice.ended_at is not None or notice.ends_at <= now:
        return _OVER
    return _SHOWN if notice.starts_at <= now else _COMING


def _failed(notice: NoticeView) -> tuple[int, ...]:
    return tuple(each.id for each in notice.posts if each.state is NoticePostState.FAILED)


def _standing(notice: NoticeView) -> tuple[str, ...]:
    """The networks that show it."""
    shows = (NoticePostState.SENT, NoticePostState.NOT_DELETED)
    return tuple(NETWORK_NAMES[each.network] for each in notice.posts if each.state in shows)


def _places_of(notice: NoticeView, state: str) -> list[Row]:
    here = [("Pages of the web forms", notice.on_web), ("Greeting of chats", notice.on_chat)]
    rows = [Row(said, said, icon="globe", pill=(state, _TONES[state])) for said, on in here if on]
    rows += [
        Row(
            each.id,
            f"{NETWORK_NAMES[each.network]}: {each.account_name}",
            each.failure or each.url,
            "share-2",
            pill=_POSTED[each.state],
        )
        for each in notice.posts
    ]
    return rows
