"""Small programs that a test runs beside itself."""

import os
import subprocess
import sys
from collections.abc import Mapping


def run_python(
    code: str, *arguments: object, env: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run `code` with `arguments` in sys.argv; its output is captured."""
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
