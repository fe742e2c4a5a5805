"""The window in which a customer's document is put together: its pages, and what it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QShowEvent,
)
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.accessibility import announce
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.layout import Settings
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.screens.documents.camera import CameraPane
from crm_desktop.desktop.screens.documents.page_list import PageList
from crm_desktop.desktop.screens.documents.pages import Page
from crm_desktop.desktop.screens.documents.presenter import Entered
from crm_desktop.desktop.screens.documents.scanner import FOLDER, ScannerPane
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.buttons import Button, Kind, PrimaryButton
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop.widgets.dialog_room import resize_within
from crm_desktop.desktop.widgets.flow import FlowLayout
from crm_desktop.desktop.widgets.rows import Row
from crm_desktop.desktop.widgets.states import EmptyState
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.documents import (
    KINDS,
    LONGEST_KIND,
    LONGEST_WORDS,
    Scan,
    Source,
    fits,
    too_many_pages,
)
from crm_desktop.domain.errors import CrmError, DatabaseTrouble, InvalidInput, TooLarge
from crm_desktop.domain.views import CaseView
from crm_desktop.services.documents import Added

if TYPE_CHECKING:
    from crm_desktop.desktop.screens.documents.presenter import DocumentPresenter

_NO_CASE = 0
_HINT, _SCANNER, _CAMERA = range(3)
_FILTER = "Documents (*.pdf *.jpg *.jpeg *.png *.tif *.tiff *.heic *.docx *.txt);;All files (*)"
_KEPT_HERE = (
    "Its pages are kept in this window and nowhere else: leave it open, and add the document when "
    "the database is back."
)
_PASTE_NOTHING = "There is no picture and no file to paste."


class AddDocumentDialog(QDialog):
    """Implements `DocumentView`. `done_with` carries what was added and what it is called."""

    done_with = Signal(object, str)

    def __init__(
        self,
        look: Look,
        settings: Settings,
        who: str,
        cases: Sequence[CaseView],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Add a document")
        self.setAcceptDrops(True)
        self._look, self._settings = look, settings
        self._presenter: DocumentPresenter | None = None
        self._number = 0
        self._wrong = Banner(look, Tone.DANGER, "circle-alert", wide=True)
        self._wrong.hide()
        self._build(who, cases)
        self._lay_out()
        self._fit()

    def bind(self, presenter: DocumentPresenter) -> None:
        """Give the dialog who answers it."""
        self._presenter = presenter

    # DocumentView

    def add_page(self, page: Page) -> None:
        """See `DocumentView`."""
        held = [len(each.file.content) for each in self.pages.pages()]
        if not fits(held, len(page.file.content)):
            self.show_trouble(too_many_pages())
            return
        self._wrong.hide()
        self.pages.add(page)
        announce(self, f"{page.file.name} added, {words.count(len(self.pages.pages()), 'page')}")

    def replace_page(self, before: Page, page: Page) -> None:
        """See `DocumentView`."""
        self.pages.replace(before, page)

    def show_scans(self, scans: tuple[Scan, ...], fresh: tuple[Scan, ...]) -> None:
        """See `DocumentView`."""
        if fresh and self.ways.currentIndex() != _SCANNER:
            self.ways.setCurrentIndex(_SCANNER)
        self.scanner.show_scans(scans, fresh)

    def show_small(self, scan: Scan, picture: QImage) -> None:
        """See `DocumentView`."""
        self.scanner.show_small(scan, picture)

    def folder_away(self, trouble: CrmError) -> None:
        """See `DocumentView`."""
        self.scanner.away(trouble)

    def show_trouble(self, trouble: CrmError) -> None:
        """See `DocumentView`."""
        self._say(*_told(trouble))

    def added(self, added: Added) -> None:
        """See `DocumentView`."""
        self.done_with.emit(added, self.kind.currentText().strip())
        self.accept()

    def not_added(self, trouble: CrmError) -> None:
        """See `DocumentView`."""
        self.go.setEnabled(True)
        self._say(*_told(trouble))

    # What a person does.

    def showEvent(self, event: QShowEvent) -> None:
        """The scanner's folder is looked into at once, where this computer knows one."""
        super().showEvent(event)
        if self._settings.get(FOLDER) and self._presenter is not None:
            self.ways.setCurrentIndex(_SCANNER)
            self.scanner.start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter adds the document, Ctrl+V pastes a page, and the keys that buttons name."""
        ctrl = event.modifiers() == Qt.KeyboardModifier.ControlModifier
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        if ctrl and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._save()
        elif ctrl and event.key() == Qt.Key.Key_V:
            self._paste()
        elif alt and event.key() in self._keys:
            self._keys[event.key()].click()
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files and pictures may be dropped anywhere."""
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """They are pages of the document."""
        if self._take_mime(event.mimeData(), Source.FILE):
            event.acceptProposedAction()

    def take_paths(self, paths: Sequence[str]) -> None:
        """Add these files."""
        if self._presenter is not None:
            self._presenter.take(tuple(paths), Source.FILE)

    def _build(self, who: str, cases: Sequence[CaseView]) -> None:
        look = self._look
        self.from_file = Button(look, "From files…", icon="upload", key="Alt+F")
        self.from_scanner = Button(look, "Scanner’s folder", icon="folder-open", key="Alt+S")
        self.from_camera = Button(look, "Camera", icon="image", key="Alt+C")
        self.paste = Button(look, "Paste", icon="copy", key="Ctrl+V")
        for button, slot in (
            (self.from_file, self._choose_files),
            (self.from_scanner, self._open_scanner),
            (self.from_camera, self._open_camera),
            (self.paste, self._paste),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self.pages = PageList(look)
        self.pages.changed.connect(self._fit)
        self.pages.turn_wanted.connect(self._turn)
        self.pages.currentRowChanged.connect(self._fit)
        self._tools = QWidget()
        self._left = Button(look, "Turn left", icon="undo-2", key="Alt+Left")
        self._right = Button(look, "Turn right", icon="redo-2", key="Alt+Right")
        self._remove = Button(look, "Remove", kind=Kind.QUIET, icon="trash-2", key="Del")
        for button, slot in (
            (self._left, self._turn_left),
            (self._right, self._turn_right),
            (self._remove, self.pages.remove_current),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(slot)
        self.ways = QStackedWidget()
        self.scanner = ScannerPane(look, self._settings)
        self.scanner.watched.connect(self._watch)
        self.scanner.wanted.connect(self._take_scan)
        self.camera = CameraPane(look)
        self.camera.taken.connect(self._photographed)
        self._keys: dict[int, QPushButton] = {
            Qt.Key.Key_F: self.from_file,
            Qt.Key.Key_S: self.from_scanner,
            Qt.Key.Key_C: self.from_camera,
            Qt.Key.Key_T: self.camera.shoot,
        }
        drop = EmptyState(
            look,
            "file-text",
            "Drop files here.",
            "Or choose above where the pages come from.",
        )
        for each in (drop, self.scanner, self.camera):
            self.ways.addWidget(each)
        self._build_form(cases)
        self._whose = Text(look, f"For {who}" if who else "", Role.SMALL, muted=True)
        self._sum = Text(look, "", Role.SMALL, muted=True)
        self._cancel = Button(look, "Cancel", key="Esc")
        self.go = PrimaryButton(look, "Add the document", key="Ctrl+Return")
        for button in (self._cancel, self.go):
            button.setAutoDefault(False)
        self._cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._save)

    def _build_form(self, cases: Sequence[CaseView]) -> None:
        look = self._look
        self.one_pdf = QCheckBox("One PDF of all pictures")
        self.one_pdf.setChecked(True)
        self.kind = QComboBox()
        self.kind.setEditable(True)
        self.kind.setAccessibleName("What it is")
        self.kind.addItems(KINDS)
        self.kind.setCurrentIndex(-1)
        field = self.kind.lineEdit()
        if field is not None:
            field.setMaxLength(LONGEST_KIND)
            field.setPlaceholderText("Proof of address, payslip …")
            field.setAccessibleName("What it is")
        self.words = QLineEdit()
        self.words.setMaxLength(LONGEST_WORDS)
        self.words.setAccessibleName("More about it")
        self.words.setPlaceholderText("Whose, of when, what it shows: not needed")
        self.case = ChoiceField(look, "Belongs to the case")
        self.case.set_rows(
            [
                *(Row(each.id, each.reference, right=each.service_name) for each in cases),
                Row(_NO_CASE, "No case, the contact alone"),
            ]
        )
        self.case.choose(cases[0].id if cases else _NO_CASE)
        self.case.setEnabled(bool(cases))

    def _lay_out(self) -> None:
        look, px = self._look, self._look.px
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(px(16), px(14), px(16), px(8))
        column.setSpacing(px(10))
        ways = QWidget()
        flow = FlowLayout(ways, px(8))
        for each in (self.from_file, self.from_scanner, self.from_camera, self.paste):
            flow.addWidget(each)
        column.addWidget(ways)
        body = QHBoxLayout()
        body.setSpacing(px(12))
        body.addLayout(self._pages_side(), 1)
        body.addWidget(self.ways, 1)
        column.addLayout(body, 1)
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(8))
        grid.setColumnStretch(1, 1)
        for line, (said, part) in enumerate(
            (("What it is", self.kind), ("More about it", self.words), ("Case", self.case))
        ):
            label = Text(look, said, Role.SMALL_STRONG, muted=True)
            label.setBuddy(part)
            grid.addWidget(label, line, 0)
            grid.addWidget(part, line, 1)
        column.addLayout(grid)
        self._frame(inner)

    def _pages_side(self) -> QVBoxLayout:
        side = QVBoxLayout()
        side.setSpacing(self._look.px(6))
        side.addWidget(self.pages, 1)
        flow = FlowLayout(self._tools, self._look.px(6))
        for each in (self._left, self._right, self._remove):
            flow.addWidget(each)
        side.addWidget(self._tools)
        side.addWidget(self.one_pdf)
        return side

    def _frame(self, inner: QWidget) -> None:
        px = self._look.px
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setAccessibleName(self.windowTitle())
        foot = QHBoxLayout()
        foot.setContentsMargins(px(16), 0, px(16), 0)
        foot.setSpacing(px(8))
        foot.addWidget(self._whose)
        foot.addWidget(self._sum, 1)
        foot.addWidget(self._cancel)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, px(12))
        column.addWidget(self._wrong)
        column.addWidget(area, 1)
        column.addLayout(foot)
        resize_within(self, self._look, px(860), px(640))

    def _say(self, happened: str, rest: str = "") -> None:
        self._wrong.set_text(happened, rest)
        self._wrong.show()
        announce(self, self._wrong.text())

    @Slot()
    def _fit(self) -> None:
        held, current = self.pages.pages(), self.pages.current()
        drawn = [each for each in held if each.is_picture]
        self.one_pdf.setVisible(len(drawn) > 1)
        for button in (self._left, self._right):
            button.setEnabled(current is not None and current.is_picture)
        self._remove.setEnabled(current is not None)
        self._tools.setVisible(bool(held))
        self.go.setEnabled(bool(held))
        size = sum(len(each.file.content) for each in held)
        many = words.count(len(held), "page or file", "pages and files")
        self._sum.setText(f"{many}, {words.size(size)}" if held else "")

    @Slot()
    def _choose_files(self) -> None:
        dialog = QFileDialog(self, "Files of the document", "", _FILTER)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self.take_paths)
        dialog.open()

    @Slot()
    def _open_scanner(self) -> None:
        self.ways.setCurrentIndex(_SCANNER)
        self.scanner.start()

    @Slot()
    def _open_camera(self) -> None:
        self.ways.setCurrentIndex(_CAMERA)
        self.camera.start()

    @Slot()
    def _paste(self) -> None:
        if not self._take_mime(QGuiApplication.clipboard().mimeData(), Source.CLIPBOARD):
            self._say(_PASTE_NOTHING)

    def _take_mime(self, mime: QMimeData, source: Source) -> bool:
        paths = tuple(url.toLocalFile() for url in mime.urls() if url.isLocalFile())
        if self._presenter is None or not (paths or mime.hasImage()):
            return False
        if paths:
            self._presenter.take(paths, source)
        else:
            self._presenter.draw(QImage(mime.imageData()), self._name("picture"), source)
        return True

    @Slot(str)
    def _watch(self, folder: str) -> None:
        if self._presenter is not None:
            self._presenter.watch(folder)

    @Slot(object)
    def _take_scan(self, scan: Scan) -> None:
        if self._presenter is not None:
            self._presenter.take((scan.path,), Source.SCANNER)

    @Slot(object)
    def _photographed(self, image: QImage) -> None:
        if self._presenter is not None:
            self._presenter.draw(image, self._name("page"), Source.CAMERA)

    def _name(self, what: str) -> str:
        self._number += 1
        return f"{what} {self._number}"

    @Slot()
    def _turn_left(self) -> None:
        self._turn(-90)

    @Slot()
    def _turn_right(self) -> None:
        self._turn(90)

    @Slot(int)
    def _turn(self, degrees: int) -> None:
        page = self.pages.current()
        if self._presenter is not None and page is not None and page.is_picture:
            self._presenter.turn(page, degrees)

    @Slot()
    def _save(self) -> None:
        if self._presenter is None or not self.pages.pages():
            self._say("There is no page yet.", "Choose above where the pages come from.")
            return
        kind = self.kind.currentText().strip()
        if not kind:
            self._say("What is it?", "Choose from the list, or write it in your own words.")
            self.kind.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        self.go.setEnabled(False)
        chosen = self.case.key()
        case_id = chosen if isinstance(chosen, int) and chosen != _NO_CASE else None
        drawn = [each for each in self.pages.pages() if each.is_picture]
        one = self.one_pdf.isChecked() and (
            len(drawn) > 1 or any(each.source is Source.CAMERA for each in drawn)
        )
        self._presenter.save(Entered(kind, self.words.text(), case_id, one), self.pages.pages())

    def done(self, result: int) -> None:
        """The camera and the scanner's folder are looked at no more."""
        self.camera.stop()
        if self._presenter is not None:
            self._presenter.watch("")
        super().done(result)


def _told(trouble: CrmError) -> tuple[str, str]:
    """What happened, and what is kept and to do; the pages are in the window and nowhere else."""
    if isinstance(trouble, DatabaseTrouble):
        return (
            f"{words_for(trouble).happened} The document is not added yet.",
            _KEPT_HERE,
        )
    if isinstance(trouble, TooLarge):
        said = words_for(trouble)
        return said.happened, "Nothing was added. Leave a page out, or scan it with less detail."
    if isinstance(trouble, InvalidInput) and trouble.params.get("fields"):
        fields = trouble.params["fields"]
        first = next(iter(fields.values())) if isinstance(fields, dict) else str(trouble)
        return str(first), "The pages are still here."
    said = words_for(trouble)
    return said.happened, said.rest()
