"""What a message is on its network: for whom to read, edited, deleted; and what it said before."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import NETWORK_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.social import Network
from crm_desktop.domain.social_thread import PostView

_EARLIER, _HIDE = "What it said before", "Hide what it said before"


class PostMark(QWidget):
    """A line under a message's head. `link_opened` carries the post's address."""

    link_opened = Signal(str)

    def __init__(self, look: Look, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._clock = look, clock
        self._post: PostView | None = None
        self._who = Pill(look, "", Tone.INFO, icon="globe")
        self._edited = Pill(look, "", Tone.WARNING, icon="pencil")
        self._deleted = Pill(look, "", Tone.DANGER, icon="trash-2")
        self._earlier = Button(look, _EARLIER, kind=Kind.QUIET)
        self._earlier.clicked.connect(self._unfold)
        self._open = Button(look, "", kind=Kind.QUIET, icon="external-link")
        self._open.clicked.connect(self._ask_open)
        self._versions = Text(look, "", Role.SMALL, muted=True, wrap=True)
        row = QHBoxLayout()
        for each in (self._who, self._edited, self._deleted, self._earlier):
            row.addWidget(each)
        row.addStretch(1)
        row.addWidget(self._open)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(row)
        column.addWidget(self._versions)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_post(self, post: PostView | None, network: Network) -> None:
        """Say what this one is; None: it is no post."""
        self._post = post
        self.setVisible(post is not None)
        if post is None:
            return
        name, now = NETWORK_NAMES[network], self._clock.now()
        self._who.set_icon("globe" if post.public else "lock")
        self._who.set_content(
            f"Public on {name}" if post.public else f"Private on {name}",
            Tone.INFO if post.public else Tone.OK,
        )
        self._edited.setVisible(post.edited_at is not None)
        if post.edited_at is not None:
            self._edited.set_content(f"edited {words.when(post.edited_at, now)}", Tone.WARNING)
        self._deleted.setVisible(post.deleted_at is not None)
        if post.deleted_at is not None:
            gone = f"deleted there, seen {words.when(post.deleted_at, now)}"
            self._deleted.set_content(gone, Tone.DANGER)
        self._earlier.setVisible(bool(post.versions))
        self._versions.setText(
            "\n\n".join(
                f"Until {words.when(each.until, now)}: {each.text}" for each in post.versions
            )
        )
        self._fold(folded=True)
        self._open.setVisible(bool(post.url) and post.deleted_at is None)
        self._open.setText(f"Open on {name}")

    def _fold(self, *, folded: bool) -> None:
        self._versions.setVisible(not folded)
        self._earlier.setText(_EARLIER if folded else _HIDE)

    @Slot()
    def _unfold(self) -> None:
        self._fold(folded=not self._versions.isHidden())

    @Slot()
    def _ask_open(self) -> None:
        if self._post is not None:
            self.link_opened.emit(self._post.url)
