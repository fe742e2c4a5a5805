"""The small forms of telephones: how the PBX is reached, and who has which telephone."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QLineEdit, QWidget

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.entry_form import EntryForm
from crm_desktop.domain.telephones import Pbx, Phone

_NEVER_HERE = (
    "The password of that user is never entered here. On the gateway's computer it goes into the "
    "keyring: crm-desktop admin telephones pbx set"
)
_ANSWERS = {
    "header": "picks up their telephone",
    "phone": "does nothing, they pick it up",
}
_USUAL = Pbx("http://127.0.0.1:8088", "crm")


class PbxForm(EntryForm):
    """Where Asterisk is, and how it reaches telephones and the world."""

    def __init__(self, look: Look, known: Pbx | None, parent: QWidget) -> None:
        super().__init__(look, "The PBX", "Save", parent)
        shown = known or _USUAL
        self.let_scroll("The PBX", 460, 520)
        self._url = self._text("Address of Asterisk's ARI", shown.url)
        self._user = self._text("User in ari.conf", shown.user)
        self.add_hint(_NEVER_HERE)
        self._app = self._text("Application in the dialplan", shown.app)
        self._advisor = self._text("To ring somebody's telephone, dial", shown.advisor)
        self._outbound = self._text("To call a number outside, dial", shown.outbound)
        self.add_hint("{extension} and {number} stand for what is dialled.")
        self._notice = self._text("To say that a call is recorded, play", shown.recording_notice)
        self.add_hint("Record your own, in the council's words: sound:custom/recorded")
        self._answer = QComboBox()
        for way, words in _ANSWERS.items():
            self._answer.addItem(words, way)
        self._answer.setCurrentIndex(list(_ANSWERS).index(shown.answer_by))
        # Long words must not make the form wider than a small screen.
        self._answer.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._answer.setMinimumContentsLength(20)
        self.add_field("The desktop's Answer", self._answer)
        self.add_hint("The first needs telephones that can be told to pick up; most can.")
        self.fields.addStretch(1)
        self._url.setFocus()

    def pbx(self) -> Pbx:
        """What was entered."""
        return Pbx(
            self._url.text().strip(),
            self._user.text().strip(),
            self._app.text().strip(),
            self._outbound.text().strip(),
            self._advisor.text().strip(),
            str(self._answer.currentData()),
            self._notice.text().strip(),
        )

    def _text(self, words: str, value: str) -> QLineEdit:
        field = QLineEdit(value)
        self.add_field(words, field)
        return field


class PhoneForm(EntryForm):
    """Which telephone rings for somebody; nothing entered: none."""

    def __init__(self, look: Look, known: Phone, parent: QWidget) -> None:
        super().__init__(look, f"Telephone of {known.name}", "Save", parent)
        self._field = QLineEdit(known.extension or "")
        self._field.setPlaceholderText("101")
        self.add_field("Extension", self._field)
        self.add_hint(
            "The name of their telephone at the PBX. It holds from the next call on. "
            "Empty: no telephone rings for them, and they are offered no calls."
        )
        self._field.selectAll()
        self._field.setFocus()

    def extension(self) -> str | None:
        """What was entered."""
        return self._field.text().strip() or None
