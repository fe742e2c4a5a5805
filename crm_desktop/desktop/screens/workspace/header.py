"""The head of the workspace: whose contact this is, and the gestures that fit it."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.core.names import offered_words
from crm_desktop.desktop.core.theme import Tone
from crm_desktop.desktop.widgets.buttons import Button, IconButton, PrimaryButton
from crm_desktop.desktop.widgets.card import PanelHeader
from crm_desktop.desktop.widgets.pill import Pill
from crm_desktop.domain.states import Channel, ContactState
from crm_desktop.domain.views import ContactView

_MORE = (
    "contact.take", "contact.park", "contact.return", "contact.transfer", "-",
    "case.hand_off", "contact.wrap_up", "-", "contact.raise", "contact.why", "-",
    "contact.detach", "contact.spam",
)  # fmt: skip
_OF_CHATS = ("-", "chat.email", "chat.end", "chat.warned", "chat.block")
#: Below this width (at 100 %) only the one button that matters stays beside the menu.
_NARROW = 600
_OVER = (ContactState.COMPLETED, ContactState.SPAM, ContactState.ABANDONED)


class WorkspaceHeader(PanelHeader):
    """ "Margaret Okafor · email · C-8F3-T9K-4" and buttons; the rest stands in a menu."""

    def __init__(
        self, look: Look, registry: CommandRegistry, parent: QWidget | None = None
    ) -> None:
        super().__init__(look, "", parent=parent)
        self._registry = registry
        self._eye = Pill(look, "", Tone.INFO, "eye")
        self._eye.hide()
        self._take = PrimaryButton(look, "Take").follow(registry.action("contact.take"))
        self._park = Button(look, "Park", icon="pause").follow(registry.action("contact.park"))
        self._hand_off = Button(look, "Hand off", icon="forward")
        self._hand_off.follow(registry.action("case.hand_off"))
        self._wrap_up = PrimaryButton(look, "Wrap up").follow(registry.action("contact.wrap_up"))
        self._call = IconButton(look, "phone-outgoing", "Call somebody…")
        self._call.clicked.connect(registry.action("call.dial").trigger)
        registry.changed.connect(self._fit_call)
        self._more = IconButton(look, "more-horizontal", "More to do with this contact")
        self._more.clicked.connect(self._show_menu)
        self._chat = False
        self._mine = False
        self._free = False
        for each in (
            self._eye, self._take, self._park, self._hand_off, self._call, self._wrap_up, self._more
        ):  # fmt: skip
            self.add(each)

    def show_contact(self, contact: ContactView, channel: str, *, mine: bool) -> None:
        """Say whose it is, and offer what fits its state."""
        row = contact.row
        references = [case.reference for case in contact.cases]
        parts = [channel.lower(), *references[-1:]]
        self._chat = row.channel is Channel.CHAT
        offered = row.state is ContactState.OFFERED
        if offered:
            parts.append("offered to you" if mine else offered_words(row).lower())
        elif row.owner_name and not mine:
            parts.append(f"with {row.owner_name}")
        elif row.owner_id is None and row.state not in _OVER:
            parts.append("waits in the queue")
        if row.state in _OVER:
            parts.append(row.state.value)
        self.set_text(row.who, "· " + " · ".join(parts))
        self._mine = mine and not offered and row.state not in _OVER
        rings = offered and row.channel is Channel.CALL
        self._free = (row.owner_id is None or (mine and offered)) and row.state not in _OVER
        # The bar answers what rings, as the phone itself does.
        self._free = self._free and not rings
        self.show_looking(row.looking)
        self._arrange()

    def show_looking(self, names: tuple[str, ...]) -> None:
        """Say who else looks at it."""
        self._eye.setVisible(bool(names))
        self._eye.set_content(f"{', '.join(names)} looking", Tone.INFO)

    @Slot()
    def _fit_call(self) -> None:
        """Where there is no telephone there is no button for it."""
        if self._call.isEnabled() != self._registry.action("call.dial").isEnabled():
            self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Less room, fewer buttons."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        wide = self.width() >= self._look.px(_NARROW)
        # Each button that comes or goes would lay out the whole row at once.
        self._row.setEnabled(False)
        self._take.setVisible(self._free)
        self._park.setVisible(self._mine and wide)
        self._hand_off.setVisible(self._mine and wide)
        can = self._registry.action("call.dial").isEnabled()
        self._call.setEnabled(can)
        self._call.setVisible(self._mine and wide and can)
        self._wrap_up.setVisible(self._mine)
        self._row.setEnabled(True)

    @Slot()
    def _show_menu(self) -> None:
        shown = (*_MORE, *_OF_CHATS) if self._chat else _MORE
        menu = self._registry.menu("Contact", shown, self)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
