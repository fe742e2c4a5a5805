"""Advisors who answer chats, each signed in as themselves: `python -m … ORDERS`.

Says when they are there, begins when it is told, and says at last when each answer was given: the
moment before the desktop would call the service, of the monotonic clock.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any

from crm_desktop.domain.views import Writing
from crm_desktop.services import Target, chats
from crm_desktop.services.session import sign_in
from tests.benchmarks.centre import MIGRATIONS


def main() -> None:
    """Sign in, answer, say when."""
    orders: Mapping[str, Any] = json.loads(sys.argv[1])
    people = [
        sign_in(Target(each["url"], each["login"], each["password"]), each["login"], MIGRATIONS)
        for each in orders["people"]
    ]
    _say(len(people))
    sys.stdin.readline()
    answered: dict[str, float] = {}
    begun, a_second = time.monotonic(), orders["a_second"]
    for turn in range(a_second * orders["seconds"]):
        time.sleep(max(0.0, begun + turn / a_second - time.monotonic()))
        place = turn % len(people)
        theirs = orders["contacts"][place]
        text = f"answer number {turn}"
        answered[text] = time.monotonic()
        chats.say_as_staff(
            people[place],
            theirs[turn // len(people) % len(theirs)],
            text,
            writing=Writing(secrets.token_hex(16), False),
            confirmed=True,
        )
    for db in people:
        db.close()
    _say(answered)


def _say(what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
