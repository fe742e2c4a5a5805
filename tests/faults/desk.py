"""A desktop with its real window, in a process of its own: `python -m tests.faults.desk ORDERS`.

Takes what comes next, types, sends or leaves the draft behind, and wraps up, for as long as
standard input is open; after the line "finish" no draft is left behind any more. What was typed and
what the window confirmed goes to standard output, as a ledger.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import traceback
from pathlib import Path
from random import Random
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.widgets.chooser import ChoiceField
from crm_desktop.desktop_root import CONNECTIONS, Desktop, build_window
from crm_desktop.domain.errors import CrmError, DatabaseTrouble
from crm_desktop.domain.states import ContactState, Visibility
from crm_desktop.domain.views import ContactView, QueueFilter
from crm_desktop.services import Database, Target
from crm_desktop.services.replies import Sent
from crm_desktop.services.session import sign_in
from crm_desktop.this_computer.opening import kept_for
from crm_desktop.workstation.paths import bundled
from crm_desktop.workstation.sealed import sealed_with
from tests.faults.hand import listen
from tests.faults.ledger import Ledger
from tests.faults.tokens import tokens

_EVERY_MS = 20
_PATIENCE = 4.0
_UNDO_SECONDS = 0.2


class Advisor(QObject):
    """Does what a person would, a step at a time, as soon as the window lets them."""

    def __init__(self, desktop: Desktop, orders: dict[str, Any]) -> None:
        super().__init__()
        self._desktop, self._window = desktop, desktop.window
        self._workplace = desktop.window.workplace
        self._me, self._login = desktop.desk.person.id, orders["login"]
        self._service: int = orders["service"]
        self._ledger = Ledger()
        self._rng = Random(orders["seed"])
        self.over, self.finishing = threading.Event(), threading.Event()
        self._asked_at = self._send_at = 0.0
        self._sending = ""
        desktop.desk.runner.wrote.connect(self._wrote)
        desktop.desk.runner.bug.connect(_tell_bug)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    @Slot()
    def _turn(self) -> None:
        if self.over.is_set():
            QApplication.quit()
            return
        if not self._desktop.desk.runner.is_idle() or time.monotonic() < self._asked_at:
            return
        contact = self._workplace.presenter.contact
        if self._sending:
            self._not_sent()
        elif contact is None or not self._is_at_work(contact):
            self._next()
        elif self._workplace.screen.is_wrapping_up or contact.row.state is ContactState.WRAP_UP:
            self._wrap_up()
        elif contact.reply_to and not self._answered():
            self._write()
        else:
            self._wait()
            self._workplace.presenter.begin_wrap_up()

    def _is_at_work(self, contact: ContactView) -> bool:
        presenter = self._workplace.presenter
        return presenter.can_write() and contact.row.state is not ContactState.PARKED

    def _wait(self, seconds: float = _PATIENCE) -> None:
        """What was asked for may take its time, but not for ever."""
        self._asked_at = time.monotonic() + min(seconds, 0.4)

    def _next(self) -> None:
        """Open what is in hand, else take the next."""
        model = self._window.queue.list.queue_model
        rows = (model.row_at(model.index(at)) for at in range(model.rowCount()))
        mine = [
            row
            for row in rows
            if row is not None
            and row.owner_id == self._me
            and row.state not in (ContactState.PARKED, ContactState.COMPLETED)
        ]
        self._wait()
        if not mine:
            self._window.commands.gestures.take_next(QueueFilter())
        elif mine[0].state is ContactState.OFFERED:
            self._window.commands.gestures.take(mine[0].id)
        elif self._workplace.presenter.contact_id == mine[0].id:
            self._window.registry.run("view.reload")
        else:
            self._window.open_contact(mine[0].id)

    def _answered(self) -> bool:
        contact = self._workplace.presenter.contact
        assert contact is not None
        return any(self._token() in tokens(each.text) for each in contact.messages)

    def _token(self) -> str:
        contact = self._workplace.presenter.contact
        assert contact is not None
        return f"reply-{self._login}-{contact.row.id}z"

    def _write(self) -> None:
        """Type; a moment later send it, or leave it and return the contact."""
        composer, contact = self._workplace.screen.compose.composer, self._workplace.presenter
        assert contact.contact is not None
        contact_id, token = contact.contact.row.id, self._token()
        written = composer.text(Visibility.PUBLIC)
        if token not in tokens(written):
            self._workplace.screen.focus_reply(Visibility.PUBLIC)
            QTest.keyClicks(composer.editor, f"We come tomorrow. {token}")
            self._ledger.write("typed", "ok", who=self._login, contact=contact_id, token=token)
            self._wait(self._rng.uniform(0.0, 0.4))
        elif not self.finishing.is_set() and self._rng.random() < 0.15:
            self._wait()
            self._window.commands.gestures.release(contact_id)
        else:
            self._ledger.write("reply", "try", who=self._login, contact=contact_id, token=token)
            self._sending = token
            self._wait()
            self._workplace.screen.compose.send_asked.emit()

    def _not_sent(self) -> None:
        """Nothing is under way any more, and nobody said that it was sent."""
        self._ledger.write("reply", "no", who=self._login, token=self._sending)
        self._sending = ""
        self._wait()
        self._window.registry.run("view.reload")

    @Slot(object)
    def _wrote(self, answer: object) -> None:
        if isinstance(answer, Sent) and self._sending:
            self._ledger.write(
                "reply", "ok", who=self._login, contact=answer.contact_id, token=self._sending
            )
            self._sending = ""

    def _wrap_up(self) -> None:
        screen = self._workplace.screen
        self._wait()
        if not screen.is_wrapping_up:
            self._workplace.presenter.begin_wrap_up()
            return
        field = screen.wrap_up.findChild(ChoiceField)
        assert field is not None
        if field.key() is None:
            field.choose(self._service)
        QTest.keyClick(screen.wrap_up, Qt.Key.Key_1)
        QTest.keyClick(screen.wrap_up, Qt.Key.Key_Return)


def _tell_bug(bug: BaseException) -> None:
    """What the desktop would show as a crash; whoever reads our standard error counts it."""
    traceback.print_exception(bug)


def main() -> None:
    """Open the window, work until the parent ends."""
    orders = json.loads(sys.argv[1])
    app = QApplication(sys.argv[:1])
    look = Look(bundled("resources"))
    look.apply()
    stores = sealed_with(Path(orders["kept"]), orders["key"].encode(), "")
    kept = kept_for(stores, orders["url"], orders["login"])
    desktop = build_window(_signed_in(orders), look=look, kept=kept, undo_seconds=_UNDO_SECONDS)
    desktop.window.resize(1280, 720)
    advisor = Advisor(desktop, orders)
    threading.Thread(target=listen, args=(advisor.over, advisor.finishing), daemon=True).start()
    desktop.start()
    app.exec()
    desktop.stop()
    kept.close()


def _signed_in(orders: dict[str, Any]) -> Database:
    target = Target(orders["url"], orders["login"], orders["password"])
    while True:
        try:
            return sign_in(target, target.login, bundled("migrations"), connections=CONNECTIONS)
        except DatabaseTrouble as trouble:
            sys.stderr.write(f"{trouble.code}\n")
            time.sleep(0.2)
        except CrmError:
            raise


if __name__ == "__main__":
    main()
