"""Ports for servers that must have the same one again, or tell it before they begin."""

import os
import random
import socket
from pathlib import Path

#: Below those from which a system gives one to whoever connects or asks for any: what is free
#: when it is looked for is free when the server begins, and while it is stopped.
_PORTS = range(20_000, 32_000)


def free_port(in_a_row: int = 1) -> int:
    """A port of loopback, TCP and UDP, that nobody uses and nobody else in this run is given.

    With the next ones, if there shall be so many `in_a_row`.
    """
    given = Path(os.environ["CRM_TEST_SHARED"], "ports")
    given.mkdir(exist_ok=True)
    # Not the generator that a test may have set to its beginning.
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if all(_take(given, each) for each in range(port, port + in_a_row)):
            return port
    raise RuntimeError("every port is taken")


def _take(given: Path, port: int) -> bool:
    try:
        (given / str(port)).touch(exist_ok=False)
    except FileExistsError:
        return False
    return _is_free(port)


def _is_free(port: int) -> bool:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
