"""Suggested answers: found from the contact's own words or by typing, read, and put to use."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, Qt, Signal, Slot
from PySide6.QtGui import (
    QPainter,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSplitter,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look, Role
from crm_desktop.desktop.widgets.buttons import Button, PrimaryButton
from crm_desktop.desktop.widgets.card import Surface
from crm_desktop.desktop.widgets.mail_view import MailView
from crm_desktop.desktop.widgets.painting import paint_text, text_height, text_width
from crm_desktop.desktop.widgets.row_list import RowDelegate, RowList
from crm_desktop.desktop.widgets.rows import ROW_ROLE, Row
from crm_desktop.desktop.widgets.search_field import SearchField
from crm_desktop.desktop.widgets.text import Text
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ArticleHit, ArticleView

_Index = QModelIndex | QPersistentModelIndex
#: Widths at 100 %: about 75 characters, what surrounds a page of text, and a list of titles.
_READABLE, _PAGE_EDGE, _LIST = 600, 16, 380
_START, _END = "\x02", "\x03"


class Searching(Protocol):
    """Who answers the panel."""

    def search(self, text: str) -> None:
        """Find articles as a person types; an empty text asks for suggestions."""

    def read(self, article_id: int) -> None:
        """Bring a whole article."""


class _HitDelegate(RowDelegate):
    """A row whose detail has found words marked by \\x02 and \\x03: they are drawn strong."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Draw ground and title, then the excerpt piece by piece."""
        row = index.data(ROW_ROLE)
        if not isinstance(row, Row) or _START not in row.detail:
            super().paint(painter, option, index)
            return
        look, rect = self._look, QRect(option.rect)
        painter.save()
        self._paint_ground(painter, rect, option.state)
        inner = rect.adjusted(look.px(12), look.px(6), -look.px(12), -look.px(7))
        strong, small = look.font(Role.STRONG), look.font(Role.SMALL)
        title = QRect(inner)
        title.setHeight(text_height(strong))
        paint_text(painter, title, row.title, strong, look.theme.link)
        inner.setTop(title.bottom() + look.px(1))
        for at, piece in enumerate(_pieces(row.detail)):
            font = look.font(Role.SMALL_STRONG) if at % 2 else small
            ink = look.theme.text if at % 2 else look.theme.muted
            paint_text(painter, inner, piece, font, ink)
            inner.setLeft(inner.left() + text_width(font, piece))
        painter.restore()


class KnowledgePanel(Surface):
    """Search, list and article, under each other or `beside`; `inserts`: there is a reply to fill.

    Signals: `insert_text` and `insert_link` an ArticleView,
    `counted` how many suggestions there are.
    """

    insert_text = Signal(object)
    insert_link = Signal(object)
    counted = Signal(int)

    def __init__(
        self,
        look: Look,
        *,
        beside: bool = False,
        inserts: bool = True,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, parent=parent)
        self._beside = beside
        self._knowledge: Searching | None = None
        self._article: ArticleView | None = None
        self._kept = ""
        self.field = SearchField(look, "Search knowledge", key="F2" if inserts else "")
        self._heading = Text(look, "Suggested answers", Role.SMALL_STRONG, muted=True)
        self._list = RowList(look, "Suggested answers")
        self._list.setItemDelegate(_HitDelegate(look, self._list))
        self._title = Text(look, "", Role.HEADING, wrap=True)
        self._facts = Text(look, "", Role.SMALL, muted=True, wrap=True)
        self._body = MailView(look, "Article")
        self._insert = PrimaryButton(look, "Insert text", key="Ctrl+I")
        self._link = Button(look, "Insert link", icon="link")
        self._connect()
        self._lay_out()
        self._insert.setVisible(inserts)
        self._link.setVisible(inserts)
        self._show_article(None)

    def bind(self, knowledge: Searching) -> None:
        """Give the panel who answers it."""
        self._knowledge = knowledge

    def set_can_insert(self, can: bool) -> None:
        """Whether there is a text to insert into."""
        self._insert.setEnabled(can)
        self._link.setEnabled(can)

    def focus(self) -> None:
        """Put the keyboard into the search field."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def show_hits(self, hits: tuple[ArticleHit, ...], *, suggested: bool) -> None:
        """Show what fits; `suggested`: from the contact's own words, not from a search."""
        if suggested:
            # What was looked for beside another contact is not what is shown now.
            self.field.forget()
        found = "Suggested from the customer's words" if suggested else "Found"
        if not self.field.text().strip() and not suggested:
            found = "All articles"
        nothing = "Nothing suggested yet. Type to search." if suggested else "Nothing found."
        said = found if hits else nothing.rstrip(".") if self._kept else nothing
        self._heading.setText(f"{said}{self._kept}")
        self._list.set_rows(
            [
                Row(
                    each.id,
                    each.title,
                    each.excerpt or each.summary,
                    spoken=f"{each.title}, {_plain(each.excerpt or each.summary)}",
                )
                for each in hits
            ]
        )
        if suggested:
            self.counted.emit(len(hits))
        if self._article is not None and self._article.id not in {each.id for each in hits}:
            self._show_article(None)

    def show_kept(self, at: datetime | None) -> None:
        """Say of what is shown next that it is this computer's copy of then."""
        self._kept = f" · kept copy from {_moment(at)}" if at else ""

    def show_article(self, article: ArticleView) -> None:
        """Show one article to read."""
        self._show_article(article)

    def show_knowledge_trouble(self, trouble: CrmError) -> None:
        """Say why nothing was found."""
        self._heading.setText(words_for(trouble).happened)

    def _connect(self) -> None:
        self.field.asked.connect(self._search)
        self.field.moved.connect(self._list.step)
        self.field.returnPressed.connect(self._insert.click)
        self._list.current.connect(self._read)
        self._list.opened.connect(self._read)
        self._insert.clicked.connect(self._insert_text)
        self._insert.setShortcut("Ctrl+I")
        self._link.clicked.connect(self._insert_link)

    def _lay_out(self) -> None:
        px = self._look.px
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(px(12), px(12), px(12), px(8))
        top.setSpacing(px(8))
        top.addWidget(self.field)
        top.addWidget(self._heading)
        column.addLayout(top)
        self._reader = Surface(self._look)
        reader = QVBoxLayout(self._reader)
        reader.setContentsMargins(0, 0, 0, 0)
        page, area = Surface(self._look), QScrollArea()
        self._text_column = QWidget()
        inner = QVBoxLayout(self._text_column)
        for head in (self._title, self._facts):
            # In line with the text, which keeps a margin of its own.
            head.setContentsMargins(px(6), 0, 0, 0)
        for each in (self._title, self._facts, self._body):
            inner.addWidget(each)
        inner.addStretch(1)
        across = QHBoxLayout(page)
        edge = px(_PAGE_EDGE) if self._beside else 0
        across.setContentsMargins(edge, edge, edge, 0)
        across.addWidget(self._text_column, 1)
        if self._beside:
            across.addStretch(0)
            across.setAlignment(Qt.AlignmentFlag.AlignLeft)
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName("Article")
        reader.addWidget(area, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(px(12), px(4), px(12), px(10))
        buttons.addWidget(self._insert)
        buttons.addWidget(self._link)
        buttons.addStretch(1)
        reader.addLayout(buttons)
        split = QSplitter(Qt.Orientation.Horizontal if self._beside else Qt.Orientation.Vertical)
        split.setObjectName("articles" if self._beside else "knowledge")
        split.addWidget(self._list)
        split.addWidget(self._reader)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        if self._beside:
            split.setSizes([px(_LIST), px(900)])
            self._look.changed.connect(self._space)
            self._space()
        column.addWidget(split, 1)

    def _show_article(self, article: ArticleView | None) -> None:
        self._article = article
        self._reader.setVisible(article is not None)
        if article is None:
            return
        self._title.setText(article.title)
        review = f"review due {article.review_on:%d %b %Y}" if article.review_on else ""
        facts = (article.service_name, review, self._kept.removeprefix(" · "))
        self._facts.setText(" · ".join(part for part in facts if part))
        self._body.show_html(html_of(article.body))

    @Slot()
    def _space(self) -> None:
        """Lines stay as long as can be read, whatever the size of the text."""
        self._list.setMinimumWidth(self._look.px(220))
        self._text_column.setMaximumWidth(self._look.px(_READABLE))

    @Slot(str)
    def _search(self, text: str) -> None:
        if self._knowledge:
            self._knowledge.search(text)

    @Slot(object)
    def _read(self, article_id: int) -> None:
        if self._knowledge:
            self._knowledge.read(article_id)

    @Slot()
    def _insert_text(self) -> None:
        if self._article is not None:
            self.insert_text.emit(self._article)

    @Slot()
    def _insert_link(self) -> None:
        if self._article is not None:
            self.insert_link.emit(self._article)


def _moment(at: datetime) -> str:
    """As "10:42"; of an earlier day with its date."""
    today = words.date(at) == words.date(datetime.now(UTC))
    return words.clock_time(at) if today else words.full(at)


def html_of(markdown: str) -> str:
    """An article's Markdown as HTML without anything that could be fetched or run."""
    document = QTextDocument()
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    for block in _blocks(document):
        if block.blockFormat().headingLevel():
            # A panel beside a contact is no page: its headings are bold, not large.
            heading = QTextCharFormat()
            heading.setProperty(QTextFormat.Property.FontSizeAdjustment, 0)
            cursor = QTextCursor(block)
            cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
            cursor.mergeCharFormat(heading)
    return document.toHtml()


def text_of(markdown: str) -> str:
    """An article's Markdown as it is put into a reply: paragraphs apart, bullets as dashes."""
    document = QTextDocument()
    document.setMarkdown(markdown, QTextDocument.MarkdownFeature.MarkdownNoHTML)
    said, in_list = "", False
    for block in _blocks(document):
        item = block.textList() is not None
        said += ("\n" if item and in_list else "\n\n") + ("- " if item else "") + block.text()
        in_list = item
    return said.strip()


def _blocks(document: QTextDocument) -> Iterator[QTextBlock]:
    block = document.begin()
    while block.isValid():
        yield block
        block = block.next()


def _pieces(marked: str) -> list[str]:
    """Plain and found text in turns, plain first."""
    return marked.replace(_END, _START).split(_START)


def _plain(marked: str) -> str:
    return marked.replace(_START, "").replace(_END, "")
