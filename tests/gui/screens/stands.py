"""Stand-ins for presenters, so that a screen can be tested before anybody answers it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from PySide6.QtWidgets import QWidget

from crm_desktop.desktop.core.clock import Clock
from crm_desktop.desktop.core.commands import CommandRegistry
from crm_desktop.desktop.core.look import Look
from crm_desktop.desktop.screens.workspace.screen import WorkspaceScreen
from crm_desktop.desktop.shell.commands import COMMANDS
from crm_desktop.domain.people import Person
from crm_desktop.domain.states import StaffRole
from crm_desktop.domain.views import ContactView
from tests.gui.screens import sample
from tests.gui.screens.sample import ME, NOW

PERSON = Person(ME, "s.whitlock", "S. Whitlock", StaffRole.ADVISOR, frozenset({1, 2}))


class StoodStill(Clock):
    """A clock at NOW."""

    def now(self) -> datetime:
        """Always the same."""
        return NOW


class Recorder:
    """Takes any call and remembers it."""

    def __init__(self, **given: Any) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.__dict__.update(given)

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **_: Any) -> None:
            self.calls.append((name, args))

        return call

    def said(self, name: str) -> list[tuple[Any, ...]]:
        """What a method was called with, call by call."""
        return [args for called, args in self.calls if called == name]


class Stage:
    """A workspace with nobody behind it but recorders."""

    def __init__(self, look: Look, *, mine: bool = True) -> None:
        self.presenter = Recorder(is_mine=mine, can_write=_always(mine))
        self.replying, self.knowledge = Recorder(), Recorder()
        self.casework = Recorder(service_id=1, case=sample.case())
        self.keeper = Recorder(kept_here=_nothing)
        self.registry = CommandRegistry(look, {StaffRole.ADVISOR})
        self.registry.add(COMMANDS)
        for command in COMMANDS:
            self.registry.bind(command.id, _idle)
        self.screen = WorkspaceScreen(look, StoodStill(), self.registry, PERSON)
        self.registry.setParent(self.screen)
        self.screen.bind(
            cast("Any", self.presenter),
            cast("Any", self.replying),
            cast("Any", self.casework),
            cast("Any", self.knowledge),
            cast("Any", self.keeper),
        )
        self.screen.set_services(sample.SERVICES)

    def show(self, contact: ContactView) -> QWidget:
        """Open a contact as services would give it."""
        self.screen.show_contact(contact, fresh=True)
        case = contact.cases[-1] if contact.cases else None
        self.screen.case_pane.show_form(sample.SCHEMA, case.answers if case else {}, case)
        self.screen.knowledge.show_hits(sample.hits(), suggested=True)
        return self.screen


def _always(answer: bool) -> Any:
    return lambda: answer


def _nothing(*_: Any) -> None:
    return None


def _idle() -> None:
    """A command that does nothing."""
