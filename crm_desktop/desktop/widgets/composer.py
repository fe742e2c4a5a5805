"""Where replies and internal notes are written: editors that nobody can mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Generic, TypeVar

from PySide6.QtCore import QMimeData, QSize, Signal, Slot
from PySide6.QtGui import (
    QImage,
    QPainter,
    QPaintEvent,
    QPalette,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPlainTextEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.attachments import AttachedFile, AttachmentStrip
from crm_desktop.desktop.widgets.buttons import Button, IconButton
from crm_desktop.desktop.widgets.painting import Painted, paint_icon, text_height, text_width
from crm_desktop.desktop.widgets.tabs import TabStrip
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import Visibility

#: A gap in a canned reply that must be filled before it goes out, as "{{due date}}".
PLACEHOLDER = re.compile(r"\{\{\s*([^{}\n]{1,60}?)\s*\}\}")

_ANY = 16_777_215

NOTE_LABEL = "Internal note – the customer never sees this"

M = TypeVar("M", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Paper(Generic[M]):
    """One of the things that can be written, each with a text of its own.

    One that must not be mistaken has a `tone`, an `icon` and words over it (`strip`): its ground is
    of that colour through and through.
    """

    mode: M
    tab: str
    name: str
    hint: str
    tone: Tone | None = None
    icon: str = ""
    strip: str = ""
    takes_files: bool = True


NOTE_HINT = "Write for colleagues"
MAIL_PAPERS = (
    Paper(Visibility.PUBLIC, "Reply to customer", "Reply to customer", "Write your reply"),
    Paper(
        *(Visibility.INTERNAL, "Internal note", NOTE_LABEL, NOTE_HINT, Tone.WARNING),
        *("sticky-note", NOTE_LABEL, False),
    ),
)


class _Gaps(QSyntaxHighlighter):
    """Marks placeholders that are not filled."""

    def __init__(self, look: Look, document: QTextDocument) -> None:
        super().__init__(document)
        self._look = look
        look.changed.connect(self.rehighlight)

    def highlightBlock(self, text: str) -> None:
        """Colour and underline each gap: not by colour alone."""
        shade = self._look.theme.tone(Tone.DANGER)
        style = QTextCharFormat()
        style.setForeground(shade.text)
        style.setBackground(shade.soft)
        style.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DashUnderline)
        for gap in PLACEHOLDER.finditer(text):
            self.setFormat(gap.start(), gap.end() - gap.start(), style)


class _Editor(QPlainTextEdit):
    """Plain text only; dropped or pasted files and pictures are offered, never inserted."""

    files_offered = Signal(object)
    picture_offered = Signal(object)

    def __init__(self, look: Look, paper: Paper[M]) -> None:
        super().__init__()
        self._look, self._tone = look, paper.tone
        self._gaps = _Gaps(look, self.document())
        self.setAccessibleName(paper.name)
        self.setPlaceholderText(paper.hint)
        self.setTabChangesFocus(True)
        self.setProperty("bare", "true")
        look.changed.connect(self.relook)
        self.relook()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text, files and pictures."""
        return source.hasUrls() or source.hasText() or source.hasImage()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files and pictures go to who keeps attachments, text comes in bare."""
        paths = tuple(url.toLocalFile() for url in source.urls() if url.isLocalFile())
        if paths:
            self.files_offered.emit(paths)
        elif source.hasImage() and not source.hasText():
            self.picture_offered.emit(QImage(source.imageData()))
        else:
            self.insertPlainText(source.text())

    def sizeHint(self) -> QSize:
        """Five lines."""
        return QSize(self._look.px(320), 5 * self.fontMetrics().lineSpacing() + self._look.px(16))

    @Slot()
    def relook(self) -> None:
        """Take the theme's colours: a note has amber under it."""
        theme = self._look.theme
        ground = theme.tone(self._tone).soft if self._tone else theme.surface
        shown = QPalette(self.palette())
        shown.setColor(QPalette.ColorRole.Base, ground)
        shown.setColor(QPalette.ColorRole.Text, theme.text)
        shown.setColor(QPalette.ColorRole.PlaceholderText, theme.muted)
        self.setPalette(shown)


class _Strip(Painted):
    """The words over what must not be mistaken."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._tone, self._icon = Tone.NEUTRAL, ""
        self._words = Text(look, "", Role.STRONG, wrap=True)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self._words, 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._relook()

    def say(self, tone: Tone | None, icon: str, said: str) -> None:
        """Stand over another paper; without a tone there is nothing to say."""
        if tone is not None:
            self._tone, self._icon = tone, icon
            self._words.set_tone(tone)
            self._words.setText(said)
        self.setVisible(tone is not None)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The sign and a line below."""
        look, shade, painter = self._look, self._look.theme.tone(self._tone), QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, shade.border)
        if self._icon:
            spot = self.rect().adjusted(look.px(10), 0, 0, 0)
            paint_icon(painter, look, spot, self._icon, shade.text)

    def _relook(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(10) + px(16) + px(8), px(4), px(8), px(4))
        super()._relook()


class Composer(Painted, Generic[M]):
    """Writes on one of several papers, as a reply or an internal note: changing from one to the
    other moves no words, so a note never turns into a reply.

    Signals: `edited(mode)` on every change by a person; `mode_changed(mode)`;
    `attach_asked()`; `files_offered(tuple of paths)`; `picture_offered(QImage)`;
    `file_opened(key)`; `file_removed(key)`.
    """

    edited = Signal(object)
    mode_changed = Signal(object)
    attach_asked = Signal()
    files_offered = Signal(object)
    picture_offered = Signal(object)
    file_opened = Signal(object)
    file_removed = Signal(object)

    def __init__(
        self, look: Look, papers: Sequence[Paper[M]], name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, parent)
        self._papers = {paper.mode: paper for paper in papers}
        self._modes = {paper.mode.value: paper.mode for paper in papers}
        self._counted: Callable[[M, str], tuple[str, Tone | None]] = _words_in
        self._tabs = TabStrip(look, name)
        for paper in papers:
            self._tabs.add(paper.mode.value, paper.tab)
        self._tabs.chosen.connect(self._switched)
        self._editors = {paper.mode: _Editor(look, paper) for paper in papers}
        self._stack = QStackedWidget()
        self._strip = _Strip(look)
        self._files = AttachmentStrip(look, removable=True)
        self._files.opened.connect(self.file_opened)
        self._files.removed.connect(self.file_removed)
        for editor in self._editors.values():
            editor.textChanged.connect(self._typed)
            editor.files_offered.connect(self.files_offered)
            editor.picture_offered.connect(self.picture_offered)
            self._stack.addWidget(editor)
        self._tools = QWidget()
        self._foot = QHBoxLayout(self._tools)
        self._attach = IconButton(look, "paperclip", "Attach a file")
        self._attach.clicked.connect(self.attach_asked)
        self._count = Text(look, "", Role.SMALL, muted=True)
        self._saved = Text(look, "", Role.SMALL, muted=True)
        for each in (self._attach, self._count, self._saved):
            self._foot.addWidget(each)
        self._foot.addStretch(1)
        self._loading = False
        self._known = dict.fromkeys(self._papers, "")
        self._lay_out()
        self._switched(self._tabs.key())

    @property
    def mode(self) -> M:
        """Which of the papers is written on."""
        return self._modes[self._tabs.key()]

    def set_mode(self, mode: M) -> None:
        """Go to that paper."""
        self._tabs.choose(mode.value)

    def set_counter(self, counted: Callable[[M, str], tuple[str, Tone | None]]) -> None:
        """How a text is counted, in words and with a tone; words are, otherwise."""
        self._counted = counted
        self._show_count()

    def set_strip(self, mode: M, said: str) -> None:
        """What stands over a paper."""
        self._papers[mode] = replace(self._papers[mode], strip=said)
        self._dress()

    def set_offered(self, modes: Sequence[M]) -> None:
        """Which of the papers can be written on; one of them is chosen."""
        for at, mode in enumerate(self._papers):
            self._tabs.setTabVisible(at, mode in modes)
        if self.mode not in modes:
            self.set_mode(modes[0])

    def text(self, mode: M | None = None) -> str:
        """What is written, of the present mode when none is given."""
        return self._editors[mode or self.mode].toPlainText()

    def set_text(self, text: str, mode: M | None = None) -> None:
        """Load a draft; `edited` is not told."""
        editor = self._editors[mode or self.mode]
        if text == editor.toPlainText() and not editor.document().isUndoAvailable():
            return
        self._loading = True
        self._known[mode or self.mode] = text
        editor.setPlainText(text)
        self._loading = False
        self._show_count()

    def insert(self, text: str) -> None:
        """Put text at the cursor as one step that undo takes back, and go to its first gap."""
        editor = self.editor
        cursor = editor.textCursor()
        start = cursor.selectionStart()
        cursor.insertText(text)
        gap = PLACEHOLDER.search(text)
        if gap:
            cursor.setPosition(start + gap.start())
            cursor.setPosition(start + gap.end(), QTextCursor.MoveMode.KeepAnchor)
        editor.setTextCursor(cursor)
        editor.setFocus()

    def unfilled(self) -> list[str]:
        """The placeholders still open in the present text, in order."""
        return PLACEHOLDER.findall(self.text())

    def go_to_unfilled(self) -> bool:
        """Select the first open placeholder; False when there is none."""
        gap = PLACEHOLDER.search(self.text())
        if gap is None:
            return False
        cursor = self.editor.textCursor()
        cursor.setPosition(gap.start())
        cursor.setPosition(gap.end(), QTextCursor.MoveMode.KeepAnchor)
        self.editor.setTextCursor(cursor)
        self.editor.setFocus()
        return True

    @property
    def editor(self) -> QPlainTextEdit:
        """The editor of the present mode."""
        return self._editors[self.mode]

    def set_files(self, files: Sequence[AttachedFile]) -> None:
        """Show the attachments of the reply."""
        self._files.set_files(files)

    def set_hint(self, mode: M, hint: str) -> None:
        """Say on an empty paper what it is for; empty: as usual."""
        self._editors[mode].setPlaceholderText(hint or self._papers[mode].hint)
        self._count.setVisible(not hint)

    def set_saved(self, text: str) -> None:
        """Say how safe the draft is, as "Draft saved 3 s ago"."""
        self._saved.setText(text)

    def set_tabs_shown(self, shown: bool) -> None:
        """Leave the tabs out, where there is little height; keys lead to the other papers."""
        self._tabs.setVisible(shown)

    def set_brief(self, brief: bool) -> None:
        """Show no more than what is being written, without tools: a place to begin."""
        self._tools.setVisible(not brief)
        lines = self._editors[self.mode].fontMetrics().lineSpacing()
        self._stack.setMinimumHeight((1 if brief else 2) * lines + self._look.px(12))
        self._stack.setMaximumHeight(lines + self._look.px(12) if brief else _ANY)

    def add_action(self, button: Button) -> None:
        """Put a button at the lower right."""
        self._foot.addWidget(button)

    def add_tool(self, tool: QWidget) -> None:
        """Put a small tool beside the paperclip."""
        self._foot.insertWidget(1, tool)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The frame; one that must not be mistaken has its colour, with a bar at the left."""
        theme, painter = self._look.theme, QPainter(self)
        tone = self._papers[self.mode].tone
        if tone is None:
            painter.fillRect(self.rect(), theme.surface)
            painter.fillRect(0, 0, self.width(), 1, theme.border)
            return
        shade = theme.tone(tone)
        painter.fillRect(self.rect(), shade.soft)
        painter.fillRect(0, 0, self.width(), 1, shade.border)
        painter.fillRect(0, 0, self._look.px(4), self.height(), shade.text)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setSpacing(0)
        column.addWidget(self._tabs)
        column.addWidget(self._strip)
        column.addWidget(self._stack, 1)
        column.addWidget(self._files)
        column.addWidget(self._tools)
        self._relook()

    def _relook(self) -> None:
        px = self._look.px
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(px(8), px(2), px(8), px(8))
        # Its size does not follow its words: at every key the whole window would be laid out.
        small = self._look.font(Role.SMALL)
        self._count.setFixedSize(text_width(small, "00,000 words"), text_height(small) + 2)
        self._foot.setSpacing(px(8))
        self._foot.setContentsMargins(px(6), px(6), 0, 0)
        super()._relook()

    def _show_count(self) -> None:
        said, tone = self._counted(self.mode, self.text())
        self._count.set_tone(tone, muted=tone is None)
        self._count.setText(said)

    @Slot()
    def _typed(self) -> None:
        self._show_count()
        if not self._loading:
            sender = self.sender()
            mode = next((m for m, each in self._editors.items() if each is sender), self.mode)
            text = self._editors[mode].toPlainText()
            # New colours count as a change of the text, to Qt but to nobody else.
            if text != self._known[mode]:
                self._known[mode] = text
                self.edited.emit(mode)

    @Slot(str)
    def _switched(self, key: str) -> None:
        mode = self._modes[key]
        self._stack.setCurrentWidget(self._editors[mode])
        self._dress()
        self._show_count()
        self.mode_changed.emit(mode)

    def _dress(self) -> None:
        """What stands around the text goes with its paper."""
        paper = self._papers[self.mode]
        self._strip.say(paper.tone, paper.icon, paper.strip)
        self._files.setVisible(paper.takes_files and bool(self._files.files()))
        self._attach.setVisible(paper.takes_files)
        self.update()


def _words_in(_mode: StrEnum, text: str) -> tuple[str, Tone | None]:
    return words.count(len(text.split()), "word"), None
