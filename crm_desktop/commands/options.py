"""What several commands are asked alike: which database, and the settings of this computer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from crm_desktop.workstation.settings import Settings

DatabaseUrl = Annotated[
    str,
    typer.Option(
        "--database",
        metavar="URL",
        help="Another database than the settings name.",
        show_default=False,
    ),
]


def settings_for(url: str = "") -> Settings:
    """The settings, with the database of `url` where one is given."""
    from crm_desktop.workstation.paths import Paths
    from crm_desktop.workstation.settings import load

    return load(Paths.of_user(), url)
