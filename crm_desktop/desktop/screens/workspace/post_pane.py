"""Where a post is answered: in public, in private, or for colleagues, and never by mistake."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QEvent, QObject, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.names import NETWORK_NAMES
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.post_pictures import PostPictures
from crm_desktop.desktop.widgets.attachments import pasted
from crm_desktop.desktop.widgets.buttons import IconButton, PrimaryButton, key_text
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.composer import NOTE_HINT, NOTE_LABEL, Composer, Paper
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain import post_length
from crm_desktop.domain.social import Network, Picture
from crm_desktop.domain.social_thread import MOST_PICTURES
from crm_desktop.domain.views import NewAttachment


class PostMode(StrEnum):
    """Who will read what is written."""

    PUBLIC = "public"
    PRIVATE = "private"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Answerable:
    """A post that can be answered; `limit` is how long an answer may be on its network."""

    message_id: int
    network: Network
    handle: str
    words: str
    moment: str
    public: bool
    limit: int


#: Two keys, so that a hand that is used to sending never posts in public.
_SEND_KEY, _POST_KEY = "Ctrl+Return", "Ctrl+Shift+Return"
_ACTIONS = {
    PostMode.PUBLIC: ("Post publicly", _POST_KEY),
    PostMode.PRIVATE: ("Send privately", _SEND_KEY),
    PostMode.NOTE: ("Keep note", _SEND_KEY),
}
_PAPERS = (
    Paper(
        *(PostMode.PUBLIC, "Public reply", "Public reply – everybody can read it"),
        *("Write what everybody may read", Tone.INFO, "globe"),
    ),
    Paper(
        *(PostMode.PRIVATE, "Private message", "Private message"),
        *("Write to this person alone", Tone.OK, "lock"),
    ),
    Paper(
        *(PostMode.NOTE, "Internal note", NOTE_LABEL, NOTE_HINT, Tone.WARNING),
        *("sticky-note", NOTE_LABEL, False),
    ),
)
#: Begins what is said while the database is away.
_NOT_NOW = "Not sent yet; your text is kept."


class PostPane(Surface):
    """Signals: `send_asked` (the mode says what), `edited` a PostMode, `left` when the text loses
    the focus, `files_chosen` paths, `template_asked`, `knowledge_asked`.
    """

    send_asked = Signal()
    edited = Signal(object)
    left = Signal()
    files_chosen = Signal(object)
    template_asked = Signal()
    knowledge_asked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self.setAccessibleName("Answer a post")
        self._posts: dict[int, Answerable] = {}
        self._wanted: object = None
        #: Whether the draft was a private message: its paper is offered once the post is known.
        self._private = False
        self._why_not = ""
        self._low = False
        self._which = ChoiceField(look, "Answering", "Which post?")
        self._which.chosen.connect(self._aim)
        self._warning = Text(look, "", Role.SMALL, tone=Tone.DANGER, wrap=True)
        self._warning.hide()
        self.composer = Composer(look, _PAPERS, "Who reads it")
        self.composer.set_counter(self._count)
        self.pictures = PostPictures(look)
        self.pictures.changed.connect(self._pictures_changed)
        self._send = PrimaryButton(look, "Post publicly", key=_POST_KEY)
        self._send.clicked.connect(self._ask_send)
        self.composer.add_action(self._send)
        for icon, name, signal in (
            ("lightbulb", "Suggested answers (F2)", self.knowledge_asked),
            ("file-text", "Insert a canned reply (F3)", self.template_asked),
        ):
            tool = IconButton(look, icon, name)
            tool.clicked.connect(signal)
            self.composer.add_tool(tool)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._which_row = self._build_which()
        column.addWidget(self._which_row)
        column.addWidget(self._warning)
        column.addWidget(self.composer, 1)
        column.addWidget(self.pictures)
        self._connect()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    @property
    def mode(self) -> PostMode:
        """Who would read what is written."""
        return self.composer.mode

    @property
    def answering(self) -> Answerable | None:
        """The post that is answered."""
        key = self._which.key()
        return self._posts.get(key) if isinstance(key, int) else None

    def begin(self) -> None:
        """Empty everything for another contact, whose posts are told next."""
        for mode in PostMode:
            self.composer.set_text("", mode)
        self.composer.set_saved("")
        self.pictures.set_pictures(())
        self._warn("")
        self._posts, self._wanted, self._private = {}, None, False
        self._which.choose(None)
        self.set_posts((), None)

    def set_posts(self, posts: Sequence[Answerable], newest: int | None) -> None:
        """What can be answered now, oldest first, and what is unless another is chosen; what is
        being answered stays so.
        """
        first = not self._posts
        aimed = self.answering.message_id if self.answering else self._wanted
        self._posts = {each.message_id: each for each in posts}
        self._which.set_rows(
            [
                Row(each.message_id, f"@{each.handle}: {each.words}", right=each.moment)
                for each in reversed(posts)
            ]
        )
        self._which.choose(aimed if aimed in self._posts else newest)
        self._aim(self._which.key())
        if first and self.answering is not None:
            public = self.answering.public and not self._private
            self.composer.set_mode(PostMode.PUBLIC if public else PostMode.PRIVATE)

    def draft(self) -> dict[str, object]:
        """What a draft keeps of the reply; pictures are not kept."""
        answering = self.answering
        return {
            "text": self.composer.text(PostMode.PUBLIC),
            "private": self.composer.text(PostMode.PRIVATE),
            "mode": (self.mode if self.mode is not PostMode.NOTE else PostMode.PUBLIC).value,
            "post": answering.message_id if answering else 0,
        }

    def restore(self, content: dict[str, object]) -> None:
        """Put a draft back."""
        self.composer.set_text(str(content.get("text", "")), PostMode.PUBLIC)
        self.composer.set_text(str(content.get("private", "")), PostMode.PRIVATE)
        self._wanted, self._private = content.get("post"), content.get("mode") == PostMode.PRIVATE
        if self._wanted in self._posts:
            self._which.choose(self._wanted)
            self._aim(self._wanted)
        if self.answering is not None:
            public = self.answering.public and not self._private
            self.composer.set_mode(PostMode.PUBLIC if public else PostMode.PRIVATE)

    def clear(self, mode: PostMode) -> None:
        """It was sent or kept."""
        self.composer.set_text("", mode)
        if mode is not PostMode.NOTE:
            self.pictures.set_pictures(())

    def written(self) -> tuple[str, tuple[Picture, ...]]:
        """The text of the present mode, and the pictures that go with it."""
        pictures = self.pictures.pictures() if self.mode is not PostMode.NOTE else ()
        return self.composer.text(), pictures

    def add_file(self, file: NewAttachment) -> None:
        """One more picture goes with it; other files cannot."""
        if not file.content_type.startswith("image/"):
            self._warn(f"“{file.name}” is no picture. A post can carry pictures only.")
        elif len(self.pictures.pictures()) >= MOST_PICTURES:
            self._warn(f"A post can carry {MOST_PICTURES} pictures at most.")
        else:
            self.pictures.add(Picture(file.name, file.content_type, file.content))

    def set_low(self, low: bool) -> None:
        """Where there is little height, an empty pane that nobody writes in is one line."""
        self._low = low
        self._fit()

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _old: QWidget | None, _now: QWidget | None) -> None:
        if self._low:
            self._fit()

    def _fit(self) -> None:
        held = QApplication.focusWidget()
        inside = held is not None and self.isAncestorOf(held)
        text = any(self.composer.text(each) for each in PostMode)
        whole = bool(not self._low or inside or text or self.pictures.pictures())
        self._which_row.setVisible(whole)
        self.composer.set_brief(not whole)

    def set_away(self, why: str) -> None:
        """What is written cannot be sent now, and why; empty: it can."""
        self._why_not = why
        self._send.setEnabled(not why)
        self._send.setToolTip(why)
        if self._warning.text().startswith(_NOT_NOW):
            self._warn("")

    def show_missing(self, missing: tuple[str, ...]) -> None:
        """Say what must still be filled by hand, and go there."""
        said = f"Still to fill: {', '.join(missing)}." if missing else ""
        self._warn(said)
        if missing:
            self.composer.go_to_unfilled()
            announce(self, said)

    @Slot()
    def focus(self) -> None:
        """Put the keyboard into the text."""
        self.composer.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Each mode has its own key to send; the other one says so and sends nothing."""
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            if ctrl and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
                self._key_pressed(public=shift)
                return True
        return super().eventFilter(watched, event)

    def _key_pressed(self, *, public: bool) -> None:
        words, key = _ACTIONS[self.mode]
        if public is (self.mode is PostMode.PUBLIC):
            self._ask_send()
            return
        who = "Everybody can read this." if self.mode is PostMode.PUBLIC else "This is not public."
        said = f"{who} {words} with {key_text(key)}."
        self._warn(said)
        announce(self, said)

    def _build_which(self) -> QWidget:
        row = QWidget()
        label = Text(self._look, "Answering", Role.SMALL_STRONG, muted=True)
        label.setBuddy(self._which)
        line = QHBoxLayout(row)
        line.addWidget(label)
        line.addWidget(self._which, 1)
        line.setContentsMargins(*(self._look.px(each) for each in (12, 8, 12, 6)))
        line.setSpacing(self._look.px(8))
        return row

    def _connect(self) -> None:
        self.composer.edited.connect(self._edited)
        self.composer.mode_changed.connect(self._mode_changed)
        self.composer.attach_asked.connect(self._choose_files)
        self.composer.files_offered.connect(self.files_chosen)
        self.composer.picture_offered.connect(self._add_picture)
        for mode in PostMode:
            self.composer.set_mode(mode)
            self.composer.editor.installEventFilter(self)
        self.composer.set_mode(PostMode.PUBLIC)

    @Slot(object)
    def _aim(self, _key: object) -> None:
        """Say who will read it."""
        post = self.answering
        if post is None:
            self.composer.set_offered((PostMode.NOTE,))
            return
        name = NETWORK_NAMES[post.network]
        self.composer.set_strip(
            PostMode.PUBLIC,
            f"Public on {name} – everybody can read this, below @{post.handle}’s post",
        )
        self.composer.set_strip(
            PostMode.PRIVATE, f"Private on {name} – only @{post.handle} reads this"
        )
        modes = tuple(PostMode) if post.public else (PostMode.PRIVATE, PostMode.NOTE)
        self.composer.set_offered(modes)
        self.composer.set_counter(self._count)

    def _count(self, mode: PostMode, text: str) -> tuple[str, Tone | None]:
        """As the network counts; a note has no limit."""
        post = self.answering
        if mode is PostMode.NOTE or post is None:
            return "", None
        left = post.limit - post_length.length(post.network, text)
        return (f"{left:,} left", None) if left >= 0 else (f"{-left:,} too many", Tone.DANGER)

    def _warn(self, text: str) -> None:
        self._warning.setContentsMargins(self._look.px(12), 0, self._look.px(12), self._look.px(4))
        self._warning.setText(text)
        self._warning.setVisible(bool(text))

    @Slot(object)
    def _edited(self, mode: PostMode) -> None:
        self._warn("")
        self.edited.emit(mode)

    @Slot(object)
    def _mode_changed(self, mode: PostMode) -> None:
        words, key = _ACTIONS[mode]
        self._send.setText(words)
        self._send.set_key(key)
        self.pictures.setVisible(mode is not PostMode.NOTE and bool(self.pictures.pictures()))
        self._warn("")
        announce(self, words)

    @Slot()
    def _pictures_changed(self) -> None:
        self.edited.emit(self.mode)

    @Slot()
    def _ask_send(self) -> None:
        said = self._why_not_now()
        self._warn(said)
        if said:
            announce(self, said)
        elif gaps := tuple(self.composer.unfilled()):
            self.show_missing(gaps)
        else:
            self.send_asked.emit()

    def _why_not_now(self) -> str:
        """Why it cannot be sent as it is; empty: it can."""
        text, pictures = self.written()
        said = ""
        if self._why_not:
            said = f"{_NOT_NOW} {self._why_not}"
        elif not text.strip() and not pictures:
            said = "There is nothing to send yet."
        elif self.mode is not PostMode.NOTE:
            said = self._cannot_be_posted(text, pictures)
        return said

    def _cannot_be_posted(self, text: str, pictures: Sequence[Picture]) -> str:
        post = self.answering
        if post is None:
            return "There is no post here that can be answered."
        over = post_length.length(post.network, text) - post.limit
        if over > 0:
            return f"{over:,} characters too many for {NETWORK_NAMES[post.network]}. Shorten it."
        if self.mode is PostMode.PUBLIC and any(not each.alt.strip() for each in pictures):
            self.pictures.focus_missing()
            return "Describe each picture, for people who do not see it."
        return ""

    @Slot()
    def _choose_files(self) -> None:
        dialog = QFileDialog(self, "Add pictures")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.setNameFilter("Pictures (*.png *.jpg *.jpeg *.gif *.webp)")
        dialog.filesSelected.connect(self._files_selected)
        dialog.open()

    @Slot(list)
    def _files_selected(self, paths: list[str]) -> None:
        self.files_chosen.emit(tuple(paths))

    @Slot(object)
    def _add_picture(self, picture: QImage) -> None:
        """A picture was pasted, as of a screen: it goes with the post."""
        if self.mode is PostMode.NOTE:
            self._warn("A note can carry no picture.")
            return
        file = pasted(picture, {each.name for each in self.pictures.pictures()})
        if file is not None:
            self.add_file(file)
