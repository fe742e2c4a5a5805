"""What was said in a call, typed beside its player, with stretches that are not released."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QTextCharFormat, QTextCursor, QTextFormat
from PySide6.QtWidgets import QTextEdit, QWidget

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look
from crm_desktop.domain.recordings import Stretches

_REDACTED = QTextFormat.Property.UserProperty.value + 1


class Transcript(QTextEdit):
    """`changed` follows typing and marking. Ctrl+D redacts the selection, or releases it again."""

    changed = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self.setAccessibleName("Transcript")
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.setPlaceholderText("Type what is said, a line a speaker.")
        self.textChanged.connect(self.changed)
        look.changed.connect(self._recolour)

    def show_text(self, text: str, redacted: Stretches) -> None:
        """Show a transcript with what of it is redacted."""
        self.blockSignals(True)
        self.setPlainText(text)
        for start, end in redacted:
            self._mark(_units(text[:start]), _units(text[:end]), redacted=True)
        self.blockSignals(False)

    def text(self) -> str:
        """What is typed."""
        return self.toPlainText()

    def redacted(self) -> Stretches:
        """The stretches that are not released, [from, to) in letters of `text`."""
        units = self.toPlainText().encode("utf-16-le")
        found: list[tuple[int, int]] = []
        block = self.document().begin()
        while block.isValid():
            at = block.begin()
            while not at.atEnd():
                part = at.fragment()
                if part.charFormat().boolProperty(_REDACTED):
                    ends = (part.position(), part.position() + part.length())
                    start, end = (len(units[: 2 * each].decode("utf-16-le")) for each in ends)
                    found.append((start, end))
                at += 1
            block = block.next()
        return tuple(found)

    @Slot()
    def toggle(self) -> None:
        """Redact what is selected, or take that back where all of it is redacted."""
        cursor = self.textCursor()
        if self.isReadOnly() or not cursor.hasSelection():
            return
        start, end = cursor.selectionStart(), cursor.selectionEnd()
        redacted = not self._is_redacted(start, end)
        self._mark(start, end, redacted=redacted)
        announce(self, "Redacted" if redacted else "Not redacted any more")
        self.changed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+D marks."""
        if event.key() == Qt.Key.Key_D and event.modifiers() == Qt.KeyboardModifier.ControlModifier:
            self.toggle()
            return
        super().keyPressEvent(event)

    def _is_redacted(self, start: int, end: int) -> bool:
        cursor = QTextCursor(self.document())
        for each in range(start + 1, end + 1):
            cursor.setPosition(each)
            if not cursor.charFormat().boolProperty(_REDACTED):
                return False
        return True

    def _mark(self, start: int, end: int, *, redacted: bool) -> None:
        cursor = QTextCursor(self.document())
        cursor.setPosition(start)
        cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
        cursor.setCharFormat(self._format(redacted=redacted))

    def _format(self, *, redacted: bool) -> QTextCharFormat:
        made = QTextCharFormat()
        made.setProperty(_REDACTED, redacted)
        if redacted:
            theme = self._look.theme
            made.setBackground(theme.text)
            made.setForeground(theme.surface)
            made.setFontStrikeOut(True)
        return made

    @Slot()
    def _recolour(self) -> None:
        self.show_text(self.text(), self.redacted())


def _units(text: str) -> int:
    """Qt counts in UTF-16."""
    return len(text.encode("utf-16-le")) // 2
