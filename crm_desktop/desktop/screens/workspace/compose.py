"""Where the answer is written: to whom, the text, its files, and canned replies at hand."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.workspace.drafts import Content, Files
from crm_desktop.desktop.widgets.attachments import AttachedFile, pasted
from crm_desktop.desktop.widgets.buttons import IconButton, PrimaryButton
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.chooser import Chooser
from crm_desktop.desktop.widgets.composer import MAIL_PAPERS, Composer
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.shorthand import Code, Shorthand
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.states import Channel, Visibility
from crm_desktop.domain.views import ContactView, MessageView, NewAttachment, Reply, TemplateInfo


@dataclass(frozen=True, slots=True)
class Written:
    """What stands in the composer: `reply` for the customer, `note` for colleagues."""

    reply: Reply
    note: str


_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
#: Begins what is said while the database is away.
_SPOKEN = (Channel.CALL, Channel.VISIT)
_NOT_NOW = "Not sent yet; your text is kept."


class ComposePane(Surface):
    """Signals: `send_asked` (the mode says what), `edited` a Visibility, `left` when the text
    loses the focus, `template_asked` an id, `knowledge_asked`, `files_chosen` paths.
    """

    send_asked = Signal()
    edited = Signal(object)
    left = Signal()
    template_asked = Signal(object)
    knowledge_asked = Signal()
    files_chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent=parent)
        self._bounced: frozenset[str] = frozenset()
        self._files: tuple[NewAttachment, ...] = ()
        self._low = False
        self._templates: tuple[TemplateInfo, ...] = ()
        self._to, self._cc = QLineEdit(), QLineEdit()
        self._warning = Text(look, "", Role.SMALL, tone=Tone.WARNING, wrap=True)
        self._warning.hide()
        self._why_not = self._closed = ""
        self._chat = False
        self._template_id: int | None = None
        self.composer = Composer(look, MAIL_PAPERS, "Reply or internal note")
        self._send = PrimaryButton(look, "Send", key="Ctrl+Return")
        self._send.clicked.connect(self._ask_send)
        self.composer.add_action(self._send)
        template = IconButton(look, "file-text", "Insert a canned reply (F3)")
        template.clicked.connect(self.choose_template)
        knowledge = IconButton(look, "lightbulb", "Suggested answers (F2)")
        knowledge.clicked.connect(self.knowledge_asked)
        self.composer.add_tool(knowledge)
        self.composer.add_tool(template)
        self._address_row = self._build_addresses()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._address_row)
        column.addWidget(self._warning)
        column.addWidget(self.composer, 1)
        self._connect()
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._focus_moved)

    def written(self) -> Written:
        """What stands here now."""
        copies = tuple(part.strip() for part in self._cc.text().split(",") if part.strip())
        reply = Reply(
            text=self.composer.text(Visibility.PUBLIC),
            to=self._to.text().strip(),
            cc=copies,
            attachments=self._files,
            template_id=self._template_id,
        )
        return Written(reply, self.composer.text(Visibility.INTERNAL))

    def begin(self, contact: ContactView) -> None:
        """Empty everything for another contact."""
        known = contact.customer.identifiers if contact.customer else ()
        self._bounced = frozenset(each.value.lower() for each in known if each.flag)
        self._template_id = None
        self._to.setText(contact.reply_to)
        self._cc.clear()
        self.composer.set_text("", Visibility.PUBLIC)
        self.composer.set_text("", Visibility.INTERNAL)
        self.composer.set_saved("")
        # Who is on the telephone or at the desk is answered there; what is written is for
        # colleagues.
        spoken = contact.row.channel in _SPOKEN and not contact.reply_to
        self.composer.set_mode(Visibility.INTERNAL if spoken else Visibility.PUBLIC)
        self.set_files(())
        self._fit()

    def restore(self, mode: Visibility, content: dict[str, object]) -> None:
        """Put a draft back."""
        self.composer.set_text(str(content.get("text", "")), mode)
        if mode is Visibility.PUBLIC:
            if content.get("to"):
                self._to.setText(str(content["to"]))
            self._cc.setText(str(content.get("cc", "")))
        self.composer.set_mode(mode)

    @property
    def editor(self) -> QPlainTextEdit:
        """The text that is being written."""
        return self.composer.editor

    def focus(self, mode: Visibility) -> None:
        """Put the keyboard into the reply or the note."""
        self.composer.set_mode(mode)
        self.editor.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def insert(self, text: str, missing: tuple[str, ...] = ()) -> None:
        """Put text where the cursor is; what is missing must be filled by hand."""
        self.composer.insert(text)
        self.show_missing(missing)

    def draft(self, mode: Visibility) -> dict[str, object]:
        """What a draft keeps of the mode; files are not kept."""
        if mode is Visibility.INTERNAL:
            return {"text": self.composer.text(mode)}
        return {
            "text": self.composer.text(mode),
            "to": self._to.text(),
            "cc": self._cc.text(),
        }

    def content_of(self, message: MessageView) -> Content:
        """A reply that was written already, as a draft of it."""
        return {
            "text": message.text,
            "to": ", ".join(address for _, address in message.to),
            "cc": ", ".join(address for _, address in message.cc),
        }

    def clear(self, mode: Visibility) -> None:
        """It was sent or kept."""
        self.composer.set_text("", mode)
        if mode is Visibility.PUBLIC:
            self._template_id = None
            self.set_files(())

    def set_chat(self, who: str, closed: str = "") -> None:
        """Lines of a chat with somebody are written: Enter sends, no address is asked. `closed`:
        why none can be sent now. An empty `who`: mails are written.
        """
        self._chat, self._closed = bool(who), closed
        self.composer.set_hint(
            Visibility.PUBLIC,
            f"Write to {who}. Enter sends; type / for a canned reply" if who else "",
        )
        self._send.set_key("Return" if who else "Ctrl+Return")
        self._shorthand.set_on(self._chat)
        self._can_send()
        self._fit()

    @property
    def is_chat(self) -> bool:
        """Whether what is written goes into a chat."""
        return self._chat

    def used_template(self, template_id: int) -> None:
        """A canned reply stands in what is written."""
        self._template_id = template_id

    def quote(self, text: str) -> None:
        """Put this below what is written, and the cursor above it."""
        written = self.composer.text(Visibility.PUBLIC).rstrip()
        self.composer.set_text(f"{written}\n\n{text}", Visibility.PUBLIC)
        cursor = self.composer.editor.textCursor()
        cursor.setPosition(len(written))
        self.composer.editor.setTextCursor(cursor)

    def set_to(self, to: str) -> None:
        """Write to this address."""
        self._to.setText(to)

    def set_low(self, low: bool) -> None:
        """Where there is little height, an empty composer that nobody writes in is one line."""
        self._low = low
        self._fit()

    def set_away(self, why: str) -> None:
        """What is written cannot be sent now, and why; empty: it can."""
        self._why_not = why
        self._can_send()
        if self._warning.text().startswith(_NOT_NOW):
            self._warn("")

    def set_files(self, files: Files) -> None:
        """Show what goes with the reply."""
        self._files = tuple(each for each in files if isinstance(each, NewAttachment))
        self.composer.set_files(
            [
                AttachedFile(place, each.name, each.content_type, len(each.content))
                for place, each in enumerate(self._files)
            ]
        )

    def add_file(self, file: NewAttachment) -> None:
        """One more file goes with the reply."""
        self.set_files((*self._files, file))

    def set_templates(self, templates: tuple[TemplateInfo, ...]) -> None:
        """What F3 offers, and the codes in a chat."""
        self._templates = templates
        self._shorthand.set_codes(
            [
                Code(each.id, each.shortcut, each.title, each.body)
                for each in templates
                if each.shortcut
            ]
        )

    def show_missing(self, missing: tuple[str, ...]) -> None:
        """Say what must still be filled by hand, and go there."""
        said = f"Still to fill: {', '.join(missing)}." if missing else ""
        self._warn(said)
        if missing:
            self.composer.go_to_unfilled()
            announce(self, said)

    @Slot()
    def choose_template(self) -> None:
        """Offer the canned replies by name, where this pane is or would be."""
        rows = [
            Row(each.id, each.title, each.body.split("\n", 1)[0], right=each.shortcut)
            for each in self._templates
        ]
        chooser = Chooser(self._look, "Canned replies", rows, self)
        chooser.chosen.connect(self.template_asked)
        chooser.open_at(self.mapToGlobal(QPoint(self._look.px(12), -chooser.height())))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Enter sends, "/" in an empty text offers canned replies, leaving keeps the draft."""
        if event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            ctrl = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            line = self._chat and self.composer.mode is Visibility.PUBLIC
            if (ctrl or (line and not shift)) and event.key() in _ENTER:
                self._ask_send()
                return True
            empty = not line and not self.composer.text()
            empty = empty and self.composer.mode is Visibility.PUBLIC
            if event.text() == "/" and empty and watched is self.composer.editor:
                self.choose_template()
                return True
        return super().eventFilter(watched, event)

    def _build_addresses(self) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        for label, field in (("To", self._to), ("Cc", self._cc)):
            words = Text(self._look, label, Role.SMALL_STRONG, muted=True)
            words.setBuddy(field)
            field.setAccessibleName(label if label == "To" else "Copy to, addresses with commas")
            line.addWidget(words)
            line.addWidget(field, 2 if label == "To" else 1)
        line.setContentsMargins(*(self._look.px(each) for each in (12, 8, 12, 6)))
        line.setSpacing(self._look.px(8))
        return row

    def _connect(self) -> None:
        self.composer.edited.connect(self._edited)
        self.composer.mode_changed.connect(self._mode_changed)
        self.composer.attach_asked.connect(self._choose_files)
        self.composer.files_offered.connect(self.files_chosen)
        self.composer.picture_offered.connect(self._add_picture)
        self.composer.file_removed.connect(self._remove_file)
        for field in (self._to, self._cc):
            field.textEdited.connect(self._address_edited)
            field.textChanged.connect(self._check_address)
        for mode in Visibility:
            self.composer.set_mode(mode)
            self.composer.editor.installEventFilter(self)
        self.composer.set_mode(Visibility.PUBLIC)
        # After the pane's own filter, and so asked before it: a list that is open has the keys.
        self._shorthand = Shorthand(self._look, self.composer.editor)
        self._shorthand.chosen.connect(self.template_asked)

    @Slot(QWidget, QWidget)
    def _focus_moved(self, _old: QWidget | None, _now: QWidget | None) -> None:
        if self._low:
            self._fit()

    def _fit(self) -> None:
        held = QApplication.focusWidget()
        inside = held is not None and self.isAncestorOf(held)
        text = any(self.composer.text(each) for each in Visibility)
        whole = not self._low or inside or text or bool(self._files)
        mail = not self._chat and self.composer.mode is Visibility.PUBLIC
        self._address_row.setVisible(whole and mail)
        self.composer.set_brief(not whole)
        reply = self.composer.mode is Visibility.PUBLIC
        self.composer.set_tabs_shown(not (self._low and self._chat and reply))

    def _can_send(self) -> None:
        """Notes are kept whether or not the visitor is there."""
        why = self._why_not or (self._closed if self.composer.mode is Visibility.PUBLIC else "")
        self._send.setEnabled(not why)
        self._send.setToolTip(why)

    def _warn(self, text: str) -> None:
        self._warning.setContentsMargins(self._look.px(12), 0, self._look.px(12), 0)
        self._warning.setText(text)
        self._warning.setVisible(bool(text))

    @Slot(object)
    def _edited(self, mode: Visibility) -> None:
        if self._warning.text().startswith("Still to fill"):
            self._warn("")
        self.edited.emit(mode)

    @Slot()
    def _address_edited(self) -> None:
        self.edited.emit(Visibility.PUBLIC)

    @Slot()
    def _check_address(self) -> None:
        if self._to.text().strip().lower() in self._bounced:
            self._warn("Mail to this address came back before. Check it with the customer.")
        else:
            self._warn("")

    @Slot(object)
    def _mode_changed(self, mode: Visibility) -> None:
        reply = mode is Visibility.PUBLIC
        self._fit()
        self._can_send()
        self._send.setText("Send" if reply else "Keep note")
        self._send.updateGeometry()

    @Slot()
    def _ask_send(self) -> None:
        written = self.written()
        reply = self.composer.mode is Visibility.PUBLIC
        if self._why_not:
            self._warn(f"{_NOT_NOW} {self._why_not}")
            announce(self, self._why_not)
            return
        if reply and self._chat and self._closed:
            self._warn(f"{_NOT_NOW} {self._closed}")
            announce(self, self._closed)
        elif not (written.reply.text if reply else written.note).strip() and not (
            self._chat and reply and self._files
        ):
            self._warn("There is nothing to send yet.")
        elif reply and not self._chat and "@" not in written.reply.to:
            self._warn("Enter the address that the reply should go to.")
            self._to.setFocus()
        elif reply and self.composer.unfilled():
            self.show_missing(tuple(self.composer.unfilled()))
        else:
            self._warn("")
            self.send_asked.emit()

    @Slot()
    def _choose_files(self) -> None:
        dialog = QFileDialog(self, "Attach files")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._files_selected)
        dialog.open()

    @Slot(list)
    def _files_selected(self, paths: list[str]) -> None:
        self.files_chosen.emit(tuple(paths))

    @Slot(object)
    def _add_picture(self, picture: QImage) -> None:
        """A picture was pasted, as of a screen: it goes as a file."""
        file = pasted(picture, {each.name for each in self._files})
        if file is not None:
            self.add_file(file)
            announce(self, "The picture is attached")

    @Slot(object)
    def _remove_file(self, place: int) -> None:
        self.set_files(tuple(each for at, each in enumerate(self._files) if at != place))
