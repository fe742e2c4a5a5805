"""What the windows looked like last time; losing it costs nobody any work."""

import json
from pathlib import Path
from typing import Any

from crm_desktop.workstation.files import set_aside, write_atomically


class LayoutStore:
    """Named JSON values in one file; a damaged file is kept aside and the layout starts anew."""

    def __init__(self, path: Path) -> None:
        """Read `path` if it is there."""
        self._path = path
        self._values = _read(path)

    def get(self, name: str, default: Any = None) -> Any:
        """The value kept under `name`."""
        return self._values.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Keep a JSON value under `name` at once.

        Trouble with the disk is passed over: it must not keep a window from closing.
        """
        if self._values.get(name) == value:
            return
        self._values[name] = value
        try:
            write_atomically(self._path, json.dumps(self._values, indent=1).encode())
        except OSError:
            return


def _read(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except OSError:
        return {}
    except ValueError:
        values = None
    if isinstance(values, dict):
        return values
    set_aside(path)
    return {}
