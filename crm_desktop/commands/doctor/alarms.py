"""Whether the silent alarm's keys, its way through the building and its sound work here."""

from __future__ import annotations

import secrets
import select
import time
from collections.abc import Iterator
from typing import Any

from crm_desktop.commands.doctor.finding import Finding, ok, warning
from crm_desktop.workstation.alarm_lan import open_socket
from crm_desktop.workstation.chord import ChordTaken, claim
from crm_desktop.workstation.settings import Settings

_SECONDS = 2.0


def findings(settings: Settings) -> Iterator[Finding]:
    """What a centre with sites needs; where there is none nothing is asked."""
    yield of_chord(settings.alarm_chord)
    yield of_network(settings.alarm_address, settings.alarm_port)


def of_chord(chord: str) -> Finding:
    """Whether the keys reach this program while another has the keyboard."""
    try:
        claim(chord, _nothing).release()
    except ChordTaken:
        return warning(
            "alarm keys",
            f"Another program has {chord}, or CRM Desktop is open here and has it itself.",
            "Close CRM Desktop and look again. If another program has it, set other keys as "
            "alarm_chord.",
        )
    except OSError as error:
        return warning(
            "alarm keys",
            f"{chord} is not heard while another program has the keyboard: {error}",
            "Tell your staff: until then the alarm is raised in CRM Desktop's own window, by the "
            "keys or by holding down the product's name.",
        )
    return ok("alarm keys", f"{chord} is heard while another program has the keyboard.")


def of_network(address: str, port: int) -> Finding:
    """Whether what this computer says to the building comes back to itself at least."""
    if not port:
        return warning(
            "alarm network",
            "Desktops do not tell each other of alarms: alarm_port is 0.",
            "Set a port, or know that there are no alarms while the database is away.",
        )
    where = f"UDP {address} port {port}"
    said = b"CRMTEST1" + secrets.token_bytes(16)
    try:
        with open_socket(address, port) as made:
            made.sendto(said, (address, port))
            deadline = time.monotonic() + _SECONDS
            while (left := deadline - time.monotonic()) > 0:
                if select.select([made], [], [], left)[0] and made.recv(1_024) == said:
                    return ok(
                        "alarm network",
                        f"Alarms can be told on the local network ({where}). Whether other "
                        "computers hear them shows a test of the alarm.",
                    )
    except OSError as error:
        return _not_told(where, error.strerror or str(error))
    return _not_told(where, "nothing came back")


def of_sound(facts: Any) -> Finding:
    """Whether something sounds; `facts` is what Qt said."""
    if facts.get("sound"):
        return ok("alarm sound", "An alarm sounds on this computer.")
    return warning(
        "alarm sound",
        "This computer has nothing that sounds: alarms are seen here and not heard.",
        "Plug in a loudspeaker, or switch the one that is there on.",
    )


def _not_told(where: str, why: str) -> Finding:
    return warning(
        "alarm network",
        f"Alarms cannot be told on the local network ({where}): {why}.",
        "Let the firewall pass it in both directions, or set alarm_address to the network's own "
        "broadcast address. Until then there are no alarms while the database is away.",
    )


def _nothing() -> None:
    """Nobody pressed anything."""
