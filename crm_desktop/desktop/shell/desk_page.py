"""Builds the desk's page, in the main window and in the one without the database."""

from __future__ import annotations

from collections.abc import Callable

from crm_desktop.desktop.screens.desk.going_on import GoingOnDesk
from crm_desktop.desktop.screens.desk.screen import DeskScreen
from crm_desktop.desktop.shell.desk import Desk, later_for
from crm_desktop.domain.visits import Called


def desk_page(
    desk: Desk,
    *,
    opened: Callable[[int], None],
    called_here: Callable[[tuple[Called, ...]], None],
) -> tuple[DeskScreen, GoingOnDesk]:
    """The page and its presenter; nothing is read yet."""
    screen = DeskScreen(desk.look, desk.clock)
    presenter = GoingOnDesk(
        desk.db,
        desk.runner.for_owner(screen),
        screen,
        desk.settings,
        desk.visitors,
        opened=opened,
        called_here=called_here,
        computer=desk.name,
        me=desk.person.login,
        clock=desk.clock.now,
        is_away=lambda: desk.live.is_away,
        later=later_for(screen),
    )
    screen.bind(presenter)
    return screen, presenter
