"""The sandbox back office as a command, for the demonstration centre and the tour.

`python -m crm_desktop.demo.open311_sandbox --port-file FILE --log FILE` serves until it is ended.
The port file appears, complete, once connections are taken; the log gets a JSON object a line.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from crm_desktop.demo.open311.office import Office, Pace
from crm_desktop.demo.open311.running import listen, server


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve an office on the loopback address until SIGTERM or Ctrl+C."""
    given = _parser().parse_args(arguments)
    office = Office(
        api_key=given.api_key,
        jurisdiction_id=given.jurisdiction,
        log_file=given.log,
        pace=Pace(given.token_after, given.progress_after, given.close_after),
    )
    with listen(given.port) as sock:
        if given.port_file:
            _write_whole(given.port_file, str(sock.getsockname()[1]))
        server(office).run([sock])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="open311_sandbox", description="A back office to try hand-offs on (Open311)."
    )
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 is any free one")
    parser.add_argument("--port-file", type=Path, help="file that gets the port")
    parser.add_argument("--log", type=Path, help="file that gets what was received, as JSON lines")
    parser.add_argument("--api-key", default="sandbox-key", help="empty: no key is asked for")
    parser.add_argument("--jurisdiction", default="northmere.example")
    parser.add_argument("--token-after", type=float, default=5.0, metavar="S")
    parser.add_argument("--progress-after", type=float, default=10.0, metavar="S")
    parser.add_argument("--close-after", type=float, default=60.0, metavar="S")
    return parser


def _write_whole(path: Path, words: str) -> None:
    """A reader sees the whole file or none."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(words, encoding="ascii")
    part.replace(path)


if __name__ == "__main__":
    main()
