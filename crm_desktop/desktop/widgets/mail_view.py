"""Shows a message that came from outside: nothing is fetched, nothing is opened by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import partial
from html import unescape

from PySide6.QtCore import QByteArray, QPoint, QSize, Qt, QUrl, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QMouseEvent,
    QResizeEvent,
    QTextDocument,
    QTextOption,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QTextBrowser, QVBoxLayout, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.buttons import Button, Kind
from crm_desktop.desktop.widgets.safe_picture import picture_of
from crm_desktop.domain import dialling
from crm_desktop.domain.dialling import Number

#: Longer messages are cut, in characters and in lines: laying them out holds up the window
#: (measured: 200,000 line ends take 36 s, 50,000 letters without a space 0.6 s).
MOST_SHOWN = 40_000
MOST_LINES = 1_500
#: HTML with more or deeper tags is shown as plain text (30,000 nested tags took 180 s).
MOST_TAGS = 3_000
DEEPEST = 40
_LINKS = {"http", "https", "mailto", "tel"}
_QUOTE = re.compile(r"<blockquote\b", re.IGNORECASE)
_QUOTE_END = re.compile(r"</blockquote\s*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")
_EMPTY = re.compile(r"</?(?:br|hr|img|p|li|col|wbr)\b", re.IGNORECASE)
_BLOCK_END = re.compile(r"<(?:br\b|/p|/div|/tr|/li|/h[1-6])[^>]*>", re.IGNORECASE)
_CUT = "\n\n[The rest of this long message is not shown here.]"


class _Page(QTextBrowser):
    """A browser that has no way out: resources are the message's own pictures or nothing."""

    dial_wanted = Signal(str)

    def __init__(self, look: Look, parent: QWidget) -> None:
        super().__init__(parent)
        self._look = look
        self._images: Mapping[str, bytes] = {}
        # It is as high as its text; bars that come and go on the way lay it out each time.
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setProperty("bare", "true")
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.document().setDocumentMargin(2)

    def set_images(self, images: Mapping[str, bytes]) -> None:
        """The pictures that the message brought, by Content-ID."""
        self._images = images

    def loadResource(self, kind: int, url: QUrl | str) -> object:
        """A `cid:` picture of this message. Anything else is blank, and never nothing: for
        nothing Qt would go on and try the address as a file name.
        """
        address = QUrl(url) if isinstance(url, str) else url
        if kind != QTextDocument.ResourceType.ImageResource.value:
            return QByteArray()
        octets = self._images.get(address.path()) if address.scheme() == "cid" else None
        return picture_of(octets or b"")

    def number_at(self, at: QPoint) -> Number | None:
        """The telephone number that is written there."""
        cursor = self.cursorForPosition(at)
        return dialling.number_at(cursor.block().text(), cursor.positionInBlock())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """With Ctrl held a number is called."""
        held = event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if held and event.button() is Qt.MouseButton.LeftButton:
            number = self.number_at(event.position().toPoint())
            if number is not None:
                self.dial_wanted.emit(number.norm)
                return
        super().mouseReleaseEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """A number that is written there can be called."""
        number = self.number_at(event.pos())
        menu = self.createStandardContextMenu(event.pos())
        if number is not None:
            call = QAction(self._look.icon("phone"), f"Call {number.said}…", menu)
            call.triggered.connect(partial(self.dial_wanted.emit, number.norm))
            first = next(iter(menu.actions()), None)
            if first is None:
                menu.addAction(call)
            else:
                menu.insertAction(first, call)
                menu.insertSeparator(first)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Scroll what this page is in, not the page."""
        event.ignore()


class MailView(QWidget):
    """One message, as high as its text. Quoted text is folded away behind a button.

    HTML must have been sanitised already. `link_opened` carries the address (http, https,
    mailto, tel) of a link that a person chose; the address is shown before, on hovering.
    `dial_wanted` carries a number of the text, in E.164.
    """

    link_opened = Signal(str)
    dial_wanted = Signal(str)

    def __init__(self, look: Look, name: str = "Message", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._page = _Page(look, self)
        self._page.setAccessibleName(name)
        self._page.anchorClicked.connect(self._clicked)
        self._page.highlighted.connect(self._hovered)
        self._page.dial_wanted.connect(self.dial_wanted)
        self._page.document().documentLayout().documentSizeChanged.connect(self._fit)
        self._fold = Button(look, "Show quoted text", kind=Kind.QUIET, icon="more-horizontal")
        self._fold.clicked.connect(self.toggle_quoted)
        self._short, self._whole, self._html, self._open = "", "", False, False
        self._rendering = False
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._page)
        column.addWidget(self._fold)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        look.changed.connect(self._relook)

    def set_name(self, name: str) -> None:
        """Be another message to a screen reader."""
        self._page.setAccessibleName(name)

    def show_text(self, reply: str, whole: str = "") -> None:
        """Show plain text: `reply` without what it quotes, `whole` with it, where that differs."""
        self._show(reply, whole or reply, html=False)

    def show_html(self, html: str, images: Mapping[str, bytes] | None = None) -> None:
        """Show sanitised HTML with its own pictures (by Content-ID, without angle brackets)."""
        self._page.set_images(images or {})
        self._show(unquoted(html), html, html=True)

    def text(self) -> str:
        """What can be read now."""
        return self._page.toPlainText()

    @Slot()
    def toggle_quoted(self) -> None:
        """Unfold or fold what is quoted."""
        self._open = not self._open
        self._render()

    def sizeHint(self) -> QSize:
        """As high as the text at the present width."""
        height = self._page.height()
        if not self._fold.isHidden():
            height += self._fold.sizeHint().height()
        return QSize(self._look.px(320), height)

    def minimumSizeHint(self) -> QSize:
        """Any width, the whole height."""
        return QSize(self._look.px(80), self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Another width is another height."""
        super().resizeEvent(event)
        self._fit()

    def _show(self, short: str, whole: str, *, html: bool) -> None:
        self._short, self._whole, self._html, self._open = short, whole, html, False
        self._render()

    def _render(self) -> None:
        shown = self._whole if self._open else self._short
        # The document tells of every size on the way to the last.
        self._rendering = True
        if self._html and can_be_drawn(shown):
            link = self._look.theme.link.name()
            self._page.document().setDefaultStyleSheet(f"a {{ color: {link}; }}")
            self._page.setHtml(shown)
        else:
            self._page.setPlainText(bounded(bare(shown) if self._html else shown))
        self._rendering = False
        self._fold.setVisible(self._short.strip() != self._whole.strip())
        self._fold.setText("Hide quoted text" if self._open else "Show quoted text")
        self._fit()

    @Slot()
    def _fit(self) -> None:
        if self._rendering:
            return
        height = round(self._page.document().size().height()) + 2 * self._look.px(6)
        if height != self._page.height():
            self._page.setFixedHeight(height)
            self.updateGeometry()

    @Slot()
    def _relook(self) -> None:
        self._render()

    @Slot(QUrl)
    def _clicked(self, url: QUrl) -> None:
        if url.scheme().lower() in _LINKS:
            self.link_opened.emit(url.toString())

    @Slot(QUrl)
    def _hovered(self, url: QUrl) -> None:
        self._page.setToolTip(url.toString())


def bounded(text: str) -> str:
    """The text, cut where laying it out would take too long, and saying so."""
    lines = text[:MOST_SHOWN].split("\n", MOST_LINES)
    kept = "\n".join(lines[:MOST_LINES])
    return text if len(kept) == len(text) else kept + _CUT


def can_be_drawn(html: str) -> bool:
    """Whether Qt lays this HTML out in a moment: not too long, too many or too deep tags."""
    if len(html) > 5 * MOST_SHOWN or len(_TAG.sub("", html)) > MOST_SHOWN:
        return False
    depth = 0
    for tags, tag in enumerate(_TAG.finditer(html)):
        if not _EMPTY.match(tag[0]):
            depth = max(0, depth + (-1 if tag[0].startswith("</") else 1))
        if tags > MOST_TAGS or depth > DEEPEST:
            return False
    return True


def bare(html: str) -> str:
    """The words of an HTML message, a line for each block."""
    return unescape(_TAG.sub("", _BLOCK_END.sub("\n", html)))


def unquoted(html: str) -> str:
    """The HTML before its quotation, or all of it where answers stand between what is quoted."""
    first = _QUOTE.search(html)
    if first is None or not _TAG.sub("", html[: first.start()]).strip():
        return html
    ends = list(_QUOTE_END.finditer(html))
    after = html[ends[-1].end() :] if ends else ""
    return html if _TAG.sub("", after).replace("&nbsp;", "").strip() else html[: first.start()]
