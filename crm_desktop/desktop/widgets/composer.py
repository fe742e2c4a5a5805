"""Where replies and internal notes are written: two editors that nobody can mistake."""

from __future__ import annotations

import re
from collections.abc import Sequence

from PySide6.QtCore import QMimeData, QSize, Signal, Slot
from PySide6.QtGui import (
    QColor,
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

_HINT = "Write your reply"
NOTE_LABEL = "Internal note – the customer never sees this"


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
    """Plain text only; dropped or pasted files are offered, never inserted."""

    files_offered = Signal(object)

    def __init__(self, look: Look, name: str, hint: str, *, note: bool) -> None:
        super().__init__()
        self._look, self._note = look, note
        self._gaps = _Gaps(look, self.document())
        self.setAccessibleName(name)
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setProperty("bare", "true")
        look.changed.connect(self.relook)
        self.relook()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        """Text and files."""
        return source.hasUrls() or source.hasText()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Files go to who keeps attachments, text comes in bare."""
        paths = tuple(url.toLocalFile() for url in source.urls() if url.isLocalFile())
        if paths:
            self.files_offered.emit(paths)
        else:
            self.insertPlainText(source.text())

    def sizeHint(self) -> QSize:
        """Five lines."""
        return QSize(self._look.px(320), 5 * self.fontMetrics().lineSpacing() + self._look.px(16))

    @Slot()
    def relook(self) -> None:
        """Take the theme's colours: a note has amber under it."""
        theme = self._look.theme
        ground = theme.tone(Tone.WARNING).soft if self._note else theme.surface
        shown = QPalette(self.palette())
        shown.setColor(QPalette.ColorRole.Base, ground)
        shown.setColor(QPalette.ColorRole.Text, theme.text)
        shown.setColor(QPalette.ColorRole.PlaceholderText, theme.muted)
        self.setPalette(shown)


class _NoteStrip(Painted):
    """The words over a note."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._row = QHBoxLayout(self)
        self._row.addWidget(Text(look, NOTE_LABEL, Role.STRONG, tone=Tone.WARNING, wrap=True), 1)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self._relook()

    def paintEvent(self, event: QPaintEvent) -> None:
        """The note sign and a line below."""
        look, shade, painter = self._look, self._look.theme.tone(Tone.WARNING), QPainter(self)
        painter.fillRect(0, self.height() - 1, self.width(), 1, shade.border)
        spot = self.rect().adjusted(look.px(10), 0, 0, 0)
        paint_icon(painter, look, spot, "sticky-note", shade.text)

    def _relook(self) -> None:
        px = self._look.px
        self._row.setContentsMargins(px(10) + px(16) + px(8), px(4), px(8), px(4))
        super()._relook()


class Composer(Painted):
    """Writes a reply or an internal note, each with a text of its own: changing from one to the
    other moves no words, so a note never turns into a reply.

    Signals: `edited(Visibility)` on every change by a person; `mode_changed(Visibility)`;
    `attach_asked()`; `files_offered(tuple of paths)`; `file_opened(key)`; `file_removed(key)`.
    """

    edited = Signal(object)
    mode_changed = Signal(object)
    attach_asked = Signal()
    files_offered = Signal(object)
    file_opened = Signal(object)
    file_removed = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._tabs = TabStrip(look, "Reply or internal note")
        self._tabs.add(Visibility.PUBLIC.value, "Reply to customer")
        self._tabs.add(Visibility.INTERNAL.value, "Internal note")
        self._tabs.chosen.connect(self._switched)
        self._editors = {
            Visibility.PUBLIC: _Editor(look, "Reply to customer", _HINT, note=False),
            Visibility.INTERNAL: _Editor(look, NOTE_LABEL, "Write for colleagues", note=True),
        }
        self._stack = QStackedWidget()
        self._strip = _NoteStrip(look)
        self._strip.hide()
        self._files = AttachmentStrip(look, removable=True)
        self._files.opened.connect(self.file_opened)
        self._files.removed.connect(self.file_removed)
        for editor in self._editors.values():
            editor.textChanged.connect(self._typed)
            editor.files_offered.connect(self.files_offered)
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
        self._known = dict.fromkeys(Visibility, "")
        self._lay_out()
        self._show_count()

    @property
    def mode(self) -> Visibility:
        """Whether a reply or a note is being written."""
        return Visibility(self._tabs.key())

    def set_mode(self, mode: Visibility) -> None:
        """Go to the reply or the note."""
        self._tabs.choose(mode.value)

    def text(self, mode: Visibility | None = None) -> str:
        """What is written, of the present mode when none is given."""
        return self._editors[mode or self.mode].toPlainText()

    def set_text(self, text: str, mode: Visibility | None = None) -> None:
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

    def set_hint(self, hint: str) -> None:
        """Say in the empty reply what it is for; empty: as usual."""
        self._editors[Visibility.PUBLIC].setPlaceholderText(hint or _HINT)
        self._count.setVisible(not hint)

    def set_saved(self, text: str) -> None:
        """Say how safe the draft is, as "Draft saved 3 s ago"."""
        self._saved.setText(text)

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
        """The frame; a note's is amber through and through, with a bar at the left."""
        theme, painter = self._look.theme, QPainter(self)
        note = self.mode is Visibility.INTERNAL
        shade = theme.tone(Tone.WARNING)
        painter.fillRect(self.rect(), shade.soft if note else theme.surface)
        painter.fillRect(0, 0, self.width(), 1, shade.border if note else theme.border)
        if note:
            bar: QColor = shade.text
            painter.fillRect(0, 0, self._look.px(4), self.height(), bar)

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
        self._count.setText(words.count(len(self.text().split()), "word"))

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
        mode = Visibility(key)
        note = mode is Visibility.INTERNAL
        self._stack.setCurrentWidget(self._editors[mode])
        self._strip.setVisible(note)
        self._files.setVisible(not note and bool(self._files.files()))
        self._attach.setVisible(not note)
        self._show_count()
        self.update()
        self.mode_changed.emit(mode)
