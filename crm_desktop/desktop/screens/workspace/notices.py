"""What must be seen before anything is written: needs, danger, doubts, unsent texts of others."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_desktop.desktop.core import words
from crm_desktop.desktop.core.errors import words_for
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import logged_words, raised_words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.banner import Banner
from crm_desktop.desktop.widgets.tips import plain_tip
from crm_desktop.domain.errors import CrmError
from crm_desktop.domain.views import ContactView, CustomerView, DraftView


class Notices(QWidget):
    """Banners over the tabs' pages. Signals: `checked`, `draft_wanted` a DraftView,
    `both_wanted` my text and what happened meanwhile, `drafts_wanted` my two drafts.
    """

    checked = Signal()
    draft_wanted = Signal(object)
    both_wanted = Signal()
    drafts_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._draft: DraftView | None = None
        self._away = Banner(look, Tone.WARNING, "wifi-off")
        self._marker = Banner(look, Tone.DANGER, "shield-alert")
        self._adjustments = Banner(look, Tone.WARNING, "ear")
        self._logged = Banner(look, Tone.INFO, "clipboard-check")
        self._raised = Banner(look, Tone.INFO, "arrow-up")
        self._check = Banner(look, Tone.WARNING, "alert-triangle")
        self._check.add_action("I have checked it").clicked.connect(self.checked)
        self._meanwhile = Banner(look, Tone.WARNING, "users")
        self._meanwhile.add_action("Show both").clicked.connect(self.both_wanted)
        self._twice = Banner(look, Tone.WARNING, "copy")
        self._twice.add_action("Show both").clicked.connect(self.drafts_wanted)
        self._unsent = Banner(look, Tone.INFO, "pencil")
        self._unsent.add_action("Use this text").clicked.connect(self._use)
        self._column = QVBoxLayout(self)
        self._brief = False
        self._details: dict[Banner, tuple[str, str]] = {}
        for each in self._banners():
            self._column.addWidget(each)
            each.hide()
        look.changed.connect(self._space)
        self._space()

    def show_contact(self, contact: ContactView, *, me: int) -> None:
        """Show what concerns this contact."""
        self._show_customer(contact.customer)
        logged = logged_words(contact.row).capitalize()
        self._logged.setVisible(bool(logged))
        self._logged.set_text(f"{logged}." if logged else "")
        raised = raised_words(contact.row)
        self._raised.setVisible(bool(raised))
        self._raised.set_text(raised)
        self._check.setVisible(contact.row.needs_checking)
        if contact.row.needs_checking:
            self._check.set_text(
                "Check this before you answer.",
                contact.check_reason or "Something about this contact is not certain.",
            )
        others = [each for each in contact.drafts if each.author_id != me]
        self._draft = others[-1] if others else None
        self._unsent.setVisible(self._draft is not None)
        if self._draft is not None:
            said = str(self._draft.content.get("text", ""))
            self._unsent.set_text(f"Unsent draft by {self._draft.author}", said[:200])
        self._fit()

    def set_brief(self, brief: bool) -> None:
        """Where there is little height only the main sentences are shown."""
        if brief != self._brief:
            self._brief = brief
            for banner in (self._marker, self._adjustments):
                self._say(banner, *self._details.get(banner, ("", "")))

    def show_meanwhile(self, said: str) -> None:
        """Say what a colleague did while this person wrote; empty: nothing."""
        self._meanwhile.setVisible(bool(said))
        self._meanwhile.set_text(said, "Your text is kept and has not been sent." if said else "")
        self._fit()

    def show_two_drafts(self, shown: bool) -> None:
        """Say that this person wrote two drafts, here and on another computer."""
        self._twice.setVisible(shown)
        self._twice.set_text(
            "You have two different drafts here." if shown else "",
            "One is from this computer and one from another. Both are kept until you choose."
            if shown
            else "",
        )
        self._fit()

    def show_trouble(self, said: str, detail: str = "") -> None:
        """Say why what is shown may be old; empty: it is fresh."""
        self._away.setVisible(bool(said))
        self._away.set_text(said, detail)
        self._fit()

    def tell(self, trouble: CrmError) -> None:
        """Say what did not work, in the words for it."""
        told = words_for(trouble)
        self.show_trouble(told.happened, told.rest())

    def _show_customer(self, customer: CustomerView | None) -> None:
        markers = customer.markers if customer else ()
        self._marker.setVisible(bool(markers))
        if markers:
            self._say(
                self._marker,
                "Safety marker: " + "; ".join(each.words for each in markers),
                "Follow the procedure for visits and calls. Never tell the customer by message.",
            )
        needs = customer.adjustments if customer else ()
        self._adjustments.setVisible(bool(needs))
        if needs:
            last = needs[-1]
            review = f", review due {last.review_on:%d %b %Y}" if last.review_on else ""
            self._say(
                self._adjustments,
                "Reasonable adjustments: " + "; ".join(each.words for each in needs),
                f"Recorded {words.date(last.recorded_at)}{review}.",
            )

    def _say(self, banner: Banner, text: str, detail: str) -> None:
        self._details[banner] = (text, detail)
        banner.set_text(text, "" if self._brief else detail)
        banner.setToolTip(plain_tip(detail))

    def _banners(self) -> tuple[Banner, ...]:
        urgent = (self._away, self._marker, self._adjustments)
        doubts = (self._check, self._meanwhile, self._twice, self._unsent)
        return (*urgent, self._raised, self._logged, *doubts)

    def _fit(self) -> None:
        self.setVisible(any(not each.isHidden() for each in self._banners()))

    @Slot()
    def _use(self) -> None:
        if self._draft is not None:
            self.draft_wanted.emit(self._draft)
            self._unsent.hide()
            self._fit()

    @Slot()
    def _space(self) -> None:
        px = self._look.px
        self._column.setContentsMargins(px(14), px(10), px(14), px(6))
        self._column.setSpacing(px(6))
