"""Where this computer keeps the program's files, and where the program's own resources lie."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import platformdirs

import crm_desktop

_APP = "crm-desktop"


@dataclass(frozen=True)
class Paths:
    """The directories of one user; none of them needs to exist yet."""

    config: Path
    data: Path
    cache: Path
    log: Path

    @classmethod
    def of_user(cls) -> Self:
        """Where this operating system wants them, under the user's own profile."""
        dirs = platformdirs.PlatformDirs(_APP, appauthor=False)
        return cls(
            config=dirs.user_config_path,
            data=dirs.user_data_path,
            cache=dirs.user_cache_path,
            log=dirs.user_log_path,
        )

    @property
    def settings_file(self) -> Path:
        """The configuration that an administrator may write."""
        return self.config / "settings.toml"

    @property
    def database_file(self) -> Path:
        """The embedded database, used unless a server is configured."""
        return self.data / "crm.sqlite3"


def bundled(name: str) -> Path:
    """A directory that ships with the program: `resources` or `migrations`.

    Looks in a frozen program first, then in the installed package, then beside the package in a
    copy of the source. FileNotFoundError when the program was installed incompletely.
    """
    package = Path(crm_desktop.__file__).parent
    places = [package / name, package.parent / name]
    if frozen := getattr(sys, "_MEIPASS", None):
        places = [Path(frozen) / "crm_desktop" / name, Path(frozen) / name]
    for place in places:
        if place.is_dir():
            return place
    raise FileNotFoundError(f"{name} is missing from this installation; looked in {places}")
