"""The real program, watched while it starts: `python -m … ARGUMENT…` is `crm-desktop ARGUMENT…`.

When its queue is drawn with rows and counts, the moment is printed (seconds of the monotonic clock)
and the program closes. A remembered password is confirmed by Enter as soon as it is there.

`python -m … remember URL LOGIN` keeps the password from standard input as the sign-in screen would.
"""

from __future__ import annotations

import gc
import sys
from typing import Any

from crm_desktop.cli import main


def watch() -> None:
    """Run the program with its first sight of the queue watched."""
    # As commands.window does it, before it loads what is loaded here.
    gc.disable()
    from crm_desktop import desktop_root
    from tests.benchmarks.first_sight import Confirmed, FirstSight

    build = desktop_root.build_window

    def build_watched(*args: Any, **needs: Any) -> desktop_root.Desktop:
        desktop = build(*args, **needs)
        FirstSight(desktop.window)
        return desktop

    vars(desktop_root).update(build_window=build_watched, SignInScreen=Confirmed)
    main()


def remember(url: str, login: str, password: str) -> None:
    """What "Remember me on this computer" keeps."""
    from crm_desktop.workstation.layout import LayoutStore
    from crm_desktop.workstation.paths import Paths
    from crm_desktop.workstation.secrets import open_secrets

    LayoutStore(Paths.of_user().data / "layout.json").set(f"login/{url}", login)
    open_secrets().set(f"database:{url}:{login}", password)


if __name__ == "__main__":
    if sys.argv[1:2] == ["remember"]:
        remember(sys.argv[2], sys.argv[3], sys.stdin.read())
    else:
        watch()
